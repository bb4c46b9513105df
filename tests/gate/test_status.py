"""Where batches stand: every standing is reached, by what lies in the lake alone, and says what is due."""

import dataclasses
import datetime as dt

import pytest

from gate.scene import DROP, NOW, SOURCE, TARGET, make_route, run, upload_batch
from lake.memory import MemoryLake
from lakegate.gate import ledger
from lakegate.gate.ledger import SlotState
from lakegate.gate.sequence import burn
from lakegate.gate.status import Standing, due, status
from lakegate.lake.local import LocalLake
from lakegate.lake.zones import Place

OTHER = {"a.csv": b"id\n9\n", "_SUCCESS": b""}
BAD = {"a.csv": b"bad", "_SUCCESS": b""}


def half(lake):
    lake.upload(DROP + "a.csv", b"1")


def whole(lake):
    upload_batch(lake.upload)


def committed(lake):
    whole(lake)
    run(lake)


def committed_and_sent_again(lake):
    committed(lake)
    whole(lake)


def committed_and_killed_before_cleaning(lake):
    """The very version that the record names still lies in the drop."""
    source = MemoryLake()
    whole(lake)
    source.history = dict(lake.history)
    run(lake)
    lake.history[DROP + "a.csv"] = source.history[DROP + "a.csv"]


def run_record(lake):
    return ledger.latest(ledger.slots(lake, TARGET, "b1"))


def failed(lake):
    upload_batch(lake.upload, BAD)
    run(lake)


def failed_and_taken_away(lake):
    failed(lake)
    clear(lake)


def conflict(lake):
    committed(lake)
    upload_batch(lake.upload, OTHER)
    run(lake)


def conflict_taken_away(lake):
    conflict(lake)
    clear(lake)


def mended(lake):
    failed(lake)
    upload_batch(lake.upload, OTHER)


def burned(lake):
    """What the collector leaves of a promotion that died before its commit, whose uploader took the drop away."""
    burn(lake, TARGET, "b1", 1, "gc")


def burned_after_a_commit(lake):
    committed(lake)
    burn(lake, TARGET, "b1", 2, "gc")


def burned_and_arrived(lake):
    burned(lake)
    whole(lake)


def clear(lake):
    for entry in lake.list(DROP):
        lake.discard(entry)


@pytest.mark.parametrize(
    ("scene", "standing", "slot", "is_due"),
    [
        (half, Standing.WAITING, None, True),
        (whole, Standing.ARRIVED, None, True),
        (committed, Standing.COMMITTED, 1, False),
        (committed_and_sent_again, Standing.ARRIVED, 1, True),  # nothing is hashed to know better: P0 does
        (committed_and_killed_before_cleaning, Standing.COMMITTED, 1, True),
        (failed, Standing.QUARANTINED, None, False),
        (failed_and_taken_away, Standing.QUARANTINED, None, False),
        (mended, Standing.ARRIVED, None, True),
        (conflict, Standing.CONFLICTED, 1, False),
        (conflict_taken_away, Standing.COMMITTED, 1, False),
        (burned, Standing.ABANDONED, None, False),
        (burned_after_a_commit, Standing.COMMITTED, 1, False),
        (burned_and_arrived, Standing.ARRIVED, None, True),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_every_standing_is_reached(scene, standing, slot, is_due):
    lake = MemoryLake()
    scene(lake)

    (one,) = status(lake, make_route(), NOW)

    assert (one.batch, one.standing, one.slot, one.due) == ("b1", standing, slot, is_due)
    assert due((one,)) == (("b1",) if is_due else ())
    assert one.message


def test_nothing_stands_nowhere():
    assert status(MemoryLake(), make_route(), NOW) == ()


def test_a_standing_says_what_it_is_about():
    lake = MemoryLake()
    committed(lake)
    (one,) = status(lake, make_route(), NOW)

    assert (one.files, one.size, one.message) == (2, 10, "slot 1, passed")
    assert lake.read(one.report + "report.json")

    failed_lake = MemoryLake()
    failed(failed_lake)
    clear(failed_lake)
    (one,) = status(failed_lake, make_route(), NOW)

    assert (one.files, one.size) == (1, 3)
    assert "violates its contract" in one.message


def test_the_table_wide_sequence_and_datasets_below_are_no_batches():
    lake = MemoryLake()
    committed(lake)
    lake.upload(TARGET.claim(1), b"{}")
    below = Place(TARGET.zone, f"{TARGET.path}/late")
    record = dataclasses.replace(run_record(lake), dataset=below.dataset, state=SlotState.COMMITTED)
    lake.upload(below.commit("b7", 1), record.to_json())

    assert [one.batch for one in status(lake, make_route(), NOW)] == ["b1"]


def test_batches_stand_in_the_order_of_their_fields():
    lake = MemoryLake()
    for batch in ("part=10", "part=9"):
        upload_batch(lake.upload, prefix=f"{SOURCE.prefix}{batch}/")

    found = status(lake, make_route(key="part={part}"), NOW + dt.timedelta(days=1))

    assert [one.batch for one in found] == ["part=9", "part=10"]


@pytest.mark.parametrize("batch", ["b2", "b\\2", "b\t2"])
def test_a_batch_whose_marker_cannot_be_read_keeps_no_other_from_being_told(tmp_path, batch):
    for name in ("b1", batch, "b3"):
        folder = tmp_path / SOURCE.prefix / name
        folder.mkdir(parents=True)
        (folder / "a.csv").write_bytes(b"id\n1\n")
    for name in ("b1", "b3"):
        (tmp_path / SOURCE.prefix / name / "_SUCCESS").touch()
    (tmp_path / SOURCE.prefix / batch / "_SUCCESS").symlink_to("/etc/hostname")

    found = {one.batch: one for one in status(LocalLake(tmp_path), make_route(), NOW)}

    assert {one: (found[one].standing, found[one].due) for one in found} == dict.fromkeys(
        ("b1", batch, "b3"), (Standing.ARRIVED, True)
    )
    assert found["b1"].message == found["b3"].message == "ready to be judged"
    assert "is no plain file" in found[batch].message or "a backslash" in found[batch].message


def test_a_typo_has_a_near_name(world):
    lake, upload = world
    upload_batch(upload, prefix=f"{SOURCE.prefix}dt=2026-01-01/")

    done = run(lake, batch="dt=2026-01-1")

    assert (done.exit_code, done.message.rpartition("(")[2]) == (3, "did you mean dt=2026-01-01?)")
