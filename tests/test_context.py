"""What a verdict reads beside the batch is pinned, told, and part of the report's id."""

from __future__ import annotations

import json

import pytest

from cli.scene import FLIGHTS, GOOD, PLANES, Scene


@pytest.fixture
def scene(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Scene(tmp_path)


def verdict(scene, *words):
    return json.loads(scene.judge("--batch", "part=1", "--output-format", "json", *words).stdout)


def test_the_slots_of_other_datasets_stand_in_verdict_and_record(scene):
    scene.planes("N1", part="1")
    scene.planes("N2", part="2")
    scene.arrive("part=1")

    told = verdict(scene)
    scene.promote("--all")

    slots = [{"batch": "part=1", "slot": 1}, {"batch": "part=2", "slot": 1}]
    assert told["context"] == {"asOf": None, "slots": {"nyc/planes": slots}, "files": []}
    (record,) = scene.records()
    assert record["context"] == {"as_of": None, "slots": {"nyc/planes": [["part=1", 1], ["part=2", 1]]}}
    assert record["report"].rstrip("/").endswith(told["reportId"])


def test_new_reference_data_is_another_report(scene):
    scene.planes("N1", part="1")
    scene.arrive("part=1")
    before = verdict(scene)
    scene.planes("N2", part="2")

    after = verdict(scene)

    assert (before["exitCode"], after["exitCode"]) == (1, 0)
    assert before["reportId"] != after["reportId"]


def test_the_latest_revision_of_reference_data_is_read(scene):
    scene.change(PLANES, lambda doc: doc["customProperties"][0]["value"].update(on_change="new_revision"))
    scene.planes("N1", part="1")
    scene.planes("N1", "N2", part="1")
    scene.arrive("part=1")

    told = verdict(scene)

    assert told["context"]["slots"] == {"nyc/planes": [{"batch": "part=1", "slot": 2}]}
    assert told["exitCode"] == 0


def test_without_a_clock_judging_again_is_the_same_report(scene):
    scene.planes("N1", "N2")
    scene.arrive("part=1")

    first, again = verdict(scene), verdict(scene, "--as-of", "2013-01-01")

    assert first["context"]["asOf"] is None
    assert first == again  # no check reads the clock, so the time asked for is no part of it


def fresh(doc):
    doc["schema"][0]["properties"].append({"name": "at", "logicalType": "timestamp"})
    doc["slaProperties"] = [{"property": "freshness", "value": 2, "unit": "h", "element": "flights.at"}]


def test_what_reads_the_clock_says_when(scene):
    scene.change(FLIGHTS, fresh)
    scene.planes("N1", "N2")
    scene.arrive("part=1", "id,tailnum,delay,at\n1,N1,2,2013-01-01T12:00:00\n")

    now = verdict(scene)
    then = verdict(scene, "--as-of", "2013-01-01T13:00:00")
    again = verdict(scene, "--as-of", "2013-01-01T13:00:00")

    assert now["context"]["asOf"].endswith("+00:00")
    assert (now["exitCode"], then["exitCode"]) == (1, 0)
    assert then["context"]["asOf"] == "2013-01-01T13:00:00+00:00"
    assert then["reportId"] == again["reportId"] != now["reportId"]


def test_committed_reference_data_that_was_changed_is_no_pass(scene):
    scene.planes("N1", "N2")
    (file,) = (scene.lake / "03-master-data-zone/nyc/planes").rglob("rows.csv")
    file.chmod(0o644)
    file.write_text("tailnum\nN1\nN2\nN3\n")
    scene.arrive("part=1", GOOD)

    ended = scene.judge("--batch", "part=1")

    assert ended.exit_code == 5
    assert "expected" in ended.stderr
