"""What is wrong with the transforms of a project, each problem with its file and line."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from lakegate.contract.project import Project
from lakegate.errors import LakegateError, Problem, Severity, UsageError
from lakegate.warehouse.chain import in_order
from lakegate.warehouse.datasets import Table, Warehouse


def problems(project: Project, contracts: Collection[str] | None) -> list[Problem]:
    """Return the problems of all transforms, or with `contracts` (files) of those of their tables alone."""
    warehouse = Warehouse(project)
    try:
        names = warehouse.built()
    except UsageError as error:
        return [_problem(str(project.root), error)]
    if contracts is not None:
        here = {Path(file).resolve() for file in contracts}
        names = tuple(name for name in names if _contract_of(warehouse, name) in here)
    found, tables = [], []
    for name in names:
        outcome = _table(warehouse, name)
        if isinstance(outcome, Problem):
            found.append(outcome)
        else:
            tables.append(outcome)
    if contracts is None:
        found += _circle(tables, warehouse)
    return found


def _contract_of(warehouse: Warehouse, name: str) -> Path | None:
    described = warehouse.datasets.get(name, ())
    return Path(described[0].contract.path or "").resolve() if described else None


def _table(warehouse: Warehouse, name: str) -> Table | Problem:
    """Return the table of a file of SQL, or what is wrong with it."""
    try:
        return warehouse.table(name)
    except LakegateError as error:
        return _problem(os.path.relpath(warehouse.file(name)), error)


def _circle(tables: list[Table], warehouse: Warehouse) -> Iterator[Problem]:
    try:
        in_order(tables, warehouse)
    except LakegateError as error:
        yield _problem(os.path.relpath(warehouse.folder), error)


def _problem(file: str, error: LakegateError) -> Problem:
    """Return an error of a transform as a problem; its message begins with the file, and the line where it has one."""
    told = re.fullmatch(r"(?:[^:\n]+\.sql(?::(\d+))?: )?(.*)", error.message, re.DOTALL)
    line, message = (told[1], told[2]) if told else (None, error.message)
    return Problem(file, int(line or 1), 1, Severity.ERROR, "transform", message, hint=error.hint)
