"""Rules of `slaProperties` that data can answer: freshness and retention, at the pinned instant, never by a clock."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from lakegate.checks.interface import Check, Found, Judgement, Outcome, band, not_applicable, passed, unmeasured
from lakegate.contract.model import SlaProperty
from lakegate.measures import Maximum, Measure, Minimum, NotMeasured
from lakegate.predicates import Value
from lakegate.rows import Kind

# Units as datacontract-cli reads them: `m` is minutes; lint asks for `min` or `month` (SEMANTICS).
UNITS = {
    dt.timedelta(seconds=1): ("s", "sec", "second", "seconds"),
    dt.timedelta(minutes=1): ("m", "min", "minute", "minutes"),
    dt.timedelta(hours=1): ("h", "hr", "hour", "hours"),
    dt.timedelta(days=1): ("d", "day", "days"),
    dt.timedelta(weeks=1): ("w", "week", "weeks"),
    dt.timedelta(days=30): ("month", "months", "mo"),
    dt.timedelta(days=365): ("y", "yr", "year", "years"),
}
HOUR = dt.timedelta(hours=1)
AHEAD = dt.timedelta(days=1)  # a time further ahead of now than this warns


def duration(value: object, unit: str | None) -> dt.timedelta | None:
    """Return `value` in `unit` as a duration, None where they cannot be read. No unit means days (the standard)."""
    one = next((length for length, names in UNITS.items() if (unit or "d").lower() in names), None)
    try:
        return one * float(str(value)) if one else None
    except (ValueError, OverflowError):
        return None


def in_words(sla: SlaProperty, path: str = "") -> str:
    """Return a service level as a sentence: `the newest placed_at is at most 2 hours old`. `path` is its element's."""
    length = _told(sla)
    written = f"{sla.value} {sla.unit or ''}".strip()
    subject = path or "value"
    match sla.property.lower():
        case "freshness" if length:
            return f"the newest {subject} is at most {length} old"
        case "retention" if length and path:
            return f"the oldest {subject} is at most {length} old"
        case "retention" if length:
            return f"data is kept for {length}"
        case "frequency" if length:
            return f"a batch comes every {length.removeprefix('1 ')}"
        case "latency" if length:
            return f"data is there within {length}"
    return f"{sla.property} is {written}" if written else sla.property


def _told(sla: SlaProperty) -> str:
    """Return a duration as it is written, in whole words: `15 minutes`; empty where it is none."""
    names = next((names for names in UNITS.values() if (sla.unit or "d").lower() in names), None)
    if names is None or duration(sla.value, sla.unit) is None:
        return ""
    unit = max((name for name in names if not name.endswith("s") or name == "s"), key=len)
    return f"{sla.value} {unit}" if str(sla.value) == "1" else f"{sla.value} {unit}s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness(Check):
    """The newest value is at most `limit` old at the pinned instant; rows without any value are not fresh."""

    value: Value
    limit: dt.timedelta
    zone: str = "UTC"  # in which a timestamp without an offset is read
    reads_clock = True

    def measures(self) -> tuple[Measure, ...]:
        """Return the newest value."""
        return (Maximum(self.value),)

    def judge(self, found: Found) -> Judgement:
        """Compare the newest value's age."""
        if found.count and found.answers[Maximum(self.value)] is None:
            reason = f"got no newest value, every one is null, expected one of at most {_age(self.limit)}"
            return Judgement(Outcome.FAILED, reason)
        newest = _instant(found, Maximum(self.value), self.zone)
        if isinstance(newest, Judgement):
            return newest
        instant, as_of = newest
        age = as_of - instant
        told = _aged(instant, age, self.limit)
        if age < -AHEAD:
            reason = f"the newest value is {_age(-age)} ahead of {as_of.isoformat()}"
            found_ahead = Judgement(Outcome.WARNED, reason, told)
            return _guarded(self, found_ahead, f"the newest value is ahead of {as_of.isoformat()}")
        if age <= self.limit:
            return _guarded(self, passed(told), "")
        reason = f"got a newest value {_age(age)} old ({instant.isoformat()}), expected at most {_age(self.limit)}"
        bare = f"got an older newest value, expected one of at most {_age(self.limit)}"
        return _guarded(self, Judgement(Outcome.FAILED, reason, told), bare)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention(Check):
    """The oldest value is at most `limit` old at the pinned instant."""

    value: Value
    limit: dt.timedelta
    zone: str = "UTC"  # in which a timestamp without an offset is read
    reads_clock = True

    def measures(self) -> tuple[Measure, ...]:
        """Return the oldest value."""
        return (Minimum(self.value),)

    def judge(self, found: Found) -> Judgement:
        """Compare the oldest value's age."""
        oldest = _instant(found, Minimum(self.value), self.zone)
        if isinstance(oldest, Judgement):
            return oldest
        instant, as_of = oldest
        age = as_of - instant
        told = _aged(instant, age, self.limit)
        if age <= self.limit:
            return _guarded(self, passed(told), "")
        reason = f"got an oldest value {_age(age)} old ({instant.isoformat()}), expected at most {_age(self.limit)}"
        bare = f"got an older value, expected none of more than {_age(self.limit)}"
        return _guarded(self, Judgement(Outcome.FAILED, reason, told), bare)


def _guarded(check: Check, judgement: Judgement, bare: str) -> Judgement:
    """Return the judgement, which tells no moment of a column that is hidden, nor how long ago that was."""
    path = check.identity.field
    if path is None:
        return judgement
    told = {"expected": judgement.diagnostics["expected"]}
    return replace(judgement, quotes=(path,), discreet=Judgement(judgement.outcome, bare, told))


def _instant(found: Found, measure: Maximum | Minimum, zone: str) -> tuple[dt.datetime, dt.datetime] | Judgement:
    answer = found.answers[measure]
    if isinstance(answer, NotMeasured):
        return unmeasured(answer)
    if answer is None:
        return not_applicable("there are no rows" if not found.count else "every value is null")
    if not isinstance(answer, dt.datetime) or found.as_of is None:
        return Judgement(Outcome.FAILED, f"got a {type(answer).__name__}, expected a date or timestamp")
    root, *inner = measure.value.path
    column = found.rows.types[root].at(tuple(inner))
    if zone != "UTC" and column and column.kind is Kind.TIMESTAMP:
        with suppress(OverflowError):  # at the ends of the calendar an hour makes no difference
            answer = answer.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)
    return answer, found.as_of


def _aged(instant: dt.datetime, age: dt.timedelta, limit: dt.timedelta) -> dict[str, Any]:
    """Return the diagnostics; `hours` is the age, and what it was held against is in hours too."""
    words = {"value": instant.isoformat(), "got": _age(age), "expected": f"at most {_age(limit)}"}
    return words | {"hours": age / HOUR} | band(None, limit / HOUR)


def _age(length: dt.timedelta) -> str:
    """Return a duration for people, in its two largest units."""
    seconds = int(length.total_seconds())
    parts = []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count:,} {unit}")
    return " ".join(parts[:2]) or "0 s"
