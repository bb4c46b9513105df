"""`lakegate promote`: every exit code, reached by what reaches it in life."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from cli.scene import BAD, FLIGHTS, GOOD, HEADER
from lakegate.errors import LakeError


@pytest.fixture
def ready(scene):
    scene.planes("N1", "N2")
    return scene


def test_a_batch_that_keeps_its_contract_is_committed_once(ready):
    ready.arrive("part=1")

    first = ready.promote("--batch", "part=1")
    again = ready.promote("--batch", "part=1")

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert "'part=1' is committed as slot 1: 1 file, 14 passed" in first.stdout
    assert "already committed" in again.stdout
    assert len(ready.records()) == 1
    assert not list((ready.lake / "02-transient-zone/nyc/flights").rglob("*.csv"))


def test_it_names_the_page_to_open(ready):
    ready.arrive("part=1")

    line = next(line for line in ready.promote("--all").stdout.splitlines() if "report: " in line)

    page = line.partition("report: ")[2]
    assert page.startswith(str(ready.lake))
    assert "<html" in Path(page).read_text()


def test_a_violation_is_quarantined_and_judged_once_until_it_is_named(ready):
    ready.arrive("part=1", BAD)

    first = ready.promote("--all")
    skipped = ready.promote("--all")
    named = ready.promote("--batch", "part=1")

    assert (first.exit_code, skipped.exit_code, named.exit_code) == (1, 0, 1)
    assert "FAILED (4)" in first.stdout
    assert skipped.stdout == "nothing waits\n"
    assert (ready.lake / "02-transient-zone/nyc/flights/part=1/rows.csv").read_text() == BAD
    assert [file.read_text() for file in (ready.lake / "02-transient-zone/_quarantine/nyc").rglob("rows.csv")] == [BAD]
    assert ready.records() == []


@pytest.mark.parametrize(
    ("sha256", "exit_code", "state"),
    [(hashlib.sha256(GOOD.encode()).hexdigest(), 0, "is committed"), ("0" * 64, 1, "violates its contract")],
    ids=["kept", "broken"],
)
def test_a_batch_that_is_not_what_its_manifest_promised_violates_its_contract(ready, sha256, exit_code, state):
    ready.arrive("part=1", complete=False)
    promised = {"path": "rows.csv", "size": len(GOOD.encode()), "sha256": sha256}
    ready.write("lake/02-transient-zone/nyc/flights/part=1/_MANIFEST.json", json.dumps({"files": [promised]}))

    ended = ready.promote("--batch", "part=1")

    assert ended.exit_code == exit_code
    assert state in ended.stdout
    assert ("rows.csv: arrival: " in ended.stdout) == bool(exit_code)


def test_a_repaired_batch_gets_in_under_the_same_key(ready):
    ready.arrive("part=1", BAD)
    assert ready.promote("--all").exit_code == 1

    ready.arrive("part=1", GOOD)

    assert ready.promote("--all").exit_code == 0
    assert len(ready.records()) == 1
    assert list((ready.lake / "02-transient-zone/_quarantine/nyc").rglob("rows.csv"))


def test_another_content_under_a_committed_key_is_a_conflict(ready):
    ready.arrive("part=1")
    ready.promote("--all")
    ready.arrive("part=1", GOOD + "3,N1,0\n")

    ended = ready.promote("--all")

    assert ended.exit_code == 4
    assert "conflicts: slot 1 holds" in ended.stdout
    assert len(ready.records()) == 1


def test_under_new_revision_it_is_the_next_slot_and_the_one_that_is_read(ready):
    ready.change(FLIGHTS, lambda doc: doc["customProperties"][0]["value"].update(on_change="new_revision"))
    ready.arrive("part=1")
    ready.promote("--all")
    ready.arrive("part=1", GOOD + "3,N1,0\n")

    ended = ready.promote("--all")

    assert ended.exit_code == 0
    assert [(one["slot"], one["replaces"]) for one in ready.records()] == [(1, None), (2, 1)]
    (path,) = ready.run("paths", "nyc/flights", "--lake", "lake").stdout.splitlines()
    assert Path(path).read_text() == GOOD + "3,N1,0\n"


def test_an_incomplete_batch_is_not_ready(ready):
    ready.arrive("part=1", complete=False)

    ended = ready.promote("--batch", "part=1")

    assert (ended.exit_code, ended.stdout) == (3, "'part=1' is not ready: there is no _SUCCESS yet\n")
    assert ready.judge("--batch", "part=1").exit_code == 3


def test_without_its_reference_data_a_batch_cannot_be_evaluated(scene):
    scene.arrive("part=1")

    ended = scene.promote("--batch", "part=1")

    assert ended.exit_code == 5
    assert "no committed rows of nyc/planes" in ended.stdout
    assert scene.records() == []
    assert not list((scene.lake / "02-transient-zone/_quarantine").rglob("rows.csv"))


def test_a_link_in_the_drop_is_refused(ready):
    folder = ready.arrive("part=1")
    (folder / "more.csv").symlink_to("/etc/hostname")

    ended = ready.promote("--batch", "part=1")

    assert ended.exit_code == 6
    assert "more.csv' is no plain file" in ended.stderr
    assert ready.records() == []


def test_a_rule_that_nobody_runs_blocks(ready):
    rule = {"type": "custom", "engine": "soda", "implementation": {"checks": "x"}}
    ready.change(FLIGHTS, lambda doc: doc["schema"][0].update(quality=[rule]))
    ready.arrive("part=1")

    ended = ready.promote("--batch", "part=1")

    assert ended.exit_code == 2
    assert "UNSUPPORTED (1)" in ended.stdout
    assert ready.records() == []


def several(scene):
    """Five batches that end in five ways; the refused one stands among the others."""
    scene.arrive("part=1")
    (scene.arrive("part=2") / "more.csv").symlink_to("/etc/hostname")
    scene.arrive("part=3", BAD)
    scene.arrive("part=4", complete=False)
    scene.arrive("part=5")


def test_one_bad_batch_does_not_keep_the_others(ready):
    several(ready)

    ended = ready.promote("--all")

    assert ended.exit_code == 6
    assert [one["batch"] for one in ready.records()] == ["part=1", "part=5"]
    for text in ("'part=1' is committed", "'part=3' violates", "'part=4' is not ready", "'part=5' is committed"):
        assert text in ended.stdout
    assert "lakegate: nyc/flights part=2: " in ended.stderr


def test_in_json_every_batch_is_told(ready):
    several(ready)

    told = json.loads(ready.promote("--all", "--output-format", "json").stdout)

    assert {one["batch"]: (one["state"], one["exitCode"]) for one in told} == {
        "part=1": ("committed", 0),
        "part=2": ("error", 6),
        "part=3": ("quarantined", 1),
        "part=4": ("not ready", 3),
        "part=5": ("committed", 0),
    }


def test_an_error_outranks_a_violation_and_a_violation_what_is_not_ready(ready):
    ready.arrive("part=3", BAD)
    ready.arrive("part=4", complete=False)

    assert ready.promote("--all").exit_code == 1
    assert ready.promote("--all").exit_code == 3  # the violation was judged, and is skipped


def test_a_disk_that_fails_for_one_batch_is_told_of_that_batch(ready, monkeypatch):
    from lakegate.worker.process import Worker

    judged = Worker.judge

    def failing(worker, question):
        if question.subject.batch == "part=1":
            raise OSError(28, "No space left on device", "/spool/rows")
        return judged(worker, question)

    monkeypatch.setattr(Worker, "judge", failing)
    ready.arrive("part=1", HEADER + "999,N1,1\n")
    ready.arrive("part=2")

    ended = ready.promote("--all")

    assert ended.exit_code == 5
    assert "part=1: /spool/rows: No space left on device" in ended.stderr
    assert [one["batch"] for one in ready.records()] == ["part=2"]


def test_a_contract_that_cannot_be_asked_is_told_before_a_batch_is_touched(ready):
    rule = {"type": "sql", "query": "SELECT count(*) FROM read_csv('/etc/passwd')", "mustBe": 0}
    ready.change(FLIGHTS, lambda doc: doc["schema"][0].update(quality=[rule]))
    ready.arrive("part=1")
    ready.arrive("part=2")
    before = ready.tree()

    ended = ready.promote("--all")

    assert ended.exit_code == 6
    assert ended.stderr.count("read_csv") == 1
    assert ready.tree() == before


def test_a_mistake_of_our_own_does_not_blame_the_data(ready, monkeypatch):
    from lakegate.worker.process import Worker

    monkeypatch.setattr(Worker, "judge", lambda *_: 1 / 0)
    ready.arrive("part=1")

    ended = ready.promote("--batch", "part=1")
    traced = ready.run("--debug", "promote", FLIGHTS, "--lake", "lake", "--all")

    assert ended.exit_code == traced.exit_code == 5
    assert ended.stderr.startswith("lakegate: this is a mistake of lakegate's own: ZeroDivisionError: division by zero")
    assert "Traceback" in traced.stderr
    assert ready.records() == []


def test_a_column_of_nothing_but_nulls_is_judged(ready):
    ready.arrive("part=1", HEADER + "1,N1,\n")

    assert ready.promote("--batch", "part=1").exit_code == 0


def test_warnings_block_where_that_is_asked_for(ready):
    ready.arrive("part=1", HEADER + "1,N1,\n")

    assert ready.promote("--batch", "part=1", "--fail-on", "warning").exit_code == 1
    assert ready.promote("--batch", "part=1").exit_code == 0


@pytest.mark.parametrize("words", [(), ("--all", "--batch", "part=1")], ids=["neither", "both"])
def test_either_one_batch_or_all(ready, words):
    ended = ready.promote(*words)

    assert ended.exit_code == 2
    assert "expected either --batch KEY or --all" in ended.stderr


def test_where_the_output_goes_is_looked_at_before_anything_is_moved(ready):
    ready.arrive("part=1")

    ended = ready.promote("--all", "--output", "nowhere/report.txt")

    assert ended.exit_code == 2
    assert ready.records() == []


def test_the_output_file_holds_what_the_screen_would_show(ready):
    ready.arrive("part=1")

    ended = ready.promote("--all", "--output", "report.txt")

    assert ended.stdout == ""
    assert (ready.root / "report.txt").read_text().startswith("'part=1' is committed as slot 1")


def test_batches_are_told_as_they_begin_and_end(ready):
    ready.arrive("part=1")
    ready.arrive("part=2", BAD)

    assert ready.promote("--all").stderr.splitlines() == [
        "lakegate: 1 of 2: nyc/flights part=1",
        "lakegate: 1 of 2: nyc/flights part=1: committed",
        "lakegate: 2 of 2: nyc/flights part=2",
        "lakegate: 2 of 2: nyc/flights part=2: quarantined",
    ]


def test_what_readers_are_told_keeps_no_batch_from_its_gate(ready, monkeypatch):
    def broken(*_):
        raise KeyError("a text that nobody thought of")

    monkeypatch.setattr("lakegate.run.described", broken)
    monkeypatch.setattr("lakegate.publish.site.show", broken)
    monkeypatch.setattr("lakegate.publish.rebuild.rebuild", broken)
    ready.arrive("part=1")

    ended = ready.promote("--batch", "part=1")

    assert ended.exit_code == 0, ended.output
    assert [record["state"] for record in ready.records()] == ["COMMITTED"]


def test_what_could_not_be_shown_is_shown_by_the_next_run_although_nothing_waits(ready, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr("lakegate.publish.site.publish", lambda *_: (_ for _ in ()).throw(LakeError("no space")))
        ready.arrive("part=1", BAD)
        assert ready.promote("--all").exit_code == 1

    ended = ready.promote("--all")

    assert (ended.exit_code, ended.stdout) == (0, "nothing waits\n")
    board = json.loads((ready.lake / "references/board.json").read_text())["datasets"]["nyc/flights"]
    assert (board["state"], board["kept_out"]) == ("blocked", 1)
    assert not list((ready.lake / "references/_pending/nyc/flights").glob("*"))


def test_each_batch_of_one_command_is_told_what_changed_since_the_one_before(ready):
    ready.arrive("part=1")
    ready.arrive("part=2", BAD)
    ready.arrive("part=3", BAD.replace("1,N9", "7,N9"))

    ready.promote("--all")

    told = {}
    for file in (ready.lake / "references/reports/nyc/flights").glob("*/*/run.json"):
        told[file.parent.parent.name] = json.loads(file.read_text())["since"]
    assert [told[f"part%3D{n}"]["passed"] for n in (1, 2, 3)] == [None, "part=1", "part=1"]
    assert [told[f"part%3D{n}"]["runs"] for n in (1, 2, 3)] == [0, 0, 1]
    assert "flights.primaryKey" in told["part%3D2"]["new"]
    assert told["part%3D3"]["mended"] == ["flights.primaryKey"]
    assert told["part%3D3"]["still"]["flights.delay.minimum"] == "part=2"
