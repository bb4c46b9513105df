"""Expectations of which values a column holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lakegate.checks.expectations.aggregates import told
from lakegate.checks.expectations.asked import Asked, Column, Family, Untranslatable, day, members
from lakegate.checks.interface import Check, Found, Judgement, Outcome, unmeasured, violated
from lakegate.measures import Distinct, DistinctCounts, Measure, MostCommon, MostCommonValues, NotMeasured
from lakegate.predicates import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class DistinctValues(Check):
    """The different values of a column are among the listed ones, hold all of them, or both.

    `absent` counts those listed that no value of the column can be: null.
    """

    measure: Distinct
    only: bool
    every: bool
    absent: int

    def measures(self) -> tuple[Measure, ...]:
        """Return the different values, counted."""
        return (self.measure,)

    def judge(self, found: Found) -> Judgement:
        """Count values that are not listed, and listed ones that are no value."""
        answer = found.answers[self.measure]
        if isinstance(answer, NotMeasured):
            return unmeasured(answer)
        if not isinstance(answer, DistinctCounts):
            raise TypeError(f"an engine answered {answer!r} to {self.measure}")
        unexpected = answer.values - answer.listed
        missing = len(self.measure.listed) + self.absent - answer.listed
        result: dict[str, Any] = {"observed_value": None}
        result |= {"unexpected_count": unexpected} if self.only else {}
        result |= {"missing_count": missing} if self.every else {}
        success = not (self.only and unexpected) and not (self.every and missing)
        wants = {(True, False): "only listed values", (False, True): "every listed value"}
        expected = wants.get((self.only, self.every), "the listed values, each of them and no other")
        diagnostics = {"success": success, "result": result, "expected": expected}
        if success:
            return Judgement(Outcome.PASSED, "", diagnostics)
        got = [f"{unexpected:,} different values that are not listed"] if self.only and unexpected else []
        got += [f"{missing:,} listed values in no row"] if self.every and missing else []
        return Judgement(violated(self.action), f"got {' and '.join(got)}, expected {expected}", diagnostics)


def in_set(asked: Asked) -> Check:
    """`expect_column_distinct_values_to_be_in_set`."""
    if not asked.kwargs.get("value_set"):
        raise Untranslatable
    return _distinct(asked, only=True, every=False)


def contain_set(asked: Asked) -> Check:
    """`expect_column_distinct_values_to_contain_set`."""
    return _distinct(asked, only=False, every=True)


def equal_set(asked: Asked) -> Check:
    """`expect_column_distinct_values_to_equal_set`."""
    return _distinct(asked, only=True, every=True)


def _distinct(asked: Asked, *, only: bool, every: bool) -> Check:
    column = asked.typed(Family.TEXT, Family.NUMBER, Family.BOOLEAN, Family.DATE)
    listed = _values(asked, column)
    return DistinctValues(
        identity=asked.identity,
        action=asked.action,
        measure=Distinct(column.value, listed),
        only=only,
        every=every,
        absent=int(None in asked.kwargs["value_set"]),
    )


def _values(asked: Asked, column: Column) -> tuple[Literal, ...]:
    """Return the listed values; here the library reads text as dates."""
    values = asked.kwargs.get("value_set")
    if column.family is not Family.DATE:
        return members(values, column)
    if not isinstance(values, list | tuple):
        raise Untranslatable
    return tuple(dict.fromkeys(day(value) for value in values if value is not None))


@dataclass(frozen=True, slots=True, kw_only=True)
class MostCommonValue(Check):
    """The value that stands in the most rows is listed; where several share that place, one of them if `ties`."""

    column: Column
    measure: MostCommon
    ties: bool

    def measures(self) -> tuple[Measure, ...]:
        """Return the most common values."""
        return (self.measure,)

    def judge(self, found: Found) -> Judgement:
        """Look for a most common value among the listed ones."""
        answer = found.answers[self.measure]
        if isinstance(answer, NotMeasured):
            return unmeasured(answer)
        if not isinstance(answer, MostCommonValues):
            raise TypeError(f"an engine answered {answer!r} to {self.measure}")
        success = answer.listed > 0 and (self.ties or answer.values == 1)
        first = [told(value) for value in answer.first]
        quoted = ", ".join(map(str, first[:5])) or "no value"
        return Judgement(
            *self._parts(success=success, answer=answer, observed=first, got=quoted),
            quotes=(self.column.declared.name,),
            sampled=True,
            discreet=Judgement(*self._parts(success=success, answer=answer, observed=None, got="others")),
        )

    def _parts(
        self, *, success: bool, answer: MostCommonValues, observed: list[Any] | None, got: str
    ) -> tuple[Outcome, str, dict[str, Any]]:
        expected = "a listed value to be the most common" + ("" if self.ties else ", alone")
        details = {"values": answer.values, "listed": answer.listed}
        result = {"observed_value": observed, "details": details}
        diagnostics = {"success": success, "result": result, "expected": expected}
        if success:
            return Outcome.PASSED, "", diagnostics
        shared = f"{answer.values:,} most common values, {answer.listed:,} of them listed: {got}"
        return violated(self.action), f"got {shared}, expected {expected}", diagnostics


def most_common(asked: Asked) -> Check:
    """`expect_column_most_common_value_to_be_in_set`."""
    column = asked.typed(Family.TEXT, Family.NUMBER, Family.BOOLEAN)
    return MostCommonValue(
        identity=asked.identity,
        action=asked.action,
        column=column,
        measure=MostCommon(column.value, members(asked.kwargs.get("value_set"), column)),
        ties=asked.flag("ties_okay"),
    )
