"""Parquet: the file itself is a part; only its footer is read here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lakegate.intake.delimited import check_twins
from lakegate.intake.files import NativeFile, link
from lakegate.intake.quoting import text
from lakegate.intake.types import duckdb_type
from lakegate.rows import Part

if TYPE_CHECKING:
    import duckdb


def open_parquet(connection: duckdb.DuckDBPyConnection, file: NativeFile, workspace: Path) -> Part:
    """Return a Parquet file as a part of the batch. Raises `BadFile` for twins among its columns.

    What the engine cannot open raises `duckdb.Error`; `open_batch` tells it as unreadable.
    """
    path = link(file.path, workspace, ".parquet")
    read = f"({text(str(path))})"
    schema = connection.execute(f"SELECT name, num_children FROM parquet_schema{read}").fetchall()
    names = _columns([(str(column), int(children or 0)) for column, children in schema])
    check_twins(names)
    relation = connection.sql(f"SELECT * FROM read_parquet({text(str(path))}, hive_partitioning = false)")
    types = tuple((column, duckdb_type(found)) for column, found in zip(names, relation.types, strict=True))
    rows = connection.execute(f"SELECT num_rows FROM parquet_file_metadata{read}").fetchall()[0][0]
    return Part(file.name, str(path), types, int(rows))


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
