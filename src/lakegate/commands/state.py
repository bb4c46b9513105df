"""What `lakegate state` does, as values: what is kept of tables made anew, and what of it was otherwise."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lakegate.checks.table_wide import is_table_wide
from lakegate.config import limits_of, open_lake
from lakegate.context import Neighbour
from lakegate.contract.odcs import load
from lakegate.contract.project import Project, contracts_under
from lakegate.errors import LakegateError, UsageError
from lakegate.gate.history import looks_back
from lakegate.gate.protocol import worst
from lakegate.lake.workspace import private_folder
from lakegate.run import maker
from lakegate.tables import Rebuilt, Tables


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """What became of every table. `problems` are contracts whose tables could not be made anew, by their file."""

    tables: tuple[Rebuilt, ...]
    problems: tuple[tuple[str, LakegateError], ...]

    @property
    def exit_code(self) -> int:
        """0, else the gravest of what went wrong."""
        return worst(problem.exit_code for _, problem in self.problems)


def rebuilt(contracts: Sequence[str], lake: str | None) -> Rebuilding:
    """Make anew what is kept of the tables of some contracts, or of every contract of the project.

    A table of which nothing is kept is left out. What cannot be made does not keep the others. Raises what
    `config.open_lake` raises, and UsageError where no contract is there.
    """
    project = Project.around(contracts[0] if contracts else Path.cwd())
    files = list(contracts) or [str(path) for path in contracts_under(project.folder, deep=project.deep)]
    if not files:
        hint = "contracts are called <dataset>.odcs.yaml; go to the project's folder, or name a CONTRACT"
        raise UsageError(f"no contract is found at {project.folder}", hint=hint)
    store, made = open_lake(lake, project.root), maker(limits_of(project.root))
    tables: list[Rebuilt] = []
    problems: list[tuple[str, LakegateError]] = []
    with private_folder(Path(tempfile.gettempdir())) as workspace:
        known = Tables(store, workspace, made)
        for file in files:
            try:
                contract = load(file)
                kept = [obj for obj in contract.schema if is_table_wide(contract, obj) or looks_back(obj)]
                tables += [known.rebuilt(Neighbour(contract, obj)) for obj in kept]
            except LakegateError as error:
                problems.append((file, error))
    return Rebuilding(tuple(tables), tuple(problems))
