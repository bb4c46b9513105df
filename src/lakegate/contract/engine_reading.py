"""What the engine itself reads in a query: the tree of its own parser, held to an allow-list node by node.

Two parsers can read one text as two queries (sqlglot and DuckDB do, on what fuzzing makes). So the engine that will run
the query is asked what it sees, and every kind of node, table, function and type in it must be known as harmless.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from lakegate.contract.sql_words import HARMLESS, NOT_PURE, SESSION, TABLE_FUNCTIONS
from lakegate.errors import ContractError, Problem, Refused, Severity

QUERIES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
SOURCES = frozenset({"BASE_TABLE", "JOIN", "SUBQUERY", "EMPTY", "EXPRESSION_LIST", "TABLE_FUNCTION"})
MODIFIERS = frozenset({"ORDER_MODIFIER", "DISTINCT_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER"})
ORDERS = frozenset({"ORDER_DEFAULT", "ASCENDING", "DESCENDING"})
EXPRESSIONS = frozenset(
    "BETWEEN CASE CAST COLLATE COLUMN_REF COMPARISON CONJUNCTION CONSTANT FUNCTION LAMBDA LAMBDA_REF OPERATOR"  # noqa: SIM905 - a list of words
    " POSITIONAL_REFERENCE STAR SUBQUERY TYPE WINDOW".split()
)
NODES = QUERIES | SOURCES | MODIFIERS | ORDERS


def tables(query: str, where: str) -> frozenset[str]:
    """Return the names of the tables that a query reads, in one case, without its own common tables.

    A common table may be called as it likes, but not as something that the engine's catalogue holds (a view of its
    settings), nor as a path: where the name is out of scope, the engine would open that.

    Raises:
        ContractError: the engine cannot read it as one query, or its answer depends on more than the data.
        Refused: it holds something that is on no list of harmless things.
    """
    import duckdb

    with duckdb.connect() as connection:
        try:
            ((told,),) = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [query]).fetchall()
        except (duckdb.Error, UnicodeError):
            raise broken(where, "the engine cannot read the query") from None
    read = json.loads(told)  # no deeper than the engine's own limit for expressions
    if read["error"]:
        raise broken(where, f"the engine cannot read the query: {first_line(read['error_message'])}")
    if len(read["statements"]) != 1:
        raise Refused(f"{where}: the engine reads {len(read['statements'])} statements, expected one SELECT")
    named: set[str] = set()
    common: set[str] = set()
    for node in _nodes(read["statements"][0]):
        _vet(node, where)
        if node.get("type") == "BASE_TABLE":
            named.add(node["table_name"].casefold())
        common |= {entry["key"].casefold() for entry in (node.get("cte_map") or {}).get("map", ())}
    if strange := sorted(name for name in common if not name.isidentifier() or name.startswith(CATALOGUE)):
        raise Refused(f"{where}: a common table may not be called {strange[0]!r}")
    return frozenset(named - common)


CATALOGUE = ("duckdb_", "pg_", "pragma_", "sqlite_", "information_schema", "_lakegate_")


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a tree, in no order that matters."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


def _vet(node: dict[str, Any], where: str) -> None:
    if outside := _outside(node):
        raise Refused(f"{where}: {outside}", hint="docs/reference/sql.md lists what a rule's SQL may hold")
    if impure := _impure(node):
        hint = "the same batch must get the same verdict: freshness is an slaProperty"
        raise broken(where, f"the answer of {impure} depends on more than the data", hint)


def _outside(node: dict[str, Any]) -> str | None:
    """Return why a node may not stand in a rule, None where it may."""
    kind, is_a = node.get("class"), node.get("type")
    unknown = kind not in EXPRESSIONS if kind is not None else isinstance(is_a, str) and is_a not in NODES
    if unknown or node.get("at_clause"):
        return f"{'AT' if node.get('at_clause') else _words(str(kind or is_a))} is not allowed"
    if is_a == "TABLE_FUNCTION" and (name := _function(node["function"])) not in TABLE_FUNCTIONS:
        return f"table function {name}() is not allowed"
    return _outside_name(node)


def _outside_name(node: dict[str, Any]) -> str | None:
    name = _function(node)
    if any(node.get(part) for part in ("schema", "catalog", "schema_name", "catalog_name")):
        name = name or node.get("table_name") or node.get("type_name")
        return f"{name!r} is named with a schema or a database, expected its name alone"
    if name is not None and name not in HARMLESS and name not in NOT_PURE:
        return f"function {name}() is not on the list of harmless functions"
    return None


def _impure(node: dict[str, Any]) -> str | None:
    """Return what in a node is not a function of the data, None where all is."""
    if node.get("sample"):
        return "a sample"
    if (name := _function(node)) in NOT_PURE:
        return f"{name}()"
    match node.get("column_names"):
        case [str(word)] if word.lower() in SESSION:
            return f"{word} (a column of that name is written {{object}}.{word})"
    return None


def _function(node: dict[str, Any]) -> str | None:
    name = node.get("function_name")
    return None if name is None else str(name).lower()


def _words(kind: str) -> str:
    return kind.removesuffix("_REF").removesuffix("_NODE").replace("_", " ")


def first_line(message: object) -> str:
    """Return the first line of a parser's message, without its colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", str(message)).strip().splitlines()[0]


def broken(where: str, message: str, hint: str = "") -> ContractError:
    """Return the error of a query that is no rule."""
    return ContractError((Problem("", 0, 0, Severity.ERROR, "bad-sql", f"{where}: {message}", where, hint=hint),))
