"""`waive --revoke`: somebody takes waivers of a batch back, before it is promoted (ADR 0033)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lakegate.api import Asked, opened
from lakegate.commands.quarantine import lake_of
from lakegate.commands.waivers import line
from lakegate.contract.findings import listed, near
from lakegate.contract.model import Waiving
from lakegate.errors import Refused, UsageError
from lakegate.gate import ledger, revocation, waiver
from lakegate.gate.arrivals import Route, route
from lakegate.gate.ledger import CommitRecord
from lakegate.gate.revocation import Revocation
from lakegate.gate.waiver import Found, Revoked, Unreadable, Waiver
from lakegate.lake.interface import Lake
from lakegate.run import Run

ALL = "all"  # in place of ids, which are 12 digits
TOO_LATE = "what is committed stays; a new revision replaces it, see `on_change` in the contract's lakegate property"


@dataclass(frozen=True, slots=True)
class Taken:
    """A waiver that does not hold any more. `why` says who took it back, when and why: the first who did."""

    waiver: Waiver
    why: str


def revoke(batch: str, ids: Sequence[str], revoker: str, reason: str, asked: Asked) -> tuple[Taken, ...]:
    """Take waivers of a batch back, by their ids, or `all` that let nothing in yet. Nothing is judged or moved.

    Any approver of the contract may, and whoever gave the waiver; where the contract names no approvers, anybody. One
    that was revoked before stays so, as it was said then. Once this returns, none of them lets anything in.

    Raises:
        Refused: not by this person; or a waiver let the batch in already, perhaps just now.
        UsageError: the batch has no such waiver, or what is said is wrong.
        LakeError: whether it came in time cannot be told; it may be done again.
    """
    who = line("revoker", revoker, waiver.LONGEST_NAME)
    why = line("reason", reason, waiver.LONGEST_REASON)
    now = dt.datetime.now(dt.UTC)
    with opened(asked) as runs:
        lake, way, found = _found(runs, batch)
        slots = ledger.slots(lake, way.target, batch)
        chosen = tuple(_chosen(batch, ids, found, slots))
        for one in chosen:
            if told := forbidden(one, who, way.waiving):
                raise Refused(f"waiver {one.id} cannot be revoked: {told}", hint="ask one of the approvers")
        made = [Revocation(way.dataset, batch, one.id, who, why, now, asked.by) for one in chosen]
        came_first = revocation.write(lake, way.target, batch, made, uuid.uuid4().hex)
        if came_first is not None:
            raise _too_late(batch, came_first)
        whys = {one.id: one.why for one in waiver.of_batch(lake, way.target, batch) if isinstance(one, Revoked)}
        return tuple(Taken(one, whys[one.id]) for one in chosen)


def forbidden(one: Waiver, who: str, waiving: Waiving) -> str:
    """Return why somebody may not take a waiver back; empty where they may."""
    if not waiving.approvers or who in (*waiving.approvers, one.approver):
        return ""
    return f"{who!r} did not give it, and is none of the approvers: {', '.join(waiving.approvers)}"


def _found(runs: Sequence[Run], batch: str) -> tuple[Lake, Route, tuple[Found, ...]]:
    """Return the object of a contract that has waivers of this batch, and these. Raises UsageError where none has."""
    datasets = []
    for run in runs:
        way = route(run.contract, run.obj, run.around.neighbours.files)
        datasets.append(way.dataset)
        if found := waiver.of_batch(lake_of(run), way.target, batch):
            return lake_of(run), way, found
    raise UsageError(f"{batch!r} of {', '.join(datasets)} has no waiver", hint="see `lakegate status`")


def _chosen(batch: str, ids: Sequence[str], found: Sequence[Found], slots: Sequence[CommitRecord]) -> Iterator[Waiver]:
    """Yield the waivers that are to be revoked, those that are already among them."""
    known = {one.id: one for one in found}
    named = list(dict.fromkeys(ids))
    if ALL in named:
        kept = [one.id for one in found if not isinstance(one, Unreadable)]
        named = [one for one in kept if not revocation.using(slots, [one])] or kept
        if not named:
            raise UsageError(f"{batch!r} has no waiver that could be revoked: what lies there is none")
    for name in named:
        if name not in known:
            hint = near(name, known) or f"its waivers: {listed(known)}"
            raise UsageError(f"{name!r} is no waiver of {batch!r}", hint=hint)
        one = known[name]
        if isinstance(one, Unreadable):
            raise UsageError(f"{name!r} of {batch!r} is no waiver, and lets nothing in: {one.why}")
        if used := revocation.using(slots, [name]):
            raise _too_late(batch, used)
        yield one.waiver if isinstance(one, Revoked) else one


def _too_late(batch: str, record: CommitRecord) -> Refused:
    told = f"{batch!r} was committed as slot {record.slot} by the waiver {listed(record.waivers)}: it came too late"
    return Refused(told, hint=TOO_LATE)
