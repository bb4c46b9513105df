"""The documents that the pages are made from: a dataset's history, and the board. Written by PROTOCOL's rule."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lakegate.errors import LakeError
from lakegate.lake.interface import Lake
from lakegate.lake.zones import Place
from lakegate.publish import board_data, keys, truth
from lakegate.publish.board_data import Entry, stands
from lakegate.publish.history import of_json, read, read_piece, to_json
from lakegate.publish.pieces import Closed, History, Pieces, identity, merged, piece_json, touched, whole
from lakegate.publish.renderings import Unreadable, Wait, write_all
from lakegate.reports.contracts.description_json import of_json as description_of
from lakegate.reports.contracts.descriptions import Description
from lakegate.reports.contracts.version_changes import changes
from lakegate.reports.datasets.runs import PastRun
from lakegate.reports.datasets.told import Version
from lakegate.reports.site.links import site_address

# --- a dataset's history ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """A history as it is kept now, and those of its closed pieces whose pages may tell something else than before."""

    history: History
    pieces: tuple[Closed, ...]


def keep_history(lake: Lake, place: Place, batches: Collection[str] | None, wait: Wait = time.sleep) -> Told:
    """Put the runs of some batches into the history of their dataset, as the lake tells them now.

    None: all batches, whatever the history says. So it is where none is kept yet, or none that can be read. Raises as
    `renderings.write_all`, and CouldNotEvaluate where a record cannot be read.
    """
    dataset = place.dataset
    read_before: dict[tuple[str, str], PastRun] = {}
    done: list[tuple[History, Told]] = []

    def make(_: frozenset[str]) -> Mapping[str, bytes]:
        before = _standing(lake, dataset)
        if before is None or batches is None:
            now, changed = whole(itertools.chain.from_iterable(truth.of_dataset(lake, place)))
            pieces = now.pieces
        else:
            now, changed, found = _merged(lake, place, before, batches, read_before)
            pieces = touched(now, found)
        before = before or History()
        now = dataclasses.replace(now, versions=_versions(lake, dataset, now.versions, before.versions))
        for piece in now.pieces:
            if piece.name in changed:
                key = keys.piece(dataset, piece.name, piece.digest)
                lake.put_if_absent(key, piece_json(changed[piece.name]), piece.digest)
        done.append((before, Told(now, pieces)))
        return {keys.recent(dataset): to_json(dataset, now)}

    write_all(lake, [keys.recent(dataset)], make, wait)
    before, told = done[-1]
    _clear(lake, dataset, before.pieces, told.history.pieces)
    return told


def _standing(lake: Lake, dataset: str) -> History | None:
    """Return the history that is kept, None where there is none that can be read."""
    data = lake.read(keys.recent(dataset))
    try:
        return None if data is None else of_json(data, dataset)
    except Unreadable:
        return None


def _merged(
    lake: Lake,
    place: Place,
    history: History,
    batches: Collection[str],
    read_before: dict[tuple[str, str], PastRun],
) -> tuple[History, Pieces, list[PastRun]]:
    """Return the history with what the lake tells of some batches, its pieces that are otherwise, and these runs."""
    every: list[PastRun] = []
    changed: dict[str, tuple[PastRun, ...]] = {}

    def stored(piece: Closed) -> Sequence[PastRun]:
        return changed.get(piece.name) or read_piece(lake, place.dataset, piece)

    for batch in batches:
        known = read_before | {identity(run): run for run in history.runs if run.batch == batch and run.contract_sha256}
        found = truth.of_batch(lake, place, batch, known)
        read_before |= {identity(run): run for run in found if run.report and run.contract_sha256}
        history, more = merged(history, found, stored)
        changed |= more
        every += found
    return history, changed, every


def _versions(lake: Lake, dataset: str, versions: Sequence[Version], before: Sequence[Version]) -> tuple[Version, ...]:
    """Return the versions of a contract with what changed since the one before, which is found out once."""
    known = {(old.sha256, new.sha256): new.changes for old, new in itertools.pairwise(before)}
    pairs = list(itertools.pairwise(versions))
    wanted = {version.sha256 for old, new in pairs if (old.sha256, new.sha256) not in known for version in (old, new)}
    told = descriptions(lake, {sha256: (dataset, sha256) for sha256 in wanted})
    found = [dataclasses.replace(versions[0], changes=())] if versions else []
    for old, new in pairs:
        pair = (old.sha256, new.sha256)
        if pair not in known:
            one, other = told.get(old.sha256), told.get(new.sha256)
            known[pair] = changes(one, other) if one and other else ()
        found.append(dataclasses.replace(new, changes=known[pair]))
    return tuple(found)


def _clear(lake: Lake, dataset: str, before: Iterable[Closed], now: Iterable[Closed]) -> None:
    """Delete the pieces that others took the place of: nothing names them any more. What cannot be deleted is left."""
    listed = {keys.piece(dataset, piece.name, piece.digest) for piece in now}
    for piece in before:
        key = keys.piece(dataset, piece.name, piece.digest)
        with contextlib.suppress(LakeError):
            if key not in listed and (entry := lake.stat(key)):
                lake.discard(entry)


# --- what contracts say -------------------------------------------------------------------------------------------


def descriptions(lake: Lake, wanted: Mapping[str, tuple[str, str]]) -> dict[str, Description]:
    """Return what contracts say by the names they are wanted under, each of (dataset, sha256), as far as it is kept."""
    names = sorted(wanted)
    found = {}
    for name, data in zip(names, lake.read_all([keys.contract(*wanted[name]) for name in names]), strict=True):
        try:
            found[name] = description_of(data or b"")
        except LakeError:
            continue
    return found


def shown(lake: Lake, dataset: str, history: History) -> tuple[str, Description | None]:
    """Return the contract that is told of: the one that judged last; with none that is known, what was written last."""
    sha256 = history.runs[-1].contract_sha256 if history.runs else ""
    if sha256 and (found := descriptions(lake, {"": (dataset, sha256)})):
        return sha256, found[""]
    folder = keys.contracts(dataset)
    written = sorted((entry.modified, entry.key) for entry in lake.list(folder) if "/" not in entry.key[len(folder) :])
    for _, key in reversed(written):
        try:
            description = description_of(lake.read(key) or b"")
        except LakeError:
            continue
        return description.contract_sha256, description
    return "", None


# --- the address --------------------------------------------------------------------------------------------------


def address(lake: Lake) -> str:
    """Return where readers open `references/`, as whoever made the site said; empty where it is not known."""
    try:
        return site_address(json.loads(lake.read(keys.ADDRESS) or b"{}")["url"])
    except (ValueError, KeyError, TypeError):
        return ""


def keep_address(lake: Lake, url: str, wait: Wait = time.sleep) -> tuple[str, ...]:
    """Say where readers open `references/`; return the key where it said something else before.

    Pages tell it, so whoever says it makes them all: a publisher whose settings say otherwise leaves it as it is.
    """
    data = json.dumps({"url": url}).encode() + b"\n"
    return write_all(lake, [keys.ADDRESS], lambda _: {keys.ADDRESS: data}, wait)


# --- the board ----------------------------------------------------------------------------------------------------


def keep_board(
    lake: Lake, places: Collection[Place], wait: Wait = time.sleep, *, gone: Collection[str] = ()
) -> dict[str, Entry]:
    """Put datasets on the board as their histories tell them; return the whole of it. `gone` are taken off.

    Raises as `renderings.write_all`, and Unreadable.
    """
    done: dict[str, dict[str, Entry]] = {}

    def make(_: frozenset[str]) -> Mapping[str, bytes]:
        before = board(lake)
        entries = {name: entry for name, entry in before.items() if name not in gone}
        for place in places:
            history = read(lake, place.dataset)
            sha256, description = shown(lake, place.dataset, history)
            was = before.get(place.dataset)
            made_of = truth.made_of(lake, place, history.last_in)
            now = stands(place, history, description, made_of)
            entries[place.dataset] = Entry(now, sha256, was.spread if was else None)
        data = board_data.to_json(entries)
        done["board"] = board_data.of_json(data)
        return {keys.BOARD_DATA: data}

    write_all(lake, [keys.BOARD_DATA], make, wait)
    return done["board"]


def keep_spread(lake: Lake, told: Mapping[str, Entry], wait: Wait = time.sleep) -> None:
    """Note what others' pages were told of datasets. Raises as `renderings.write_all`."""

    def make(_: frozenset[str]) -> Mapping[str, bytes]:
        entries = board(lake)
        for name, entry in told.items():
            if name in entries:
                entries[name] = dataclasses.replace(entries[name], spread=(entry.contract, entry.now.upstream))
        return {keys.BOARD_DATA: board_data.to_json(entries)}

    write_all(lake, [keys.BOARD_DATA], make, wait)


def board(lake: Lake) -> dict[str, Entry]:
    """Return the board as it stands; empty where there is none. Raises LakeError."""
    return board_data.of_json(lake.read(keys.BOARD_DATA))
