"""Tables of the warehouse: built from committed batches, promoted, made again from raw."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from lakegate.config import catalogue_of, open_lake, reports_url
from lakegate.contract.project import Project
from lakegate.errors import LakegateError
from lakegate.publish import rebuild as site
from lakegate.publish.site import unwritten
from lakegate.warehouse.build import Build
from lakegate.warehouse.chain import Asked, Step, opened
from lakegate.warehouse.rebuild import rebuild
from lakegate.warehouse.recipe import Work


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be built: one batch of a table, every batch of a table, or with None every table of the project."""

    table: str | None = None
    batch: str | None = None


def built(wanted: Wanted, lake: str | None, asked: Asked) -> list[Step]:
    """Build tables of the project around the current directory; return what became of each batch, in order.

    What goes wrong with one batch does not keep the others. Raises UsageError where the table, its SQL or the lake is
    wrong, or where tables are made of each other.
    """
    project = Project.around(Path.cwd())
    store = open_lake(lake, project.root)
    asked = replace(asked, catalogue=catalogue_of(lake, project.root), reports_url=reports_url(project.root))
    with opened(store, project, asked) as chain:
        try:
            if wanted.table is None:
                return chain.everything()
            table = chain.warehouse.table(wanted.table)
            return [chain.batch(table, wanted.batch)] if wanted.batch is not None else chain.table(table)
        finally:
            chain.publish()


def rebuilt(lake: str | None, into: str, asked: Asked) -> list[Step]:
    """Make the warehouse of a lake again in an empty one, from raw and master; return what became of each batch.

    Raises UsageError where a lake is wrong, or `into` holds something else.
    """
    project = Project.around(Path.cwd())
    of, target = open_lake(lake, project.root), open_lake(into, project.root)
    try:
        return rebuild(of, target, project, replace(asked, promote=True))
    finally:
        try:
            site.rebuild(target)  # not at the address of the lake that readers know
        except LakegateError as error:  # what is committed is (PROTOCOL P11)
            asked.unpublished(unwritten(error))


def looked(table: str, batch: str, lake: str | None) -> tuple[Work, Build]:
    """Return what a batch of a table would be made of, and whether it is to be built. Writes nothing.

    Raises NotReady where an input has no batch for it, UsageError where the table, its SQL or the key is wrong.
    """
    project = Project.around(Path.cwd())
    with opened(open_lake(lake, project.root), project, Asked()) as chain:
        return chain.builder.look(chain.warehouse.table(table), batch)


__all__ = ["Asked", "Build", "Step", "Wanted", "Work", "built", "looked", "rebuilt"]
