"""What each command does, as values: contracts and lakes in, problems, verdicts, promotions, standings out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lakegate.api import Asked, opened
from lakegate.checks.derive import checks_of
from lakegate.config import open_lake
from lakegate.context import surroundings
from lakegate.contract import lint as linter
from lakegate.contract.findings import near
from lakegate.contract.model import Contract, Server
from lakegate.contract.odcs import load
from lakegate.contract.project import Project, contracts_under
from lakegate.engines.explain import declared, explain
from lakegate.engines.sql import identifier
from lakegate.errors import ContractError, LakegateError, Problem, Refused, Severity, UsageError
from lakegate.gate import ledger
from lakegate.gate.arrivals import Route, route
from lakegate.gate.promote import Promotion
from lakegate.gate.status import BatchStatus, status
from lakegate.lake.interface import Lake
from lakegate.plan import plan
from lakegate.publish import publish_index
from lakegate.run import Run
from lakegate.verdict import Verdict


def linted(paths: Sequence[str]) -> tuple[Problem, ...]:
    """Return every problem of the contracts in `paths`: what `contract.lint` finds, and SQL that may not run."""
    problems = list(linter.lint(paths))
    broken = {problem.file for problem in problems if problem.severity is Severity.ERROR}
    for file in linter.contract_files(paths):
        if file not in broken:
            problems += _unrunnable(file)
    return tuple(sorted(problems, key=lambda p: (p.file, p.line, p.column)))


def _unrunnable(file: str) -> list[Problem]:
    """Return what keeps the checks of a contract from being made, though its text is right."""
    contract = load(file)
    problems = []
    for obj in contract.schema:
        try:
            checks_of(contract, obj, surroundings(contract, obj, Project.around(file)).neighbours)
        except ContractError as error:
            problems += [Problem(file, 0, 0, p.severity, p.rule, p.message, p.path) for p in error.problems]
        except Refused as error:
            problems.append(
                Problem(file, 0, 0, Severity.ERROR, "refused-sql", error.message, obj.name, hint=error.hint)
            )
    return problems


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be judged: files, or what lies at a `local` server, or one batch of the lake, or all that wait."""

    batch: str | None = None
    data: tuple[Path, ...] = ()
    server: str | None = None


def judged(wanted: Wanted, asked: Asked) -> list[Verdict]:
    """Judge and move nothing; a verdict for each batch (of each object of the contract).

    Raises UsageError where nothing is there to be judged: nothing judged is no pass.
    """
    contract = load(asked.contract)
    local = _local_server(contract, wanted)
    with opened(asked, needs_lake=not (wanted.data or local)) as runs:
        if wanted.data and len(runs) > 1:
            names = ", ".join(run.obj.name for run in runs)
            raise UsageError(f"the contract has several objects: {names}", hint="say whose files: --schema-name NAME")
        return [verdict for run in runs for verdict in _verdicts(run, wanted, local)]


def _verdicts(run: Run, wanted: Wanted, local: Server | None) -> Iterator[Verdict]:
    if wanted.data:
        yield run.judge_files(wanted.data, _reader_of(run.contract, wanted))
    elif local:
        yield run.judge_files(_files_at(local, run.obj.name), local)
    else:
        keys = (wanted.batch,) if wanted.batch is not None else run.waiting()
        if not keys:
            raise UsageError(f"no batch of {run.obj.name} waits to be judged", hint="see `lakegate status`")
        for key in keys:
            yield run.judge_batch(key)


def _local_server(contract: Contract, wanted: Wanted) -> Server | None:
    """Return the server of type `local` that is meant, None where the lake is. Raises UsageError for an unknown one."""
    if wanted.data or wanted.batch is not None:
        return None
    if wanted.server is not None:
        server = contract.server(wanted.server)
        if server is None or server.type != "local":
            names = [one.name for one in contract.servers if one.type == "local"]
            hint = near(wanted.server, names) or f"local servers of the contract: {', '.join(names) or 'none'}"
            raise UsageError(f"the contract has no local server {wanted.server!r}", hint=hint)
        return server
    if contract.gate.from_server is not None:
        return None
    return next((server for server in contract.servers if server.type == "local"), None)


def _reader_of(contract: Contract, wanted: Wanted) -> Server | None:
    """Return the server that says how named files are written: the one named, else where batches come from."""
    name = wanted.server or contract.gate.from_server
    return contract.server(name) if name else next(iter(contract.servers), None)


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


def promoted(batch: str | None, asked: Asked) -> list[Promotion]:
    """Promote one batch, or with None all that wait; then write the pages that reports share.

    With None an error of one batch does not keep the others: it is told after them, the gravest one.
    """
    with opened(asked) as runs:
        try:
            return [promotion for run in runs for promotion in _promotions(run, batch)]
        finally:
            for lake in {id(run.lake): run.lake for run in runs if run.lake}.values():
                _index(lake)


def _promotions(run: Run, batch: str | None) -> Iterator[Promotion]:
    keys = (batch,) if batch is not None else run.waiting()
    for key in keys:
        yield run.promote(key)


def _index(lake: Lake) -> None:
    """Write the shared pages; after a commit nothing that fails here may report failure (PROTOCOL P11)."""
    try:
        publish_index(lake)
    except LakegateError:
        return


def explained(contract: Path, schema_name: str | None) -> str:
    """Return the plan of each object of a contract as text; no data is touched."""
    told = []
    with opened(Asked(contract, schema_name=schema_name), needs_lake=False) as runs:
        for run in runs:
            checks = checks_of(run.contract, run.obj, run.around.neighbours)
            work = plan(checks)
            head = f"-- {run.obj.name}: {len(checks)} checks, {len(work.measures)} measures, {len(work.stages)} stages"
            told.append(f"{head}\n\n{explain(work, checks, declared(run.obj.properties), identifier(run.obj.name))}")
    return "\n\n".join(told)


@dataclass(frozen=True, slots=True)
class Standings:
    """Where the batches of one dataset stand. `problem` says why they cannot be told."""

    dataset: str
    batches: tuple[BatchStatus, ...] = ()
    problem: str = ""


def standings(contracts: Sequence[str], lake: str | None) -> list[Standings]:
    """Return where the batches of some contracts stand, or of every contract of the project that gates something."""
    project = Project.around(contracts[0] if contracts else Path.cwd())
    store = open_lake(lake, project.root)
    now = dt.datetime.now(dt.UTC)
    return [Standings(way.dataset, status(store, way, now)) for _, way in _routes(contracts, project)]


def _routes(contracts: Sequence[str], project: Project) -> Iterator[tuple[Contract, Route]]:
    """Yield the way of each object; a contract that names no way is left out unless it was asked for."""
    files = contracts or [str(path) for path in contracts_under(project.folder, deep=project.deep)]
    for file in files:
        contract = load(file)
        if contracts or (contract.gate.from_server and contract.gate.to_server):
            yield from ((contract, route(contract, obj)) for obj in contract.schema)


def committed_paths(dataset: str, lake: str | None) -> list[str]:
    """Return the paths of exactly the committed files of a dataset.

    Raises UsageError where no contract of the project gates it, or where several zones hold it.
    """
    project = Project.around(Path.cwd())
    store = open_lake(lake, project.root)
    ways = [way for _, way in _routes((), project)]
    found = [way for way in ways if dataset in (way.dataset, way.target.prefix.removesuffix("/"))]
    if len({way.target for way in found}) != 1:
        names = sorted({way.dataset for way in ways})
        places = ", ".join(sorted(way.target.prefix for way in found))
        hint = f"say which: {places}" if found else near(dataset, names) or f"datasets: {', '.join(names)}"
        raise UsageError(f"{'several zones hold' if found else 'no contract gates'} {dataset!r}", hint=hint)
    target, template = found[0].target, found[0].batching.key
    return [store.uri(key) for key in ledger.paths(store, target, template)]
