"""What an operator asks of the store under a lake: its settings, what it says of itself, what was left behind.

`lake.interface.Lake` is all that a gate needs; this is what setting a lake up, looking at it and tidying it need beside
it. Each kind of lake has one module that implements `Store`: no command asks which kind it has.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from lakegate.lake.interface import Lake


@dataclass(frozen=True, slots=True)
class Setup:
    """What `lakegate lake init` was asked for, beside what every lake gets. Days are whole days."""

    users: tuple[str, ...] = ()
    object_lock: bool = False
    kms_key: str | None = None  # the ARN of a key; None: the store encrypts as it does by itself
    expire_quarantine: int | None = None  # days after which quarantined bytes are deleted; None: never


Undo = Callable[[], None] | None  # makes a setting what it was before; None where nothing can. Raises LakeError


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a store. `read` says in words what stands, `wanted` is what it says once `put` has worked.

    `put` returns what takes it back. Both raise `LakeError`.
    """

    name: str
    wanted: str
    read: Callable[[], str]
    put: Callable[[], Undo]


class Need(StrEnum):
    """How much of a promotion hangs on a finding."""

    MUST = "must"
    SHOULD = "should"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the doctor looked at. `held` is None where it could not be told, or where nothing is expected."""

    what: str
    got: str
    expected: str
    need: Need
    held: bool | None
    means: str  # for the gate
    advice: str = ""  # what to do where it does not hold
    exit_code: int = 6  # of a must that does not hold: as a promotion would end


@dataclass(frozen=True, slots=True)
class Rights:
    """What the caller may do in one folder of a lake. None: it cannot be told without leaving something behind."""

    list: bool | None
    read: bool | None
    write: bool | None
    delete: bool | None
    delete_follows_write: bool = False  # in a folder: who may make names may remove them


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something of the gate's own that a killed run left. `size` in bytes, None where the store does not say.

    `kept` says why it is not to be cleared; empty where it may be. `sha256` is set where it may be the only copy of
    what was uploaded: it may be cleared only if these bytes are committed. `token` is the store's own name for it.
    """

    key: str
    what: str
    size: int | None
    modified: dt.datetime
    kept: str = ""
    sha256: str | None = None
    token: str = ""


class Store(Protocol):
    """The bucket or folder under a lake, which may not be there yet. Every verb raises `LakeError`."""

    address: str
    made_unasked: bool  # a folder is; a bucket is not, a mistyped name must not become one

    def exists(self) -> bool:
        """Whether it is there."""

    def create(self, setup: Setup) -> None:
        """Make it, empty."""

    def lake(self) -> Lake:
        """Return it as the lake that the gate works on. Raises UsageError where it is not there."""

    def settings(self, setup: Setup) -> tuple[Setting, ...]:
        """Return what `lake init` sets, in the order in which it is to be set.

        Raises UsageError where something is asked for that this kind of lake does not have.
        """

    def facts(self) -> tuple[Finding, ...]:
        """Return what the store says of itself, beside what `lake.doctor` finds out about any lake."""

    def rights(self, folder: str) -> Rights:
        """Return what the caller may do under `folder`, which ends without `/`. Nothing is left behind."""

    def leftovers(self, before: dt.datetime) -> tuple[Leftover, ...]:
        """Return what killed runs left outside of any data: temporary files, unfinished uploads.

        Where the store cannot tell a live run from a dead one, what was begun since `before` is left out.
        """

    def clear(self, leftover: Leftover) -> bool:
        """Delete a leftover; False where it turned out to be in use and stays."""
