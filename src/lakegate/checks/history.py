"""A number of the batch held against the same number of the batches before it.

The centre is the median of the earlier numbers, so that a few bad batches do not move it. How far a number lies from
it is said in percent of the median, or as a robust z-score (Iglewicz and Hoaglin, How to Detect and Handle Outliers,
1993): 0.6745 |x - median| / MAD, MAD being the median absolute deviation. Where more than half of the numbers are equal
MAD is 0; then the mean absolute deviation from the median stands for it, |x - median| / (1.253314 * deviation). Where
that is 0 too all earlier numbers are equal, and only the same number passes.
"""

from __future__ import annotations

import datetime as dt
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from lakegate.checks.interface import (
    Check,
    Found,
    Judgement,
    Outcome,
    band,
    not_applicable,
    passed,
    unmeasured,
    violated,
)
from lakegate.contract.own_rules import HistoryRule, Measured
from lakegate.measures import Answer, CountWhere, DistinctCounts, Measure, NotMeasured
from lakegate.past import EarlierBatch, Past

OF_MAD = 0.6745  # what makes the median absolute deviation of a normal distribution its standard deviation
OF_MEAN_DEVIATION = 1.253314  # the same of the mean absolute deviation
COUNTS = frozenset({Measured.ROW_COUNT, Measured.NULL_SHARE, Measured.DISTINCT})  # numbers that quote no value
UNITS = {Measured.ROW_COUNT: "rows", Measured.NULL_SHARE: "percent", Measured.FRESHNESS: "hours"}
NO_LAKE = "there is no lake whose earlier batches it could be compared with"


@dataclass(frozen=True, slots=True, kw_only=True)
class History(Check):
    """A number of the batch is like that of the batches before it."""

    rule: HistoryRule
    measure: Measure
    of_whole_batch = True

    def measures(self) -> tuple[Measure, ...]:
        """Return what the number is made of."""
        return (self.measure,)

    def kept(self, found: Found) -> tuple[str, float | None] | None:
        """Return the number under its name, also where there is no history yet: so it can begin."""
        number = self._number(found)
        if isinstance(number, Judgement):
            return None
        return self.rule.number, number if _finite(number) else None

    def compared(self, past: Past) -> tuple[EarlierBatch, ...]:
        """Return the batches whose numbers the rule looks at: the last ones that have the number."""
        told = [
            earlier
            for earlier in past.batches
            if _finite(earlier.numbers.get(self.rule.number))
            and (not self.rule.same_weekday or _same_weekday(earlier.day, past.day))
        ]
        return tuple(told[-self.rule.batches :])

    def judge(self, found: Found) -> Judgement:
        """Compare the number with those of the earlier batches."""
        number = self._number(found)
        if isinstance(number, Judgement):
            return number
        if number is None:
            return not_applicable("there are no rows" if not found.count else "there is no number to compare")
        told: dict[str, Any] = {"measure": self.rule.number, "value": number}
        if unit := UNITS.get(self.rule.measure):
            told["unit"] = unit
        return self._guarded(self._compared(number, found.past, told))

    def _compared(self, number: float, past: Past | None, told: dict[str, Any]) -> Judgement:
        if not math.isfinite(number):
            told["value"] = str(number)
            return Judgement(violated(self.action), f"got {number}, expected a finite number", told)
        if past is None:
            return replace(not_applicable(NO_LAKE), diagnostics=told)
        if self.rule.same_weekday and past.day is None:
            reason = "the batch key holds no date (YYYY-MM-DD), so no batches of the same weekday can be found"
            return Judgement(Outcome.COULD_NOT_EVALUATE, reason, told)
        batches = self.compared(past)
        earlier = [value for one in batches if (value := one.numbers[self.rule.number]) is not None]
        told |= {"batches": [one.batch for one in batches], "numbers": earlier}
        if len(earlier) < self.rule.least:
            kind = "batches of the same weekday" if self.rule.same_weekday else "batches"
            reason = f"too little history: {len(earlier)} of {self.rule.least} {kind}"
            return replace(not_applicable(reason), diagnostics=told)
        return self._held(number, earlier, told)

    def _held(self, number: float, earlier: Sequence[float], told: dict[str, Any]) -> Judgement:
        """Hold the number against its bound."""
        median = statistics.median(earlier)
        told |= {"median": median, "got": _shown(number)}
        usual = f"{_shown(median)}, the median of {len(earlier)} earlier batches"
        if self.rule.max_change is not None:
            holds, change = _change(number, median, self.rule.max_change)
            far = abs(median) * float(self.rule.max_change) / 100
            told |= band(median - far, median + far)
            told |= {
                "change": change,
                "bound": float(self.rule.max_change),
                "expected": f"within {self.rule.max_change} % of {usual}",
            }
            how = "no percentage of 0" if change is None else f"a change of {change:+.4g} %"
        else:
            bound = self.rule.max_z_score or 0.0
            spread, score = _score(number, median, earlier)
            told |= band(*_allowed(median, earlier, bound))
            holds = score is not None and score <= bound
            told |= {
                "spread": spread,
                "z": score,
                "bound": bound,
                "expected": f"a z-score of at most {bound:g} from {usual}",
            }
            how = "they are all equal" if score is None else f"a z-score of {score:.4g}"
        if holds:
            return passed(told)
        return Judgement(violated(self.action), f"got {told['got']} ({how}), expected {told['expected']}", told)

    def _number(self, found: Found) -> float | Judgement | None:
        """Return the number, None where there is none, or why it was not measured."""
        answer = found.answers[self.measure]
        if isinstance(answer, NotMeasured):
            return unmeasured(answer)
        if isinstance(self.measure, CountWhere):
            return 100 * int(answer) / found.count if found.count else None  # type: ignore[arg-type]
        if isinstance(answer, DistinctCounts):
            return float(answer.values) if found.count else None
        if answer is None or (self.rule.measure is Measured.SUM and not found.count):
            return None
        return self._as_number(answer, found.as_of)

    def _as_number(self, answer: Answer, as_of: dt.datetime | None) -> float | Judgement:
        if self.rule.measure is not Measured.FRESHNESS:
            if isinstance(answer, int | float | Decimal) and not isinstance(answer, bool):
                return float(answer)
            return Judgement(Outcome.FAILED, f"got a {type(answer).__name__}, expected a number")
        if isinstance(answer, dt.datetime) and as_of is not None:
            return (as_of - answer).total_seconds() / 3600
        return Judgement(Outcome.FAILED, f"got a {type(answer).__name__}, expected a date or timestamp")

    def _guarded(self, judgement: Judgement) -> Judgement:
        """Return the judgement, which tells no number of values that are hidden."""
        if self.rule.measure in COUNTS or self.rule.column is None:
            return judgement
        holding = judgement.outcome in {Outcome.PASSED, Outcome.NOT_APPLICABLE, Outcome.COULD_NOT_EVALUATE}
        reason = judgement.reason if holding else "it is not like those of the earlier batches"
        bare = {key: judgement.diagnostics[key] for key in ("measure", "batches") if key in judgement.diagnostics}
        return replace(judgement, quotes=(self.rule.column,), discreet=Judgement(judgement.outcome, reason, bare))


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshnessHistory(History):
    """The age of the newest value, at the pinned instant, is like that of the batches before it."""

    reads_clock = True


def _finite(number: float | None) -> bool:
    return number is not None and math.isfinite(number)


def _same_weekday(one: dt.date | None, other: dt.date | None) -> bool:
    return one is not None and other is not None and one.weekday() == other.weekday()


def _change(number: float, median: float, most: Decimal) -> tuple[bool, float | None]:
    """Return whether the number lies within `most` percent of the median, and by how many percent it differs.

    Compared as the decimals that they are written as, so that 0.12 is within 20 percent of 0.1. None: of a median of 0.
    """
    exact, centre = Fraction(repr(number)), Fraction(repr(median))
    if centre == 0:
        return exact == 0, 0.0 if exact == 0 else None
    change = 100 * (exact - centre) / abs(centre)
    return abs(change) <= Fraction(most), float(change)


def _score(number: float, median: float, earlier: Sequence[float]) -> tuple[float, float | None]:
    """Return the spread of the earlier numbers and the robust z-score of the number; None where they are all equal and
    it is another.
    """
    deviations = [abs(value - median) for value in earlier]
    if mad := statistics.median(deviations):
        return mad, OF_MAD * abs(number - median) / mad
    if deviation := statistics.fmean(deviations):
        return deviation, abs(number - median) / (OF_MEAN_DEVIATION * deviation)
    return 0.0, 0.0 if number == median else None


def _allowed(median: float, earlier: Sequence[float], bound: float) -> tuple[float, float]:
    """Return from where to where the robust z-score is at most `bound`."""
    deviations = [abs(value - median) for value in earlier]
    mad = statistics.median(deviations)
    far = bound * (mad / OF_MAD if mad else OF_MEAN_DEVIATION * statistics.fmean(deviations))
    return median - far, median + far


def _shown(number: float) -> str:
    """Return a number for people: whole as it is, else four digits or as many as it takes."""
    return f"{number:,.0f}" if number == int(number) and abs(number) < 1e15 else f"{number:.6g}"
