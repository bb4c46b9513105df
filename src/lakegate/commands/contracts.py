"""Contracts on their own: what is wrong in them, what they would measure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from lakegate.api import Asked, opened
from lakegate.checks.derive import checks_of
from lakegate.checks.of_quality import Surroundings, quality_checks
from lakegate.checks.spot import spots
from lakegate.context import named, reader_of, surroundings
from lakegate.contract import lint as linter
from lakegate.contract.findings import REFUSED, Finding
from lakegate.contract.gate_property import place_of
from lakegate.contract.model import Contract, SchemaObject
from lakegate.contract.odcs import load, parse, read_file
from lakegate.contract.places import places
from lakegate.contract.project import Project
from lakegate.engines.explain import declared, explain
from lakegate.engines.predicates import identifier
from lakegate.errors import (
    ContractError,
    LakegateError,
    Problem,
    Refused,
    Severity,
    UsageError,
)
from lakegate.gate.arrivals import route
from lakegate.intake.files import Format, format_called
from lakegate.intake.steps import steps
from lakegate.plan import plan
from lakegate.run import Run
from lakegate.warehouse import lint as transforms


def linted(paths: Sequence[str]) -> tuple[Problem, ...]:
    """Return every problem of the contracts in `paths`: what `contract.lint` finds, and SQL that may not run.

    With a folder, of the transforms of its project, too; with a contract's file, of its table's own.
    """
    files = linter.contract_files(paths)
    found = [*linter.lint(paths), *(fault for file in files for fault in _unrunnable(file)), *_rivals(files)]
    whole = {Project.around(path).root for path in paths if Path(path).is_dir()}
    projects: dict[Path, tuple[Project, list[str]]] = {}
    for file in files:
        project = Project.around(file)
        projects.setdefault(project.root, (project, []))[1].append(file)
    for root, (project, contracts) in projects.items():
        found += transforms.problems(project, None if root in whole else contracts)
    return tuple(sorted(set(found), key=lambda p: (p.file, p.line, p.column, p.rule, p.message)))


def _unrunnable(file: str) -> tuple[Problem, ...]:
    """Return what keeps the checks of a contract from being made, beside what is wrong with its text."""
    parsed = parse(read_file(file))
    contract = parsed.contract or parsed.draft
    if contract is None:
        return ()
    project, whole = Project.around(file), parsed.contract is not None
    faults = [*_unknown_upstream(contract, project)]
    faults += [fault for obj in contract.schema for fault in _faults(contract, obj, project, whole=whole)]
    return parsed.source.locate(faults)


def _rivals(files: Sequence[str]) -> Iterator[Problem]:
    """Yield each contract whose batches another one may let in: from the same place into the same."""
    ways: dict[tuple[str, str], dict[str, None]] = {}
    for file in files:
        with suppress(LakegateError):  # what is wrong in it is told, and no gate is made of it
            contract = load(file)
            for obj in contract.schema if contract.gate.from_server and contract.gate.to_server else ():
                way = route(contract, obj)
                ways.setdefault((way.source.prefix, way.target.prefix), {})[file] = None
    for (source, target), rivals in ways.items():
        for file in rivals if len(rivals) > 1 else ():
            others = ", ".join(other for other in rivals if other != file)
            yield Problem(
                file,
                1,
                1,
                Severity.WARNING,
                "rival-gate",
                f"batches go from {source} into {target} by {others}, too: whichever is asked lets them in, the other "
                "checks nothing",
                hint="keep one contract for a dataset; its older versions are kept by version control",
            )


def _unknown_upstream(contract: Contract, project: Project) -> Iterator[Finding]:
    """Yield each dataset that a contract waits for and nobody knows."""
    for number, name in enumerate(contract.gate.upstream):
        try:
            named(project, name)
        except UsageError as error:
            path = (*place_of(contract.document, "upstream"), number)
            yield Finding(path, "unknown-reference", error.message, hint=error.hint)
        except LakegateError:
            continue  # its contract is wrong: told there


def _faults(contract: Contract, obj: SchemaObject, project: Project, *, whole: bool) -> Iterator[Finding]:
    """Yield each rule of an object that no check can be made of; where it is no single rule, the object.

    Of a contract that is not `whole` only the SQL is looked at: what else is wrong has been told.
    """
    try:
        neighbours = surroundings(contract, obj, project).neighbours
    except LakegateError:
        return  # a contract that this one refers to is wrong: told at the reference
    by_name = {spot.name: spot for spot in spots(obj)}
    found = False
    for place in places(contract):
        for rule in place.quality if place.object is obj else ():
            if not whole and rule.type != "sql":
                continue
            try:
                spot, tables, files = by_name.get(place.name), neighbours.tables, neighbours.files
                quality_checks(rule, Surroundings(contract, obj, spot, tables, True, files, neighbours.inputs))
            except (ContractError, Refused) as error:
                found = True
                key = ("query",) if rule.query else ()
                yield _fault((*place.path, "quality", rule.index, *key), error)
    if whole and not found:
        try:
            checks_of(contract, obj, neighbours)
        except (ContractError, Refused) as error:
            yield _fault(("schema", contract.schema.index(obj)), error)


def _fault(path: tuple[str | int, ...], error: ContractError | Refused) -> Finding:
    """Return an error of a rule as a finding at its place."""
    if isinstance(error, ContractError):
        first = error.problems[0]
        return Finding(path, first.rule, first.message, expected=first.expected, hint=first.hint)
    return Finding(path, REFUSED + "sql", error.message, hint=error.hint)


def explained(contract: Path, schema_name: str | None) -> str:
    """Return the plan of each object of a contract as text, the intake's steps first; no data is touched."""
    told = []
    with opened(Asked(contract, schema_name=schema_name), needs_lake=False) as runs:
        for run in runs:
            checks = checks_of(run.contract, run.obj, run.around.neighbours)
            work = plan(checks)
            head = f"-- {run.obj.name}: {len(checks)} checks, {len(work.measures)} measures, {len(work.stages)} stages"
            passes = explain(work, checks, declared(run.obj.properties), identifier(run.obj.name))
            told += [head, *_intakes(run), passes]
    return "\n\n".join(told)


def _intakes(run: Run) -> Iterator[str]:
    """Yield how the batch is taken in, and how the committed batches of the datasets beside it are."""
    there = run.contract.server(run.contract.gate.from_server or "")
    yield _intake("the batch", format_called(there.format if there else None), proved=False)
    beside: dict[Format | None, list[str]] = {}
    for name, neighbour in sorted(run.around.datasets.items()):
        beside.setdefault(format_called(reader_of(neighbour).format), []).append(name)
    for form, names in beside.items():
        yield _intake(f"the committed batches of {', '.join(names)}", form, proved=True)
    for name, neighbour in sorted(run.around.inputs.items()):
        form = format_called(reader_of(neighbour).format)
        yield _intake(f"the committed batches of {name} that this one was made of", form, proved=True)


def _intake(what: str, form: Format | None, *, proved: bool) -> str:
    lines = [f"-- intake: {what}, {form or 'in the format that each suffix says'}"]
    for one in [form] if form else [Format.CSV, Format.PARQUET]:
        lines += [f"--   {'' if form else f'{one}: '}{step}" for step in steps(one, proved=proved)]
    return "\n".join(lines)
