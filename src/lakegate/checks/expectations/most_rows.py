"""What rules of rows come to: of the rows that count, a share must keep the rule."""

from __future__ import annotations

from dataclasses import dataclass

from lakegate.checks.interface import Check, Found, Judgement, Outcome, rows_told, share, unmeasured, violated
from lakegate.measures import CountWhere, DuplicateCounts, Duplicates, Measure, NotMeasured, RepeatedRows
from lakegate.predicates import Predicate, Value


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
        diagnostics |= {"high": 100 - 100 * self.mostly}  # of `unexpected_percent`
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
