"""Rules that hold row by row: no row may make a predicate true. Most of a contract is these."""

from __future__ import annotations

from dataclasses import dataclass

from lakegate.checks.interface import (
    Check,
    Found,
    Judgement,
    not_applicable,
    passed,
    share,
    unmeasured,
    violated,
)
from lakegate.measures import CountWhere, Measure, NotMeasured
from lakegate.predicates import Predicate, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRow(Check):
    """No row may make `violation` true. `got` and `expected` complete "got …, expected …"."""

    violation: Predicate
    value: Value | None
    got: str
    expected: str

    def measures(self) -> tuple[Measure, ...]:
        """Return the count of violating rows."""
        return (CountWhere(self.violation),)

    def judge(self, found: Found) -> Judgement:
        """Fail by the first violating row; nothing to say of no rows."""
        answer = found.answers[CountWhere(self.violation)]
        if isinstance(answer, NotMeasured):
            return unmeasured(answer)
        if not found.count:
            return not_applicable("there are no rows")
        failed = int(answer)  # type: ignore[arg-type]
        diagnostics = share(failed, found.count) | {"expected": self.expected}
        if not failed:
            return passed(diagnostics)
        return Judgement(violated(self.action), f"got {self.got}, expected {self.expected}", diagnostics)

    def failing(self) -> Measure:
        """Return the count of violating rows."""
        return CountWhere(self.violation)

    def subject(self) -> Value | None:
        """Return the value the rule speaks of."""
        return self.value
