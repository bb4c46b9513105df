"""Garbage in a zone: revisions that no commit record can name any more (PROTOCOL, Rules: garbage collection)."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from lakegate.gate import ledger
from lakegate.gate.ledger import CommitRecord, SlotState
from lakegate.gate.sequence import burn
from lakegate.lake.interface import Entry, Lake
from lakegate.lake.zones import Place, batch_of

_REVISION = re.compile(r"batch=([^/]+)/rev=([0-9a-f]{12})-([0-9]{6,})/.+")


@dataclass(frozen=True, slots=True)
class Orphan:
    """One `rev=` folder whose files no COMMITTED record names. `open_slot`: a late promoter might still commit them."""

    batch: str
    slot: int
    digest: str  # its first 12 digits
    entries: tuple[Entry, ...]
    open_slot: bool

    @property
    def size(self) -> int:
        """How many bytes its files hold."""
        return sum(entry.size for entry in self.entries)


def orphans(lake: Lake, target: Place, now: dt.datetime, grace: dt.timedelta) -> tuple[Orphan, ...]:
    """Return the garbage of a dataset in the order of its keys; nothing is changed.

    In an open slot only what has not changed for `grace` counts: it may be on its way in. In a slot that ended
    otherwise it is garbage at once. What is no `rev=` folder is never garbage.
    """
    revisions: dict[tuple[str, int, str], list[Entry]] = {}
    for entry in lake.list(target.prefix):
        match = _REVISION.fullmatch(entry.key.removeprefix(target.prefix))
        if match:
            revisions.setdefault((batch_of(match[1]), int(match[3]), match[2]), []).append(entry)
    slots = {batch: ledger.slots(lake, target, batch) for batch in {batch for batch, _, _ in revisions}}
    found = []
    for (batch, slot, digest), entries in revisions.items():
        record = next((record for record in slots[batch] if record.slot == slot), None)
        fresh = record is None and now - max(entry.modified for entry in entries) < grace
        if not fresh and not _names(record, digest):
            found.append(Orphan(batch, slot, digest, tuple(entries), open_slot=record is None))
    return tuple(found)


def collect(lake: Lake, target: Place, orphan: Orphan, write_id: str) -> bool:
    """Delete an orphan, its slot burned first; False where it was committed meanwhile, and then nothing is deleted.

    Raises:
        LakeError: the lake failed on the way; what is left is found again.
    """
    if orphan.open_slot and not burn(lake, target, orphan.batch, orphan.slot, write_id):
        record = ledger.read_slot(lake, target.commit(orphan.batch, orphan.slot))
        if _names(record, orphan.digest):
            return False
    for entry in orphan.entries:
        lake.discard(entry)
    return True


def _names(record: CommitRecord | None, digest: str) -> bool:
    """Whether a slot's record stands for the revision that begins with these 12 digits."""
    return record is not None and record.state is SlotState.COMMITTED and record.digest.startswith(digest)
