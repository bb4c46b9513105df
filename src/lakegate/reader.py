"""Read what is committed, from Python: `lakegate.Lake("s3://bucket").read("nyc/flights")`.

A snapshot is whole batches (PROTOCOL I11): the latest revision of each, as one listing of the commit records names
them. What is committed later is not in it, and what lies in the lake uncommitted is in none. No contract is needed to
know the files; text (CSV, JSON) needs one to become rows, for its types stand nowhere else.
"""

from __future__ import annotations

import atexit
import dataclasses
import datetime as dt
import functools
import os
import tempfile
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lakegate.config import limits_of, open_lake
from lakegate.context import Neighbour, fetched
from lakegate.contract.findings import listed, near
from lakegate.contract.model import Contract
from lakegate.contract.odcs import load
from lakegate.contract.project import Project
from lakegate.errors import LakeError, UsageError
from lakegate.gate import ledger
from lakegate.gate.arrivals import route
from lakegate.gate.ledger import CommitRecord
from lakegate.intake.files import Format, format_of
from lakegate.lake import interface
from lakegate.lake.zones import Place, places_called
from lakegate.rows import RESERVED, Rows, unread
from lakegate.run import opener

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    import pyarrow.dataset as ds
    from pyarrow.fs import FileSystem

BATCH = "batch"  # the column that says of which batch a row is
_THREADS = 16  # that look at Parquet footers: a store answers many at once


@dataclass(frozen=True, slots=True)
class DataFile:
    """One committed file. `path` is the uploader's, relative to the batch; `size` in bytes, `sha256` in hex."""

    uri: str  # where a reader outside finds it: an absolute path, or s3://bucket/key
    batch: str
    slot: int
    path: str
    size: int
    sha256: str
    key: str  # in the lake
    version: str  # which the store gave it


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The committed batches of one dataset at one moment. `batches` are their commit records; both may be empty."""

    place: Place
    batches: tuple[CommitRecord, ...]
    files: tuple[DataFile, ...]
    store: interface.Lake
    contract: Contract | None = None

    def dataset(self) -> ds.Dataset:
        """Return the rows as a pyarrow dataset over exactly these files, with the column `batch` (the batch's key).

        Parquet is read where it lies, with the types of its files; a column that some files lack is null there. CSV and
        JSON are copied, verified and staged once as Parquet, typed as the contract says, in a folder that is removed
        when the process ends. Where the files have a column `batch` of their own, that one is kept.

        Raises:
            UsageError: there is no file; files of text and no contract; files that disagree about a column's type.
            LakeError: a committed file is gone, or is not what was committed.
        """
        if not self.files:
            raise UsageError(f"no batch of {self.place.dataset!r} is in this snapshot: there are no rows to read")
        formats = {file.path: format_of(file.path, self._declared) for file in self.files}
        if all(form is Format.PARQUET for form, _ in formats.values()):
            filesystem, root = self.store.arrow()
            return _opened([(f"{root}{file.key}", file) for file in self.files], filesystem, self.place.dataset)
        if self.contract is None:
            texts = listed(sorted({form for form, _ in formats.values()}))
            raise UsageError(
                f"the files of {self.place.dataset!r} are {texts}: text has no types of its own",
                hint="name its contract, read(…, contract=…), or read `.files` yourself",
            )
        return self._staged(self.contract)

    def relation(self, connection: duckdb.DuckDBPyConnection | None = None) -> duckdb.DuckDBPyRelation:
        """Return the rows as a DuckDB relation over `dataset()`, in `connection` or a new one in UTC.

        Only the columns and batches that a query asks for are read; on S3, too, and without DuckDB's httpfs.
        """
        if connection is None:
            import duckdb  # 0.2 s of CPU

            connection = duckdb.connect()
            connection.execute("SET TimeZone = 'UTC'")
        return connection.from_arrow(self.dataset())

    @property
    def _declared(self) -> str | None:
        """The format that the contract's target declares, None without one."""
        server = self.contract.server(self.contract.gate.to_server or "") if self.contract else None
        return server.format if server else None

    def _staged(self, contract: Contract) -> ds.Dataset:
        """Read text by its contract into Parquet, and open that."""
        from pyarrow.fs import LocalFileSystem

        ways = {route(contract, obj).target: obj for obj in contract.schema}
        if self.place not in ways:
            names = listed(sorted(way.dataset for way in ways))
            raise UsageError(f"the contract {contract.id!r} is of {names}, not of {self.place.dataset!r}")
        there, folder = Neighbour(contract, ways[self.place]), Path(tempfile.mkdtemp(dir=_workspace()))
        limits = limits_of(Project.around(contract.path or Path.cwd()).root)
        rows = opener(limits)(there, fetched(self.store, self.batches, folder), folder)
        _refuse_unread(rows, self.place.dataset)
        parts = [(part.path, file) for part, file in zip(rows.parts, self.files, strict=True)]
        return _opened(parts, LocalFileSystem(), self.place.dataset)


class Lake:
    """A lake to read from: a folder, or `s3://bucket`. Nothing is ever written to it from here.

    Endpoint, region and credentials of S3 are the gate's own: `lakegate.toml` around the current directory, and the
    usual AWS environment.
    """

    def __init__(self, address: str | os.PathLike[str]) -> None:
        """Open the lake at `address`. Raises UsageError where it is not there."""
        self._store = open_lake(os.fspath(address), Path.cwd())

    def datasets(self) -> tuple[str, ...]:
        """Return the names of all datasets of which anything was committed, sorted. Lists every commit record."""
        return tuple(sorted({place.dataset for place in ledger.datasets(self._store)}))

    def read(
        self,
        dataset: str,
        *,
        as_of: dt.datetime | str | None = None,
        batches: Collection[str] | None = None,
        contract: Contract | str | os.PathLike[str] | None = None,
    ) -> Snapshot:
        """Return the committed batches of a dataset: the latest revision of each, in the order of their keys.

        `dataset` is its place under the zone (`nyc/flights`, `core/fact_flight`), with the zone before it where several
        hold it. `as_of` (UTC where it names no offset) gives the revisions that were the latest then, by the store's
        own clock; before the first commit that is an empty snapshot. `batches` names keys. `contract` types text.

        Raises:
            UsageError: nothing is committed under this name, or under the key of a batch; the near name is told.
            CouldNotEvaluate: a commit record cannot be read.
        """
        moment = dt.datetime.fromisoformat(as_of) if isinstance(as_of, str) else as_of
        found = read(self._store, locate(self._store, dataset), moment, batches)
        loaded = contract if isinstance(contract, Contract | None) else load(contract)
        return dataclasses.replace(found, contract=loaded)


def locate(lake: interface.Lake, dataset: str, gated: Callable[[], Iterable[Place]] = tuple) -> Place:
    """Return the place of a dataset by its name, or by its zone and name.

    `gated` gives the places that contracts gate; it is asked only where nothing is committed under the name.

    Raises:
        UsageError: there is none, or several zones hold it.
        Refused: the name is unsafe as a key.
    """
    called = places_called(dataset)
    found = [place for place in called if ledger.slot_keys(lake, place)]
    known = [] if found else sorted(set(gated()), key=lambda place: place.prefix)
    found = found or [place for place in known if place in called]
    if len(found) == 1:
        return found[0]
    if found:
        zones = ", ".join(sorted(place.prefix.removesuffix("/") for place in found))
        raise UsageError(f"several zones hold {dataset!r}", hint=f"say which: {zones}")
    names = sorted({place.dataset for place in (*known, *ledger.datasets(lake))})
    hint = near(dataset, names) or f"datasets: {', '.join(names) or 'none'}"
    raise UsageError(f"nothing is committed as {dataset!r} in this lake", hint=hint)


def read(
    lake: interface.Lake, place: Place, moment: dt.datetime | None = None, batches: Collection[str] | None = None
) -> Snapshot:
    """Return what is committed of a dataset, or was at `moment`; of some batches, or with None of all.

    Raises:
        UsageError: one of `batches` is not committed, or was not then.
    """
    if moment is not None and moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    records = ledger.committed(lake, place, as_of=moment)
    keys = [record.batch for record in records]
    for batch in batches or ():
        if batch not in keys:
            then = f" at {moment.isoformat()}" if moment else ""
            hint = near(batch, keys) or f"committed: {listed(keys) or 'none'}"
            raise UsageError(f"no batch {batch!r} of {place.dataset!r} is committed{then}", hint=hint)
    chosen = tuple(record for record in records if batches is None or record.batch in batches)
    files = tuple(
        DataFile(lake.uri(f.key), record.batch, record.slot, f.path, f.size, f.sha256, f.key, f.version)
        for record in chosen
        for f in record.files
    )
    return Snapshot(place, chosen, files, lake)


# --- rows -----------------------------------------------------------------------------------------------------------


def _opened(parts: list[tuple[str, DataFile]], filesystem: FileSystem, name: str) -> ds.Dataset:
    """Return Parquet files as one dataset: (path in `filesystem`, the committed file it is or was made of)."""
    import pyarrow as pa
    import pyarrow.dataset as ds

    form = ds.ParquetFileFormat(coerce_int96_timestamp_unit="us")  # INPUTS S22: else the year 9999 is 1816
    with ThreadPoolExecutor(_THREADS) as pool:
        schemas = list(pool.map(lambda part: _schema(form, filesystem, *part), parts))
    try:
        schema = pa.unify_schemas(schemas)
    except (pa.ArrowTypeError, pa.ArrowInvalid) as error:
        raise UsageError(
            f"the files of {name!r} disagree about a column: {error}", hint="read fewer of them: batches=[…]"
        ) from error
    schema = pa.schema([field for field in schema if not field.name.startswith(RESERVED)])
    known: list[ds.Expression] | None = None
    if BATCH not in schema.names:
        schema = schema.append(pa.field(BATCH, pa.string()))
        known = [ds.field(BATCH) == file.batch for _, file in parts]
    return ds.FileSystemDataset.from_paths(
        [path for path, _ in parts], schema=schema, format=form, filesystem=filesystem, partitions=known
    )


def _schema(form: ds.ParquetFileFormat, filesystem: FileSystem, path: str, file: DataFile) -> pa.Schema:
    """Return a file's own schema, without its metadata."""
    import pyarrow as pa

    try:
        return form.inspect(path, filesystem).remove_metadata()
    except FileNotFoundError as error:
        raise LakeError(
            f"the committed file {file.uri!r} is gone", hint="restore it: committed data is never deleted"
        ) from error
    except (OSError, pa.ArrowInvalid) as error:
        raise LakeError(f"the committed file {file.uri!r} cannot be read as Parquet: {error}") from error


def _refuse_unread(rows: Rows, name: str) -> None:
    """Raise LakeError where not every record and cell became a value: nothing is left out silently."""
    if told := unread(rows):
        raise LakeError(
            f"the committed files of {name!r} cannot be read by this contract: {told}",
            hint="name the contract that they were committed under (contract_version in `.batches`)",
        )


@functools.cache
def _workspace() -> Path:
    """Return a private folder that lives as long as the process: datasets read from it lazily."""
    folder = tempfile.TemporaryDirectory(prefix="lakegate-", ignore_cleanup_errors=True)
    atexit.register(folder.cleanup)
    return Path(folder.name)
