"""A transform: one SELECT in a file, which says how a batch of a table is made of the committed batches of others."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakegate.contract import proofs
from lakegate.contract.engine_reading import first_line
from lakegate.contract.findings import listed, near
from lakegate.contract.model import SchemaObject
from lakegate.contract.vetting import vet_select
from lakegate.engines.predicates import text
from lakegate.errors import ContractError, Refused, UsageError

if TYPE_CHECKING:
    from sqlglot import exp

BATCH = "batch"  # the parameter that every transform has: the key of the batch that is built
ALL = "*"  # ORDER BY ALL


@dataclass(frozen=True, slots=True)
class Named:
    """A table as a query names it, and the line (from 1) on which it does."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Transform:
    """One SELECT. `file` is what messages call it; `order` are the columns of the result that its rows are ordered by,
    `ALL` for all of them; `parameters` are the words that it writes with a `$`.
    """

    file: str
    sql: str
    sha256: str  # of the file's bytes
    tables: tuple[Named, ...]
    parameters: tuple[str, ...]
    order: tuple[str, ...]

    def check_order(self, obj: SchemaObject) -> None:
        """Raise UsageError unless the rows have a total order: by the primary key, without one by every column."""
        key = obj.primary_key or tuple(one for one in obj.properties if one.semantic_type != "measure")
        named = {name.casefold() for name in self.order}
        missing = [one.physical_name for one in key if one.physical_name.casefold() not in named]
        if ALL in self.order or not missing:
            return
        whole = ", ".join(one.physical_name for one in key) if obj.primary_key else "ALL"
        why = "the primary key" if obj.primary_key else "all columns, for want of a primary key"
        raise UsageError(
            f"{self.file}: ORDER BY does not hold {listed(missing)} of {why}: rows that tie may come in any order",
            hint=f"write ORDER BY {whole}",
        )

    def filled(self, values: Mapping[str, str]) -> str:
        """Return the query with the values of its parameters, as text, vetted as it will run.

        Raises:
            UsageError: it has a parameter of no value; it is no query, or its answer depends on more than its inputs.
            Refused: it reaches outside.
        """
        if unknown := [word for word in self.parameters if word not in values]:
            hint = near(unknown[0], values) or f"there are: {', '.join(f'${word}' for word in sorted(values))}"
            raise UsageError(f"{self.file}: ${unknown[0]} is no field of the batch key", hint=hint)
        filled = _replaced(self.sql, {word: text(values[word]) for word in self.parameters})
        return _vetted(filled, frozenset(one.name for one in self.tables), self.file)


def read_transform(path: Path, file: str) -> Transform:
    """Read a transform. `file` is what messages call it.

    Raises:
        UsageError: it cannot be read, or is anything but one SELECT with an ORDER BY; says what to write.
        Refused: it reaches outside.
    """
    try:
        content = path.read_bytes()
        sql = content.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}", hint="a table is built by the SELECT in this file") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file}: the file is not UTF-8", hint="save it as UTF-8") from None
    facts = (sql, *proofs.judges("sqlglot", "_duckdb", __name__, "lakegate.contract.vetting"))
    known = proofs.recall("transform", facts)
    if known is None:
        known = _read(sql, file)
        proofs.remember("transform", facts, known)
    tables, parameters, order = known
    named = tuple(Named(name, line) for name, line in tables)
    return Transform(file, sql, hashlib.sha256(content).hexdigest(), named, tuple(parameters), tuple(order))


def _read(sql: str, file: str) -> list[list[Any]]:
    """Return the tables with their lines, the parameters and the order of a query, as plain data."""
    import sqlglot
    from sqlglot import errors, exp

    parameters = sorted({word for word, _, _ in _parameters(sql, file)})
    plain = _replaced(sql, dict.fromkeys(parameters, "''"))
    try:
        parsed = sqlglot.parse(plain, dialect="duckdb", error_level=errors.ErrorLevel.RAISE)
    except errors.SqlglotError as error:
        raise UsageError(f"{file}: the query cannot be read as SQL: {first_line(error)}") from None
    except (RecursionError, AttributeError, IndexError, KeyError, TypeError, ValueError):  # as in contract.vetting
        raise UsageError(f"{file}: the query cannot be read as SQL") from None
    statements = [one for one in parsed if one is not None and not isinstance(one, exp.Semicolon)]
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        got = f"{len(statements)} statements" if len(statements) != 1 else f"a {statements[0].key.upper()} statement"
        hint = "write one SELECT; the runner names the table and writes it"
        raise UsageError(f"{file}: got {got}, expected one SELECT", hint=hint)
    tables = list(_tables(statements[0]))
    _vetted(plain, frozenset(name for name, _ in tables), file)
    order = _order(statements[0])
    if not order:
        hint = "end it with ORDER BY and the primary key: the same inputs must give the same bytes"
        raise UsageError(f"{file}: the outermost SELECT has no ORDER BY over columns of its result", hint=hint)
    return [[list(one) for one in tables], parameters, order]


def _vetted(sql: str, tables: frozenset[str], file: str) -> str:
    """Return a query that may run."""
    try:
        return vet_select(sql, "", tables, file).sql
    except ContractError as error:
        hint = "the same inputs must give the same bytes" if "depends on more" in error.problems[0].message else ""
        raise UsageError(error.problems[0].message, hint=hint or error.problems[0].hint) from None
    except Refused as refused:
        hint = "a transform reads committed batches by their datasets' names, and computes with functions of its data"
        raise Refused(refused.message, hint=hint) from None


def _parameters(sql: str, file: str) -> Iterator[tuple[str, int, int]]:
    """Yield each `$word` outside of texts and comments, with where it begins and ends."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        tokens = sqlglot.tokenize(sql, "duckdb")
    except SqlglotError as error:
        raise UsageError(f"{file}: the query cannot be read as SQL: {first_line(error)}") from None
    for mark, word in pairwise(tokens):
        if mark.token_type is sqlglot.TokenType.PARAMETER and word.start == mark.end + 1:
            yield word.text, mark.start, word.end + 1


def _replaced(sql: str, values: Mapping[str, str]) -> str:
    """Return the query with each parameter replaced by what is written for it."""
    for word, start, end in reversed(list(_parameters(sql, ""))):
        sql = sql[:start] + values[word] + sql[end:]
    return sql


def _tables(tree: exp.Expr) -> Iterator[tuple[str, int]]:
    """Yield the tables that a statement reads from outside, with their lines, each name once."""
    from sqlglot import exp

    common = {cte.alias.casefold() for cte in tree.find_all(exp.CTE)}
    seen: set[str] = set()
    for table in tree.find_all(exp.Table):
        known = not isinstance(table.this, exp.Identifier) or table.name.casefold() in common | seen
        if not known:
            seen.add(table.name.casefold())
            yield table.name, int(table.this.meta.get("line", 1))


def _order(tree: exp.Query) -> list[str]:
    """Return the columns of the result that the rows are ordered by; what is no column of it orders, but not wholly."""
    from sqlglot import exp

    found: list[str] = []
    order, selects = tree.args.get("order"), tree.selects
    for one in order.expressions if order else ():
        match one.this:
            case exp.Var(this=word) if str(word).upper() == "ALL":
                found.append(ALL)
            case exp.Literal(is_string=False) as number if 0 < int(number.this) <= len(selects):
                found.append(selects[int(number.this) - 1].alias_or_name)
            case exp.Column() as column if not column.table or _is_selected(column, selects):
                found.append(column.name)
    return found


def _is_selected(column: exp.Column, selects: list[exp.Expr]) -> bool:
    """Whether `t.a` is the column `a` of the result, and not another one of the same name."""
    from sqlglot import exp

    named = [one for one in selects if one.alias_or_name.casefold() == column.name.casefold()]
    return all(one.unalias() == column for one in named) if named else any(one.find(exp.Star) for one in selects)
