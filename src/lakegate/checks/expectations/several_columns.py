"""Expectations that hold row by row, `mostly`, of two columns or more."""

from __future__ import annotations

import itertools

from lakegate.checks.expectations.asked import Asked, Column, Family, Untranslatable, member, number
from lakegate.checks.expectations.most_rows import MostRows
from lakegate.checks.interface import Check
from lakegate.measures import CountWhere, RepeatedRows
from lakegate.predicates import AllOf, AnyOf, Compares, Comparison, Not, OneOf, Predicate, SumIs

COMPARED_AT_MOST = 12  # columns of a row compared with each other: 66 comparisons


def _several(asked: Asked, columns: tuple[Column, ...], unexpected: CountWhere | RepeatedRows, expected: str) -> Check:
    return MostRows(
        identity=asked.identity,
        action=asked.action,
        unexpected=unexpected,
        missing=_ignored(asked, columns),
        mostly=asked.mostly(),
        value=None,
        expected=expected,
    )


# Which rows are left out: those without any value, those with a missing one, none. The first is the default.
OF_PAIRS = {"both_values_are_missing": AllOf, "either_value_is_missing": AnyOf, "neither": None}
OF_SEVERAL = {"all_values_are_missing": AllOf, "any_value_is_missing": AnyOf, "never": None}


def _ignored(asked: Asked, columns: tuple[Column, ...]) -> Predicate:
    """Return which rows `ignore_row_if` leaves out."""
    missing = tuple(column.missing for column in columns)
    modes = OF_PAIRS if "column_A" in asked.kwargs else OF_SEVERAL
    mode = asked.kwargs.get("ignore_row_if", next(iter(modes)))
    if not isinstance(mode, str) or mode not in modes:
        raise Untranslatable
    which = modes[mode]
    return which(missing) if which else AnyOf(())


TIMESTAMPS = (Family.NAIVE, Family.ZONED, Family.INSTANT)


def _pair(asked: Asked, *families: Family) -> tuple[Column, Column]:
    one, other = asked.columns([asked.kwargs.get("column_A"), asked.kwargs.get("column_B")], *families)
    return one, other


def _unless(asked: Asked, columns: tuple[Column, ...], kept: Predicate) -> CountWhere:
    return CountWhere(AllOf((Not(kept), Not(_ignored(asked, columns)))))


def pair_equal(asked: Asked) -> Check:
    """`expect_column_pair_values_to_be_equal`."""
    a, b = _pair(asked)
    kept = Compares(a.value, Comparison.EQUAL, b.value)
    return _several(asked, (a, b), _unless(asked, (a, b), kept), f"{a.declared.name} equal to {b.declared.name}")


def pair_greater(asked: Asked) -> Check:
    """`expect_column_pair_values_a_to_be_greater_than_b`."""
    a, b = _pair(asked, Family.TEXT, Family.NUMBER, Family.DATE, *TIMESTAMPS)
    comparison = Comparison.GREATER_OR_EQUAL if asked.flag("or_equal") else Comparison.GREATER
    kept = Compares(a.value, comparison, b.value)
    return _several(asked, (a, b), _unless(asked, (a, b), kept), f"{a.declared.name} {comparison} {b.declared.name}")


def pair_in_set(asked: Asked) -> Check:
    """`expect_column_pair_values_to_be_in_set`; null in a pair is a missing value."""
    names = [asked.kwargs.get("column_A"), asked.kwargs.get("column_B")]
    if not all(isinstance(name, str) for name in names) or names[0] == names[1]:
        raise Untranslatable
    columns = tuple(asked.column(name) for name in names)
    said = asked.kwargs.get("value_pairs_set")
    if not isinstance(said, list | tuple) or not all(isinstance(p, list | tuple) and len(p) == 2 for p in said):
        raise Untranslatable
    kept = AnyOf(tuple(AllOf(tuple(map(_is, columns, pair))) for pair in said))
    told = f"{' and '.join(column.declared.name for column in columns)} one of {len(said)} pairs"
    return _several(asked, columns, _unless(asked, columns, kept), told)


def _is(column: Column, value: object) -> Predicate:
    if column.family not in {Family.TEXT, Family.NUMBER, Family.BOOLEAN}:
        raise Untranslatable
    return column.missing if value is None else OneOf(column.value, (member(value, column),))


# --- several columns --------------------------------------------------------------------------------------------


def compound_unique(asked: Asked) -> Check:
    """`expect_compound_columns_to_be_unique`: in a key null equals null."""
    names = asked.kwargs.get("column_list")
    if not isinstance(names, list | tuple) or len(names) < 2 or len(set(map(str, names))) < len(names):
        raise Untranslatable
    columns = tuple(asked.column(name) for name in names)
    if any(column.family is None for column in columns):
        raise Untranslatable
    among = Not(_ignored(asked, columns))
    repeated = RepeatedRows(tuple(column.value for column in columns), among)
    return _several(asked, columns, repeated, "each key once")


def sum_equal(asked: Asked) -> Check:
    """`expect_multicolumn_sum_to_equal`: a row with a missing value has no sum."""
    columns = asked.columns(asked.kwargs.get("column_list"), Family.NUMBER)
    total = number(asked.kwargs.get("sum_total"))
    kept = SumIs(tuple(column.value for column in columns), total)
    return _several(asked, columns, _unless(asked, columns, kept), f"a sum of {total}")


def all_equal(asked: Asked) -> Check:
    """`expect_multicolumn_values_to_be_equal`: missing equals missing."""
    columns = asked.columns(asked.kwargs.get("column_list"))
    kept = AllOf(tuple(_same(columns[0], column) for column in columns[1:]))
    return _several(asked, columns, _unless(asked, columns, kept), "one value in all of the columns")


def unique_within_record(asked: Asked) -> Check:
    """`expect_select_column_values_to_be_unique_within_record`: missing equals missing."""
    columns = asked.columns(asked.kwargs.get("column_list"))
    if len(columns) > COMPARED_AT_MOST:
        raise Untranslatable
    repeats = AnyOf(tuple(_same(one, other) for one, other in itertools.combinations(columns, 2)))
    unexpected = CountWhere(AllOf((repeats, Not(_ignored(asked, columns)))))
    return _several(asked, columns, unexpected, "a different value in each of the columns")


def _same(one: Column, other: Column) -> Predicate:
    return AnyOf((Compares(one.value, Comparison.EQUAL, other.value), AllOf((one.missing, other.missing))))
