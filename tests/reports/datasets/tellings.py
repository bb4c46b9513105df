"""Datasets as pages tell of them, made up: their runs with drift and defects, and what their contracts say."""

import datetime as dt
import random
from dataclasses import replace

from lakegate.reports.board.now import BlockedRun, DatasetNow, State
from lakegate.reports.contracts.descriptions import Channel, Description, Field, Person, Rule, Way
from lakegate.reports.datasets.runs import Measured, PastRun, RunState
from lakegate.reports.datasets.told import DatasetTold, Manual, Piece, Version
from lakegate.reports.summary import Standing

START = dt.datetime(2026, 1, 3, 5, 12, tzinfo=dt.UTC)
COLUMNS = ("flight_date", "carrier", "flight", "tail_number", "origin", "destination", "dep_delay", "passenger_name")


def at(day: int) -> str:
    return f"{START + dt.timedelta(days=day):%Y-%m-%dT%H:%M:%S.000Z}"


def description(name="nyc/flights", *, columns=COLUMNS, rules=()) -> Description:
    fields = []
    for place, column in enumerate(columns, 1):
        asserted = [Rule(f"flights.{column}.logicalType", f"{column} is a string", "logicalType", "fail")]
        asserted.append(Rule(f"flights.{column}.required", f"{column} is never null", "required", "fail"))
        if column == "destination":
            known = "destination is in nyc/airports (faa)"
            asserted.append(Rule(f"flights.{column}.relationship", known, "relationship", "quarantine", "consistency"))
        if column == "dep_delay":
            why = "The schedule changes in spring and in autumn; a mean beyond that is a defect of the feed."
            code = '{"type": "expect_column_mean_to_be_between",\n "kwargs": {"min_value": 0, "max_value": 21}}'
            usual = "the mean delay is what passengers are used to"
            asserted.append(Rule(f"flights.{column}.mean", usual, "custom", "warn", "accuracy", code, why))
        fields.append(
            Field(
                column,
                column,
                "string",
                required=True,
                unique=False,
                key=place if place < 4 else None,
                classification="confidential" if column == "passenger_name" else None,
                samples="never" if column == "passenger_name" else "show",
                description=f"The {column.replace('_', ' ')} as the airline filed it.",
                examples=("UA1545",) if column == "flight" else (),
                references=("nyc/airports.faa",) if column == "destination" else (),
                rules=tuple(asserted),
            )
        )
    fields.append(Field("weather", "weather", "object", description="What the tower measured at departure."))
    fields.append(Field("weather.wind", "wind", "object"))
    fields.append(Field("weather.wind.speed_kmh", "speed_kmh", "number", description="Ten minutes' mean."))
    of_table = (
        Rule("flights.rowCount", "between 20,000 and 40,000 rows", "rowCount", "fail", "completeness"),
        Rule("flights.usual", "volume as usual", "history", "warn"),
        *rules,
    )
    return Description(
        name,
        "01-raw-data-zone",
        "flights",
        "nyc-flights",
        "2.1.0",
        "ab" * 32,
        "Flights that left New York",
        status="active",
        domain="aviation",
        product="punctuality",
        owner="Flight data team",
        purpose="Every scheduled flight that departed from an airport of New York City, a batch a month.",
        usage="Join on `tail_number` for the plane, on `origin` and the hour for the weather.",
        limitations="Flights of general aviation are not here. Delays are as the airlines filed them.",
        tags=("aviation", "monthly"),
        team=(Person("Amelia", "owner"), Person("Bessie", "steward")),
        support=(Channel("#flights", "slack", "https://example.org/flights"), Channel("flights@example.org")),
        levels=(("freshness", "a batch every 31 days"), ("retention", "for ever")),
        fresh_for=31 * 86400,
        source="02-transient-zone/nyc/flights",
        ways=(Way("With DuckDB", "SELECT *\nFROM read_parquet('s3://lake/01-raw-data-zone/nyc/flights/**')", "sql"),),
        upstream=(),
        rules=of_table,
        fields=tuple(fields),
        waivers="Amelia, for 7 days at most",
    )


def nulls(day: int, count: int, rows: int, tails: float) -> dict[str, int]:
    """Return how many rows hold null; of the first runs nobody counted."""
    if day < min(40, count // 3):
        return {}
    chance = random.Random(day)
    shares = dict.fromkeys(COLUMNS, 0.0) | {"tail_number": tails, "weather": chance.gauss(12, 1)}
    shares["weather.wind"] = shares["weather"] + (31 if day >= count - 2 else 0)
    shares["weather.wind.speed_kmh"] = 100
    return {path: round(max(share, 0) * rows / 100) for path, share in shares.items()}


def runs(count=120, seed=7, rules=0, name="nyc/flights") -> tuple[PastRun, ...]:
    """Return runs, the newest first: a volume that grows, nulls that drift, a bound that is widened, defects."""
    chance, made = random.Random(seed), []
    for day in range(count):
        rows = int(27_000 + 20 * day + chance.gauss(0, 600))
        failing = []
        numbers = {f"flights.{column}.logicalType": Measured(0.0, None, 0.0, "percent") for column in COLUMNS}
        numbers |= {f"flights.{column}.required": Measured(0.0, None, 0.0, "percent") for column in COLUMNS}
        orphans = 0.4 if day in (50, 51) else 0.0
        numbers["flights.destination.relationship"] = Measured(orphans, None, 0.0, "percent")
        tails = max(0.0, chance.gauss(1.5, 0.3)) * (1 + day / count) + (30 if day == 90 else 0)
        numbers["flights.tail_number.required"] = Measured(tails, None, 5.0 if day < 70 else 8.0, "percent")
        if tails > (5.0 if day < 70 else 8.0):
            failing.append("flights.tail_number.required")
        if orphans:
            failing.append("flights.destination.relationship")
        mean = 9 + chance.gauss(0, 2) + (16 if day >= count - 2 else 0)
        if not 30 <= day < 36:
            numbers["flights.dep_delay.mean"] = Measured(mean, 0.0, 21.0)
        if mean > 21:
            failing.append("flights.dep_delay.mean")
        if day == 77:
            rows = 412
            failing.append("flights.rowCount")
        numbers["flights.rowCount"] = Measured(rows, 20_000.0, 40_000.0, "rows")
        usual = 27_000 + 20 * day
        numbers["flights.usual"] = Measured(rows, usual - 2500.0, usual + 2500.0, "rows")
        if abs(rows - usual) > 2500:
            failing.append("flights.usual")
        for number in range(rules):
            numbers[f"flights.more.{number}"] = Measured(chance.gauss(50, 5), 20.0, 80.0)
        blocked = {"flights.rowCount", "flights.tail_number.required"} & set(failing)
        waived = blocked and day == 90
        standing = Standing.PASSED_WITH_WARNINGS if failing else Standing.PASSED
        if blocked:
            standing = Standing.WAIVED if waived else Standing.BLOCKED
        run_id = f"{day:012x}"
        batch = f"day={at(day)[:10]}"
        made.append(
            PastRun(
                run_id,
                batch,
                at(day),
                standing,
                RunState.HELD if blocked and not waived else RunState.COMMITTED,
                "The batch violates its contract." if failing else "The batch keeps its contract: the gate opens.",
                rows=rows,
                set_apart=108 if orphans else 0,
                counts={"passed": len(numbers) - len(failing), **({"failed": len(failing)} if failing else {})},
                failing=tuple(failing),
                measured=numbers,
                nulls=nulls(day, count, rows + (108 if orphans else 0), tails),
                contract_sha256="ab" * 32,
                contract_version="2.1.0" if day >= 70 else "2.0.0",
                slot=day + 1,
                report=f"references/reports/{name}/{batch.replace('=', '%3D')}/{run_id}/",
                seconds=chance.uniform(0.4, 3),
            )
        )
    return tuple(reversed(made))


def now(name="nyc/flights", state=State.BLOCKED, **more) -> DatasetNow:
    told = {
        "owner": "Flight data team",
        "domain": "aviation",
        "since": at(118),
        "batch": "day=2026-05-02",
        "message": "1.9 % of tail_number are null, expected a value in every row.",
        "report": f"references/reports/{name}/day%3D2026-05-02/000000000077/",
        "kept_out": 2,
        "last_batch": "day=2026-05-01",
        "last_at": at(118),
        "last_rows": 29_213,
        "last_report": f"references/reports/{name}/day%3D2026-05-01/000000000076/",
        "fresh_for": 31 * 86400,
        "runs": 1320,
        "blocked": (
            BlockedRun("119", "day=2026-05-02", at(119), Standing.BLOCKED, "1.9 % of tail_number are null.", "", False),
            BlockedRun("077", "day=2026-03-21", at(77), Standing.BLOCKED, "Got 412 rows.", "", False),
        ),
        "downstream": ("cleanse/flights", "stage/flights"),
    }
    return DatasetNow(name, "01-raw-data-zone", "Flights that left New York", state=state, **(told | more))


def told(**more) -> DatasetTold:
    """Return a dataset of which everything is known."""
    pieces = tuple(Piece(f"{n:06}", at(-100 * n), at(-100 * n + 99), 100, n) for n in range(1, 13))
    changes = ("tail_number may be null in 8 % of the rows, not 5 %", "a new rule: volume as usual")
    values = {
        "page": "references/datasets/nyc/flights/index.html",
        "now": now(),
        "description": description(),
        "runs": runs(),
        "pieces": pieces,
        "versions": (Version("2.1.0", "ab" * 32, at(70), changes), Version("2.0.0", "cd" * 32, at(-1300))),
        "manuals": (Manual("references/manuals/nyc/flights/how airlines file.pdf", 482_113, at(2)),),
        "zones": {"stage/flights": "warehouse/stage", "cleanse/flights": "warehouse/cleanse"},
    }
    return DatasetTold(**(values | more))


def bare(**more) -> DatasetTold:
    """Return a dataset of which nothing is known but its name."""
    nothing = DatasetNow("nyc/flights", "01-raw-data-zone", "nyc/flights")
    return replace(DatasetTold("references/datasets/nyc/flights/index.html", nothing, None, ()), **more)
