"""CSV and TSV. The dialect is declared and never sniffed; columns are found by the header; every cell is text first."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from itertools import islice

from lakegate.contract.dialect import fault, mark
from lakegate.contract.model import Property, TextDialect
from lakegate.errors import UsageError
from lakegate.intake.convert import Conversion
from lakegate.intake.files import BadFile, NativeFile, is_tab_separated, unreadable
from lakegate.intake.landing import Landed
from lakegate.intake.names import check_twins
from lakegate.intake.preflight import Record, count_outside, walk
from lakegate.intake.quoting import text
from lakegate.intake.staging import RECORDS, Gap, Intake, Numbered, Staged, take_rejects, typed, write
from lakegate.rows import DefectKind, Kind, Type

BLANK = "got a blank line, expected a record"
_HINT = "see `lakegate.text` in the contract, and `delimiter` in its server"


def stage_csv(intake: Intake, landed: Landed) -> Staged:
    """Stage one CSV file. Raises `BadFile` where its rows cannot be measured at all."""
    facts, dialect, file = landed.told, intake.gate.text, landed.source
    delimiter = _delimiter(intake, file)
    if wrong := fault(dialect, delimiter):
        raise UsageError(wrong, hint=_HINT)
    if facts.open_quote:
        last = deque(_walked(landed, dialect), maxlen=1)[0]
        raise unreadable(f"got a quote in the record of line {last.line} that is never closed", last.line)
    header = _header(landed, dialect, delimiter)
    intake.budget.charge_cells(file.name, facts.records, len(header))
    columns = _columns(intake, header)
    staged = landed.path.with_suffix(".parquet")
    rows = write(
        intake.connection, typed(f"FROM {_source(landed, dialect, delimiter, len(header))}", columns), staged, facts
    )
    rejected = take_rejects(intake.connection)
    types = tuple((column, found.type) for column, found in columns)
    expected = facts.records - 1
    gaps = () if not rejected and rows == expected else _gaps(landed, dialect, rejected, len(header))
    placed = sum(gap.reason is not BLANK for gap in gaps)
    if rows + len(gaps) != expected or placed < len(rejected):
        malformed = len(gaps) + len(rejected) - placed
        raise BadFile(
            DefectKind.ROW_COUNT,
            f"got {rows} rows and {malformed} malformed records from the reader, expected {expected} by an independent"
            " count (does a quote stand inside a field that is not quoted?)",
        )
    _refuse_long(landed, dialect, delimiter, len(header), {gap.row for gap in gaps})
    numbers = tuple(gap.row for gap in gaps)
    if facts.quoted_newlines:
        records = Numbered(
            numbers, walked=lambda: (record.line for record in islice(_walked(landed, dialect), 1, None))
        )
    else:
        records = Numbered(numbers, first_line=2)
    return Staged(file, staged, types, rows, gaps, records)


def _delimiter(intake: Intake, file: NativeFile) -> str:
    """Return what separates columns: the server's word, else the contract's, else a tab for TSV."""
    declared = intake.reader.delimiter or intake.gate.text.delimiter
    tabs = is_tab_separated(file.name) or (intake.reader.format or "").lower() == "tsv"
    if tabs and not intake.reader.delimiter and declared == TextDialect().delimiter:
        return "\t"
    return mark(declared)


def _header(landed: Landed, dialect: TextDialect, delimiter: str) -> list[str]:
    """Return the names in the first record. Raises `BadFile` for twins, names of nothing, and names of ours."""
    doubled = dialect.quote == dialect.escape
    with landed.path.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(
            stream,
            delimiter=delimiter,
            quotechar=dialect.quote,
            doublequote=doubled,
            escapechar=None if doubled else dialect.escape,
        )
        try:
            header = next(reader, [])
        except csv.Error as error:
            raise BadFile(DefectKind.NO_HEADER, f"the first record is no header: {error}", 1) from error
    if not header or not all(header):
        raise BadFile(DefectKind.NO_HEADER, f"got the header {header}, expected a name for every column", 1)
    check_twins(header)
    return header


def _columns(intake: Intake, header: list[str]) -> list[tuple[str, Conversion]]:
    """Return, in the header's order, each column and how it is read; undeclared ones stay text."""
    declared: dict[str, Property] = {
        prop.physical_name: prop for prop in intake.obj.properties if prop.semantic_type != "measure"
    }
    if declared and not declared.keys() & set(header):
        expected = ", ".join(list(declared)[:10])
        raise BadFile(DefectKind.NO_HEADER, f"got the header {header[:10]}, expected a declared column: {expected}", 1)
    plain = Type(Kind.STRING, "VARCHAR")
    return [
        (
            column,
            intake.converter.cell(declared[column], f"c{at}") if column in declared else Conversion(f"c{at}", plain),
        )
        for at, column in enumerate(header)
    ]


def _source(landed: Landed, dialect: TextDialect, delimiter: str, width: int) -> str:
    """Return the SQL that reads the file as text, one row a record, and puts aside what is none."""
    columns = ", ".join(f"'c{at}': 'VARCHAR'" for at in range(width))
    nulls = ", ".join(text(token) for token in ("", *dialect.nulls))
    return (
        f"read_csv({text(str(landed.path))}, auto_detect = false, header = true, delim = {text(delimiter)},"
        f" quote = {text(dialect.quote)}, escape = {text(dialect.escape)}, columns = {{{columns}}},"
        f" nullstr = [{nulls}], allow_quoted_nulls = false, store_rejects = true, rejects_limit = 0,"
        f" hive_partitioning = false, {RECORDS}, parallel = {not landed.told.quoted_newlines})"
    )


def _refuse_long(landed: Landed, dialect: TextDialect, delimiter: str, width: int, gaps: Collection[int]) -> None:
    """Raise `BadFile` for a record with empty fields beyond the last column, which the engine drops (INPUTS 39).

    The cells before them may stand under the wrong names: `1,Smith, John,` has four fields.
    """
    if not gaps:
        with landed.path.open("rb") as stream:
            found = count_outside(stream, delimiter, dialect.quote, dialect.escape)
        if found == landed.told.records * (width - 1):
            return
    for record in _walked(landed, dialect, delimiter):
        if record.delimiters >= width and record.ordinal not in gaps:
            got = f"got {record.delimiters + 1} columns in the record of line {record.line}"
            raise unreadable(f"{got}, the last of them empty, expected {width}", record.line)


def _walked(landed: Landed, dialect: TextDialect, delimiter: str = "") -> Iterator[Record]:
    """Yield every record of the file, the header first. Slow: only where something is wrong."""
    with landed.path.open("rb") as lines:
        yield from walk(lines, dialect.quote, dialect.escape, delimiter)


def _gaps(landed: Landed, dialect: TextDialect, rejected: Mapping[int, str], width: int) -> tuple[Gap, ...]:
    """Return the records that are no rows: those the reader put aside, by offset, and lines with nothing on them."""
    return tuple(
        Gap(
            record.ordinal,
            record.line,
            record.lines,
            rejected.get(record.offset, BLANK),
        )
        for record in _walked(landed, dialect)
        if record.offset in rejected or (record.blank and width > 1)
    )
