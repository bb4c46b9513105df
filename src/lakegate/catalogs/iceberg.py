"""P11: committed batches of a warehouse table, registered in an Iceberg table of any catalogue that pyiceberg opens.

The Iceberg table is a rendering of the commit records, never truth. Its data files are the committed objects where they
lie; nothing is copied. Which batches it holds is told by the paths of its own live files, each of which names batch,
digest and slot: this is in every snapshot, whatever is expired or rolled back, and cannot disagree with the rows.

Safe beside others: the table is loaded before the records are read, and a commit counts only over the snapshot that was
loaded. Who committed later registers later.
"""

from __future__ import annotations

import contextlib
import dataclasses
import random
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lakegate.catalogs.parquet_schema import iceberg_schema
from lakegate.catalogs.settings import Catalogue
from lakegate.errors import CouldNotEvaluate, LakegateError, OutcomeUnknown, UsageError
from lakegate.gate import ledger
from lakegate.gate.ledger import CommitRecord
from lakegate.lake.interface import Lake
from lakegate.lake.zones import Place, batch_of

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.catalog import Catalog
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table, Transaction

TRIES = 30  # of one change, beside others who change the same table
WAIT = 0.2  # seconds at most before another try, growing with each
INSTALL = "pip install 'lakegate[iceberg]'"
# Of a table that is made here. Its data files are the lake's: who expires snapshots or drops the table may not delete
# them (`gc.enabled`). Manifests are merged, so that looking at a table of 10,000 batches opens at most 100 of them.
PROPERTIES = {
    "gc.enabled": "false",
    "commit.manifest-merge.enabled": "true",
    "write.metadata.delete-after-commit.enabled": "true",
    "lakegate.registers": "committed batches; made again by `lakegate iceberg sync`",
}
_RETRIES = "commit.retry.num-retries"
_MAPPING = "schema.name-mapping.default"


@dataclass(frozen=True, slots=True)
class Change:
    """What was done to an Iceberg table, by batch keys; all of it in one snapshot. Nothing: it said so already."""

    table: str  # namespace.name
    added: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()  # a revision by a later one
    removed: tuple[str, ...] = ()  # of which no record tells

    def __bool__(self) -> bool:
        """Whether anything was done."""
        return bool(self.added or self.replaced or self.removed)


@dataclass(frozen=True, slots=True)
class Registered:
    """The live files of an Iceberg table by batch: URI -> the catalogue's own entry."""

    batches: Mapping[str, Mapping[str, DataFile]]


def register(catalogue: Catalogue, lake: Lake, place: Place, batches: Collection[str] | None = None) -> Change:
    """Bring an Iceberg table to the latest committed revisions of some batches, or with None to exactly all of them.

    Namespace and name are layer and table (`core`, `fact_flight`); both are made at first use. Again is harmless.

    Raises:
        UsageError: pyiceberg is not installed, or the catalogue's settings are wrong.
        CouldNotEvaluate: the catalogue does not answer, a file has no place in the table, or the table holds what this
            lake did not commit. Then the table is as it was.
        OutcomeUnknown: others changed the table all the time.
    """
    target = _Target(catalogue, lake, place)
    for number in range(TRIES):
        table = target.load()  # before the records are read: a change made of older ones then cannot be committed
        held = target.held(table)
        wanted = target.wanted(batches)
        chosen = set(held.batches) | set(wanted) if batches is None else set(batches)
        difference = _difference(target.name, held, wanted, chosen)
        if not difference.change:
            return difference.change
        if target.commit(table, difference):
            return difference.change
        time.sleep(random.uniform(0, WAIT * min(number + 1, 10)))  # noqa: S311 - so that the losers do not meet again
    raise OutcomeUnknown(f"the Iceberg table {target.name} is changed by others all the time", hint=_SYNC)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an Iceberg table is behind the commit records, by batch keys. All empty but `registered`: not at all."""

    table: str
    registered: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    outdated: tuple[str, ...] = ()  # another revision is registered than the latest
    unknown: tuple[str, ...] = ()  # registered, and no record tells of them

    @property
    def behind(self) -> bool:
        """Whether `register` would change anything."""
        return bool(self.missing or self.outdated or self.unknown)


def standing(catalogue: Catalogue, lake: Lake, place: Place) -> Standing:
    """Compare an Iceberg table with the commit records; nothing is changed. Raises as `register`."""
    target = _Target(catalogue, lake, place)
    held = target.held(target.load())
    wanted = target.wanted(None)
    change = _difference(target.name, held, wanted, set(held.batches) | set(wanted)).change
    other = {*change.added, *change.replaced, *change.removed}
    same = tuple(batch for batch in wanted if batch not in other)
    return Standing(target.name, same, change.added, change.replaced, change.removed)


@dataclass(frozen=True, slots=True)
class _Difference:
    """What is to be done to a table: keys of the lake's objects by URI, entries that go, and the batches concerned."""

    change: Change
    added: Mapping[str, str]
    removed: tuple[DataFile, ...]
    records: tuple[CommitRecord, ...]


def _difference(name: str, held: Registered, wanted: Mapping[str, _Wanted], chosen: Collection[str]) -> _Difference:
    """Return what brings the batches `chosen` from what is held to what is wanted."""
    batches = sorted(batch for batch in chosen if _files(wanted, batch).keys() != held.batches.get(batch, {}).keys())
    added: dict[str, str] = {}
    removed: list[DataFile] = []
    for batch in batches:
        want, have = _files(wanted, batch), held.batches.get(batch, {})
        added |= {uri: key for uri, key in want.items() if uri not in have}
        removed += [file for uri, file in have.items() if uri not in want]
    change = Change(
        name,
        added=tuple(batch for batch in batches if batch not in held.batches),
        replaced=tuple(batch for batch in batches if batch in held.batches and batch in wanted),
        removed=tuple(batch for batch in batches if batch not in wanted),
    )
    records = tuple(wanted[batch].record for batch in batches if batch in wanted)
    return _Difference(change, added, tuple(removed), records)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The latest revision of a batch; `files` are its keys by URI."""

    record: CommitRecord
    files: Mapping[str, str]


def _files(wanted: Mapping[str, _Wanted], batch: str) -> Mapping[str, str]:
    return wanted[batch].files if batch in wanted else {}


class _Target:
    """One Iceberg table of a catalogue, and the committed table that it renders."""

    def __init__(self, catalogue: Catalogue, lake: Lake, place: Place) -> None:
        """Take what `register` takes; nothing is opened yet. Raises UsageError for what is no warehouse table."""
        if not place.in_warehouse:
            raise UsageError(f"{place.dataset!r} is no table of a warehouse layer: only these are registered")
        self._catalogue, self._lake, self._place = catalogue, lake, place
        layer, *path = place.dataset.split("/")
        self._identifier = (layer, "_".join(path))
        self.name = ".".join(self._identifier)
        self._prefix = self._uri(place.prefix + "x")[:-1]

    def _uri(self, key: str) -> str:
        """Return a key as a URI, whatever the reader's default file system is."""
        uri = self._lake.uri(key)
        return f"file://{uri}" if uri.startswith("/") else uri

    @cached_property
    def _catalog(self) -> Catalog:
        try:
            from pyiceberg.catalog import load_catalog
        except ImportError as error:
            raise UsageError(
                "lakegate.toml names an Iceberg catalogue, and pyiceberg is missing", hint=INSTALL
            ) from error
        warehouse = self._catalogue.properties.get("warehouse", self._prefix)
        self._refuse_other_place(warehouse)
        with self._telling():
            return load_catalog(self._catalogue.name, **{**self._catalogue.access(), **self._catalogue.properties})

    def _refuse_other_place(self, location: str) -> None:
        """Refuse to name files of a laptop in a catalogue of the bucket, and the other way round."""
        here, there = self._prefix.partition(":")[0], location.partition("://")[0].removesuffix("a")  # s3a is s3
        if here != there:
            raise CouldNotEvaluate(
                f"the lake's files are {here}://…, and the Iceberg table {self.name} lies at {location!r}",
                hint="name the catalogue that belongs to this lake in [iceberg], or the lake that belongs to it",
            )

    def load(self) -> Table | None:
        """Return the table as it is now, None where there is none."""
        from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError

        catalog = self._catalog
        with self._telling():
            try:
                table = catalog.load_table(self._identifier)
            except (NoSuchTableError, NoSuchNamespaceError):
                return None
        self._refuse_other_place(table.location())
        return table

    def held(self, table: Table | None) -> Registered:
        """Return what the table's current snapshot holds. Raises CouldNotEvaluate for what this lake did not commit."""
        from pyiceberg.manifest import ManifestContent

        found: dict[str, dict[str, DataFile]] = {}
        snapshot = table.current_snapshot() if table else None
        if table is None or snapshot is None:
            return Registered(found)
        with self._telling():
            manifests = snapshot.manifests(table.io)
            entries = [(manifest, entry) for manifest in manifests for entry in manifest.fetch_manifest_entry(table.io)]
        for manifest, entry in entries:
            path = entry.data_file.file_path
            segment, _, _ = path.removeprefix(self._prefix).partition("/")
            ours = path.startswith(self._prefix) and segment.startswith("batch=")
            if manifest.content != ManifestContent.DATA or not ours:
                raise CouldNotEvaluate(
                    f"the Iceberg table {self.name} holds what this lake did not commit: {path!r}",
                    hint="it was compacted, or written by another: drop it (never purge, the files are the lake's), "
                    "then run `lakegate iceberg sync`",
                )
            found.setdefault(batch_of(segment.removeprefix("batch=")), {})[path] = entry.data_file
        return Registered(found)

    def wanted(self, batches: Collection[str] | None) -> dict[str, _Wanted]:
        """Return the latest committed revisions of some batches, or of all, as the records tell them now."""
        if batches is None:
            records = ledger.committed(self._lake, self._place)
        else:
            latest = (ledger.latest(ledger.slots(self._lake, self._place, batch)) for batch in batches)
            records = tuple(record for record in latest if record is not None)
        return {r.batch: _Wanted(r, {self._uri(file.key): file.key for file in r.files}) for r in records}

    def commit(self, table: Table | None, difference: _Difference) -> bool:
        """Change the table in one snapshot; False where it is not what it was when it was loaded."""
        from pyiceberg.exceptions import CommitFailedException, ValidationException

        schemas = [iceberg_schema(self._lake, key) for key in difference.added.values()]
        if table is None:
            table = self._created(schemas[0])
            if table.current_snapshot() is not None:  # another made it meanwhile: what it holds was not looked at
                return False
        # pyiceberg's own retry would put our files over whatever snapshot another has made meanwhile: twice the same
        # files where two register one batch. In this process only: properties of a loaded table are not written back.
        table.metadata.properties[_RETRIES] = "0"
        with self._telling():
            try:
                with table.transaction() as transaction:
                    _widen(transaction, schemas)
                    _exchange(transaction, table, difference)
            except (CommitFailedException, ValidationException):
                return False
        return True

    def _created(self, schema: pa.Schema) -> Table:
        """Make the table, empty; return the one of another where that was faster."""
        with self._telling():
            try:
                self._catalog.create_namespace_if_not_exists(self._identifier[0])
            except Exception:  # of two at once the slower is told so in the words of its SQL driver
                if not self._catalog.namespace_exists(self._identifier[0]):
                    raise
            return self._catalog.create_table_if_not_exists(self._identifier, schema, properties=PROPERTIES)

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """Tell what goes wrong as an error of ours."""
        try:
            yield
        except LakegateError:
            raise
        except Exception as error:
            # Each catalogue's client has errors of its own, of no common kind; none may undo a commit.
            raise CouldNotEvaluate(
                f"the Iceberg table {self.name} was not changed: {type(error).__name__}: {error}", hint=_SYNC
            ) from error


_SYNC = "the batch is committed; `lakegate iceberg sync` registers what is missing"


def _widen(transaction: Transaction, schemas: Collection[pa.Schema]) -> None:
    """Give the table the columns and widths that the files have, and the names by which files without ids are read."""
    from pyiceberg.exceptions import ResolveError, ValidationError

    if transaction.table_metadata.name_mapping() is None:
        mapping = transaction.table_metadata.schema().name_mapping.model_dump_json()
        transaction.set_properties({_MAPPING: mapping})
    for schema in dict.fromkeys(schemas):
        try:
            with transaction.update_schema() as update:
                update.union_by_name(schema)
        except (ResolveError, ValidationError, ValueError, TypeError) as error:
            raise CouldNotEvaluate(
                f"an Iceberg table cannot follow the columns of these files: {error}",
                hint="columns may be added, and int, float, decimal widened; give another meaning another name",
            ) from error


def _exchange(transaction: Transaction, table: Table, difference: _Difference) -> None:
    """Put files in, and those of older revisions out, as one snapshot."""
    from pyiceberg.io.pyarrow import parquet_file_to_data_file

    told = _summary(difference)
    if not difference.removed:
        transaction.add_files(list(difference.added), snapshot_properties=told, check_duplicate_files=False)
        return
    with transaction.update_snapshot(snapshot_properties=told).overwrite() as update:
        for file in difference.removed:
            update.delete_data_file(file)
        for uri in difference.added:
            update.append_data_file(parquet_file_to_data_file(table.io, transaction.table_metadata, uri))


def _summary(difference: _Difference) -> dict[str, str]:
    """Return what the snapshot's summary says: of one batch which revision, of several how many."""
    change, records = dataclasses.asdict(difference.change), difference.records
    told = {f"lakegate.{what}": str(len(change[what])) for what in ("added", "replaced", "removed")}
    if len(records) == 1:
        told |= {"lakegate.batch": records[0].batch, "lakegate.slot": str(records[0].slot)}
        told |= {"lakegate.digest": records[0].digest}
    return told
