"""SQL that a contract brings is vetted before anything runs it (INPUTS, threats: SQL in a contract).

Four layers, each alone enough: here sqlglot's tree and then the engine's own (`engine_reading`) must be one SELECT over
the batch and the datasets that the contract names, with functions whose answer depends on nothing but their arguments;
the engine's connection is locked (`engines.connections`); and all of it runs in a process with limits and without
credentials (`worker`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakegate.contract import engine_reading, proofs
from lakegate.contract.engine_reading import broken, first_line
from lakegate.contract.sql_quoting import quoted
from lakegate.contract.sql_words import HARMLESS, NOT_PURE
from lakegate.errors import Refused

if TYPE_CHECKING:
    from sqlglot import exp

TABLE_WORDS = "object|table|model|schema"
COLUMN_WORDS = "property|column|field"
JUDGES = ("lakegate.contract.engine_reading", "lakegate.contract.sql_quoting", "lakegate.contract.sql_words")


@dataclass(frozen=True, slots=True)
class Vetted:
    """A query that may run. `tables` names what it reads beside the batch.

    `quoted` names the columns whose values its answer may hold, by the words of the query: empty for a count, a share
    or a yes or no, which is of the rows and quotes none of them; `*` stands for every column.
    """

    sql: str
    tables: tuple[str, ...]
    quoted: tuple[str, ...] = ()


def vet(query: str, *, table: str, column: str | None, tables: frozenset[str], where: str) -> Vetted:
    """Fill the placeholders and let through one SELECT that reads `table` and `tables` only.

    Raises ContractError for what is no query, Refused for a query that reaches outside.
    """
    return vet_select(fill(query, table, column, where), table, tables, where)


def vet_select(sql: str, table: str, tables: frozenset[str], where: str) -> Vetted:
    """Let through one SELECT that reads `table` and `tables` only. Raises as `vet` does."""
    facts = (sql, table, *sorted(tables), *proofs.judges("sqlglot", "_duckdb", __name__, *JUDGES))
    known = proofs.recall("vetted", facts)
    if known is None:
        vetted = _vet(sql, table, tables, where)
        proofs.remember("vetted", facts, [vetted.sql, " ".join(vetted.tables), *vetted.quoted])
        return vetted
    return Vetted(known[0], tuple(known[1].split()), tuple(known[2:]))


def _vet(sql: str, table: str, tables: frozenset[str], where: str) -> Vetted:
    import sqlglot
    from sqlglot import errors, exp

    try:
        parsed = sqlglot.parse(sql, dialect="duckdb", error_level=errors.ErrorLevel.RAISE)
    except errors.SqlglotError as error:
        raise broken(where, f"the query cannot be read as SQL: {first_line(error)}") from None
    except RecursionError:
        raise broken(where, "the query is nested too deep to be read") from None
    except (
        AttributeError,
        IndexError,
        KeyError,
        TypeError,
        ValueError,
    ):  # sqlglot 30, on text like `E'`: found by fuzzing
        raise broken(where, "the query cannot be read as SQL") from None
    statements = [one for one in parsed if one is not None and not isinstance(one, exp.Semicolon)]
    if not statements:
        raise broken(where, "the query is empty")
    if len(statements) > 1:
        raise Refused(f"{where}: got {len(statements)} statements, expected one SELECT")
    used = _vet_statement(statements[0], {table, *tables}, where)
    ends = [token.start for token in sqlglot.tokenize(sql, "duckdb") if token.token_type is sqlglot.TokenType.SEMICOLON]
    query = sql[: ends[0] if ends else None].strip()
    if beyond := sorted(engine_reading.tables(query, where) - {name.casefold() for name in used}):
        raise Refused(f"{where}: the engine reads {beyond[0]} in the query, expected only {', '.join(sorted(used))}")
    return Vetted(query, tuple(name for name in used if name != table), quoted(statements[0]))


def fill(query: str, table: str, column: str | None, where: str) -> str:
    """Replace `{object}`, `${table}`, `{property}`, `${column}` … by quoted names. Raises ContractError without one."""

    def name(match: re.Match[str]) -> str:
        word = match[1].lower()
        found = table if re.fullmatch(TABLE_WORDS, word) else column
        if found is None:
            raise broken(where, f"{match[0]} stands in a rule of a whole object, where there is no property")
        return '"' + found.replace('"', '""') + '"'

    return re.sub(rf"\$?\{{\s*({TABLE_WORDS}|{COLUMN_WORDS})\s*\}}", name, query, flags=re.IGNORECASE)


def _vet_statement(tree: exp.Expr, tables: set[str], where: str) -> list[str]:
    """Return which of `tables` a statement reads. Names are the same in any case, as the engine has it."""
    from sqlglot import exp

    if not isinstance(tree, exp.Query):
        raise Refused(f"{where}: got a {tree.key.upper()} statement, expected one SELECT")
    known = {name.casefold(): name for name in tables}
    used: list[str] = []
    for node in tree.walk():
        if (impure := _impure(node)) is not None:
            message = f"the answer of {impure}() depends on more than the data"
            raise broken(where, message, "the same batch must get the same verdict: freshness is an slaProperty")
        if reason := _reaches_out(node):
            raise Refused(f"{where}: {reason}", hint="a rule's SQL may read only the batch and datasets it names")
        if isinstance(node, exp.Table) and not _is_common_table(node):
            name = known.get(node.name.casefold())
            if name is None or node.db or node.catalog:
                read, expected = node.sql(dialect="duckdb"), ", ".join(sorted(tables))
                raise Refused(f"{where}: the query reads {read}, expected only {expected}")
            used.append(name)
    return list(dict.fromkeys(used))


def _is_common_table(table: exp.Table) -> bool:
    """Whether a name is a common table expression where it stands: one that an enclosing query wrote before it."""
    from sqlglot import exp

    name = table.name.casefold()
    inside: exp.Expr = table
    while (above := inside.parent) is not None and not table.db:
        ctes = above.expressions if isinstance(above, exp.With) else getattr(above, "ctes", [])
        for cte in ctes:
            if cte is inside and not above.args.get("recursive"):
                break
            if cte.alias.casefold() == name:
                return True
        inside = above.parent if isinstance(above, exp.With) and above.parent else above
    return False


def _impure(node: exp.Expr) -> str | None:
    """Return the name of a function whose answer is not a function of its arguments, None for any other node."""
    from sqlglot import exp

    if isinstance(node, exp.Anonymous):
        return node.name.lower() if node.name.lower() in NOT_PURE else None
    if isinstance(node, exp.Func):
        return min((name.lower() for name in node.sql_names() if name.lower() in NOT_PURE), default=None)
    return None


def _reaches_out(node: exp.Expr) -> str | None:
    """Return why a node may not stand in a contract's SQL, None where it may."""
    from sqlglot import exp

    if isinstance(node, exp.Anonymous):
        name = node.name.lower()
        return None if name in HARMLESS else f"function {name}() is not on the list of harmless functions"
    if isinstance(node, (exp.ReadCSV, exp.ReadParquet)):
        return "reading a file is not allowed"
    if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
        return f"table function {node.this.sql(dialect='duckdb', normalize_functions='lower')} is not allowed"
    if isinstance(node, (exp.Command, exp.DDL, exp.DML, exp.Into, exp.Lock, exp.Parameter, exp.Placeholder)):
        return f"{node.key.upper()} is not allowed"
    return None
