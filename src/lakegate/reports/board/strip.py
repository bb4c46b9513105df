"""Batches in a row, each a bar, the taller the less its verdict is a pass: colour only repeats it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from lakegate.reports.board.now import STRIP, BatchMark
from lakegate.reports.summary import Standing

STEP, BAR, HEIGHT = 6, 5, 20  # units of the picture from bar to bar, of a bar's width, of its own height
HEIGHTS = {  # of a bar; style.css has the same as widths of strokes
    Standing.PASSED: 8,
    Standing.PASSED_WITH_WARNINGS: 14,
    Standing.WAIVED: 14,
    Standing.BLOCKED: 20,
    Standing.COULD_NOT_EVALUATE: 20,
}
GOOD = frozenset({Standing.PASSED, Standing.PASSED_WITH_WARNINGS})  # what kept its contract
LINKED = frozenset({Standing.BLOCKED, Standing.COULD_NOT_EVALUATE})  # links to all would outweigh the page


@dataclass(frozen=True, slots=True)
class Strip:
    """The picture: SVG paths by class name, and those that are links with what they stand for.

    A path is a line as thick as its bars are tall, which the style cuts into bars: a page holds hundreds of strips.
    """

    width: int
    height: int
    ground: str  # the line that batches stand on, also where there are none yet
    paths: tuple[tuple[str, str], ...]  # (slug of the standing, path)
    links: tuple[tuple[BatchMark, str], ...]
    passed: int
    total: int
    others: str  # what the rest came to: `, 1 waived, 1 blocked`; empty where all passed

    @property
    def text(self) -> str:
        """The same in words: `28 of 30 passed, 1 waived, 1 blocked`; empty without a batch."""
        return f"{self.passed} of {self.total} passed{self.others}" if self.total else ""


def strip(marks: Sequence[BatchMark], slots: int = STRIP) -> Strip:
    """Return the picture of the last `slots` of some batches, which come oldest first; the newest stands at its end."""
    shown = marks[-slots:]
    paths: dict[str, str] = {}
    links: list[tuple[BatchMark, str]] = []
    for (standing, linked), run in groupby(enumerate(shown, slots - len(shown)), key=lambda bar: _kind(bar[1])):
        bars = list(run)
        if linked:
            links.extend((mark, _bars(place, 1, standing)) for place, mark in bars)
        else:
            paths[standing.slug] = paths.get(standing.slug, "") + _bars(bars[0][0], len(bars), standing)
    counts = Counter(mark.standing for mark in shown)
    return Strip(
        width=slots * STEP,
        height=HEIGHT,
        ground=f"M0 {HEIGHT - 0.5}h{slots * STEP - (STEP - BAR)}",
        paths=tuple(paths.items()),
        links=tuple(links),
        passed=sum(counts[standing] for standing in GOOD),
        total=len(shown),
        others="".join(f", {number} {word}" for word in HEIGHTS if word not in GOOD and (number := counts[word])),
    )


def _kind(mark: BatchMark) -> tuple[Standing, bool]:
    """Return what makes a bar look as it does: its standing, and whether it is a link."""
    return mark.standing, bool(mark.report) and mark.standing in LINKED


def _bars(place: int, number: int, standing: Standing) -> str:
    """Return the path of so many bars of one standing, the first at `place`."""
    return f"M{place * STEP} {HEIGHT - HEIGHTS[standing] // 2}h{number * STEP - (STEP - BAR)}"
