"""Run one vetted SELECT over committed batches and write what it gives as Parquet: the same inputs, the same bytes.

One thread: what ties, what a window or an aggregate takes first, and the sums of doubles on the way come out the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from lakegate.contract.model import LogicalType, Property
from lakegate.engines.connections import locked
from lakegate.engines.predicates import identifier, text
from lakegate.engines.session import cause
from lakegate.engines.sql import parquet
from lakegate.errors import EngineError, UsageError
from lakegate.rows import Part, Rows

BATCH = "batch"  # the column that says of which batch a row is
ROW_GROUP = 122_880  # rows, DuckDB's own
# What the result may not hold, with what to write instead.
_UNSAFE = (
    (re.compile(r"\b(FLOAT|DOUBLE|REAL)\b"), "a sum of it depends on the order of rows", "DECIMAL(18, 4)"),
    (re.compile(r"\bU?HUGEINT\b"), "Parquet has no type for it", "BIGINT or DECIMAL(38, 0)"),
    (re.compile(r"\b(BIGNUM|VARINT|BIT|UNION|VARIANT)\b"), "Parquet has no type for it", "VARCHAR"),
)


@dataclass(frozen=True, slots=True)
class Input:
    """The committed rows of one dataset. `batches` says of each part which batch's it is."""

    properties: tuple[Property, ...]
    rows: Rows
    batches: tuple[str, ...]


def transform(
    query: str, inputs: Mapping[str, Input], target: Path, *, memory: str | None = None, workspace: str | None = None
) -> int:
    """Write the rows of a query, in its order, to `target`; return how many there are. Inputs go by their names.

    Raises:
        UsageError: the engine does not understand the query, or a column has a type that may not be kept.
        EngineError: it cannot compute it from these rows.
    """
    import duckdb

    files = [part.path for one in inputs.values() for part in one.rows.parts]
    trusted = all(part.staged for one in inputs.values() for part in one.rows.parts)
    connection = locked([*files, str(target)], trusted=trusted, memory=memory, workspace=workspace, threads=1)
    try:
        for name, one in inputs.items():
            connection.execute(f"CREATE TEMP VIEW {identifier(name)} AS {_view(one)}")
        described = connection.execute(f"DESCRIBE {query}").fetchall()
        _check_types([(str(column), str(kind)) for column, kind, *_ in described])
        options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP}, USE_TMP_FILE false"
        ((rows,),) = connection.execute(f"COPY (\n{query}\n) TO {text(str(target))} ({options})").fetchall()
        return int(rows)
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
        raise UsageError(cause(error), hint="the inputs hold the columns of their contracts, and `batch`") from None
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise EngineError(cause(error), hint="a value does not fit: use TRY_CAST, or mend the SELECT") from None
    finally:
        connection.close()


def _check_types(columns: Iterable[tuple[str, str]]) -> None:
    """Raise UsageError for a column that would not be the same the next time, or not as it is."""
    for column, kind in columns:
        for pattern, why, instead in _UNSAFE:
            if pattern.search(re.sub(r'"[^"]*"', "", kind)):
                hint = f"write CAST({column} AS {instead})"
                raise UsageError(f"the column {column} is {kind}: {why}", hint=hint)


def _view(one: Input) -> str:
    """Return the SELECT that shows a dataset: the columns of its contract, and the batch of each row."""
    columns = [prop for prop in one.properties if prop.semantic_type != "measure"]
    labelled = all(prop.physical_name.casefold() != BATCH for prop in columns)
    selects = list(_selects(one, columns, labelled=labelled))
    if not selects:  # no file at all: no rows
        nothing = [_column(prop, {}) for prop in columns] + ([f"'' AS {BATCH}"] if labelled else [])
        selects = [f"SELECT {', '.join(nothing)} WHERE false"]
    return "\nUNION ALL ".join(selects)


def _selects(one: Input, columns: list[Property], *, labelled: bool) -> Iterator[str]:
    """Yield a SELECT for each run of parts of one batch and one shape; they keep the order of the parts."""

    def shape(pair: tuple[Part, str]) -> tuple[str, object]:
        return pair[1], pair[0].types

    for (batch, _), pairs in groupby(zip(one.rows.parts, one.batches, strict=True), key=shape):
        parts = [part for part, _ in pairs]
        there = {name.casefold(): name for name, _ in parts[0].types}
        chosen = [_column(prop, there) for prop in columns]
        chosen += [f"{text(batch)} AS {BATCH}"] if labelled else []
        yield f"SELECT {', '.join(chosen)} FROM {parquet([part.path for part in parts])}"


def _column(prop: Property, there: Mapping[str, str]) -> str:
    """Return a column as its contract has it; one that a file lacks is null there."""
    name = prop.physical_name
    found = there.get(name.casefold())
    return f"{identifier(found) if found else _null(prop)} AS {identifier(name)}"


_NULLS = {
    LogicalType.INTEGER: "BIGINT",
    LogicalType.NUMBER: "DOUBLE",
    LogicalType.BOOLEAN: "BOOLEAN",
    LogicalType.DATE: "DATE",
    LogicalType.TIME: "TIME",
    LogicalType.STRING: "VARCHAR",
}


def _null(prop: Property) -> str:
    if prop.logical_type is LogicalType.TIMESTAMP:
        return f"NULL::{'TIMESTAMPTZ' if prop.options.get('timezone') is True else 'TIMESTAMP'}"
    kind = _NULLS.get(prop.logical_type or LogicalType.STRING)
    return f"NULL::{kind}" if kind else "NULL"
