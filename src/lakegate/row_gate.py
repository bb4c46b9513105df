"""Row-level gates: the rows that break a rule are set apart, the others go on by a verdict of their own.

A batch is judged whole. Where checks about rows fail, and the contract lets such rows be held back, they are written
apart, and what is left is judged again: what is committed keeps its contract by a verdict over exactly these rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from lakegate.checks.derive import checks_of
from lakegate.checks.interface import Check, Outcome, band, rows_told, share
from lakegate.checks.set_apart import sets_apart
from lakegate.contract.model import Budget
from lakegate.engines.interface import Engine
from lakegate.engines.split import Split, Without
from lakegate.intake.files import NativeFile
from lakegate.judge import Judged, Options, Subject, judge
from lakegate.libraries.guests import Guests
from lakegate.made import Made
from lakegate.measures import Fault, Measure, NotMeasured
from lakegate.rows import Rows
from lakegate.verdict import OF_ONWARD, ROWS_ADD_UP, CheckResult, SetApart, Verdict

NOTHING = Budget(Decimal(0), "rows")  # where no `max_rejected` is said; lint asks for one


@dataclass(frozen=True, slots=True)
class Asked:
    """What is judged beside what, and by whom: everything that `judge.judge` takes but the rows of the batch.

    `itself` is the name under which `others` holds the batch's own rows. `opened` turns files that were written here
    into rows, in `folder`, which is private and empty.
    """

    subject: Subject
    itself: str
    others: Mapping[str, Rows]
    engine: Engine
    options: Options
    guests: Guests | None
    opened: Callable[[Sequence[NativeFile]], Rows]
    folder: Path

    def judge(self, rows: Rows, options: Options) -> Judged:
        """Judge rows as the batch."""
        others = {**self.others, self.itself: rows}
        return judge(self.subject, rows, others, self.engine, options, self.guests)


@dataclass(frozen=True, slots=True)
class Gated:
    """The verdict, what was made beside it, and the rows that go on."""

    verdict: Verdict
    made: Made
    rows: Rows


def gated(asked: Asked, rows: Rows) -> Gated:
    """Judge a batch; set rows apart where its contract says so, as many as it says. Raises as `judge.judge`.

    A table in memory is judged and left whole. Where nothing breaks a rule, nothing is done beside judging.
    """
    whole = asked.judge(rows, asked.options)
    as_it_is = Gated(whole.verdict, Made(measured=whole.kept), rows)
    rules = _breaking(asked.subject, whole.verdict)
    if not rules or not rows.parts or whole.verdict.rows is None:
        return as_it_is
    budget, height = asked.subject.contract.gate.max_rejected or NOTHING, whole.verdict.rows
    at_least = max(int(result.diagnostics["failed"]) for _, result, _ in rules)
    if not budget.allows(at_least, height):
        return replace(as_it_is, verdict=_over(whole.verdict, budget, at_least, exact=False))
    wanted = [(result.key, measure) for _, result, measure in rules]
    others = {**asked.others, asked.itself: rows}
    split = asked.engine.split(rows, others, wanted, lambda count: budget.allows(count, height), asked.folder)
    if isinstance(split, NotMeasured):
        return replace(as_it_is, verdict=_kept_whole(whole.verdict, budget, split))
    if not budget.allows(split.rows, height):
        return replace(as_it_is, verdict=_over(whole.verdict, budget, split.rows, exact=True))
    left = _left(asked, rows, split)
    if isinstance(left, NotMeasured):
        return replace(as_it_is, verdict=_kept_whole(whole.verdict, budget, left))
    return _without(asked, left, whole, split, budget)


def _without(asked: Asked, left: Rows, whole: Judged, split: Split, budget: Budget) -> Gated:
    """Judge what is left, and put the two verdicts together."""
    as_of = whole.verdict.context.as_of
    options = replace(asked.options, as_of=dt.datetime.fromisoformat(as_of)) if as_of else asked.options
    again = asked.judge(left, options)
    before, height = whole.verdict, whole.verdict.rows or 0
    after = again.verdict
    add_up = _adds_up(before, after.rows, split)
    first = {result.key: result for result in before.results}
    of_whole = {check.identity.key for check in _checks(asked.subject) if check.of_whole_batch}
    told = []
    for result in after.results:
        was = first.get(result.key, result)
        if result.key in split.rules and result.outcome in (Outcome.PASSED, Outcome.NOT_APPLICABLE):
            told.append(replace(was, outcome=Outcome.SET_APART))
        else:
            told.append(was if result.key in of_whole else result)
    said = f"{rows_told(split.rows)} of {height:,} ({_percent(split.rows, height)}) set apart"
    numbers = _numbers(split.rows, height, budget)
    allowed = _result(before, "maxRejected", _most(budget), Outcome.PASSED, said, numbers)
    apart = SetApart(height, after.rows or 0, split.rows, split.rules)
    verdict = replace(after, results=(*told, allowed, add_up), set_apart=apart, profile=before.profile)
    if not verdict.passes:
        return Gated(_still_wrong(before, verdict), Made(), left)
    return Gated(verdict, Made(split.accepted, split.rejected, measured=again.kept), left)


def _still_wrong(before: Verdict, verdict: Verdict) -> Verdict:
    """Return the verdict over a batch whose rows that would go on do not keep the contract: all of it is kept out.

    Nothing is set apart then: every rule that a row breaks is told as failed.
    """
    first = {result.key: result for result in before.results}
    told = []
    for result in verdict.results:
        was = first.get(result.key)
        if result.outcome is Outcome.SET_APART and was is not None:
            told.append(was)
        elif result.outcome is Outcome.FAILED and was is not None and was.outcome is not Outcome.FAILED:
            told.append(replace(result, reason=f"{result.reason}{OF_ONWARD}"))
        elif result.type == "maxRejected":
            reason = "the rows that would go on do not keep the contract: nothing is set apart"
            told.append(replace(result, outcome=Outcome.NOT_APPLICABLE, reason=reason))
        else:
            told.append(result)
    return replace(verdict, results=tuple(told), rows=before.rows, set_apart=None)


def _left(asked: Asked, rows: Rows, split: Split) -> Rows | NotMeasured:
    """Return the rows that go on: the files without a bad row as they are, the others as they were written.

    Those are rows of the same columns and types, or it is said why not: nothing goes on but what arrived.
    """
    if not split.rejected:
        return NotMeasured(Fault.ENGINE, "no row was found that breaks a rule, but rows were counted that do")
    written = asked.opened([NativeFile(file.name, file.local) for file in split.accepted])
    if written.defects:
        return NotMeasured(Fault.ENGINE, f"what was written of the rows that go on: {written.defects[0].message}")
    held = {file.name: Without(file.local) for file in split.rejected}
    by_name = {part.name: replace(part, records=held[part.name]) for part in written.parts}
    parts = tuple(by_name.get(part.name, part) for part in rows.parts)
    for arrived, part in zip(rows.parts, parts, strict=True):
        for (column, kind), (_, now) in zip(arrived.types, part.types, strict=True):
            if kind != now:
                reason = f"{arrived.name} cannot be written without its bad rows: column {column!r} is {kind.name}"
                return NotMeasured(Fault.DATA, f"{reason}, and would be {now.name}")
    return replace(rows, parts=parts)


def _checks(subject: Subject) -> tuple[Check, ...]:
    return checks_of(subject.contract, subject.obj, subject.neighbours)


def _breaking(subject: Subject, verdict: Verdict) -> list[tuple[Check, CheckResult, Measure]]:
    """Return the checks that failed by rows which the contract lets be set apart, what they came to, whose rows."""
    failed = {result.key: result for result in verdict.results if result.outcome is Outcome.FAILED}
    found: list[tuple[Check, CheckResult, Measure]] = []
    for check in _checks(subject) if failed else ():
        result, measure = failed.get(check.identity.key), check.failing()
        if result is None or measure is None or not sets_apart(check, subject.contract):
            continue
        if result.diagnostics.get("failed"):
            found.append((check, result, measure))
    return found


# --- results of its own -----------------------------------------------------------------------------------------


def _most(budget: Budget) -> str:
    return (
        f"at most {budget} of the batch are set apart"
        if budget.unit == "percent"
        else f"at most {budget} are set apart"
    )


def _numbers(count: int, total: int, budget: Budget) -> dict[str, Any]:
    """Return the diagnostics of rows to be set apart, and of how many may be, in the budget's own unit."""
    told: dict[str, Any] = share(count, total) | band(None, budget.amount)
    return told if budget.unit == "percent" else told | {"unit": "rows", "value": count}


def _percent(count: int, total: int) -> str:
    number = 100 * count / total if total else 0.0
    return f"{number:.2g} %" if number < 10 else f"{number:.0f} %"


def _over(verdict: Verdict, budget: Budget, count: int, *, exact: bool) -> Verdict:
    """Return the verdict over a batch in which too many rows break rules: all of it is kept out, nothing is written."""
    total = verdict.rows or 0
    got = f"{'' if exact else 'at least '}{rows_told(count)} of {total:,} ({_percent(count, total)})"
    reason = f"got {got} that break rules, expected at most {budget}: the whole batch is kept out"
    diagnostics = _numbers(count, total, budget) if exact else {"failed": count, "total": total}
    diagnostics |= {"expected": f"at most {budget}"}
    return _with(verdict, _result(verdict, "maxRejected", _most(budget), Outcome.FAILED, reason, diagnostics))


def _kept_whole(verdict: Verdict, budget: Budget, why: NotMeasured) -> Verdict:
    """Return the verdict over a batch whose bad rows could not be set apart."""
    return _with(verdict, _result(verdict, "maxRejected", _most(budget), Outcome.COULD_NOT_EVALUATE, why.reason))


def _adds_up(verdict: Verdict, accepted: int | None, split: Split) -> CheckResult:
    """Return whether no row was lost or doubled, by what was written and read again."""
    name = "rows in are rows that go on and rows set apart"
    diagnostics = {"rows": verdict.rows, "accepted": accepted, "rejected": split.rows}
    if accepted is not None and accepted + split.rows == verdict.rows:
        told = f"{verdict.rows:,} = {accepted:,} + {split.rows:,}"
        return _result(verdict, ROWS_ADD_UP, name, Outcome.PASSED, told, diagnostics)
    reason = f"got {accepted} rows that go on and {split.rows} set apart, expected {verdict.rows} together"
    return _result(verdict, ROWS_ADD_UP, name, Outcome.COULD_NOT_EVALUATE, reason, diagnostics)


def _result(
    verdict: Verdict,
    kind: str,
    name: str,
    outcome: Outcome,
    reason: str,
    diagnostics: Mapping[str, object] | None = None,
) -> CheckResult:
    key = f"{verdict.model}.{kind}"
    told = diagnostics or {}
    return CheckResult(key, "batch", kind, name, verdict.model, None, None, None, outcome, reason, told)


def _with(verdict: Verdict, result: CheckResult) -> Verdict:
    return replace(verdict, results=(*verdict.results, result))
