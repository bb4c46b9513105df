"""Build one batch of a table: find its inputs, and unless it is up to date run its transform and propose the result."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from lakegate.context import fetched, reader_of
from lakegate.errors import EngineError, UsageError
from lakegate.gate.arrivals import Drop, arrivals, read_drop
from lakegate.gate.spool import Progress
from lakegate.intake.staging import Reader
from lakegate.lake.interface import Lake
from lakegate.run import unheard
from lakegate.verdict import BatchFile
from lakegate.warehouse import candidate
from lakegate.warehouse.datasets import Table
from lakegate.warehouse.ledgers import Ledgers
from lakegate.warehouse.recipe import Recipe, Work, work
from lakegate.worker.limits import Limits
from lakegate.worker.messages import Read, Source, Transform
from lakegate.worker.process import Worker


class State(StrEnum):
    """What became of a build, or would."""

    BUILT = "built"  # a new candidate lies in the drop
    PROPOSED = "proposed already"  # this very candidate lies there
    UP_TO_DATE = "up to date"  # the latest revision was made of these inputs by this SQL
    UNCHANGED = "unchanged"  # built, and the very bytes of the latest revision came out
    STALE = "to be built"  # of a dry run


@dataclass(frozen=True, slots=True)
class Build:
    """What became of one batch of a table. `unfinished`: what is committed still lies in the drop, to be cleaned."""

    table: str
    batch: str
    state: State
    recipe: Recipe
    rows: int | None = None  # written
    unfinished: bool = False

    @property
    def waits(self) -> bool:
        """Whether something waits to be promoted."""
        return self.unfinished or self.state in (State.BUILT, State.PROPOSED)


@dataclass
class Builder:
    """Builds batches of tables in a lake. `workspace` is a private folder that the caller removes.

    What is committed is listed once, in `ledgers`.
    """

    lake: Lake
    workspace: Path
    limits: Limits = field(default_factory=Limits)
    progress: Progress = unheard

    def __post_init__(self) -> None:
        """Nothing is listed yet."""
        self.ledgers = Ledgers(self.lake)

    def drops(self, table: Table) -> dict[str, Drop]:
        """Return what lies in the drop of a table, by batch, from one listing."""
        return {drop.batch: drop for drop in arrivals(self.lake, table.dataset.way).drops}

    def look(self, table: Table, batch: str, drop: Drop | None = None) -> tuple[Work, Build]:
        """Say what a batch would be made of, and whether it is to be built. Writes nothing. Raises as `build`.

        `drop` is what lies in the drop of the batch, None where that is not known.
        """
        found = work(table, batch, self.ledgers)
        way, recipe = table.dataset.way, found.recipe
        drop = read_drop(self.lake, way, batch) if drop is None else drop
        record = self.ledgers.latest(table.dataset, batch)
        if record and (
            candidate.committed_as(record, recipe) or candidate.known_to_give(self.lake, way, record, recipe)
        ):
            unfinished = candidate.proposed_as(self.lake, drop, recipe)
            return found, Build(table.name, batch, State.UP_TO_DATE, recipe, unfinished=unfinished)
        if candidate.proposed_as(self.lake, drop, recipe):
            return found, Build(table.name, batch, State.PROPOSED, recipe)
        return found, Build(table.name, batch, State.STALE, recipe)

    def build(self, table: Table, batch: str, drop: Drop | None = None, *, again: bool = False) -> Build:
        """Build a batch unless it is up to date, or proposed already; with `again` in any case. `drop` as for `look`.

        Raises:
            NotReady: an input has no committed batch that belongs to it.
            UsageError: the key is not of the table's template, or the transform is wrong.
            CouldNotEvaluate: the transform could not be run, or the lake not be read or written.
        """
        drop = read_drop(self.lake, table.dataset.way, batch) if drop is None else drop
        found, seen = self.look(table, batch, drop)
        if seen.state is State.UP_TO_DATE and not again:
            if not seen.unfinished and (drop.files or drop.markers):
                candidate.clear(self.lake, drop)  # of other inputs: nobody may commit it now
            return seen
        if seen.state is State.PROPOSED and not again:
            return seen
        query = table.transform.filled(found.parameters)
        folder = Path(tempfile.mkdtemp(prefix="build-", dir=self.workspace))
        try:
            return self._proposed(found, *self._run(found, query, folder))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _run(self, found: Work, query: str, folder: Path) -> tuple[Path, BatchFile, int]:
        """Run the transform in a worker: the file that it made, kept in `folder`, and how many rows it has."""
        self.progress("reading", found.table.name, 0, 0)
        inputs = {}
        for number, (name, dataset, records) in enumerate(found.reads):
            (here := folder / f"{number:03}").mkdir()
            files = fetched(self.lake, records, here)
            there = dataset.neighbour
            source = Source(there.obj, there.contract.gate, reader_of(there), proved=True)
            batches = tuple(record.batch for record in records for _ in record.files)
            inputs[name] = Read(source, files, batches)
        itself = found.table.dataset
        source = Source(itself.obj, itself.contract.gate, Reader())
        self.progress("building", found.table.name, 0, 0)
        with Worker(source, folder, self.limits, self.progress) as worker:
            try:
                made = worker.transform(Transform(query, inputs))
            except (UsageError, EngineError) as error:
                where = found.table.transform.file
                raise type(error)(f"{where}: {error.message}", hint=error.hint) from None
            kept = folder / "made.parquet"
            made.local.rename(kept)
        return kept, candidate.described(kept), made.rows

    def _proposed(self, found: Work, local: Path, file: BatchFile, rows: int) -> Build:
        """Propose what was made, unless the very same is committed."""
        table, batch, recipe = found.table, found.batch, found.recipe
        way, record = table.dataset.way, self.ledgers.latest(table.dataset, batch)
        if record is not None and candidate.is_committed(record, file):
            candidate.clear(self.lake, read_drop(self.lake, way, batch))
            if not candidate.committed_as(record, recipe):
                candidate.note(self.lake, way, record, recipe)
            return Build(table.name, batch, State.UNCHANGED, recipe, rows)
        self.progress("proposing", table.name, 0, 0)
        candidate.propose(self.lake, way, batch, (local, file), recipe)
        return Build(table.name, batch, State.BUILT, recipe, rows)
