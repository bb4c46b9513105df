"""The datasets of a project by the names that transforms call them, and the tables among them that are built here."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from lakegate.config import transforms_folder
from lakegate.context import Neighbour
from lakegate.contract.findings import near
from lakegate.contract.model import Contract, SchemaObject
from lakegate.contract.project import Project, contracts_under
from lakegate.errors import LakegateError, UsageError
from lakegate.gate.arrivals import Route, route
from lakegate.lake.zones import CANDIDATES
from lakegate.warehouse.transform import Named, Transform, read_transform

SUFFIX = ".sql"


@dataclass(frozen=True, slots=True)
class Dataset:
    """One dataset of the project: the object of the contract that describes it, and the way its batches go."""

    contract: Contract
    obj: SchemaObject
    way: Route

    @property
    def name(self) -> str:
        """Its place under its zone, `core/fact_flight`."""
        return self.way.dataset

    @property
    def template(self) -> str | None:
        """The template of its batch keys."""
        return self.way.batching.key

    @property
    def neighbour(self) -> Neighbour:
        """The dataset as what is read beside a batch."""
        return Neighbour(self.contract, self.obj)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the warehouse with the transform that makes it, and what this reads, as it names it."""

    dataset: Dataset
    transform: Transform
    inputs: tuple[tuple[str, Dataset], ...]

    @property
    def name(self) -> str:
        """`core/fact_flight`."""
        return self.dataset.name


@dataclass
class Warehouse:
    """The datasets and tables of a project. Contracts are parsed when they are first asked for."""

    project: Project
    unread: list[Path] = field(default_factory=list)  # contracts that cannot be loaded: `lint` says why

    @cached_property
    def datasets(self) -> dict[str, tuple[Dataset, ...]]:
        """The datasets that contracts gate, by name and by zone and name; more than one where two zones hold it."""
        found: dict[str, tuple[Dataset, ...]] = {}
        for path in contracts_under(self.project.folder, deep=self.project.deep):
            try:
                contract = self.project.contract(path)
                if not (contract.gate.from_server and contract.gate.to_server):
                    continue
                gated = [Dataset(contract, obj, route(contract, obj)) for obj in contract.schema]
            except LakegateError:
                self.unread.append(path)
                continue
            for one in gated:
                for name in (one.name, one.way.target.prefix.removesuffix("/")):
                    found[name] = (*found.get(name, ()), one)
        return found

    def dataset(self, name: str) -> Dataset:
        """Return the dataset of a name. Raises UsageError where there is not exactly one."""
        found = self.datasets.get(name, ())
        if len(found) == 1:
            return found[0]
        if found:
            places = sorted({one.way.target.prefix.removesuffix("/") for one in found})
            files = sorted(os.path.relpath(one.contract.path or one.contract.id) for one in found)
            hint = f"say which: {' or '.join(places)}" if len(places) > 1 else f"keep one of {', '.join(files)}"
            raise UsageError(f"{len(found)} contracts are of the dataset {name!r}", hint=hint)
        unread = f"{len(self.unread)} contracts cannot be loaded: see `lakegate lint`" if self.unread else ""
        hint = "; ".join(filter(None, (near(name, self.datasets), unread))) or f"looked in {self.project.folder}"
        raise UsageError(f"no contract of the project is of the dataset {name!r}", hint=hint)

    @cached_property
    def folder(self) -> Path:
        """Where the transforms lie. Raises UsageError for a setting that is wrong."""
        return transforms_folder(self.project.root)

    def file(self, name: str) -> Path:
        """Return where the transform of a table lies, or would."""
        return self.folder / f"{name}{SUFFIX}"

    def built(self) -> tuple[str, ...]:
        """Return the names of everything that a file of SQL is called after, in their order."""
        files = sorted(self.folder.rglob(f"*{SUFFIX}"))
        return tuple(file.relative_to(self.folder).as_posix().removesuffix(SUFFIX) for file in files)

    def table(self, name: str) -> Table:
        """Return a table with its transform.

        Raises:
            UsageError: no contract is of it, it is no table of the warehouse, there is no SQL for it, or that is wrong.
            Refused: the SQL reaches outside.
        """
        dataset = self.dataset(name)
        if not dataset.way.target.in_warehouse:
            raise UsageError(f"{name!r} is no table of the warehouse: it arrives, nobody builds it")
        way = dataset.way
        if way.source.zone != CANDIDATES or way.batching.by != "folder":
            where = f"{way.source.prefix} by {way.batching.by}"
            hint = f"candidates lie under {CANDIDATES}/{dataset.name}/, by folder: what lies there is replaced"
            raise UsageError(f"batches of {name} arrive in {where}: nothing is built there", hint=hint)
        file = self.file(dataset.name)
        if not file.is_file():
            hint = near(dataset.name, self.built()) or "write its SELECT there; who transforms elsewhere needs no SQL"
            raise UsageError(f"there is no {self._shown(file)}", hint=hint)
        transform = read_transform(file, self._shown(file))
        transform.check_order(dataset.obj)
        inputs = tuple((one.name, self._input(one, dataset, transform)) for one in transform.tables)
        return Table(dataset, transform, inputs)

    def _input(self, named: Named, dataset: Dataset, transform: Transform) -> Dataset:
        """Return the dataset that a transform reads."""
        where = f"{transform.file}:{named.line}"
        try:
            found = self.dataset(named.name)
        except UsageError as error:
            raise UsageError(f"{where}: {error.message}", hint=error.hint) from None
        if found == dataset:
            raise UsageError(f"{where}: {named.name} is made of itself", hint="read the layer before")
        return found

    def _shown(self, file: Path) -> str:
        return os.path.relpath(file, self.project.root)
