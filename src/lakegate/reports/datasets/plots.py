"""Small pictures of numbers over runs: coordinates and words, which a template puts into SVG.

The newest run stands at the right. What the rule allowed is a band, which moves where the contract changed; runs in
which it did not hold are marked, and where nothing was measured the line has a gap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from lakegate.reports.datasets.plot_scale import Scale, label, scale, shown
from lakegate.reports.datasets.runs import PastRun
from lakegate.reports.datasets.series import Series
from lakegate.reports.summary import Standing, brief, counted

WIDTH, HEIGHT = 262, 64  # units of the area that numbers are drawn in; its top left is at (0, TOP)
WIDE = 610  # units of a wide one
TOP, EDGE = 6, 4  # units above the area; and beside the first and the last run
LESSER = frozenset({"warn", "info"})  # what rules do that keep no batch out
PLOTTED = 200  # runs at most
MARKED = 40  # runs at most that one plot marks, the newest
NAMED = 80  # characters of a batch's key in a tip


@dataclass(frozen=True, slots=True)
class Mark:
    """A run that is marked: `slug` is the class that colours it, `report` its folder, empty where there is none."""

    slug: str
    x: float
    y: float
    text: str
    report: str
    beyond: bool  # whether its number lies off the plot


@dataclass(frozen=True, slots=True)
class Tip:
    """A run that says what it is under a pointer."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Plot:
    """One series as a picture: SVG paths, the words on its axis and around it."""

    title: str
    field: str | None
    last: str  # the number of the last run; empty where that has none
    told: str  # what the picture shows, in words
    slug: str  # of the last run's mark, `neutral` where the rule holds
    line: str
    band: str  # the area that is allowed; empty where all of it is, or nothing is known
    bounds: str  # the lines where that ends
    width: int  # units of the area that is drawn in
    top: str
    bottom: str
    marks: tuple[Mark, ...]
    tips: tuple[Tip, ...]


def plot(series: Series, runs: Sequence[PastRun], *, tips: int, width: int = WIDTH, whole: bool = False) -> Plot:
    """Return the picture of a series that has a number; `runs` are as many as it has places, the oldest first.

    At most `tips` runs say what they are, marked ones aside; where there are more, none of them does. `whole`: no
    number is cut off, as there is no mark to say so.
    """
    bounds = [bound for bound in (*series.lows, *series.highs) if bound is not None]
    fits = scale(series.known, bounds, series.unit, whole=whole)
    xs = _places(len(runs), width)
    broken = {place for place in series.broken if series.values[place] is not None}
    marks = tuple(_mark(series, runs, place, xs, fits) for place in sorted(broken)[-MARKED:])
    plain = [place for place, value in enumerate(series.values) if value is not None and place not in broken]
    told = plain if len(plain) <= tips else []
    return Plot(
        title=series.title,
        field=series.field,
        last=_said(series.values[-1], series.unit) if series.values[-1] is not None else "",
        told=_told(series, runs),
        slug=_slug(series, runs[-1]) if series.broken and series.broken[-1] == len(runs) - 1 else "neutral",
        line=_line(xs, series.values, fits),
        band=_band(xs, series.lows, series.highs, fits, width),
        bounds=_steps(xs, series.lows, fits, width) + _steps(xs, series.highs, fits, width),
        width=width,
        top=label(fits.high, series.unit),
        bottom=label(fits.low, series.unit),
        marks=marks,
        tips=tuple(Tip(xs[at], _y(fits, series.values[at] or 0.0), _tip(series, runs, at)) for at in told),
    )


def rows_plot(runs: Sequence[PastRun], *, tips: int) -> Plot | None:
    """Return the picture of how many rows each run let go on or kept out; every run that kept its batch out is marked.

    None where no run knows its rows.
    """
    none = (None,) * len(runs)
    values = tuple(None if run.rows is None else float(run.rows) for run in runs)
    marked = tuple(place for place, run in enumerate(runs) if run.blocks or run.standing is Standing.WAIVED)
    series = Series("", "Rows", None, "", "", "rows", values, none, none, marked)
    return plot(series, runs, tips=tips, width=WIDE) if series.known else None


# --- where things stand -----------------------------------------------------------------------------------------


def _places(count: int, width: int) -> list[float]:
    """Return where runs stand from left to right; a single one in the middle."""
    step = (width - 2 * EDGE) / (count - 1) if count > 1 else 0.0
    return [round(EDGE + place * step, 1) for place in range(count)] if count > 1 else [width / 2]


def _y(fits: Scale, value: float) -> float:
    return round(TOP + HEIGHT * (1 - fits.height(value)), 1)


def _line(xs: Sequence[float], values: Sequence[float | None], fits: Scale) -> str:
    """Return the path through the numbers; one that stands alone between gaps is a dot."""
    path = []
    for known, group in groupby(zip(xs, values, strict=True), key=lambda at: at[1] is not None):
        if known:
            points = [f"{x:g} {_y(fits, value):g}" for x, value in group if value is not None]
            path.append("M" + "L".join(points) + ("h0" if len(points) == 1 else ""))
    return "".join(path)


def _stretches(xs: Sequence[float], width: int, same: Callable[[int], object]) -> Iterable[tuple[float, float, int]]:
    """Yield (from, to, a run's place) of neighbouring runs that are the same; stretches meet between two runs."""
    for _, group in groupby(range(len(xs)), key=same):
        places = list(group)
        first, last = places[0], places[-1]
        left = (xs[first - 1] + xs[first]) / 2 if first else 0.0
        right = (xs[last] + xs[last + 1]) / 2 if last + 1 < len(xs) else float(width)
        yield round(left, 1), round(right, 1), first


def _band(
    xs: Sequence[float], lows: Sequence[float | None], highs: Sequence[float | None], fits: Scale, width: int
) -> str:
    path = []
    for left, right, place in _stretches(xs, width, lambda at: (lows[at], highs[at])):
        low, high = lows[place], highs[place]
        if low is None and high is None:
            continue
        top = TOP if high is None else _y(fits, high)
        bottom = TOP + HEIGHT if low is None else _y(fits, low)
        if bottom > top:
            path.append(f"M{left:g} {top:g}H{right:g}V{bottom:g}H{left:g}z")
    return "".join(path)


def _steps(xs: Sequence[float], bounds: Sequence[float | None], fits: Scale, width: int) -> str:
    """Return the line of a bound, which goes in steps; none where the bound lies off the plot."""
    path, open_ = [], False
    for left, right, place in _stretches(xs, width, lambda at: bounds[at]):
        bound = bounds[place]
        if bound is None or not fits.holds(bound):
            open_ = False
            continue
        y = _y(fits, bound)
        path.append(f"V{y:g}H{right:g}" if open_ else f"M{left:g} {y:g}H{right:g}")
        open_ = True
    return "".join(path)


def _mark(series: Series, runs: Sequence[PastRun], place: int, xs: Sequence[float], fits: Scale) -> Mark:
    value, run = series.values[place] or 0.0, runs[place]
    text = f"{_tip(series, runs, place)}, {run.standing}"
    return Mark(_slug(series, run), xs[place], _y(fits, value), text, run.report, not fits.holds(value))


def _slug(series: Series, run: PastRun) -> str:
    """Return the class of a run in which a rule did not hold; one that only warns kept no batch out."""
    if series.does not in LESSER and run.blocks:
        return run.standing.slug if run.standing is Standing.COULD_NOT_EVALUATE else Standing.BLOCKED.slug
    return Standing.WAIVED.slug if run.standing is Standing.WAIVED else Standing.PASSED_WITH_WARNINGS.slug


# --- what it says -----------------------------------------------------------------------------------------------


def _said(value: float | None, unit: str) -> str:
    return "not measured" if value is None else shown(value, unit)


def _tip(series: Series, runs: Sequence[PastRun], place: int) -> str:
    return f"{brief(runs[place].batch, NAMED)}: {_said(series.values[place], series.unit)}"


def _told(series: Series, runs: Sequence[PastRun]) -> str:
    """Return the picture in words: what is allowed, between what the numbers lie, and how often the rule broke."""
    known, count = series.known, len(series.values)
    low, high = min(known), max(known)
    parts = [allowed(series)] if allowed(series) else []
    parts.append(f"always {shown(low, series.unit)}" if low == high else between(series))
    if series.key:
        parts.append(broke(series, runs))
    if len(known) < count:
        parts.append(f"not measured in {count - len(known):,} of {counted(count, 'run')}")
    return "; ".join(parts)


def between(series: Series) -> str:
    """Return from where to where the numbers go: `2 % to 5 %`, or the one they all are."""
    low, high = (shown(end, series.unit) for end in (min(series.known), max(series.known)))
    return low if low == high else f"{low} to {high}"


def broke(series: Series, runs: Sequence[PastRun]) -> str:
    """Return how often a rule did not hold: `broken in 3 of 100 runs, last in month=2013-04`."""
    if not series.broken:
        return f"never broken in {counted(len(series.known), 'run')}"
    last = brief(runs[series.broken[-1]].batch, NAMED)
    return f"broken in {len(series.broken):,} of {counted(len(runs), 'run')}, last in {last}"


def allowed(series: Series) -> str:
    """Return what the rule allows now: `allowed: at most 5 %`; empty where that is no range."""
    place = max((place for place, value in enumerate(series.values) if value is not None), default=0)
    low, high = series.lows[place], series.highs[place]
    if low is None and high is None:
        return ""
    if low is not None and high is not None:
        if low == high:
            return f"allowed: {shown(low, series.unit)}"
        return f"allowed: {shown(low, series.unit)} to {shown(high, series.unit)}"
    return f"allowed: at least {shown(low, series.unit)}" if low is not None else f"allowed: {_most(high, series.unit)}"


def _most(high: float | None, unit: str) -> str:
    return f"at most {shown(high or 0.0, unit)}" if high else shown(0.0, unit)
