"""Typed rows are staged once, as Parquet, and whatever did not convert is read back from what was staged."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lakegate.contract.model import Gate, SchemaObject
from lakegate.intake.convert import Conversion, Converter
from lakegate.intake.files import NativeFile
from lakegate.intake.quoting import name, text
from lakegate.intake.scalar import WIDEST
from lakegate.rows import LINE, UNCONVERTED, Location, Type

if TYPE_CHECKING:
    import duckdb

LONGEST = 8 << 20  # bytes of the longest record of text that is read
_OPTIONS = "FORMAT parquet, COMPRESSION snappy"  # measured: 0.75 s a million rows uncompressed, 0.80 snappy, 1.06 zstd


@dataclass(frozen=True, slots=True)
class Reader:
    """How a batch is to be read. Format, delimiter and encoding are the server's; None: not declared.

    `limit` is how many locations of each fault are kept; their original text only where `samples` is asked for.
    """

    format: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    samples: bool = False
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Intake:
    """What the reading of every file of one batch shares."""

    connection: duckdb.DuckDBPyConnection
    obj: SchemaObject
    gate: Gate
    reader: Reader
    workspace: Path
    converter: Converter
    progress: Callable[[str, int], None] | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """A record that is no row. `row` is its number in the file, 1-based and without a header."""

    row: int
    line: int | None  # where it begins; None in a JSON array
    lines: int  # physical lines it spans
    reason: str


@dataclass(frozen=True, slots=True)
class Staged:
    """One text file as rows. `undeclared` JSON keys are in `types` and not in the file."""

    source: NativeFile
    path: Path
    types: tuple[tuple[str, Type], ...]
    rows: int
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Unconverted:
    """A cell that did not convert. `row` is the record's number in the file, `line` None where lines mean nothing."""

    path: str
    text: str
    row: int
    line: int | None


@contextmanager
def connect(workspace: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an engine of the intake's own: nothing is downloaded, nothing kept, the clock stands in UTC (INPUTS S28)."""
    import duckdb  # 0.2 s of CPU

    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": True,
        "memory_limit": "2GB",
        "temp_directory": str(workspace / "spill"),
    }
    connection = duckdb.connect(":memory:", config=settings)
    try:
        connection.execute("SET TimeZone = 'UTC'")  # not known before the connection has loaded its calendars
        yield connection
    finally:
        connection.close()


def write(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> int:
    """Write the query's rows to a Parquet file, in their order, and return how many they are."""
    rows: int = connection.execute(f"COPY ({query}) TO {text(str(target))} ({_OPTIONS})").fetchall()[0][0]
    return rows


def take_rejects(connection: duckdb.DuckDBPyConnection) -> dict[int, str]:
    """Return, by its offset in bytes, why each record that the last CSV read put aside is none, and forget them."""
    found = connection.execute(
        "SELECT line_byte_position, error_message FROM reject_errors ORDER BY ALL DESC"
    ).fetchall()
    connection.execute("DROP TABLE reject_errors")
    connection.execute("DROP TABLE reject_scans")
    return {position - 1: _reason(message) for position, message in found}


def _reason(message: str) -> str:
    """Return the engine's reason in our words; it quotes the record, which may hold personal data."""
    columns = re.match(r"Expected Number of Columns: (\d+) Found: (\d+)", message)
    if columns:
        return f"got {columns[2]} columns, expected {columns[1]}"
    if "unterminated quote" in message:
        return "got text after a closing quote, expected a delimiter"
    if "line size" in message:
        return f"got a record of more than {LONGEST} bytes, expected no longer one"
    return message.partition(".")[0]


def typed(source: str, columns: Sequence[tuple[str, Conversion]], more: str = "") -> str:
    """Return the SQL of what is staged: LINE, the columns by name, UNCONVERTED, and `more`.

    `source` holds `line` and whatever the conversions read. Each value is computed once, inside; that a cell did not
    convert is seen outside from its value being null.
    """
    values = "".join(f", {column.sql} AS v{at}" for at, (_, column) in enumerate(columns))
    named = "".join(f", v{at} AS {name(column)}" for at, (column, _) in enumerate(columns))
    fallible = [(_is_bad(column, at), column.cells) for at, (_, column) in enumerate(columns) if column.bad]
    if fallible:
        any_bad = " OR ".join(bad for bad, _ in fallible)
        unconverted = f"CASE WHEN {any_bad} THEN flatten([{', '.join(str(cells) for _, cells in fallible)}]) END"
    else:
        unconverted = "CAST(NULL AS STRUCT(path VARCHAR, text VARCHAR)[])"
    return f"SELECT line AS {LINE}{named}, {unconverted} AS {UNCONVERTED}{more} FROM (SELECT *{values} FROM ({source}))"


def _is_bad(column: Conversion, at: int) -> str:
    """Return the SQL that is true where the cell, or one inside it, did not convert."""
    return f"({column.source} IS NOT NULL AND v{at} IS NULL)" if column.source else f"({column.bad})"


def close_gaps(connection: duckdb.DuckDBPyConnection, staged: Path, gaps: tuple[Gap, ...], target: Path) -> None:
    """Write `staged` again with every LINE moved by the lines of the records before it that are no rows."""
    shifts: dict[int, int] = {}
    moved = 0
    for gap in gaps:
        at = (gap.line or 0) - moved
        moved += gap.lines
        shifts[at] = moved
    connection.execute("CREATE OR REPLACE TEMP TABLE shifts (line BIGINT, lines BIGINT)")
    connection.execute("INSERT INTO shifts SELECT unnest($1), unnest($2)", [list(shifts), list(shifts.values())])
    query = (
        f"SELECT s.* REPLACE (s.{LINE} + coalesce(g.lines, 0) AS {LINE}) FROM read_parquet({text(str(staged))}) s"
        f" ASOF LEFT JOIN shifts g ON s.{LINE} >= g.line ORDER BY s.{LINE}"
    )
    write(connection, query, target)


def count_unconverted(intake: Intake, staged: Staged) -> dict[str, int]:
    """Return how many cells of each property path did not convert."""
    query = f"SELECT cell.path, count(*) FROM ({_cells(staged)}) GROUP BY ALL ORDER BY ALL"
    return dict(intake.connection.execute(query).fetchall())


def first_unconverted(intake: Intake, staged: Staged, path: str) -> list[Unconverted]:
    """Return the first cells of a property path that did not convert, in the order of their rows."""
    first = f"WHERE cell.path = $1 ORDER BY row LIMIT {intake.reader.limit}"
    query = f"SELECT cell.text, row, line FROM ({_cells(staged)}) {first}"
    starts = [gap.line for gap in staged.gaps if gap.line]
    return [
        Unconverted(path, value, row + bisect_left(starts, line or 0), line)
        for value, row, line in intake.connection.execute(query, [path]).fetchall()
    ]


def _cells(staged: Staged) -> str:
    """Return the SQL for every cell of a part that did not convert, with its row and line."""
    return (
        f"SELECT file_row_number + 1 AS row, {LINE} AS line, unnest({UNCONVERTED}) AS cell"
        f" FROM read_parquet({text(str(staged.path))}, file_row_number = true) WHERE {UNCONVERTED} IS NOT NULL"
    )


def scales_needed(intake: Intake, staged: list[Staged]) -> dict[str, int]:
    """Return the properties for which BIGINT or DOUBLE was too narrow, and the scale that holds the values met."""
    value = f"replace(cell.text, {text(intake.converter.decimal)}, '.')"
    query = (
        "SELECT path, max(length(split_part(ltrim(value, '-'), '.', 1))),"
        " max(length(rtrim(split_part(value, '.', 2), '0')))"
        f" FROM (SELECT cell.path AS path, {value} AS value FROM ({{}}))"
        r" WHERE length(value) BETWEEN 16 AND 40 AND regexp_full_match(value, '-?(0|[1-9][0-9]*)(\.[0-9]+)?')"
        " GROUP BY ALL"
    )
    needed: dict[str, int] = {}
    for part in staged:
        for path, whole, fraction in intake.connection.execute(query.format(_cells(part))).fetchall():
            if whole <= WIDEST:
                needed[path] = max(needed.get(path, 0), min(fraction, WIDEST - whole))
    return needed


def location(intake: Intake, part: Staged, cell: Unconverted) -> Location:
    """Return where a cell stands; its text only where samples are asked for."""
    value = cell.text if intake.reader.samples else None
    return Location(part.source.name, cell.row, cell.line, column=cell.path, value=value)
