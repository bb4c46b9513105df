"""The story on one page: load -> open -> measure -> judge -> gate -> report."""

from __future__ import annotations

import datetime as dt
import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lakegate.checks.derive import checks_of
from lakegate.context import Committed, Surroundings, named_rows, surroundings
from lakegate.contract import lint as linter
from lakegate.contract.model import Contract, SchemaObject, Server
from lakegate.contract.odcs import load
from lakegate.contract.project import Project
from lakegate.engines.duckdb import DuckDB
from lakegate.engines.explain import explain
from lakegate.engines.interface import Engine
from lakegate.errors import ContractError, Problem, Refused, Severity, UsageError
from lakegate.gate import promote as gate
from lakegate.gate.arrivals import route
from lakegate.gate.rehearse import rehearse
from lakegate.gate.spool import Progress, SpooledBatch
from lakegate.gate.status import BatchStatus, due, status
from lakegate.intake.batch import open_batch
from lakegate.intake.files import NativeFile
from lakegate.intake.staging import Reader
from lakegate.judge import Options, Subject, judge
from lakegate.lake.interface import Lake
from lakegate.measures import Orphans, SqlResult
from lakegate.plan import plan
from lakegate.publish import render, publish_index
from lakegate.rows import Defect, DefectKind, Rows
from lakegate.verdict import BatchFile, Verdict


@dataclass(frozen=True, slots=True)
class Run:
    """One use of a contract: to judge files, to judge what lies in a lake, or to promote it."""

    contract: Contract
    objects: tuple[SchemaObject, ...]
    project: Project
    lake: Lake | None = None
    options: Options = Options()
    beside: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)  # dataset -> files named by the caller
    engine: Engine = field(default_factory=DuckDB)
