"""The example tables: every transform over a whole year gives the same bytes twice, no flight and no euro is lost."""

from __future__ import annotations

from decimal import Decimal

import pytest

from demo import plain_duckdb
from demo.plain_duckdb import EVENTS, HOURS, UNKNOWN_CAMPAIGNS, tables
from lakegate.contract.lint import lint
from lakegate.contract.odcs import load
from lakegate.demo.nycflights import project

FLIGHTS = 336_776
MILES = 350_217_607
MINUTES_LATE = 2_257_174  # of all flights that arrived, early ones counted against late ones


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Everything built twice from what arrived: a connection to the second, the digests of both."""
    lake = tmp_path_factory.mktemp("lake")
    plain_duckdb.arrived(lake)
    _, once = plain_duckdb.built(lake, tmp_path_factory.mktemp("once"))
    connection, again = plain_duckdb.built(lake, tmp_path_factory.mktemp("again"))
    yield connection, once, again
    connection.close()


@pytest.fixture
def rows(made):
    connection, *_ = made
    return lambda query: connection.execute(query).fetchall()


def contracts():
    return {name: project() / "contracts" / f"{name}.odcs.yaml" for name in tables()}


def test_every_table_has_a_contract_that_is_sound():
    found = {name: [problem.message for problem in lint([str(path)])] for name, path in contracts().items()}

    assert {name: problems for name, problems in found.items() if problems} == {}


def test_every_contract_of_a_table_has_its_transform():
    layers = [path for layer in plain_duckdb.LAYERS for path in (project() / "contracts" / layer).glob("*.odcs.yaml")]

    assert {load(path).name for path in layers} == set(tables())


def test_contracts_of_tables_are_told_for_people():
    for name, path in contracts().items():
        contract = load(path)

        assert contract.id == name.replace("/", "-").replace("_", "-")
        assert contract.owner
        assert contract.domain
        assert {"purpose", "usage"} <= set(contract.document["description"])
        assert contract.document["support"]
        assert contract.schema[0].primary_key


def test_the_same_inputs_give_the_same_bytes(made):
    _, once, again = made

    assert once == again
    assert set(once) == set(tables())


def test_columns_are_those_of_the_contract_and_no_number_is_a_float(made):
    connection, *_ = made
    for name, path in contracts().items():
        found = {row[0]: row[1] for row in connection.execute(f'DESCRIBE "{name}"').fetchall() if row[0] != "batch"}

        assert list(found) == [prop.physical_name for prop in load(path).schema[0].properties]
        assert not set(found.values()) & {"FLOAT", "DOUBLE", "HUGEINT"}, name


def test_a_restricted_column_is_restricted_in_every_layer():
    for name, path in contracts().items():
        for prop in load(path).schema[0].properties:
            if prop.name == "visitor_id":
                assert prop.classification == "restricted", name


@pytest.mark.parametrize("table", ["nyc/flights", "stage/flights", "cleanse/flights", "core/fact_flight"])
def test_no_flight_is_lost_on_the_way(rows, table):
    miles, late = (
        ("distance", "arr_delay") if table in ("nyc/flights", "stage/flights") else ("distance_mi", "arrival_delay_min")
    )

    assert rows(f'SELECT count(*), sum({miles}), sum({late}) FROM "{table}"') == [(FLIGHTS, MILES, MINUTES_LATE)]


def test_every_flight_is_counted_in_the_mart(rows):
    sums = "sum(flights), sum(distance_mi), sum(arrival_delay_min), sum(arrived), sum(cancelled), sum(diverted)"

    assert rows(f'SELECT {sums} FROM "mart/carrier_delay_daily"') == [
        (FLIGHTS, MILES, MINUTES_LATE, 327_346, 8_255, 1_175)
    ]


@pytest.mark.parametrize(
    ("fact", "column", "dimension", "key"),
    [
        ("fact_flight", "flight_date", "dim_date", "date"),
        ("fact_flight", "carrier", "dim_carrier", "carrier"),
        ("fact_flight", "origin", "dim_airport", "airport"),
        ("fact_flight", "destination", "dim_airport", "airport"),
        ("fact_flight", "tail_number", "dim_plane", "tail_number"),
        ("fact_event", "event_date", "dim_date", "date"),
        ("fact_event", "visitor_id", "dim_visitor", "visitor_id"),
        ("fact_event", "campaign_id", "dim_campaign", "campaign_id"),
        ("fact_ad_spend", "spend_date", "dim_date", "date"),
        ("fact_ad_spend", "campaign_id", "dim_campaign", "campaign_id"),
    ],
)
def test_the_star_has_no_orphan(rows, fact, column, dimension, key):
    joined = f'"core/{fact}" AS fact LEFT JOIN "core/{dimension}" AS dim ON fact.{column} = dim.{key}'

    assert rows(f"SELECT count(*) FROM {joined} WHERE dim.{key} IS NULL") == [(0,)]
    assert rows(f"SELECT count(*) FROM {joined}") == rows(f'SELECT count(*) FROM "core/{fact}"')


@pytest.mark.parametrize(
    ("dimension", "members"),
    [
        ("dim_airport", {"registered": 1_458, "inferred": 4}),
        ("dim_carrier", {"registered": 16}),
        ("dim_plane", {"registered": 3_322, "inferred": 721, "none": 1}),
        ("dim_campaign", {"registered": 40, "inferred": UNKNOWN_CAMPAIGNS, "none": 1}),
    ],
)
def test_what_only_facts_name_is_an_inferred_member(rows, dimension, members):
    assert dict(rows(f'SELECT membership, count(*) FROM "core/{dimension}" GROUP BY ALL')) == members


def test_flights_to_airports_that_no_register_knows_are_there(rows):
    unknown = """
        SELECT count(*), list(DISTINCT destination ORDER BY destination)
        FROM "core/fact_flight" JOIN "core/dim_airport" ON destination = airport WHERE membership = 'inferred'
    """

    assert rows(unknown) == [(7_602, ["BQN", "PSE", "SJU", "STT"])]


def test_midnight_is_minute_0_and_times_agree_with_delays(rows):
    written = rows(
        "SELECT count(*) FILTER (dep_time = '2400'), count(*) FILTER (arr_time = '2400') FROM \"nyc/flights\""
    )
    midnight = (
        'SELECT count(*) FILTER (departure_minute = 0), count(*) FILTER (arrival_minute = 0) FROM "cleanse/flights"'
    )
    off = "(departure_minute - scheduled_departure_minute - departure_delay_min) % 1440 <> 0"

    assert written == [(29, 150)]
    assert rows(midnight) == written
    assert rows(f'SELECT count(*) FROM "cleanse/flights" WHERE {off}') == [(0,)]


def test_two_hours_of_one_name_are_two_hours(rows):
    twice = """
        SELECT count(*) FROM "cleanse/weather"
        GROUP BY station, local_date, local_hour HAVING count(*) > 1
    """

    assert rows(twice) == [(2,)] * 3  # one o'clock on 2013-11-03 at each station
    assert rows('SELECT count(DISTINCT (station, observed_at)) FROM "cleanse/weather"') == [(26_115,)]


def test_no_euro_is_lost_on_the_way(rows):
    ((cost, revenue),) = rows('SELECT sum(cost_eur), sum(revenue_eur) FROM "mart/campaign_performance_daily"')

    assert [(cost,)] == rows('SELECT sum(cost::DECIMAL(12, 2)) FROM "google/ads"')
    assert [(revenue,)] == rows('SELECT sum(order_value::DECIMAL(12, 2)) FROM "tealium/events"')
    assert isinstance(cost, Decimal)
    assert rows('SELECT sum(events) FROM "mart/campaign_performance_daily"') == [(HOURS * EVENTS,)]
