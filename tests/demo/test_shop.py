"""Two days of the shop from arrival to mart, through every gate: what was planted is stopped where it should be."""

from __future__ import annotations

import datetime as dt
import gzip
from collections import Counter
from decimal import Decimal

import pytest

import lakegate
from lakegate.api import Asked
from lakegate.commands.batches import promoted
from lakegate.config import open_lake
from lakegate.contract.project import Project
from lakegate.demo import sources
from lakegate.demo.defects import ADS, BUDGET, EVENTS, Defect
from lakegate.demo.layers import set_apart
from lakegate.demo.nycflights import project
from lakegate.warehouse import chain as warehouse

DAY = dt.date(2026, 3, 1)
NEXT = DAY + dt.timedelta(days=1)
ROWS = 500  # events an hour
TABLES = (
    *(f"{layer}/{name}" for layer in ("stage", "cleanse") for name in ("campaign_budget", "ads", "events")),
    *(f"core/{name}" for name in ("dim_date", "dim_campaign", "dim_visitor", "fact_ad_spend", "fact_event")),
    "mart/campaign_performance_daily",
)


def hour(day, number, defects=None):
    return sources.events(dt.datetime.combine(day, dt.time(number)), ROWS, defects=defects)


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """Two days of the shop, everything promoted and built that the gates let through; what became of each batch."""
    folder = tmp_path_factory.mktemp("lake")
    sources.budget(DAY).write(folder)
    wrong = {Defect.CLICKS_ABOVE_IMPRESSIONS: 2, Defect.AD_OF_UNKNOWN_CAMPAIGN: 1}
    sources.ads(DAY, defects=wrong).write(folder)
    hour(DAY, 0, {Defect.UNKNOWN_EVENT_TYPE: 3, Defect.EVENT_OF_UNKNOWN_CAMPAIGN: 2}).write(folder)
    hour(DAY, 1).write(folder)
    hour(DAY, 2, {Defect.VISITOR_NOT_HASHED: 1}).write(folder)
    again = hour(DAY, 3).write(folder)
    again.write_bytes(gzip.compress(b"".join(lines(hour(DAY, 1)))))  # the collector delivered an hour twice
    sources.ads(NEXT).write(folder)
    hour(NEXT, 0, {Defect.UNKNOWN_EVENT_TYPE: 20}).write(folder)
    became = {}
    for dataset in (BUDGET, ADS, EVENTS):
        for promotion in promoted(None, Asked(project() / "contracts" / f"{dataset}.odcs.yaml", str(folder))):
            became[dataset, promotion.batch] = str(promotion.state)
    asked = warehouse.Asked(promote=True)
    with warehouse.opened(open_lake(str(folder), project()), Project(project()), asked) as chain:
        for name in TABLES:
            for step in chain.table(chain.warehouse.table(name)):
                became[name, step.batch] = str(step.promotion.state) if step.promotion else str(step.error)
    return folder, became


def lines(batch):
    return gzip.decompress(b"".join(batch.content())).splitlines(keepends=True)


def rows(lake, table, query):
    folder, _ = lake
    return lakegate.Lake(str(folder)).read(table).relation().query("t", query).fetchall()


def test_raw_keeps_out_what_must_not_get_in_and_lets_the_rest_through(lake):
    _, became = lake

    assert became[EVENTS, "dt=2026-03-01/hour=02"] == "quarantined"  # a mail address
    assert {
        state for (dataset, batch), state in became.items() if "hour=02" not in (batch or "") and dataset == EVENTS
    } == {"committed"}
    assert [became[ADS, f"dt={day}"] for day in (DAY, NEXT)] == ["committed"] * 2  # warned
    assert ("stage/events", "dt=2026-03-01/hour=02") not in became


def test_cleanse_sets_apart_exactly_what_was_planted(lake):
    folder, _ = lake

    events = Counter(rule for row in set_apart(folder, "cleanse/events") for rule in row["_lakegate_rules"])
    ads = Counter(rule for row in set_apart(folder, "cleanse/ads") for rule in row["_lakegate_rules"])

    assert events == {"events.event_type.enum": 3}
    assert list(ads.values()) == [2]
    assert "impressions" in next(iter(ads))
    assert rows(lake, "cleanse/events", "SELECT batch, count(*) FROM t GROUP BY ALL") == [(f"dt={DAY}", 2 * ROWS - 3)]
    assert rows(lake, "cleanse/ads", "SELECT count(*) FROM t WHERE batch = 'dt=2026-03-01'") == [(38,)]


def test_more_than_the_budget_blocks_the_day_and_what_is_made_of_it_waits(lake):
    _, became = lake

    assert became["cleanse/events", f"dt={NEXT}"] == "quarantined"  # 20 of 500 rows
    assert ("core/fact_event", f"dt={NEXT}") not in became
    assert "core/fact_event" in became["mart/campaign_performance_daily", f"dt={NEXT}"]  # waits for it
    assert became["core/fact_ad_spend", f"dt={NEXT}"] == "committed"  # what does not depend on it goes on


def test_an_hour_that_was_delivered_twice_counts_once(lake):
    assert rows(lake, "stage/events", "SELECT count(*) FROM t WHERE batch LIKE 'dt=2026-03-01/%'") == [(3 * ROWS,)]
    assert rows(lake, "core/fact_event", "SELECT count(*), count(DISTINCT event_id) FROM t") == [(997, 997)]


def test_a_campaign_that_no_plan_knows_is_an_inferred_member(lake):
    members = rows(lake, "core/dim_campaign", "SELECT membership, count(*) FROM t GROUP BY ALL")

    assert dict(members) == {"registered": 40, "inferred": 2, "none": 1}  # one of ads, one of events


def test_the_mart_adds_up(lake):
    told = "SELECT sum(events), sum(cost_eur), count(*) FILTER (campaign_id = '0000000000') FROM t"
    ((events, cost, by_itself),) = rows(lake, "mart/campaign_performance_daily", told)

    kept = rows(lake, "core/fact_ad_spend", f"SELECT sum(cost_eur) FROM t WHERE spend_date = '{DAY}'")
    arrived = rows(lake, "stage/ads", f"SELECT sum(cost) FROM t WHERE date = '{DAY}' AND clicks <= impressions")
    assert events == 2 * ROWS - 3
    assert kept == arrived == [(cost,)]
    assert isinstance(cost, Decimal)
    assert by_itself == 1
