"""What a job says of the one batch that it was started for: left in the lake, where whoever started it looks.

The end of a job says little: it may have died before or after the commit, and where it ran its output is nowhere. So it
leaves an answer, and an answer is believed as far as the lake bears it out.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lakegate.api import Asked, Failure
from lakegate.commands.batches import promoted
from lakegate.config import open_lake
from lakegate.contract.odcs import load
from lakegate.contract.project import Project
from lakegate.errors import CouldNotEvaluate, LakegateError, UsageError
from lakegate.gate import ledger, quarantine
from lakegate.gate.arrivals import Route
from lakegate.gate.ledger import CommitRecord, SlotState
from lakegate.gate.promote import Promotion, PromotionState
from lakegate.lake import zones
from lakegate.lake.interface import Lake
from lakegate.verdict import Verdict
from lakegate.worker import messages
from lakegate.worker.messages import Raised, Reply

SCHEMA_VERSION = 1
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
# What each end of a promotion exits with; a verdict that promises nothing says 2 or 5 itself.
EXITS: Mapping[PromotionState, tuple[int, ...]] = {
    PromotionState.COMMITTED: (0,),
    PromotionState.ALREADY_COMMITTED: (0,),
    PromotionState.PASSED: (0,),
    PromotionState.QUARANTINED: (1,),
    PromotionState.NOT_JUDGED: (2, 5),
    PromotionState.NOT_READY: (3,),
    PromotionState.CONFLICT: (4,),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a batch: as `Promotion`, but of its commit record only the slot. `raised`: the error instead."""

    batch: str
    state: PromotionState | None = None  # None: an error was raised
    exit_code: int = 5
    message: str = ""
    slot: int | None = None
    report: str | None = None
    notes: tuple[str, ...] = ()
    verdict: Verdict | None = None
    raised: Raised | None = None

    def to_json(self) -> bytes:
        """Return the answer as it is stored: one line of JSON with sorted keys."""
        said = json.loads(messages.written(Reply(verdict=self.verdict, raised=self.raised)))
        document = {
            "schema_version": SCHEMA_VERSION,
            "batch": self.batch,
            "state": self.state,
            "exit_code": self.exit_code,
            "message": self.message,
            "slot": self.slot,
            "report": self.report,
            "notes": self.notes,
            "said": {"verdict": said["verdict"], "raised": said["raised"]},
        }
        return json.dumps(document, sort_keys=True).encode() + b"\n"


def answered(name: str, batch: str, asked: Asked, *, only_judge: bool = False) -> list[Promotion]:
    """Promote one batch as `batches.promoted` does, and leave the answer in the lake under `name`.

    An error is left, too, and raised. Where the lake cannot take the answer there is none: nothing else changes by it.
    Raises UsageError for a name that is none, or where the contract has several objects and none is named.
    """
    if not NAME.fullmatch(name):
        raise UsageError(f"--answer {name!r} is no name", hint="letters, digits, '.', '_' and '-', at most 128")
    failed: list[Failure] = []

    def heard(failure: Failure) -> None:
        failed.append(failure)
        asked.failed(failure)

    try:
        contract = load(asked.contract) if isinstance(asked.contract, Path) else asked.contract
        if asked.schema_name is None and len(contract.schema) > 1:
            names = ", ".join(obj.name for obj in contract.schema)
            raise UsageError(f"--answer {name}: the contract has several objects: {names}", hint="say --schema-name")
        done = promoted(batch, replace(asked, contract=contract, failed=heard), only_judge=only_judge)
    except LakegateError as error:
        _leave(name, _of_error(batch, error), asked)
        raise
    _leave(name, _of(done[0]) if done else _of_error(batch, failed[0].error), asked)
    return done


def _of(promotion: Promotion) -> Answer:
    """Return what is left of a promotion."""
    return Answer(
        batch=promotion.batch,
        state=promotion.state,
        exit_code=promotion.exit_code,
        message=promotion.message,
        slot=promotion.record.slot if promotion.record else None,
        report=promotion.report,
        notes=promotion.notes,
        verdict=promotion.verdict,
    )


def _of_error(batch: str, error: LakegateError) -> Answer:
    """Return what is left of an error."""
    return Answer(batch, exit_code=error.exit_code, message=str(error), raised=Raised.of(error))


def _leave(name: str, answer: Answer, asked: Asked) -> None:
    """Write an answer over one that an earlier attempt of the same job left. What cannot be written changes nothing."""
    where = asked.contract.path if not isinstance(asked.contract, Path) else asked.contract
    with contextlib.suppress(LakegateError, OSError):
        lake = open_lake(asked.lake, Project.around(where or Path.cwd()).root)
        key = zones.answer(name)
        lake.replace_if(key, answer.to_json(), lake.stat(key))


# --- the other side -----------------------------------------------------------------------------------------------


def read(lake: Lake, name: str) -> Answer | None:
    """Return the answer that a job left, None where it left none. Raises CouldNotEvaluate for what is no answer."""
    key = zones.answer(name)
    data = lake.read(key)
    if data is None:
        return None
    try:
        return _parsed(json.loads(data))
    except (ValueError, KeyError, TypeError) as error:
        raise CouldNotEvaluate(f"{key!r} is not an answer: {error}", hint="do both sides run one lakegate?") from error


def _parsed(document: dict[str, Any]) -> Answer:
    """Return the answer in a document. Raises ValueError, KeyError or TypeError where it is none."""
    version = document["schema_version"]
    if version != SCHEMA_VERSION:
        raise ValueError(f"got schema version {version!r}, this lakegate reads {SCHEMA_VERSION}")
    said = messages.read(json.dumps(document["said"]).encode())
    state = document["state"]
    return Answer(
        batch=document["batch"],
        state=None if state is None else PromotionState(state),
        exit_code=document["exit_code"],
        message=document["message"],
        slot=document["slot"],
        report=document["report"],
        notes=tuple(document["notes"]),
        verdict=said.verdict,
        raised=said.raised,
    )


def borne_out(answer: Answer, lake: Lake, route: Route, batch: str) -> Promotion:
    """Return the promotion that an answer tells of, if the lake says the same.

    A commit is its record, a violation or a conflict its quarantine record, a judgement its report, all of the batch
    and the contract that were asked about.

    Raises:
        LakegateError: the error that the answer tells of.
        CouldNotEvaluate: the lake does not bear the answer out; a retry judges again.
    """
    if answer.batch != batch:
        raise CouldNotEvaluate(f"the answer tells of {answer.batch!r}, asked was {batch!r}")
    if answer.raised is not None:
        raise answer.raised.error()
    state, verdict = answer.state, answer.verdict
    if state is None or answer.exit_code not in EXITS[state]:
        raise CouldNotEvaluate(f"the answer contradicts itself: {state}, exit code {answer.exit_code}")
    record = _record(answer, lake, route)
    if verdict is not None:
        _held_against(verdict, lake, route, batch)
    if state in (PromotionState.PASSED, PromotionState.QUARANTINED) and verdict is None:
        raise CouldNotEvaluate(f"the answer says {state.value!r} and holds no verdict")
    if state in (PromotionState.QUARANTINED, PromotionState.CONFLICT):
        outcome = quarantine.CONFLICT if state is PromotionState.CONFLICT else quarantine.FAILED
        kept = quarantine.judgements_of(lake, route.dataset, batch)
        if not any(
            one.outcome == outcome
            and one.contract_sha256 == route.contract_sha256
            and (verdict is None or one.digest == verdict.digest)
            for one in kept
        ):
            raise CouldNotEvaluate(f"the answer says {state.value!r}, and no quarantine record of {batch!r} does")
    return Promotion(
        batch=batch,
        state=state,
        exit_code=answer.exit_code,
        message=answer.message,
        verdict=verdict,
        record=record,
        report=answer.report,
        notes=answer.notes,
    )


def _record(answer: Answer, lake: Lake, route: Route) -> CommitRecord | None:
    """Return the commit record that an answer speaks of, from the lake; None where it speaks of none."""
    committed = answer.state in (PromotionState.COMMITTED, PromotionState.ALREADY_COMMITTED)
    if answer.slot is None and not committed:
        return None
    found = next((one for one in ledger.slots(lake, route.target, answer.batch) if one.slot == answer.slot), None)
    if found is None or found.state is not SlotState.COMMITTED:
        raise CouldNotEvaluate(f"the answer says that slot {answer.slot} of {answer.batch!r} is committed; it is not")
    return found


def _held_against(verdict: Verdict, lake: Lake, route: Route, batch: str) -> None:
    """Raise CouldNotEvaluate unless a verdict is of this batch and contract, and its report stands in the lake."""
    asked = (route.dataset, batch, route.contract_sha256)
    answered = (verdict.dataset, verdict.batch, verdict.contract_sha256)
    if asked != answered:
        raise CouldNotEvaluate(
            f"the verdict is of another batch or contract: got {answered}, expected {asked}",
            hint="the contract changed while the job ran, or the job has another copy of it",
        )
    report = f"{zones.report(route.dataset, batch, verdict.report_id)}report.json"
    if lake.stat(report) is None:
        raise CouldNotEvaluate(f"the report of the verdict is not in the lake: {report!r}")
