"""P6a: keep the bytes of a batch that was not let in, and remember what was judged, so that it is judged once."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

from lakegate.errors import CouldNotEvaluate, LakeError
from lakegate.gate.ledger import Marker
from lakegate.gate.spool import SpooledBatch
from lakegate.lake import zones
from lakegate.lake.interface import Content, Lake

SCHEMA_VERSION = 1
FAILED = "failed"
CONFLICT = "conflict"
COPIES = 3  # of one file, before the store is said to be at fault


@dataclass(frozen=True, slots=True)
class Kept:
    """One quarantined file. `size` in bytes."""

    path: str
    size: int
    sha256: str
    key: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """The quarantine record of one judgement (`protocol.judgement_id`); of a conflict no bytes are copied."""

    id: str
    dataset: str
    batch: str
    outcome: str  # FAILED, CONFLICT
    digest: str
    contract_id: str
    contract_version: str
    contract_sha256: str
    pins: tuple[tuple[str, str], ...]  # (path, version) of every file and marker
    files: tuple[Kept, ...]
    report: str  # the report's folder, empty for a conflict
    message: str
    at: str  # ISO 8601, UTC; when it was judged first. Shown, never decided by
    uploaders: tuple[str, ...] = ()  # who brought it, as far as the lake told; looked up where it may be waived
    markers: tuple[Marker, ...] = ()  # with which it arrived: a manifest's promise holds when it is judged again, too

    @property
    def exit_code(self) -> int:
        """The exit code that judging it again would give."""
        return 4 if self.outcome == CONFLICT else 1

    def to_json(self) -> bytes:
        """Return the record as it is stored: one line of JSON with sorted keys."""
        document = {"schema_version": SCHEMA_VERSION, **dataclasses.asdict(self)}
        return json.dumps(document, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def keep(lake: Lake, batch: SpooledBatch) -> tuple[Kept, ...]:
    """Copy a batch into quarantine and verify every file; what already stands there is only verified.

    A copy that went wrong is left, for a record may name what lies beside it, and the next one is made.

    Raises:
        LakeError: one file went wrong in every copy.
    """
    return tuple(
        Kept(file.path, file.size, file.sha256, placed(lake, batch, file.path, file.content)) for file in batch.files
    )


def placed(lake: Lake, batch: SpooledBatch, path: str, content: Content) -> str:
    """Place one file in the batch's quarantine and return the key of a verified copy. Raises as `keep`."""
    for copy in range(1, COPIES + 1):
        key = zones.quarantine(batch.dataset, batch.key, batch.digest, copy) + path
        lake.place(key, content)
        if lake.holds(key, content):
            return key
    raise LakeError(
        f"{COPIES} quarantined copies of {path!r}, the last {key!r}, are not what was judged",
        hint="the source is untouched; check the disk and run again",
    )


def remember(lake: Lake, judgement: Judgement, write_id: str) -> None:
    """Write a quarantine record; the first of the same judgement stays."""
    key = zones.judgement(judgement.dataset, judgement.batch, judgement.id)
    lake.put_if_absent(key, judgement.to_json(), write_id)


def judgements(lake: Lake, dataset: str) -> tuple[Judgement, ...]:
    """Return every quarantine record of a dataset, the oldest first.

    Raises:
        CouldNotEvaluate: something else stands among them.
    """
    return _read(lake, dataset, zones.judgements(dataset))


def judgements_of(lake: Lake, dataset: str, batch: str) -> tuple[Judgement, ...]:
    """Return every quarantine record of a batch, the oldest first. Raises as `judgements`."""
    return tuple(one for one in _read(lake, dataset, zones.judgements(dataset, batch)) if one.batch == batch)


def _read(lake: Lake, dataset: str, folder: str) -> tuple[Judgement, ...]:
    found = []
    keys = [entry.key for entry in lake.list(folder)]
    for key, data in zip(keys, lake.read_all(keys), strict=True):
        try:
            document = json.loads(data or b"")
            del document["schema_version"]  # a later version's record has fields we do not know: TypeError
            document["pins"] = tuple((path, version) for path, version in document["pins"])
            document["files"] = tuple(Kept(**file) for file in document["files"])
            document["uploaders"] = tuple(document.get("uploaders", ()))
            document["markers"] = tuple(Marker(**marker) for marker in document.get("markers", ()))
            found.append(Judgement(**document))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            hint = "restore it, or take it away: its batch is then judged again"
            raise CouldNotEvaluate(f"{key!r} is not a quarantine record: {error}", hint=hint) from error
    own = [judgement for judgement in found if judgement.dataset == dataset]  # not those of `<dataset>/<more>`
    return tuple(sorted(own, key=lambda judgement: judgement.at))
