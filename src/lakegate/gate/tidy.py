"""Everything in a lake that nobody needs any more, and its removal: `gate/collect.py`'s orphans and what runs left.

What is deleted here no reader could be shown, and no promoter can commit: an open slot is burned first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Container
from dataclasses import dataclass

from lakegate.gate import ledger, state
from lakegate.gate.collect import Orphan, collect, orphans
from lakegate.gate.ledger import SlotState
from lakegate.lake.interface import Entry, Lake
from lakegate.lake.store import Leftover, Store
from lakegate.lake.zones import PROBES, SEQUENCE, ZONES, Place


@dataclass(frozen=True, slots=True)
class Garbage:
    """One thing that may go. `size` in bytes, None where it is not told. `kept`: why it is to stay, else empty."""

    item: tuple[Place, Orphan] | Leftover | Entry
    where: str  # a key, or a folder with its `/`
    what: str
    why: str
    files: int
    size: int | None
    modified: dt.datetime
    kept: str = ""


def revisions(lake: Lake, place: Place, now: dt.datetime, grace: dt.timedelta) -> tuple[Garbage, ...]:
    """Return the revisions of a dataset that no commit record can name any more; see `collect.orphans`.

    Raises:
        LakeError: the lake cannot be listed.
        CouldNotEvaluate: something that is no commit record stands among them.
    """
    return tuple(_of_orphan(place, orphan) for orphan in orphans(lake, place, now, grace))


def probes(lake: Lake, now: dt.datetime, grace: dt.timedelta) -> tuple[Garbage, ...]:
    """Return the probes that are older than `grace`: a run that lives deletes its own. Raises LakeError."""
    return tuple(
        Garbage(entry, entry.key, "probe", "its run did not delete it", 1, entry.size, entry.modified)
        for entry in lake.list(PROBES)
        if now - entry.modified >= grace
    )


def indexes(lake: Lake, place: Place, now: dt.datetime, grace: dt.timedelta) -> tuple[Garbage, ...]:
    """Return the key indexes of a table that nothing names, of revisions that were replaced: a rendering is not fenced,
    for it is made again where it is needed after all. Raises LakeError.
    """
    return tuple(
        Garbage(entry, entry.key, "key index", "its batch was replaced", 1, entry.size, entry.modified)
        for entry in state.unnamed(lake, place)
        if now - entry.modified >= grace
    )


def leftovers(store: Store, lake: Lake, now: dt.datetime, grace: dt.timedelta) -> tuple[Garbage, ...]:
    """Return what dead runs left beside the data; what may be an only copy is held against all commit records.

    Raises:
        LakeError: the store cannot be asked.
        CouldNotEvaluate: something that is no commit record stands among them.
    """
    left = store.leftovers(now - grace)
    committed = _committed(lake) if any(one.sha256 for one in left) else frozenset()
    return tuple(_of_leftover(one, committed) for one in left)


def delete(store: Store, lake: Lake, found: Garbage, write_id: str) -> bool:
    """Delete it, an open slot burned first; False where it turned out to be needed, and stays.

    Raises:
        LakeError: the lake failed on the way; what is left is found again.
    """
    if isinstance(found.item, Leftover):
        return store.clear(found.item)
    if isinstance(found.item, Entry):
        lake.discard(found.item)
        return True
    place, orphan = found.item
    return collect(lake, place, orphan, write_id)


def _of_orphan(place: Place, orphan: Orphan) -> Garbage:
    """Return an orphan as garbage."""
    where = place.revision(orphan.batch, orphan.digest, orphan.slot)
    why = "a dead run never committed it" if orphan.open_slot else "its slot ended otherwise"
    modified = max(entry.modified for entry in orphan.entries)
    return Garbage((place, orphan), where, "revision", why, len(orphan.entries), orphan.size, modified)


def _of_leftover(leftover: Leftover, committed: Container[str]) -> Garbage:
    """Return a leftover as garbage. What may be an only copy stays unless the same bytes are committed."""
    why, kept = "its run is dead", leftover.kept
    if leftover.sha256 in committed:
        why = "the same bytes are committed"
    elif leftover.sha256 is not None:
        kept = "it may be the only copy of what was uploaded: its bytes are not committed; look at it"
    return Garbage(leftover, leftover.key, leftover.what, why, 1, leftover.size, leftover.modified, kept)


def _committed(lake: Lake) -> frozenset[str]:
    """Return the SHA-256 of every committed file of the lake. Reads every commit record: only asked when it matters."""
    found: set[str] = set()
    for zone in ZONES:
        for entry in lake.list(f"{zone}/_gate/commits/"):
            record = None if f"/{SEQUENCE}/" in entry.key else ledger.read_slot(lake, entry.key)
            if record is not None and record.state is SlotState.COMMITTED:
                found.update(file.sha256 for file in record.files)
    return frozenset(found)
