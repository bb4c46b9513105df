"""What is kept of a table beside its commit records, so that a new batch does not read the old ones again.

One small document a table, and an index file for each key of each batch. They are renderings (PROTOCOL, Rules): what
the commit records say is asked each time, and what the state lacks, or says of another slot, is made again from data.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lakegate.errors import OutcomeUnknown
from lakegate.gate import ledger
from lakegate.gate.ledger import CommitRecord
from lakegate.lake.interface import Content, Entry, Lake
from lakegate.lake.zones import Place, order_of
from lakegate.made import Made, MadeIndex, Scalar

SCHEMA_VERSION = 1
TRIES = 100  # of one update, beside others that update the same document
_INDEX = re.compile(r"[^/]+/[0-9]{6,}/[^/]+-[0-9a-f]{12}\.parquet")  # below the folder of a table's state


@dataclass(frozen=True, slots=True)
class KeyIndex:
    """Where the distinct values of one key of a batch stand (`made.MadeIndex`). `size` in bytes."""

    columns: tuple[str, ...]
    key: str
    size: int
    sha256: str
    rows: int
    least: Scalar = None
    most: Scalar = None
    types: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class BatchState:
    """What is known of the latest revision of one committed batch. `rows` None: its record does not tell."""

    batch: str
    slot: int
    digest: str
    rows: int | None
    measured: Mapping[str, float | None] = field(default_factory=dict)  # `made.Made.measured`
    keys: Mapping[str, KeyIndex] = field(default_factory=dict)  # by the key's name; only of those that were made


def of_record(record: CommitRecord) -> BatchState:
    """Return what a commit record alone tells."""
    return BatchState(record.batch, record.slot, record.digest, record.rows)


def standing(lake: Lake, target: Place, template: str | None = None) -> tuple[BatchState, ...]:
    """Return the state of every committed batch of a dataset, its latest revision, in the order of the batch keys.

    Which batches are committed is told by one listing of the slots (I11). A record is read only where the document has
    no word about its slot; such a batch comes without measured numbers and keys.
    """
    known = read(lake, target)
    found, unknown = [], []
    for batch, keys in ledger.slot_keys(lake, target).items():
        kept = known.get(batch)
        if kept is not None and keys[-1] == target.commit(batch, kept.slot):
            found.append(kept)
        else:
            unknown.append((batch, keys))
    for batch, keys in unknown:
        record = ledger.latest(ledger.read_records(lake, keys))
        kept = known.get(batch)
        if record is not None:
            same = kept is not None and (kept.slot, kept.digest) == (record.slot, record.digest)
            found.append(kept if kept is not None and same else of_record(record))
    return tuple(sorted(found, key=lambda state: order_of(template, state.batch)))


def read(lake: Lake, target: Place) -> dict[str, BatchState]:
    """Return what the document says, by batch; nothing where it is not there or cannot be read: it can be made again.

    It may be older than the commit records: `standing` tells what holds. Raises LakeError.
    """
    return _parsed(lake.read(target.state))


def update(lake: Lake, target: Place, states: Iterable[BatchState]) -> None:
    """Put states into the document: what it says of the same slot is added to, what it says of an older one replaced.

    Raises:
        LakeError: the lake could not be asked.
        OutcomeUnknown: others updated it all the time; nothing is lost, for it can be made again.
    """
    told = tuple(states)
    for _ in range(TRIES):
        entry = lake.stat(target.state)
        known = _parsed(lake.read(target.state)) if entry else {}
        merged = dict(known)
        for state in told:
            merged[state.batch] = _merged(known.get(state.batch), state)
        if merged == known or lake.replace_if(target.state, _written(merged), entry):
            return
    raise OutcomeUnknown(f"{target.state!r} is written by others all the time", hint="run `lakegate state rebuild`")


def keep(lake: Lake, target: Place, state: BatchState, made: Made) -> None:
    """Place what was made of a batch, and put it into the document. Raises as `placed` and `update`."""
    update(lake, target, [placed(lake, target, state, made)])


def placed(lake: Lake, target: Place, state: BatchState, made: Made) -> BatchState:
    """Place the indexes that were made of a batch; return its state with them and with what was measured.

    A file of an index that stands there damaged is replaced. Raises LakeError, OSError.
    """
    keys = {index.name: _placed(lake, target, state, index) for index in made.indexes}
    return dataclasses.replace(state, measured={**state.measured, **made.measured}, keys={**state.keys, **keys})


def rewrite(lake: Lake, target: Place, states: Iterable[BatchState]) -> None:
    """Write the document anew: these states, and of what it holds beside them only later slots that are committed.

    Raises as `update` does.
    """
    told = {state.batch: state for state in states}
    for _ in range(TRIES):
        entry = lake.stat(target.state)
        known = _parsed(lake.read(target.state)) if entry else {}
        later = {batch: one for batch, one in known.items() if batch not in told or told[batch].slot < one.slot}
        slots = {batch: ledger.read_slot(lake, target.commit(batch, one.slot)) for batch, one in later.items()}
        stand = {batch for batch, slot in slots.items() if slot is not None and slot.digest == later[batch].digest}
        if lake.replace_if(target.state, _written({**told, **{batch: later[batch] for batch in stand}}), entry):
            return
    raise OutcomeUnknown(f"{target.state!r} is written by others all the time", hint="run `lakegate state rebuild`")


def unnamed(lake: Lake, target: Place) -> tuple[Entry, ...]:
    """Return the files of indexes that the document does not name. Raises LakeError."""
    named = {index.key for one in read(lake, target).values() for index in one.keys.values()}
    return tuple(
        entry
        for entry in lake.list(target.states)
        if entry.key not in named and _INDEX.fullmatch(entry.key.removeprefix(target.states))
    )


def _placed(lake: Lake, target: Place, state: BatchState, index: MadeIndex) -> KeyIndex:
    local = index.file.local
    with local.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    content = Content(local, local.stat().st_size, sha256)
    key = target.key_index(state.batch, state.slot, index.name, sha256)
    if not lake.place(key, content) and lake.holds(key, content) is None:
        lake.replace_if(key, local.read_bytes(), lake.stat(key))  # the gate may not delete in a zone
    told = (index.file.rows, index.least, index.most, index.types)
    return KeyIndex(index.columns, key, content.size, sha256, *told)


def _merged(known: BatchState | None, told: BatchState) -> BatchState:
    if known is None or known.slot < told.slot:
        return told
    if known.slot > told.slot:
        return known
    return dataclasses.replace(known, measured={**known.measured, **told.measured}, keys={**known.keys, **told.keys})


def _written(states: Mapping[str, BatchState]) -> bytes:
    """Return the document: one line of JSON with sorted keys."""
    batches = {batch: dataclasses.asdict(state) for batch, state in states.items()}
    document = {"schema_version": SCHEMA_VERSION, "batches": batches, "sha256": _sha256(batches)}
    return json.dumps(document, sort_keys=True).encode() + b"\n"


def _sha256(batches: Mapping[str, Any]) -> str:
    """Return the digest by which a damaged document is told: it must not keep a key from being looked up."""
    return hashlib.sha256(json.dumps(batches, sort_keys=True).encode()).hexdigest()


def _parsed(data: bytes | None) -> dict[str, BatchState]:
    try:
        document = json.loads(data or b"{}")
        if document.get("schema_version") != SCHEMA_VERSION:
            return {}
        if document["sha256"] != _sha256(document["batches"]):
            return {}
        return {batch: _state(entry) for batch, entry in document["batches"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _state(entry: dict[str, Any]) -> BatchState:
    keys = {
        name: KeyIndex(
            **{**index, "columns": tuple(index["columns"]), "types": tuple(tuple(one) for one in index["types"])}
        )
        for name, index in entry.pop("keys").items()
    }
    return BatchState(**entry, keys=keys)
