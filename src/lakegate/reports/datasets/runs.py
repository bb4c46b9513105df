"""What later pages tell of one run of a gate: values that are kept in a dataset's history."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lakegate.reports.summary import Standing


class RunState(StrEnum):
    """What a run did with its batch."""

    COMMITTED = "committed"
    PASSED = "passed"  # judged, and not let in yet
    HELD = "held"  # in quarantine
    CONFLICT = "conflict"  # another batch is committed under its key; it was not judged
    UNDECIDED = "undecided"  # nothing was decided about the data


@dataclass(frozen=True, slots=True)
class Measured:
    """A number that a check judged, and what it had to lie between; None: no such end.

    `unit` is `percent` (0-100, of all rows), `rows`, or what the rule itself measures (`value`).
    """

    value: float
    low: float | None = None
    high: float | None = None
    unit: str = "value"


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run over one batch. Runs are ordered by `at`, then `id`; of one batch the last one by `settled` counts."""

    id: str  # the report's; of a conflict, which has none, the judgement's
    batch: str
    at: str  # ISO 8601, UTC, `2026-11-28T10:42:08.212Z`: when it was judged first
    standing: Standing
    state: RunState
    message: str  # one sentence, without values of the data
    rows: int | None = None  # that go on; None where the batch could not be read
    set_apart: int = 0  # rows
    counts: Mapping[str, int] = dataclasses.field(default_factory=dict)  # checks by outcome, none that is nought
    failing: tuple[str, ...] = ()  # keys of the checks that do not hold, whatever that does to the gate
    measured: Mapping[str, Measured] = dataclasses.field(default_factory=dict)  # by the check's key
    nulls: Mapping[str, int] = dataclasses.field(default_factory=dict)  # rows that arrived with null, by property
    contract_sha256: str = ""
    contract_version: str = ""
    slot: int | None = None  # None: not committed by this run
    report: str = ""  # the report's folder in the lake, with its `/`; empty where there is none
    seconds: float | None = None  # that the gate took; None: not known
    committed: str = ""  # when its slot was, by the store's clock; ISO 8601, UTC; empty: not committed by this run

    @property
    def arrived(self) -> int | None:
        """How many rows came, those set apart among them; None where the batch could not be read."""
        return None if self.rows is None else self.rows + self.set_apart

    @property
    def order(self) -> tuple[str, str]:
        """Where the run stands among others."""
        return (self.at, self.id)

    @property
    def settled(self) -> tuple[str, str]:
        """When it had its say last: what it judged may be committed long after, and after others. Of a batch, the run
        that is last by this counts.
        """
        return (max(self.at, self.committed), self.id)

    @property
    def blocks(self) -> bool:
        """Whether it kept its batch out."""
        return self.state not in (RunState.COMMITTED, RunState.PASSED)
