"""Expectations of one number of a whole column: its extremes, mean, quantiles, counts of values."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lakegate.checks.expectations.asked import Asked, Bounds, Column, Family, Untranslatable, number
from lakegate.checks.interface import Check, Found, Judgement, Outcome, unmeasured, violated
from lakegate.measures import (
    Answer,
    CountWhere,
    Distinct,
    DistinctCounts,
    Maximum,
    Mean,
    Measure,
    Minimum,
    NotMeasured,
    Quantiles,
    SeveralValues,
    StandardDeviation,
    Sum,
)

CLOSE = 1e-4  # how near to a bound a quantile may lie, relative and absolute: the library's own tolerance
BETWEEN = frozenset({"linear", "lower", "higher", "midpoint", "nearest"})


def told(value: Any) -> Any:  # noqa: ANN401 - a value of the data
    """Return a value of the data as a report can hold it."""
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float) and not math.isfinite(value):  # a report is JSON, which has neither
        return None if math.isnan(value) else str(value)
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Within(Check):
    """One number of a column lies within bounds. No number lies within none."""

    measure: Measure
    column: Column
    bounds: Bounds
    title: str  # `the mean`
    numbers: tuple[Measure, ...] = ()  # what else is counted
    ratio: str | None = None  # the observed number is a share: `distinct` of the values there, `present` of all rows

    def measures(self) -> tuple[Measure, ...]:
        """Return what the number is made of."""
        return (self.measure, *self.numbers)

    def judge(self, found: Found) -> Judgement:
        """Hold the number against the bounds."""
        answers = [found.answers[measure] for measure in self.measures()]
        for answer in answers:
            if isinstance(answer, NotMeasured):
                return unmeasured(answer)
        observed = self._observed(answers, found.count or 0)
        success = observed is not None and self.bounds.hold(observed)
        got = f"no value to take {self.title} of" if observed is None else f"{self.title} {told(observed)}"
        open_ = self._judgement(success=success, observed=told(observed), got=got)
        if self.ratio or isinstance(self.measure, Distinct):
            return open_  # it is a count, no value of the data
        got = f"another {self.title.removeprefix('the ')}" if observed is not None else got
        discreet = self._judgement(success=success, observed=None, got=got)
        return Judgement(
            open_.outcome, open_.reason, open_.diagnostics, quotes=(self.column.declared.name,), discreet=discreet
        )

    def _judgement(self, *, success: bool, observed: Any, got: str) -> Judgement:  # noqa: ANN401 - a value of the data
        diagnostics = {"success": success, "result": {"observed_value": observed}, "expected": str(self.bounds)}
        diagnostics |= self.bounds.band()
        if success:
            return Judgement(Outcome.PASSED, "", diagnostics)
        return Judgement(violated(self.action), f"got {got}, expected {self.bounds}", diagnostics)

    def _observed(self, answers: list[Answer], total: int) -> Any:  # noqa: ANN401 - a value of the data
        value: Any = answers[0].values if isinstance(answers[0], DistinctCounts) else answers[0]
        if isinstance(value, SeveralValues):
            value = value.values[0]
        if self.ratio == "present":
            return (total - int(value)) / total if total else 0
        if self.ratio == "distinct":
            present = total - int(answers[1])  # type: ignore[arg-type]
            return value / present if present else 0
        if isinstance(value, Decimal):
            return float(value)
        if isinstance(value, float) and math.isnan(value):
            return None
        return _in_family(value, self.column.family)


def _in_family(value: Any, family: Family | None) -> Any:  # noqa: ANN401 - a value of the data
    """Return an extreme of dates as the column has them: engines answer instants in UTC."""
    if not isinstance(value, dt.datetime):
        return value
    return value.date() if family is Family.DATE else value.replace(tzinfo=None) if family is Family.NAIVE else value


def _within(asked: Asked, column: Column, measure: Measure, title: str) -> Within:
    bounds = asked.bounds(column.family)
    return Within(
        identity=asked.identity, action=asked.action, measure=measure, column=column, bounds=bounds, title=title
    )


def maximum(asked: Asked) -> Check:
    """`expect_column_max_to_be_between`."""
    column = asked.typed(Family.NUMBER, Family.DATE, Family.NAIVE, Family.ZONED)
    return _within(asked, column, Maximum(column.value, numbers_only=True), "the maximum")


def minimum(asked: Asked) -> Check:
    """`expect_column_min_to_be_between`."""
    column = asked.typed(Family.NUMBER, Family.DATE, Family.NAIVE, Family.ZONED)
    return _within(asked, column, Minimum(column.value, numbers_only=True), "the minimum")


def mean(asked: Asked) -> Check:
    """`expect_column_mean_to_be_between`."""
    column = asked.typed(Family.NUMBER)
    return _within(asked, column, Mean(column.value), "the mean")


def total(asked: Asked) -> Check:
    """`expect_column_sum_to_be_between`."""
    column = asked.typed(Family.NUMBER)
    return _within(asked, column, Sum(column.value), "the sum")


def deviation(asked: Asked) -> Check:
    """`expect_column_stdev_to_be_between`."""
    column = asked.typed(Family.NUMBER)
    return _within(asked, column, StandardDeviation(column.value), "the standard deviation")


def median(asked: Asked) -> Check:
    """`expect_column_median_to_be_between`."""
    column = asked.typed(Family.NUMBER)
    return _within(asked, column, Quantiles(column.value, (0.5,), "midpoint"), "the median")


def _counted(asked: Asked, column: Column, measure: Measure, title: str, *numbers: Measure, ratio: str | None) -> Check:
    return Within(
        identity=asked.identity,
        action=asked.action,
        measure=measure,
        column=column,
        bounds=asked.bounds(None),
        title=title,
        numbers=numbers,
        ratio=ratio,
    )


def unique_count(asked: Asked) -> Check:
    """`expect_column_unique_value_count_to_be_between`."""
    column = asked.typed(*Family)
    for name in ("min_value", "max_value"):
        asked.whole(name)  # the library cuts decimals off
    return _counted(asked, column, Distinct(column.value), "the number of different values", ratio=None)


def unique_share(asked: Asked) -> Check:
    """`expect_column_proportion_of_unique_values_to_be_between`: of the values that are there."""
    column = asked.typed(*Family)
    missing = CountWhere(column.missing)
    return _counted(asked, column, Distinct(column.value), "the share of different values", missing, ratio="distinct")


def present_share(asked: Asked) -> Check:
    """`expect_column_proportion_of_non_null_values_to_be_between`."""
    column = asked.column()
    return _counted(asked, column, CountWhere(column.missing), "the share of values", ratio="present")


# --- quantiles --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantilesWithin(Check):
    """What stands at each share of a column's numbers in their order lies within its range, or close to it."""

    column: Column
    measure: Quantiles
    ranges: tuple[Bounds, ...]  # as many as shares are asked for

    def measures(self) -> tuple[Measure, ...]:
        """Return the quantiles."""
        return (self.measure,)

    def judge(self, found: Found) -> Judgement:
        """Hold every quantile against its range."""
        answer = found.answers[self.measure]
        if isinstance(answer, NotMeasured):
            return unmeasured(answer)
        values: tuple[Any, ...] = (
            answer.values if isinstance(answer, SeveralValues) else (None,) * len(self.measure.shares)
        )
        held = [
            value is not None and _near(float(value), bounds) for value, bounds in zip(values, self.ranges, strict=True)
        ]
        wrong = [share for share, ok in zip(self.measure.shares, held, strict=True) if not ok]
        got = ", ".join(f"{told(v)} at {s:g}" for s, v in zip(self.measure.shares, values, strict=True) if s in wrong)
        discreet = self._judgement(held, None, "another value at " + ", ".join(f"{share:g}" for share in wrong))
        open_ = self._judgement(held, [told(value) for value in values], got)
        return Judgement(
            open_.outcome, open_.reason, open_.diagnostics, quotes=(self.column.declared.name,), discreet=discreet
        )

    def _judgement(self, held: list[bool], values: list[Any] | None, got: str) -> Judgement:
        success = all(held)
        expected = ", ".join(f"{b} at {s:g}" for s, b in zip(self.measure.shares, self.ranges, strict=True))
        observed = {"quantiles": list(self.measure.shares), "values": values}
        result = {"observed_value": observed, "details": {"success_details": held}}
        diagnostics = {"success": success, "result": result, "expected": expected}
        if success:
            return Judgement(Outcome.PASSED, "", diagnostics)
        return Judgement(violated(self.action), f"got {got}, expected {expected}", diagnostics)


def _near(value: float, bounds: Bounds) -> bool:
    low, high = (
        -math.inf if bounds.least is None else bounds.least,
        math.inf if bounds.most is None else bounds.most,
    )
    return _is_close(value, low) or _is_close(value, high) or low <= value <= high


def _is_close(one: float, other: float) -> bool:
    """Whether numpy's `isclose` holds with the library's tolerances."""
    if math.isinf(one) or math.isinf(other):
        return one == other
    return abs(one - other) <= 1e-8 + CLOSE * abs(other)


def quantiles(asked: Asked) -> Check:
    """`expect_column_quantile_values_to_be_between`."""
    column = asked.typed(Family.NUMBER)
    ranges = asked.kwargs.get("quantile_ranges")
    how = asked.kwargs.get("allow_relative_error") or "nearest"
    if not isinstance(ranges, dict) or set(ranges) != {"quantiles", "value_ranges"}:
        raise Untranslatable
    if not isinstance(how, str) or how not in BETWEEN:
        raise Untranslatable
    shares, wanted = ranges["quantiles"], ranges["value_ranges"]
    if not isinstance(shares, list) or not isinstance(wanted, list) or not shares or len(shares) != len(wanted):
        raise Untranslatable
    places = tuple(float(number(share)) for share in shares)
    if not all(0 <= place <= 1 for place in places) or not all(isinstance(w, list) and len(w) == 2 for w in wanted):
        raise Untranslatable
    bounds = tuple(Bounds(_number(low), _number(high)) for low, high in wanted)
    if any(b.least is not None and b.most is not None and b.least > b.most for b in bounds):
        raise Untranslatable
    measure = Quantiles(column.value, places, how)
    return QuantilesWithin(identity=asked.identity, action=asked.action, column=column, measure=measure, ranges=bounds)


def _number(value: Any) -> int | float | None:  # noqa: ANN401 - as written
    return None if value is None else number(value)
