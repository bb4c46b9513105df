"""Carry out the promotion protocol over a lake.

The decisions are `gate/protocol.py`'s; here is what is read, written and said. Every step is announced to `Options.at`
before it begins. A run may be killed anywhere: the next one ends right.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import hashlib
import json
import time
import uuid
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from lakegate.checks.interface import Outcome
from lakegate.errors import (
    ContractError,
    LakegateError,
    OutcomeUnknown,
    Problem,
    Refused,
    Severity,
    SourceChanged,
)
from lakegate.gate import ledger, quarantine, sequence, set_apart
from lakegate.gate.arrivals import Drop, Markers, Route, near_batch, read_drop, read_markers
from lakegate.gate.commit import commit, draft_of, place, verified
from lakegate.gate.finish import clean, keep, seal
from lakegate.gate.judging import Answered, Arrival, Judge, answered, published
from lakegate.gate.ledger import CommitRecord, latest
from lakegate.gate.protocol import (
    SLOTS_LOST,
    TABLE_MOVES,
    Already,
    Clash,
    Seen,
    Step,
    Take,
    advance,
    belongs,
    decide,
    findings,
    judgement_id,
    normal,
    waits_for,
)
from lakegate.gate.spool import Progress, SpooledBatch, Unwatched, Watch, batch_of, spooled
from lakegate.gate.table import in_table
from lakegate.lake import zones
from lakegate.lake.interface import Lake
from lakegate.lake.probe import prove_conditional_put
from lakegate.made import NOTHING, Made
from lakegate.verdict import Verdict


class PromotionState(StrEnum):
    """How a promotion ended. Errors other than these are raised."""

    COMMITTED = "committed"
    ALREADY_COMMITTED = "already committed"
    QUARANTINED = "quarantined"  # the data violates its contract
    NOT_JUDGED = "not judged"  # the verdict promises nothing: unsupported rules, a check that could not be evaluated
    CONFLICT = "conflict"
    NOT_READY = "not ready"
    PASSED = "passed"  # judged, and no more was asked for: nothing is committed


@dataclass(frozen=True, slots=True)
class Promotion:
    """What became of one batch. `notes` tell what did not go well after the commit; they change nothing."""

    batch: str
    state: PromotionState
    exit_code: int
    message: str
    verdict: Verdict | None = None
    record: CommitRecord | None = None
    report: str | None = None  # the report's folder, with its `/`
    url: str | None = None  # of the report's page where readers open it; the gate itself does not know it
    notes: tuple[str, ...] = ()


def _unheard(*_: object) -> None:
    """Take an announcement that nobody listens to."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a promotion takes from its surroundings. `now` in UTC; the protocol reads no other clock."""

    now: dt.datetime
    new_id: Callable[[], str] = lambda: uuid.uuid4().hex
    at: Callable[[Step], None] = _unheard
    progress: Progress = _unheard
    watch: Watch = Unwatched()  # noqa: RUF009 - it has no state
    wait: Callable[[float], None] = time.sleep  # seconds, where another promoter is given time
    publish: Callable[[CommitRecord], tuple[str, ...]] = lambda _: ()  # P11: tells what was not done, raises nothing
    only_judge: bool = False  # stop before P6b: the report is written, what fails is quarantined, nothing is committed
    by: str = ""  # who asked, the same when it is asked again (a task of a workflow); kept in the commit record


def promote(lake: Lake, route: Route, batch: str, judge: Judge, options: Options) -> Promotion:
    """Promote one batch: judge it, and commit or quarantine it.

    Raises:
        CouldNotEvaluate: the judge or the lake failed; the source stands, nothing is quarantined, a retry may do.
        OutcomeUnknown: whether the batch is committed cannot be told now; nothing is deleted, the next run settles it.
        Refused: a file, a name or the lake itself is unsafe.
        UsageError: `batch` cannot be a batch of this dataset.
    """
    run = _Run(lake, route, batch, judge, options)
    try:
        promotion = run.promote()
    except LakegateError as error:
        run.log({"state": "error", "exit_code": error.exit_code, "message": str(error)})
        raise
    record = promotion.record
    facts = {"state": promotion.state, "exit_code": promotion.exit_code, "message": promotion.message}
    run.log({**facts, "report": promotion.report, "slot": record.slot if record else None, "notes": promotion.notes})
    return promotion


_proved: weakref.WeakSet[Lake] = weakref.WeakSet()  # lakes of this process that passed the probe


class _TableMovedOn(Exception):
    """Another batch of a sequenced table was claimed since this one was judged."""


class _Run:
    """One run of the gate over one batch."""

    def __init__(self, lake: Lake, route: Route, batch: str, judge: Judge, options: Options) -> None:
        """Take what `promote` takes."""
        self._lake, self._route, self._batch = lake, route, batch
        self._judge, self._options = judge, options
        self._attempt = options.new_id()
        self._step: Step | None = None

    def promote(self) -> Promotion:
        """Go through the protocol; once more from P0 when a source changed on the way."""
        if self._lake not in _proved:
            prove_conditional_put(self._lake, self._attempt)
            _proved.add(self._lake)
        try:
            promotion = self._from_the_start()
        except SourceChanged:
            promotion = self._from_the_start()
        self._at(Step.PUBLISH)
        if promotion.record is None or promotion.exit_code:
            return promotion
        return dataclasses.replace(promotion, notes=promotion.notes + self._options.publish(promotion.record))

    def log(self, facts: Mapping[str, object]) -> None:
        """P11: write the run's line; what cannot be written changes nothing."""
        now = self._options.now
        line = {"at": now.isoformat(), "attempt": self._attempt, "dataset": self._route.dataset, "batch": self._batch}
        key = zones.log(self._route.dataset, now.date().isoformat(), self._attempt)
        with contextlib.suppress(LakegateError):
            self._lake.put_if_absent(key, json.dumps({**line, **facts}).encode() + b"\n", self._attempt)

    def _at(self, step: Step) -> None:
        """Announce a step."""
        self._step = advance(self._step, step)
        self._options.at(step)

    def _slots(self) -> tuple[CommitRecord, ...]:
        """Read the batch's slots, as they are now."""
        return ledger.slots(self._lake, self._route.target, self._batch)

    def _from_the_start(self) -> Promotion:
        """P0 to P3, then the rest. The drop is listed before the slots are read: whoever emptied it has committed."""
        self._at(Step.LOOK)
        self._lake.recover()
        drop = read_drop(self._lake, self._route, self._batch)
        record = latest(self._slots())
        if record is not None and self._all_belong(record, drop):
            return self._finish(PromotionState.ALREADY_COMMITTED, record, drop)
        self._refuse_other_rules()
        self._at(Step.COMPLETE)
        markers = read_markers(self._lake, drop)
        waiting = markers.unreadable or waits_for(markers.arrived, self._route.batching, self._options.now)
        if waiting:
            meant = near_batch(self._lake, self._route, drop)
            message = f"{self._batch!r} is not ready: {waiting}" + (f" ({meant})" if meant else "")
            return Promotion(self._batch, PromotionState.NOT_READY, 3, message)
        self._at(Step.PIN)
        promised = markers.promised
        named = None if promised is None else {promise.path for promise in promised}
        files = [(path, entry) for path, entry in drop.files if named is None or normal(path) in named]
        self._at(Step.SPOOL)
        with (
            self._lake.workspace() as folder,
            spooled(self._lake, files, folder, self._options.progress, self._options.watch) as copies,
        ):
            wrong = findings([file.seen for file in copies], promised)
            batch = batch_of(self._route.dataset, self._batch, copies, wrong, markers.origin)
            return self._promote_spooled(batch, drop, markers)

    def _refuse_other_rules(self) -> None:
        """INPUTS 21: a version means one thing. Raises ContractError where its first batch met other rules."""
        route = self._route
        kept = (
            self._lake.read(route.target.rules(route.contract_id, route.contract_version))
            if route.rules_sha256
            else None
        )
        if kept is None:
            return
        try:
            first = json.loads(kept)
            same, batch = first["rules_sha256"] == route.rules_sha256, first["batch"]
        except (ValueError, KeyError, TypeError):
            return  # no rules can be read there: the commit records say which contract each batch met
        if not same:
            message = f"version {route.contract_version} of {route.contract_id} committed {batch!r} under other rules"
            problem = Problem(
                route.contract_id, 0, 0, Severity.ERROR, "rules-changed", message, "version", hint="raise `version`"
            )
            raise ContractError((problem,))

    def _all_belong(self, record: CommitRecord, drop: Drop) -> bool:
        """P0: whether every file under the drop is one of the record's; only files that may be are hashed."""
        for path, entry in (*drop.files, *drop.markers):
            seen = Seen(normal(path), entry.size, entry.version)
            answer = belongs(record, seen)
            if answer is None:
                sha256 = hashlib.sha256()
                for chunk in self._lake.stream(entry):
                    sha256.update(chunk)
                answer = belongs(record, dataclasses.replace(seen, sha256=sha256.hexdigest()))
            if not answer:
                return False
        return True

    def _promote_spooled(self, batch: SpooledBatch, drop: Drop, markers: Markers) -> Promotion:
        """P4 to P8; from P4 again for every slot that is lost. The batch is judged once."""
        draft: CommitRecord | None = None
        goes_on = batch
        lost, moved = 0, 0
        arrival = Arrival(self._route, drop, markers, self._options.now)
        while lost < SLOTS_LOST and moved < TABLE_MOVES:
            self._at(Step.DECIDE)
            number = self._settle(batch)
            decision = decide(self._slots(), batch.digest, self._route.on_change)
            if isinstance(decision, Already):
                return self._finish(PromotionState.ALREADY_COMMITTED, decision.record, drop, markers)
            if isinstance(decision, Clash) or decision.replaces is not None:
                self._refuse_the_past(drop)
            if isinstance(decision, Clash):
                return self._clash(batch, arrival, decision.record)
            # What a table-wide rule says changes with the table; who takes a waiver back closes our slot (ADR 0033).
            if draft is None or number is not None or draft.waivers:
                self._at(Step.JUDGE)
                told = answered(self._judge, self._lake, self._beside(batch, number), arrival)
                judged, verdict = told.judged, told.verdict
                report, shas = published(self._lake, verdict, judged.render(verdict), self._attempt)
                if not verdict.passes:
                    return self._block(batch, arrival, told, report)
                if self._options.only_judge:
                    return self._passed(verdict, report)
                goes_on = set_apart.onward(batch, judged.made)
                rejected = set_apart.keep(self._lake, batch, judged.made)
                draft = draft_of(goes_on, markers.markers, verdict, report, shas)
                draft = set_apart.told(draft, batch, verdict, rejected)
            try:
                record = self._take(decision, draft, goes_on, number)
            except _TableMovedOn:
                moved += 1
                continue
            lost += 1
            if record is not None:
                done = self._finish(PromotionState.COMMITTED, record, drop, markers, judged.made)
                return dataclasses.replace(done, verdict=verdict)
        raise OutcomeUnknown(
            f"{lost} slots of {self._batch!r} were lost, and its table moved on {moved} times, in one run",
            hint="nothing was deleted; run again later",
        )

    def _refuse_the_past(self, drop: Drop) -> None:
        """P4: nothing may replace what was committed, or conflict with it, that is not in the drop any more.

        Looked at after the slots were read: a newer arrival that is committed later takes the slot that we would.
        """
        if read_drop(self._lake, self._route, self._batch).pins != drop.pins:
            raise SourceChanged(
                f"{self._batch!r} was replaced or taken away while it was being promoted",
                hint="another revision is committed; let the upload end, then run again",
            )

    def _settle(self, batch: SpooledBatch) -> int | None:
        """P4 of a sequenced table: return the number of the claim to be made. None: the dataset has no sequence."""
        if not self._route.sequenced:
            return None
        return sequence.settle(self._lake, self._route.target, batch.key, batch.digest, self._options.wait)

    def _beside(self, batch: SpooledBatch, number: int | None) -> SpooledBatch:
        """P4 of a sequenced table: pin the batches that a table-wide rule looks at, but for this one's revisions.

        Read after the claim before `number` was settled: whoever commits later has to claim that number, too.
        """
        return batch if number is None else in_table(self._lake, self._route, batch, number - 1)

    def _take(self, take: Take, draft: CommitRecord, batch: SpooledBatch, number: int | None) -> CommitRecord | None:
        """P6b to P8 in one slot: return the record that stands there now, None where the slot is lost."""
        lake, target, options = self._lake, self._route.target, self._options
        draft = dataclasses.replace(draft, slot=take.slot, replaces=take.replaces, attempt=self._attempt, by=options.by)
        draft = dataclasses.replace(draft, write_id=options.new_id())
        self._at(Step.PLACE)
        place(lake, target, batch, take.slot, options.progress)
        self._at(Step.VERIFY)
        record = verified(lake, target, draft, batch)
        if record is None:
            return None
        self._at(Step.COMMIT)
        claim = sequence.Claim(batch.key, take.slot, batch.digest)
        if number is not None and not sequence.claim_next(lake, target, number, claim):
            raise _TableMovedOn
        return commit(lake, target, record)

    # --- P5 and P6a ------------------------------------------------------------------------------------------------

    def _passed(self, verdict: Verdict, report: str) -> Promotion:
        """Say that the batch may go in, where no more was asked."""
        keeps = "is waived" if verdict.waivers else "keeps its contract"
        message = f"{self._batch!r} {keeps}; nothing was committed"
        return Promotion(self._batch, PromotionState.PASSED, 0, message, verdict, report=report)

    def _block(self, batch: SpooledBatch, arrival: Arrival, told: Answered, report: str) -> Promotion:
        """Do not let the batch in. Only what violates its contract is quarantined; the source stays in any case.

        INPUTS 119: where somebody waived it and no waiver holds, a human must look.
        """
        verdict, waivers = told.verdict, told.waivers
        if verdict.exit_code != 1:
            message = f"{self._batch!r} was not judged: a check could not be evaluated, or is not supported"
            return Promotion(self._batch, PromotionState.NOT_JUDGED, verdict.exit_code, message, verdict, report=report)
        self._at(Step.QUARANTINE)
        decision = decide(self._slots(), batch.digest, self._route.on_change)
        if isinstance(decision, Already):
            return self._finish(PromotionState.ALREADY_COMMITTED, decision.record, arrival.drop)
        kept = quarantine.keep(self._lake, batch)
        failed = verdict.counts[Outcome.FAILED]
        message = f"{self._batch!r} violates its contract: {failed} of {len(verdict.results)} checks failed"
        message += f"; {waivers.message}" if waivers.message else ""
        self._remember(quarantine.FAILED, batch, arrival, kept, report=report, message=message, told=told)
        code = Refused.exit_code if waivers.refused else 1
        return Promotion(self._batch, PromotionState.QUARANTINED, code, message, verdict, report=report)

    def _clash(self, batch: SpooledBatch, arrival: Arrival, record: CommitRecord) -> Promotion:
        """P4: another content is committed under this key."""
        message = (
            f"{self._batch!r} conflicts: slot {record.slot} holds digest {record.digest[:12]}, "
            f"got {batch.digest[:12]}; on_change is reject"
        )
        self._remember(quarantine.CONFLICT, batch, arrival, (), report="", message=message)
        return Promotion(self._batch, PromotionState.CONFLICT, 4, message, record=record)

    def _remember(
        self,
        outcome: str,
        batch: SpooledBatch,
        arrival: Arrival,
        kept: tuple[quarantine.Kept, ...],
        *,
        report: str,
        message: str,
        told: Answered | None = None,
    ) -> None:
        """Write the quarantine record, by which the batch is not judged again until something changes."""
        route, drop = arrival.route, arrival.drop
        judgement = quarantine.Judgement(
            id=judgement_id(drop.pins, route.contract_sha256, told.waivers.standing if told else ()),
            dataset=route.dataset,
            batch=self._batch,
            outcome=outcome,
            digest=batch.digest,
            contract_id=route.contract_id,
            contract_version=route.contract_version,
            contract_sha256=route.contract_sha256,
            pins=drop.pins,
            files=kept,
            report=report,
            message=message,
            at=self._options.now.isoformat(),
            markers=arrival.markers.markers,
            uploaders=told.uploaders if told else (),
        )
        quarantine.remember(self._lake, judgement, self._attempt)

    # --- P9, P10 ---------------------------------------------------------------------------------------------------

    def _finish(
        self,
        state: PromotionState,
        record: CommitRecord,
        drop: Drop,
        markers: Markers | None = None,
        made: Made = NOTHING,
    ) -> Promotion:
        """P9, P10: seal the batch, then clean its source. It is committed: nothing here may report failure."""
        self._at(Step.SEAL)
        notes = seal(self._lake, self._route, record)
        notes += keep(self._lake, self._route, record, made)
        self._at(Step.CLEAN)
        notes += clean(self._lake, self._route, drop, record, markers.markers if markers else record.markers)
        number = len(record.files)
        message = f"{self._batch!r} is {state} as slot {record.slot}: {number} file{'' if number == 1 else 's'}"
        message += ", waived" if record.waivers else ""
        return Promotion(self._batch, state, 0, message, record=record, report=record.report, notes=tuple(notes))
