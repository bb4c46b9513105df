"""How many rows hold null, column by column: counted where every value is decoded anyway, else told by our own footer.

A stranger's footer is not asked (INPUTS S1). A field of an object is null where its object is. What stands in arrays
and maps is not counted: a row holds several of it (ADR 0032).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from lakegate.contract.model import Property
from lakegate.intake.quoting import name, text
from lakegate.rows import Kind, Nulls, Part, Type

if TYPE_CHECKING:
    import pyarrow as pa

    from lakegate.intake.staging import Intake

Path = tuple[str, ...]  # physical names, that of the column first

_NESTED = frozenset({Kind.OBJECT, Kind.ARRAY, Kind.MAP})  # a footer tells of what they hold, not of themselves


def declared(properties: Iterable[Property], types: Mapping[str, Type]) -> dict[Path, Type]:
    """Return the type of each declared column that is there, and of each field of the objects in it."""
    return dict(_declared(properties, types, ()))


def _declared(properties: Iterable[Property], types: Mapping[str, Type], above: Path) -> Iterator[tuple[Path, Type]]:
    for prop in properties:
        found = types.get(prop.physical_name)
        if found is not None and prop.semantic_type != "measure":
            path = (*above, prop.physical_name)
            yield path, found
            yield from _declared(prop.properties, dict(found.fields), path)


def counts(paths: Iterable[Path]) -> list[str]:
    """Return, for each path, the SQL that counts the rows in which it is not null."""
    return [f"count({_reference(path)})" for path in paths]


def missing(paths: Iterable[Path], rows: int, present: Sequence[int]) -> Nulls:
    """Return how many of all rows hold null, by what `counts` came to."""
    return tuple((path, rows - count) for path, count in zip(paths, present, strict=True))


def _reference(path: Path) -> str:
    """Return the SQL for the value at a path."""
    sql = name(path[0])
    for step in path[1:]:
        sql = f"struct_extract({sql}, {text(step)})"
    return sql


def written(intake: Intake, part: Part) -> Nulls:
    """Return the nulls of a part that the intake wrote: by its footer, and by a scan of the columns it is silent on."""
    columns = declared(intake.obj.properties, dict(part.types))
    footer = _footer(intake, part) if part.rows else dict.fromkeys((path[0] for path in columns), 0)
    flat = (path for path, kind in columns.items() if len(path) == 1 and kind.kind not in _NESTED)
    told: dict[Path, int] = {path: footer[path[0]] for path in flat if path[0] in footer}
    others = [path for path in columns if path not in told]
    if others:
        scan = f"SELECT {', '.join(counts(others))} FROM read_parquet({text(part.path)}, hive_partitioning = false)"
        told |= missing(others, part.rows, intake.connection.execute(scan).fetchall()[0])
    return tuple((path, told[path]) for path in columns)


def _footer(intake: Intake, part: Part) -> dict[str, int]:
    """Return the nulls that a footer tells of, column by column, where it does so for every group of rows."""
    groups = f"(SELECT num_row_groups FROM parquet_file_metadata({text(part.path)}))"
    query = (
        f"SELECT path_in_schema, sum(stats_null_count)::BIGINT FROM parquet_metadata({text(part.path)})"
        f" GROUP BY ALL HAVING count(stats_null_count) = count(*) AND count(*) = {groups}"
    )
    return dict(intake.connection.execute(query).fetchall())


def but_not(nulls: Nulls, unconverted: Mapping[str, int]) -> Nulls:
    """Return nulls without the cells that hold something which did not convert: these are none.

    Of a field they are its own and those of the objects that it stands in.
    """
    return tuple((path, count - sum(unconverted.get(told, 0) for told in _around(path))) for path, count in nulls)


def _around(path: Path) -> Iterator[str]:
    """Yield what holds a path, and the path, as `rows.Rows.unconverted` calls them."""
    return (".".join(path[:depth]) for depth in range(1, len(path) + 1))


def of_table(table: pa.Table, types: Iterable[tuple[str, Type]]) -> Nulls:
    """Return the nulls of a table in memory: of its columns, and of the fields of objects in them."""
    return tuple(
        (path, nulls) for column, kind in types for path, nulls in _of_column((column,), table.column(column), kind)
    )


def _of_column(path: Path, values: pa.ChunkedArray, kind: Type) -> Iterator[tuple[Path, int]]:
    from pyarrow import compute  # loaded with the table

    yield path, values.null_count
    for at, (field, inner) in enumerate(kind.fields):
        yield from _of_column((*path, field), compute.struct_field(values, [at]), inner)
