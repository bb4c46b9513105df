"""Typed rows are staged once, as Parquet, and whatever did not convert is read back from what was staged."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from lakegate.contract.model import Gate, SchemaObject
from lakegate.intake.budget import Budget
from lakegate.intake.convert import Conversion, Converter
from lakegate.intake.files import NativeFile
from lakegate.intake.preflight import TextFacts
from lakegate.intake.quoting import name, text
from lakegate.intake.scalar import WIDEST
from lakegate.rows import BELIEVERS, UNCONVERTED, Location, Type

if TYPE_CHECKING:
    import duckdb

LONGEST = 8 << 20  # bytes of the longest record of text that is read
# The reader's own choice is a buffer of sixteen such records, of which every thread holds two: 0.4 GB more.
RECORDS = f"max_line_size = {LONGEST}, buffer_size = {2 * LONGEST}"
_OPTIONS = "FORMAT parquet, COMPRESSION snappy"  # measured: 0.75 s a million rows uncompressed, 0.80 snappy, 1.06 zstd
# A group of rows is held in memory by every thread, and while it waits for its turn: of short records a quarter of the
# usual, of long ones as many as make this many bytes of text.
_GROUP = 30_720
_GROUP_BYTES = 32 << 20
_VECTOR = 2048  # rows that the engine handles at once


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
    budget: Budget


@dataclass(frozen=True, slots=True)
class Gap:
    """A record that is no row. `row` is its number in the file, 1-based and without a header."""

    row: int
    line: int | None  # where it begins; None in a JSON array
    lines: int  # physical lines it spans
    reason: str


@dataclass(frozen=True, slots=True)
class Numbered:
    """Where the rows of a staged file stand in it (rows.Records). `gaps` are the numbers of the records between them.

    `first_line` is that of record 1 where a record is a line, None where lines mean nothing. `walked` instead yields
    the line of every record, in their order: some records span lines.
    """

    gaps: tuple[int, ...] = ()
    first_line: int | None = None
    walked: Callable[[], Iterator[int]] | None = None

    def places(self, rows: Collection[int]) -> dict[int, tuple[int, int | None]]:
        """Return the record's number and line for each row."""
        before = [gap - at for at, gap in enumerate(self.gaps)]  # the row that would stand where the gap is
        numbers = {row: row + bisect_right(before, row) for row in rows}
        if self.walked is None:
            first = self.first_line
            return {row: (number, None if first is None else first + number - 1) for row, number in numbers.items()}
        lines = dict(enumerate(islice(self.walked(), max(numbers.values(), default=0)), 1))
        return {row: (number, lines.get(number)) for row, number in numbers.items()}


@dataclass(frozen=True, slots=True)
class Unconverted:
    """A cell that did not convert. `row` is the part's."""

    path: str
    text: str
    row: int


@dataclass(frozen=True, slots=True)
class Staged:
    """One text file as rows. `undeclared` JSON keys are in `types` and not in the file."""

    source: NativeFile
    path: Path
    types: tuple[tuple[str, Type], ...]
    rows: int
    gaps: tuple[Gap, ...] = ()
    records: Numbered = Numbered()
    inexact: tuple[Unconverted, ...] = ()  # cells that the engine read, and not as they were written


@contextmanager
def connect(workspace: Path, memory: str = "2GB") -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an engine of the intake's own: nothing is downloaded, nothing kept, the clock stands in UTC (INPUTS S28)."""
    import duckdb  # 0.2 s of CPU

    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": True,
        "memory_limit": memory,
        "temp_directory": str(workspace / "spill"),
        "disabled_optimizers": ",".join(BELIEVERS),
    }
    connection = duckdb.connect(":memory:", config=settings)
    try:
        connection.execute("SET TimeZone = 'UTC'")  # not known before the connection has loaded its calendars
        connection.create_function("strict_json", strict_json, ["VARCHAR"], "BOOLEAN")
        yield connection
    finally:
        connection.close()


def strict_json(text: str) -> bool:
    """Whether a text is JSON to the letter: every key once at every level, no NaN, no infinity (INPUTS 71, 72).

    The engine's own parser lets these pass; it is asked for values that no declared property looks into.
    """
    try:
        json.loads(text, object_pairs_hook=_each_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return False
    return True


def _each_once(pairs: list[tuple[str, object]]) -> None:
    """Raise `ValueError` where a key stands twice."""
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key stands twice")


def _no_number(word: str) -> None:
    """Raise `ValueError`: NaN and the infinities are no JSON."""
    raise ValueError(word)


def write(connection: duckdb.DuckDBPyConnection, query: str, target: Path, facts: TextFacts) -> int:
    """Write the query's rows to a Parquet file, in their order, and return how many they are."""
    options = f"{_OPTIONS}, ROW_GROUP_SIZE {_rows_together(facts)}"
    rows: int = connection.execute(f"COPY ({query}) TO {text(str(target))} ({options})").fetchall()[0][0]
    return rows


def _rows_together(facts: TextFacts) -> int:
    """Return how many rows make a group."""
    fit = _GROUP_BYTES * facts.records // max(facts.size, 1)
    return max(min(fit // _VECTOR * _VECTOR, _GROUP), _VECTOR)


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
    if columns:  # of a record that is too long the engine counts no further than one too many
        more = int(columns[2]) > int(columns[1])
        return f"got {'more than ' + columns[1] if more else columns[2]} columns, expected {columns[1]}"
    if "unterminated quote" in message:
        return "got text after a closing quote, expected a delimiter"
    if "line size" in message:
        return f"got a record of more than {LONGEST} bytes, expected no longer one"
    return message.partition(".")[0]


def typed(source: str, columns: Sequence[tuple[str, Conversion]], more: str = "") -> str:
    """Return the SQL of what is staged: the columns by name, UNCONVERTED, and `more`.

    `source` holds whatever the conversions read. Each value is computed once, inside; that a cell did not convert is
    seen outside from its value being null. Nothing numbers the rows: a window would keep the engine to one thread, and
    their order in what is staged is their order in the file.
    """
    values = "".join(f", {column.sql} AS v{at}" for at, (_, column) in enumerate(columns))
    named = "".join(f"v{at} AS {name(column)}, " for at, (column, _) in enumerate(columns))
    fallible = [(_is_bad(column, at), column.cells) for at, (_, column) in enumerate(columns) if column.bad]
    if fallible:
        any_bad = " OR ".join(bad for bad, _ in fallible)
        unconverted = f"CASE WHEN {any_bad} THEN flatten([{', '.join(str(cells) for _, cells in fallible)}]) END"
    else:
        unconverted = "CAST(NULL AS STRUCT(path VARCHAR, text VARCHAR)[])"
    return f"SELECT {named}{unconverted} AS {UNCONVERTED}{more} FROM (SELECT *{values} FROM ({source}))"


def _is_bad(column: Conversion, at: int) -> str:
    """Return the SQL that is true where the cell, or one inside it, did not convert."""
    return f"({column.source} IS NOT NULL AND v{at} IS NULL)" if column.source else f"({column.bad})"


def count_unconverted(intake: Intake, staged: Staged) -> dict[str, int]:
    """Return how many cells of each property path did not convert."""
    query = f"SELECT cell.path, count(*) FROM ({_cells(staged)}) GROUP BY ALL ORDER BY ALL"
    return dict(intake.connection.execute(query).fetchall())


def first_unconverted(intake: Intake, staged: Staged, path: str) -> list[Unconverted]:
    """Return the first cells of a property path that did not convert, in the order of their rows."""
    first = f"WHERE cell.path = $1 ORDER BY row LIMIT {intake.reader.limit}"
    query = f"SELECT cell.text, row FROM ({_cells(staged)}) {first}"
    return [Unconverted(path, value, row) for value, row in intake.connection.execute(query, [path]).fetchall()]


def _cells(staged: Staged) -> str:
    """Return the SQL for every cell of a part that did not convert, with its row."""
    return (
        f"SELECT file_row_number + 1 AS row, unnest({UNCONVERTED}) AS cell"
        f" FROM read_parquet({text(str(staged.path))}, file_row_number = true) WHERE {UNCONVERTED} IS NOT NULL"
    )


def scales_needed(intake: Intake, staged: list[Staged]) -> dict[str, int]:
    """Return the properties for which BIGINT or DOUBLE was too narrow, and the scale that holds the values met."""
    value = f"replace(cell.text, {text(intake.converter.decimal)}, '.')"
    digits = "length(split_part(ltrim(value, '-'), '.', 1)) AS whole"
    query = (
        f"SELECT path, max(whole), max(fraction) FROM (SELECT path, {digits},"
        " length(rtrim(split_part(value, '.', 2), '0')) AS fraction"
        f" FROM (SELECT cell.path AS path, {value} AS value FROM ({{}}))"
        r" WHERE length(value) BETWEEN 16 AND 40 AND regexp_full_match(value, '-?(0|[1-9][0-9]*)(\.[0-9]+)?'))"
        f" WHERE whole <= {WIDEST} GROUP BY ALL"
    )
    met: dict[str, tuple[int, int]] = {}  # digits before and behind the point, of any file
    for part in staged:
        for path, whole, fraction in intake.connection.execute(query.format(_cells(part))).fetchall():
            before, behind = met.get(path, (0, 0))
            met[path] = max(before, whole), max(behind, fraction)
    return {path: min(behind, WIDEST - before) for path, (before, behind) in met.items()}


def locations(intake: Intake, part: Staged, cells: Sequence[Unconverted]) -> list[Location]:
    """Return where cells stand; their text only where samples are asked for."""
    places = part.records.places({cell.row for cell in cells})
    return [
        Location(
            part.source.name,
            *places[cell.row],
            column=cell.path,
            value=cell.text if intake.reader.samples else None,
        )
        for cell in cells
    ]
