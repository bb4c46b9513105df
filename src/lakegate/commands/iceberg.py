"""What the commands of `lakegate iceberg` do, as values: how far the catalogue is behind, and what was mended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from lakegate.catalogs.iceberg import Change, Standing, register, standing
from lakegate.catalogs.settings import Catalogue
from lakegate.commands.batches import Standings, routes
from lakegate.config import SETTINGS, catalogue_of, open_lake
from lakegate.contract.project import Project
from lakegate.errors import CouldNotEvaluate, LakegateError, UsageError
from lakegate.gate.protocol import worst
from lakegate.lake.interface import Lake
from lakegate.lake.zones import Place

Told = TypeVar("Told", Change, Standing)


@dataclass(frozen=True, slots=True)
class Tables(Generic[Told]):
    """What is told of each table, and what went wrong, by dataset: one table does not keep the others."""

    told: tuple[Told, ...]
    problems: tuple[tuple[str, LakegateError], ...]

    @property
    def exit_code(self) -> int:
        """0, else the gravest of what went wrong."""
        return worst(problem.exit_code for _, problem in self.problems)


def synced(contracts: Sequence[str], lake: str | None) -> Tables[Change]:
    """Bring the Iceberg tables of some contracts, or of all of the project, to exactly the committed revisions.

    Raises UsageError where no catalogue, lake or contract is named, or no contract is of a warehouse table.
    """
    return _each(contracts, lake, _synced)


def compared(contracts: Sequence[str], lake: str | None) -> Tables[Standing]:
    """Compare the Iceberg tables with what is committed; nothing is changed. Raises as `synced`."""
    return _each(contracts, lake, lambda *table: [standing(*table)])


def _each(
    contracts: Sequence[str],
    address: str | None,
    ask: Callable[[Catalogue, Lake, Place], Sequence[Told | LakegateError]],
) -> Tables[Told]:
    project = Project.around(contracts[0] if contracts else Path.cwd())
    catalogue = catalogue_of(address, project.root)
    if catalogue is None:
        hint = f"write a table [iceberg] into {project.root / SETTINGS}: docs/how-to/iceberg.md"
        raise UsageError("no Iceberg catalogue is named", hint=hint)
    lake, told, problems = open_lake(address, project.root), list[Told](), list[tuple[str, LakegateError]]()
    ways = list(routes(contracts, project))
    problems += [(way.dataset, way.problem) for way in ways if isinstance(way, Standings) and way.problem]
    places = dict.fromkeys(way.target for way in ways if not isinstance(way, Standings) and way.target.in_warehouse)
    if not places and not problems:
        raise UsageError("no contract here is of a warehouse table: nothing is registered in Iceberg")
    for place in places:
        try:
            answers = ask(catalogue, lake, place)
        except LakegateError as error:
            problems.append((place.dataset, error))
            continue
        for answer in answers:
            if isinstance(answer, LakegateError):
                problems.append((place.dataset, answer))
            else:
                told.append(answer)
    return Tables(tuple(told), tuple(problems))


def _synced(catalogue: Catalogue, lake: Lake, place: Place) -> Sequence[Change | LakegateError]:
    """Register what is missing in one snapshot; where a batch cannot be, each for itself: it does not keep the rest."""
    try:
        return [register(catalogue, lake, place)]
    except CouldNotEvaluate:
        behind = standing(catalogue, lake, place)
        told: list[Change | LakegateError] = []
        for batch in (*behind.outdated, *behind.missing, *behind.unknown):
            try:
                told.append(register(catalogue, lake, place, [batch]))
            except LakegateError as error:
                told.append(type(error)(f"{batch}: {error.message}", hint=error.hint))
        if not any(isinstance(one, LakegateError) for one in told):
            told.append(register(catalogue, lake, place))
        return told
