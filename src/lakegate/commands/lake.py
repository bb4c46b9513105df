"""What the commands of `lakegate lake` do, as values: settings and what became of them, findings, garbage."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

from lakegate.commands.batches import Standings, routes
from lakegate.config import open_store
from lakegate.contract.project import Project
from lakegate.errors import LakegateError
from lakegate.gate import tidy
from lakegate.gate.arrivals import Route
from lakegate.gate.protocol import worst
from lakegate.gate.tidy import Garbage
from lakegate.lake import doctor, setup
from lakegate.lake.interface import Lake
from lakegate.lake.setup import Change, Proof
from lakegate.lake.store import Finding, Setup, Store


@dataclass(frozen=True, slots=True)
class Made:
    """What became of every setting of a lake."""

    lake: str
    changes: tuple[Change, ...]

    @property
    def exit_code(self) -> int:
        """5 where something does not stand as it was asked for, else 0."""
        return 5 if any(change.proof is Proof.NO for change in self.changes) else 0


def set_up(lake: str | None, wanted: Setup, *, create: bool, dry_run: bool) -> Made:
    """Set a lake up. Raises what `lake.setup.set_up` and `config.open_store` raise."""
    store = open_store(lake, Project.around(Path.cwd()).root)
    return Made(store.address, setup.set_up(store, wanted, _new_id, create=create, dry_run=dry_run))


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found out about a lake."""

    lake: str
    findings: tuple[Finding, ...]

    @property
    def exit_code(self) -> int:
        """As a promotion into this lake would end."""
        return doctor.exit_code(self.findings)


def examined(lake: str | None) -> Examined:
    """Examine a lake. Raises what `lake.doctor.examine` and `config.open_store` raise."""
    store = open_store(lake, Project.around(Path.cwd()).root)
    return Examined(store.address, doctor.examine(store, _new_id, lambda: dt.datetime.now(dt.UTC)))


class Fate(StrEnum):
    """What became of one piece of garbage."""

    FOUND = "found"  # a dry run
    DELETED = "deleted"
    KEPT = "kept"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Collected:
    """One piece of garbage, and what became of it. `note` says why it was kept, or what failed."""

    garbage: Garbage
    fate: Fate
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tidied:
    """What was found in a lake. `problems` are datasets that could not be looked at, by their name."""

    lake: str
    found: tuple[Collected, ...]
    problems: tuple[tuple[str, LakegateError], ...]

    @property
    def exit_code(self) -> int:
        """0, else the gravest of what went wrong: 5 for garbage that could not be deleted."""
        failed = [5 for one in self.found if one.fate is Fate.FAILED]
        return worst([*failed, *(problem.exit_code for _, problem in self.problems)])


def tidied(lake: str | None, contracts: Sequence[str], grace: dt.timedelta, *, delete: bool) -> Tidied:
    """Look for the garbage of some contracts' datasets, or of every contract of the project, and delete it if asked.

    What cannot be looked at does not keep the rest. Raises what `config.open_store` raises, and UsageError where no
    contract is there.
    """
    project = Project.around(contracts[0] if contracts else Path.cwd())
    store = open_store(lake, project.root)
    opened, now = store.lake(), dt.datetime.now(dt.UTC)
    ways = list(routes(contracts, project))
    problems = [(way.dataset, way.problem) for way in ways if isinstance(way, Standings) and way.problem]
    places = {way.target: way.dataset for way in ways if isinstance(way, Route)}
    looks: list[tuple[str, Callable[[], tuple[Garbage, ...]]]] = [
        (dataset, partial(tidy.revisions, opened, place, now, grace)) for place, dataset in places.items()
    ]
    looks += [(dataset, partial(tidy.indexes, opened, place, now, grace)) for place, dataset in places.items()]
    looks.append(("probes", partial(tidy.probes, opened, now, grace)))
    looks.append(("leftovers", partial(tidy.leftovers, store, opened, now, grace)))
    told: list[Collected] = []
    for name, look in looks:
        try:
            found = look()
        except LakegateError as error:
            problems.append((name, error))
        else:
            told += [_deleted(store, opened, one) if delete and not one.kept else _seen(one) for one in found]
    return Tidied(store.address, tuple(told), tuple(problems))


def _seen(found: Garbage) -> Collected:
    """Return what is only looked at."""
    return Collected(found, Fate.KEPT if found.kept else Fate.FOUND, found.kept)


def _deleted(store: Store, lake: Lake, found: Garbage) -> Collected:
    """Delete one piece of garbage; what fails does not keep the others."""
    try:
        gone = tidy.delete(store, lake, found, _new_id())
    except LakegateError as error:
        return Collected(found, Fate.FAILED, str(error))
    return Collected(found, Fate.DELETED) if gone else Collected(found, Fate.KEPT, "it is needed after all")


def _new_id() -> str:
    return uuid.uuid4().hex
