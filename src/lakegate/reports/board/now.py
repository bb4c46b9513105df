"""Where every dataset stands now: the values of the board, its feed and the badges."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lakegate.reports.summary import Standing

STRIP = 30  # batches whose last verdicts are shown in a row
BLOCKED_SHOWN = 20  # of a dataset's runs that blocked: in the feed, and by name on its page


class State(StrEnum):
    """Where a dataset stands, in the words of whoever reads. What must be acted on comes first."""

    BLOCKED = "blocked"  # a batch is kept out now
    COULD_NOT_EVALUATE = "could not evaluate"  # of the last batch nothing is known
    WAIVED = "waived"  # the last batch came in although it violates its contract
    PASSED_WITH_WARNINGS = "passed with warnings"
    PASSED = "passed"
    EMPTY = "nothing arrived"

    @property
    def slug(self) -> str:
        """The word as one token, for class names; those of `summary.Standing` where they are the same."""
        return "neutral" if self is State.EMPTY else self.value.replace(" ", "-")


@dataclass(frozen=True, slots=True)
class BatchMark:
    """One batch in the strip: its last verdict."""

    batch: str
    standing: Standing
    report: str  # its folder in the lake, with its `/`; empty where there is none


@dataclass(frozen=True, slots=True)
class BlockedRun:
    """One run that kept a batch out, for the feed."""

    id: str
    batch: str
    at: str  # ISO 8601, UTC
    standing: Standing
    message: str
    report: str
    resolved: bool  # whether the batch came in since


@dataclass(frozen=True, slots=True)
class DatasetNow:
    """One dataset. `batch`, `message`, `report` and `since` are about what `state` says; times are ISO 8601, UTC."""

    dataset: str
    zone: str
    title: str
    owner: str | None = None
    domain: str | None = None
    contract_version: str = ""
    state: State = State.EMPTY
    since: str = ""  # blocked: when the oldest batch that is kept out was judged; else when the state began
    batch: str = ""
    message: str = ""
    report: str = ""
    kept_out: int = 0  # batches
    last_batch: str = ""  # that came in last
    last_at: str = ""
    last_rows: int | None = None
    last_report: str = ""
    fresh_for: int | None = None  # seconds after `last_at` until the next has to be in; None: nothing is promised
    runs: int = 0  # in all
    strip: tuple[BatchMark, ...] = ()  # of the last `STRIP` batches, the oldest first
    blocked: tuple[BlockedRun, ...] = ()  # the last `BLOCKED_SHOWN`, the newest first
    upstream: tuple[str, ...] = ()
    downstream: tuple[str, ...] = ()
