"""What a row of JSON has to be looked at more closely for: decimals that no double holds, and nesting without end.

The engine tells which rows: it reads decimals as doubles, and what was written with 18 digits and more is found in the
text alone. Those few are parsed once more, to the letter.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path

from lakegate.contract.model import LogicalType, Property
from lakegate.errors import Refused
from lakegate.intake.files import unreadable
from lakegate.intake.quoting import name, text
from lakegate.intake.staging import Intake, Numbered, Unconverted
from lakegate.rows import RESERVED

DOUBT = f"{RESERVED}doubt"  # VARCHAR, the text of a row that has to be looked at more closely; null: it has not
DEEPEST = 900  # levels of the deepest JSON that is read; the strict parser gives up at a thousand, ours or not


def doubtful(numbers: tuple[str, ...]) -> str:
    """Return the SQL that is true where a row may be nested too deep, or hold a decimal that a double does not keep.

    `numbers` are the columns in which one may stand (`holds_numbers`).
    """
    openers = "2 * strlen(text) - strlen(replace(text, '{', '')) - strlen(replace(text, '[', ''))"
    long = [f"strlen(CAST(object.{name(number)} AS VARCHAR)) > 16" for number in numbers]
    digits = f" OR ({' OR '.join(long)}) AND regexp_matches(text, '[1-9](\\.?[0-9]){{17}}')" if long else ""
    return f"strlen(text) > {2 * DEEPEST} AND {openers} > {DEEPEST}{digits}"


def looked_at(intake: Intake, file: str, staged: Path, records: Numbered) -> tuple[Unconverted, ...]:
    """Return the numbers in doubtful rows that no double holds; raises `Refused` for a row nested too deep."""
    query = f"SELECT file_row_number + 1, {DOUBT} FROM read_parquet({text(str(staged))}, file_row_number = true)"
    rows = intake.connection.execute(f"{query} WHERE {DOUBT} IS NOT NULL ORDER BY 1")
    found = []
    while (one := rows.fetchone()) is not None:
        row, line = one
        number, at = records.places([row])[row]
        where = f"line {at}" if at else f"row {number}"
        if depth(line) > DEEPEST:
            raise Refused(
                f"{file}: {where}: got JSON nested more than {DEEPEST:,} levels deep, expected at most that",
                hint="look at the file: no record is nested so",
            )
        try:
            values = json.loads(line, parse_float=_Decimal, parse_int=len)
        except (ValueError, RecursionError) as error:  # the engine knows `inf`, and commas that mean nothing
            raise unreadable(
                f"got {where} with a number to be looked at, in JSON that only the engine reads", at
            ) from error
        for prop in intake.obj.properties:
            inside = _inexact(prop, values.get(prop.physical_name), prop.physical_name)
            found += [Unconverted(path, str(value), row) for path, value in inside]
    return tuple(found)


def holds_numbers(prop: Property) -> bool:
    """Whether a number may stand in a value of this property, at whatever level."""
    inside = (*prop.properties, *(inner for inner in (prop.items, prop.value) if inner))
    return prop.logical_type in (LogicalType.NUMBER, LogicalType.VECTOR) or any(map(holds_numbers, inside))


def _inexact(prop: Property, value: object, path: str) -> Iterator[tuple[str, str]]:
    """Yield the decimals in a value that no double holds, with the paths that `convert` gives their properties."""
    match prop.logical_type, value:
        case LogicalType.NUMBER, _Decimal() if not _kept(value):
            yield path, value
        case LogicalType.OBJECT, dict():
            for inner in prop.properties:
                yield from _inexact(inner, value.get(inner.physical_name), f"{path}.{inner.physical_name}")
        case LogicalType.ARRAY | LogicalType.VECTOR, list():
            number = LogicalType.NUMBER if prop.logical_type is LogicalType.VECTOR else None
            item = prop.items if prop.items and prop.items.logical_type else Property("items", "items", number)
            for one in value:
                yield from _inexact(item, one, f"{path}[]")
        case LogicalType.MAP, dict() if prop.value:
            for one in value.values():
                yield from _inexact(prop.value, one, f"{path}{{value}}")


class _Decimal(str):
    """A number with a point or an exponent, as it is written."""

    __slots__ = ()


def _kept(number: str) -> bool:
    """Whether a double holds the number exactly. One that is beyond all doubles was told before."""
    double = float(number)
    try:
        return not math.isfinite(double) or Decimal(number) == Decimal(repr(double))
    except InvalidOperation:  # an exponent of 19 digits and more
        return False


def depth(line: str) -> int:
    """Return how deep a JSON text is nested."""
    deepest = level = 0
    for token in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', line):
        if token[0] in "[{":
            level += 1
            deepest = max(deepest, level)
        elif token[0] in "]}":
            level -= 1
    return deepest
