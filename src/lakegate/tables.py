"""What a verdict reads of whole tables: the keys of other batches, fetched from their indexes and never believed.

An index is a rendering: one that is missing, damaged or of another slot is made again from the committed data.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import shutil
from collections.abc import Callable, Container, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from lakegate.checks.derive import checks_of
from lakegate.checks.table_wide import TableKey, table_keys
from lakegate.context import Neighbour, Slots, Surroundings, fetched
from lakegate.contract.model import Contract, SchemaObject
from lakegate.errors import CouldNotEvaluate, LakegateError, SourceChanged
from lakegate.gate import ledger, state
from lakegate.gate.arrivals import route
from lakegate.gate.ledger import CommitRecord, SlotState
from lakegate.gate.state import BatchState, KeyIndex
from lakegate.intake.files import NativeFile
from lakegate.lake.interface import Lake
from lakegate.lake.zones import Place
from lakegate.made import KeySpan, Made, MadeIndex
from lakegate.measures import Orphans, SqlResult
from lakegate.rows import Kind, Part, Rows, Type

AT_ONCE = 8  # indexes that are fetched at the same time
# Of the files of one committed batch, and the instant at which it was judged.
Maker = Callable[[Neighbour, tuple[NativeFile, ...], Path, dt.datetime | None], Made]


@dataclass(frozen=True, slots=True)
class Difference:
    """What was kept of one batch, and was otherwise than its data say."""

    batch: str
    what: str


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A table whose state was made anew from `batches` committed batches."""

    dataset: str
    batches: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class _Local:
    """An index on private disk."""

    path: Path
    rows: int
    types: tuple[tuple[str, str], ...]


class Tables:
    """Key indexes of tables in one lake, each fetched once. `workspace` lives as long as this does."""

    def __init__(self, lake: Lake, workspace: Path, maker: Maker) -> None:
        """`workspace` is an empty folder on private disk that the caller removes."""
        self._lake = lake
        self._workspace = workspace
        self._maker = maker
        self._fetched: dict[tuple[Place, str, int, str], _Local] = {}
        self._folders = 0

    def beside(
        self,
        there: Neighbour,
        states: Sequence[BatchState],
        spans: Callable[[tuple[TableKey, ...]], Sequence[KeySpan | None]],
    ) -> dict[str, Rows]:
        """Return the keys of a table's other batches, by what checks call them (`TableKey.beside`).

        `spans` says between which values the batch's own keys lie: an index that cannot hold one is not fetched.
        Raises LakegateError where an index can be neither fetched nor made.
        """
        keys = table_keys(there.contract, there.obj)
        if not keys:
            return {}
        near = spans(keys) if states else [None] * len(keys)
        found = zip(keys, near, strict=True)
        return {key.beside: self._rows(there, states, key, span) for key, span in found}

    def parents(
        self, contract: Contract, obj: SchemaObject, around: Surroundings, *, but: Container[str] = ()
    ) -> dict[str, tuple[Slots, Rows]]:
        """Return the keys of other tables that foreign keys refer to, with their slots, instead of all their columns.

        Only of tables whose contract has these columns for an indexed key, and of which nothing else is asked. One
        whose keys cannot be made is left out: its files may be read all the same.
        """
        keyed = {name: keys for name, there in around.datasets.items() if (keys := _keys(there)) and name not in but}
        if not keyed:
            return {}
        measures = {one for check in checks_of(contract, obj, around.neighbours) for one in check.measures()}
        queried = {name for one in measures if isinstance(one, SqlResult) for _, name in one.datasets}
        found: dict[str, tuple[Slots, Rows]] = {}
        for name, keys in keyed.items():
            asked = {frozenset(one.columns) for one in measures if isinstance(one, Orphans) and one.dataset == name}
            there = around.datasets[name]
            if name in queried or len(asked) != 1 or not asked <= keys.keys():
                continue
            way = route(there.contract, there.obj)
            states = state.standing(self._lake, way.target, way.batching.key)
            slots = tuple((one.batch, one.slot) for one in states)
            with contextlib.suppress(CouldNotEvaluate):
                if slots:
                    found[name] = (slots, self._rows(there, states, keys[asked.pop()], None))
        return found

    def _rows(self, there: Neighbour, states: Sequence[BatchState], key: TableKey, near: KeySpan | None) -> Rows:
        target = route(there.contract, there.obj).target
        wanted: list[tuple[BatchState, KeyIndex | None]] = []
        for one in states:
            known = one.keys.get(key.name)
            index = known if known is not None and known.columns == key.columns else None
            if index is None or near is None or not near.misses(index.types, index.least, index.most):
                wanted.append((one, index))
        self._fetch(target, key, wanted)
        parts = []
        for one, _ in wanted:
            local = self._local(there, target, one, key)
            columns = (Type(Kind(kind), name) for kind, name in local.types)
            types = tuple(zip(key.columns, columns, strict=True))
            parts.append(Part(one.batch, str(local.path), types, local.rows, staged=True))
        return Rows(tuple(parts))

    def _fetch(self, target: Place, key: TableKey, wanted: Sequence[tuple[BatchState, KeyIndex | None]]) -> None:
        """Fetch indexes, several at once; one that is not what it should be stays away."""
        missing = [
            ((target, one.batch, one.slot, key.name), index, self._folder() / "key.parquet")
            for one, index in wanted
            if index is not None and (target, one.batch, one.slot, key.name) not in self._fetched
        ]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            whole = pool.map(self._verified, [index for _, index, _ in missing], [path for _, _, path in missing])
            for (place, index, path), holds in zip(missing, whole, strict=True):
                if holds:
                    self._fetched[place] = _Local(path, index.rows, index.types)

    def _local(self, there: Neighbour, target: Place, batch: BatchState, key: TableKey) -> _Local:
        """Return an index on private disk: fetched, or made again."""
        place = (target, batch.batch, batch.slot, key.name)
        if place not in self._fetched:
            for made in self._made(there, target, batch):
                local = _Local(made.file.local, made.file.rows, made.types)
                self._fetched[target, batch.batch, batch.slot, made.name] = local
        if place not in self._fetched:
            raise CouldNotEvaluate(f"no index of {key.name} was made of batch {batch.batch!r} of {target.dataset}")
        return self._fetched[place]

    def _verified(self, index: KeyIndex, path: Path) -> bool:
        """Fetch an index to `path`; False where it is not there, or not what was kept."""
        entry = self._lake.stat(index.key)
        if entry is None or entry.size != index.size:
            return False
        sha256 = hashlib.sha256()
        with contextlib.suppress(SourceChanged), path.open("xb") as out:
            for chunk in self._lake.stream(entry):
                sha256.update(chunk)
                out.write(chunk)
        return sha256.hexdigest() == index.sha256

    def _made(self, there: Neighbour, target: Place, batch: BatchState) -> tuple[MadeIndex, ...]:
        """Make the indexes of a committed batch again from its data, and mend what is kept of it as well as can be."""
        record = ledger.read_slot(self._lake, target.commit(batch.batch, batch.slot))
        if record is None or record.state is not SlotState.COMMITTED:
            raise CouldNotEvaluate(f"{target.commit(batch.batch, batch.slot)!r} is not the commit record that it was")
        folder = self._folder()
        made = self._maker(there, fetched(self._lake, [record], folder), folder, _judged_at(record))
        with contextlib.suppress(LakegateError):
            state.keep(self._lake, target, state.of_record(record), made)
        return made.indexes

    def rebuilt(self, there: Neighbour) -> Rebuilt:
        """Make what is kept of a table anew from its committed data, and tell what of it was otherwise.

        Raises LakegateError where a batch cannot be read; then nothing is changed in the document.
        """
        way = route(there.contract, there.obj)
        known = state.read(self._lake, way.target)
        states, differences = [], []
        for record in ledger.committed(self._lake, way.target, way.batching.key):
            folder = self._folder()
            made = self._maker(there, fetched(self._lake, [record], folder), folder, _judged_at(record))
            damaged = [index.name for index in made.indexes if self._stale(known.get(record.batch), index)]
            one = state.placed(self._lake, way.target, state.of_record(record), made)
            states.append(one)
            told = _differing(known.get(record.batch), one) or [f"the file of {name} was damaged" for name in damaged]
            differences += [Difference(record.batch, what) for what in told]
            shutil.rmtree(folder)
        gone = known.keys() - {one.batch for one in states}
        state.rewrite(self._lake, way.target, states)
        lost = [Difference(batch, "is not committed") for batch in sorted(gone)]
        return Rebuilt(way.dataset, len(states), (*differences, *lost))

    def _stale(self, known: BatchState | None, made: MadeIndex) -> bool:
        """Whether the file of an index that is told of is not there, or not what it is to be."""
        index = known.keys.get(made.name) if known else None
        return index is not None and not self._verified(index, self._folder() / "key.parquet")

    def _folder(self) -> Path:
        self._folders += 1
        folder = self._workspace / f"{self._folders:05}"
        folder.mkdir()
        return folder


def _judged_at(record: CommitRecord) -> dt.datetime | None:
    """Return the instant that was pinned when a batch was judged."""
    as_of = record.context.get("as_of")
    return dt.datetime.fromisoformat(as_of) if as_of else None


def _keys(there: Neighbour) -> dict[frozenset[str], TableKey]:
    """Return the indexed keys of another table by their columns; none where it is not committed anywhere."""
    known = table_keys(there.contract, there.obj) if there.contract.gate.to_server else ()
    return {frozenset(key.columns): key for key in known}


def _differing(known: BatchState | None, made: BatchState) -> list[str]:
    """Return what was otherwise."""
    if known is None:
        return ["nothing was kept of it"]
    if (known.slot, known.digest) != (made.slot, made.digest):
        return [f"what was kept was of slot {known.slot}, slot {made.slot} is committed"]
    told = [] if known.rows == made.rows else [f"rows: {known.rows}, expected {made.rows}"]
    told += [
        f"the index of {name} {'was otherwise' if name in known.keys else 'was missing'}"
        for name in sorted({*known.keys, *made.keys})
        if known.keys.get(name) != made.keys.get(name)
    ]
    told += [
        f"{name}: {known.measured.get(name)}, expected {made.measured.get(name)}"
        for name in sorted({*known.measured, *made.measured})
        if known.measured.get(name) != made.measured.get(name)
    ]
    return told
