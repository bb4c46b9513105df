"""The form of one value written as text, and its conversion: the SQL for each scalar logicalType.

A cast alone is never asked whether a text is a value: `1.5`, `1e3`, ` 7 ` and `0x1F` all cast to integers (INPUTS S23).
The form is checked first, by a pattern or by writing the value back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lakegate.contract.date_format import fraction_digits, to_strptime
from lakegate.contract.model import LogicalType, Property
from lakegate.intake.quoting import text as literal
from lakegate.rows import Kind, Type

WIDEST = 38  # digits of the widest DECIMAL
_NUMBER = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?"  # as JSON writes it; no thousands marks, no blanks
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6}0{0,3})?)?"  # microseconds; 24:00 is no time
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_OFFSET = "(Z|[-+][0-9]{2}(:?[0-9]{2})?)"
_DIRECTIVES = {
    "%Y": "[0-9]{4}",
    **dict.fromkeys(("%m", "%d", "%H", "%I", "%M", "%S"), "[0-9]{2}"),
    "%j": "[0-9]{3}",
    "%b": "[A-Za-z]+",
    "%B": "[A-Za-z]+",
    "%p": "[AaPp][Mm]",
    "%z": _OFFSET,
    "%%": "%",
}
_DECIMAL_TYPE = re.compile(
    r"\s*(?:decimal|numeric|number|dec)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?\s*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Scalar:
    """The SQL that reads a text as a value, null where it is none, and the type of that value."""

    sql: str
    type: Type


def scalar(prop: Property, text: str, *, decimal: str = ".", scale: int | None = None) -> Scalar:  # noqa: PLR0911 - one a type
    """Return how the SQL expression `text` (VARCHAR, null is null) is read as the property's logicalType.

    `decimal` is the declared decimal mark. `scale` None reads integers as BIGINT and numbers as DOUBLE, unless
    physicalType says DECIMAL(p, s); else both are read as DECIMAL(38, scale): what does not fit the former two exactly
    is null, and the batch is read again with a scale (`staging`).
    """
    match prop.logical_type:
        case LogicalType.INTEGER:
            return _integer(text, wide=scale is not None)
        case LogicalType.NUMBER:
            return _number(prop, text if decimal == "." else _plain(text, decimal), scale)
        case LogicalType.BOOLEAN:
            return Scalar(
                f"CASE WHEN lower({text}) = 'true' THEN true WHEN lower({text}) = 'false' THEN false END",
                Type(Kind.BOOLEAN, "BOOLEAN"),
            )
        case LogicalType.DATE:
            return _date(prop, text)
        case LogicalType.TIMESTAMP:
            return _timestamp(prop, text)
        case LogicalType.TIME:
            return _time(prop, text)
        case _:
            return Scalar(text, Type(Kind.STRING, "VARCHAR"))


def _matches(text: str, pattern: str) -> str:
    """Return the SQL that is true where the whole text has this form."""
    return f"regexp_full_match({text}, {literal(pattern)})"


def _plain(text: str, decimal: str) -> str:
    """Write a number with a point; one that is written with a point already is none."""
    return f"CASE WHEN NOT contains({text}, '.') THEN replace({text}, {literal(decimal)}, '.') END"


def _integer(text: str, *, wide: bool) -> Scalar:
    """Leading zeros and a plus sign are no integer: they are told apart only in strings."""
    to = f"DECIMAL({WIDEST}, 0)" if wide else "BIGINT"
    form = _matches(text, "-?(0|[1-9][0-9]*)")
    return Scalar(f"CASE WHEN {form} THEN TRY_CAST({text} AS {to}) END", Type(Kind.INTEGER, "HUGEINT" if wide else to))


def _number(prop: Property, text: str, scale: int | None) -> Scalar:
    """DOUBLE where it holds the number exactly; DECIMAL where that is declared, or needed (`scale`)."""
    declared = _declared_decimal(prop) or ((WIDEST, scale) if scale is not None else None)
    special = f"WHEN {_matches(text, '(?i)[-+]?(nan|inf|infinity)')} THEN TRY_CAST({text} AS DOUBLE)"
    if declared and not prop.nan_allowed:
        return _decimal(text, *declared)
    double = f"TRY_CAST({text} AS DOUBLE)"
    # Up to 15 digits a double gives back what was written; beyond that only what it prints with the same digits.
    exact = f"(length({text}) <= 15 OR {_significant(text)} = {_significant(f'{double}::VARCHAR')})"
    value = f"WHEN {_matches(text, _NUMBER)} AND isfinite({double}) AND {exact} THEN {double}"
    return Scalar(f"CASE {value} {special if prop.nan_allowed else ''} END", Type(Kind.FLOAT, "DOUBLE"))


def _significant(text: str) -> str:
    """Return the SQL for a number's significant digits: no sign, point or exponent, no zeros before or behind."""
    return f"regexp_replace(regexp_replace({text}, '[eE].*$|[-.]', '', 'g'), '^0+|0+$', '', 'g')"


def _declared_decimal(prop: Property) -> tuple[int, int] | None:
    """Return precision and scale of a physicalType DECIMAL(p, s), None where it says something else or no precision."""
    found = _DECIMAL_TYPE.fullmatch(prop.physical_type or "")
    if not found or not found[1] or not int(found[2] or 0) <= int(found[1]) <= WIDEST:
        return None
    return int(found[1]), int(found[2] or 0)


def _decimal(text: str, precision: int, scale: int) -> Scalar:
    """A cast rounds what has more digits after the point: that is no value of this type."""
    to = f"DECIMAL({precision}, {scale})"
    cast = f"TRY_CAST({text} AS {to})"
    fraction = rf"(\.[0-9]{{1,{scale}}}0*)?" if scale else r"(\.0+)?"
    exact = _matches(text, rf"-?(0|[1-9][0-9]*){fraction}")
    power = (
        f"{_matches(text, _NUMBER)} AND regexp_matches({text}, '[eE]') AND {cast}::DOUBLE = TRY_CAST({text} AS DOUBLE)"
    )
    return Scalar(f"CASE WHEN {exact} OR ({power}) THEN {cast} END", Type(Kind.DECIMAL, to))


def _date(prop: Property, text: str) -> Scalar:
    """A day as ISO 8601 writes it, or in the declared format."""
    pattern = prop.options.get("format")
    if pattern:
        sql = f"CAST({_parsed(text, pattern)} AS DATE)"
    else:
        sql = f"CASE WHEN {_matches(text, _DATE)} THEN TRY_CAST({text} AS DATE) END"
    return Scalar(sql, Type(Kind.DATE, "DATE"))


def _time(prop: Property, text: str) -> Scalar:
    """A time of day up to 23:59:59.999999, or in the declared format."""
    pattern = prop.options.get("format")
    if pattern:
        sql = f"CAST({_parsed(text, pattern)} AS TIME)"
    else:
        sql = f"CASE WHEN {_matches(text, _CLOCK)} THEN TRY_CAST({text} AS TIME) END"
    return Scalar(sql, Type(Kind.TIME, "TIME"))


def _timestamp(prop: Property, text: str) -> Scalar:
    """`timezone: true` needs an offset in the text; without it an offset is no part of the value (SEMANTICS)."""
    pattern = prop.options.get("format")
    strptime = to_strptime(pattern) if pattern else ""
    zoned = prop.options.get("timezone") is True
    kind = Type(Kind.TIMESTAMP_ZONED, "TIMESTAMP WITH TIME ZONE") if zoned else Type(Kind.TIMESTAMP, "TIMESTAMP")
    if strptime and zoned != ("%z" in strptime):
        sql = "NULL"
    elif strptime:
        sql = _parsed(text, str(pattern))
    else:
        form = _matches(text, f"{_DATE}[T ]{_CLOCK}" + (_OFFSET if zoned else ""))
        sql = f"CASE WHEN {form} THEN TRY_CAST({text} AS {kind.name}) END"
    sql = f"CAST({sql} AS {kind.name})"
    zone = str(prop.options.get("defaultTimezone") or "UTC")
    return Scalar(sql if zoned or zone.upper() in ("UTC", "Z", "GMT") else _once(sql, zone), kind)


def _parsed(text: str, pattern: str) -> str:
    """Return the SQL for a declared format: `01/02/2026` only if it is written so, ` 1/2/2026` is not."""
    strptime = to_strptime(pattern)
    known = {**_DIRECTIVES, "%f": f"[0-9]{{{fraction_digits(pattern)}}}"}
    form = re.sub(r"%.|[^%]+", lambda part: known.get(part[0]) or re.escape(part[0]), strptime)
    value = f"regexp_replace({text}, 'Z$', '+00:00')" if "%z" in strptime else text
    return f"CASE WHEN {_matches(text, form)} THEN try_strptime({value}, {literal(strptime)}) END"


def _once(local: str, zone: str) -> str:
    """Return the SQL that is null for a local time which a change of the clock skips or repeats in `zone`."""
    there = f"timezone({literal(zone)}, moment)"
    repeats = " OR ".join(
        f"timezone({literal(zone)}, moment {sign} INTERVAL '{minutes} minutes') = local"
        for sign in "+-"
        for minutes in (30, 60, 120)
    )
    return (
        f"list_transform([{local}], lambda local: list_transform([timezone({literal(zone)}, local)], lambda moment:"
        f" CASE WHEN {there} = local AND NOT ({repeats}) THEN local END)[1])[1]"
    )
