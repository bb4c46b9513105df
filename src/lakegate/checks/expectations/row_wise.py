"""Expectations that hold row by row, `mostly`, of one column."""

from __future__ import annotations

from lakegate.checks.expectations import patterns
from lakegate.checks.expectations.asked import Asked, Column, Family, Untranslatable, members, number
from lakegate.checks.expectations.most_rows import MostRows
from lakegate.checks.interface import Check
from lakegate.measures import CountWhere, Duplicates, RepeatedRows
from lakegate.predicates import (
    AllOf,
    AnyOf,
    DoesNotMatch,
    LengthOutOfRange,
    Matches,
    NotIn,
    OneOf,
    OutOfRange,
    Predicate,
)


def _of_column(asked: Asked, column: Column, unexpected: Predicate, expected: str) -> MostRows:
    return MostRows(
        identity=asked.identity,
        action=asked.action,
        unexpected=CountWhere(unexpected),
        missing=column.missing,
        mostly=asked.mostly(),
        value=column.value,
        expected=expected,
    )


def not_null(asked: Asked) -> Check:
    """`expect_column_values_to_not_be_null`."""
    return _nulls(asked, asked.column().missing, "a value")


def null(asked: Asked) -> Check:
    """`expect_column_values_to_be_null`."""
    return _nulls(asked, asked.column().present, "null")


def _nulls(asked: Asked, unexpected: Predicate, expected: str) -> Check:
    return MostRows(
        identity=asked.identity,
        action=asked.action,
        unexpected=CountWhere(unexpected),
        missing=None,
        mostly=asked.mostly(),
        value=None,
        expected=expected,
    )


def in_set(asked: Asked) -> Check:
    """`expect_column_values_to_be_in_set`."""
    column = asked.typed(Family.TEXT, Family.NUMBER, Family.BOOLEAN, Family.DATE)
    values = members(asked.kwargs.get("value_set"), column)
    return _of_column(asked, column, column.where(NotIn(column.value, values)), f"one of {_listed(values)}")


def not_in_set(asked: Asked) -> Check:
    """`expect_column_values_to_not_be_in_set`."""
    column = asked.typed(Family.TEXT, Family.NUMBER, Family.BOOLEAN, Family.DATE)
    values = members(asked.kwargs.get("value_set"), column)
    return _of_column(asked, column, OneOf(column.value, values), f"none of {_listed(values)}")


def _listed(values: tuple[object, ...]) -> str:
    told = ", ".join(repr(v) if isinstance(v, str) else str(v) for v in values[:10])
    return (told + (", …" if len(values) > 10 else "")) or "no value"


def between(asked: Asked) -> Check:
    """`expect_column_values_to_be_between`."""
    column = asked.typed(Family.NUMBER, Family.DATE, Family.NAIVE, Family.ZONED)
    bounds = asked.bounds(column.family)
    least, most = bounds.least, bounds.most
    if (least is None and most is None) or (least is not None and most is not None and least > most):
        raise Untranslatable
    outside = OutOfRange(column.value, least, most, bounds.least_exclusive, bounds.most_exclusive)
    return _of_column(asked, column, outside, str(bounds))


def lengths_between(asked: Asked) -> Check:
    """`expect_column_value_lengths_to_be_between`."""
    column = asked.typed(Family.TEXT)
    least, most = asked.whole("min_value"), asked.whole("max_value")
    if least is None and most is None:
        raise Untranslatable
    least = least + 1 if least is not None and asked.flag("strict_min") else least
    most = most - 1 if most is not None and asked.flag("strict_max") else most
    return _lengths(asked, column, least, most)


def lengths_equal(asked: Asked) -> Check:
    """`expect_column_value_lengths_to_equal`."""
    value = number(asked.kwargs.get("value"))
    if not isinstance(value, int):
        raise Untranslatable
    return _lengths(asked, asked.typed(Family.TEXT), value, value)


def _lengths(asked: Asked, column: Column, least: int | None, most: int | None) -> Check:
    low = [f"at least {least}"] if least is not None else []
    high = [f"at most {most}"] if most is not None else []
    told = f"{' and '.join([*low, *high])} characters"
    return _of_column(asked, column, LengthOutOfRange(column.value, least, most), told)


def unique(asked: Asked) -> Check:
    """`expect_column_values_to_be_unique`: every row of a repeated value is unexpected."""
    column = asked.typed(*Family)
    repeated = RepeatedRows((column.value,), column.present) if column.may_hold_nan else Duplicates((column.value,))
    return MostRows(
        identity=asked.identity,
        action=asked.action,
        unexpected=repeated,
        missing=column.missing,
        mostly=asked.mostly(),
        value=column.value,
        expected="each value once",
    )


def matches(asked: Asked) -> Check:
    """`expect_column_values_to_match_regex`, `…_like_pattern` and their lists, `match_on` any or all."""
    column, found = asked.typed(Family.TEXT), _patterns(asked)
    on = asked.kwargs.get("match_on", "any")
    if on not in ("any", "all"):
        raise Untranslatable
    misses = tuple(DoesNotMatch(column.value, pattern) for pattern in found)
    unexpected = misses[0] if len(misses) == 1 else AllOf(misses) if on == "any" else AnyOf(misses)
    return _of_column(asked, column, unexpected, f"a text that matches {_written(asked)}")


def does_not_match(asked: Asked) -> Check:
    """`expect_column_values_to_not_match_regex`, `…_not_match_like_pattern` and their lists."""
    column = asked.typed(Family.TEXT)
    hits = tuple(Matches(column.value, pattern) for pattern in _patterns(asked))
    unexpected = hits[0] if len(hits) == 1 else AnyOf(hits)
    return _of_column(asked, column, unexpected, f"a text that does not match {_written(asked)}")


KINDS = {"regex": False, "like_pattern": True, "regex_list": False, "like_pattern_list": True}


def _said(asked: Asked) -> tuple[str, list[str]]:
    (name,) = [name for name in KINDS if name in asked.kwargs] or [""]
    value = asked.kwargs.get(name)
    found = value if name.endswith("_list") else [value]
    if not isinstance(found, list | tuple) or not found or not all(isinstance(one, str) for one in found):
        raise Untranslatable
    return name, list(found)


def _patterns(asked: Asked) -> tuple[str, ...]:
    name, found = _said(asked)
    if not KINDS[name]:
        return tuple(patterns.of_regex(one) for one in found)
    escape = asked.kwargs.get("escape")
    if escape is not None and (not isinstance(escape, str) or len(escape) != 1):
        raise Untranslatable
    return tuple(patterns.of_like(one, escape) for one in found)


def _written(asked: Asked) -> str:
    _, found = _said(asked)
    several = "all of " if asked.kwargs.get("match_on") == "all" else "one of "
    return (several if len(found) > 1 else "") + ", ".join(map(repr, found))
