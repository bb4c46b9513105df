"""A store that spoils copies (PROTOCOL P7): never committed, never in the way, and collected."""

import datetime as dt

import pytest

from gate import invariants
from gate.scene import DROP, FILES, OF_OUTCOME, TARGET, run, upload_batch
from lake.corrupting import CorruptingLake
from lakegate.errors import OutcomeUnknown
from lakegate.gate import ledger
from lakegate.gate.collect import collect, orphans
from lakegate.gate.ledger import SlotState
from lakegate.gate.promote import PromotionState

BURNED, COMMITTED = SlotState.ABANDONED, SlotState.COMMITTED
HOUR = dt.timedelta(hours=1)
NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def spoiled(lake):
    """Keys in the raw zone that hold what nobody uploaded."""
    return [entry.key for entry in lake.list(TARGET.prefix) if lake.read(entry.key) not in FILES.values()]


@pytest.mark.parametrize("bad", [1, 2], ids=["the first copy", "the last copy"])
def test_a_spoiled_copy_burns_its_slot_and_is_collected(world, bad):
    lake, upload = world
    upload_batch(upload)
    witness = invariants.watched(FILES)

    done = run(CorruptingLake(lake, {bad}))

    assert (done.state, done.record.slot) == (PromotionState.COMMITTED, 2)
    assert [record.state for record in ledger.slots(lake, TARGET, "b1")] == [BURNED, COMMITTED]
    assert len(spoiled(lake)) == 1
    invariants.holds(lake, FILES, witness)
    (orphan,) = orphans(lake, TARGET, NOW, HOUR)
    assert (orphan.slot, orphan.open_slot) == (1, False)

    assert collect(lake, TARGET, orphan, "gc")

    assert spoiled(lake) == []
    assert sorted(entry.key for entry in lake.list(TARGET.prefix)) == sorted(ledger.paths(lake, TARGET))
    assert orphans(lake, TARGET, NOW, HOUR) == ()
    invariants.holds(lake, FILES, witness)
    assert run(lake).state is PromotionState.ALREADY_COMMITTED


def test_a_spoiled_copy_of_rows_set_apart_is_not_in_the_way(world):
    lake, upload = world
    files = OF_OUTCOME["apart"]
    upload_batch(upload, files)

    done = run(CorruptingLake(lake, {1}))  # they are placed first

    assert (done.state, done.record.slot) == (PromotionState.COMMITTED, 1)
    (kept,) = done.record.rejected.files
    assert lake.read(kept.key) == b"3 apart\n"
    assert len(lake.list("02-transient-zone/_quarantine/")) == 2
    invariants.ends_right(lake, done, files)


def test_a_store_that_spoils_every_copy_commits_and_deletes_nothing(world):
    lake, upload = world
    upload_batch(upload)

    with pytest.raises(OutcomeUnknown):
        run(CorruptingLake(lake, {1, 3}))

    assert [record.state for record in ledger.slots(lake, TARGET, "b1")] == [BURNED, BURNED]
    assert ledger.paths(lake, TARGET) == ()
    assert len(lake.list(DROP)) == len(FILES)
    done = run(lake)
    assert (done.state, done.record.slot) == (PromotionState.COMMITTED, 3)
    for orphan in orphans(lake, TARGET, NOW, HOUR):
        collect(lake, TARGET, orphan, "gc")
    assert spoiled(lake) == []
    invariants.holds(lake, FILES)
