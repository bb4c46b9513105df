"""Excel workbooks (.xlsx): one declared sheet with a header becomes JSON lines, so that cells keep their types.

A workbook stores numbers as doubles and shows 15 digits of them; a formula is worth what it was when the workbook was
saved, and nothing where no value was saved beside it. Such cells are no values, and their records are told.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

from lakegate.contract.model import LogicalType, Property, Sheet
from lakegate.errors import Refused, UsageError
from lakegate.intake.budget import Budget
from lakegate.intake.files import CHUNK, BadFile, NativeFile, is_ours, unreadable
from lakegate.intake.formats.excel_parts import Part
from lakegate.intake.names import check_twins
from lakegate.intake.staging import Gap
from lakegate.rows import DefectKind

MEMBERS = 10_000  # of the archive that a workbook is
DIGITS = 10**15  # whole numbers from here on are not kept exactly
_MOMENTS = (LogicalType.DATE, LogicalType.TIMESTAMP, LogicalType.TIME)
_DAMAGED = (
    zipfile.BadZipFile,
    SyntaxError,  # of either XML parser that openpyxl may use
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    EOFError,
    OSError,
)


@dataclass(frozen=True, slots=True)
class SheetFacts:
    """What was written. `records` counts what stands below the header, `gaps` those of them that are no rows.

    Record 1 stands in the sheet's row `first_line`.
    """

    header: tuple[str, ...]
    records: int
    gaps: tuple[Gap, ...]
    first_line: int


def write_lines(
    file: NativeFile, sheet: Sheet, properties: Sequence[Property], target: Path, budget: Budget
) -> SheetFacts:
    """Write the rows of a sheet as JSON lines. Raises `BadFile` for what is no such sheet, `Refused` for a bomb."""
    parts = _unpacked(file, budget)
    try:
        return _written(file, sheet, properties, target, parts, budget)
    except _DAMAGED as error:
        if is_ours(error):
            raise
        raise unreadable(f"got a workbook that cannot be read ({type(error).__name__}), expected .xlsx") from error


def _unpacked(file: NativeFile, budget: Budget) -> dict[str, Part]:
    """Decompress every member once, counting (INPUTS 68): the sizes that the archive claims are not believed."""
    size, produced = file.path.stat().st_size, 0
    found: dict[str, Part] = {}
    try:
        with zipfile.ZipFile(file.path) as archive:
            members = archive.infolist()
            if len(members) > MEMBERS or len({member.filename for member in members}) < len(members):
                raise Refused(f"{file.name}: got {len(members):,} members, expected at most {MEMBERS:,}, each once")
            for member in members:
                part = found[member.filename] = Part(member.filename)
                with archive.open(member) as stream:
                    while piece := stream.read(CHUNK):
                        produced += len(piece)
                        budget.charge(file.name, produced, size)
                        part.feed(piece)
                part.feed(b"", last=True)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        if is_ours(error):
            raise
        raise unreadable(f"got a damaged workbook ({error}), expected .xlsx") from error
    return found


def _written(
    file: NativeFile,
    sheet: Sheet,
    properties: Sequence[Property],
    target: Path,
    parts: dict[str, Part],
    budget: Budget,
) -> SheetFacts:
    try:
        import openpyxl  # 0.2 s of CPU, only for workbooks
    except ImportError:
        raise UsageError(f"{file.name}: workbooks are read by openpyxl", hint="pip install 'lakegate[excel]'") from None
    kinds = {prop.physical_name: prop.logical_type for prop in properties}
    records, gaps, blank = 0, [], []
    with file.path.open("rb") as stream, file.path.open("rb") as again, target.open("w", encoding="utf-8") as out:
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
        name = _sheet_name(book, sheet)
        part = parts.get(book[name]._worksheet_path.lstrip("/"))  # noqa: SLF001 - openpyxl tells it nowhere else
        formulas = _checked(part, name, sheet)
        rows = _rows(book[name], sheet.header_row)
        header = _header(next(rows, ()), name)
        asking: Iterator[Any] = repeat(None)
        if formulas:
            asking = _rows(openpyxl.load_workbook(again, read_only=True)[name], sheet.header_row + 1)
        for row, asked in zip(rows, asking, strict=False):
            records += 1
            budget.charge_cells(file.name, records, len(header))
            line = sheet.header_row + records
            values, reason = _record(header, kinds, row, asked)
            if all(value is None for value in values.values()) and not reason:
                blank.append(Gap(records, line, 1, "got a blank row, expected a record"))
            else:
                gaps += blank  # they stand between records
                blank = []
                if reason:
                    gaps.append(Gap(records, line, 1, reason))
                else:
                    out.write(json.dumps(values, ensure_ascii=False, allow_nan=False) + "\n")
    return SheetFacts(header, records - len(blank), tuple(gaps), sheet.header_row + 1)


def _checked(part: Part | None, name: str, sheet: Sheet) -> bool:
    """Return whether there are formulas in the part that is the sheet. Raises `BadFile` for what is no table."""
    if part is None or part.broken:
        raise unreadable(f"got a damaged sheet {name!r}, expected whole XML")
    for merged in part.merged:
        if int(re.findall("[0-9]+", merged)[-1]) >= sheet.header_row:
            raise unreadable(f"got merged cells {merged} in the sheet {name!r}, expected one value a cell")
    return part.formulas


def _rows(sheet: Any, first: int) -> Iterator[Any]:
    """Return all rows from `first` on: the size that the sheet claims would hide what lies outside."""
    sheet.reset_dimensions()
    rows: Iterator[Any] = sheet.iter_rows(min_row=first)
    return rows


def _sheet_name(book: Any, sheet: Sheet) -> str:
    """Return the declared sheet's name, or that of the only one that can be seen."""
    names = [str(name) for name in book.sheetnames]
    if sheet.name is not None:
        if sheet.name not in names:
            raise unreadable(f"got the sheets {', '.join(map(repr, names))}, expected {sheet.name!r} (lakegate.sheet)")
        return sheet.name
    seen = [name for name in names if book[name].sheet_state == "visible"]
    if len(seen) != 1:
        raise unreadable(f"got the sheets {', '.join(map(repr, seen))}, expected one: declare `lakegate.sheet`")
    return seen[0]


def _header(cells: Sequence[Any], name: str) -> tuple[str, ...]:
    """Return the names of the columns. Columns without a name behind the last named one are no columns."""
    names = [cell.value for cell in cells]
    while names and names[-1] is None:
        names.pop()
    if not names or not all(isinstance(one, str) and one for one in names):
        raise BadFile(
            DefectKind.NO_HEADER, f"got the header {names[:10]} in {name!r}, expected a text for every column"
        )
    check_twins(names)
    return tuple(names)


def _record(
    header: tuple[str, ...], kinds: dict[str, LogicalType | None], row: Sequence[Any], formulas: Sequence[Any] | None
) -> tuple[dict[str, object], str]:
    """Return a row's values by column, and why it is no record; empty where it is one."""
    values: dict[str, object] = dict.fromkeys(header)
    for at, cell in enumerate(row):
        value = cell.value
        formula = formulas[at] if formulas is not None and at < len(formulas) else None
        if value is None and formula is not None and formula.data_type == "f":
            return values, "got a formula without a cached value, expected the workbook saved with its values"
        if value is None:
            continue
        if at >= len(header):
            return values, "got a value beyond the last named column, expected none"
        if cell.data_type == "e":
            return values, f"got the error {value}, expected a value"
        column = header[at]
        if isinstance(value, int | float) and _inexact(value, kinds.get(column)):
            return values, f"got a number of more than 15 digits in column {column!r}: a workbook does not keep it"
        values[column] = _plain(value, kinds.get(column))
    return values, ""


def _inexact(value: float, kind: LogicalType | None) -> bool:
    """Whether a number is a whole one that a workbook does not keep exactly (INPUTS 69), or none at all."""
    finite = abs(value) <= sys.float_info.max  # a whole number of 400 digits is none, either
    return not finite or (kind is not LogicalType.NUMBER and abs(value) >= DIGITS)


def _plain(value: object, kind: LogicalType | None) -> object:
    """Return a cell's value as JSON; a moment in a column of another type is an object, so that no type takes it."""
    if isinstance(value, dt.datetime | dt.date | dt.time | dt.timedelta):
        text = _moment(value, kind)
        return text if kind in (None, *_MOMENTS) else {"moment": text}
    if isinstance(value, bool | int | float | str):
        return value
    return str(value)


def _moment(value: dt.datetime | dt.date | dt.time | dt.timedelta, kind: LogicalType | None) -> str:
    """Return a moment as ISO 8601. A workbook knows no days: they are midnights."""
    if isinstance(value, dt.timedelta):
        return str(value)
    whole = isinstance(value, dt.datetime) and value.time() == dt.time()
    if whole and kind is not LogicalType.TIMESTAMP and isinstance(value, dt.datetime):
        return value.date().isoformat()
    return value.isoformat()
