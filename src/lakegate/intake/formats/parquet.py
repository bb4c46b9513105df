"""Parquet: the file itself is a part. Its footer is not believed: every page is decoded once before it is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakegate.intake import nulls
from lakegate.intake.files import NativeFile, is_ours, link, unreadable
from lakegate.intake.formats.parquet_pages import check_pages, footprint
from lakegate.intake.names import check_twins
from lakegate.intake.quoting import name as identifier
from lakegate.intake.quoting import text
from lakegate.intake.scalar import WIDEST
from lakegate.intake.types import duckdb_type
from lakegate.rows import Nulls, Part, Type

if TYPE_CHECKING:
    from lakegate.intake.staging import Intake


def open_parquet(intake: Intake, file: NativeFile, *, proved: bool = False) -> Part:
    """Return a Parquet file as a part of the batch. Raises `BadFile` for twins among its columns, `Refused` for a bomb.

    What the engine cannot open raises `duckdb.Error`; `Opening` tells it as unreadable. `proved` files were decoded
    before: only their footer is read.
    """
    if not proved:
        _walk(intake, file)  # first: its reader believes no length, the engine allocates what a footer claims
    connection, path = intake.connection, link(file.path, intake.workspace, ".parquet")
    read = f"({text(str(path))})"
    schema = connection.execute(f"SELECT name, num_children, precision FROM parquet_schema{read}").fetchall()
    names = _columns([(str(column), int(children or 0)) for column, children, _ in schema])
    check_twins(names)
    for column, _, digits in schema:
        if (digits or 0) > WIDEST:  # the engine would read them as doubles
            raise unreadable(f"got a decimal of {digits} digits in {column!r}, expected at most {WIDEST}")
    claimed = int(connection.execute(f"SELECT num_rows FROM parquet_file_metadata{read}").fetchall()[0][0])
    intake.budget.charge_cells(file.name, claimed, len(names))
    whole = f"read_parquet({text(str(path))}, hive_partitioning = false)"
    types = tuple(
        (column, duckdb_type(found)) for column, found in zip(names, connection.sql(f"FROM {whole}").types, strict=True)
    )
    found = () if proved else _decode(intake, whole, types, claimed)
    return Part(file.name, str(path), types, claimed, nulls=found)


def _walk(intake: Intake, file: NativeFile) -> None:
    """Hold the pages against the footer and their checksums, and what they come to against the budget."""
    import pyarrow as pa  # 0.2 s of CPU, only for Parquet
    import pyarrow.parquet as pq

    size = file.path.stat().st_size
    try:
        metadata = pq.read_metadata(file.path, memory_map=True)
    except (pa.ArrowException, OSError) as error:
        if is_ours(error):
            raise
        raise unreadable(f"got a footer that cannot be read ({str(error).partition(chr(10))[0]})") from error
    intake.budget.charge(file.name, footprint(metadata), size)
    try:
        intake.budget.charge(file.name, check_pages(file.path, metadata).decoded, size)
    except UnicodeDecodeError as error:
        raise unreadable("got a column whose name is no UTF-8, expected UTF-8") from error


def _decode(intake: Intake, relation: str, types: tuple[tuple[str, Type], ...], claimed: int) -> Nulls:
    """Decode every value of every column once: a page that cannot be decoded, or text that is no UTF-8, is met now.

    A query that does not ask for a column would not meet it (INPUTS S20, S30). No value is fetched: of an instant with
    a zone that would ask for pytz. Nulls are counted as they go by.
    """
    every = [f"any_value({identifier(column)}) IS NULL" for column, _ in types]
    paths = nulls.declared(intake.obj.properties, dict(types))
    asked = ", ".join(["count(*)", *nulls.counts(paths), *every])
    rows, *told = intake.connection.execute(f"SELECT {asked} FROM {relation}").fetchall()[0]
    if rows != claimed:
        raise unreadable(f"got {rows} rows, expected the {claimed} that the footer claims")
    return nulls.missing(paths, rows, told[: len(paths)])


def _columns(schema: list[tuple[str, int]]) -> list[str]:
    """Return the names of the columns: the children of the root in a schema that is written depth first.

    The engine would rename twins; the schema holds what the file says.
    """
    names: list[str] = []
    inside = [schema[0][1]]  # children still to come, of each open group
    for name, children in schema[1:]:
        while inside[-1] == 0:
            inside.pop()
        if len(inside) == 1:
            names.append(name)
        inside[-1] -= 1
        inside.append(children)
    return names
