"""Rules of the standard's `quality` lists: a measured number held against an operator, SQL, and what is not run."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import Decimal

from lakegate.checks.interface import (
    Check,
    Found,
    Judgement,
    Outcome,
    band,
    not_applicable,
    passed,
    share,
    unmeasured,
    violated,
)
from lakegate.checks.table_wide import no_table
from lakegate.contract.model import Operator, Threshold
from lakegate.measures import Answer, CountWhere, DuplicateCounts, Duplicates, Measure, NotMeasured, RowCount
from lakegate.predicates import Value

SAID = {
    Operator.MUST_BE: "{}",
    Operator.MUST_NOT_BE: "anything but {}",
    Operator.GREATER: "more than {}",
    Operator.GREATER_OR_EQUAL: "at least {}",
    Operator.LESS: "less than {}",
    Operator.LESS_OR_EQUAL: "at most {}",
    Operator.BETWEEN: "between {} and {} (both allowed)",
    Operator.NOT_BETWEEN: "outside {} to {} (both refused)",
}


def said(threshold: Threshold, unit: str = "") -> str:
    """Return what a threshold expects, in words."""
    bound = threshold.bound if isinstance(threshold.bound, tuple) else (threshold.bound,)
    return SAID[threshold.operator].format(*(f"{_quoted(b)}{unit}" if b is not None else "null" for b in bound))


def _quoted(value: object) -> str:
    """Return a value as a report tells it: a text in quotes, so that '3' is seen to be no 3."""
    return repr(value) if isinstance(value, str) else str(value)


def band_of(threshold: Threshold) -> dict[str, float]:
    """Return the `band` that a threshold allows; of one that forbids a number, or a range, there is none."""
    bound = threshold.bound
    match threshold.operator:
        case Operator.MUST_BE:
            return band(bound, bound)
        case Operator.BETWEEN if isinstance(bound, tuple):
            return band(min(bound), max(bound))
        case Operator.GREATER | Operator.GREATER_OR_EQUAL:
            return band(bound, None)
        case Operator.LESS | Operator.LESS_OR_EQUAL:
            return band(None, bound)
        case _:
            return {}


def holds(threshold: Threshold, measured: Answer) -> bool:
    """Whether a measured value keeps the threshold. Compared by type: '10' is not 10, true is not 1 (SEMANTICS)."""
    value = _number(measured)
    bound = threshold.bound
    if isinstance(bound, tuple):
        low, high = sorted(Decimal(str(b)) for b in bound)
        inside = isinstance(value, Decimal) and low <= value <= high
        return isinstance(value, Decimal) and (inside == (threshold.operator is Operator.BETWEEN))
    limit = _number(bound)
    if threshold.operator is Operator.MUST_BE:
        return type(value) is type(limit) and value == limit
    if threshold.operator is Operator.MUST_NOT_BE:
        return not (type(value) is type(limit) and value == limit) and not isinstance(value, float)  # NaN
    if not isinstance(value, Decimal) or not isinstance(limit, Decimal):
        return False
    return {
        Operator.GREATER: value > limit,
        Operator.GREATER_OR_EQUAL: value >= limit,
        Operator.LESS: value < limit,
        Operator.LESS_OR_EQUAL: value <= limit,
    }[threshold.operator]


def _number(value: object) -> object:
    """Return numbers as Decimal, so that 0.1 is 0.1 and 1 equals 1.0; everything else, NaN too, as it is."""
    if isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value):
        return Decimal(str(value))
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryMetric(Check):
    """One of the standard's metrics: a count, or its percentage of all rows, held against an operator."""

    measure: CountWhere | Duplicates | RowCount
    threshold: Threshold
    percent: bool
    value: Value | None = None

    def measures(self) -> tuple[Measure, ...]:
        """Return the counted measure."""
        return (self.measure,)

    def judge(self, found: Found) -> Judgement:
        """Hold the number against the threshold. Of zero rows a count is 0 and a percentage is not applicable."""
        answer = found.answers[self.measure]
        if isinstance(self.measure, Duplicates) and self.measure.beside and (none := no_table(found)):
            return none
        if isinstance(answer, NotMeasured):
            return unmeasured(answer)
        total = found.count or 0
        if self.percent and not total:
            return not_applicable("there are no rows: a percentage of nothing")
        diagnostics: dict[str, object] = {"unit": "percent" if self.percent else "rows"}
        if isinstance(answer, DuplicateCounts):
            # SEMANTICS: in rows, repeated keys; in percent, surplus rows of all rows. The report tells all three.
            diagnostics |= {"keys": answer.keys, "surplus": answer.surplus, "rows": answer.rows}
            count = answer.surplus if self.percent else answer.keys
            diagnostics |= share(answer.rows, total)
        else:
            count = int(answer)  # type: ignore[arg-type]
            diagnostics |= share(count, total) if isinstance(self.measure, CountWhere) else {}
        number = Decimal(100 * count) / total if self.percent else Decimal(count)
        unit = " %" if self.percent else ""
        got = f"{_rounded(number)}{unit}"
        diagnostics |= {"value": float(number) if self.percent else count, "got": got, "expected": self._expected(unit)}
        diagnostics |= band_of(self.threshold)
        if holds(self.threshold, number):
            return passed(diagnostics)
        return Judgement(violated(self.action), f"got {got}, expected {self._expected(unit)}", diagnostics)

    def failing(self) -> Measure | None:
        """Return the counted measure where its rows are the bad ones: not for a mere row count."""
        return None if isinstance(self.measure, RowCount) else self.measure

    def subject(self) -> Value | None:
        """Return the property's value."""
        return self.value

    def _expected(self, unit: str) -> str:
        return said(self.threshold, unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRowCount(Check):
    """The rows of the whole table with this batch in it, held against an operator (SEMANTICS: `scope: table`)."""

    threshold: Threshold

    def measures(self) -> tuple[Measure, ...]:
        """Return the batch's own row count."""
        return (RowCount(),)

    def judge(self, found: Found) -> Judgement:
        """Add what the other batches hold."""
        answer = found.answers[RowCount()]
        if none := no_table(found):
            return none
        if isinstance(answer, NotMeasured):
            return unmeasured(answer)
        if found.elsewhere is None:
            return Judgement(Outcome.COULD_NOT_EVALUATE, "how many rows the table's other batches hold is not known")
        count = found.elsewhere + int(answer)  # type: ignore[arg-type]
        got, expected = f"{count:,}", said(self.threshold)
        diagnostics = {"unit": "rows", "value": count, "got": got, "expected": expected} | band_of(self.threshold)
        if holds(self.threshold, count):
            return passed(diagnostics)
        return Judgement(violated(self.action), f"got {got}, expected {expected}", diagnostics)


def _rounded(number: Decimal) -> str:
    """Return a number for people: whole as it is, else four digits, never rounded to a whole it does not reach."""
    if number == number.to_integral_value():
        return f"{number:,.0f}"
    short = f"{number:.4g}"
    return short if Decimal(short) != Decimal(short).to_integral_value() else f"{number:.10g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlRule(Check):
    """A query of the contract's own: its one cell held against an operator.

    `quotes` are the properties of which the cell may hold values; `discreet`: it may hold some that this contract does
    not know, of another dataset, and is told in no case.
    """

    query: Measure
    threshold: Threshold
    quotes: tuple[str, ...] = ()
    discreet: bool = False

    def measures(self) -> tuple[Measure, ...]:
        """Return the query."""
        return (self.query,)

    def judge(self, found: Found) -> Judgement:
        """Hold the cell against the threshold; NULL or no row fails with that reason (SEMANTICS: `sql`)."""
        answer = found.answers[self.query]
        if isinstance(answer, NotMeasured):
            return unmeasured(answer)
        expected = said(self.threshold)
        plain = isinstance(answer, int | str) or (isinstance(answer, float) and math.isfinite(answer))
        value = answer if plain else str(answer)  # a report is JSON, which has no NaN
        diagnostics = {"value": value, "got": _quoted(answer), "expected": expected} | band_of(self.threshold)
        kept = holds(self.threshold, answer)
        outcome = Outcome.PASSED if kept else violated(self.action)
        bare = Judgement(outcome, "" if kept else f"got another value, expected {expected}", {"expected": expected})
        if self.discreet:
            return bare
        told = Judgement(outcome, "" if kept else f"got {_quoted(answer)}, expected {expected}", diagnostics)
        return replace(told, quotes=self.quotes, discreet=bare) if self.quotes else told


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRun(Check):
    """A rule that is not run, and why: prose, or an engine we do not have. Never silently nothing."""

    why: str
    blocks: bool

    def judge(self, found: Found) -> Judgement:  # noqa: ARG002 - there is nothing to look at
        """Say why it was not checked."""
        if self.blocks:
            return Judgement(Outcome.UNSUPPORTED, f"not checked, because {self.why}")
        return not_applicable(f"not checked: {self.why}")
