"""The folder of a run, as the real gate writes it."""

import csv
import hashlib
import json
import os
from pathlib import Path

import pytest

from cli.scene import BAD, FLIGHTS, GOOD, HEADER, Scene
from lakegate.lake.local import LocalLake
from lakegate.publish.history import read
from lakegate.publish.run_pages import render
from lakegate.reports.json import of_json
from lakegate.reports.occasion_json import of_json as occasion_of

FILES = {"run.json", "report.json", "index.html", "junit.xml", "failures.csv", "summary.md"}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A good batch, then a bad one, then one that mends something and is wrong in another way."""
    root = tmp_path_factory.mktemp("folders")
    before = Path.cwd()
    os.chdir(root)
    try:
        scene = Scene(root)
        scene.planes("N1", "N2")
        for batch, content in (
            ("part=1", GOOD),
            ("part=2", BAD),
            ("part=3", HEADER + "1,=N7,2\n2,N1,\n"),
        ):
            scene.arrive(batch, content)
            scene.promote("--batch", batch, "--samples")
        yield scene
    finally:
        os.chdir(before)


def folder(world, batch):
    (found,) = (world.lake / "references/reports/nyc/flights" / batch.replace("=", "%3D")).iterdir()
    return found


@pytest.mark.parametrize("batch", ["part=1", "part=2", "part=3"])
def test_every_file_can_be_made_again_from_two(world, batch):
    files = {file.name: file.read_bytes() for file in folder(world, batch).iterdir()}

    again = render(of_json(files["report.json"]), occasion_of(files["run.json"]))

    assert files.keys() == FILES
    assert again == files


def test_the_commit_record_holds_the_digest_of_each_file(world):
    (record,) = (world.lake / "01-raw-data-zone/_gate/commits/nyc/flights/part%3D1").glob("*.json")

    told = json.loads(record.read_text())["report_sha256"]

    assert told == {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder(world, "part=1").iterdir()
    }


def test_nulls_go_from_the_batch_into_its_report_and_its_datasets_history(world):
    told = json.loads((folder(world, "part=3") / "report.json").read_text())["profile"]

    runs = read(LocalLake(world.lake), "nyc/flights").runs

    assert told == {"rows": 2, "columns": [{"name": n, "nulls": int(n == "delay")} for n in ("id", "tailnum", "delay")]}
    assert runs[-1].nulls == {"id": 0, "tailnum": 0, "delay": 1}


def test_a_run_knows_what_changed_since_the_runs_before(world):
    second, third = (occasion_of((folder(world, batch) / "run.json").read_bytes()) for batch in ("part=2", "part=3"))

    assert second.since.passed == third.since.passed == "part=1"
    assert second.since.report == folder(world, "part=1").relative_to(world.lake).as_posix() + "/"
    assert second.since.runs == 0
    assert "flights.delay.minimum" in second.since.new
    assert third.since.runs == 1
    assert third.since.still["flights.tailnum.relationship.nyc-planes.planes.tailnum"] == "part=2"
    assert "flights.delay.minimum" in third.since.mended
    assert 0 < second.judging <= second.seconds


def test_who_judges_the_same_again_leaves_the_occasion_as_it_was(world):
    before = {file.name: file.read_bytes() for file in folder(world, "part=3").iterdir()}

    world.promote("--batch", "part=3", "--samples")

    assert {file.name: file.read_bytes() for file in folder(world, "part=3").iterdir()} == before


def test_the_rows_are_a_table_for_a_spreadsheet_without_formulas(world):
    rows = list(csv.DictReader((folder(world, "part=3") / "failures.csv").read_text().splitlines()))

    orphan = next(row for row in rows if row["field"] == "tailnum")
    assert (orphan["file"], orphan["row"], orphan["line"], orphan["value"]) == ("rows.csv", "1", "2", "'=N7")


def test_the_page_names_the_values_where_samples_were_asked_for(world):
    page = (folder(world, "part=2") / "index.html").read_text()

    assert "1 of 3 rows (33.3 %) name a tailnum that nyc/planes does not have: N9" in page
    assert f"lakegate promote {FLIGHTS} --batch part=2" in page
