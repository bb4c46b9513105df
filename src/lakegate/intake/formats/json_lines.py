"""JSON: one object a line, or one array of objects where that is declared. Types are kept: `"1"` is not 1."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from lakegate.contract.model import LogicalType, Property
from lakegate.intake.convert import TIMES, Conversion
from lakegate.intake.files import BadFile, unreadable
from lakegate.intake.formats.excel import write_lines
from lakegate.intake.formats.json_doubt import DOUBT, doubtful, holds_numbers, looked_at
from lakegate.intake.formats.json_elements import count_elements
from lakegate.intake.formats.json_verbatim import Verbatim, verbatim
from lakegate.intake.landing import Landed
from lakegate.intake.preflight import TextFacts, walk
from lakegate.intake.quoting import name, text
from lakegate.intake.staging import (
    LONGEST,
    RECORDS,
    Gap,
    Intake,
    Numbered,
    Staged,
    take_rejects,
    typed,
    write,
)
from lakegate.rows import RESERVED, DefectKind, Kind, Type

_UNDECLARED = f"{RESERVED}undeclared"  # VARCHAR[], keys of a row that the contract does not declare; null: none
# Types that a JSON value is read as without a conversion.
_EXACT = frozenset({LogicalType.STRING, LogicalType.INTEGER, LogicalType.NUMBER, LogicalType.BOOLEAN})


def stage_json(intake: Intake, landed: Landed) -> Staged:
    """Stage one JSON file. Raises `BadFile` where its rows cannot be measured at all.

    Lines of an array mean nothing. An absent key is null, so every declared column is there.
    """
    file, path, records = landed.source, landed.path, landed.told.records
    array = intake.reader.delimiter == "array"
    found = [_Column.of(intake, prop, at) for at, prop in enumerate(intake.obj.properties)]
    columns = [
        column for column, prop in zip(found, intake.obj.properties, strict=True) if prop.semantic_type != "measure"
    ]
    intake.budget.charge_cells(file.name, records, len(columns))
    usual = () if array else _first_keys(path)
    known = {column.name: column.kind for column in columns}
    quick = verbatim(intake.connection, path, usual, known) if usual else Verbatim()
    judged = _judged(quick.marked(_elements(path) if array else _lines(path)), usual)
    staged = path.with_suffix(".parquet")
    numbers = tuple(prop.physical_name for prop in intake.obj.properties if holds_numbers(prop))
    rows = write(intake.connection, _staged(judged, columns, quick, numbers), staged, landed.told)
    if not array:
        _refuse_rejects(intake, path)
    gaps: tuple[Gap, ...] = ()
    if array or rows != records:
        gaps = _malformed(intake, judged, array=array)
    if array:
        with path.open("rb") as stream:
            records = count_elements(stream)
    if rows + len(gaps) != records and (not array or rows + len(gaps) > 0 or records > 1):
        what = "elements" if array else "lines"
        told = f"got {rows} rows and {len(gaps)} malformed {what} from the reader, expected {records} {what}"
        raise BadFile(DefectKind.ROW_COUNT, told)
    types = [(column.name, column.conversion.type) for column in columns]
    undeclared = [(key, Type(Kind.OTHER, "JSON")) for key in _undeclared(intake, staged, usual) if key not in known]
    numbered = Numbered(tuple(gap.row for gap in gaps), first_line=None if array else 1)
    inexact = looked_at(intake, file.name, staged, numbered)
    return Staged(file, staged, tuple(types + undeclared), rows, gaps, numbered, inexact)


def stage_excel(intake: Intake, landed: Landed) -> Staged:
    """Stage one sheet of a workbook, by way of JSON lines. Lines are the sheet's rows."""
    lines = landed.path.with_suffix(".jsonl")
    told = write_lines(landed.source, intake.gate.sheet, intake.obj.properties, lines, intake.budget)
    written = told.records - len(told.gaps)
    facts = TextFacts(size=lines.stat().st_size, records=written, quoted_newlines=False, open_quote=False)
    as_lines = replace(intake, reader=replace(intake.reader, delimiter=None))
    staged = stage_json(as_lines, Landed(landed.source, landed.form, lines, facts))
    types = tuple((column, kind) for column, kind in staged.types if column in told.header)
    records = Numbered(tuple(gap.row for gap in told.gaps), first_line=told.first_line)
    return replace(staged, types=types, gaps=told.gaps, records=records)


def _lines(path: Path) -> str:
    """Return the SQL for the lines of a file: a CSV of one column whose delimiter no JSON text can hold."""
    return (
        f"SELECT text FROM read_csv({text(str(path))}, auto_detect = false, header = false, delim = chr(1), quote = '',"
        " escape = '', columns = {'text': 'VARCHAR'}, store_rejects = true, rejects_limit = 0,"
        f" hive_partitioning = false, {RECORDS})"
    )


def _elements(path: Path) -> str:
    """Return the SQL for the elements of a file that is one array."""
    return (
        f"SELECT CAST(json AS VARCHAR) AS text FROM read_json_objects({text(str(path))}, format = 'array',"
        f" hive_partitioning = false, maximum_object_size = {LONGEST})"
    )


def _judged(source: str, usual: tuple[str, ...]) -> str:
    """Return the SQL that adds to each text its `keys`, whether they are `unusual`, and the `reason` why it is no row.

    All three are null where the text is `plain`, the reason also for any other row. The engine lets pass what is no
    JSON: a key twice and a comma before a bracket.
    """
    keyed = f"SELECT *, CASE WHEN NOT plain THEN TRY(json_keys(text)) END AS keys FROM ({source})"
    known = f"CAST([{', '.join(map(text, usual))}] AS VARCHAR[])"  # the first row's: only others are looked at
    compared = f"SELECT *, keys <> {known} AS unusual FROM ({keyed})"
    comma = r"',\s*[\]}]'"
    strings = r"""'"([^"\\]|\\.)*"'"""
    return (
        "SELECT *, CASE WHEN plain THEN NULL WHEN text IS NULL THEN 'got a blank line, expected an object'"
        " WHEN keys IS NULL THEN 'got no valid JSON, expected one object'"
        " WHEN len(keys) = 0 AND json_type(text) <> 'OBJECT'"
        " THEN 'got JSON of type ' || CASE json_type(text) WHEN 'ARRAY' THEN 'array' WHEN 'VARCHAR' THEN 'string'"
        " WHEN 'BOOLEAN' THEN 'boolean' WHEN 'NULL' THEN 'null' ELSE 'number' END || ', expected an object'"
        " WHEN unusual AND list_unique(keys) < len(keys) THEN 'got a key twice, expected each once'"
        f" WHEN regexp_matches(text, {comma}) AND regexp_matches(regexp_replace(text, {strings}, '0', 'g'), {comma})"
        f" THEN 'got a comma before a closing bracket, expected none' END AS reason FROM ({compared})"
    )


@dataclass(frozen=True, slots=True)
class _Column:
    """A declared column. `conversion` reads the JSON text of its value, which the SQL calls `source`.

    A line that is `plain` was read as `kind`: JSON where the value still has to be converted. `string` is how the text
    of a date or a time is converted, which such a line holds without its quotes.
    """

    name: str
    source: str
    conversion: Conversion
    kind: str
    string: Conversion | None = None

    @classmethod
    def of(cls, intake: Intake, prop: Property, at: int) -> _Column:
        """Return the column of a property."""
        found = intake.converter.json(prop, f"j{at}", prop.physical_name)
        if prop.logical_type in TIMES:
            return cls(prop.physical_name, f"j{at}", found, "VARCHAR", intake.converter.string(prop, f"j{at}"))
        exact = prop.logical_type in _EXACT and found.type.name in ("VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN")
        return cls(prop.physical_name, f"j{at}", found, found.type.name if exact else "JSON")

    def text(self, quick: Verbatim) -> str:
        """Return the SQL for what is converted; null where a plain line holds the value itself."""
        slow, kind = f"CAST(object.{name(self.name)} AS VARCHAR)", quick.kinds.get(self.name)
        if kind is None or (kind != "JSON" and self.string is None):
            return slow
        return f"CASE WHEN plain THEN CAST(quick.{name(self.name)} AS VARCHAR) ELSE {slow} END"

    def converted(self, quick: Verbatim) -> Conversion:
        """Return the conversion that takes the value of a plain line as it is."""
        slow = self.conversion
        if quick.kinds.get(self.name, "JSON") == "JSON":
            return slow
        if self.string is None:
            return replace(slow, sql=f"CASE WHEN plain THEN quick.{name(self.name)} ELSE {slow.sql} END")
        sql = f"CASE WHEN plain THEN {self.string.sql} ELSE {slow.sql} END"
        return replace(slow, sql=sql, cells=f"CASE WHEN plain THEN {self.string.cells} ELSE {slow.cells} END")


def _staged(judged: str, columns: list[_Column], quick: Verbatim, numbers: tuple[str, ...]) -> str:
    """Return the SQL of what is staged."""
    names = [column.name for column in columns]
    shape = json.dumps(dict.fromkeys(names or ["-"], "JSON"), ensure_ascii=False)
    known = f"[{', '.join(map(text, names))}]" if names else "CAST([] AS VARCHAR[])"
    strangers = f"list_filter(keys, lambda key: NOT list_contains({known}, key))"
    looked_into = f"CASE WHEN NOT plain THEN json_transform(text, {text(shape)}) END AS object"
    objects = f"SELECT text, keys, unusual, plain, quick, {looked_into} FROM ({judged}) WHERE reason IS NULL"
    texts = "".join(f", {column.text(quick)} AS {column.source}" for column in columns)
    more = (
        f", CASE WHEN unusual THEN {strangers} END AS {_UNDECLARED}"
        f", CASE WHEN {doubtful(numbers)} THEN text END AS {DOUBT}"
    )
    converted = [(column.name, column.converted(quick)) for column in columns]
    return typed(f"SELECT *{texts} FROM ({objects})", converted, more)


def _first_keys(path: Path) -> tuple[str, ...]:
    """Return the keys of the file's first line; none where it is no object, or holds one twice."""
    with path.open("rb") as lines:
        line = lines.readline(LONGEST)
    try:
        pairs = json.loads(line, object_pairs_hook=tuple)
        keys = tuple(key for key, _ in pairs)
    except (ValueError, TypeError, RecursionError):  # `_judged` says what is wrong with it
        return ()
    return keys if len(set(keys)) == len(keys) else ()


def _refuse_rejects(intake: Intake, path: Path) -> None:
    """Raise `BadFile` where a line was put aside before it was looked at: too long, or with a control character."""
    rejected = take_rejects(intake.connection)
    if rejected:
        with path.open("rb") as lines:
            line = next((record.line for record in walk(lines) if record.offset in rejected), None)
        raise unreadable(
            f"got a line of more than {LONGEST} bytes, or a control character in it, expected neither", line
        )


def _malformed(intake: Intake, judged: str, *, array: bool) -> tuple[Gap, ...]:
    """Return what is no row. Reads the file again: only where something is wrong, or nothing could count the rows."""
    numbered = f"SELECT row_number() OVER () AS ordinal, reason FROM ({judged})"
    query = f"SELECT ordinal, reason FROM ({numbered}) WHERE reason IS NOT NULL ORDER BY ordinal"
    found = intake.connection.execute(query).fetchall()
    if not array:
        take_rejects(intake.connection)
    return tuple(Gap(ordinal, None if array else ordinal, 1, reason) for ordinal, reason in found)


def _undeclared(intake: Intake, staged: Path, usual: tuple[str, ...]) -> list[str]:
    """Return the keys met, the first row's first; declared ones among them."""
    query = (
        f"SELECT DISTINCT unnest({_UNDECLARED}) AS key FROM read_parquet({text(str(staged))})"
        f" WHERE {_UNDECLARED} IS NOT NULL ORDER BY key"
    )
    found = [key for (key,) in intake.connection.execute(query).fetchall()]
    return list(dict.fromkeys([*usual, *found]))
