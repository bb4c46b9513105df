"""What stands under each key of the site, made from the documents."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial

from lakegate.lake.interface import Lake
from lakegate.lake.zones import Place
from lakegate.publish import keys
from lakegate.publish.board_data import Entry
from lakegate.publish.documents import address, board, descriptions
from lakegate.publish.history import read, read_piece
from lakegate.publish.pieces import Closed
from lakegate.publish.renderings import Unreadable, Wait, write_all
from lakegate.publish.truth import moment
from lakegate.reports.board.badge import badge
from lakegate.reports.board.feed import feed
from lakegate.reports.board.page import board_page
from lakegate.reports.contracts.descriptions import Description
from lakegate.reports.contracts.dictionary import dictionary_csv, dictionary_json, dictionary_page
from lakegate.reports.contracts.manuals import manuals_page
from lakegate.reports.datasets.page import dataset_page, history_page
from lakegate.reports.datasets.told import DatasetTold, HistoryTold, Manual

MANUALS_PAGE = f"{keys.MANUALS}index.html"
DICTIONARY = {
    f"{keys.DICTIONARY}index.html": dictionary_page,
    f"{keys.DICTIONARY}dictionary.csv": dictionary_csv,
    f"{keys.DICTIONARY}dictionary.json": dictionary_json,
}


class Scene:
    """The documents as they stand now; each is read at most once. A page is made from one scene."""

    def __init__(self, lake: Lake) -> None:
        """Read nothing yet."""
        self.lake = lake
        self.history = functools.cache(partial(read, lake))

    @cached_property
    def site(self) -> str:
        """Where readers open `references/`, empty where it is not known."""
        return address(self.lake)

    @cached_property
    def board(self) -> Mapping[str, Entry]:
        """Every dataset by its name, in their order."""
        return board(self.lake)

    @cached_property
    def manuals(self) -> Mapping[str, tuple[Manual, ...]]:
        """What owners added, by the dataset's name; empty for those of none."""
        found: dict[str, list[Manual]] = {}
        for entry in self.lake.list(keys.MANUALS):
            if entry.key != MANUALS_PAGE:
                path = entry.key.removeprefix(keys.MANUALS)
                parts = path.split("/")[:-1]
                above = ("/".join(parts[:depth]) for depth in range(len(parts), 0, -1))
                name = next((one for one in above if one in self.board), "")
                found.setdefault(name, []).append(Manual(entry.key, entry.size, moment(entry.modified)))
        return {name: tuple(found[name]) for name in sorted(found)}

    def entry(self, name: str) -> Entry:
        """Return what the board tells of a dataset. Raises Unreadable where another wrote the board without it."""
        if name not in self.board:
            raise Unreadable(f"{name} is not on the board any more", hint="run `lakegate report rebuild`")
        return self.board[name]

    def description(self, name: str) -> Description | None:
        """Return what the contract says that is told of on the board."""
        return descriptions(self.lake, {name: (name, self.entry(name).contract)}).get(name)

    @cached_property
    def dictionary(self) -> tuple[Description, ...]:
        """What every contract says that is told of on the board, in the order of the datasets' names."""
        wanted = {name: (name, entry.contract) for name, entry in self.board.items() if entry.contract}
        found = descriptions(self.lake, wanted)
        return tuple(found[name] for name in sorted(found))


Page = Callable[[Scene], str]


def shared() -> dict[str, Page]:
    """Return the pages that every run may change, by their keys."""
    return {
        keys.BOARD: lambda scene: board_page([entry.now for entry in scene.board.values()]),
        keys.FEED: lambda scene: feed([entry.now for entry in scene.board.values()], scene.site),
        MANUALS_PAGE: lambda scene: manuals_page(scene.manuals),
    }


def dictionary() -> dict[str, Page]:
    """Return the pages that tell what all contracts say, by their keys."""
    return {key: partial(_dictionary, make) for key, make in DICTIONARY.items()}


def of_datasets(names: Iterable[str]) -> dict[str, Page]:
    """Return the own pages of datasets, by their keys."""
    return {keys.page(name): partial(_dataset, name) for name in names}


def badges(places: Iterable[Place]) -> dict[str, Page]:
    """Return the badges of datasets, by their keys."""
    return {keys.badge(one.dataset): partial(_badge, one.dataset) for one in places}


def of_pieces(dataset: str, pieces: Iterable[Closed]) -> dict[str, Page]:
    """Return the pages of closed pieces of a history, by their keys."""
    return {keys.piece_page(dataset, piece.name): partial(_piece, dataset, piece.name) for piece in pieces}


def write(lake: Lake, wanted: Mapping[str, Page], wait: Wait = time.sleep) -> tuple[str, ...]:
    """Write pages, each from the documents as they stand; return the keys of those that were otherwise before.

    Raises as `renderings.write_all`, and Unreadable.
    """

    def make(left: Iterable[str]) -> Mapping[str, bytes]:
        scene = Scene(lake)
        return {key: wanted[key](scene).encode(errors="replace") for key in left}

    return write_all(lake, wanted, make, wait)


def _dictionary(make: Callable[[tuple[Description, ...]], str], scene: Scene) -> str:
    return make(scene.dictionary)


def _badge(name: str, scene: Scene) -> str:
    return badge(scene.entry(name).now)


def _dataset(name: str, scene: Scene) -> str:
    now, history = scene.entry(name).now, scene.history(name)
    neighbours = (*now.upstream, *now.downstream)
    return dataset_page(
        DatasetTold(
            page=keys.page(name),
            now=now,
            description=scene.description(name),
            runs=history.runs[::-1],
            pieces=tuple(piece.piece for piece in reversed(history.pieces)),
            versions=history.versions[::-1],
            manuals=scene.manuals.get(name, ()),
            zones={one: scene.board[one].now.zone for one in neighbours if one in scene.board},
            site=scene.site,
        )
    )


def _piece(dataset: str, name: str, scene: Scene) -> str:
    pieces = scene.history(dataset).pieces
    index = next(n for n, piece in enumerate(pieces) if piece.name == name)
    return history_page(
        HistoryTold(
            page=keys.piece_page(dataset, name),
            dataset=dataset,
            piece=pieces[index].piece,
            runs=read_piece(scene.lake, dataset, pieces[index])[::-1],
            older=pieces[index - 1].piece if index else None,
            newer=pieces[index + 1].piece if index + 1 < len(pieces) else None,
        )
    )
