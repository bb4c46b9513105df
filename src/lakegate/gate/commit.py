"""P6b to P8: place the spooled bytes, verify what stands there, commit by one small record."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping
from typing import Any

from lakegate.checks.interface import Outcome
from lakegate.errors import LakeError, OutcomeUnknown
from lakegate.gate import ledger
from lakegate.gate.ledger import CommitRecord, CommittedFile, Marker, SlotState
from lakegate.gate.protocol import ReadBack, Step, after_commit
from lakegate.gate.spool import Progress, SpooledBatch
from lakegate.lake.interface import Lake
from lakegate.lake.zones import Place
from lakegate.verdict import Context, Verdict

COMMIT_TRIES = 3  # puts of one commit record before its outcome is called unknown (P8)


def draft_of(
    batch: SpooledBatch, markers: tuple[Marker, ...], verdict: Verdict, report: str, report_sha256: Mapping[str, str]
) -> CommitRecord:
    """Return the commit record without what depends on the slot; as it stands it may only burn one."""
    counts = verdict.counts
    return CommitRecord(
        dataset=batch.dataset,
        batch=batch.key,
        slot=0,
        state=SlotState.ABANDONED,
        digest=batch.digest,
        files=tuple(CommittedFile(f.path, f.size, f.sha256, f.pin.key, f.pin.version, "", "") for f in batch.files),
        markers=markers,
        contract_id=verdict.contract_id,
        contract_version=verdict.contract_version,
        contract_sha256=verdict.contract_sha256,
        engine=verdict.engine,
        lakegate=verdict.lakegate,
        options=verdict.options,
        context=_told(verdict.context),
        verdict=_came_to(verdict),
        counts={outcome.value: count for outcome, count in counts.items()},
        rows=verdict.rows,
        report=report,
        report_sha256=report_sha256,
        replaces=None,
        write_id="",
        attempt="",
        waivers=tuple(waiver.id for waiver in verdict.waivers),
    )


def _came_to(verdict: Verdict) -> str:
    if verdict.waivers:
        return "waived"
    return "warned" if verdict.counts[Outcome.WARNED] else "passed"


def _told(context: Context) -> dict[str, Any]:
    """Return what a verdict read beside the batch, as a record says it."""
    history = {"history": context.history} if context.history else {}
    sequence = {} if context.sequence is None else {"sequence": context.sequence}
    return {"as_of": context.as_of, "slots": context.slots, **history, **sequence}


def place(lake: Lake, target: Place, batch: SpooledBatch, slot: int, progress: Progress) -> None:
    """P6b: write every file that does not stand at its key yet; digest and slot are in the key, so it is the same."""
    folder = target.revision(batch.key, batch.digest, slot)
    total, done = sum(file.size for file in batch.files), 0
    for file in batch.files:
        if lake.stat(folder + file.path) is None:
            lake.place(folder + file.path, file.content)
        done += file.size
        progress(Step.PLACE, file.path, done, total)


def verified(lake: Lake, target: Place, draft: CommitRecord, batch: SpooledBatch) -> CommitRecord | None:
    """P7: return the record to commit, once every copy is what was judged. A bad copy burns the slot: None."""
    folder = target.revision(draft.batch, draft.digest, draft.slot)
    files = []
    for file, spooled in zip(draft.files, batch.files, strict=True):
        key = folder + file.path
        entry = lake.holds(key, spooled.content)
        if entry is None:
            lake.put_if_absent(target.commit(draft.batch, draft.slot), draft.to_json(), draft.write_id)
            return None
        files.append(dataclasses.replace(file, key=key, version=entry.version))
    return dataclasses.replace(draft, state=SlotState.COMMITTED, files=tuple(files))


def commit(lake: Lake, target: Place, record: CommitRecord) -> CommitRecord | None:
    """P8: put the record and return what stands in the slot, by us or with the same bytes. None: the slot is lost.

    Raises:
        OutcomeUnknown: the slot could not be read, or stayed open.
    """
    key = target.commit(record.batch, record.slot)
    for _ in range(COMMIT_TRIES):
        with contextlib.suppress(LakeError):
            if lake.put_if_absent(key, record.to_json(), record.write_id):
                return record
        with contextlib.suppress(LakeError):
            standing = ledger.read_slot(lake, key)
            answer = after_commit(standing, record)
            if answer is not ReadBack.ABSENT:
                return standing if answer is ReadBack.MINE else None
    raise OutcomeUnknown(
        f"whether {record.batch!r} is committed as slot {record.slot} cannot be told",
        hint="nothing was deleted; run again, the slot decides",
    )
