"""What looks and touches nothing: `status`, `paths`, `plan`, `--help`, and messages of wrong usage."""

from __future__ import annotations

import json
import os

import pytest

from cli.scene import BAD, FLIGHTS, GOOD, PLANES


@pytest.fixture
def busy(scene):
    """A batch in every standing."""
    scene.planes("N1", "N2")
    scene.arrive("part=1")
    scene.arrive("part=2", BAD)
    scene.arrive("part=10")
    scene.promote("--all")
    scene.arrive("part=10", GOOD + "9,N1,1\n")
    scene.promote("--all")
    scene.arrive("part=3")
    scene.arrive("part=4", complete=False)
    return scene


STANDINGS = {
    "part=1": "committed",
    "part=2": "quarantined",
    "part=3": "arrived",
    "part=4": "waiting",
    "part=10": "conflicted",
}


@pytest.mark.parametrize("words", [(), (FLIGHTS,)], ids=["project", "contract"])
def test_status_tells_where_every_batch_stands(busy, words):
    told = json.loads(busy.run("status", *words, "--lake", "lake", "--json").stdout)

    standings = {one["batch"]: one["standing"] for one in told if one["dataset"] == "nyc/flights"}
    assert list(standings.items()) == list(STANDINGS.items())  # in the order of the keys' fields
    assert ({one["dataset"] for one in told} == {"nyc/flights"}) is bool(words)


def test_status_is_a_line_for_each_batch(busy):
    head, *lines = busy.run("status", "--lake", "lake").stdout.splitlines()

    assert head.split() == ["dataset", "batch", "stands", "files", "bytes", "why"]
    assert [line.split()[:3] for line in lines[:-1]] == [["nyc/flights", *pair] for pair in STANDINGS.items()]
    assert lines[-1].split()[:3] == ["nyc/planes", "part=1", "committed"]


def test_looking_changes_nothing(busy):
    before = busy.tree()

    for words in (("status",), ("paths", "nyc/flights"), ("test", FLIGHTS)):
        busy.run(*words, "--lake", "lake")

    assert busy.tree() == before


def test_a_wrong_contract_does_not_hide_the_others(busy):
    busy.write("contracts/broken.odcs.yaml", "kind: DataContract\n")

    ended = busy.run("status", "--lake", "lake", "--json")
    paths = busy.run("paths", "nyc/planes", "--lake", "lake")

    assert ended.exit_code == 2
    assert {one["dataset"] for one in json.loads(ended.stdout)} == {"nyc/flights", "nyc/planes"}
    assert "contracts/broken.odcs.yaml" in ended.stderr
    assert paths.exit_code == 0


def test_status_outside_a_project_says_so(scene, monkeypatch):
    monkeypatch.chdir(scene.lake)
    os.rename(scene.root / "contracts", scene.root / "elsewhere")  # noqa: PTH104 - one word less

    ended = scene.run("status", "--lake", ".")

    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "no contract is found at" in ended.stderr


def test_an_empty_lake_has_no_batches(scene):
    ended = scene.run("status", "--lake", "lake")

    assert (ended.exit_code, ended.stdout) == (0, "no batch has arrived\n")


def test_what_cannot_be_told_is_not_told_as_nothing(scene):
    record = scene.lake / "02-transient-zone/_quarantine/_gate/nyc/flights/part%3D1/0.json"
    record.parent.mkdir(parents=True)
    record.write_text("{")

    ended = scene.run("status", "--lake", "lake")

    assert (ended.exit_code, ended.stdout) == (5, "")
    assert "is not a quarantine record" in ended.stderr
    assert "(restore it, or take it away: its batch is then judged again)" in ended.stderr


def test_paths_are_exactly_the_committed_files(busy):
    stray = busy.lake / "01-raw-data-zone/nyc/flights/batch=part%3D1/rev=000000000000-000009"
    stray.mkdir()
    (stray / "stray.csv").write_text(GOOD)

    found = busy.run("paths", "nyc/flights", "--lake", "lake").stdout.splitlines()

    listed = [str(busy.lake / file["key"]) for record in busy.records() for file in record["files"]]
    assert sorted(found) == sorted(listed)
    assert [path.split("/batch=")[1].split("/")[0] for path in found] == ["part%3D1", "part%3D10"]


@pytest.mark.parametrize(
    ("dataset", "told"), [("nyc/flihgts", "did you mean nyc/flights?"), ("zzz", "datasets: nyc/flights, nyc/planes")]
)
def test_an_unknown_dataset_gets_the_near_name(scene, dataset, told):
    ended = scene.run("paths", dataset, "--lake", "lake")

    assert ended.exit_code == 2
    assert told in ended.stderr


def test_a_dataset_in_two_zones_is_asked_for_with_its_zone(scene):
    twin = json.loads((scene.root / PLANES).read_text())
    twin["id"] = "nyc-planes-raw"
    twin["servers"][1]["location"] = "s3://example-lake/01-raw-data-zone/nyc/planes/"
    scene.write("contracts/nyc/planes-raw.odcs.yaml", twin)
    for way in (PLANES, "contracts/nyc/planes-raw.odcs.yaml"):
        scene.arrive("part=1", "tailnum\nN1\n", dataset="nyc/planes")
        assert scene.run("promote", way, "--all", "--lake", "lake").exit_code == 0

    unsaid = scene.run("paths", "nyc/planes", "--lake", "lake")
    said = scene.run("paths", "03-master-data-zone/nyc/planes", "--lake", "lake")

    assert unsaid.exit_code == 2
    assert "say which: 01-raw-data-zone/nyc/planes, 03-master-data-zone/nyc/planes" in unsaid.stderr
    assert said.stdout.count("\n") == 1


def test_a_batch_key_with_a_typo_gets_the_near_name(scene):
    scene.arrive("part=11")

    ended = scene.judge("--batch", "part=1l")

    assert ended.exit_code == 3
    assert "did you mean part=11?" in ended.stderr


def test_a_plan_shows_its_sql_and_opens_no_lake(scene):
    ended = scene.run("plan", FLIGHTS)

    assert ended.exit_code == 0
    assert 'count_if("id" IS NULL)' in ended.stdout
    assert "nyc/planes" in ended.stdout


def test_a_plan_tells_what_the_intake_skips_and_why(scene):
    for contract in (FLIGHTS, PLANES):
        scene.change(contract, lambda doc: [server.update(format="parquet") for server in doc["servers"]])

    told = scene.run("plan", FLIGHTS).stdout

    batch, _, beside = told.partition("the committed batches of nyc/planes")
    assert "done: a walk over its pages" in batch
    assert "skipped" not in batch
    assert "skipped: the walk over its pages" in beside
    assert "because that was done before it was committed, and its sha256 is that of the commit record" in beside


def test_names_in_a_lake_cannot_steer_the_terminal(scene):
    scene.arrive("part=[bold]\u202ex")

    ended = scene.run("status", "--lake", "lake")

    assert r"part=[bold]\u202ex" in ended.stdout
    assert "\u202e" not in ended.stdout


@pytest.mark.parametrize("words", [("tset",), ("test",), ("test", FLIGHTS, "--dta", "x"), ("status", "--jsn")])
def test_wrong_usage_is_2(scene, words):
    assert scene.run(*words).exit_code == 2
