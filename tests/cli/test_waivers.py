"""`lakegate waive`, and judging alone, as people at a terminal meet them."""

import datetime as dt
import json
import shlex

import pytest

from cli.scene import FLIGHTS, HEADER

BAD = HEADER + "1,N1,2\n1,N2,-300\n"
RULES = ("flights.delay.minimum", "flights.primaryKey")


def allowed(scene):
    """A bad batch was judged, and the contract lets ana waive it."""
    waiver = {"allowed": True, "approvers": ["ana"], "max_days": 3}
    scene.change(FLIGHTS, lambda document: document["customProperties"][0]["value"].update(waiver=waiver))
    scene.planes("N1", "N2")
    scene.arrive("part=1", BAD)
    ended = scene.promote("--batch", "part=1", "--only-judge")
    assert ended.exit_code == 1, ended.output
    return scene


def waive(scene, *words):
    asked = ("--batch", "part=1", "--approver", "ana", "--reason", "the sensor is known")
    return scene.run("waive", FLIGHTS, "--lake", "lake", *asked, *words)


def test_a_batch_is_judged_waived_and_promoted(scene):
    allowed(scene)
    assert scene.records() == []

    ended = waive(scene, "--days", "3", "--limit", f"{RULES[0]}=4")

    assert ended.exit_code == 0, ended.output
    first, *rules, record, following = ended.stdout.splitlines()
    assert first.startswith("'part=1' of nyc/flights is waived by ana until ")
    assert rules == [f"  {RULES[0]}: at most 4 failing rows", f"  {RULES[1]}: at most 2 failing rows"]
    assert record.startswith("waiver ")
    assert "waived by ana since it was judged" in scene.run("status", FLIGHTS, "--lake", "lake").stdout
    promoted = scene.run(*shlex.split(following)[2:])
    assert promoted.exit_code == 0, promoted.output
    assert "'part=1' is committed as slot 1: 1 file, waived" in promoted.stdout
    assert "  2 checks waived by ana until " in promoted.stdout
    assert [record["verdict"] for record in scene.records()] == ["waived"]


def test_the_waived_report_says_by_whom_until_when_and_why(scene):
    allowed(scene)
    waive(scene, "--expires", str(dt.datetime.now(dt.UTC).date() + dt.timedelta(days=2)))

    ended = scene.promote("--batch", "part=1", "--verbose")

    assert "WAIVED (2)" in ended.stdout
    assert "waived by ana until " in ended.stdout
    assert "00:00:00+00:00: the sensor is known" in ended.stdout
    assert "WAIVED: 2 rows in 1 file" in ended.stdout


def test_json_holds_the_record_and_the_next_command(scene):
    allowed(scene)

    told = json.loads(waive(scene, "--days", "1", "--rule", RULES[1], "--json").stdout)

    assert (told["rules"], told["limits"], told["approver"]) == ([RULES[1]], {RULES[1]: 2}, "ana")
    assert told["next"] == ["lakegate", "promote", FLIGHTS, "--batch", "part=1", "--lake", "lake"]


def test_what_lies_in_quarantine_alone_is_released_next(scene):
    allowed(scene)
    for file in (scene.lake / "02-transient-zone/nyc/flights/part=1").iterdir():
        file.unlink()

    following = waive(scene, "--days", "1").stdout.splitlines()[-1]
    ended = scene.run(*shlex.split(following)[2:])

    assert "quarantine release" in following
    assert ended.exit_code == 0, ended.output
    assert [record["verdict"] for record in scene.records()] == ["waived"]


def revoke(scene, name, *words):
    asked = ("--batch", "part=1", "--approver", "ana", "--reason", "it was a mistake")
    return scene.run("waive", FLIGHTS, "--lake", "lake", *asked, "--revoke", name, *words)


def test_a_waiver_is_taken_back_and_the_very_same_is_not_given_again(scene):
    allowed(scene)
    until = ("--expires", str(dt.datetime.now(dt.UTC).date() + dt.timedelta(days=2)), "--json")
    given = json.loads(waive(scene, *until).stdout)

    ended = revoke(scene, "all")

    assert ended.exit_code == 0, ended.output
    first, second = ended.stdout.splitlines()
    assert first.startswith(f"waiver {given['id']} of 'part=1' of nyc/flights lets nothing in: ana revoked it at ")
    assert first.endswith(": it was a mistake")
    assert second.startswith("  it was given by ana, until ")
    assert f"waiver {given['id']}: ana revoked it at" in scene.run("status", FLIGHTS, "--lake", "lake").stdout
    promoted = scene.promote("--batch", "part=1")
    assert promoted.exit_code == 6
    assert f"waiver {given['id']} does not hold: ana revoked it at" in promoted.stdout
    assert [one["state"] for one in scene.records()] == ["ABANDONED"]
    again = waive(scene, *until)
    assert (again.exit_code, "this very waiver of 'part=1' is revoked" in again.stderr) == (6, True)
    (told,) = json.loads(revoke(scene, given["id"], "--json").stdout)
    assert (told["id"], told["revoked"].partition(": ")[2]) == (given["id"], "it was a mistake")


def test_a_waiver_that_does_not_hold_any_more_is_refused(scene):
    allowed(scene)
    waive(scene, "--days", "1")
    scene.arrive("part=1", BAD + "3,N1,-500\n")

    ended = scene.promote("--all")

    assert ended.exit_code == 6
    assert "does not hold: it is for other bytes" in ended.stdout
    assert scene.records() == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "expected either --expires TIME or --days N"),
        (("--days", "1", "--expires", "2099-01-01"), "expected either --expires TIME or --days N"),
        (("--days", "999999999"), "is beyond the calendar"),
        (("--expires", "soon"), "is neither a date nor an instant"),
        (("--expires", "2020-01-01"), "is not in the future"),
        (("--days", "1", "--limit", "flights.primaryKey"), "expected RULE=ROWS"),
        (("--days", "1", "--limit", "a=-1"), "expected RULE=ROWS"),
        (("--days", "1", "--limit", "a=1", "--limit", "a=2"), "a has a limit already"),
        (("--days", "1", "--revoke", "all"), "--days says nothing beside --revoke"),
        (("--rule", "a", "--revoke", "all"), "--rule says nothing beside --revoke"),
        (("--revoke", "../../x"), "'part=1' of nyc/flights has no waiver"),
    ],
)
def test_what_is_said_wrongly_is_told(scene, words, why):
    ended = waive(scene, *words)

    assert ended.exit_code == 2
    assert why in ended.stderr


def test_judging_alone_commits_nothing_and_tells_what_would_be(scene):
    scene.planes("N1", "N2")
    scene.arrive("part=1")

    ended = scene.promote("--all", "--only-judge")

    assert ended.exit_code == 0
    assert "'part=1' keeps its contract; nothing was committed" in ended.stdout
    assert scene.records() == []
    assert (scene.lake / "02-transient-zone/nyc/flights/part=1/rows.csv").exists()
    assert scene.promote("--all").exit_code == 0
