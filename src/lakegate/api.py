"""What programs call: `load`, `check`, `assert_contract`; `opened` for everything that the command line does."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from lakegate.checks.derive import checks_of
from lakegate.checks.of_own import rows_of_inputs
from lakegate.config import catalogue_of, limits_of, open_lake, reports_url
from lakegate.context import Committed, named, surroundings, upstream
from lakegate.contract.findings import near
from lakegate.contract.model import Contract, SchemaObject
from lakegate.contract.odcs import load
from lakegate.contract.project import Project
from lakegate.engines.duckdb import DuckDB
from lakegate.errors import LakegateError, UsageError
from lakegate.gate.spool import Progress
from lakegate.intake.batch import open_table
from lakegate.intake.frames import Frame, to_table
from lakegate.intake.staging import Reader
from lakegate.judge import Options, Subject, judge
from lakegate.lake.workspace import clear_dead, private_folder
from lakegate.libraries.pandera.model import built
from lakegate.reports.notebook import to_cell
from lakegate.reports.text import to_text
from lakegate.run import Run, maker, opener, unheard
from lakegate.tables import Tables
from lakegate.verdict import Verdict
from lakegate.worker.guests import Apart
from lakegate.worker.messages import Source

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa
    from pandera.api.dataframe.model import DataFrameModel

    Data: TypeAlias = Frame | pa.RecordBatch | pl.LazyFrame | str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

__all__ = ["Asked", "Failure", "assert_contract", "check", "load", "opened", "to_pandera"]

Verdict.notebook = to_cell
CONTRACT_SUFFIXES = (".yaml", ".yml", ".json")  # a text that ends so is a file's path, no dataset's name


def check(
    contract: Contract | str | os.PathLike[str] | Mapping[str, Any],
    data: Data,
    *,
    beside: Mapping[str, Data] | None = None,
    schema_name: str | None = None,
    options: Options | None = None,
) -> Verdict:
    """Judge data by a contract: one file, several files as one batch, or a table in memory.

    `contract` may also be the name of a dataset (`core/fact_flight`) of the project around the current directory: its
    file under `contracts/`, its place under its zone, or its contract's name. A table is one of pyarrow's (a reader is
    read to its end), a pandas or polars frame (a lazy one is collected), a DuckDB relation, or anything else that hands
    out Arrow's C stream. `beside` holds the rows of other datasets that the contract looks at, by name and of the same
    kind as `data`: tables beside a table, files beside files. `schema_name` names the object of a contract that has
    several. A table is judged where it is: nothing is hashed or written, and its verdict names no file.

    What a library says is missing is null: None, pandas' NA and NaT, NaN among texts and dates. NaN among numbers is no
    null, and no number: it fails unless the contract says `nan: allow`. The index of a pandas frame is no column.

    Raises:
        ContractError, Refused: the contract is wrong or unsafe.
        UsageError: the contract, the object, a dataset or a file cannot be found; a column has no single type.
    """
    contract, schema_name = _contract(contract, schema_name)
    obj = _object(contract, schema_name)
    options = options or Options()
    around = surroundings(contract, obj, _project(contract.path))
    if (files := _paths(data)) is not None:
        files_beside = {name: _files(name, each) for name, each in (beside or {}).items()}
        with private_folder(Path(tempfile.gettempdir())) as workspace:
            limits = limits_of(_project(contract.path).root)
            run = Run(contract, obj, around, workspace, beside=files_beside, options=options, limits=limits)
            return run.judge_files(files)
    rows = open_table(to_table(data))
    around.known(beside or {})
    others = {name: open_table(to_table(each)) for name, each in (beside or {}).items()}
    subject = Subject(contract, obj, obj.name, None, (), around.neighbours, contract_file=around.contract_file)
    source = Source(obj, contract.gate, Reader())
    guests = Apart(source, around.neighbours.files, limits_of(_project(contract.path).root), options.locations)
    others |= {rows_of_inputs(name): others[name] for name in around.inputs if name in others}
    return judge(subject, rows, {**others, around.itself: rows}, DuckDB(), options, guests).verdict


def assert_contract(
    data: Data,
    contract: Contract | str | os.PathLike[str] | Mapping[str, Any],
    *,
    beside: Mapping[str, Data] | None = None,
    schema_name: str | None = None,
    options: Options | None = None,
) -> Verdict:
    """Return the verdict where data keeps its contract: one line in a test of a transformation. See `check`.

    Raises:
        AssertionError: it does not, or could not be judged, or nothing was there to be judged; the message is the
            report.
        ContractError, Refused, UsageError: as `check`.
    """
    __tracebackhide__ = True  # pytest shows the caller's line
    verdict = check(contract, data, beside=beside, schema_name=schema_name, options=options)
    if not verdict.passes:
        raise AssertionError(to_text(verdict))
    return verdict


def to_pandera(
    contract: Contract | str | os.PathLike[str] | Mapping[str, Any],
    backend: str = "pandas",
    *,
    schema_name: str | None = None,
    unsupported: str = "refuse",
) -> type[DataFrameModel[Any, Any]]:
    """Return a contract as a pandera model (a `DataFrameModel`) for frames of a backend, `pandas` or `polars`.

    Lazy validation of a frame succeeds where `check` passes the same rows as an Arrow table (`pa.Table.from_pandas`,
    `frame.to_arrow()`); what only warns becomes a pandera warning. `schema_name` names the object of a contract that
    has several. Rules that a frame alone cannot be asked (SQL, relationships, freshness, nested values, other engines)
    are refused; with `unsupported="warn"` they are left out, and a UserWarning names each.

    Raises:
        ContractError, Refused: the contract is wrong or unsafe.
        UsageError: the object cannot be found, a rule cannot be said, or pandera is not installed.
    """
    contract = contract if isinstance(contract, Contract) else load(contract)
    obj = _object(contract, schema_name)
    checks = checks_of(contract, obj, surroundings(contract, obj, _project(contract.path)).neighbours)
    return built(contract, obj, checks, backend, unsupported)


def _paths(data: Data) -> tuple[Path, ...] | None:
    """Return the files that `data` names, None for a table."""
    named = [data] if isinstance(data, str | os.PathLike) else data
    if not isinstance(named, Sequence) or not all(isinstance(path, str | os.PathLike) for path in named):
        return None
    return tuple(Path(path) for path in named)


def _files(name: str, data: Data) -> tuple[Path, ...]:
    """Return the files that stand for another dataset. Raises UsageError for a table, which stands beside tables."""
    if (files := _paths(data)) is None:
        raise UsageError(f"got a table for {name} beside files", hint="name files, or judge a table")
    return files


def _contract(
    contract: Contract | str | os.PathLike[str] | Mapping[str, Any], schema_name: str | None
) -> tuple[Contract, str | None]:
    """Return the contract that is meant, and the name of the object that is. A text that is no file is a dataset."""
    if isinstance(contract, Contract):
        return contract, schema_name
    if isinstance(contract, str) and Path(contract).suffix not in CONTRACT_SUFFIXES and not Path(contract).is_file():
        found, model = named(Project.around(Path.cwd()), contract)
        return found, schema_name or model
    return load(contract), schema_name


@cache
def _project(path: str | None) -> Project:
    return Project.around(path or Path.cwd())


def _object(contract: Contract, name: str | None) -> SchemaObject:
    """Return the object to judge by. Raises UsageError where it is not there, or must be named and is not."""
    names = ", ".join(obj.name for obj in contract.schema)
    if name is None and len(contract.schema) != 1:
        raise UsageError(f"the contract {contract.id} has several objects: {names}", hint="say which: --schema-name")
    found = contract.object(name) if name is not None else contract.schema[0]
    if found is None:
        raise UsageError(
            f"the contract {contract.id} has no object {name!r}",
            hint=near(name or "", names.split(", ")) or f"it has: {names}",
        )
    return found


@dataclass(frozen=True, slots=True)
class Failure:
    """A batch that could be neither judged nor promoted, and why."""

    dataset: str
    batch: str
    error: LakegateError


def _raised(failure: Failure) -> None:
    raise failure.error


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command says beside what is to be done. `lake` None takes the one that the project's settings name.

    Who asks is told: `progress` of bytes, `announce` a line at the begin and at the end of each batch, `failed` what
    went wrong with a batch; where that does not raise, the other batches are gone on with. `unpublished`: which pages
    do not show yet what became of the batches, and what to do.
    """

    contract: Path | Contract
    lake: str | None = None
    schema_name: str | None = None
    beside: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)  # dataset -> files that stand for it
    options: Options = field(default_factory=Options)
    by: str = ""  # who asks, kept in the commit record
    reports_url: str = ""  # where readers open `references/`; empty: what `lakegate.toml` says
    progress: Progress = unheard
    announce: Callable[[str], None] = unheard
    failed: Callable[[Failure], None] = _raised
    unpublished: Callable[[str], None] = unheard


@contextmanager
def opened(asked: Asked, *, needs_lake: bool = True) -> Iterator[tuple[Run, ...]]:
    """Hand out a run for each object of a contract (or for the one named), with a workspace that lives as long.

    Without `needs_lake` no lake is opened unless one is named. Raises what `load` and `config.open_lake` raise.
    """
    loaded = asked.contract if isinstance(asked.contract, Contract) else load(asked.contract)
    project = Project.around(loaded.path or Path.cwd())
    objects = (_object(loaded, asked.schema_name),) if asked.schema_name else loaded.schema
    store = open_lake(asked.lake, project.root) if needs_lake or asked.lake else None
    catalogue = catalogue_of(asked.lake, project.root) if store else None
    reports = (asked.reports_url or reports_url(project.root)) if store else ""
    temporary = Path(tempfile.gettempdir())
    clear_dead(temporary)
    with private_folder(temporary) as workspace:
        limits = limits_of(project.root)
        for folder in ("committed", "tables"):
            (workspace / folder).mkdir()
        committed = Committed(store, workspace / "committed", opener(limits)) if store else None
        tables = Tables(store, workspace / "tables", maker(limits)) if store else None
        yield tuple(
            Run(
                contract=loaded,
                obj=obj,
                around=surroundings(loaded, obj, project),
                workspace=workspace,
                lake=store,
                committed=committed,
                upstream=upstream(loaded, project) if store else (),
                tables=tables,
                options=asked.options,
                beside=asked.beside,
                limits=limits,
                progress=asked.progress,
                catalogue=catalogue,
                by=asked.by,
                reports_url=reports,
            )
            for obj in objects
        )
