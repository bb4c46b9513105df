"""Make docs/reference/sql.md from the lists of the vetting: `python docs/reference/sql.py` (tests/test_docs.py)."""  # noqa: INP001 - a script

from __future__ import annotations

from pathlib import Path

from lakegate.contract import sql_words as words

PAGE = Path(__file__).parent / "sql.md"

HEAD = """# SQL in a contract

A rule of `type: sql` is one query in DuckDB's dialect; its one cell is compared with the rule's operator.

```yaml
quality:
  - id: no-arrival-before-departure
    type: sql
    query: SELECT count(*) FROM {object} WHERE arrival < departure
    mustBe: 0
```

`{object}` stands for the batch (also `{table}`, `{model}`, `{schema}`), `{property}` for the property at which the rule
stands (also `{column}`, `{field}`); with a `$` before it, too. Other datasets go by the names of their objects: those
that the contract's relationships point at, and the other objects of the contract.

## What stops a query that wants more
Four layers, each enough alone. What the first two stop is told by `lakegate lint` with file, line and column.

1. **sqlglot's tree**: one SELECT (with UNION, WITH …) that names the batch and datasets that the contract names.
2. **The engine's own tree**: the same text as DuckDB reads it, node by node against a list of what is harmless. Two
   parsers can read one text as two queries; the one that runs it has the last word.
3. **A locked connection**: it can open the files of the run and no other, load nothing and set nothing.
4. **A process of its own**, without credentials, held to [limits of memory and time](formats.md#limits).

| what | told as | exit code |
|---|---|---|
| anything but one SELECT; a file, an address, a table, a function or a clause in no list | `refused-sql` | 6 |
| text that is no query; an answer that depends on the clock, on chance or on the session | `bad-sql` | 2 |
| NULL, no row, more than one cell | the check fails | 1 |
| an error while it runs, too much memory, too much time | could not evaluate | 5 |

Refused among the clauses: `PIVOT`, `UNPIVOT`, `DESCRIBE`, `SUMMARIZE`, `SHOW`, parameters, names with a schema, `AT`.
`TABLESAMPLE` and `USING SAMPLE` are chance. A column that is called like a word of the session (`user`, `current_date`)
is written with its table: `{object}.user`. Lambdas are written `lambda x: x + 1`.

The query sees the columns that arrived, under their names in the data, and none that the gate put beside them.

## Functions
As DuckDB calls them. Each is a function of its arguments alone.
"""

GROUPS = {
    "Aggregates": words.AGGREGATES,
    "Windows": words.WINDOWS,
    "Operators": words.OPERATORS,
    "Numbers": words.NUMBERS,
    "Text": words.TEXTS,
    "Dates and times": words.TIMES,
    "Lists, structs, maps": words.NESTED,
    "JSON": words.JSON,
    "Choices and types": words.CHOICES,
    "In FROM": words.TABLE_FUNCTIONS,
    "Named apart, because their answer depends on more than their arguments": words.NOT_PURE,
}


def page() -> str:
    """Return the page's text."""
    return HEAD + "".join(f"\n**{title}.** {_words(group)}\n" for title, group in GROUPS.items())


def _words(group: frozenset[str]) -> str:
    return " ".join(f"`{word}`" for word in sorted(group))


if __name__ == "__main__":
    PAGE.write_text(page())
