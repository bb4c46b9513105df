"""Set a lake up: every setting is put, proved by a write, and taken back where the store cannot keep it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from lakegate.errors import LakeError, UsageError
from lakegate.lake.interface import Lake
from lakegate.lake.layout import check_user, create_layout, missing
from lakegate.lake.store import Setting, Setup, Store, Undo
from lakegate.lake.zones import PROBES


class Proof(StrEnum):
    """What is known of a setting after it was put."""

    YES = "yes"  # the store says so itself, and a write after it went well
    STOOD = "stood already"
    PLANNED = "not done: dry run"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one setting. `note` says what went wrong, and whether it was taken back."""

    setting: str
    before: str
    now: str
    proof: Proof
    note: str = ""


def set_up(store: Store, setup: Setup, new_id: Callable[[], str], *, create: bool, dry_run: bool) -> tuple[Change, ...]:
    """Make what is missing of a lake and return every setting with what became of it. Again is harmless.

    What cannot be set does not keep the others. `create` makes a store that is not there.

    Raises:
        UsageError: the store is not there and may not be made, or has no such setting.
        LakeError: it cannot be reached, or nothing can be written to it.
    """
    settings = store.settings(setup)  # what cannot be is told before anything is made
    for user in setup.users:
        check_user(user)
    changes = []
    if not store.exists():
        if not (create or store.made_unasked):
            raise UsageError(f"{store.address} is not there", hint="look at its name, or say --create to make it")
        changes.append(Change("store", "not there", "there", Proof.PLANNED if dry_run else Proof.YES))
        if dry_run:
            planned = [Change(one.name, "not there", one.wanted, Proof.PLANNED) for one in settings]
            return (*changes, *planned, Change("folders", "0 READMEs", "all of them", Proof.PLANNED))
        store.create(setup)
    lake = store.lake()
    if not dry_run:
        prove(lake, new_id())
    changes += [_set(setting, lake, new_id, dry_run=dry_run) for setting in settings]
    changes.append(_folders(lake, setup, new_id(), dry_run=dry_run))
    return tuple(changes)


def prove(lake: Lake, probe_id: str) -> None:
    """Write a small object, read it and delete it again.

    Raises:
        LakeError: one of these does not work, and which.
    """
    key, data = PROBES + probe_id, probe_id.encode()
    if not lake.put_if_absent(key, data, probe_id):
        raise LakeError(f"the probe {key!r} stands already", hint="run again")
    got = lake.read(key)
    entry = lake.stat(key)
    if entry is not None:
        lake.discard(entry)
    if got != data:
        raise LakeError(f"the probe {key!r} was written, and reads as {got!r}", hint="the store does not keep bytes")
    if lake.stat(key) is not None:
        raise LakeError(f"the probe {key!r} was deleted, and still stands")


def _set(setting: Setting, lake: Lake, new_id: Callable[[], str], *, dry_run: bool) -> Change:
    """Put one setting unless it stands, and prove it."""
    before = "?"
    try:
        before = setting.read()
        if before == setting.wanted:
            return Change(setting.name, before, before, Proof.STOOD)
        if dry_run:
            return Change(setting.name, before, setting.wanted, Proof.PLANNED)
        undo = setting.put()
    except LakeError as error:
        return Change(setting.name, before, before, Proof.NO, str(error))
    try:
        _prove_setting(setting, lake, new_id())
    except LakeError as error:
        return _taken_back(setting, before, undo, str(error))
    return Change(setting.name, before, setting.wanted, Proof.YES)


def _prove_setting(setting: Setting, lake: Lake, probe_id: str) -> None:
    """Ask the store whether it says what was put, and write."""
    now = setting.read()
    if now != setting.wanted:
        raise LakeError(f"the store says {now!r} after it was set to {setting.wanted!r}")
    prove(lake, probe_id)


def _taken_back(setting: Setting, before: str, undo: Undo, reason: str) -> Change:
    """Make a setting what it was before, and say so."""
    if undo is None:
        return Change(setting.name, before, setting.wanted, Proof.NO, f"{reason}; it cannot be taken back")
    try:
        undo()
    except LakeError as error:
        return Change(setting.name, before, setting.wanted, Proof.NO, f"{reason}; taking it back failed, too: {error}")
    return Change(setting.name, before, before, Proof.NO, f"{reason}; taken back")


def _folders(lake: Lake, setup: Setup, write_id: str, *, dry_run: bool) -> Change:
    """Create the layout; the READMEs are its folders."""
    absent = missing(lake, setup.users)
    if not absent:
        return Change("folders", "all there", "all there", Proof.STOOD)
    if not dry_run:
        create_layout(lake, write_id, setup.users)
    before = f"{len(absent)} READMEs missing"
    return Change("folders", before, "all there", Proof.PLANNED if dry_run else Proof.YES)
