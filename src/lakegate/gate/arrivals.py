"""What lies under a drop: cut into batches, with the markers that say a batch is complete (PROTOCOL, Words and P1)."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from lakegate.checks.table_wide import is_table_wide
from lakegate.contract.canonical import rules_sha256
from lakegate.contract.expectation_files import NO_FILES, ExpectationFiles
from lakegate.contract.findings import near
from lakegate.contract.model import Batching, Contract, SchemaObject, Waiving
from lakegate.errors import Refused, UsageError
from lakegate.gate.ledger import Marker
from lakegate.gate.protocol import UNKNOWN, Arrived, Origin, Promised, manifest_files, manifest_origin
from lakegate.lake.interface import SMALL, Entry, Lake, check_key
from lakegate.lake.zones import MANIFEST, SUCCESS, KeyTemplate, Place, order_of, place

NO_WAIVER = Waiving()


@dataclass(frozen=True, slots=True)
class Route:
    """From where to where the batches of one dataset go, and by which contract.

    `sequenced`: a rule looks at all batches of the table, so they are committed one after another (`gate/sequence.py`).
    """

    source: Place
    target: Place
    batching: Batching
    on_change: str  # reject, new_revision
    contract_id: str
    contract_version: str
    contract_sha256: str
    sequenced: bool = False
    waiving: Waiving = NO_WAIVER
    rules_sha256: str = ""  # of the canonical rules (`contract.canonical`); empty: not compared

    @property
    def dataset(self) -> str:
        """The dataset's name in the zone it goes to."""
        return self.target.dataset


def route(contract: Contract, model: SchemaObject, files: ExpectationFiles = NO_FILES) -> Route:
    """Return the way of `model`'s batches. Who promotes says which `files` its rules use: they are rules, too.

    Raises:
        UsageError: the contract does not say from which server to which, or a location is no place in a lake.
        Refused: a location is unsafe.
    """
    ends = []
    for word, name in (("from", contract.gate.from_server), ("to", contract.gate.to_server)):
        server = contract.server(name) if name else None
        if server is None:
            raise UsageError(
                f"the contract {contract.id!r} names no server to promote {word}: got {name!r}",
                hint=f"set customProperties lakegate.{word} to the name of one of its servers",
            )
        ends.append(place(server.location, model.name))
    batching = contract.gate.batch
    usual = "new_revision" if ends[1].in_warehouse else "reject"  # a table is made again at will, what arrived is not
    return Route(
        source=ends[0],
        target=ends[1],
        batching=batching,
        on_change=contract.gate.on_change or usual,
        contract_id=contract.id,
        contract_version=contract.version,
        contract_sha256=contract.sha256,
        sequenced=is_table_wide(contract, model),
        waiving=contract.gate.waiver,
        rules_sha256=rules_sha256(contract, files),
    )


@dataclass(frozen=True, slots=True)
class Drop:
    """One batch as it lies in the lake. Paths are relative to the batch, as the uploader wrote them."""

    batch: str
    files: tuple[tuple[str, Entry], ...] = ()
    success: Entry | None = None
    manifest: Entry | None = None

    @property
    def markers(self) -> tuple[tuple[str, Entry], ...]:
        """The markers that are there, under their names."""
        return tuple((entry.key.rpartition("/")[2], entry) for entry in (self.success, self.manifest) if entry)

    @property
    def pins(self) -> tuple[tuple[str, str], ...]:
        """What pins the whole drop: (path, version) of every file and marker."""
        return tuple((path, entry.version) for path, entry in (*self.files, *self.markers))


def read_drop(lake: Lake, route: Route, batch: str) -> Drop:
    """Return one batch as it lies in the lake; without files and markers where nothing has arrived.

    Raises:
        Refused: `batch` is unsafe as a key.
        UsageError: it is not of the contract's template, or a name that is no source.
    """
    check_key(batch)
    template = route.batching.key
    if template is not None and KeyTemplate(template).fields(batch) is None:
        raise UsageError(f"the batch key {batch!r} is not of the form {template!r}", hint="see `lakegate status`")
    if _hidden(batch.split("/")):
        raise UsageError(f"the batch key {batch!r} is kept for the lake's own use: names with '_' are no sources")
    if route.batching.by == "folder":
        return _drop(batch, lake.list(f"{route.source.prefix}{batch}/"), f"{route.source.prefix}{batch}/")
    file = lake.stat(route.source.prefix + batch)
    success, manifest = (lake.stat(drop_folder(route, batch) + name) for name in marker_names(route, batch))
    return Drop(batch, ((batch.rpartition("/")[2], file),) if file else (), success, manifest)


def drop_folder(route: Route, batch: str) -> str:
    """Return the folder under the drop in which a batch's files and its markers stand, with its `/`."""
    folder = batch if route.batching.by == "folder" else batch.rpartition("/")[0]
    return f"{route.source.prefix}{folder}/" if folder else route.source.prefix


def marker_names(route: Route, batch: str) -> tuple[str, str]:
    """Return what the two markers of a batch are called there: `_SUCCESS` or the like, and the manifest."""
    if route.batching.by == "folder":
        return SUCCESS, MANIFEST
    return tuple(name.rpartition("/")[2] for name in _file_markers(batch))  # type: ignore[return-value]  # two


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Everything under a dataset's drop. `strays` belong to no batch: beside the batches, or not of the template."""

    drops: tuple[Drop, ...]  # in the order of the batch keys' fields
    strays: tuple[Entry, ...]


def arrivals(lake: Lake, route: Route) -> Arrivals:
    """Return every batch that lies under the dataset's drop, complete or not."""
    batching, prefix = route.batching, route.source.prefix
    template = KeyTemplate(batching.key) if batching.key else None
    depth = template.depth if template else 1
    grouped: dict[str, list[Entry]] = {}
    strays: list[Entry] = []
    markers: dict[str, Entry] = {}  # by: file, where they stand beside the files
    for entry in lake.list(prefix):
        path = entry.key.removeprefix(prefix)
        steps = path.split("/")
        batch = path if batching.by == "file" else "/".join(steps[:depth])
        if _hidden(batch.split("/")):
            markers[path] = entry
        elif (batching.by == "folder" and len(steps) <= depth) or (template and template.fields(batch) is None):
            strays.append(entry)
        else:
            grouped.setdefault(batch, []).append(entry)
    drops = []
    for batch, entries in grouped.items():
        if batching.by == "file":
            success, manifest = (markers.get(name) for name in _file_markers(batch))
            drops.append(Drop(batch, ((batch.rpartition("/")[2], entries[0]),), success, manifest))
        else:
            drops.append(_drop(batch, entries, f"{prefix}{batch}/"))
    return Arrivals(tuple(sorted(drops, key=lambda drop: order_of(batching.key, drop.batch))), tuple(strays))


def batch_at(route: Route, key: str) -> str | None:
    """Return the batch that a file or a marker at `key` belongs to, None where it is of no batch of this dataset."""
    batching, path = route.batching, key.removeprefix(route.source.prefix)
    if path == key:
        return None
    steps = path.split("/")
    if batching.by == "file":
        name = re.fullmatch(r"_SUCCESS\.(.+)|_MANIFEST\.(.+)\.json", steps[-1])
        batch = "/".join([*steps[:-1], (name[1] or name[2]) if name else steps[-1]])
    else:
        depth = KeyTemplate(batching.key).depth if batching.key else 1
        if len(steps) <= depth:
            return None
        batch = "/".join(steps[:depth])
    of_form = batching.key is None or KeyTemplate(batching.key).fields(batch) is not None
    return batch if of_form and not _hidden(batch.split("/")) else None


def is_marker(key: str) -> bool:
    """Whether a key is that of a marker: of a batch that is a folder, or of one that is a file."""
    name = key.rpartition("/")[2]
    return name in (SUCCESS, MANIFEST) or name.startswith((f"{SUCCESS}.", "_MANIFEST."))


def near_batch(lake: Lake, route: Route, drop: Drop) -> str:
    """Return "did you mean X?" where nothing has arrived under a key but has under one like it, else empty text."""
    if drop.files or drop.markers:
        return ""
    return near(drop.batch, [other.batch for other in arrivals(lake, route).drops])


@dataclass(frozen=True, slots=True)
class Markers:
    """The markers of a drop, read. `arrived` is what completeness is judged by; `unreadable` says why it cannot be."""

    arrived: Arrived
    markers: tuple[Marker, ...]
    unreadable: str = ""
    origin: Origin = UNKNOWN

    @property
    def promised(self) -> tuple[Promised, ...] | None:
        """What the manifest names, None without a manifest."""
        return self.arrived.promised


def read_markers(lake: Lake, drop: Drop) -> Markers:
    """Read the markers of a drop (P1).

    Raises:
        SourceChanged: a marker changed meanwhile.
        Refused: a marker is too large to be one.
    """
    read, promised, unreadable, origin = [], None, "", UNKNOWN
    for name, entry in drop.markers:
        if entry.size > SMALL:
            raise Refused(f"{entry.key!r} is larger than {SMALL} bytes, it cannot be a marker")
        data = b"".join(lake.stream(entry))
        is_manifest = entry == drop.manifest
        text = data.decode(errors="replace") if is_manifest else ""
        read.append(Marker(name, len(data), hashlib.sha256(data).hexdigest(), text))
        if is_manifest:
            try:
                promised, origin = manifest_files(data), manifest_origin(data)
            except ValueError as error:
                unreadable = f"its manifest cannot be read: {error}"
    names = frozenset(path for path, _ in drop.files)
    arrived = Arrived(names, _newest([e for _, e in drop.files]), promised, _newest([e for _, e in drop.markers]))
    return Markers(arrived, tuple(read), unreadable, origin)


def _newest(entries: Sequence[Entry]) -> dt.datetime | None:
    """Return when the last of `entries` changed, None of none."""
    return max((entry.modified for entry in entries), default=None)


def _hidden(steps: Sequence[str]) -> bool:
    """Whether a name on the way is the lake's own."""
    return any(step.startswith("_") for step in steps)


def _drop(batch: str, entries: Sequence[Entry], prefix: str) -> Drop:
    """Tell the markers of a folder from its files."""
    inside = {entry.key.removeprefix(prefix): entry for entry in entries}
    success, manifest = inside.pop(SUCCESS, None), inside.pop(MANIFEST, None)
    return Drop(batch, tuple(sorted(inside.items())), success, manifest)


def _file_markers(batch: str) -> tuple[str, str]:
    """Return the paths of the markers of a batch that is one file: beside it, `_SUCCESS.<name>` and the like."""
    folder, slash, name = batch.rpartition("/")
    return f"{folder}{slash}{SUCCESS}.{name}", f"{folder}{slash}_MANIFEST.{name}.json"
