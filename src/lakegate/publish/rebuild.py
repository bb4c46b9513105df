"""The whole site anew, from what the lake itself tells: the same as what publishing run by run has written."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from lakegate.errors import LakegateError
from lakegate.gate import ledger
from lakegate.lake.interface import Entry, Lake
from lakegate.lake.zones import QUARANTINE, ZONES, Place, places_called
from lakegate.publish import documents, keys, pages, pending
from lakegate.publish.history import read
from lakegate.publish.pieces import History
from lakegate.publish.renderings import Wait
from lakegate.publish.run_pages import REPORT, RUN, render
from lakegate.reports.json import of_json
from lakegate.reports.occasion_json import of_json as occasion_of

RAW = "01-raw-data-zone"
PAGES = frozenset({"index.html", "junit.xml", "failures.csv", "summary.md"})  # that `run_pages.render` makes


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was made anew. `written` are the keys of what was otherwise before, `problems` says what was not made."""

    datasets: int
    runs: int
    written: tuple[str, ...]
    problems: tuple[str, ...] = ()


def rebuild(lake: Lake, wait: Wait = time.sleep, url: str = "") -> Rebuilt:
    """Make every page and document anew; safe beside publishers that are at work.

    `url` is where readers open `references/`; empty: what the site knows of it stays.

    A dataset whose records cannot be read keeps no other: it is a problem, and stands as it stood. Raises LakeError,
    OutcomeUnknown.
    """
    written = list(documents.keep_address(lake, url, wait)) if url else []  # who comes after this listing tells it, too
    before = documents.board(lake)  # what is put there from now on is somebody else's, who knows of it
    found, problems, runs = places(lake), [], 0
    wanted = {**pages.shared(), **pages.dictionary()}
    whole = []
    for place in found:
        try:
            told = documents.keep_history(lake, place, None, wait)
            written += _run_pages(lake, place)
        except (LakegateError, ValueError) as error:
            problems.append(f"{place.dataset}: {error}")
            continue
        whole.append(place)
        runs += told.history.total
        wanted |= pages.of_pieces(place.dataset, told.pieces)
    gone = before.keys() - {place.dataset for place in found}
    board = documents.keep_board(lake, whole, wait, gone=gone)
    wanted |= {**pages.of_datasets(place.dataset for place in whole), **pages.badges(whole)}
    written += pages.write(lake, wanted, wait)
    documents.keep_spread(lake, {place.dataset: board[place.dataset] for place in whole}, wait)
    try:
        _tidy(lake, whole)
    except LakegateError as error:
        problems.append(f"what publishers that died had left was not all deleted: {error}")
    return Rebuilt(len(whole), runs, tuple(written), tuple(problems))


def places(lake: Lake) -> tuple[Place, ...]:
    """Return every dataset that a gate has dealt with, in the order of the zones. It lists the records of the lake."""
    found = {place.dataset: place for place in reversed(ledger.datasets(lake))}
    named = {entry.key.removeprefix(keys.REPORTS).rsplit("/", 3)[0] for entry in lake.list(keys.REPORTS)}
    judged = f"{QUARANTINE}/_gate/"
    named |= {entry.key.removeprefix(judged).rsplit("/", 2)[0] for entry in lake.list(judged)}
    for entry in lake.list(keys.DATASETS):
        name, described, _ = entry.key.removeprefix(keys.DATASETS).partition("/_contracts/")
        named |= {name} if described else set()
    for name in named:
        _, description = documents.shown(lake, name, History())
        if description is not None:
            found[name] = next(place for place in places_called(name) if place.zone == description.zone)
        elif name not in found:
            found[name] = _guessed(name)
    return tuple(sorted(found.values(), key=lambda place: (ZONES.index(place.zone), place.path)))


def _guessed(name: str) -> Place:
    """Return where a dataset lies of which nothing is committed, and no contract is kept: in its layer, else raw."""
    layers = [place for place in places_called(name) if place.in_warehouse]
    return layers[0] if layers else Place(RAW, name)


def _run_pages(lake: Lake, place: Place) -> list[str]:
    """Write the pages of runs that a killed gate did not come to; return their keys.

    They are made from the report. One that is older than its pages, and does not hold all of them, is left as it is.
    """
    names: dict[str, set[str]] = {}
    for entry in lake.list(f"{keys.REPORTS}{place.dataset}/"):
        folder, _, name = entry.key.rpartition("/")
        if folder.count("/") == keys.REPORTS.count("/") + place.dataset.count("/") + 2:
            names.setdefault(folder, set()).add(name)
    written = []
    for folder, there in names.items():
        if REPORT not in there or there >= PAGES:
            continue
        report, run = lake.read_all([f"{folder}/{REPORT}", f"{folder}/{RUN}"])
        try:
            files = render(of_json(report or b""), occasion_of(run) if run else None)
        except ValueError:
            continue
        missing = sorted(files.keys() - there)
        written += [f"{folder}/{n}" for n in missing if lake.put_if_absent(f"{folder}/{n}", files[n], "rebuild")]
    return written


def _tidy(lake: Lake, places: Sequence[Place]) -> None:
    """Delete what publishers that died left: all of it is published now."""
    standing = lake.stat(keys.BOARD_DATA)
    if standing is None:
        return
    for place in places:
        _clear(lake, place.dataset, standing)
    for one in pending.abandoned(lake, standing.modified):
        if one.place in places:
            pending.end(lake, one)


def _clear(lake: Lake, dataset: str, standing: Entry) -> None:
    """Delete pieces that no list names, left by publishers that died: not what one at work has only just written."""
    listed = {keys.piece(dataset, piece.name, piece.digest) for piece in read(lake, dataset).pieces}
    for entry in lake.list(keys.histories(dataset)):
        left = entry.key.endswith(".json") and entry.key not in {*listed, keys.recent(dataset)}
        if left and standing.modified - entry.modified > pending.ABANDONED:
            lake.discard(entry)
