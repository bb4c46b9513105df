"""The ledger: commit records as values, their JSON, and what a reader learns from them.

A batch is in a zone when, and only when, a record with state COMMITTED stands in one of its slots. Readers list the
records and read exactly the keys these name; what else lies in a data prefix is not committed.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lakegate.errors import CouldNotEvaluate
from lakegate.lake.interface import Lake
from lakegate.lake.zones import SEQUENCE, Place, batch_of, order_of
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
    verdict: str  # `passed`; `warned` where a rule of a lesser severity does not hold
    counts: Mapping[str, int]  # checks per outcome
    rows: int | None
    report: str  # the report's folder
    report_sha256: Mapping[str, str]  # file in that folder -> SHA-256
    replaces: int | None  # the slot of the revision before this one
    write_id: str  # of this one write; read back when its answer is lost (PROTOCOL P8)
    attempt: str  # of the run of the gate
    waivers: tuple[str, ...] = field(default=())

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
        return CommitRecord(**document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CouldNotEvaluate(
            f"{key!r} is not a commit record: {error}", hint="nothing was changed; a human must look at it"
        ) from error


def slots(lake: Lake, place: Place, batch: str) -> tuple[CommitRecord, ...]:
    """Return the records of a batch's slots in the order of the slots, never of the clock."""
    folder = place.commit(batch, 0).rpartition("/")[0] + "/"
    return tuple(_read(lake, entry.key) for entry in lake.list(folder))


def committed(lake: Lake, place: Place, template: str | None = None) -> tuple[CommitRecord, ...]:
    """Return the latest revision of every committed batch of a dataset, in the order of the batch keys' fields."""
    latest: dict[str, CommitRecord] = {}
    for entry in lake.list(place.commits):
        if entry.key.split("/")[-2] == SEQUENCE:
            continue
        record = _read(lake, entry.key)
        if record.state is SlotState.COMMITTED and record.dataset == place.dataset:  # not of `<dataset>/<more>`
            latest[batch_of(entry.key.split("/")[-2])] = record
    return tuple(latest[batch] for batch in sorted(latest, key=lambda batch: order_of(template, batch)))


def paths(lake: Lake, place: Place, template: str | None = None) -> tuple[str, ...]:
    """Return the keys of exactly the committed files of a dataset: whole batches, latest revisions (I11)."""
    return tuple(file.key for record in committed(lake, place, template) for file in record.files)


def read_slot(lake: Lake, key: str) -> CommitRecord | None:
    """Return the record at `key`, None where the slot is open."""
    data = lake.read(key)
    return None if data is None else parse_record(data, key)


def _read(lake: Lake, key: str) -> CommitRecord:
    """Return a record that was listed; nobody may delete one."""
    record = read_slot(lake, key)
    if record is None:
        raise CouldNotEvaluate(f"the commit record {key!r} vanished", hint="nobody may delete a commit record; look")
    return record
