"""Batches in a row, each a bar: the less its verdict is a pass, the taller it stands, so that colour only repeats it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lakegate.reports.board import STRIP, BatchMark
from lakegate.reports.summary import Standing

STEP, BAR, HEIGHT = 6, 5, 20  # units of the picture from bar to bar, of a bar's width, of its own height
HEIGHTS = {  # of a bar
    Standing.PASSED: 8,
    Standing.PASSED_WITH_WARNINGS: 13,
    Standing.WAIVED: 13,
    Standing.BLOCKED: 20,
    Standing.COULD_NOT_EVALUATE: 20,
}
GOOD = frozenset({Standing.PASSED, Standing.PASSED_WITH_WARNINGS})  # what kept its contract
LINKED = frozenset({Standing.BLOCKED, Standing.COULD_NOT_EVALUATE})  # links to all would outweigh the page


@dataclass(frozen=True, slots=True)
class Strip:
    """The picture: SVG paths by class name, and those that are links with what they stand for."""

    width: int
    height: int
    ground: str  # the line that batches stand on, also where there are none yet
    paths: tuple[tuple[str, str], ...]  # (slug of the standing, path)
    links: tuple[tuple[BatchMark, str], ...]
    passed: int
    total: int
    text: str  # `28 of 30 passed, 1 waived, 1 blocked`; empty without a batch


def strip(marks: Sequence[BatchMark], slots: int = STRIP) -> Strip:
    """Return the picture of the last `slots` of some batches, which come oldest first; the newest stands at its end."""
    shown = marks[-slots:]
    paths: dict[str, str] = {}
    links = []
    for place, mark in enumerate(shown, slots - len(shown)):
        bar = _bar(place, mark.standing)
        if mark.report and mark.standing in LINKED:
            links.append((mark, bar))
        else:
            paths[mark.standing.slug] = paths.get(mark.standing.slug, "") + bar
    counts = Counter(mark.standing for mark in shown)
    passed = sum(counts[standing] for standing in GOOD)
    return Strip(
        width=slots * STEP,
        height=HEIGHT,
        ground=f"M0 {HEIGHT - 1}h{slots * STEP}v1h-{slots * STEP}z",
        paths=tuple(paths.items()),
        links=tuple(links),
        passed=passed,
        total=len(shown),
        text=_text(counts, passed, len(shown)),
    )


def _bar(place: int, standing: Standing) -> str:
    """Return the path of one bar. What could not be evaluated is hollow."""
    x, height = place * STEP, HEIGHTS[standing]
    bar = f"M{x} {HEIGHT - height}h{BAR}v{height}h-{BAR}z"
    if standing is Standing.COULD_NOT_EVALUATE:
        bar += f"M{x + 1.5} {HEIGHT - height + 1.5}v{height - 3}h{BAR - 3}v-{height - 3}z"
    return bar


def _text(counts: Counter[Standing], passed: int, total: int) -> str:
    """Return the same in words."""
    if not total:
        return ""
    others = (Standing.WAIVED, Standing.BLOCKED, Standing.COULD_NOT_EVALUATE)
    return ", ".join([f"{passed} of {total} passed", *(f"{counts[word]} {word}" for word in others if counts[word])])
