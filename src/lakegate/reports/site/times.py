"""Moments as pages write them. No page reads a clock: how long ago something was, its reader's browser says."""

from __future__ import annotations

import datetime as dt


def minute(at: str) -> str:
    """Return a moment (ISO 8601, UTC) as `2026-11-28 10:42 UTC`; what is none is returned as it stands."""
    moment = _moment(at)
    return at if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"


def later(at: str, seconds: int) -> str:
    """Return the moment so many seconds after `at`, as ISO 8601 in UTC; empty where `at` is no moment or none comes."""
    moment = _moment(at)
    try:
        return "" if moment is None else f"{moment + dt.timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"
    except OverflowError:
        return ""


def _moment(at: str) -> dt.datetime | None:
    """Return what `at` says, in UTC, where it says no other zone; None where it cannot be read."""
    try:
        moment = dt.datetime.fromisoformat(at)
        return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
