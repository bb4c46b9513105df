"""The pages on the `lakegate` property and on rules of `engine: lakegate`, from their JSON schemas.

`make docs` writes docs/reference/lakegate-property.md and docs/reference/lakegate-rule.md.
"""

from __future__ import annotations

import json
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "reference/lakegate-property.md"
SCHEMA = DOCS / "schemas/lakegate-property.schema.json"
HEAD = """\
# The `lakegate` property

What the standard has no word for stands in `customProperties`, under one property of this name: at the contract, at a
property, and at a quality rule or a relationship. Editors can check it with
[its JSON schema](../schemas/lakegate-property.schema.json), from which this page is made (`make docs`).

```yaml
customProperties:
  - property: lakegate
    value: {from: transient, to: raw, batch: {by: folder, key: 'month={month}', complete: success}}
```
"""


RULE_PAGE = DOCS / "reference/lakegate-rule.md"
RULE_SCHEMA = DOCS / "schemas/lakegate-rule.schema.json"
RULE_HEAD = """\
# Rules of `engine: lakegate`

What the `implementation` of a quality rule says: of its [history](../how-to/history.md), and of a
[reconciliation](../how-to/reconciliation.md). Editors can check it with
[its JSON schema](../schemas/lakegate-rule.schema.json), from which this page is made (`make docs`).

```yaml
quality:
  - id: as_many_as_usual
    type: custom
    engine: lakegate
    implementation: {measure: rowCount, against: {batches: 28, sameWeekday: true, maxZScore: 4}}
  - id: every_flight_arrives
    type: custom
    engine: lakegate
    implementation: {reconcile: cleanse/flights, measure: rows, by: [carrier]}
```
"""


def render():
    """Return the whole page on the property."""
    return page(HEAD, SCHEMA, ("contract", "property", "rule"))


def render_rule():
    """Return the whole page on rules."""
    return page(RULE_HEAD, RULE_SCHEMA, ("history", "reconciliation"))


def page(head, schema, names):
    """Return a head, and the table of each level."""
    levels = json.loads(schema.read_text(encoding="utf-8"))["$defs"]
    return "\n".join([head, *(section(name, levels) for name in names)])


def section(name, levels):
    """Return the table of one level."""
    level = levels[name]
    rows = list(keys(level["properties"], "", levels))
    return "\n".join([f"## {level['description']}", "", "| key | value | meaning |", "|---|---|---|", *rows, ""])


def keys(properties, prefix, levels):
    """Yield a row for every key, nested ones under the path that leads to them."""
    for key, node in properties.items():
        found = levels[node["$ref"].rpartition("/")[2]] | node if "$ref" in node else node
        yield f"| `{prefix}{key}` | {value(found)} | {found.get('description', '')} |"
        for one in (found, *found.get("anyOf", ())):
            yield from keys(one.get("properties", {}), f"{prefix}{key}.", levels)


def value(node):
    """Return what may stand there, and what does where nothing is said."""
    if "enum" in node:
        told = " or ".join(f"`{word}`" for word in node["enum"])
    elif "anyOf" in node:
        told = " or ".join(value(one) for one in node["anyOf"])
    else:
        kinds = node.get("type", "text")
        told = " or ".join(kinds) if isinstance(kinds, list) else kinds
    default = json.dumps(node["default"], ensure_ascii=False) if "default" in node else None
    return told + (f"; default `{default}`" if default else "")


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
    RULE_PAGE.write_text(render_rule(), encoding="utf-8")
