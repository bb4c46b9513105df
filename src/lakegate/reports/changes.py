"""What changed with a run: which checks hold no more, which still do not, and which hold again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from lakegate.reports.datasets.runs import PastRun, RunState
from lakegate.reports.occasion import Since

JUDGED = frozenset({RunState.COMMITTED, RunState.PASSED, RunState.HELD})


def since(
    failing: Iterable[str], batch: str, recent: Sequence[PastRun], *, holding: Collection[str] = frozenset()
) -> Since:
    """Return what changed with a run over `batch` since those before it; `recent` has the newest first.

    `failing` are keys of the checks that do not hold now, `holding` of those that do; what was not checked is neither.
    A check still does not hold since the oldest run of the unbroken row in which it did not, over whatever batch that
    was; with no such run it is new. One that did not hold the last time it was asked, and does now, is mended. A run in
    which this very batch passed and was not let in yet is no run before it.
    """
    before = [run for run in recent if not (run.batch == batch and run.state is RunState.PASSED)]
    now = dict.fromkeys(failing)
    rows = {key: [run.batch for run in _row(key, before)] for key in now}
    past = dict.fromkeys(key for run in before for key in run.failing)
    runs = next((number for number, run in enumerate(before) if not run.blocks), len(before))
    last = before[runs] if runs < len(before) else None
    return Since(
        passed=last.batch if last else "",
        report=last.report if last else "",
        runs=runs,
        new=tuple(key for key, row in rows.items() if not row),
        still={key: row[-1] for key, row in rows.items() if row},
        mended=tuple(key for key in past if key in holding and key not in now and any(_row(key, before))),
    )


def _row(key: str, recent: Sequence[PastRun]) -> Iterator[PastRun]:
    """Yield the runs before this one in which a check did not hold, the newest first, up to one in which it did.

    A run that names it is one of them. One that does not, and in which nothing was decided or the batch could not be
    read, says nothing of it.
    """
    for run in recent:
        if key in run.failing:
            yield run
        elif run.state in JUDGED and run.rows is not None:
            return
