"""The occasion of a verdict, as it stands in the lake: written once, before the pages that tell it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lakegate.checks.interface import Outcome
from lakegate.errors import LakegateError
from lakegate.lake import zones
from lakegate.lake.interface import Lake
from lakegate.publish.run_pages import RUN
from lakegate.reports.changes import since
from lakegate.reports.datasets.runs import PastRun
from lakegate.reports.occasion import Occasion, Since
from lakegate.reports.occasion_json import of_json, to_json
from lakegate.verdict import Verdict

FAILING = frozenset({Outcome.FAILED, Outcome.WAIVED, Outcome.WARNED, Outcome.SET_APART, Outcome.INFORMED})


@dataclass(frozen=True, slots=True)
class Took:
    """How long a verdict took, in seconds: from the first byte read, and of these since everything had arrived."""

    seconds: float
    judging: float


def occasion(
    lake: Lake,
    verdict: Verdict,
    took: Took,
    write_id: str,
    recent: Callable[[Lake, str], Sequence[PastRun]],
) -> Occasion | None:
    """Return the occasion of a verdict over a batch: what stands in its `run.json`, written here if nothing does.

    None where what stands there cannot be read: it is not written again. A history (`recent`) that cannot be read
    leaves `since` unknown, and disturbs nothing. Raises LakeError where the lake cannot be read or written.
    """
    key = zones.report(verdict.dataset, verdict.batch or "", verdict.report_id) + RUN
    standing = lake.read(key)
    if standing is None:
        at = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        made = Occasion(at, round(took.seconds, 3), round(took.judging, 3), _since(lake, verdict, recent))
        if lake.put_if_absent(key, to_json(made).encode(), write_id):
            return made
        standing = lake.read(key)
    try:
        return of_json(standing or b"")
    except ValueError:
        return None


def failing(verdict: Verdict) -> tuple[str, ...]:
    """Return the keys of the checks that do not hold, whatever that does to the gate, in the contract's order."""
    return tuple(result.key for result in verdict.results if result.outcome in FAILING)


def _since(lake: Lake, verdict: Verdict, recent: Callable[[Lake, str], Sequence[PastRun]]) -> Since | None:
    """Return what changed since the runs before, None where their history cannot be read."""
    try:
        runs = recent(lake, verdict.dataset)
    except (LakegateError, ValueError):
        return None
    holding = {result.key for result in verdict.results if result.outcome is Outcome.PASSED}
    return since(failing(verdict), verdict.batch or "", runs, holding=holding)
