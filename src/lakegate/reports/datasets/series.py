"""What was measured over many runs, rule by rule: from a dataset's history to the series that its page plots."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lakegate.reports.contracts.descriptions import Description, Rule
from lakegate.reports.datasets.runs import Measured, PastRun

NULLS = frozenset({"required", "nullValues", "missingValues", "expect_column_values_to_not_be_null"})
HISTORY = "history"


@dataclass(frozen=True, slots=True)
class Series:
    """One rule over runs, the oldest first; one number a run, None where the rule was not measured.

    `broken` are the places of runs in which it did not hold, whether or not there is a number.
    """

    key: str
    title: str
    field: str | None  # the path of the column that it stands at
    type: str
    does: str  # what happens where it does not hold, as `Rule.does` has it; empty where that is not known
    unit: str
    values: tuple[float | None, ...]
    lows: tuple[float | None, ...]
    highs: tuple[float | None, ...]
    broken: tuple[int, ...]

    @property
    def known(self) -> tuple[float, ...]:
        """The numbers there are."""
        return tuple(value for value in self.values if value is not None)

    @property
    def about_nulls(self) -> bool:
        """Whether it says how much of a column is not there."""
        return self.type in NULLS or (self.type == HISTORY and self.unit == "percent")

    @property
    def moves(self) -> bool:
        """Whether its numbers differ."""
        return len(set(self.known)) > 1


class Sentences:
    """What each rule says in plain words, by the key that reports give it."""

    def __init__(self, description: Description | None) -> None:
        """Take the rules of a description; without one a rule is told by its key."""
        self._rules: dict[str, tuple[Rule, str | None]] = {}
        if description is not None:
            self._rules |= {rule.key: (rule, None) for rule in description.rules}
            self._rules |= {rule.key: (rule, field.path) for field in description.fields for rule in field.rules}

    def of(self, key: str) -> tuple[str, str | None, Rule | None]:
        """Return the sentence, the column's path and the rule. Of a part of a rule its key stands behind."""
        at = key
        while at not in self._rules:
            if "." not in at:
                return key, None, None
            at = at.rpartition(".")[0]
        rule, path = self._rules[at]
        return rule.sentence + (f": {key[len(at) + 1 :]}" if key != at else ""), path, rule


def series_of(runs: Sequence[PastRun], sentences: Sentences) -> tuple[Series, ...]:
    """Return a series for each rule that was measured or broken in some of the runs, which come oldest first.

    The order is that of `interest`: what a reader should see first.
    """
    measured: dict[str, dict[int, Measured]] = {}
    broken: dict[str, list[int]] = {}
    for place, run in enumerate(runs):
        for key, number in run.measured.items():
            measured.setdefault(key, {})[place] = number
        for key in run.failing:
            broken.setdefault(key, []).append(place)
    keys = dict.fromkeys((*measured, *broken))
    made = (_series(key, measured.get(key, {}), broken.get(key, ()), len(runs), sentences) for key in keys)
    return tuple(sorted(made, key=interest))


def null_shares(runs: Sequence[PastRun]) -> tuple[Series, ...]:
    """Return the share of nulls of each column that was counted in some of the runs, which come oldest first.

    First comes the column whose last share is furthest from its usual one, then the one that moved most.
    """
    paths = dict.fromkeys(path for run in reversed(runs) for path in run.nulls)
    return tuple(sorted((_null_share(path, runs) for path in paths), key=_moved))


def _null_share(path: str, runs: Sequence[PastRun]) -> Series:
    none = (None,) * len(runs)
    values = tuple(100 * run.nulls[path] / run.arrived if path in run.nulls and run.arrived else None for run in runs)
    return Series("", f"{path} is null", path, "", "", "percent", values, none, none, ())


def _moved(series: Series) -> tuple[float, float]:
    known = series.known
    if not known:
        return (0.0, 0.0)
    return (-abs(known[-1] - statistics.median(known)), min(known) - max(known))


def _series(key: str, numbers: Mapping[int, Measured], broken: Iterable[int], count: int, words: Sentences) -> Series:
    """Return one series; where its unit changed, only the numbers of the last one."""
    title, path, rule = words.of(key)
    unit = numbers[max(numbers)].unit if numbers else ""
    told = [numbers.get(place) for place in range(count)]
    told = [number if number is not None and number.unit == unit else None for number in told]
    return Series(
        key=key,
        title=title,
        field=path,
        type=rule.type if rule else "",
        does=rule.does if rule else "",
        unit=unit,
        values=tuple(None if number is None else number.value for number in told),
        lows=tuple(None if number is None else number.low for number in told),
        highs=tuple(None if number is None else number.high for number in told),
        broken=tuple(broken),
    )


def interest(series: Series) -> tuple[int, int, float]:
    """Return what series are sorted by: broken last, then the later it broke, then the further it moved at the end."""
    last = series.broken[-1] if series.broken else -1
    known = series.known
    spread = max(known) - min(known) if known else 0.0
    middle = sorted(known)[len(known) // 2] if known else 0.0
    moved = abs(known[-1] - middle) / spread if spread else -1.0
    return (-last, -len(series.broken), -moved)
