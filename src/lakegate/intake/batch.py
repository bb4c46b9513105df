"""The intake's one door: the files of a batch and a contract in, rows and everything wrong with the files out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from lakegate.contract.model import Gate, SchemaObject
from lakegate.errors import CouldNotEvaluate, EngineError
from lakegate.intake import nulls
from lakegate.intake.budget import Budget
from lakegate.intake.convert import Converter
from lakegate.intake.files import CHUNK, HEAD, TEXT, BadFile, Format, NativeFile, check_magic, format_of, unreadable
from lakegate.intake.formats import avro, orc
from lakegate.intake.formats.delimited import stage_csv
from lakegate.intake.formats.json_lines import stage_excel, stage_json
from lakegate.intake.formats.parquet import open_parquet
from lakegate.intake.landing import Landed, Written, land
from lakegate.intake.names import check_twins
from lakegate.intake.partitions import conflicts
from lakegate.intake.staging import (
    Intake,
    Reader,
    Staged,
    connect,
    count_unconverted,
    first_unconverted,
    locations,
    scales_needed,
)
from lakegate.intake.types import table_types
from lakegate.rows import Defect, DefectKind, Location, Part, Rows

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_DISK = ("No space left", "quota", "Could not write", "Failed to write")  # what the engine says of its own disk


@dataclass(slots=True)
class Opening:
    """The files of one batch on their way to rows: each is landed once, as its bytes come, then all become rows.

    Exactly these files are read, whatever their names hold. Text is staged as Parquet in `workspace`, an empty folder
    that the caller removes when the rows are measured; Parquet is linked from there. What is wrong with a file is a
    defect of the rows, no error. `proved`: the files went through this intake before and are the same bytes (their
    SHA-256 stands in a commit record), so that only what is needed to read them is done.
    """

    obj: SchemaObject
    gate: Gate
    reader: Reader
    workspace: Path
    budget: Budget = field(default_factory=Budget)
    proved: bool = False
    memory: str = "2GB"
    _arrived: list[Landed | Defect] = field(default_factory=list)

    def land(self, file: NativeFile, stream: BinaryIO) -> None:
        """Read the next file's bytes once, to their end; `stream` may wait for bytes that are still to come.

        Raises `UsageError` for a format, delimiter or encoding that the intake does not know, `Refused` for a
        decompression bomb.
        """
        form, codec = format_of(file.name, self.reader.format)
        text = self.gate.text
        quotes = (text.quote, text.escape) if form is Format.CSV else (None, None)
        try:
            check_magic(stream.peek(HEAD)[:HEAD], form, codec)  # type: ignore[attr-defined]  # every BufferedReader has it
            if form in TEXT:
                written = Written(codec, self.reader.encoding or text.encoding, *quotes)
                self._arrived.append(land(file, stream, form, written, self.workspace, self.budget))
                return
            while stream.read(CHUNK):  # to the end: it has arrived
                pass
            self._arrived.append(Landed(file, form, file.path))
        except BadFile as bad:
            self._arrived.append(bad.defect(file.name))

    def rows(self) -> Rows:
        """Turn all files that have landed into rows, typed as the schema object says. Raises as `land` does."""
        with connect(self.workspace, self.memory) as connection:
            converter = Converter(self.gate.text.decimal)
            intake = Intake(connection, self.obj, self.gate, self.reader, self.workspace, converter, self.budget)
            outcomes = [self._read(intake, one) for one in self._arrived]
            scales = scales_needed(intake, [one for one in outcomes if isinstance(one, Staged)])
            if scales:  # values beyond BIGINT or DOUBLE: read again, wider, so that all parts have one type
                wider = replace(converter, scales=scales)
                intake = replace(intake, converter=wider)
                outcomes = [
                    self._read(intake, landed) if isinstance(one, Staged) else one
                    for landed, one in zip(self._arrived, outcomes, strict=True)
                ]
            return _rows(intake, outcomes, counted=not self.proved)

    def _target(self, suffix: str) -> Path:
        """Return a name in the workspace that nothing stands under yet."""
        return self.workspace / f"made-{sum(1 for _ in self.workspace.iterdir()):05}{suffix}"

    def _read(self, intake: Intake, landed: Landed | Defect) -> Staged | Part | Defect:  # noqa: PLR0911 - one a format
        """Read one file, whatever it is."""
        import duckdb  # 0.1 s of CPU

        if isinstance(landed, Defect):
            return landed
        name = landed.source.name
        try:
            match landed.form:
                case Format.CSV:
                    return stage_csv(intake, landed)
                case Format.JSON:
                    return stage_json(intake, landed)
                case Format.EXCEL:
                    return stage_excel(intake, replace(landed, path=self._target(".native")))
                case Format.AVRO | Format.ORC:
                    convert = avro.write_parquet if landed.form is Format.AVRO else orc.write_parquet
                    convert(landed.source, target := self._target(".parquet"), intake.budget)
                    part = open_parquet(intake, NativeFile(name, target), proved=True)
                    return replace(part, staged=True, nulls=() if self.proved else nulls.written(intake, part))
                case _:
                    return open_parquet(intake, landed.source, proved=self.proved)
        except BadFile as bad:
            return bad.defect(name)
        except UnicodeDecodeError:  # the engine cut a character in two where it quotes the file
            return unreadable(f"got a file that the engine cannot read as {landed.form}").defect(name)
        except duckdb.Error as error:
            return self._unread(name, landed.form, error)

    def _unread(self, name: str, form: Format, error: duckdb.Error) -> Defect:
        """Return what the engine says of a file as a defect; raises where it says nothing of the file."""
        import duckdb  # loaded already

        if isinstance(
            error,
            (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException, duckdb.OutOfMemoryException),
        ):
            raise error  # our own SQL, or our own memory
        cause = str(error).partition("\n")[0].replace(str(self.workspace), "")
        if isinstance(error, (duckdb.InternalException, duckdb.FatalException)):
            raise EngineError(f"{name}: the engine broke while it read the file: {cause}") from None
        if any(word in cause for word in _DISK):
            raise CouldNotEvaluate(f"{name}: {cause}", hint="make room on the private disk") from None
        told = f"got a file that the engine cannot read as {form}: {cause}"
        return Defect(DefectKind.UNREADABLE, name, told)


def open_batch(
    files: Sequence[NativeFile],
    obj: SchemaObject,
    gate: Gate,
    reader: Reader,
    *,
    workspace: Path,
    proved: bool = False,
) -> Rows:
    """Turn whole files into rows in one go; see `Opening`."""
    opening = Opening(obj, gate, reader, workspace, proved=proved)
    for file in files:
        with file.path.open("rb") as stream:
            opening.land(file, stream)
    return opening.rows()


def open_table(table: pa.Table) -> Rows:
    """Return a table in memory as rows: nothing is copied.

    Twins among its columns are a defect (INPUTS S14-S16), and so is a table without any: it has no rows to measure.
    """
    if not table.column_names:
        return Rows(defects=(Defect(DefectKind.NO_HEADER, "the table", "got no column, expected the declared ones"),))
    try:
        check_twins(table.column_names)
    except BadFile as bad:
        return Rows(defects=(bad.defect("the table"),))
    types = table_types(table)
    return Rows(table=table, table_types=types, table_nulls=nulls.of_table(table, types))


def _rows(intake: Intake, outcomes: Sequence[Staged | Part | Defect], *, counted: bool) -> Rows:
    """Put together what the files came to; `counted`: how many rows hold null, too."""
    parts: list[Part] = []
    defects: list[Defect] = []
    unconverted: Counter[str] = Counter()
    cells: dict[str, list[Location]] = {}
    for one in outcomes:
        match one:
            case Part():
                parts.append(one)
            case Defect():
                defects.append(one)
            case Staged():
                failed = count_unconverted(intake, one)
                part = Part(one.source.name, str(one.path), one.types, one.rows, staged=True, text=True)
                missing = nulls.but_not(nulls.written(intake, part), failed) if counted else ()
                parts.append(replace(part, records=one.records, nulls=missing))
                defects.extend(_malformed(one, intake.reader.limit))
                for path, count in failed.items():
                    unconverted[path] += count
                    found = first_unconverted(intake, one, path)
                    cells.setdefault(path, []).extend(locations(intake, one, found))
                for cell, place in zip(one.inexact, locations(intake, one, one.inexact), strict=True):
                    unconverted[cell.path] += 1
                    cells.setdefault(cell.path, []).append(place)
    defects.extend(defect for part in parts for defect in conflicts(intake, part))
    first = {path: tuple(found[: intake.reader.limit]) for path, found in cells.items()}
    return Rows(tuple(parts), unconverted=dict(unconverted), cells=first, defects=tuple(defects))


def _malformed(staged: Staged, limit: int) -> list[Defect]:
    """Return the records of a file that are no rows, one defect a reason."""
    reasons = Counter(gap.reason for gap in staged.gaps)
    return [
        Defect(
            DefectKind.MALFORMED_RECORD,
            staged.source.name,
            reason,
            count,
            tuple(Location(staged.source.name, g.row, g.line) for g in staged.gaps if g.reason == reason)[:limit],
        )
        for reason, count in reasons.items()
    ]
