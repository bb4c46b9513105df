"""Folders that name a column's value, `region=EU/`, inside a batch: they set nothing, and may not contradict the file.

Engines let such a folder override the file's own column (INPUTS S17, 92, 93).
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

from lakegate.intake.quoting import name as identifier
from lakegate.intake.quoting import text
from lakegate.intake.staging import Intake
from lakegate.rows import Defect, DefectKind, Location, Part

NULL = "__HIVE_DEFAULT_PARTITION__"  # how Hive and Spark write null as a folder


def conflicts(intake: Intake, part: Part) -> Iterator[Defect]:
    """Yield one defect for each folder in a part's name whose column holds something else, with the first rows."""
    for folder in part.name.split("/")[:-1]:
        column, equals, value = folder.partition("=")
        if not equals or column not in dict(part.types):
            continue
        count, first = _others(intake, part, column, unquote(value))
        if count:
            places = part.records.places(first) if part.records else {row: (row, None) for row in first}
            told = "null" if value == NULL else repr(unquote(value))
            yield Defect(
                DefectKind.PARTITION,
                part.name,
                f"got another value in column {column!r} than {told}, expected what the folder {folder!r} says",
                count,
                tuple(Location(part.name, *places[row], column=column) for row in first),
            )


def _others(intake: Intake, part: Part, column: str, value: str) -> tuple[int, list[int]]:
    """Return how many rows hold another value, and the first of them (1-based, of the part)."""
    cell = identifier(column)
    if value == NULL:
        differs = f"{cell} IS NOT NULL"
    else:
        differs = (
            f"({cell} IS NULL OR {cell} IS DISTINCT FROM TRY_CAST({text(value)} AS {_type(intake, part, column)}))"
        )
    source = f"read_parquet({text(part.path)}, hive_partitioning = false, file_row_number = true)"
    query = f"SELECT count(*), min(file_row_number + 1, {max(intake.reader.limit, 1)}) FROM {source} WHERE {differs}"
    ((count, first),) = intake.connection.execute(query).fetchall()
    return count, list(first or ())


def _type(intake: Intake, part: Part, column: str) -> str:
    """Return the engine's own word for a column's type."""
    relation = intake.connection.sql(f"SELECT {identifier(column)} FROM read_parquet({text(part.path)})")
    return str(relation.types[0])
