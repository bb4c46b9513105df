"""How far apart the runs of a cron expression can lie: what a schedule promises at the least.

Five fields as cron(5) has them, with names, lists, ranges and steps, and `@daily` and its like. What is written in a
dialect of its own (`L`, `#`, `W`, seconds, years) is not read: then nothing is promised.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from functools import cache
from itertools import pairwise

_MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_MONTHS = {name.casefold(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_FIRST, _LAST = dt.date(2096, 1, 1), dt.date(2104, 12, 31)  # with the longest way from one 29 February to the next
_DAY = 24 * 60  # minutes


@cache
def longest_gap(expression: str) -> dt.timedelta | None:
    """Return the longest time between two runs, None where the expression cannot be read or never runs twice."""
    fields = _MACROS.get(expression.strip().casefold(), expression).split()
    if len(fields) != 5:
        return None
    minutes, hours = _read(fields[0], 0, 59), _read(fields[1], 0, 23)
    days, months, weekdays = _read(fields[2], 1, 31), _read(fields[3], 1, 12, _MONTHS), _read(fields[4], 0, 7, _DAYS)
    if not (minutes and hours and days and months and weekdays):
        return None
    weekdays = frozenset(day % 7 for day in weekdays)
    either = not fields[2].startswith("*") and not fields[4].startswith("*")  # cron(5): then one of the two is enough
    runs = [day for day in _calendar() if day.month in months and _on(day, days, weekdays, either=either)]
    if len(runs) < 2:
        return None
    times = sorted(60 * hour + minute for hour in hours for minute in minutes)
    apart = max((later - sooner).days for sooner, later in pairwise(runs))
    within = max((later - sooner for sooner, later in pairwise(times)), default=0)
    return dt.timedelta(minutes=max(within, apart * _DAY - (times[-1] - times[0])))


def _calendar() -> list[dt.date]:
    return [_FIRST + dt.timedelta(days=n) for n in range((_LAST - _FIRST).days + 1)]


def _on(day: dt.date, days: frozenset[int], weekdays: frozenset[int], *, either: bool) -> bool:
    of_month, of_week = day.day in days, day.isoweekday() % 7 in weekdays
    return of_month or of_week if either else of_month and of_week


def _read(field: str, least: int, most: int, names: dict[str, int] | None = None) -> frozenset[int]:
    """Return the numbers of a field, none where it cannot be read."""
    found: set[int] = set()
    for part in field.casefold().split(","):
        matched = re.fullmatch(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\d{1,4}))?", part, re.ASCII)
        if matched is None:
            return frozenset()
        low = least if matched[1] else _number(matched[2], names)
        high = _number(matched[3], names) if matched[3] else most if matched[1] or matched[4] else low
        step = int(matched[4] or 1)
        if low is None or high is None or not step or not least <= low <= high <= most:
            return frozenset()
        found.update(range(low, high + 1, step))
    return frozenset(found)


def _number(word: str, names: dict[str, int] | None) -> int | None:
    return int(word) if word.isdecimal() and len(word) < 5 else (names or {}).get(word)
