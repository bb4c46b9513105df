"""Datasets as a board tells them: a few by hand, in every state, and as many as are wanted."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random

from lakegate.reports.board.now import STRIP, BatchMark, BlockedRun, DatasetNow, State
from lakegate.reports.site.zones import LAKE_ORDER
from lakegate.reports.summary import Standing

NOW = dt.datetime(2026, 11, 28, 10, 42, tzinfo=dt.UTC)
STANDINGS = {
    "p": Standing.PASSED,
    "w": Standing.PASSED_WITH_WARNINGS,
    "v": Standing.WAIVED,
    "b": Standing.BLOCKED,
    "n": Standing.COULD_NOT_EVALUATE,
}


def ago(**span: float) -> str:
    """Return the moment so long before NOW."""
    return (NOW - dt.timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def report(dataset: str, batch: str, name: str = "0123456789ab") -> str:
    """Return a report's folder."""
    return f"references/reports/{dataset}/{batch.replace('=', '%3D')}/{name}/"


def strip(dataset: str, letters: str) -> tuple[BatchMark, ...]:
    """Return a strip from letters, the newest batch last."""
    names = [f"dt=2026-11-{number:02}" for number in range(1, len(letters) + 1)]
    return tuple(
        BatchMark(name, STANDINGS[letter], report(dataset, name)) for name, letter in zip(names, letters, strict=True)
    )


def blocked_run(dataset: str, batch: str, **values: object) -> BlockedRun:
    """Return a run that kept a batch out."""
    told = BlockedRun(
        id=f"id-of-{batch}",
        batch=batch,
        at=ago(days=3),
        standing=Standing.BLOCKED,
        message="3 checks failed.",
        report=report(dataset, batch),
        resolved=False,
    )
    return dataclasses.replace(told, **values)


def passing(dataset: str, zone: str, **values: object) -> DatasetNow:
    """Return a dataset that is well: its last batch came in three hours ago."""
    told = DatasetNow(
        dataset=dataset,
        zone=zone,
        title=dataset,
        owner="data platform",
        domain="web",
        contract_version="1.4.0",
        state=State.PASSED,
        since=ago(days=20),
        batch="dt=2026-11-28",
        message="The batch keeps its contract.",
        report=report(dataset, "dt=2026-11-28"),
        last_batch="dt=2026-11-28",
        last_at=ago(hours=3),
        last_rows=27_004,
        last_report=report(dataset, "dt=2026-11-28"),
        fresh_for=86_400,
        runs=1_000,
        strip=strip(dataset, "p" * STRIP),
    )
    return dataclasses.replace(told, **values)


RAW, MASTER, STAGE, CLEANSE, CORE, MART = LAKE_ORDER
EVENTS = passing("tealium/events", RAW, title="Web events")
FLIGHTS = passing(
    "nyc/flights",
    RAW,
    title="Flights out of New York",
    owner="airport team",
    domain="aviation",
    state=State.BLOCKED,
    since=ago(days=3),
    batch="month=2013-01",
    message="4 checks failed: 7,602 of 336,776 rows (2.3 %) name a destination that nyc/airports does not have.",
    report=report("nyc/flights", "month=2013-01"),
    kept_out=2,
    last_batch="month=2012-12",
    last_at=ago(days=40),
    last_report=report("nyc/flights", "month=2012-12"),
    fresh_for=31 * 86_400,
    strip=strip("nyc/flights", "ppppwpppppppbpppppppppppvpppnb"),
    blocked=(blocked_run("nyc/flights", "month=2013-01"),),
)
AIRPORTS = passing("nyc/airports", MASTER, owner=None, domain=None, fresh_for=None, strip=strip("nyc/airports", "pp"))
STAGED = passing(
    "stage/flights",
    STAGE,
    domain="aviation",
    owner="airport team",
    state=State.COULD_NOT_EVALUATE,
    since=ago(minutes=12),
    batch="month=2012-12",
    message="The engine stopped before it had measured: memory.",
    report=report("stage/flights", "month=2012-12"),
    kept_out=1,
    strip=strip("stage/flights", "p" * 29 + "n"),
)
CLEANSED = passing(
    "cleanse/ads",
    CLEANSE,
    domain="marketing",
    owner="campaigns",
    state=State.WAIVED,
    since=ago(hours=9),
    message="2 checks were waived by maria until 2026-12-01.",
    strip=strip("cleanse/ads", "pwpwpwwppv"),
)
FACTS = passing(
    "core/fact_event",
    CORE,
    state=State.PASSED_WITH_WARNINGS,
    message="1 check warned.",
    last_at=ago(days=3),
    strip=strip("core/fact_event", "p" * 29 + "w"),
)
EMPTY = DatasetNow("mart/campaign_performance_daily", MART, "Campaigns, day by day", owner="campaigns")
EVERY_STATE = (EMPTY, FACTS, CLEANSED, STAGED, AIRPORTS, FLIGHTS, EVENTS)  # in no order: the board has its own


def many(number: int, *, seed: int = 7) -> tuple[DatasetNow, ...]:
    """Return so many datasets with a thousand runs each, as a big lake has them: one in twelve is not well."""
    chance = random.Random(seed)
    return tuple(_one(place, chance) for place in range(number))


def _one(place: int, chance: random.Random) -> DatasetNow:
    """Return one of many."""
    zone = list(LAKE_ORDER)[place % len(LAKE_ORDER)]
    layer = f"{zone.removeprefix('warehouse/')}/" if zone.startswith("warehouse/") else f"source{place % 17}/"
    name = f"{layer}dataset_{place:03}"
    marks = "".join(chance.choices("pwvbn", (90, 4, 1, 4, 1), k=STRIP - 1))
    letter = chance.choices("pwvbn", (92, 3, 1, 3, 1))[0]
    here = passing(
        name,
        zone,
        title=f"What dataset {place} holds",
        owner=f"team {place % 23}",
        domain=f"domain {place % 9}",
        state=State(STANDINGS[letter].value),
        since=ago(hours=chance.randint(1, 2_000)),
        last_at=ago(hours=chance.randint(1, 26)),
        strip=strip(name, marks + letter),
    )
    if letter not in "bn":
        return here
    message = "2 checks failed: 412 of 27,004 rows (1.53 %) hold no visitor_id, 3 repeat the key of another."
    runs = (blocked_run(name, "dt=2026-11-28", at=here.since, message=message),)
    return dataclasses.replace(here, message=message, kept_out=1, blocked=runs)
