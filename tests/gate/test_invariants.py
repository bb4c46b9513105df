"""Planted violations: each invariant can fail, so the tests that ask it can."""

import dataclasses
from types import SimpleNamespace

import pytest

from gate import invariants
from gate.invariants import Look
from gate.scene import DROP, FILES, OF_OUTCOME, TARGET, make_verdict, run, upload_batch
from lake.memory import MemoryLake
from lakegate.errors import Conflict
from lakegate.gate import quarantine
from lakegate.gate.ledger import SlotState
from lakegate.verdict import Outcome

BAD = {**FILES, "a.csv": b"bad"}


def commit(lake, record, **changes):
    changed = dataclasses.replace(record, **changes)
    lake.upload(TARGET.commit("b1", changed.slot), changed.to_json())


def write_a_record_over(lake, witness, record):
    commit(lake, record, write_id="another")


def lose_a_record(lake, witness, record):
    lake.withdraw(TARGET.commit("b1", 1))


def change_a_committed_file(lake, witness, record):
    witness.contents.clear()  # nobody looked before
    lake.upload(record.files[0].key, b"corrupt")


def commit_what_failed(lake, witness, record):
    witness.contents.clear()
    commit(lake, record, counts={"failed": 1})


def commit_what_nobody_judged(lake, witness, record):
    witness.passing.add(("another digest", "another contract"))


def write_a_file_over(lake, witness, record):
    lake.upload(record.files[0].key, b"for a moment")
    witness.look(lake)
    lake.upload(record.files[0].key, FILES["a.csv"])


def commit_twice(lake, witness, record):
    commit(lake, record, slot=2)


def bring_back_the_past(lake, witness, record):
    files = tuple(dataclasses.replace(file, source_version="old") for file in record.files)
    commit(lake, record, slot=2, digest="d" * 64, files=files)
    witness.uploads = {"old": 0, **{file.source_version: 1 for file in record.files}}


def delete_what_is_not_committed(lake, witness, record):
    witness.uploaded("b1", {"late.csv": b"late"})


def let_an_older_version_stand_again(lake, witness, record):
    lake.upload(DROP + "a.csv", b"older")


def skip_a_slot(lake, witness, record):
    commit(lake, record, slot=3, state=SlotState.ABANDONED)


def commit_a_burned_slot(lake, witness, record):
    witness.contents.clear()
    witness.states[TARGET.commit("b1", 1)].add(SlotState.ABANDONED)


def collect_what_is_committed(lake, witness, record):
    lake.discard(lake.stat(record.files[0].key))


def acknowledge_what_is_not_there(lake, witness, record):
    done = SimpleNamespace(batch="b2", exit_code=0, record=record)
    witness.ended(done)


def commit_half_a_batch(lake, witness, record):
    witness.contents.clear()
    witness.standing.clear()
    commit(lake, record, files=record.files[:1])


def call_a_success_a_conflict(lake, witness, record):
    witness.failed("b1", Conflict("another was faster"), attempt=record.attempt)


def delete_without_success(lake, witness, record):
    witness.failed("b1", Conflict("another was faster"), removed=1)


def judge_twice_the_same_and_say_another_thing(lake, witness, record):
    for outcome in (Outcome.PASSED, Outcome.FAILED):
        batch = SimpleNamespace(files=(), dataset="nyc/flights", key="b1", digest="d" * 64)
        witness.judged("b1", make_verdict(batch, outcome), b"report")


@pytest.mark.parametrize(
    ("violation", "invariant"),
    [
        (write_a_record_over, "I1"),
        (lose_a_record, "I1"),
        (change_a_committed_file, "I2"),
        (commit_what_failed, "I3"),
        (commit_what_nobody_judged, "I3"),
        (write_a_file_over, "I4"),
        (commit_twice, "I5"),
        (bring_back_the_past, "I5"),
        (delete_what_is_not_committed, "I6"),
        (let_an_older_version_stand_again, "I6"),
        (skip_a_slot, "I7"),
        (commit_a_burned_slot, "I7"),
        (collect_what_is_committed, "I8"),
        (acknowledge_what_is_not_there, "I9"),
        (commit_half_a_batch, "I11"),
        (call_a_success_a_conflict, "I12"),
        (delete_without_success, "I12"),
        (judge_twice_the_same_and_say_another_thing, "I14"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_planted_violation_is_found(violation, invariant):
    lake = MemoryLake()
    upload_batch(lake.upload)
    witness = invariants.watched(FILES)
    record = run(lake).record
    invariants.holds(lake, FILES, witness)

    violation(lake, witness, record)

    witness.look(lake)
    (asked,) = (one for one in invariants.AT_ANY_MOMENT if one.__name__.startswith(invariant.lower() + "_"))
    with pytest.raises(AssertionError, match=f"^{invariant}:"):
        asked(Look(lake, witness))
    with pytest.raises(AssertionError):
        invariants.holds(lake, FILES, witness)


@pytest.mark.parametrize("lost", ["bytes", "report"])
def test_a_failed_verdict_whose_bytes_or_report_are_lost_is_found(lost):
    lake = MemoryLake()
    upload_batch(lake.upload, BAD)
    report = run(lake).report
    (judgement,) = quarantine.judgements(lake, TARGET.dataset)
    invariants.holds(lake, BAD)

    lake.withdraw(judgement.files[0].key if lost == "bytes" else report + "report.json")

    with pytest.raises(AssertionError, match=r"^I13:"):
        invariants.holds(lake, BAD)


def lose_the_rows(lake, record):
    lake.withdraw(record.rejected.files[0].key)


def count_a_row_away(lake, record):
    commit(lake, record, rejected=dataclasses.replace(record.rejected, rows_out=record.rejected.rows_out - 1))


def keep_fewer_rows_than_were_set_apart(lake, record):
    commit(lake, record, rejected=dataclasses.replace(record.rejected, files=()))


def tell_of_nothing_set_apart(lake, record):
    commit(lake, record, rejected=None)


@pytest.mark.parametrize(
    ("violation", "invariant"),
    [
        (lose_the_rows, "I2"),
        (count_a_row_away, "I2"),
        (keep_fewer_rows_than_were_set_apart, "I2"),
        (tell_of_nothing_set_apart, "I6"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_rows_set_apart_that_are_lost_are_found(violation, invariant):
    lake, files = MemoryLake(), OF_OUTCOME["apart"]
    upload_batch(lake.upload, files)
    done = run(lake)
    invariants.ends_right(lake, done, files)

    violation(lake, done.record)

    with pytest.raises(AssertionError, match=f"^{invariant}:"):
        invariants.ends_right(lake, done, files)


def settled(lake):
    witness = invariants.watched(FILES)
    witness.look(lake)
    return Look(lake, witness)


@pytest.mark.parametrize("left", [DROP + "a.csv", "02-transient-zone/_tmp/half.part"])
def test_what_a_clean_run_leaves_behind_is_found(left):
    lake = MemoryLake()
    upload_batch(lake.upload)
    done = run(lake)
    invariants.i10_one_clean_run_settles(settled(lake), "b1", done, run(lake))

    lake.upload(left, b"left")

    with pytest.raises(AssertionError, match=r"^I10:"):
        invariants.i10_one_clean_run_settles(settled(lake), "b1", done, done)


def test_a_clean_run_that_does_not_settle_is_found():
    lake = MemoryLake()
    upload_batch(lake.upload)
    done = run(lake)
    waiting = dataclasses.replace(done, exit_code=3, record=None)

    with pytest.raises(AssertionError, match=r"^I10:"):
        invariants.i10_one_clean_run_settles(settled(lake), "b1", done, waiting)
    with pytest.raises(AssertionError, match=r"^I10:"):
        invariants.i10_one_clean_run_settles(settled(lake), "b1", waiting, waiting)


def test_a_success_without_a_record_is_found():
    lake = MemoryLake()
    upload_batch(lake.upload)
    done = run(lake)
    empty = MemoryLake()
    upload_batch(empty.upload)

    with pytest.raises(AssertionError, match=r"^I9:"):
        invariants.ends_right(empty, done, FILES)


def test_every_invariant_of_the_protocol_has_a_name():
    names = [name.split("_")[0] for name in vars(invariants) if name.startswith("i") and name[1].isdigit()]

    assert names == [f"i{number}" for number in range(1, 15)]
