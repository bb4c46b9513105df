"""Expectations that hold row by row, `mostly`: of one column, of two, of several."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from lakegate.checks.expectations import patterns
from lakegate.checks.expectations.asked import Asked, Column, Family, Untranslatable, member, members, number
from lakegate.checks.interface import (
    Check,
    Found,
    Judgement,
    Outcome,
    rows_told,
    share,
    unmeasured,
    violated,
)
from lakegate.measures import (
    AllOf,
    AnyOf,
    Compares,
    Comparison,
    CountWhere,
    DoesNotMatch,
    DuplicateCounts,
    Duplicates,
    LengthOutOfRange,
    Matches,
    Measure,
    Not,
    NotIn,
    NotMeasured,
    OneOf,
    OutOfRange,
    Predicate,
    RepeatedRows,
    SumIs,
    Value,
)

COMPARED_AT_MOST = 12  # columns of a row compared with each other: 66 comparisons


@dataclass(frozen=True, slots=True, kw_only=True)
class MostRows(Check):
    """Of the rows that are not left out, a share of at least `mostly` is not unexpected.

    `missing` are the rows left out; None: none can be, and the library tells no share of them.
    """

    unexpected: CountWhere | Duplicates | RepeatedRows
    missing: Predicate | None
    mostly: float
    value: Value | None
    expected: str

    def measures(self) -> tuple[Measure, ...]:
        """Return the count of unexpected rows, and of those left out."""
        return (self.unexpected, *((CountWhere(self.missing),) if self.missing else ()))

    def judge(self, found: Found) -> Judgement:
        """Hold the share of expected rows against `mostly`, computed as the library does; nothing to say of no rows."""
        counts = []
        for measure in self.measures():
            answer = found.answers[measure]
            if isinstance(answer, NotMeasured):
                return unmeasured(answer)
            counts.append(answer.rows if isinstance(answer, DuplicateCounts) else int(answer))  # type: ignore[arg-type]
        total, unexpected = found.count or 0, counts[0]
        considered = total - (counts[1] if self.missing else 0)
        success = not considered or (float(considered) - float(unexpected)) / float(considered) >= self.mostly
        result = _result(total, considered if self.missing else None, unexpected)
        diagnostics = share(unexpected, total) | {"success": success, "result": result, "expected": self.expected}
        if not total:
            return Judgement(Outcome.NOT_APPLICABLE, "there are no rows", diagnostics)
        if success:
            return Judgement(Outcome.PASSED, "", diagnostics)
        got = f"got {rows_told(unexpected)} of {considered:,} that {'is' if unexpected == 1 else 'are'} not"
        least = "" if self.mostly == 1 else f" in at least {100 * self.mostly:g} % of them"
        return Judgement(violated(self.action), f"{got}, expected {self.expected}{least}", diagnostics)

    def failing(self) -> Measure:
        """Return the unexpected rows."""
        return self.unexpected

    def subject(self) -> Value | None:
        """Return the column's value where it is a single one."""
        return self.value


def _result(total: int, considered: int | None, unexpected: int) -> dict[str, int | float | None]:
    """Return the numbers of the library's own result, by its own names and arithmetic."""
    of_total = unexpected / total * 100 if total else None
    if considered is None:
        return {"element_count": total, "unexpected_count": unexpected, "unexpected_percent": of_total}
    of_considered = unexpected / considered * 100 if considered else None
    return {
        "element_count": total,
        "unexpected_count": unexpected,
        "unexpected_percent": of_considered,
        "missing_count": total - considered,
        "missing_percent": (total - considered) / total * 100 if total else None,
        "unexpected_percent_total": of_total,
        "unexpected_percent_nonmissing": of_considered,
    }


# --- one column -------------------------------------------------------------------------------------------------


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
    if on not in {"any", "all"}:
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


# --- two columns ------------------------------------------------------------------------------------------------


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


def _ignored(asked: Asked, columns: tuple[Column, ...]) -> Predicate:
    """Return which rows are left out: `ignore_row_if`, whose default is those without any value."""
    missing = tuple(column.missing for column in columns)
    match asked.kwargs.get("ignore_row_if", "all_values_are_missing"):
        case "both_values_are_missing" | "all_values_are_missing":
            return AllOf(missing)
        case "either_value_is_missing" | "any_value_is_missing":
            return AnyOf(missing)
        case "neither" | "never":
            return AnyOf(())
        case _:
            raise Untranslatable


def _pair(asked: Asked, *families: Family) -> tuple[Column, Column]:
    if asked.kwargs.get("ignore_row_if") not in {None, "both_values_are_missing", "either_value_is_missing", "neither"}:
        raise Untranslatable
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
    a, b = _pair(asked, Family.TEXT, Family.NUMBER, Family.DATE, Family.NAIVE, Family.ZONED)
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
    if asked.kwargs.get("ignore_row_if") not in {None, "both_values_are_missing", "either_value_is_missing", "neither"}:
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
    _modes(asked)
    among = Not(_ignored(asked, columns))
    repeated = RepeatedRows(tuple(column.value for column in columns), among)
    return _several(asked, columns, repeated, "each key once")


def _modes(asked: Asked) -> None:
    if asked.kwargs.get("ignore_row_if") not in {None, "all_values_are_missing", "any_value_is_missing", "never"}:
        raise Untranslatable


def sum_equal(asked: Asked) -> Check:
    """`expect_multicolumn_sum_to_equal`: a row with a missing value has no sum."""
    columns = asked.columns(asked.kwargs.get("column_list"), Family.NUMBER)
    _modes(asked)
    total = number(asked.kwargs.get("sum_total"))
    kept = SumIs(tuple(column.value for column in columns), total)
    return _several(asked, columns, _unless(asked, columns, kept), f"a sum of {total}")


def all_equal(asked: Asked) -> Check:
    """`expect_multicolumn_values_to_be_equal`: missing equals missing."""
    columns = asked.columns(asked.kwargs.get("column_list"))
    _modes(asked)
    kept = AllOf(tuple(_same(columns[0], column) for column in columns[1:]))
    return _several(asked, columns, _unless(asked, columns, kept), "one value in all of the columns")


def unique_within_record(asked: Asked) -> Check:
    """`expect_select_column_values_to_be_unique_within_record`: missing equals missing."""
    columns = asked.columns(asked.kwargs.get("column_list"))
    if len(columns) > COMPARED_AT_MOST:
        raise Untranslatable
    _modes(asked)
    repeats = AnyOf(tuple(_same(one, other) for one, other in itertools.combinations(columns, 2)))
    unexpected = CountWhere(AllOf((repeats, Not(_ignored(asked, columns)))))
    return _several(asked, columns, unexpected, "a different value in each of the columns")


def _same(one: Column, other: Column) -> Predicate:
    return AnyOf((Compares(one.value, Comparison.EQUAL, other.value), AllOf((one.missing, other.missing))))
