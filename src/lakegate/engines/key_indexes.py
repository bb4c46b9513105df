"""Keys across the batches of a table, compiled to SQL: what a batch's own index holds, what those of others are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lakegate.checks.table_wide import columns_of
from lakegate.engines import connections, sql
from lakegate.engines.predicates import Scope, Unmeasurable, identifier, reference, text
from lakegate.made import KeySpan, MadeFile, MadeIndex, Scalar
from lakegate.measures import Fault, NotMeasured
from lakegate.predicates import Value
from lakegate.rows import Kind, Rows, Type

if TYPE_CHECKING:
    import duckdb

EXACT = frozenset({Kind.INTEGER, Kind.DECIMAL})  # numbers that are compared without rounding
LONGEST = 200  # characters of an extreme that is kept; a longer one is not told
ROWS_TOGETHER = 100_000  # of an index, in one row group


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The rows in which a batch's key is looked up. `dataset` None: they are the keys of the table's other batches.

    `alike` says whether two types can be compared.
    """

    key: tuple[Value, ...]
    columns: tuple[str, ...]
    rows: Rows
    alike: Callable[[Type, Type], bool]
    dataset: str | None = None


def relation(there: Elsewhere, batch: str, scope: Scope) -> str | NotMeasured:
    """Return the relation over the keys there, or why they cannot be compared with. Raises Unmeasurable where the batch
    (its relation is `batch`) has no such key.

    Files may differ in their types: each type is a relation of its own, so that no text is read as a number.
    """
    here = [scope.type_of(value) for value in there.key]
    groups: dict[tuple[Type, ...], list[str]] = {}
    for part in there.rows.parts:
        known = dict(part.types)
        found = tuple(known[column] for column in there.columns if column in known)
        if len(found) < len(there.columns) or any(one.kind is Kind.NULL for one in found):
            continue  # a key that is null everywhere
        for value, column, mine, its in zip(there.key, there.columns, here, found, strict=True):
            if not there.alike(mine, its):
                told = f"{there.dataset}.{column} is" if there.dataset else f"in batch {part.name!r} it is"
                reason = f"{'.'.join(value.path)!r} is {mine.name}, {told} {its.name}"
                return NotMeasured(Fault.DATA, f"types cannot be compared: {reason}")
        groups.setdefault(found, []).append(part.path)
    names = list(map(identifier, there.columns))
    selects = [sql.columns_of(names, sql.parquet(paths)) for paths in groups.values()]
    if not selects:
        own = [f"{reference(value)} AS {name}" for value, name in zip(there.key, names, strict=True)]
        selects = [f"{sql.columns_of(own, batch)} WHERE false"]
    return f"({' UNION ALL '.join(selects)})"


def comparable(one: Type, other: Type) -> bool:
    """Whether equal keys of two types are found equal, and different ones different."""
    if one.kind is Kind.NULL or {one.kind, other.kind} <= EXACT:
        return True
    return one.kind == other.kind and (one.kind is not Kind.STRING or one.name.upper() == other.name.upper())


def span(key: tuple[Value, ...], rows: Rows, connection: duckdb.DuckDBPyConnection) -> KeySpan | None:
    """Return the types of a key and the extremes of its first column over all rows, None where it has none."""
    scope = Scope(rows.types, unconverted=frozenset(rows.unconverted), disagree=rows.disagreements)
    try:
        types = tuple((found.kind.value, found.name) for found in map(scope.type_of, key))
        relation = sql.parquet([part.path for part in rows.parts])
        return KeySpan(types, *_extremes(reference(key[0]), scope.type_of(key[0]), relation, connection))
    except Unmeasurable:
        return None


def _extremes(column: str, found: Type, relation: str, connection: duckdb.DuckDBPyConnection) -> tuple[Scalar, Scalar]:
    """Return the least and the most value of a column as a number or text; None where nothing may be concluded."""
    plain = found.kind is Kind.STRING and found.name.upper() == "VARCHAR"
    if found.kind in (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMP_ZONED):
        column = f"epoch_us({column})"
        if "NS" in found.name.upper():
            return None, None  # finer than what would be kept
    elif found.kind is not Kind.INTEGER and not plain:
        return None, None
    query = sql.fused([f"min({column})", f"max({column})"], relation)
    ((least, most),) = connection.execute(query).fetchall()
    if plain and max(len(least or ""), len(most or "")) > LONGEST:
        return None, None
    return least, most


def write(
    name: str, key: tuple[Value, ...], rows: Rows, target: Path, memory: str | None, workspace: str | None
) -> MadeIndex | NotMeasured:
    """Write the distinct keys of rows into a Parquet file: the same rows give the same bytes.

    Rows without the column hold no key: their index is empty.
    """
    import duckdb

    columns = columns_of(key)
    scope = Scope(rows.types, unconverted=frozenset(rows.unconverted), disagree=rows.disagreements)
    paths = [part.path for part in rows.parts]
    trusted = all(part.staged for part in rows.parts)
    connection = connections.locked([*paths, str(target)], trusted=trusted, memory=memory, workspace=workspace)
    try:
        if rows.parts and all(value.path[0] in rows.types or value.path[0] in rows.disagreements for value in key):
            query = sql.distinct_keys(key, columns, sql.parquet(paths), scope)
            types = [scope.type_of(value) for value in key]
        else:
            query = f"SELECT {', '.join(f'NULL::INTEGER AS {identifier(column)}' for column in columns)} WHERE false"
            types = [Type(Kind.NULL, "NULL")] * len(key)
        how = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROWS_TOGETHER}"
        ((count,),) = connection.execute(f"COPY ({query}) TO {text(str(target))} ({how})").fetchall()
        extremes = _extremes(identifier(columns[0]), types[0], sql.parquet([str(target)]), connection)
    except Unmeasurable as missing:
        return NotMeasured(Fault.DATA, str(missing))
    except duckdb.Error as error:
        return NotMeasured(Fault.ENGINE, str(error).partition("\n")[0])
    finally:
        connection.close()
    told = tuple((one.kind.value, one.name) for one in types)
    return MadeIndex(name, columns, MadeFile(target.name, target, count), *extremes, told)
