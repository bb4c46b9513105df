"""What a gate is at work on stands under `references/_pending/` until it is published: what dies there is not lost."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Collection
from dataclasses import dataclass

from lakegate.errors import LakegateError
from lakegate.lake.interface import Entry, Lake
from lakegate.lake.zones import Place
from lakegate.publish.keys import PENDING, pending

ABANDONED = dt.timedelta(minutes=15)  # after which a batch that nobody published is published by whoever comes next


@dataclass(frozen=True, slots=True)
class Pending:
    """A batch that is to be published, and the entry that says so."""

    place: Place
    batch: str
    entry: Entry
    sha256: str


def begin(lake: Lake, place: Place, batch: str) -> None:
    """Say that a gate begins to work on a batch. Best effort: what cannot be said changes nothing."""
    key = pending(place.dataset, batch)
    told = {"zone": place.zone, "path": place.path, "batch": batch, "attempt": uuid.uuid4().hex}
    with contextlib.suppress(LakegateError):
        lake.replace_if(key, json.dumps(told, sort_keys=True).encode() + b"\n", lake.stat(key))


def standing(lake: Lake, place: Place, batch: str) -> Pending | None:
    """Return what says that a batch is to be published, None where nothing does. Raises LakeError."""
    entry = lake.stat(pending(place.dataset, batch))
    return _read(lake, entry) if entry else None


def end(lake: Lake, one: Pending) -> None:
    """Say that a batch is published; what another gate said meanwhile stands. Raises LakeError."""
    lake.remove(one.entry, one.sha256)


def others(lake: Lake, own: Collection[Pending]) -> bool:
    """Whether other batches are to be published, too. Raises LakeError."""
    return bool({entry.key for entry in lake.list(PENDING)} - {one.entry.key for one in own})


def abandoned(lake: Lake, now: dt.datetime) -> tuple[Pending, ...]:
    """Return the batches that nobody published although it is time, the oldest first. Raises LakeError.

    `now` is a moment of the store's own clock, as is what else stands there: whoever began last was alive then.
    """
    entries = lake.list(PENDING)
    now = max([now, *(entry.modified for entry in entries)])
    old = sorted((one for one in entries if now - one.modified > ABANDONED), key=lambda one: one.modified)
    return tuple(found for entry in old if (found := _read(lake, entry)))


def of_dataset(lake: Lake, place: Place) -> tuple[Pending, ...]:
    """Return the batches of a dataset that are to be published, in the order of their keys. Raises LakeError."""
    found = (_read(lake, entry) for entry in lake.list(f"{PENDING}{place.dataset}/"))
    return tuple(one for one in found if one and one.place == place)  # not those of `<dataset>/<more>`


def _read(lake: Lake, entry: Entry) -> Pending | None:
    """Return what an entry says, None where it is gone or says nothing that we know."""
    data = lake.read(entry.key)
    try:
        told = json.loads(data or b"")
        place = Place(str(told["zone"]), str(told["path"]))
        return Pending(place, str(told["batch"]), entry, hashlib.sha256(data or b"").hexdigest())
    except (ValueError, KeyError, TypeError):
        return None
