"""P5: ask the judge, hold its answer against the question and against the waivers, write the report."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lakegate.checks.interface import Outcome
from lakegate.errors import CouldNotEvaluate
from lakegate.gate import set_apart, waiver
from lakegate.gate.arrivals import Drop, Markers, Route
from lakegate.gate.spool import SpooledBatch
from lakegate.gate.uploaders import also_before, uploaders
from lakegate.gate.waiver import Answer, Asked
from lakegate.lake import zones
from lakegate.lake.interface import Lake
from lakegate.made import NOTHING, Made
from lakegate.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, what makes a report of it (file name -> bytes), and what was made beside it."""

    verdict: Verdict
    render: Callable[[Verdict], Mapping[str, bytes]]
    made: Made = NOTHING


Judge = Callable[[SpooledBatch], Judged]


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of asking. `waivers` is what those of the batch came to; `uploaders` are looked up where it may be
    waived, and else empty.
    """

    judged: Judged
    waivers: Answer
    uploaders: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The verdict that counts: with waivers that hold, the waived one."""
        return self.waivers.verdict


@dataclass(frozen=True, slots=True)
class Arrival:
    """What lies under a drop, and where it would go: what is looked at where a waiver is asked for its approver."""

    route: Route
    drop: Drop
    markers: Markers
    now: dt.datetime  # UTC


def answered(judge: Judge, lake: Lake, batch: SpooledBatch, arrival: Arrival) -> Answered:
    """Ask the judge about a batch; where it violates its contract, ask the waivers.

    A gate never opens by mistake: raises CouldNotEvaluate where the verdict is of something else, or passes over what
    is wrong with the arrival or with the rows set apart; and what the judge and the lake raise.
    """
    judged = judge(batch)
    verdict = judged.verdict
    asked, got = (batch.digest, arrival.route.contract_sha256), (verdict.digest, verdict.contract_sha256)
    if asked != got:
        raise CouldNotEvaluate(f"the verdict is of another batch or contract: got {got}, expected {asked}")
    if verdict.waivers or verdict.counts[Outcome.WAIVED]:
        raise CouldNotEvaluate("the verdict is waived already, and only the gate asks the waivers")
    told = _with_waivers(judged, lake, batch, arrival)
    if told.verdict.passes:
        set_apart.check(told.verdict, judged.made)
    if batch.findings and told.verdict.passes:
        raise CouldNotEvaluate(f"the verdict passes over what is wrong with the arrival: {batch.findings[0].reason}")
    return told


def _with_waivers(judged: Judged, lake: Lake, batch: SpooledBatch, arrival: Arrival) -> Answered:
    """Look for waivers where the contract allows them and the batch violates it."""
    verdict, route = judged.verdict, arrival.route
    if verdict.exit_code != 1 or not route.waiving.allowed:
        return Answered(judged, Answer(verdict))
    brought = uploaders(lake, route, arrival.drop, arrival.markers.markers)
    found = waiver.of_batch(lake, route.target, batch.key)
    if not found:
        return Answered(judged, Answer(verdict), brought)
    named = also_before(lake, route, batch.key, batch.digest, brought)
    asked = Asked(batch.digest, route.contract_sha256, route.waiving, arrival.now, named)
    return Answered(judged, waiver.answer(verdict, found, asked), named)


def published(lake: Lake, verdict: Verdict, report: Mapping[str, bytes], write_id: str) -> tuple[str, dict[str, str]]:
    """Write the report of a verdict over a batch; where it stands already, what stands there is the report.

    Return its folder, with its `/`, and the SHA-256 of each file. Raises LakeError.
    """
    folder = zones.report(verdict.dataset, verdict.batch or "", verdict.report_id)
    shas: dict[str, str] = {}
    for name, data in report.items():
        written = lake.put_if_absent(folder + name, data, write_id)
        standing = None if written else lake.sha256(folder + name)
        shas[name] = standing or hashlib.sha256(data).hexdigest()
    return folder, shas
