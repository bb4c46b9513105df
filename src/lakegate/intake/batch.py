"""The intake's one door: the files of a batch and a contract in, rows and everything wrong with the files out."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lakegate.contract.model import Gate, SchemaObject
from lakegate.intake.convert import Converter
from lakegate.intake.delimited import check_twins, stage_csv
from lakegate.intake.files import BadFile, Format, NativeFile, check_magic, format_of
from lakegate.intake.json_lines import stage_json
from lakegate.intake.parquet import open_parquet
from lakegate.intake.staging import (
    Intake,
    Reader,
    Staged,
    connect,
    count_unconverted,
    first_unconverted,
    location,
    scales_needed,
)
from lakegate.intake.types import table_types
from lakegate.rows import Defect, DefectKind, Location, Part, Rows

if TYPE_CHECKING:
    import pyarrow as pa


def open_batch(
    files: Sequence[NativeFile],
    obj: SchemaObject,
    gate: Gate,
    reader: Reader,
    *,
    workspace: Path,
    progress: Callable[[str, int], None] | None = None,
) -> Rows:
    """Turn the files of one batch into rows, typed as the schema object says.

    Exactly these files are read, whatever their names hold. Text is staged as Parquet in `workspace`, an empty folder
    that the caller removes when the rows are measured; Parquet is linked from there. `progress` is told a file's name
    and how many decompressed bytes of it were read, text only.

    A file that cannot be read is a defect of the rows, no error. Raises `UsageError` for a format, delimiter or
    encoding that the intake does not know, `Refused` for a decompression bomb.
    """
    with connect(workspace) as connection:
        converter = Converter(gate.text.decimal)
        intake = Intake(connection, obj, gate, reader, workspace, converter, progress)
        outcomes = [_read(intake, file) for file in files]
        scales = scales_needed(intake, [one for one in outcomes if isinstance(one, Staged)])
        if scales:  # values beyond BIGINT or DOUBLE: read again, wider, so that all parts have one type
            intake = dataclasses.replace(intake, converter=dataclasses.replace(converter, scales=scales))
            outcomes = [
                _read(intake, file) if isinstance(one, Staged) else one
                for file, one in zip(files, outcomes, strict=True)
            ]
        return _rows(intake, outcomes)


def open_table(table: pa.Table) -> Rows:
    """Return a table in memory as rows: nothing is copied. Twins among its columns are a defect (INPUTS S14-S16)."""
    try:
        check_twins(table.column_names)
    except BadFile as bad:
        return Rows(defects=(bad.defect("the table"),))
    return Rows(table=table, table_types=table_types(table))


def _read(intake: Intake, file: NativeFile) -> Staged | Part | Defect:
    """Read one file, whatever it is."""
    import duckdb  # 0.2 s of CPU

    form, codec = format_of(file.name, intake.reader.format)
    try:
        check_magic(file.path, form, codec)
        match form:
            case Format.CSV:
                return stage_csv(intake, file, codec)
            case Format.JSON:
                return stage_json(intake, file, codec)
            case Format.PARQUET:
                return open_parquet(intake.connection, file, intake.workspace)
    except BadFile as bad:
        return bad.defect(file.name)
    except (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.IOException) as error:
        cause = str(error).partition("\n")[0].replace(str(intake.workspace), "")
        return Defect(DefectKind.UNREADABLE, file.name, f"got a file that the engine cannot read as {form}: {cause}")


def _rows(intake: Intake, outcomes: Sequence[Staged | Part | Defect]) -> Rows:
    """Put together what the files came to."""
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
                parts.append(Part(one.source.name, str(one.path), one.types, one.rows, staged=True))
                defects.extend(_malformed(one, intake.reader.limit))
                for path, count in count_unconverted(intake, one).items():
                    unconverted[path] += count
                    found = first_unconverted(intake, one, path)
                    cells.setdefault(path, []).extend(location(intake, one, cell) for cell in found)
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
