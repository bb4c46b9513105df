"""What is held back, as values: whole batches and rows, each with its rules. `commands.release` lets it go."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lakegate.api import Asked, opened
from lakegate.commands.batches import Standings, routes
from lakegate.config import open_lake, reports_url
from lakegate.contract.model import SchemaObject
from lakegate.contract.project import Project
from lakegate.engines.rejoin import rows_apart
from lakegate.errors import LakegateError, UsageError
from lakegate.gate.arrivals import Route, route
from lakegate.gate.held import Held, HeldRows, fetch, held, held_of
from lakegate.gate.protocol import worst
from lakegate.gate.quarantine import CONFLICT
from lakegate.lake.interface import Lake
from lakegate.reports.site.links import public
from lakegate.rows import Location
from lakegate.run import Run
from lakegate.verdict import Policy, policy

BATCH, CONFLICTED, ROWS = "batch", "conflict", "rows"


@dataclass(frozen=True, slots=True)
class HeldBack:
    """One thing that is held back. `kind`: a whole `batch`, a `conflict` (no bytes are kept), or `rows` of a batch.

    `rules` counts rows by the rule that they broke; None where a rule counts none. `rows` are held back of `of`; both
    None for a whole batch. `at` is when, ISO 8601 in UTC. `where` and `report` say where these lie, empty where
    nothing does; `url` is where readers open the report, if the settings say so.
    """

    dataset: str
    batch: str
    kind: str
    files: int
    rows: int | None
    of: int | None
    rules: Mapping[str, int | None]
    at: str
    message: str
    where: str
    report: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """All that is held back. `problems` are datasets of which it cannot be told, by their name."""

    held: tuple[HeldBack, ...]
    problems: tuple[tuple[str, LakegateError], ...]

    @property
    def exit_code(self) -> int:
        """0, else the gravest of what went wrong."""
        return worst(problem.exit_code for _, problem in self.problems)


def listed(contracts: Sequence[str], lake: str | None) -> Listed:
    """List what is held back of some contracts' datasets, or of every contract of the project.

    Raises what `config.open_lake` raises, and UsageError where no contract is there.
    """
    project = Project.around(contracts[0] if contracts else Path.cwd())
    store, reports = open_lake(lake, project.root), reports_url(project.root)
    told: list[HeldBack] = []
    problems: list[tuple[str, LakegateError]] = []
    for way in routes(contracts, project):
        if isinstance(way, Standings):
            problems += [(way.dataset, way.problem)] if way.problem else []
            continue
        try:
            told += [_told(store, way, one, reports) for one in held(store, way)]
        except LakegateError as error:
            problems.append((way.dataset, error))
    return Listed(tuple(told), tuple(problems))


def _told(lake: Lake, way: Route, one: Held, reports: str) -> HeldBack:
    """Return what is held back in the words of a list."""
    if isinstance(one, HeldRows):
        record, rejected = one.record, one.rejected
        return HeldBack(
            dataset=way.dataset,
            batch=one.batch,
            kind=ROWS,
            files=len(rejected.files),
            rows=rejected.rows,
            of=rejected.rows_in,
            rules=dict(rejected.rules),
            at=one.at.isoformat(timespec="seconds"),
            message=f"{rejected.rows:,} of {rejected.rows_in:,} rows are set apart from slot {record.slot}",
            where=_folder(lake, [file.key for file in rejected.files]),
            report=_page(lake, record.report),
            url=_url(reports, record.report),
        )
    judgement = one.judgement
    return HeldBack(
        dataset=way.dataset,
        batch=one.batch,
        kind=CONFLICTED if judgement.outcome == CONFLICT else BATCH,
        files=len(judgement.files) or sum(not path.startswith("_") for path, _ in judgement.pins),
        rows=None,
        of=None,
        rules=_failed(lake, judgement.report),
        at=judgement.at,
        message=judgement.message,
        where=_folder(lake, [file.key for file in judgement.files]),
        report=_page(lake, judgement.report),
        url=_url(reports, judgement.report),
    )


def _folder(lake: Lake, keys: Sequence[str]) -> str:
    """Return where files of a batch stand in quarantine: their folder by the batch's digest."""
    return lake.uri("/".join(_shared([key.split("/")[:-1] for key in keys]))) + "/" if keys else ""


def _shared(paths: Sequence[list[str]]) -> list[str]:
    """Return the steps that all paths begin with."""
    steps = []
    for names in zip(*paths, strict=False):
        if len(set(names)) > 1:
            break
        steps.append(names[0])
    return steps


def _page(lake: Lake, folder: str) -> str:
    return lake.uri(f"{folder}index.html") if folder else ""


def _url(reports: str, folder: str) -> str:
    return public(reports, folder) if reports and folder else ""


def _failed(lake: Lake, report: str) -> dict[str, int | None]:
    """Return the checks that failed by a report, with the rows that each counts; none where it cannot be read."""
    try:
        checks = json.loads((lake.read(f"{report}report.json") if report else None) or b"{}").get("checks", ())
        return {
            str(check["key"]): rows if isinstance(rows := check["diagnostics"].get("failed"), int) else None
            for check in checks
            if check["outcome"] == "failed"
        }
    except (LakegateError, ValueError, KeyError, TypeError, AttributeError):
        return {}


# --- rows ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RowApart:
    """One row that was set apart, and where it arrived. `key` and `values` tell what may be told of them.

    `values` are texts by column, None for null, without columns that are never told; empty where not asked for.
    """

    file: str
    row: int
    rules: tuple[str, ...]
    key: tuple[tuple[str, str], ...]
    values: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RowsApart:
    """The first rows that were set apart from a batch, of `total`, and how many broke each rule."""

    dataset: str
    batch: str
    slot: int
    total: int
    of: int
    rules: Mapping[str, int]
    rows: tuple[RowApart, ...]


def shown(batch: str, asked: Asked, limit: int) -> RowsApart:
    """Return the rows that were set apart from a committed batch, in the order of file and row.

    Values are told where `asked.options.samples` is set, by what the contract says of each property. Raises UsageError
    where no row was set apart, LakeError where a file of them is not what the record says.
    """
    with opened(asked) as runs:
        run, _, found = held_in(runs, batch)
        rows = next((one for one in found if isinstance(one, HeldRows)), None)
        if rows is None:
            again = f"`lakegate quarantine replay CONTRACT --batch {shlex.quote(batch)}` judges it again"
            raise UsageError(
                f"no row of {batch!r} is set apart: all of it is held back", hint=f"see its report; {again}"
            )
        telling = policy(run.obj, samples=asked.options.samples, limit=limit)
        told: list[RowApart] = []
        for number, file in enumerate(rows.rejected.files):
            if len(told) < limit:
                local = run.workspace / f"apart-{number:06}.parquet"
                fetch(lake_of(run), file.key, file.sha256, local)
                told += _rows(local, file.path, run.obj, telling, limit - len(told))
    record, rejected = rows.record, rows.rejected
    return RowsApart(
        record.dataset, batch, record.slot, rejected.rows, rejected.rows_in, dict(rejected.rules), tuple(told)
    )


def _rows(local: Path, path: str, obj: SchemaObject, telling: Policy, limit: int) -> Iterator[RowApart]:
    """Yield the first rows of one file of rows set apart, with what may be told of them."""
    keys = {prop.physical_name: prop.name for prop in obj.primary_key}
    names = {prop.physical_name: prop.name for prop in obj.properties}
    found = rows_apart(local, None if telling.samples else keys)
    for _, row in zip(range(limit), found, strict=False):
        key = tuple((name, text) for column, name in keys.items() if (text := row.values.get(column)) is not None)
        place = telling.disclosed(Location(path, row.row, key=key), None)
        yield RowApart(path, row.row, row.rules, place.key, _values(row.values, names, telling))


def _values(texts: Mapping[str, str | None], names: Mapping[str, str], telling: Policy) -> dict[str, str | None]:
    """Return what may be told of a row's columns, under their physical names; nothing where values are not asked for.

    A column that is never told is not there.
    """
    if not telling.samples:
        return {}
    told = {column: names.get(column, column) for column in texts}
    return {
        column: telling.column(name, texts[column])
        for column, name in told.items()
        if telling.column(name, "") is not None
    }


# --- of one batch -----------------------------------------------------------------------------------------------------


def held_in(runs: Iterable[Run], batch: str) -> tuple[Run, Route, tuple[Held, ...]]:
    """Return the object of a contract of which something of this batch is held back, and what that is.

    Raises UsageError where nothing is.
    """
    datasets = []
    for run in runs:
        way = route(run.contract, run.obj, run.around.neighbours.files)
        datasets.append(way.dataset)
        if found := held_of(lake_of(run), way, batch):
            return run, way, found
    raise UsageError(
        f"nothing of {batch!r} of {', '.join(datasets)} is held back", hint="see `lakegate quarantine list`"
    )


def lake_of(run: Run) -> Lake:
    """Return the lake of a run. Raises UsageError where none is named."""
    if run.lake is None:
        raise UsageError("no lake is named", hint="say --lake FOLDER")
    return run.lake
