"""`waive`: somebody answers for letting in a batch that violates its contract. What holds is `gate.waiver`'s to say."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lakegate import waivable
from lakegate.api import Asked, opened
from lakegate.checks.interface import Outcome
from lakegate.commands.quarantine import held_in, lake_of
from lakegate.contract.findings import listed, near
from lakegate.errors import CouldNotEvaluate, Refused, UsageError
from lakegate.gate import ledger, quarantine, waiver
from lakegate.gate.arrivals import Drop, Route, read_drop, route
from lakegate.gate.held import HeldBatch
from lakegate.gate.ledger import CommitRecord
from lakegate.gate.quarantine import CONFLICT, Judgement
from lakegate.gate.uploaders import also_before, uploaders
from lakegate.gate.waiver import Revoked, Waiver
from lakegate.lake.interface import Lake
from lakegate.run import Run
from lakegate.verdict import CheckResult

AGAIN = "judge it first: `lakegate promote CONTRACT --only-judge --batch KEY`"


@dataclass(frozen=True, slots=True)
class Approval:
    """What an approver says. `expires` in UTC; `rules` are keys of failed checks, None: every one of them.

    `limits` holds, per rule, how many failing rows are let in at most; without one as many as failed. `digest` and
    `contract_sha256` are what the approver saw: refused where that is not what was judged last.
    """

    approver: str
    reason: str
    expires: dt.datetime
    rules: tuple[str, ...] | None = None
    limits: Mapping[str, int] = field(default_factory=dict)
    digest: str | None = None
    contract_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """A waiver that was written. `lies`: what it is for lies under the drop, else in quarantine alone."""

    waiver: Waiver
    lies: bool


def waive(batch: str, approval: Approval, asked: Asked) -> Waiver:
    """Write a waiver over what failed when a batch was judged last, and return it. See `given`."""
    return given(batch, approval, asked).waiver


def given(batch: str, approval: Approval, asked: Asked) -> Given:
    """Write a waiver over what failed when a batch was judged last. Nothing is judged or moved.

    Raises:
        Refused: this may not be waived, or not by this approver, or not so long; or it is not what the approver saw.
        UsageError: nothing of the batch is held back, it is to be judged first, or what the approval says is wrong.
        CouldNotEvaluate: the report that says what failed cannot be read.
    """
    now = dt.datetime.now(dt.UTC)
    said = _said(approval, now)
    with opened(asked) as runs:
        run, way, held = _held(runs, batch, said)
        lake, judgement = lake_of(run), held.judgement
        named = _named(_failed(lake, judgement), said)
        made = Waiver(
            dataset=way.dataset,
            batch=batch,
            digest=judgement.digest,
            contract_sha256=judgement.contract_sha256,
            rules=tuple(sorted(result.key for result in named)),
            limits=_limits(named, said.limits),
            approver=said.approver,
            reason=said.reason,
            expires=said.expires,
            at=now,
            by=asked.by,
        )
        if why := waiver.forbidden(made, way.waiving, _brought_by(lake, way, held)):
            raise Refused(f"{batch!r} cannot be waived: {why}", hint="see `waiver` in the contract's lakegate property")
        standing = waiver.write(lake, way.target, made, uuid.uuid4().hex)
        _refuse_revoked(waiver.of_batch(lake, way.target, batch), standing)
        return Given(standing, held.lies)


@dataclass(frozen=True, slots=True)
class Overtaken:
    """Why nobody need answer for a batch any more. `goes_on`: it is in, or may go in; else it is not what was asked."""

    goes_on: bool
    why: str


def overtaken(batch: str, digest: str, contract_sha256: str, asked: Asked) -> Overtaken | None:
    """Say whether what an approver is asked about was settled otherwise; None while the question is open.

    It is while exactly these bytes, judged by exactly this contract, lie under the drop, and the waivers that hold do
    not cover all that failed. Nothing is judged or written. Raises as `given`.
    """
    with opened(asked) as (run,):
        way, lake = route(run.contract, run.obj, run.around.neighbours.files), lake_of(run)
        drop = read_drop(lake, way, batch)  # before the slots: whoever emptied it has committed
        record = ledger.latest(ledger.slots(lake, way.target, batch))
        if record is not None and record.digest == digest:
            return Overtaken(True, f"{batch!r} was committed as slot {record.slot}")
        if why := _gone(lake, way, drop, record, (digest, contract_sha256)):
            return Overtaken(False, f"{batch!r} is not what was asked about any more: {why}")
        found = waiver.of_batch(lake, way.target, batch)
        if not any(isinstance(one, Waiver) for one in found):
            return None
        held = HeldBatch(_judged(lake, way, drop, (digest, contract_sha256))[-1], lies=True)
        against = waiver.Asked(
            digest, contract_sha256, way.waiving, dt.datetime.now(dt.UTC), _brought_by(lake, way, held)
        )
        holding = waiver.covering(found, _failed(lake, held.judgement), against)
        who = ", ".join(dict.fromkeys(one.approver for one in holding))
        return Overtaken(True, f"{batch!r} was waived by {who}") if holding else None


def _gone(lake: Lake, way: Route, drop: Drop, record: CommitRecord | None, asked_about: tuple[str, str]) -> str:
    """Return why a batch is not what was judged under (digest, contract sha256) any more; empty where it still is."""
    if not drop.files and record is not None:
        return f"nothing lies under the drop, and slot {record.slot} holds another revision"
    if way.contract_sha256 != asked_about[1]:
        return "the contract changed since"
    if not drop.files and not drop.markers:
        return "it was taken back, nothing lies under the drop"
    return "" if _judged(lake, way, drop, asked_about) else "other files have arrived since"


def _judged(lake: Lake, way: Route, drop: Drop, asked_about: tuple[str, str]) -> list[Judgement]:
    """Return the judgements of what lies under the drop under this digest and contract."""
    return [
        one
        for one in quarantine.judgements_of(lake, way.dataset, drop.batch)
        if (one.digest, one.contract_sha256) == asked_about and sorted(one.pins) == sorted(drop.pins)
    ]


def _refuse_revoked(found: Iterable[waiver.Found], one: Waiver) -> None:
    """Refuse the very approval that was taken back: it is the same waiver, and does not hold."""
    for other in found:
        if isinstance(other, Revoked) and other.id == one.id:
            hint = "another reason or expiry makes another waiver"
            raise Refused(f"this very waiver of {one.batch!r} is revoked: {other.why}", hint=hint)


# --- what is said -----------------------------------------------------------------------------------------------------


def _said(approval: Approval, now: dt.datetime) -> Approval:
    """Return the approval with its texts on one line and its expiry in UTC. Raises UsageError for what is wrong."""
    if approval.expires.tzinfo is None:
        raise UsageError(f"the expiry {approval.expires.isoformat()} names no zone", hint="give it in UTC")
    expires = approval.expires.astimezone(dt.UTC)
    if expires <= now:
        raise UsageError(f"the expiry {expires.isoformat()} is not in the future", hint="say until when it is to hold")
    return replace(
        approval,
        approver=line("approver", approval.approver, waiver.LONGEST_NAME),
        reason=line("reason", approval.reason, waiver.LONGEST_REASON),
        expires=expires,
    )


def line(what: str, text: str, longest: int) -> str:
    """Return a text that a person wrote, on one line. Raises UsageError where it may not stand in a record."""
    words = " ".join(text.split())
    if not words:
        raise UsageError(f"the {what} of a waiver is empty", hint="say who answers for it, and why")
    if len(words) > longest:
        raise UsageError(f"the {what} of a waiver has {len(words):,} characters, at most {longest:,} are kept")
    if strange := next((character for character in words if not character.isprintable()), None):
        raise UsageError(f"the {what} of a waiver holds {strange!a}, which does not print", hint="write plain text")
    return words


def _named(failed: Sequence[CheckResult], said: Approval) -> tuple[CheckResult, ...]:
    """Return the failed checks that are waived. Raises UsageError where a rule that is named did not fail."""
    known = {result.key: result for result in failed}
    rules = tuple(known) if said.rules is None else said.rules
    for rule in (*rules, *said.limits):
        if rule not in known:
            hint = near(rule, known) or f"what failed: {listed(known)}"
            raise UsageError(f"{rule!r} is no check that failed", hint=hint)
    if extra := [rule for rule in said.limits if rule not in rules]:
        raise UsageError(f"a limit is set for {extra[0]!r}, which is not waived", hint="name it as a rule, too")
    if not rules:
        raise UsageError("no rule is waived", hint=f"what failed: {listed(known)}")
    return tuple(known[rule] for rule in dict.fromkeys(rules))


def _limits(named: Iterable[CheckResult], asked: Mapping[str, int]) -> dict[str, int]:
    """Return how many failing rows are let in of each rule that counts them. Raises UsageError for a wrong limit."""
    limits = {}
    for result in named:
        rows, limit = waivable.rows_of(result), asked.get(result.key)
        if rows is None and limit is not None:
            raise UsageError(f"{result.key!r} counts no rows, so that no limit can be set", hint="leave the limit out")
        if rows is not None and limit is not None and limit < rows:
            raise UsageError(f"the limit of {result.key!r} is {limit:,} rows, and {rows:,} failed: it would not hold")
        if rows is not None:
            limits[result.key] = rows if limit is None else limit
    return limits


# --- what was judged --------------------------------------------------------------------------------------------------


def _held(runs: Iterable[Run], batch: str, said: Approval) -> tuple[Run, Route, HeldBatch]:
    """Return the judgement that is waived: the last one of the batch, under this contract, of what lies there now.

    Raises UsageError where there is none, Refused where it is not what the approver saw.
    """
    try:
        run, way, found = held_in(runs, batch)
    except UsageError as error:
        raise UsageError(error.message, hint=AGAIN) from error
    held = found[0]
    if not isinstance(held, HeldBatch) or held.judgement.outcome == CONFLICT:
        raise UsageError(f"no check of {batch!r} failed: it is not held back for breaking its contract")
    judgement = held.judgement
    seen = (said.digest or judgement.digest, said.contract_sha256 or judgement.contract_sha256)
    if seen != (judgement.digest, judgement.contract_sha256):
        raise Refused(
            f"{batch!r} is not what was approved any more: got {_short(judgement.digest, judgement.contract_sha256)}, "
            f"expected {_short(*seen)}",
            hint="look at its report and approve again",
        )
    changed = judgement.contract_sha256 != way.contract_sha256
    if changed or (not held.lies and read_drop(lake_of(run), way, batch).files):
        told = f"{'the contract changed' if changed else 'other files have arrived'} since {batch!r} was judged"
        raise Refused(told, hint=AGAIN) if said.digest else UsageError(told, hint=AGAIN)
    return run, way, held


def _short(digest: str, contract_sha256: str) -> str:
    return f"digest {digest[:12]} under contract {contract_sha256[:12]}"


def _brought_by(lake: Lake, way: Route, held: HeldBatch) -> tuple[str, ...]:
    """Return who brought what was judged, when it was judged and now."""
    judgement = held.judgement
    drop = read_drop(lake, way, judgement.batch)
    named = uploaders(lake, way, drop if held.lies else Drop(judgement.batch), judgement.markers)
    return also_before(lake, way, judgement.batch, judgement.digest, named)


def _failed(lake: Lake, judgement: Judgement) -> tuple[CheckResult, ...]:
    """Return what failed by the report of a judgement.

    Raises Refused where it can never be waived, CouldNotEvaluate where it cannot be read.
    """
    key = f"{judgement.report}report.json"
    try:
        report = json.loads(lake.read(key) or b"")
        about = (report["digest"], report["dataContractSha256"])
        results = tuple(_result(check) for check in report["checks"])
        obstacles = waivable.obstacles(results, report["exitCode"], report["options"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CouldNotEvaluate(f"the report {key!r} cannot be read: {error}", hint=AGAIN) from error
    if about != (judgement.digest, judgement.contract_sha256):
        raise CouldNotEvaluate(f"the report {key!r} is of another batch or contract", hint=AGAIN)
    if obstacles:
        hint = "mend the data, or what the contract says of it"
        raise Refused(f"{judgement.batch!r} can never be waived: {'; '.join(obstacles)}", hint=hint)
    return waivable.failing(results)


def _result(check: Mapping[str, Any]) -> CheckResult:
    """Return one check of a report as far as a waiver asks."""
    return CheckResult(
        key=str(check["key"]),
        category=str(check["category"]),
        type=str(check["type"]),
        name=str(check["name"]),
        model=str(check["model"]),
        field=check["field"],
        quality_id=check["qualityId"],
        dimension=check["dimension"],
        outcome=Outcome(check["outcome"]),
        diagnostics=dict(check["diagnostics"]),
    )
