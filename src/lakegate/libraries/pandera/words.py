"""Predicates in Python's words: text in, text out. Values of a contract are written by `repr` alone, never as code."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import assert_never
from zoneinfo import ZoneInfo

from lakegate.predicates import (
    AllOf,
    AnyEntry,
    AnyItem,
    AnyOf,
    Compares,
    DoesNotMatch,
    IsNaN,
    IsNull,
    LengthOutOfRange,
    Literal,
    Matches,
    Not,
    NotFinite,
    NotIn,
    NotMultipleOf,
    OneOf,
    OutOfRange,
    Predicate,
    RepeatsItem,
    SumIs,
    Value,
)

OF_EXPECTATIONS = "only expectations ask it"  # predicates that no rule of the standard is made of


class Unsayable(Exception):
    """A check that a frame cannot be asked, and why."""


def columns_of(predicate: Predicate) -> tuple[str, ...]:
    """Return the columns a predicate is about, each once. Raises Unsayable for nested values."""
    match predicate:
        case AnyItem() | AnyEntry() | RepeatsItem():
            raise Unsayable("it is about nested values")
        case Matches() | IsNaN() | Compares() | SumIs():
            raise Unsayable(OF_EXPECTATIONS)
        case AllOf(predicates) | AnyOf(predicates):
            return tuple(dict.fromkeys(name for one in predicates for name in columns_of(one)))
        case Not(inner):
            return columns_of(inner)
        case _:
            return (_column(predicate.value),)


def _column(value: Value) -> str:
    if value.depth or len(value.path) > 1:
        raise Unsayable("it is about nested values")
    return value.path[0]


def expression(predicate: Predicate) -> str:
    """Return an expression over `values` that is true in the rows that make the predicate true.

    Raises Unsayable for nested values, and for a predicate over several columns.
    """
    if len(columns_of(predicate)) > 1:
        raise Unsayable("it is about several columns at once")
    match predicate:
        case IsNull():
            return "nulls(values)"
        case OneOf(_, listed):
            return f"among(values, {_list(listed)})"
        case NotIn(_, listed):
            return f"outside(values, {_list(listed)})"
        case OutOfRange():
            return _out_of_range(predicate)
        case LengthOutOfRange(_, least, most):
            tests = [f"length(value) < {least}"] * (least is not None) + [f"length(value) > {most}"] * (
                most is not None
            )
            return f"where(sized(values), lambda value: {' or '.join(tests) or 'False'})"
        case DoesNotMatch(_, pattern):
            return f"mismatches(values, {text(pattern)})"
        case NotMultipleOf(_, factor):
            return f"where(numbers(values), lambda value: not multiple(value, {literal(factor)}))"
        case NotFinite():
            return "not_finite(values)"
        case AllOf(predicates):
            return _joined("pc.and_", predicates)
        case AnyOf(predicates):
            return _joined("pc.or_", predicates)
        case Not(inner):
            return f"pc.invert({expression(inner)})"
        case AnyItem() | AnyEntry() | RepeatsItem():
            raise Unsayable("it is about nested values")
        case Matches() | IsNaN() | Compares() | SumIs():
            raise Unsayable(OF_EXPECTATIONS)
    assert_never(predicate)


def _joined(function: str, predicates: tuple[Predicate, ...]) -> str:
    first, *rest = map(expression, predicates)
    for one in rest:
        first = f"{function}({first}, {one})"
    return first


def _out_of_range(violation: OutOfRange) -> str:
    bounds = [bound for bound in (violation.least, violation.most) if bound is not None]
    written: Callable[[Literal], str]
    column, written = "numbers", literal
    if any(isinstance(bound, dt.date | dt.time) for bound in bounds):
        column, written = "times" if any(isinstance(bound, dt.time) for bound in bounds) else "instants", _moment
    elif any(isinstance(bound, float) for bound in bounds):
        written = _beside
    tests = []
    if violation.least is not None:
        tests.append(f"value {'<=' if violation.least_exclusive else '<'} {written(violation.least)}")
    if violation.most is not None:
        tests.append(f"value {'>=' if violation.most_exclusive else '>'} {written(violation.most)}")
    return f"where({column}(values), lambda value: {' or '.join(tests) or 'False'})"


def _beside(bound: Literal) -> str:
    return f"beside(value, {literal(bound)})"


def _moment(bound: Literal) -> str:
    return f"moment(values, {literal(bound)})"


def _list(listed: tuple[Literal, ...]) -> str:
    return "[" + ", ".join(map(literal, listed)) + "]"


def literal(value: Literal) -> str:
    """Write a value as Python has it."""
    match value:
        case Decimal():
            return f"Decimal({text(str(value))})"
        case dt.datetime() if isinstance(value.tzinfo, ZoneInfo):
            raise Unsayable("its times are read in a defaultTimezone")
        case dt.datetime() if value.tzinfo is not None:
            plain = repr(value.astimezone(dt.UTC).replace(tzinfo=None)).removesuffix(")")
            return f"{plain.replace('datetime.', 'dt.', 1)}, tzinfo=dt.UTC)"
        case dt.date() | dt.time():
            return repr(value).replace("datetime.", "dt.", 1)
        case float() if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN alone differs
            return f"float({text(str(value))})"
        case str():
            return text(value)
        case bool() | int() | float():
            return repr(value)
    assert_never(value)


def text(value: str) -> str:
    """Write text as Python has it, in double quotes where nothing speaks against them."""
    plain = repr(value)
    return f'"{plain[1:-1]}"' if plain[0] == "'" and '"' not in plain and "\\'" not in plain else plain


def number(value: float | Decimal) -> str:
    """Write a threshold's bound so that 0.1 is 0.1: whole numbers as they are, others as decimals."""
    return str(value) if isinstance(value, int) else f"Decimal({text(str(value))})"
