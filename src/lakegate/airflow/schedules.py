"""How often a contract's batches are looked for: what its service levels say, as Airflow's schedule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from lakegate.checks.service_level import duration
from lakegate.errors import UsageError

AT_MOST = dt.timedelta(days=1)  # what comes rarer is looked for daily: a run waits for free, in the triggerer
AT_LEAST = dt.timedelta(minutes=1)
CRON = ("", "cron", "airflow")  # schedulers whose `schedule` is a cron expression
GAPS = 5  # of a cron expression, of which the shortest counts


@dataclass(frozen=True, slots=True)
class Pace:
    """When to look for batches. `cron` wins where it stands; `every` is the time between two runs, in seconds.

    `latency`: how long after it was queued a run should have ended, in seconds; None: nothing is said. `said`: whether
    the contract says how often.
    """

    cron: str | None = None
    every: float = 3600
    latency: float | None = None
    said: bool = False

    @property
    def schedule(self) -> str | dt.timedelta:
        """What Airflow's `schedule` is to be."""
        return self.cron or self.period

    @property
    def period(self) -> dt.timedelta:
        """The time between two runs; of a cron expression the shortest."""
        return dt.timedelta(seconds=self.every)


HOURLY = Pace()  # where a contract says nothing


def pace(document: Mapping[str, Any]) -> Pace:
    """Return what a contract's slaProperties say of time: a `schedule` of cron, else the `frequency`; and the latency.

    Raises UsageError where a schedule is no cron expression.
    """
    cron, every, latency = None, None, None
    for node in document.get("slaProperties") or ():
        if cron is None and node.get("schedule") and str(node.get("scheduler") or "").casefold() in CRON:
            cron = str(node["schedule"]).strip()
            every = _shortest_gap(cron)
        said = duration(node.get("value"), node.get("unit"))
        if node["property"] == "frequency" and cron is None and said:
            every = min(max(said, AT_LEAST), AT_MOST)
        if node["property"] == "latency" and said and said > dt.timedelta():
            latency = said.total_seconds()
    return Pace(cron, (every or HOURLY.period).total_seconds(), latency, said=every is not None)


def _shortest_gap(cron: str) -> dt.timedelta:
    """Return the shortest time between two runs of a cron expression."""
    from croniter import CroniterError, croniter

    try:
        runs = croniter(cron, dt.datetime(2024, 1, 1, tzinfo=dt.UTC), ret_type=dt.datetime)
        following: list[dt.datetime] = [runs.get_next() for _ in range(GAPS + 1)]
    except (CroniterError, ValueError, TypeError, KeyError) as error:
        hint = "five fields of cron, `0 6 * * *`; another scheduler is named by `scheduler`"
        raise UsageError(f"slaProperties: the schedule {cron!r} is no cron expression: {error}", hint=hint) from None
    return min(later - sooner for sooner, later in pairwise(following))
