"""Batches: judged, promoted, where they stand, what of them is committed."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from lakegate.api import Asked, Failure, opened
from lakegate.checks.derive import checks_of
from lakegate.config import open_lake
from lakegate.contract.findings import near
from lakegate.contract.model import Contract, Server
from lakegate.contract.odcs import load
from lakegate.contract.project import Project, contracts_under
from lakegate.errors import (
    CouldNotEvaluate,
    LakegateError,
    UsageError,
)
from lakegate.gate.arrivals import Route, route
from lakegate.gate.promote import Promotion
from lakegate.gate.status import BatchStatus, status
from lakegate.lake.zones import Place
from lakegate.reader import Snapshot, locate, read
from lakegate.reports.summary import standing
from lakegate.run import Run, unheard
from lakegate.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be judged: files, or what lies at a `local` server, or one batch of the lake, or all that wait."""

    batch: str | None = None
    data: tuple[Path, ...] = ()
    server: str | None = None


def judged(wanted: Wanted, asked: Asked) -> list[Verdict]:
    """Judge and move nothing; a verdict for each batch (of each object of the contract).

    What cannot be judged is told to `asked.failed`. Raises UsageError where nothing is there to be judged: nothing
    judged is no pass.
    """
    contract = load(asked.contract) if isinstance(asked.contract, Path) else asked.contract
    local = _local_server(contract, wanted)
    with opened(replace(asked, contract=contract), needs_lake=not (wanted.data or local)) as runs:
        if wanted.data:
            if len(runs) > 1:
                names = ", ".join(run.obj.name for run in runs)
                raise UsageError(
                    f"the contract has several objects: {names}", hint="say whose files: --schema-name NAME"
                )
            return [runs[0].judge_files(wanted.data, contract.server(wanted.server or ""))]
        if local:
            return [run.judge_files(_files_at(local, run.obj.name), local) for run in runs]
        found = _each(runs, wanted.batch, Run.judge_batch, asked)
        if found is None:
            names = ", ".join(run.dataset for run in runs)
            raise UsageError(f"no batch of {names} waits to be judged", hint="see `lakegate status`")
        return found


Done = TypeVar("Done", Verdict, Promotion)


def _each(runs: Sequence[Run], batch: str | None, act: Callable[[Run, str], Done], asked: Asked) -> list[Done] | None:
    """Do one thing with one batch, or with all that wait; return what came of each, None where none waits.

    An error of one batch does not keep the others: it is told to `asked.failed`. A contract that cannot be asked is
    told before the first batch is touched.
    """
    for run in runs:
        checks_of(run.contract, run.obj, run.around.neighbours)
    work = [(run, key) for run in runs for key in ((batch,) if batch is not None else run.waiting())]
    done: list[Done] = []
    for number, (run, key) in enumerate(work, start=1):
        name = f"{number} of {len(work)}: {run.dataset} {key}"
        announce = unheard if batch is not None else asked.announce
        announce(name)
        result = _tried(act, run, key)
        if isinstance(result, Failure):
            announce(f"{name}: error, exit code {result.error.exit_code}")
            asked.failed(result)
        else:
            announce(f"{name}: {standing(result) if isinstance(result, Verdict) else result.state}")
            done.append(result)
    return done if work else None


def _tried(act: Callable[[Run, str], Done], run: Run, key: str) -> Done | Failure:
    """Do one thing with one batch; what goes wrong is the answer."""
    try:
        return act(run, key)
    except LakegateError as error:
        return Failure(run.dataset, key, error)
    except OSError as error:
        return Failure(run.dataset, key, unavailable(error))


def unavailable(error: OSError) -> CouldNotEvaluate:
    """Return what the operating system would not do, as an error of ours."""
    where = f"{error.filename}: " if error.filename else ""
    return CouldNotEvaluate(f"{where}{error.strerror or error}")


def _local_server(contract: Contract, wanted: Wanted) -> Server | None:
    """Return the server of type `local` that is meant, None where the lake is. Raises UsageError for an unknown one."""
    if wanted.batch is not None and (wanted.data or wanted.server):
        raise UsageError(f"--batch {wanted.batch} lies in the lake", hint="name either it, or --data and --server")
    if wanted.server is not None:
        names = [one.name for one in contract.servers if wanted.data or one.type == "local"]
        if wanted.server not in names:
            kind = "server" if wanted.data else "local server"
            hint = near(wanted.server, names) or f"it has: {', '.join(names) or 'none'}"
            raise UsageError(f"the contract has no {kind} {wanted.server!r}", hint=hint)
    if wanted.data or wanted.batch is not None:
        return None
    if wanted.server is not None:
        return contract.server(wanted.server)
    if contract.gate.from_server is not None:
        return None
    return next((server for server in contract.servers if server.type == "local"), None)


def _files_at(server: Server, model: str) -> list[Path]:
    """Return the files at a local server's path: a file, everything in a folder, or a pattern."""
    path = Path(server.location.replace("{model}", model))
    if path.is_file():
        return [path]
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if file.is_file() and not file.name.startswith(("_", ".")))
    else:
        found = sorted(Path().glob(str(path))) if not path.is_absolute() else []
    if not found:
        raise UsageError(f"no file lies at {str(path)!r} (server {server.name})", hint="it is read from here")
    return found


def promoted(batch: str | None, asked: Asked, *, only_judge: bool = False) -> list[Promotion]:
    """Promote one batch, or with None all that wait; then show under `references/` what became of them, and with None
    of those that an earlier run promoted and could not show.

    With `only_judge` nothing is committed: reports are written, and what fails is quarantined. What goes wrong with one
    batch is told to `asked.failed` and does not keep the others; pages that were not written to `asked.unpublished`.
    """
    touched: dict[int, list[str]] = {}

    def act(run: Run, key: str) -> Promotion:
        touched.setdefault(id(run), []).append(key)
        return run.promote(key, only_judge=only_judge)

    with opened(asked) as runs:
        try:
            return _each(runs, batch, act, asked) or []
        finally:
            for run in runs:
                for note in run.publish(touched.get(id(run), ()), left=batch is None):
                    asked.unpublished(note)


@dataclass(frozen=True, slots=True)
class Standings:
    """Where the batches of one dataset stand. `problem` is why they cannot be told, `dataset` then may be a file."""

    dataset: str
    batches: tuple[BatchStatus, ...] = ()
    problem: LakegateError | None = None


def standings(contracts: Sequence[str], lake: str | None) -> list[Standings]:
    """Return where the batches of some contracts stand, or of every contract of the project that gates something.

    Raises UsageError where no contract is there.
    """
    project = Project.around(contracts[0] if contracts else Path.cwd())
    store = open_lake(lake, project.root)
    now = dt.datetime.now(dt.UTC)
    told = []
    for way in routes(contracts, project):
        if isinstance(way, Standings):
            told.append(way)
            continue
        try:
            told.append(Standings(way.dataset, status(store, way, now)))
        except LakegateError as error:
            told.append(Standings(way.dataset, problem=error))
    return told


def routes(contracts: Sequence[str], project: Project) -> Iterator[Route | Standings]:
    """Yield the way of each object, or why it cannot be told; a contract without a way is left out unless asked for.

    Without `contracts`: of every contract of the project. Raises UsageError where none is there.
    """
    files = contracts or [os.path.relpath(path) for path in contracts_under(project.folder, deep=project.deep)]
    if not files:
        hint = "contracts are called <dataset>.odcs.yaml; go to the project's folder, or name a CONTRACT"
        raise UsageError(f"no contract is found at {project.folder}", hint=hint)
    for file in files:
        try:
            contract = load(file)
            if contracts or (contract.gate.from_server and contract.gate.to_server):
                yield from [route(contract, obj) for obj in contract.schema]
        except LakegateError as error:
            yield Standings(file, problem=error)


def committed(dataset: str, lake: str | None, as_of: dt.datetime | None, batches: Sequence[str]) -> Snapshot:
    """Return exactly the committed files of a dataset, of some batches or of all.

    No contract is needed where a batch is committed; where none is, the snapshot of a dataset that a contract of the
    project gates is empty. Raises UsageError where neither knows it, or where several zones hold it.
    """
    project = Project.around(Path.cwd())
    store = open_lake(lake, project.root)
    return read(store, locate(store, dataset, lambda: _gated(project)), as_of, batches or None)


def _gated(project: Project) -> Iterator[Place]:
    """Yield where the contracts of a project let batches in; those that are wrong are left to `lint`."""
    with contextlib.suppress(UsageError):
        yield from (way.target for way in routes((), project) if isinstance(way, Route))
