"""`references/index.html`, the board: where every dataset stands, in lake order, what is blocked first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from lakegate.reports.board.now import STRIP, DatasetNow, State
from lakegate.reports.board.strip import Strip, strip
from lakegate.reports.site import render
from lakegate.reports.site.times import later
from lakegate.reports.site.zones import lake_order, zone_word

PAGE = "references/index.html"
HELD = {  # states of which somebody must take care, with the headings under which the board begins
    State.BLOCKED: "Blocked now",
    State.COULD_NOT_EVALUATE: "Could not be evaluated",
}
CARDS = 4  # datasets under such a heading that have a card each; of more there is a line each, which opens
SAYS = frozenset({State.WAIVED, State.PASSED_WITH_WARNINGS})  # with the state; what is held says it above


@dataclass(frozen=True, slots=True)
class Line:
    """A dataset with what follows from its values. `key` tells datasets of one name in two zones apart."""

    now: DatasetNow
    zone: str
    key: str
    page: str
    strip: Strip
    due: str  # until when the next batch has to be in; empty where nothing is promised, or no batch ever came in
    says: str  # what stands with the state in the zone's table


def board_page(datasets: Sequence[DatasetNow]) -> str:
    """Return the page for the datasets, in whatever order they come; without one it says what to do first."""
    lines = [_line(now) for now in sorted(datasets, key=lambda now: lake_order(now.zone, now.dataset))]
    tally = Counter(line.now.state for line in lines)
    held = [(state, title, [line for line in lines if line.now.state is state]) for state, title in HELD.items()]
    return render(
        "board.html.j2",
        page=PAGE,
        slots=STRIP,
        cards=CARDS,
        lines=lines,
        tally=[(state, tally[state]) for state in State if tally[state]],
        held=[(state, title, some) for state, title, some in held if some],
        zones=[(word, list(some)) for word, some in groupby(lines, key=lambda line: line.zone)],
        news=max((at for line in lines for at in _moments(line.now)), default=""),
    )


def _line(now: DatasetNow) -> Line:
    """Return the line of one dataset."""
    return Line(
        now=now,
        zone=zone_word(now.zone),
        key=f"{now.zone}/{now.dataset}",
        page=f"references/datasets/{now.dataset}/",
        strip=strip(now.strip),
        due=later(now.last_at, now.fresh_for) if now.fresh_for is not None else "",
        says=now.message if now.state in SAYS else "",
    )


def _moments(now: DatasetNow) -> list[str]:
    """Return when something is known to have happened to a dataset."""
    return [at for at in (now.since, now.last_at, *(run.at for run in now.blocked[:1])) if at]
