"""The chain of layers: tables in the order of their inputs, each promoted before what is made of it is built."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TypeVar

from lakegate.catalogs.settings import Catalogue
from lakegate.config import limits_of
from lakegate.context import Committed, surroundings, upstream
from lakegate.contract.project import Project, Unknown
from lakegate.errors import CouldNotEvaluate, LakegateError, NotReady, UsageError
from lakegate.gate.arrivals import Drop
from lakegate.gate.promote import Promotion
from lakegate.gate.spool import Progress
from lakegate.judge import Options
from lakegate.lake.interface import Lake
from lakegate.lake.workspace import clear_dead, private_folder
from lakegate.lake.zones import Place
from lakegate.publish.site import published
from lakegate.run import Run, maker, opener, unheard
from lakegate.tables import Tables
from lakegate.warehouse.build import Build, Builder, State
from lakegate.warehouse.datasets import Dataset, Table, Warehouse
from lakegate.warehouse.recipe import keys

Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Step:
    """What became of one batch of a table; `batch` None: of the table itself, where its batches cannot be told."""

    table: str
    batch: str | None
    build: Build | None = None
    promotion: Promotion | None = None
    error: LakegateError | None = None

    @property
    def exit_code(self) -> int:
        """What the command line answers, for this batch alone."""
        if self.error is not None:
            return self.error.exit_code
        return self.promotion.exit_code if self.promotion else 0


@dataclass(frozen=True, slots=True)
class Asked:
    """How to build. `announce` is told a line at the end of each batch; `again` builds what is up to date, too.

    `unpublished` is told which pages do not show yet what became of the batches, and what to do. `reports_url` is where
    readers open the lake's `references/`.
    """

    promote: bool = False
    again: bool = False
    options: Options = field(default_factory=Options)
    catalogue: Catalogue | None = None
    progress: Progress = unheard
    announce: Callable[[str], None] = unheard
    unpublished: Callable[[str], None] = unheard
    reports_url: str = ""


@dataclass
class Chain:
    """The tables of a project, built in one lake."""

    warehouse: Warehouse
    lake: Lake
    asked: Asked
    builder: Builder
    committed: Committed  # what is read beside a batch that is judged
    tables: Tables  # the keys of whole tables
    catalogue: Catalogue | None = None  # where committed batches are registered, too
    _runs: dict[str, Run] = field(default_factory=dict)
    _promoted: dict[Place, list[str]] = field(default_factory=dict)  # batches that came to the gate, by their table
    _whole: set[Place] = field(default_factory=set)  # tables of which every batch was to be built and promoted

    def everything(self) -> list[Step]:
        """Build every batch of every table, in the order of their inputs. What fails keeps nothing else.

        Raises:
            UsageError: there is nothing to build, or tables are made of each other.
        """
        names = self.warehouse.built()
        if not names:
            raise UsageError(f"there is no SQL in {self.warehouse.folder}", hint="write <layer>/<table>.sql there")
        tables: dict[str, Table] = {}
        steps = []
        for name in names:
            found = self._tried(name, None, lambda name=name: self.warehouse.table(name))  # type: ignore[misc]
            if isinstance(found, Step):
                steps.append(found)
            else:
                tables[found.name] = found
        for table in in_order(tables.values(), self.warehouse):
            steps += self.table(table)
        return steps

    def table(self, table: Table) -> list[Step]:
        """Build every batch of a table that its inputs allow, in the order of their keys."""
        if self.asked.promote:
            self._whole.add(table.dataset.way.target)
        found = self._tried(table.name, None, lambda: self._batches(table))
        return [found] if isinstance(found, Step) else [self.batch(table, drop.batch, drop) for drop in found]

    def _batches(self, table: Table) -> Sequence[Drop]:
        """Return the batches of a table with what lies in the drop of each."""
        if found := keys(table, self.builder.ledgers.of):
            drops = self.builder.drops(table)
            return [drops.get(key, Drop(key)) for key in found]
        names = " and ".join(dict.fromkeys(dataset.name for _, dataset in table.inputs))
        raise NotReady(f"{table.name} waits for {names}: no batch is committed")

    def due(self, table: Table, *, again: bool = False) -> tuple[str, ...]:
        """Return the batches of a table that are to be built or judged, in the order of their keys. Writes nothing.

        Left out is what is up to date, what waits for an input or for `upstream`, and, unless `again`, a candidate that
        was judged as it lies there. Raises UsageError where the batches of the table cannot be told.
        """
        run, drops = self._run(table.dataset), self.builder.drops(table)
        waiting = set(run.waiting())
        found = []
        for key in keys(table, self.builder.ledgers.of):
            try:
                _, seen = self.builder.look(table, key, drops.get(key, Drop(key)))
            except NotReady:  # what it waits for starts it
                continue
            new = seen.state is State.STALE or seen.unfinished
            proposed = seen.state is State.PROPOSED and (again or key in waiting)
            if (new or proposed) and not run.waits_for(key):
                found.append(key)
        return tuple(found)

    def batch(self, table: Table, key: str, drop: Drop | None = None) -> Step:
        """Build one batch, and promote it where that is asked for and something waits to be. `drop` as in `Builder`."""
        found = self._tried(table.name, key, lambda: self.builder.build(table, key, drop, again=self.asked.again))
        if isinstance(found, Step):
            return found
        if not (self.asked.promote and found.waits):
            self.asked.announce(f"{table.name} {key}: {found.state}")
            return Step(table.name, key, found)
        self._promoted.setdefault(table.dataset.way.target, []).append(key)
        promotion = self._tried(table.name, key, lambda: self._run(table.dataset).promote(key))
        if isinstance(promotion, Step):
            self.builder.ledgers.learn(table.dataset, None)
            return Step(table.name, key, found, error=promotion.error)
        if promotion.exit_code == 0:
            self.builder.ledgers.learn(table.dataset, promotion.record)
        self.asked.announce(f"{table.name} {key}: {found.state}, {promotion.state}")
        return Step(table.name, key, found, promotion)

    def publish(self) -> None:
        """Show what became of the batches that came to the gate (PROTOCOL P11); raises nothing.

        Of a table that was gone through whole also of those that an earlier run could not show.
        """
        for place in dict.fromkeys((*self._promoted, *self._whole)):
            batches, left = self._promoted.get(place, ()), place in self._whole
            for note in published(self.lake, place, batches, self.asked.reports_url, left=left):
                self.asked.unpublished(note)
        self._promoted.clear()

    def _run(self, dataset: Dataset) -> Run:
        """Return what promotes the batches of a table."""
        if dataset.name not in self._runs:
            self._runs[dataset.name] = Run(
                contract=dataset.contract,
                obj=dataset.obj,
                around=surroundings(dataset.contract, dataset.obj, self.warehouse.project),
                workspace=self.builder.workspace,
                lake=self.lake,
                committed=self.committed,
                tables=self.tables,
                catalogue=self.catalogue,
                upstream=upstream(dataset.contract, self.warehouse.project),
                options=self.asked.options,
                limits=self.builder.limits,
                progress=self.asked.progress,
                reports_url=self.asked.reports_url,
            )
        return self._runs[dataset.name]

    def _tried(self, table: str, batch: str | None, act: Callable[[], Done]) -> Done | Step:
        """Do one thing; what goes wrong is the answer."""
        try:
            return act()
        except LakegateError as error:
            told = error
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            told = CouldNotEvaluate(f"{where}{error.strerror or error}")
        doing = "waiting" if isinstance(told, NotReady) else f"error, exit code {told.exit_code}"
        self.asked.announce(f"{table}{f' {batch}' if batch else ''}: {doing}")
        return Step(table, batch, error=told)


@contextmanager
def opened(lake: Lake, project: Project, asked: Asked) -> Iterator[Chain]:
    """Hand out the chain of a project's tables in a lake, with a workspace that lives as long."""
    temporary = Path(tempfile.gettempdir())
    clear_dead(temporary)
    limits = limits_of(project.root)
    with private_folder(temporary) as workspace:
        for folder in ("committed", "tables"):
            (workspace / folder).mkdir()
        committed = Committed(lake, workspace / "committed", opener(limits))
        tables = Tables(lake, workspace / "tables", maker(limits))
        lake.recover()
        builder = Builder(lake, workspace, limits, asked.progress)
        yield Chain(Warehouse(project), lake, asked, builder, committed, tables, asked.catalogue)


def in_order(tables: Iterable[Table], warehouse: Warehouse) -> tuple[Table, ...]:
    """Return tables so that each comes after what it is made of, waits for, and refers to by foreign keys.

    Tables that refer to each other may come in any order.

    Raises:
        UsageError: tables are made of each other, or wait for each other.
    """
    by_name = {table.name: table for table in sorted(tables, key=lambda table: table.name)}
    needs = {name: {*_made_of(table), *table.dataset.contract.gate.upstream} for name, table in by_name.items()}
    refers = {name: needs[name] | _refers(table, warehouse) - {name} for name, table in by_name.items()}
    for graph in (refers, needs):
        try:
            order = TopologicalSorter(graph).static_order()
            return tuple(by_name[name] for name in order if name in by_name)
        except CycleError as error:
            circle = error.args[1]
    raise UsageError(f"tables are made of each other: {' -> '.join(reversed(circle))}", hint="break the circle")


def _made_of(table: Table) -> set[str]:
    return {dataset.name for _, dataset in table.inputs}


def _refers(table: Table, warehouse: Warehouse) -> set[str]:
    """Return the datasets that a table's foreign keys lead into."""
    contract, obj = table.dataset.contract, table.dataset.obj
    found = set()
    for relationship in (*obj.relationships, *(one for prop in obj.properties for one in prop.relationships)):
        try:
            there = warehouse.project.look_up(contract, relationship)
        except LakegateError:  # its contract is wrong: told where it is needed
            continue
        if not isinstance(there, Unknown):
            known = (one for many in warehouse.datasets.values() for one in many)
            found |= {one.name for one in known if (one.contract.id, one.obj) == (there.contract.id, there.object)}
    return found
