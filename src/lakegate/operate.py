"""What the commands of `lakegate lake` do, as values: settings and what became of them, findings, garbage."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from pathlib import Path

from lakegate.config import open_store
from lakegate.contract.project import Project
from lakegate.lake import doctor, setup
from lakegate.lake.setup import Change, Proof
from lakegate.lake.store import Finding, Setup


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


def _new_id() -> str:
    return uuid.uuid4().hex
