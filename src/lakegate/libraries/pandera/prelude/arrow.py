"""What the rules of a contract ask of a column, over Arrow, which both pandas and Polars become."""

import datetime as dt
import math
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as arrow
import pyarrow.compute as pc


def kind(values: arrow.Array) -> str:
    """Return what kind of values a column holds; `null` where nothing in it has a type."""
    is_a, found = arrow.types, values.type
    if is_a.is_timestamp(found):
        return "zoned timestamp" if found.tz else "timestamp"
    if is_a.is_decimal(found):
        return "decimal" if found.scale else "whole decimal"
    kinds = {
        "string": (is_a.is_string, is_a.is_large_string),
        "integer": (is_a.is_integer,),
        "float": (is_a.is_floating,),
        "boolean": (is_a.is_boolean,),
        "date": (is_a.is_date,),
        "time": (is_a.is_time,),
        "object": (is_a.is_struct,),
        "map": (is_a.is_map,),
        "array": (is_a.is_list, is_a.is_large_list, is_a.is_fixed_size_list, is_a.is_list_view),
        "null": (is_a.is_null,),
    }
    return next((name for name, tests in kinds.items() if any(test(found) for test in tests)), "other")


def required(values: arrow.Array, wanted: str, *kinds: str) -> arrow.Array:
    """Return the column if it is of one of these kinds, or has no type; raises TypeError otherwise."""
    if kind(values) not in {*kinds, "null"}:
        raise TypeError(f"got type {values.type}, expected {wanted}")
    return values


def numbers(values: arrow.Array) -> arrow.Array:
    """Return a column of numbers. Raises TypeError for another."""
    return required(values, "a number", "integer", "whole decimal", "decimal", "float")


def texts(values: arrow.Array) -> arrow.Array:
    """Return a column of text. Raises TypeError for another."""
    return required(values, "text", "string")


def sized(values: arrow.Array) -> arrow.Array:
    """Return a column of values that have a length. Raises TypeError for another."""
    return required(values, "text, an array, a map or an object", "string", "array", "map", "object")


def length(value: Any) -> int:
    """Return a length: characters, items, entries, or fields that are not null."""
    return sum(field is not None for field in value.values()) if isinstance(value, dict) else len(value)


def instants(values: arrow.Array) -> arrow.Array:
    """Return dates or timestamps as whole numbers, in their own unit. Raises TypeError for another column."""
    found = required(values, "a date or timestamp", "date", "timestamp", "zoned timestamp")
    return found.cast(arrow.int32()).cast(arrow.int64()) if arrow.types.is_date32(found.type) else as_integers(found)


def times(values: arrow.Array) -> arrow.Array:
    """Return times of day as whole numbers, in their own unit. Raises TypeError for another column."""
    found = required(values, "a time of day", "time")
    return found.cast(arrow.int32()).cast(arrow.int64()) if arrow.types.is_time32(found.type) else as_integers(found)


def as_integers(values: arrow.Array) -> arrow.Array:
    """Return 64-bit values as the whole numbers they are."""
    return values if kind(values) == "null" else values.cast(arrow.int64())


def moment(values: arrow.Array, bound: dt.date | dt.datetime | dt.time) -> Fraction:
    """Return a bound in the unit of a column's values, since 1970 or midnight; without a zone it is UTC."""
    if isinstance(bound, dt.datetime):
        since = bound.replace(tzinfo=bound.tzinfo or dt.UTC) - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    elif isinstance(bound, dt.date):
        since = bound - dt.date(1970, 1, 1)
    else:
        since = dt.timedelta(0, (bound.hour * 60 + bound.minute) * 60 + bound.second, bound.microsecond)
    seconds = Fraction(since // dt.timedelta(microseconds=1), 10**6)
    if arrow.types.is_date32(values.type):
        return seconds / 86400
    unit = "ms" if arrow.types.is_date64(values.type) else getattr(values.type, "unit", "us")
    return seconds * {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]


def where(values: arrow.Array, test: Callable[[Any], bool]) -> arrow.Array:
    """Return in which rows a value makes `test` true; null never does."""
    if kind(values) in {"null", "array", "map", "object", "other"}:
        return arrow.array([value is not None and test(value) for value in values.to_pylist()], arrow.bool_())
    distinct = values.dictionary_encode()
    told = arrow.array([test(value) for value in distinct.dictionary.to_pylist()], arrow.bool_())
    return pc.fill_null(told.take(distinct.indices), False)


def nulls(values: arrow.Array) -> arrow.Array:
    """Return which rows are null; NaN is not null."""
    return pc.is_null(values)


def not_finite(values: arrow.Array) -> arrow.Array:
    """Return which rows hold NaN or an infinity."""
    return where(values, lambda value: isinstance(value, float) and not math.isfinite(value))


def mismatches(values: arrow.Array, pattern: str) -> arrow.Array:
    """Return in which rows the RE2 pattern is found nowhere in the text."""
    found = texts(values)
    if kind(found) == "null":
        return where(found, lambda _: False)
    return pc.fill_null(pc.invert(pc.match_substring_regex(found, pattern)), False)


def multiple(value: float | Decimal, factor: Decimal) -> bool:
    """Whether a number is a whole multiple, by its shortest decimal form: 0.3 is a multiple of 0.1."""
    if not isinstance(value, float):
        return Fraction(value) % Fraction(factor) == 0
    digits = max(0, -int(factor.as_tuple().exponent))
    if not math.isfinite(value):
        return True
    if abs(value) >= 10.0 ** (38 - digits):  # more digits than a decimal has
        return value / float(factor) == math.floor(value / float(factor))
    return Fraction(repr(value)) % Fraction(factor) == 0


def written(number: float | Decimal) -> float | Decimal:
    """Return a number as it is written: 0.3 is three tenths, not the nearest double."""
    return Decimal(repr(number)) if isinstance(number, float) and math.isfinite(number) else number


def beside(value: float | Decimal, bound: float | Decimal) -> float | Decimal:
    """Return a bound as a value is compared with it: a double with the nearest double, any other number exactly."""
    return bound if isinstance(value, float) else written(bound)


def among(values: arrow.Array, listed: Sequence[Any]) -> arrow.Array:
    """Return in which rows a value is one of those listed, compared by type: '10' is not 10, true is not 1."""
    found = kind(values)
    if found in {"integer", "whole decimal", "decimal", "float"}:
        wanted = [one for one in listed if isinstance(one, int | float | Decimal) and not isinstance(one, bool)]
        known = {float(one) if found == "float" else written(one) for one in wanted}
        return where(values, lambda value: value in known)
    if found in {"date", "timestamp", "zoned timestamp"}:
        days = {moment(values, one) for one in listed if isinstance(one, dt.date)}
        return where(instants(values), lambda value: value in days)
    if found == "time":
        hours = {moment(values, one) for one in listed if isinstance(one, dt.time)}
        return where(times(values), lambda value: value in hours)
    like = {"string": str, "boolean": bool}.get(found)
    same = {one for one in listed if like is not None and isinstance(one, like)}
    return where(values, lambda value: value in same) if same else where(values, lambda _: False)


def outside(values: arrow.Array, listed: Sequence[Any]) -> arrow.Array:
    """Return in which rows a value is none of those listed; null is not outside."""
    return pc.and_(pc.is_valid(values), pc.invert(among(values, listed)))


def counted(wrong: arrow.Array) -> int:
    """Return how many rows are true."""
    return int(pc.sum(wrong).as_py() or 0)


def keys(*columns: arrow.Array) -> list[Hashable]:
    """Return the key of every row; None where a part of it is null."""
    rows = zip(*(comparable(values) for values in columns), strict=True)
    return [None if None in row else row for row in rows]


def comparable(values: arrow.Array) -> list[Hashable]:
    """Return the values of a column so that equal ones are equal here: NaN equals NaN."""
    found = kind(values)
    if found in {"date", "timestamp", "zoned timestamp", "time"}:
        return list((times(values) if found == "time" else instants(values)).to_pylist())
    return [frozen(one) for one in values.to_pylist()]


def frozen(value: Any) -> Hashable:
    """Return a value that can be a key: what is nested as tuples, NaN as what equals itself."""
    if isinstance(value, dict):
        return tuple((name, frozen(one)) for name, one in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(frozen, value))
    return "NaN" if isinstance(value, float) and math.isnan(value) else value


def repeated(*columns: arrow.Array) -> arrow.Array:
    """Return the rows whose key stands in more than one row; a key that holds a null is left out."""
    found = keys(*columns)
    often = Counter(found)
    return arrow.array([key is not None and often[key] > 1 for key in found], arrow.bool_())


def repeated_keys(*columns: arrow.Array) -> int:
    """Return how many keys stand in more than one row."""
    return sum(1 for key, often in Counter(keys(*columns)).items() if key is not None and often > 1)


def surplus_rows(*columns: arrow.Array) -> int:
    """Return how many rows are too many: all but the first of each key."""
    return sum(often - 1 for key, often in Counter(keys(*columns)).items() if key is not None)
