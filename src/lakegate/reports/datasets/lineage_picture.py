"""Where a dataset comes from and where it goes, as boxes: once side by side, once one below the other for a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from lakegate.reports.site.zones import lake_order, zone_word
from lakegate.reports.summary import plain

LINE, PAD, GAP, HEAD = 17, 8, 8, 20  # units: a line of text, around it, between boxes, a layer's name
COLUMN, BETWEEN = 264, 52  # units of a box's width, of the arrows between columns
LETTERS = 31  # of a line in a box
LINES = 5  # in a box, before a name is cut
RAIL = 26  # units, in the narrow picture, left of the boxes
TALLEST = 180  # units from the top of the wide picture to its own box, at most: it is seen first
ELSEWHERE = "Elsewhere"  # the layer of a neighbour that has no page of its own
ARRIVALS = "Arrivals"  # that of the place where a dataset's batches come from


@dataclass(frozen=True, slots=True)
class Box:
    """One dataset in the picture. `zone` is empty where it has no page to lead to."""

    name: str
    zone: str
    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...]
    here: bool = False


@dataclass(frozen=True, slots=True)
class Layer:
    """What a group of boxes is called, and where that stands."""

    word: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Picture:
    """Boxes, the names above them, and the arrows between them as one path, all in units of the picture."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    layers: tuple[Layer, ...]
    arrows: str


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A dataset beside this one; `zone` is empty where it has no page."""

    name: str
    zone: str
    arrivals: bool = False  # whether it is no dataset but the place where batches arrive

    @property
    def word(self) -> str:
        """The layer that it lies in."""
        if self.arrivals:
            return ARRIVALS
        return zone_word(self.zone) if self.zone else ELSEWHERE


@dataclass(frozen=True, slots=True)
class Lineage:
    """A dataset's neighbours in the order of the lake, and two pictures of them."""

    upstream: tuple[Neighbour, ...]
    downstream: tuple[Neighbour, ...]
    wide: Picture
    narrow: Picture


def lineage(
    here: Neighbour, upstream: Sequence[str], downstream: Sequence[str], zones: Mapping[str, str], source: str = ""
) -> Lineage | None:
    """Return the pictures of a dataset between its neighbours, None where it has none. `zones` as in `DatasetTold`.

    `source` is where its batches arrive: it stands for what is upstream where no dataset does.
    """
    above, below = _ordered(upstream, zones), _ordered(downstream, zones)
    if not above and source:
        above = (Neighbour(source, "", arrivals=True),)
    if not above and not below:
        return None
    return Lineage(above, below, _wide(here, above, below), _narrow(here, above, below))


def _ordered(names: Sequence[str], zones: Mapping[str, str]) -> tuple[Neighbour, ...]:
    found = [Neighbour(name, zones.get(name, "")) for name in dict.fromkeys(names)]
    return tuple(sorted(found, key=lambda one: (not one.zone, lake_order(one.zone, one.name))))


def _column(neighbours: Sequence[Neighbour], x: float, y: float) -> tuple[list[Layer], list[Box], float]:
    """Return a column of boxes by layer from `y` down, and where it ends."""
    layers: list[Layer] = []
    boxes: list[Box] = []
    for word, group in groupby(neighbours, key=lambda one: one.word):
        layers.append(Layer(word, x, y + LINE - 4))
        y += HEAD
        for one in group:
            box = _box(one, x, y)
            boxes.append(box)
            y += box.height + GAP
    return layers, boxes, y - GAP


def _box(one: Neighbour, x: float, y: float, *, here: bool = False) -> Box:
    lines = tuple(wrapped(one.name))
    return Box(one.name, one.zone, x, y, COLUMN, len(lines) * LINE + 2 * PAD, lines, here)


def wrapped(name: str) -> Iterator[str]:
    """Yield a name in lines that fit a box, broken behind a separator where there is one; a long one is cut."""
    text, line, told = plain(name), "", 0
    for piece in re.findall(rf"[^/_.\- ]{{0,{LETTERS - 1}}}[/_.\- ]|[^/_.\- ]{{1,{LETTERS}}}", text):
        if line and len(line) + len(piece) > LETTERS:
            told += 1
            if told == LINES:
                yield line[: LETTERS - 1] + "…"
                return
            yield line
            line = ""
        line += piece
    yield line


def _wide(here: Neighbour, above: Sequence[Neighbour], below: Sequence[Neighbour]) -> Picture:
    """Return the neighbours in columns left and right of the dataset; a side without any has no column."""
    places = [0.0] if not above else [0.0, COLUMN + BETWEEN]
    layers: list[Layer] = []
    boxes: list[Box] = []
    ends: list[float] = []
    arrows = ""
    if above:
        some, left, end = _column(above, 0, 0)
        layers, boxes, ends = [*layers, *some], [*boxes, *left], [end]
    if below:
        x = places[-1] + COLUMN + BETWEEN
        some, right, end = _column(below, x, 0)
        layers, boxes, ends = [*layers, *some], [*boxes, *right], [*ends, end]
    this = _box(here, places[-1], 0, here=True)
    height = max(*ends, this.height + HEAD, 0)
    middle = min((height + HEAD - this.height) / 2, TALLEST)
    this = _box(here, places[-1], middle, here=True)
    layers.append(Layer(here.word, this.x, this.y - 7))
    middle = this.y + this.height / 2
    for box in boxes:
        y = box.y + box.height / 2
        if box.x < this.x:
            arrows += _curve(box.x + COLUMN, y, this.x, middle)
        else:
            arrows += _curve(this.x + COLUMN, middle, box.x, y)
    width = max(box.x for box in (*boxes, this)) + COLUMN
    return Picture(width, height, (*boxes, this), tuple(layers), arrows)


def _curve(x: float, y: float, to_x: float, to_y: float) -> str:
    """Return an arrow from one side of a box to another."""
    bend = (x + to_x) / 2
    return f"M{x:g} {y:g}C{bend:g} {y:g} {bend:g} {to_y:g} {to_x - 2:g} {to_y:g}m-5 -4l5 4l-5 4"


def _narrow(here: Neighbour, above: Sequence[Neighbour], below: Sequence[Neighbour]) -> Picture:
    """Return all boxes one below the other; arrows run in a rail at their left."""
    layers, first, y = _column(above, RAIL, 0) if above else ([], [], -GAP)
    layers.append(Layer(here.word, RAIL, y + GAP + LINE - 4 + GAP))
    this = _box(here, RAIL, y + 2 * GAP + HEAD, here=True)
    some, last, end = _column(below, RAIL, this.y + this.height + 2 * GAP) if below else ([], [], this.y + this.height)
    middle, arrows = this.y + this.height / 2, ""
    for box in first:
        arrows += f"M{RAIL} {box.y + box.height / 2:g}h-16V{middle - 5:g}"
    if first:
        arrows += f"M{RAIL - 16} {middle - 5:g}h14m-5 -4l5 4l-5 4"
    for box in last:
        arrows += f"M{RAIL} {middle + 5:g}h-16V{box.y + box.height / 2:g}h14m-5 -4l5 4l-5 4"
    return Picture(RAIL + COLUMN, end, (*first, this, *last), (*layers, *some), arrows)
