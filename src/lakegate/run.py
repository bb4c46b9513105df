"""The story on one page: load -> open -> measure -> judge -> gate -> report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lakegate.contract.model import Contract, SchemaObject
from lakegate.contract.project import Project
from lakegate.engines.duckdb import DuckDB
from lakegate.engines.interface import Engine
from lakegate.judge import Options
from lakegate.lake.interface import Lake


@dataclass(frozen=True, slots=True)
class Run:
    """One use of a contract: to judge files, to judge what lies in a lake, or to promote it."""

    contract: Contract
    objects: tuple[SchemaObject, ...]
    project: Project
    lake: Lake | None = None
    options: Options = field(default_factory=Options)
    beside: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)  # dataset -> files named by the caller
    engine: Engine = field(default_factory=DuckDB)
