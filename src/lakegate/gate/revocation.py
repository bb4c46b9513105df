"""Revocations: a waiver is taken back before its batch is promoted (PROTOCOL, Waivers; ADR 0033).

A revocation is a record beside the waiver, which stays as it was written. That one is there is enough: what it says is
told, and never decided by. Whoever revokes closes the slot in which a promotion that read the waiver before would
commit, so that whichever came first counts.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec

from lakegate.errors import LakeError
from lakegate.gate import ledger
from lakegate.gate.ledger import CommitRecord, SlotState
from lakegate.gate.sequence import burn
from lakegate.lake.interface import Lake
from lakegate.lake.zones import Place

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Revocation:
    """Who took a waiver back, and why. `waiver` is its id; `at` in UTC; `by` is who wrote it, as in a waiver."""

    dataset: str
    batch: str
    waiver: str
    revoker: str
    reason: str
    at: dt.datetime
    by: str = ""

    def to_json(self) -> bytes:
        """Return the record as it is stored: one line of JSON with sorted keys."""
        document = {"schema_version": SCHEMA_VERSION, **dataclasses.asdict(self), "at": self.at.isoformat()}
        return json.dumps(document, sort_keys=True, ensure_ascii=False).encode() + b"\n"

    @property
    def told(self) -> str:
        """Who revoked it, when and why."""
        return f"{self.revoker} revoked it at {self.at.isoformat(timespec='seconds')}: {self.reason}"


class _Stored(msgspec.Struct, forbid_unknown_fields=True):
    schema_version: int
    dataset: str
    batch: str
    waiver: str
    revoker: str
    reason: str
    at: Annotated[dt.datetime, msgspec.Meta(tz=True)]
    by: str


def parse(data: bytes | None) -> Revocation | None:
    """Read a stored revocation, None where it cannot be read: the waiver is revoked all the same."""
    try:
        stored = msgspec.json.decode(data or b"", type=_Stored)
    except (ValueError, RecursionError):
        return None
    if stored.schema_version != SCHEMA_VERSION:
        return None
    return Revocation(**{one.name: getattr(stored, one.name) for one in dataclasses.fields(Revocation)})


def told(data: bytes | None, waiver: tuple[str, str, str]) -> str:
    """Return why a waiver that is revoked does not hold; `waiver` is its (dataset, batch, id)."""
    found = parse(data)
    if found is None or (found.dataset, found.batch, found.waiver) != waiver:
        return "it is revoked, and by whom cannot be read"
    return found.told


def using(slots: Sequence[CommitRecord], waivers: Collection[str]) -> CommitRecord | None:
    """Return the last commit of a batch that one of these waivers let in, None where none did."""
    committed = [one for one in slots if one.state is SlotState.COMMITTED and set(one.waivers) & set(waivers)]
    return committed[-1] if committed else None


def write(lake: Lake, target: Place, batch: str, made: Sequence[Revocation], write_id: str) -> CommitRecord | None:
    """Write revocations of waivers of one batch, where none stands yet, and close its open slot.

    A promotion read the slots before the waivers: one that read a waiver before it was revoked commits in this slot or
    in none. Returned is the commit that came first all the same, None where these waivers let nothing in, now or later.

    Raises LakeError where that cannot be told; then it may be done again.
    """
    for one in made:
        lake.put_if_absent(target.revocation(batch, one.waiver), one.to_json(), write_id)
    slots = ledger.slots(lake, target, batch)
    free = slots[-1].slot + 1 if slots else 1
    if not burn(lake, target, batch, free, write_id):
        slots = ledger.slots(lake, target, batch)
        if not slots or slots[-1].slot < free:
            raise LakeError(f"slot {free} of {batch!r} is neither open nor closed", hint="run again")
    return using(slots, [one.waiver for one in made])
