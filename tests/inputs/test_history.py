"""Batches of a lake that are compared with those before them, and with those that they were made of."""

import json

import pytest

from inputs.world import World, prop
from lakegate.gate import state
from lakegate.lake.local import LocalLake
from lakegate.lake.zones import Place

TARGET = Place("01-raw-data-zone", "in/rows")


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return World(tmp_path)


def usual(measure="rowCount", *, column=None, **against):
    implementation = {"measure": measure, "against": {"minBatches": 3, "maxZScore": 4, **against}}
    implementation |= {"column": column} if column else {}
    return {"id": f"{measure}_usual", "type": "custom", "engine": "lakegate", "implementation": implementation}


def gate(**more):
    return {"batch": {"by": "folder", "key": "dt={date}", "complete": "success"}, "on_change": "new_revision", **more}


def day(number):
    return f"dt=2026-03-{number:02}"


def arrive(world, number, rows, value="1"):
    world.arrive({"x.csv": "a\n" + f"{value}\n" * rows}, day(number))


def promote(world, number, rows, value="1"):
    arrive(world, number, rows, value)
    return world.promote(day(number))


def told(ended, key="rows.quality.rowCount_usual"):
    (check,) = [check for check in ended.report["checks"] if check["key"] == key]
    return check


def test_history_begins_by_itself_and_then_blocks_what_is_unusual(world):
    world.contract(prop("a", "integer"), gate=gate(), quality=[usual(), usual("mean", column="a", maxZScore=4)])

    first = [told(promote(world, number, rows)) for number, rows in enumerate((10, 11, 10), 1)]
    fourth, burst = promote(world, 4, 9), promote(world, 5, 100)

    counts = [f"too little history: {number} of 3 batches" for number in range(3)]
    assert [check["outcome"] for check in first] == ["not applicable"] * 3
    assert [check["reason"] for check in first] == counts
    assert (fourth.exit_code, burst.exit_code) == (0, 1)
    assert "expected a z-score of at most 4 from 10, the median of 4 earlier batches" in told(burst)["reason"]
    assert burst.report["context"]["history"] == [{"batch": day(number), "slot": 1} for number in (1, 2, 3, 4)]
    burst.line("got 100 (a z-score of")


def test_a_blocked_batch_is_in_nobodys_history(world):
    world.contract(prop("a", "integer"), gate=gate(), quality=[usual()])
    for number, rows in enumerate((10, 11, 10, 100, 100), 1):
        promote(world, number, rows)

    ended = promote(world, 6, 10)

    assert ended.exit_code == 0
    assert told(ended)["diagnostics"]["batches"] == [day(1), day(2), day(3)]


def test_a_late_batch_is_compared_with_what_precedes_it(world):
    world.contract(prop("a", "integer"), gate=gate(), quality=[usual()])
    for number in (1, 2, 3, 5, 6):
        promote(world, number, 10 + number)

    late = promote(world, 4, 12)

    assert told(late)["diagnostics"]["numbers"] == [11, 12, 13]


def test_a_revision_is_judged_by_the_same_history_and_takes_the_place_of_the_old_one(world):
    world.contract(prop("a", "integer"), gate=gate(), quality=[usual()])
    for number in (1, 2, 3, 4):
        promote(world, number, 10 + number)

    again = promote(world, 3, 12)  # 13 rows before
    later = promote(world, 5, 12)

    assert told(again)["diagnostics"]["numbers"] == [11, 12]
    assert told(later)["diagnostics"]["numbers"] == [11, 12, 12, 14]
    assert {"batch": day(3), "slot": 2} in later.report["context"]["history"]


def test_judging_a_committed_batchs_bytes_again_is_the_same_report(world):
    world.contract(prop("a", "integer"), gate=gate(), quality=[usual()])
    for number in (1, 2, 3):
        promote(world, number, 10)
    arrive(world, 4, 10)

    one, two = (
        json.loads(
            world.run("test", "contracts/in/rows.odcs.yaml", "--lake", "lake", "--batch", day(4), *as_json).output
        )
        for as_json in [("--output-format", "json")] * 2
    )
    done = world.promote(day(4))

    assert one == two
    assert done.report == one
    assert done.exit_code == 0


def test_numbers_begin_with_the_commit_records_that_are_there_already(world):
    world.contract(prop("a", "integer"), gate=gate())
    for number in (1, 2, 3):
        promote(world, number, 10)
    world.contract(prop("a", "integer"), gate=gate(), quality=[usual(), usual("mean", column="a")], version="1.1.0")

    ended = promote(world, 4, 10)

    assert told(ended)["outcome"] == "passed"
    assert told(ended, "rows.quality.mean_usual")["reason"] == "too little history: 0 of 3 batches"


def test_what_is_kept_stands_beside_the_commit_records(world):
    world.contract(prop("a", "integer"), gate=gate(), quality=[usual(), usual("mean", column="a")])
    promote(world, 1, 4, "3")

    (kept,) = state.standing(LocalLake(world.lake), TARGET, "dt={date}")

    assert (kept.batch, kept.slot, dict(kept.measured)) == (day(1), 1, {"mean(a)": 3.0, "rowCount": 4.0})


def test_the_same_weekday_is_read_from_the_key(world):
    world.contract(prop("a", "integer"), gate=gate(), quality=[usual(sameWeekday=True, minBatches=2)])
    for number in (1, 8, 9, 10):  # the 1st, 8th and 15th of March 2026 are Sundays
        promote(world, number, 2 if number < 9 else 50)

    sunday = promote(world, 15, 2)

    assert told(sunday)["diagnostics"]["batches"] == [day(1), day(8)]
    assert sunday.exit_code == 0


def test_a_key_that_holds_no_date_cannot_be_evaluated(world):
    world.contract(prop("a", "integer"), gate=gate(), quality=[usual(sameWeekday=True)])
    world.arrive({"x.csv": "a\n1\n"}, "dt=today")

    assert world.promote("dt=today").exit_code == 5


# --- reconciliation ---------------------------------------------------------------------------------------------

INPUT = "contracts/in/source.odcs.yaml"
RECONCILED = {
    "id": "all_arrive",
    "type": "custom",
    "engine": "lakegate",
    "implementation": {"reconcile": "in/source", "measure": "rows", "by": ["a"]},
}


def source(world):
    """A second contract, on `in/source`, of which `in/rows` is made."""
    text = world.contract(prop("a", "integer"), gate=gate()).read_text()
    document = json.loads(text.replace("in/rows", "in/source").replace("in-rows", "in-source"))
    world.write(INPUT, json.dumps(document))
    world.contract(prop("a", "integer"), gate=gate(), quality=[RECONCILED])


def commit_source(world, number, *values):
    folder = world.lake / "02-transient-zone/in/source" / day(number)
    folder.mkdir(parents=True)
    (folder / "x.csv").write_text("a\n" + "".join(f"{value}\n" for value in values))
    (folder / "_SUCCESS").touch()
    ended = world.run("promote", INPUT, "--lake", "lake", "--batch", day(number))
    assert ended.exit_code == 0, ended.output


def made_of(*inputs):
    named = [{"dataset": "in/source", "batch": day(number), "slot": slot} for number, slot in inputs]
    return {"files": [{"path": "x.csv"}], "inputs": named}


def candidate(world, number, *values, manifest=None):
    world.arrive({"x.csv": "a\n" + "".join(f"{value}\n" for value in values)}, day(number), manifest=manifest)
    return world.promote(day(number), "--samples")


def test_exactly_the_batches_that_the_manifest_names_are_compared_with(world):
    source(world)
    commit_source(world, 1, 1, 1, 2)
    commit_source(world, 2, 3)
    commit_source(world, 3, 4)

    both = candidate(world, 8, 1, 1, 2, 3, manifest=made_of((1, 1), (2, 1)))
    lost = candidate(world, 9, 1, 2, 3, manifest=made_of((1, 1), (2, 1)))

    assert (both.exit_code, lost.exit_code) == (0, 1)
    slots = [{"batch": day(1), "slot": 1}, {"batch": day(2), "slot": 1}]
    assert both.report["context"]["slots"] == {"in/source (inputs)": slots}
    lost.line("1 of 3 groups differ from in/source: a=1 1 here, 2 there")


def test_the_revision_that_it_was_made_of_is_compared_with_not_the_latest(world):
    source(world)
    commit_source(world, 1, 1, 1)
    commit_source_again(world, 1, 1, 1, 1)

    assert candidate(world, 8, 1, 1, manifest=made_of((1, 1))).exit_code == 0
    assert candidate(world, 9, 1, 1, manifest=made_of((1, 2))).exit_code == 1


def commit_source_again(world, number, *values):
    folder = world.lake / "02-transient-zone/in/source" / day(number)
    for file in folder.glob("*") if folder.exists() else ():
        file.unlink()
    if folder.exists():
        folder.rmdir()
    commit_source(world, number, *values)


def test_without_a_manifest_the_batch_of_the_same_key(world):
    source(world)
    commit_source(world, 1, 1, 1)

    kept, lost = candidate(world, 1, 1, 1), candidate(world, 2, 1)

    assert kept.exit_code == 0
    assert lost.exit_code == 5
    lost.line("nothing to compare with in in/source (inputs)")


def test_a_manifest_that_names_what_is_not_committed_is_no_pass(world):
    source(world)
    commit_source(world, 1, 1)

    assert candidate(world, 8, 1, manifest=made_of((1, 1), (2, 1))).exit_code == 5
    assert candidate(world, 9, 1, manifest=made_of((1, 7))).exit_code == 5
    assert candidate(world, 10, 1, manifest=made_of((1, -1))).exit_code == 5


@pytest.mark.parametrize("scope", ["batch", "table"])
def test_numbers_that_were_lost_are_made_again_from_the_data(world, scope):
    """Also the age of the newest value: it is measured at the instant at which the batch was judged."""
    rules = [usual(), usual("mean", column="a"), usual("nullShare", column="a"), usual("freshness", column="at")]
    at = prop("at", "timestamp", logicalTypeOptions={"timezone": True})
    world.contract(prop("id", "integer", unique=True), prop("a", "integer"), at, gate=gate(scope=scope), quality=rules)
    for number in (1, 2, 3):
        rows = "".join(f"{number}{n},{n or ''},2026-03-0{number}T0{n}:00:00Z\n" for n in range(5))
        world.arrive({"x.csv": f"id,a,at\n{rows}"}, day(number))
        assert world.promote(day(number)).exit_code == 0
    lake = LocalLake(world.lake)
    before = state.read(lake, TARGET)
    (world.lake / TARGET.state).unlink()

    ended = world.run("state", "rebuild", "--lake", "lake")

    assert ended.exit_code == 0, ended.output
    assert state.read(lake, TARGET) == before
    assert before[day(3)].measured.keys() == {"rowCount", "mean(a)", "nullShare(a)", "freshness(at)"}
