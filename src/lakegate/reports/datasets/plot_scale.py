"""From numbers to heights of a plot, and to the words on its axis."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

FROM_NOUGHT = frozenset({"percent", "rows", "columns", "hours"})  # units whose plots stand on 0
FENCE = 6  # times the middle half's spread beyond which a number is an outlier
SQUEEZED = 3  # how many times taller outliers must make a plot before they are cut off
LEAST = 0.05  # of the height that numbers keep when a bound far away is drawn with them
MARKS = 5  # of an axis, or so
STEPS = (1, 2, 2.5, 5, 10)  # from mark to mark of an axis, times a power of ten


@dataclass(frozen=True, slots=True)
class Scale:
    """What lies at the bottom of a plot and at its top."""

    low: float
    high: float

    def height(self, value: float) -> float:
        """Return where a number lies: 0 at the bottom, 1 at the top; what lies beyond is cut off there."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def holds(self, value: float) -> bool:
        """Whether a number lies on the plot."""
        return self.low <= value <= self.high


def scale(values: Sequence[float], bounds: Sequence[float], unit: str, *, whole: bool = False) -> Scale:
    """Return the scale for some numbers (one at least) and the bounds they were held against.

    Shares and counts stand on 0. A few numbers far from all others are cut off where they would press the others flat,
    unless all are wanted (`whole`), and a bound is left out that would.
    """
    low, high = (min(values), max(values)) if whole else _without_outliers(values)
    if unit in FROM_NOUGHT or 0 < low < high / 2 or low / 2 < high < 0:
        low, high = min(low, 0.0), max(high, 0.0)
    for bound in sorted(set(bounds), key=lambda bound: max(low - bound, bound - high)):
        with_it = min(low, bound), max(high, bound)
        if (high - low) >= LEAST * (with_it[1] - with_it[0]) or high == low:
            low, high = with_it
    if high == low:
        beside = abs(high) / 10 or 1.0
        low, high = (0.0, high or beside) if unit in FROM_NOUGHT and high >= 0 else (low - beside, high + beside)
    return _rounded(low, high)


def _without_outliers(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    if len(values) < 8:
        return low, high
    first, _, third = statistics.quantiles(values, n=4, method="inclusive")
    far = FENCE * (third - first)
    near = [value for value in values if first - far <= value <= third + far]
    flat = far > 0 and high - low > SQUEEZED * (max(near) - min(near))
    return (min(near), max(near)) if flat else (low, high)


def _rounded(low: float, high: float) -> Scale:
    """Return a scale whose ends are marks that a person would write."""
    rough = (high - low) / MARKS
    if not math.isfinite(rough) or rough <= 0:  # beyond what floats tell apart
        return Scale(low, math.nextafter(high, math.inf)) if math.isfinite(rough) else Scale(low / 4, high / 4)
    power = 10.0 ** math.floor(math.log10(rough))
    if power == 0 or not math.isfinite(low / power):
        return Scale(low, high)
    step = next(step * power for step in STEPS if step * power >= rough * (1 - 1e-9))
    ends = _clean(math.floor(low / step + 1e-9) * step), _clean(math.ceil(high / step - 1e-9) * step)
    return Scale(*ends) if ends[0] <= low < high <= ends[1] else Scale(low, high)


def _clean(number: float) -> float:
    """Return the number without what floats add to it: 0.30000000000000004."""
    return float(f"{number:.12g}")


def shown(value: float, unit: str) -> str:
    """Return a number in its unit for people: `27,004`, `3.2 %`, `5.5 h`; what is not 0 never reads as 0."""
    match unit:
        case "percent":
            return f"{_short(value)} %"
        case "hours":
            return f"{_short(value)} h"
        case _:
            return _short(value)


def _short(value: float) -> str:
    size = abs(value)
    if size >= 1e15 or 0 < size < 1e-4:
        return f"{value:.3g}"
    if value == int(value) or size >= 1000:
        whole = f"{value:,.0f}"
        return whole if value == int(value) else f"{value:,.1f}" if size < 10_000 else whole
    return f"{value:.3g}" if size < 100 else f"{value:.4g}"


def label(value: float, unit: str) -> str:
    """Return a number for an axis, in six characters or so: `30,000`, `1.2 M`."""
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M")):
        if size <= abs(value) < size * 1000:
            return f"{value / size:.3g} {letter}"
    return shown(value, unit)
