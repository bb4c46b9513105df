"""What is held back of a dataset: whole batches that were not let in, and rows set apart from committed ones.

Quarantine records and commit records tell it. To let it go is to put it under the drop again, where the gate judges it
afresh; no record and no report is changed by that.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lakegate.errors import CouldNotEvaluate, LakeError, UsageError
from lakegate.gate import ledger, quarantine
from lakegate.gate.arrivals import Drop, Route, arrivals, drop_folder, marker_names, read_drop
from lakegate.gate.ledger import CommitRecord, Marker, Rejected, SlotState
from lakegate.gate.protocol import UNKNOWN, Origin, Promised, Seen, findings, manifest_files, manifest_origin, normal
from lakegate.gate.quarantine import CONFLICT, Judgement
from lakegate.gate.spool import Progress, SpooledBatch, SpooledFile, Unwatched, batch_of, spooled
from lakegate.lake.interface import Content, Entry, Lake
from lakegate.lake.zones import order_of

_NO_TIME = dt.datetime.min.replace(tzinfo=dt.UTC)  # of bytes that stand in no lake yet


@dataclass(frozen=True, slots=True)
class HeldBatch:
    """A batch that was not let in. `lies`: what was judged lies under the drop still."""

    judgement: Judgement
    lies: bool

    @property
    def batch(self) -> str:
        """The batch key."""
        return self.judgement.batch


@dataclass(frozen=True, slots=True)
class HeldRows:
    """Rows that were set apart from the revision of a batch that holds. `at`: when it was committed, by the store."""

    record: CommitRecord
    rejected: Rejected
    at: dt.datetime

    @property
    def batch(self) -> str:
        """The batch key."""
        return self.record.batch


Held = HeldBatch | HeldRows


def held(lake: Lake, route: Route) -> tuple[Held, ...]:
    """Return all that is held back of a dataset, in the order of the batch keys' fields; of one batch the whole first.

    A batch that was not let in is held until the same bytes are committed, or another revision and nothing of it lies
    under the drop any more: that one took its place.
    """
    drops = {drop.batch: drop for drop in arrivals(lake, route).drops}
    judged: dict[str, list[Judgement]] = {}
    for one in quarantine.judgements(lake, route.dataset):
        judged.setdefault(one.batch, []).append(one)
    slotted = ledger.slot_keys(lake, route.target)
    found: list[Held] = []
    for batch in sorted(judged.keys() | slotted.keys(), key=lambda key: order_of(route.batching.key, key)):
        slots = ledger.read_records(lake, slotted.get(batch, ()))
        found += _of_batch(lake, route, judged.get(batch, ()), drops.get(batch), slots)
    return tuple(found)


def held_of(lake: Lake, route: Route, batch: str) -> tuple[Held, ...]:
    """Return what is held back of one batch: the whole, rows of it, or both; the whole first."""
    drop = read_drop(lake, route, batch)
    judged = quarantine.judgements_of(lake, route.dataset, batch)
    return tuple(_of_batch(lake, route, judged, drop, ledger.slots(lake, route.target, batch)))


def _of_batch(
    lake: Lake, route: Route, judged: Sequence[Judgement], drop: Drop | None, slots: Sequence[CommitRecord]
) -> Iterator[Held]:
    """Yield what is held back of one batch. Of several judgements that of what lies under the drop, else the last."""
    latest = ledger.latest(slots)
    committed = {record.digest for record in slots if record.state is SlotState.COMMITTED}
    lying = [one for one in judged if drop is not None and sorted(drop.pins) == sorted(one.pins)]  # no clock is asked
    judgement = next(reversed(lying or judged), None)
    if judgement is not None and judgement.digest not in committed:
        gone = latest is None and judgement.outcome != CONFLICT  # nothing took its place, and its bytes are kept
        if lying or gone:
            yield HeldBatch(judgement, bool(lying))
    if latest is not None and latest.rejected is not None:
        key = route.target.commit(latest.batch, latest.slot)
        entry = lake.stat(key)
        if entry is None:
            hint = "nobody may delete a commit record; look"
            raise CouldNotEvaluate(f"the commit record {key!r} vanished", hint=hint)
        yield HeldRows(latest, latest.rejected, entry.modified)


# --- its bytes ----------------------------------------------------------------------------------------------------


def fetch(lake: Lake, key: str, sha256: str, where: Path) -> Content:
    """Copy what a record names to `where`. Raises LakeError where it is gone, or is not what the record says."""
    entry = lake.stat(key)
    if entry is None:
        raise LakeError(f"{key!r} is gone", hint="restore it, or bring the batch as a new arrival")
    hashed = hashlib.sha256()
    with where.open("xb") as out:
        for chunk in lake.stream(entry):
            hashed.update(chunk)
            out.write(chunk)
    if hashed.hexdigest() != sha256:
        raise LakeError(f"{key!r} has sha256 {hashed.hexdigest()}, expected {sha256}", hint="restore it; see the disk")
    return Content(where, entry.size, sha256, entry)


@contextlib.contextmanager
def kept_batch(
    lake: Lake, route: Route, judgement: Judgement, folder: Path, progress: Progress
) -> Iterator[SpooledBatch]:
    """Hand out a quarantined batch on private disk as it was when it was judged; it is removed on the way out.

    Raises:
        UsageError: no bytes of it were kept, or its manifest was not.
        LakeError: a kept file is gone, or is not what was judged.
    """
    promised, origin = _promise(judgement, route)
    pinned: list[tuple[str, Entry]] = []
    for file in kept_files(judgement):
        entry = lake.stat(file.key)
        if entry is None:
            raise LakeError(f"{file.key!r} is gone", hint="restore it, or bring the batch as a new arrival")
        pinned.append((file.path, entry))
    with spooled(lake, pinned, folder, progress, Unwatched()) as copies:
        wrong = findings([file.seen for file in copies], promised)
        batch = batch_of(route.dataset, judgement.batch, copies, wrong, origin)
        if batch.digest != judgement.digest:
            raise LakeError(
                f"what is kept of {judgement.batch!r} has digest {batch.digest[:12]}, expected {judgement.digest[:12]}",
                hint="the quarantined bytes were changed; bring the batch as a new arrival",
            )
        yield batch


def kept_files(judgement: Judgement) -> tuple[quarantine.Kept, ...]:
    """Return the files of a batch that was not let in. Raises UsageError where none were kept."""
    if not judgement.files:
        raise UsageError(
            f"no bytes of {judgement.batch!r} were kept: it is a conflict, or no file arrived",
            hint=f"`lakegate test CONTRACT --batch {shlex.quote(judgement.batch)}` judges what lies under the drop",
        )
    return judgement.files


def as_batch(dataset: str, batch: str, contents: Mapping[str, Content], origin: Origin) -> SpooledBatch:
    """Return files on private disk, by their path in the batch, as a batch that could arrive."""
    files = tuple(
        SpooledFile(path, one.path, one.size, one.sha256, one.origin or Entry(path, one.size, "", _NO_TIME))
        for path, one in sorted(contents.items())
    )
    return batch_of(dataset, batch, files, (), origin)


def _promise(judgement: Judgement, route: Route) -> tuple[tuple[Promised, ...] | None, Origin]:
    """Return what the batch's manifest promised (None without one) and said of its origin."""
    _, manifest = marker_names(route, judgement.batch)
    if manifest not in {path for path, _ in judgement.pins}:
        return None, UNKNOWN
    text = _text(judgement.markers, manifest)
    if text is None:
        raise UsageError(
            f"the manifest of {judgement.batch!r} was not kept, so nobody can tell whether all of it is there",
            hint="an older lakegate quarantined it: bring the batch as a new arrival",
        )
    return manifest_files(text.encode()), manifest_origin(text.encode())


def _text(markers: Sequence[Marker], name: str) -> str | None:
    """Return the text of a marker, None where it was not kept."""
    return next((marker.text for marker in markers if marker.path == name), None)


# --- back under the drop ------------------------------------------------------------------------------------------


def manifest_of_batch(judgement: Judgement, route: Route) -> tuple[str, bytes]:
    """Return the name and the text of the manifest with which a quarantined batch arrives again: its own, else one that
    names its files.

    Raises UsageError where its own was not kept, or where none may be made: a hidden file is let in by nobody but a
    sender who names it.
    """
    _, name = marker_names(route, judgement.batch)
    promised, _ = _promise(judgement, route)
    text = _text(judgement.markers, name)
    if promised is not None and text is not None:
        return name, text.encode()
    paths = [file.path for file in judgement.files]
    if wrong := [one.path for one in findings([Seen(path, 0, "") for path in paths], None)]:
        raise UsageError(
            f"{judgement.batch!r} came with the hidden file {wrong[0]!r} and no manifest: it would be held back again",
            hint="have it sent again, without that file or with a manifest that names it",
        )
    return name, _manifest({}, {file.path: (file.size, file.sha256) for file in judgement.files})


def origin_of_rows(record: CommitRecord) -> Origin:
    """Return what the committed batch was made of, by its manifest."""
    text = next((marker.text for marker in record.markers if marker.text), None)
    return UNKNOWN if text is None else manifest_origin(text.encode())


def manifest_of_rows(record: CommitRecord, route: Route, contents: Mapping[str, Content]) -> tuple[str, bytes]:
    """Return the name and the text of the manifest with which a committed batch arrives again: it names its new files,
    and else says what the committed one said.
    """
    _, name = marker_names(route, record.batch)
    text = next((marker.text for marker in record.markers if marker.text), "{}")
    return name, _manifest(
        json.loads(text.removeprefix("\ufeff")), {p: (c.size, c.sha256) for p, c in contents.items()}
    )


def _manifest(said: Mapping[str, object], files: Mapping[str, tuple[int, str]]) -> bytes:
    """Return a manifest that names files by path with (size in bytes, sha256)."""
    named = [{"path": path, "size": size, "sha256": sha256} for path, (size, sha256) in sorted(files.items())]
    return json.dumps({**said, "files": named}, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def put_back(
    lake: Lake, route: Route, batch: str, contents: Mapping[str, Content], manifest: tuple[str, bytes], write_id: str
) -> None:
    """Put files under the drop, verified. What stands there already of the very same is kept.

    The manifest comes first: a part of the batch is then never taken for the whole, nor for what is committed. Killed
    anywhere, it may be done again. Nothing is placed beside what somebody else brought.

    Raises:
        UsageError: something else lies under the drop.
        LakeError: a file could not be placed as it is.
    """
    folder, (name, text) = drop_folder(route, batch), manifest
    drop = read_drop(lake, route, batch)
    for path, entry in drop.files:
        content = contents.get(normal(path))
        if content is None or lake.holds(entry.key, content) is None:
            raise _occupied(batch, entry.key)
    for path, entry in drop.markers:
        if path == name and lake.read(entry.key) != text:
            raise _occupied(batch, entry.key)
    lake.put_if_absent(folder + name, text, write_id)
    for path, content in sorted(contents.items()):
        lake.place(folder + path, content)
        if lake.holds(folder + path, content) is None:
            raise LakeError(f"{folder + path!r} is not what was placed there", hint="see to the disk, then run again")


def _occupied(batch: str, key: str) -> UsageError:
    return UsageError(
        f"something else of {batch!r} has arrived: {key!r}",
        hint="promote it, or take it away; what is held back is released after that",
    )
