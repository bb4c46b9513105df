"""The numbers that a run measured, out of its report, for the plots of later pages."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from lakegate.checks.interface import Outcome
from lakegate.reports.datasets.runs import Measured

JUDGED = frozenset(
    {Outcome.PASSED, Outcome.WARNED, Outcome.INFORMED, Outcome.SET_APART, Outcome.WAIVED, Outcome.FAILED}
)
COUNTED = ("unexpected_count", "missing_count")  # of an expectation that allows none of what it counts


def measured(report: Mapping[str, Any]) -> dict[str, Measured]:
    """Return the number that each check judged, by its key, out of a `report.json`; a check without one is left out.

    Nothing is taken but the diagnostics' own numbers, so what a report does not tell (an extreme of a masked column) is
    not there. Of a rule that no row may break the number is the percentage of those that do.
    """
    return {check["key"]: number for check in report["checks"] if (number := _of(check)) is not None}


def nulls(report: Mapping[str, Any]) -> dict[str, int]:
    """Return how many rows arrived with null, by the property's path, as far as they were counted: by 1.5 and later."""
    columns = report["profile"]["columns"] if "profile" in report else ()
    return {column["name"]: int(column["nulls"]) for column in columns if column["nulls"] is not None}


def _of(check: Mapping[str, Any]) -> Measured | None:
    return next(_numbers(check["diagnostics"]), None) if check["outcome"] in JUDGED else None


def _numbers(told: Mapping[str, Any]) -> Iterator[Measured]:
    """Yield what may be the judged number, the likeliest first."""
    low, high = _number(told.get("low")), _number(told.get("high"))
    result: Mapping[str, Any] = told["result"] if isinstance(told.get("result"), Mapping) else {}
    unit = told["unit"] if isinstance(told.get("unit"), str) else "value"
    decimal = low is not None or high is not None  # it was held against numbers: its text is a decimal
    if (value := _number(told.get("value"), decimal=decimal)) is not None:
        yield Measured(value, low, high, unit)
    if (value := _number(told.get("hours"))) is not None:
        yield Measured(value, low, high, "hours")
    if (value := _number(result.get("unexpected_percent"))) is not None:
        yield Measured(value, low, high, "percent")
    if (value := _number(result.get("observed_value"))) is not None:
        yield Measured(value, low, high, unit)
    if counted := [value for name in COUNTED if (value := _number(result.get(name))) is not None]:
        yield Measured(sum(counted), high=0.0)
    if (value := _number(told.get("percent"), decimal=True)) is not None:
        yield Measured(value, low, 0.0 if high is None and "result" not in told else high, "percent")
    if (value := _number(told.get("differ"))) is not None:
        yield Measured(value, high=0.0)


def _number(value: object, *, decimal: bool = False) -> float | None:
    """Return a finite number, None for anything else; with `decimal` also one that is written as text."""
    if decimal and isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    plain = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if plain else None  # type: ignore[arg-type]
