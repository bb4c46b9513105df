"""What arrives in the demo's lake, and that its contracts are there to judge it."""

from __future__ import annotations

import gzip
import importlib.util
import json

import pytest

from lakegate.demo import nycflights as demo
from lakegate.errors import UsageError

pytestmark = pytest.mark.slow  # a year of flights is written


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    lake = tmp_path_factory.mktemp("lake")
    demo.arrive(lake, lambda _: None, damaged=True)
    return lake


def test_every_batch_arrives_with_its_marker(lake):
    batches = sorted(str(path.parent.relative_to(lake / "02-transient-zone")) for path in lake.rglob("_SUCCESS"))

    months = [f"month=2013-{month:02}" for month in range(1, 13)]
    expected = [f"nyc/{table}/edition={demo.EDITION}" for table in demo.REFERENCE]
    expected += [f"nyc/{table}/{month}" for table in ("flights", "weather") for month in months]
    assert batches == sorted(expected)


def test_every_dataset_that_arrives_has_a_contract(lake):
    datasets = {path.name for path in (lake / "02-transient-zone" / "nyc").iterdir()}

    contracts = {
        path.name.removesuffix(".odcs.yaml") for path in (demo.project() / "contracts" / "nyc").glob("*.odcs.yaml")
    }
    assert contracts == datasets


def test_weather_keeps_its_types(lake):
    file = lake / "02-transient-zone/nyc/weather/month=2013-02/weather.jsonl"

    hours = [json.loads(line) for line in file.read_text().splitlines()]

    assert [hour["wind_speed"] for hour in hours if (hour["wind_speed"] or 0) > 253] == [1048.36058]
    assert any(hour["wind_gust"] is None for hour in hours)
    assert isinstance(hours[0]["wind_dir"], int)


def test_the_damaged_month_arrives_repaired_under_the_same_key(lake, tmp_path):
    place = f"02-transient-zone/nyc/flights/month={demo.DAMAGED_MONTH}/flights.csv.gz"
    damaged = gzip.decompress((lake / place).read_bytes()).splitlines()
    assert damaged[12_000].endswith(b",4/13/2013 19:00")
    assert damaged[20_000].count(b",") == damaged[0].count(b",") + 1

    assert demo.arrive_repaired(lake) == place

    demo.arrive(tmp_path, lambda _: None)
    assert (lake / place).read_bytes() == (tmp_path / place).read_bytes()  # and the same bytes every time


def test_without_the_data_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    with pytest.raises(UsageError, match=r"pip install 'lakegate\[demo\]'"):
        demo.arrive(tmp_path, lambda _: None)
