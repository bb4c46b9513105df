"""The ledger: commit records as values, their JSON, and what a reader learns from them.

A batch is in a zone when, and only when, a record with state COMMITTED stands in one of its slots. Readers list the
records and read exactly the keys these name; what else lies in a data prefix is not committed.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lakegate.errors import CouldNotEvaluate, Refused
from lakegate.lake.interface import Lake
from lakegate.lake.zones import SEQUENCE, ZONES, Place, batch_of, order_of
from lakegate.version import __version__

SCHEMA_VERSION = 1


class SlotState(StrEnum):
    """How a slot ended; it never changes again (I7)."""

    COMMITTED = "COMMITTED"
    ABANDONED = "ABANDONED"


@dataclass(frozen=True, slots=True)
class CommittedFile:
    """One file of a batch: as it arrived, and where it stands now. `size` in bytes."""

    path: str  # relative to the batch, NFC
    size: int
    sha256: str
    source: str  # key it was read from
    source_version: str
    key: str  # key it was written to
    version: str  # empty in an ABANDONED record: nothing may be there


@dataclass(frozen=True, slots=True)
class Marker:
    """A file that said the batch was complete. `text` is that of a manifest, else empty."""

    path: str
    size: int
    sha256: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class ArrivedFile:
    """One file as it arrived, where what is committed is not the same bytes. `size` in bytes."""

    path: str
    size: int
    sha256: str
    source_version: str


@dataclass(frozen=True, slots=True)
class RejectedFile:
    """Rows that were set apart from one file of the batch. `size` in bytes."""

    path: str  # of the file that they arrived in
    key: str
    size: int
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """What was set apart from a batch: `rows_in` = `rows_out` + `rows` (`verdict.SetApart`)."""

    rows_in: int
    rows_out: int
    rows: int
    rules: Mapping[str, int]  # rule -> rows that broke it
    files: tuple[RejectedFile, ...]


@dataclass(frozen=True, slots=True)
class CommitRecord:
    """What one slot of one batch came to (PROTOCOL, "The commit record")."""

    dataset: str
    batch: str
    slot: int
    state: SlotState
    digest: str
    files: tuple[CommittedFile, ...]
    markers: tuple[Marker, ...]
    contract_id: str
    contract_version: str
    contract_sha256: str
    engine: str
    lakegate: str
    options: Mapping[str, Any]  # the reader's and the judge's
    context: Mapping[str, Any]  # the as-of instant and the slots of other datasets that the verdict read
    verdict: str  # `passed`; `warned` where a rule of a lesser severity does not hold; `waived`: see `waivers`
    counts: Mapping[str, int]  # checks per outcome
    rows: int | None
    report: str  # the report's folder
    report_sha256: Mapping[str, str]  # file in that folder -> SHA-256
    replaces: int | None  # the slot of the revision before this one
    write_id: str  # of this one write; read back when its answer is lost (PROTOCOL P8)
    attempt: str  # of the run of the gate
    waivers: tuple[str, ...] = field(default=())  # ids of those that let it in (`gate/waiver.py`)
    by: str = ""  # who asked the gate, where they said so: a task of a workflow, by the name that its retries share
    arrived: tuple[ArrivedFile, ...] = ()  # where rows were set apart: what came; else `files` are what came
    rejected: Rejected | None = None  # where rows were set apart

    def to_json(self) -> bytes:
        """Return the record as it is stored: one line of JSON with sorted keys."""
        document = {"schema_version": SCHEMA_VERSION, **dataclasses.asdict(self)}
        return json.dumps(document, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def burned(dataset: str, batch: str, slot: int, write_id: str) -> CommitRecord:
    """Return the record that closes a slot in which nobody may commit any more; it knows of no bytes and no verdict."""
    return CommitRecord(
        dataset=dataset,
        batch=batch,
        slot=slot,
        state=SlotState.ABANDONED,
        digest="",
        files=(),
        markers=(),
        contract_id="",
        contract_version="",
        contract_sha256="",
        engine="",
        lakegate=__version__,
        options={},
        context={},
        verdict="",
        counts={},
        rows=None,
        report="",
        report_sha256={},
        replaces=None,
        write_id=write_id,
        attempt="",
    )


def parse_record(data: bytes, key: str) -> CommitRecord:
    """Read a stored record.

    Raises:
        CouldNotEvaluate: it is not a record, or one of a later version of lakegate.
    """
    try:
        document = json.loads(data)
        version = document.pop("schema_version")
        if version != SCHEMA_VERSION:
            raise CouldNotEvaluate(
                f"the commit record {key!r} has schema version {version!r}, this lakegate reads {SCHEMA_VERSION}",
                hint="upgrade lakegate",
            )
        document["state"] = SlotState(document["state"])
        document["files"] = tuple(CommittedFile(**file) for file in document["files"])
        document["markers"] = tuple(Marker(**marker) for marker in document["markers"])
        document["waivers"] = tuple(document["waivers"])
        document["arrived"] = tuple(ArrivedFile(**file) for file in document.get("arrived", ()))
        if rejected := document.get("rejected"):
            files = tuple(RejectedFile(**file) for file in rejected["files"])
            document["rejected"] = Rejected(**{**rejected, "files": files})
        return CommitRecord(**document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CouldNotEvaluate(
            f"{key!r} is not a commit record: {error}", hint="nothing was changed; a human must look at it"
        ) from error


def slots(lake: Lake, place: Place, batch: str) -> tuple[CommitRecord, ...]:
    """Return the records of a batch's slots in the order of the slots, never of the clock.

    Raises Refused where another batch's records stand there: on a disk that folds case `B1` and `b1` are one (INPUTS
    112).
    """
    folder = place.commit(batch, 0).rpartition("/")[0] + "/"
    keys = [entry.key for entry in lake.list(folder) if "/" not in entry.key.removeprefix(folder)]
    records = read_records(lake, keys)
    other = next((record.batch for record in records if record.batch != batch), None)
    if other is not None:
        raise Refused(
            f"the commit records of {other!r} stand where those of {batch!r} belong: {folder}",
            hint="the lake's disk takes the two names for one; rename the batch, or move the lake to another disk",
        )
    return records


def latest(slots: Sequence[CommitRecord]) -> CommitRecord | None:
    """Return the revision of a batch that holds: its highest COMMITTED slot, None where there is none.

    A slot that was burned after it takes nothing back.
    """
    return next((record for record in reversed(slots) if record.state is SlotState.COMMITTED), None)


def slot_keys(lake: Lake, place: Place, as_of: dt.datetime | None = None) -> dict[str, tuple[str, ...]]:
    """Return the keys of each batch's slots, in the order of the slots, from one listing.

    With `as_of` those that stood then by the store's own clock: `Entry.modified` of the record, UTC.
    """
    found: dict[str, tuple[str, ...]] = {}
    for entry in lake.list(place.commits):
        name, *rest = entry.key.removeprefix(place.commits).split("/")
        if len(rest) == 1 and name != SEQUENCE and (as_of is None or entry.modified <= as_of):  # not `<dataset>/<more>`
            found[batch_of(name)] = (*found.get(batch_of(name), ()), entry.key)
    return found


def committed(
    lake: Lake, place: Place, template: str | None = None, as_of: dt.datetime | None = None
) -> tuple[CommitRecord, ...]:
    """Return the latest revision of every committed batch of a dataset, in the order of the batch keys' fields.

    All are taken from one listing of the records (I11). With `as_of` the revisions that were the latest then.
    """
    found: list[CommitRecord] = []
    looked_at = list(slot_keys(lake, place, as_of).values())
    while looked_at:  # of each batch its latest slot, then the one before where that was burned
        records = read_records(lake, [keys[-1] for keys in looked_at])
        found += [record for record in records if record.state is SlotState.COMMITTED]
        burned_over = zip(records, looked_at, strict=True)
        looked_at = [keys[:-1] for record, keys in burned_over if record.state is SlotState.ABANDONED and keys[:-1]]
    return tuple(sorted(found, key=lambda record: order_of(template, record.batch)))


def datasets(lake: Lake) -> tuple[Place, ...]:
    """Return every dataset that has slots, in the order of the zones. It lists the slots of the whole lake."""
    found: dict[Place, None] = {}
    for zone in ZONES:
        folder = f"{zone}/_gate/commits/"
        for entry in lake.list(folder):
            found[Place(zone, entry.key.removeprefix(folder).rsplit("/", 2)[0])] = None
    return tuple(found)


def paths(lake: Lake, place: Place, template: str | None = None) -> tuple[str, ...]:
    """Return the keys of exactly the committed files of a dataset: whole batches, latest revisions (I11)."""
    return tuple(file.key for record in committed(lake, place, template) for file in record.files)


def read_slot(lake: Lake, key: str) -> CommitRecord | None:
    """Return the record at `key`, None where the slot is open."""
    data = lake.read(key)
    return None if data is None else parse_record(data, key)


def read_records(lake: Lake, keys: Sequence[str]) -> tuple[CommitRecord, ...]:
    """Return records that were listed. Raises CouldNotEvaluate where one is not there now: nobody may delete one."""
    records = []
    for key, data in zip(keys, lake.read_all(keys), strict=True):
        if data is None:
            raise CouldNotEvaluate(
                f"the commit record {key!r} vanished", hint="nobody may delete a commit record; look"
            )
        records.append(parse_record(data, key))
    return tuple(records)
