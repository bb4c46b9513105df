"""What older versions of the standard wrote otherwise -> ODCS 3.2, each change with a hint at its place.

The table in docs/reference/contract-semantics.md lists them all. A change is made only where the meaning is the same;
anything else is left for the standard's grammar to refuse.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

from lakegate.contract.findings import Finding, Path, listed, near
from lakegate.contract.model import Operator
from lakegate.errors import Severity

Node = dict[str, Any]

VERSIONS = ("v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", "v3.2.0")
METRICS = ("nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount")

# rule of 3.0 -> (metric of 3.1, what the rule meant when it stood without an operator)
_RULES: dict[str, tuple[str, int | None]] = {name: (name, None) for name in METRICS} | {
    "duplicateCount": ("duplicateValues", None),
    "duplicates": ("duplicateValues", None),
    "unique": ("duplicateValues", 0),
    "nullCount": ("nullValues", None),
    "nullCheck": ("nullValues", 0),
    "notNull": ("nullValues", 0),
    "missingCount": ("missingValues", None),
    "invalidCount": ("invalidValues", None),
    "validValues": ("invalidValues", 0),
}
_OPERATORS = {
    "mustBeGreaterThanOrEqualTo": Operator.GREATER_OR_EQUAL.value,
    "mustBeLessThanOrEqualTo": Operator.LESS_OR_EQUAL.value,
}
_ARGUMENTS = ("validValues", "missingValues", "pattern", "properties")  # stood beside the rule in 3.0
# Where 3.0 allowed keys of one's own; 3.1 closed these sections.
_OPEN_IN_3_0 = ("support", "price", "team", "roles", "slaProperties", "customProperties", "authoritativeDefinitions")


def upgraded(data: Node) -> tuple[Node, tuple[Finding, ...]]:
    """Return a copy of `data` as ODCS 3.2 would have it, and a hint for everything that was changed.

    `data` may hold anything at all; what is not as any version would have it is left alone.
    """
    document = copy.deepcopy(data)
    found = [*_team(document), *_sla(document), *_servers(document)]
    for path, node in _schema(document):
        found += _quality(path, node)
        if path[-2] != "schema":
            found += _options(path, node)
            found += _types(path, node, old=str(data.get("apiVersion", "")).startswith("v3.0."))
    return document, tuple(found)


def allowed_then(finding: Finding, version: str) -> bool:
    """Whether an unknown key stood where the contract's own version allowed keys of one's own."""
    return (
        finding.rule == "unknown-key" and version.startswith("v3.0.") and any(p in _OPEN_IN_3_0 for p in finding.path)
    )


def _hint(path: Path, message: str, hint: str, *, at_key: bool = True) -> Finding:
    """Return a hint that something is written as an older version would."""
    return Finding(path, "older-version", message, Severity.HINT, hint=hint, at_key=at_key)


def _nodes(value: Any, path: Path) -> Iterator[tuple[Path, Node]]:
    """Yield the objects of a list with their paths."""
    if isinstance(value, list):
        yield from (((*path, i), node) for i, node in enumerate(value) if isinstance(node, dict))


def _schema(document: Node) -> Iterator[tuple[Path, Node]]:
    """Yield every schema object and every property, outer ones first."""
    for path, node in _nodes(document.get("schema"), ("schema",)):
        yield path, node
        yield from _properties(path, node)


def _properties(path: Path, node: Node) -> Iterator[tuple[Path, Node]]:
    """Yield the properties inside an object or property, outer ones first."""
    inner = list(_nodes(node.get("properties"), (*path, "properties")))
    if isinstance(node.get("items"), dict):
        inner.append(((*path, "items"), node["items"]))
    if isinstance(node.get("map"), dict):
        inner += [
            ((*path, "map", end), node["map"][end])
            for end in ("key", "value")
            if isinstance(node["map"].get(end), dict)
        ]
    for at, child in inner:
        yield at, child
        yield from _properties(at, child)


def _team(document: Node) -> Iterator[Finding]:
    """Make a list of members a team."""
    members = document.get("team")
    if isinstance(members, list):
        document["team"] = {"members": members}
        for _, member in _nodes(members, ()):
            member.setdefault("username", member.get("name", "unknown"))  # 3.0 did not ask for one
        yield _hint(("team",), "`team` is a list", "since 3.1: team: {members: [...]}")


def _sla(document: Node) -> Iterator[Finding]:
    """Write the default element at each SLA property that has none."""
    element = document.get("slaDefaultElement")
    if isinstance(element, str):
        del document["slaDefaultElement"]
        for _, entry in _nodes(document.get("slaProperties"), ()):
            entry.setdefault("element", element)
        yield _hint(("slaDefaultElement",), "`slaDefaultElement` is deprecated", "write `element` at each SLA property")


def _servers(document: Node) -> Iterator[Finding]:
    """Give the keys of servers their names."""
    for path, server in _nodes(document.get("servers"), ("servers",)):
        if "staging_dir" in server and "stagingDir" not in server:
            server["stagingDir"] = server.pop("staging_dir")
            yield _hint((*path, "staging_dir"), "`staging_dir` has another name", "since 3.0.2: stagingDir")


def _options(path: Path, node: Node) -> Iterator[Finding]:
    """Make a boolean exclusiveMinimum or exclusiveMaximum the bound itself."""
    options = node.get("logicalTypeOptions")
    if not isinstance(options, dict):
        return
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        flag = options.get(exclusive)
        if not isinstance(flag, bool):
            continue
        del options[exclusive]
        if flag and bound in options:
            options[exclusive] = options.pop(bound)
        at = (*path, "logicalTypeOptions", exclusive)
        yield _hint(at, f"`{exclusive}` is a boolean", f"since 3.1 it holds the bound itself, in place of `{bound}`")


def _types(path: Path, node: Node, *, old: bool) -> Iterator[Finding]:
    """Name the type that `items`, `properties` and, in 3.0, a date with a time of day imply."""
    if "logicalType" not in node:
        for key, implied in (("items", "array"), ("properties", "object"), ("map", "map")):
            if key in node:
                node["logicalType"] = implied
                yield _hint((*path, key), f"`{key}` without a logicalType", f"write logicalType: {implied}")
                break
    options = node.get("logicalTypeOptions")
    pattern = options.get("format") if isinstance(options, dict) else None
    if not old or node.get("logicalType") != "date" or not isinstance(pattern, str):
        return
    letters = re.sub("'[^']*'", "", pattern)
    if re.search("[Hhms]", letters):
        node["logicalType"] = "timestamp" if re.search("[yu]", letters) else "time"
        message = f"a date with the format {pattern} is a {node['logicalType']}"
        yield _hint((*path, "logicalType"), message, f"since 3.1: logicalType: {node['logicalType']}")


def _quality(path: Path, node: Node) -> Iterator[Finding]:
    """Make library rules metrics and give operators their names."""
    for at, rule in _nodes(node.get("quality"), (*path, "quality")):
        for old, new in _OPERATORS.items():
            if old in rule and new not in rule:
                rule[new] = rule.pop(old)
                yield _hint((*at, old), f"`{old}` has another name", f"write {new}")
        if isinstance(rule.get("rule"), str) and rule.get("type", "library") == "library":
            yield from _metric(at, rule)


def _metric(at: Path, rule: Node) -> Iterator[Finding]:
    """Make the `rule` of 3.0 the `metric` of 3.1, with its arguments and the operator it implied."""
    name = rule["rule"]
    if "metric" in rule:
        del rule["rule"]
        yield _hint((*at, "rule"), "`rule` is not read beside `metric`", "remove it")
        return
    metric, implied = _RULES.get(name, (None, None))
    operators = [operator.value for operator in Operator if operator.value in rule]
    if metric is None:
        hint = near(name, (*METRICS, *_RULES))
        yield Finding((*at, "rule"), "unknown-value", "unknown rule", found=name, expected=listed(METRICS), hint=hint)
        del rule["rule"]
        rule["metric"] = "rowCount"  # the unknown name is told once, and the grammar finds the rest
        return
    if name == "validValues" and operators:
        message = "`rule: validValues` with an operator may count valid or invalid values"
        yield Finding((*at, "rule"), "ambiguous", message, hint="write metric: invalidValues", at_key=True)
    del rule["rule"]
    rule["metric"] = metric
    moved = {key: rule.pop(key) for key in _ARGUMENTS if key in rule}
    if moved and isinstance(rule.get("arguments", {}), dict):
        rule["arguments"] = {**moved, **rule.get("arguments", {})}
    if implied is not None and not operators:
        rule[Operator.MUST_BE.value] = implied
    yield _hint((*at, "rule"), f"`rule: {name}` is deprecated", f"since 3.1: metric: {metric}")
