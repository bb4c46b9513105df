"""What a verdict reads beside the batch: which other datasets a contract names, where they lie, and their rows."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from lakegate.checks.derive import Neighbours, Target
from lakegate.checks.of_library import loads_python
from lakegate.checks.of_own import Input, rows_of_inputs
from lakegate.checks.spot import spots
from lakegate.contract.custom_rules import engine_of, files_named, own_rule_of
from lakegate.contract.expectation_files import NO_FILES, ExpectationFiles, pinned
from lakegate.contract.findings import near
from lakegate.contract.model import Contract, Quality, Relationship, SchemaObject
from lakegate.contract.own_rules import Reconciliation
from lakegate.contract.project import SUFFIXES, Project, Unknown, contracts_under
from lakegate.errors import LakeError, LakegateError, Refused, UsageError
from lakegate.gate import ledger
from lakegate.gate.arrivals import route
from lakegate.gate.ledger import CommitRecord, CommittedFile
from lakegate.gate.protocol import Input as ManifestInput
from lakegate.intake.files import NativeFile
from lakegate.intake.staging import Reader
from lakegate.lake.interface import Lake
from lakegate.rows import Rows


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One other dataset: the object of the contract that describes it."""

    contract: Contract
    obj: SchemaObject

    @property
    def name(self) -> str:
        """What the dataset is called in reports: the contract's name, with the object's where it has several."""
        name = self.contract.name or self.contract.id
        return name if len(self.contract.schema) == 1 else f"{name}/{self.obj.name}"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Every other dataset that an object of a contract looks at, by the name its rows go under; `itself` is its own."""

    itself: str
    contract_file: str | None  # relative to the project's root, so that a report names no machine's folders
    neighbours: Neighbours
    datasets: Mapping[str, Neighbour]
    inputs: Mapping[str, Neighbour] = field(default_factory=dict)  # of which it looks at what a batch was made of

    def known(self, names: Iterable[str]) -> None:
        """Raise UsageError for a name of a dataset that nobody looks at."""
        every = {**self.datasets, **self.inputs}
        for name in names:
            if name not in every:
                hint = near(name, every) or f"it looks at: {', '.join(every) or 'none'}"
                raise UsageError(f"the contract looks at no dataset {name!r}", hint=hint)


def surroundings(contract: Contract, obj: SchemaObject, project: Project) -> Surroundings:
    """Resolve the relationships of an object and the tables that its SQL may read.

    What has no contract is left out: its check says that there is nothing to compare with. The files of
    `expectations/` that rules use are read here, once. Raises ContractError where the contract on the other side or a
    file is wrong, Refused where a file is unsafe.
    """
    itself = Neighbour(contract, obj).name
    targets: dict[Relationship, Target] = {}
    datasets: dict[str, Neighbour] = {}
    for relationship in (*obj.relationships, *(r for spot in spots(obj) for r in spot.declared.relationships)):
        found = project.look_up(contract, relationship)
        if isinstance(found, Unknown):
            continue
        there = Neighbour(found.contract, found.object)
        targets[relationship] = Target(there.name, tuple(prop.physical_name for prop in found.properties))
        datasets[there.name] = there
    asked = " ".join(rule.query or "" for rule in _rules(obj))
    datasets |= {
        Neighbour(contract, other).name: Neighbour(contract, other) for other in contract.schema if other.name in asked
    }
    datasets.pop(itself, None)
    tables = {there.obj.name: name for name, there in datasets.items() if there.obj.name != obj.name}
    inputs = _inputs(contract, obj, project)
    named_so = {called: Input(there.name, there.obj) for called, there in inputs.items()}
    neighbours = Neighbours(targets, tables, used_files(obj, project.root), named_so)
    made_of = {there.name: there for there in inputs.values()}
    return Surroundings(itself, _within(project, contract.path), neighbours, datasets, made_of)


def _inputs(contract: Contract, obj: SchemaObject, project: Project) -> dict[str, Neighbour]:
    """Return the datasets that reconciliations look at, by what they call them; one that is not there is left out."""
    found: dict[str, Neighbour] = {}
    for rule in (*obj.quality, *(rule for spot in spots(obj) for rule in spot.declared.quality)):
        asked = own_rule_of(rule, None)
        if not isinstance(asked, Reconciliation):
            continue
        if (other := contract.object(asked.dataset)) is not None:
            found[asked.dataset] = Neighbour(contract, other)
            continue
        with suppress(UsageError):
            there, model = named(project, asked.dataset)
            other = there.object(model) if model else there.schema[0] if len(there.schema) == 1 else None
            if other is not None:
                found[asked.dataset] = Neighbour(there, other)
    return found


def named(project: Project, dataset: str) -> tuple[Contract, str | None]:
    """Return the contract of a project that a dataset goes by, with the object where the name says one.

    A dataset is called by the contract's file under the project's folder, by its place under its zone, or by the
    contract's name. Raises UsageError where not exactly one goes by it, what `load` raises for the file of that name.
    """
    for suffix in SUFFIXES:
        if (file := project.folder / f"{dataset}{suffix}").is_file():
            return project.contract(file), None
    known: dict[str, dict[Path, str | None]] = {}
    wrong = 0
    for path in contracts_under(project.folder, deep=project.deep):
        try:
            contract = project.contract(path)
        except LakegateError:
            wrong += 1
            continue
        for name, model in _names(contract):
            models = known.setdefault(name, {})
            models[path] = model if models.get(path, model) == model else None
    found = known.get(dataset, {})
    if len(found) != 1:
        several = f"{len(found)} contracts go by it" if found else near(dataset, known)
        unread = f"{wrong} cannot be loaded: see `lakegate lint`" if wrong else ""
        hint = "; ".join(part for part in (several, unread) if part) or f"looked for under {project.folder}"
        raise UsageError(f"no one contract of the project is of the dataset {dataset!r}", hint=hint)
    ((path, model),) = found.items()
    return project.contract(path), model


def upstream(contract: Contract, project: Project) -> tuple[Neighbour, ...]:
    """Return the datasets that a contract waits for. Raises UsageError where one is unknown, or not a single one."""
    found = []
    for name in contract.gate.upstream:
        there, model = named(project, name)
        obj = there.object(model) if model else there.schema[0]
        if obj is None or (model is None and len(there.schema) > 1):
            names = ", ".join(one.name for one in there.schema)
            raise UsageError(f"the contract {there.id} has several objects: {names}", hint=f"say which in {name!r}")
        found.append(Neighbour(there, obj))
    return tuple(found)


def _names(contract: Contract) -> Iterator[tuple[str, str | None]]:
    """Yield what the datasets of a contract go by, with the object where one is meant."""
    if contract.name:
        yield contract.name, None
    for obj in contract.schema:
        yield Neighbour(contract, obj).name, obj.name
        with suppress(UsageError, Refused):  # a contract that names no way gates nothing
            yield route(contract, obj).dataset, obj.name


def _within(project: Project, path: str | None) -> str | None:
    return os.path.relpath(path, project.root) if path else None


def used_files(obj: SchemaObject, root: Path) -> ExpectationFiles:
    """Return the files of `expectations/` that the rules of an object use. Raises as `expectation_files.pinned`."""
    rules = (*obj.quality, *(rule for spot in spots(obj) for rule in spot.declared.quality))
    asked = [rule for rule in rules if engine_of(rule)]
    if not asked:
        return NO_FILES
    files = pinned(root, files_named(asked), python=False)
    python = any(loads_python(rule, files) for rule in asked)
    return pinned(root, files.files, python=True) if python else files


def _rules(obj: SchemaObject) -> Iterator[Quality]:
    yield from obj.quality
    yield from (rule for prop in obj.properties for rule in prop.quality)


def named_files(
    around: Surroundings, beside: Mapping[str, tuple[Path, ...]]
) -> dict[str, tuple[Neighbour, tuple[NativeFile, ...]]]:
    """Return the files that the caller names as other datasets' rows. Raises UsageError for a name nobody looks at."""
    around.known(beside)
    every = {**around.inputs, **around.datasets}
    return {
        name: (every[name], tuple(NativeFile(path.name, path.absolute()) for path in paths))
        for name, paths in beside.items()
    }


Slots = tuple[tuple[str, int], ...]  # of one dataset: (batch key, slot) of the latest revision of each committed batch


Opener = Callable[[Neighbour, tuple[NativeFile, ...], Path], Rows]  # the rows may lie in the folder that is handed over


class Committed:
    """The committed rows of other datasets, each set of batches opened once. `workspace` lives as long as this does."""

    def __init__(self, lake: Lake, workspace: Path, opener: Opener) -> None:
        """`workspace` is an empty folder on private disk that the caller removes."""
        self._lake = lake
        self._workspace = workspace
        self._opener = opener
        self._opened: dict[tuple[str, Slots], Rows] = {}

    def pin(self, around: Surroundings, *, but: Collection[str] = ()) -> dict[str, tuple[Slots, Rows]]:
        """Return the committed rows of each dataset now, and which slots they are (PROTOCOL, Words: context).

        A dataset with no committed batch is left out: its check could not be evaluated.
        """
        pinned = {}
        for name in sorted(around.datasets.keys() - set(but)):
            there = around.datasets[name]
            if not there.contract.gate.to_server:
                continue
            target = route(there.contract, there.obj).target
            records = ledger.committed(self._lake, target, there.contract.gate.batch.key)
            if records:
                pinned[name] = self._rows(there, records)
        return pinned

    def pin_inputs(
        self, around: Surroundings, batch: str, inputs: Sequence[ManifestInput], *, but: Collection[str] = ()
    ) -> dict[str, tuple[Slots, Rows]]:
        """Return the committed rows that a batch was made of, of each dataset that a reconciliation looks at, and which
        slots they are: those that its manifest names, else the dataset's batch of the same key.

        A dataset of which one of them is not committed is left out: its check could not be evaluated.
        """
        pinned = {}
        for name in sorted(around.inputs.keys() - set(but)):
            there = around.inputs[name]
            if not there.contract.gate.to_server:
                continue
            target = route(there.contract, there.obj).target
            meant = {(one.batch, one.slot) for one in inputs if one.dataset in (name, target.dataset)}
            if meant:
                keys = [target.commit(key, slot) for key, slot in sorted(meant)]
                found = [ledger.read_slot(self._lake, key) for key in keys]
            else:
                found = [ledger.latest(ledger.slots(self._lake, target, batch))]
            records = [one for one in found if one is not None and one.state is ledger.SlotState.COMMITTED]
            if len(records) == len(found):
                pinned[rows_of_inputs(name)] = self._rows(there, records)
        return pinned

    def _rows(self, there: Neighbour, records: Sequence[CommitRecord]) -> tuple[Slots, Rows]:
        """Return the rows of committed batches, opened once, and which slots they are."""
        slots = tuple((record.batch, record.slot) for record in records)
        if (there.name, slots) not in self._opened:
            folder = _folder(self._workspace, f"{len(self._opened):04}")
            self._opened[there.name, slots] = self._opener(there, fetched(self._lake, records, folder), folder)
        return slots, self._opened[there.name, slots]


def fetched(lake: Lake, records: Sequence[CommitRecord], folder: Path) -> tuple[NativeFile, ...]:
    """Copy the files of committed batches into `folder`; raises LakeError where one is not what was committed."""
    spool = _folder(folder, "spool")
    committed = [file for record in records for file in record.files]
    return tuple(_fetched(lake, file, _folder(spool, f"{n:06}")) for n, file in enumerate(committed))


def reader_of(there: Neighbour) -> Reader:
    """Return how the files of another dataset are read where they are committed, by its own contract."""
    gate = there.contract.gate
    server = there.contract.server(gate.to_server or "")
    return Reader(server.format, server.delimiter, server.encoding) if server else Reader()


def _fetched(lake: Lake, file: CommittedFile, folder: Path) -> NativeFile:
    """Copy a committed file to private disk. Raises LakeError where it is not what was committed."""
    entry = lake.stat(file.key)
    if entry is None:
        raise LakeError(f"the committed file {file.key!r} is gone", hint="restore it: committed data is never deleted")
    local, sha256 = folder / file.path.rpartition("/")[2], hashlib.sha256()
    with local.open("xb") as out:
        for chunk in lake.stream(entry):
            sha256.update(chunk)
            out.write(chunk)
    if sha256.hexdigest() != file.sha256:
        raise LakeError(f"the committed file {file.key!r} has sha256 {sha256.hexdigest()}, expected {file.sha256}")
    return NativeFile(file.path, local)


def _folder(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir()
    return folder
