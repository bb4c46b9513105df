"""What an expectation asks of which column, read from its kwargs and the declared property. Nothing is guessed: what
is not understood to the letter is `Untranslatable`, and the library runs it.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lakegate.checks.interface import Identity, band
from lakegate.contract.expectations import Expectation
from lakegate.contract.model import Action, LogicalType, Property, SchemaObject
from lakegate.predicates import AllOf, AnyOf, IsNaN, IsNull, Literal, Not, Predicate, Value

IGNORED = frozenset({"batch_id", "catch_exceptions", "condition_parser", "result_format"})  # they change no answer
EXACT = 2**53  # beyond, the library's floats no longer hold every integer
DAY = re.compile(r"\d{4}-\d\d-\d\d")
INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)?")


class Untranslatable(Exception):
    """The expectation's meaning depends on something that measures do not say: the library must run it."""


class Family(StrEnum):
    """The declared types that can be compared among each other."""

    TEXT = "text"
    NUMBER = "a number"
    BOOLEAN = "a boolean"
    DATE = "a date"
    NAIVE = "a timestamp without time zone"
    ZONED = "a timestamp with time zone"
    INSTANT = "a timestamp, with time zone or without: all its values alike, but not beside a bound"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the data and what it is declared to be. `family` None: nothing that values can be compared with."""

    declared: Property
    family: Family | None

    @property
    def value(self) -> Value:
        """What measures call it."""
        return Value((self.declared.physical_name,))

    @property
    def missing(self) -> Predicate:
        """Where the library finds no value: null, or NaN in a column of floats."""
        null = IsNull(self.value)
        return AnyOf((null, IsNaN(self.value))) if self.may_hold_nan else null

    @property
    def present(self) -> Predicate:
        """Where the library finds a value."""
        return Not(self.missing)

    @property
    def may_hold_nan(self) -> bool:
        """Whether data that keep the declared type may hold NaN; of undeclared types it may be so."""
        return self.family in {Family.NUMBER, None} and self.declared.logical_type is not LogicalType.INTEGER

    def where(self, predicate: Predicate) -> Predicate:
        """Return the predicate where there is a value; all but `Not` and `NotIn` know null, and none knows NaN."""
        return AllOf((predicate, Not(IsNaN(self.value)))) if self.may_hold_nan else predicate


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds as the expectation has them; None leaves a side open."""

    least: Any = None
    most: Any = None
    least_exclusive: bool = False
    most_exclusive: bool = False

    def hold(self, value: Any) -> bool:  # noqa: ANN401 - of the bounds' type
        """Whether a value lies within."""
        above = self.least is None or (value > self.least if self.least_exclusive else value >= self.least)
        return bool(above and (self.most is None or (value < self.most if self.most_exclusive else value <= self.most)))

    def band(self) -> dict[str, float]:
        """Return the diagnostics of what a number was held against; dates are none."""
        return band(self.least, self.most)

    def __str__(self) -> str:
        """`at least 1 and less than 5`."""
        low = [] if self.least is None else [f"{'more than' if self.least_exclusive else 'at least'} {self.least}"]
        high = [] if self.most is None else [f"{'less than' if self.most_exclusive else 'at most'} {self.most}"]
        return " and ".join([*low, *high]) or "any value"


@dataclass(frozen=True, slots=True)
class Asked:
    """One expectation in its place."""

    expectation: Expectation
    obj: SchemaObject
    identity: Identity
    action: Action

    @property
    def kwargs(self) -> Mapping[str, Any]:
        """What the expectation says."""
        return self.expectation.kwargs

    def flag(self, name: str) -> bool:
        """Return a switch that is off where nothing is said."""
        value = self.kwargs.get(name)
        if value is not None and not isinstance(value, bool):
            raise Untranslatable
        return bool(value)

    def mostly(self) -> float:
        """Return the share of rows that must keep the expectation, 0 to 1."""
        value = self.kwargs.get("mostly", 1)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise Untranslatable
        return float(value)

    def whole(self, name: str) -> int | None:
        """Return an integer, None where nothing is said."""
        value = self.kwargs.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > EXACT:
            raise Untranslatable
        return value

    def column(self, name: Any = None) -> Column:  # noqa: ANN401 - as written
        """Return the column that the kwarg `column` names, or `name`."""
        asked = self.kwargs.get("column") if name is None else name
        for prop in (*(p for p in self.obj.properties if p.physical_name == asked), self.obj.find(str(asked))):
            if isinstance(asked, str) and prop is not None:
                return Column(prop, family(prop))
        raise Untranslatable

    def typed(self, *families: Family) -> Column:
        """Return the column, which must be declared as one of `families`."""
        column = self.column()
        if column.family not in families:
            raise Untranslatable
        return column

    def columns(self, names: Any, *families: Family) -> tuple[Column, ...]:  # noqa: ANN401 - as written
        """Return columns that can be compared with each other, two or more."""
        if not isinstance(names, list | tuple) or len(names) < 2 or not all(isinstance(n, str) for n in names):
            raise Untranslatable
        found = tuple(self.column(name) for name in names)
        kinds = {column.family for column in found}
        if len(set(names)) < len(names) or len(kinds) > 1 or None in kinds or (families and not kinds <= set(families)):
            raise Untranslatable
        return found

    def bounds(self, family: Family | None) -> Bounds:
        """Return `min_value`, `max_value` and whether they are strict. None for `family`: any number."""
        least, most = (self._bound(self.kwargs.get(name), family) for name in ("min_value", "max_value"))
        return Bounds(least, most, self.flag("strict_min"), self.flag("strict_max"))

    def _bound(self, value: Any, family: Family | None) -> Literal | None:  # noqa: ANN401 - as written
        if value is None:
            return None
        match family:
            case None | Family.NUMBER:
                return number(value)
            case Family.DATE:
                return day(value)
            case Family.NAIVE | Family.ZONED:
                return instant(value, zoned=family is Family.ZONED)
            case _:
                raise Untranslatable

    def only(self, known: Iterable[str]) -> None:
        """Raise Untranslatable where a kwarg is said that is not one of `known`, or a condition on rows."""
        if set(self.kwargs) - set(known) - IGNORED - {"row_condition"} or self.kwargs.get("row_condition"):
            raise Untranslatable


FAMILIES = {
    LogicalType.STRING: Family.TEXT,
    LogicalType.INTEGER: Family.NUMBER,
    LogicalType.NUMBER: Family.NUMBER,
    LogicalType.BOOLEAN: Family.BOOLEAN,
    LogicalType.DATE: Family.DATE,
}


def family(prop: Property) -> Family | None:
    """Return what a declared property can be compared with; beside a bound a timestamp must say whether it is zoned."""
    if prop.logical_type is LogicalType.TIMESTAMP:
        zoned = prop.options.get("timezone")
        return (Family.ZONED if zoned else Family.NAIVE) if isinstance(zoned, bool) else Family.INSTANT
    return FAMILIES.get(prop.logical_type) if prop.logical_type else None


def number(value: Any) -> int | float:  # noqa: ANN401 - as written
    """Return a number as a measure takes it: whole ones as int, so that they compare exactly with any type."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Untranslatable
    if isinstance(value, float) and math.isnan(value):
        raise Untranslatable
    if isinstance(value, float) and math.isinf(value):
        return value
    if abs(value) > EXACT:
        raise Untranslatable
    return int(value) if value == int(value) else value


def plain_text(value: Any) -> str:  # noqa: ANN401 - as written
    """Return a text. NUL cannot stand in a query."""
    if not isinstance(value, str) or "\0" in value:
        raise Untranslatable
    return value


def day(value: Any) -> dt.date:  # noqa: ANN401 - as written
    """Return a date, of text only as `2026-01-31`."""
    if type(value) is dt.date:
        return value
    if not isinstance(value, str) or not DAY.fullmatch(value):
        raise Untranslatable
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise Untranslatable from None


def instant(value: Any, *, zoned: bool) -> dt.datetime:  # noqa: ANN401 - as written
    """Return an instant, of text only as `2026-01-31T12:00:00` with an offset exactly where the column has one."""
    if isinstance(value, str) and INSTANT.fullmatch(value):
        try:
            value = dt.datetime.fromisoformat(value)
        except ValueError:
            raise Untranslatable from None
    if not isinstance(value, dt.datetime) or (value.tzinfo is not None) is not zoned:
        raise Untranslatable
    return value


def members(values: Any, column: Column) -> tuple[Literal, ...]:  # noqa: ANN401 - as written
    """Return the values of a set that the column's values may equal, each once; null is none of them."""
    if not isinstance(values, list | tuple | set | frozenset):
        raise Untranslatable
    return tuple(dict.fromkeys(member(value, column) for value in values if value is not None))


def member(value: Any, column: Column) -> Literal:  # noqa: ANN401 - as written
    """Return one value that the column's values may equal."""
    match column.family:
        case Family.TEXT:
            return plain_text(value)
        case Family.NUMBER:
            found = number(value)
            if math.isinf(found):
                raise Untranslatable
            return found
        case Family.BOOLEAN if isinstance(value, bool):
            return value
        case Family.DATE if type(value) is dt.date:
            return value
        case _:
            raise Untranslatable
