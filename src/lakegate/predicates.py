"""What may be true of a row: a closed set of small frozen values. Checks name them, engines compile them.

Logic is two-valued: a predicate is true or false for every row, never unknown. All predicates but `IsNull` are false
where their value is null, so that "no row may …" says what it reads like. A cell that could not be converted
(`rows.Rows.unconverted`) is not null, and every predicate but `Not` is false for it: its type check reports it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

Literal = str | int | float | bool | Decimal | dt.date | dt.datetime | dt.time


# --- values -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Value:
    """A value in a row: `path` holds physical names, from the row inward.

    `depth` 0 starts at the row; n > 0 at the item bound by the n-th enclosing `AnyItem` or `AnyEntry`.
    Inside `AnyEntry` a path begins with `key` or `value`.
    """

    path: tuple[str, ...]
    depth: int = 0


# --- predicates -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IsNull:
    """The value is null. NaN is not null (SEMANTICS: logicalType number)."""

    value: Value


@dataclass(frozen=True, slots=True)
class OneOf:
    """The value is one of `values`, compared by type."""

    value: Value
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class NotIn:
    """The value is not null and none of `values`, compared by type."""

    value: Value
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class OutOfRange:
    """The value is below `least` or above `most`; None leaves a side open. NaN is never out of range."""

    value: Value
    least: Literal | None = None
    most: Literal | None = None
    least_exclusive: bool = False
    most_exclusive: bool = False


@dataclass(frozen=True, slots=True)
class LengthOutOfRange:
    """The length is below `least` or above `most`: characters of text, items of an array, entries of a map, non-null
    fields of an object. None leaves a side open.
    """

    value: Value
    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class DoesNotMatch:
    """The RE2 `pattern` is not found in the text (a search, as in JSON Schema; `$` is the end of the text)."""

    value: Value
    pattern: str


@dataclass(frozen=True, slots=True)
class Matches:
    """The RE2 `pattern` is found in the text (a search; `$` is the end of the text)."""

    value: Value
    pattern: str


@dataclass(frozen=True, slots=True)
class NotMultipleOf:
    """The number is no whole multiple of `factor` (> 0). Decimal arithmetic, so that 0.3 is a multiple of 0.1."""

    value: Value
    factor: Decimal


@dataclass(frozen=True, slots=True)
class NotFinite:
    """The number is NaN or infinite."""

    value: Value


@dataclass(frozen=True, slots=True)
class IsNaN:
    """The number is NaN. False of any other type."""

    value: Value


class Comparison(StrEnum):
    """How two values of a row may be compared."""

    EQUAL = "="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="


@dataclass(frozen=True, slots=True)
class Compares:
    """`left` and `right` are both there, neither is NaN, and the comparison holds: numbers with numbers of any type,
    dates with dates, text with text by code points.
    """

    left: Value
    comparison: Comparison
    right: Value


@dataclass(frozen=True, slots=True)
class SumIs:
    """Every one of the numbers is there, none is NaN, and their sum is `total`."""

    values: tuple[Value, ...]
    total: int | float


@dataclass(frozen=True, slots=True)
class RepeatsItem:
    """The array holds one value twice; nulls are ignored."""

    value: Value


@dataclass(frozen=True, slots=True)
class AnyItem:
    """Some item of the array makes `holds` true; inside, that item is `Value(…, depth=n)`."""

    array: Value
    holds: Predicate


@dataclass(frozen=True, slots=True)
class AnyEntry:
    """Some entry of the map makes `holds` true; inside, it is `Value(("key",) or ("value", …), depth=n)`."""

    map: Value
    holds: Predicate


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one of `predicates` is true."""

    predicates: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Some one of `predicates` is true."""

    predicates: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The predicate is false."""

    predicate: Predicate


Predicate = (
    IsNull
    | OneOf
    | NotIn
    | OutOfRange
    | LengthOutOfRange
    | DoesNotMatch
    | Matches
    | NotMultipleOf
    | NotFinite
    | IsNaN
    | Compares
    | SumIs
    | RepeatsItem
    | AnyItem
    | AnyEntry
    | AllOf
    | AnyOf
    | Not
)
