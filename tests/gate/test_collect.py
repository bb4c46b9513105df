"""Garbage: what a reader can never be shown goes, what it can be shown or might yet be committed stays."""

import datetime as dt

import pytest

from gate import invariants
from gate.scene import DROP, FILES, TARGET, run, upload_batch
from lakegate.gate import ledger
from lakegate.gate.collect import collect, orphans
from lakegate.gate.ledger import SlotState
from lakegate.gate.promote import PromotionState
from lakegate.gate.protocol import Step

DAY = dt.timedelta(days=1)
LATER = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)


class Killed(BaseException):
    pass


def killed_before(step):
    def at(reached):
        if reached is step:
            raise Killed

    return at


def everything(lake):
    return {entry.key for entry in lake.list("01-raw-data-zone/")}


def test_what_is_committed_is_no_garbage(world):
    lake, upload = world
    upload_batch(upload)
    run(lake)

    assert orphans(lake, TARGET, LATER, DAY) == ()


def test_a_killed_promotion_leaves_garbage_only_after_the_grace(world):
    lake, upload = world
    upload_batch(upload)
    with pytest.raises(Killed):
        run(lake, at=killed_before(Step.COMMIT))

    young = orphans(lake, TARGET, max(e.modified for e in lake.list(TARGET.prefix)), DAY)
    (old,) = orphans(lake, TARGET, LATER, DAY)

    assert young == ()
    assert (old.batch, old.slot, old.open_slot, len(old.entries)) == ("b1", 1, True, 2)
    assert old.size == sum(len(data) for data in FILES.values())


def test_the_slot_is_burned_first_so_that_a_late_promoter_takes_the_next(world):
    lake, upload = world
    upload_batch(upload)

    def at(step):
        if step is Step.COMMIT and not ledger.slots(lake, TARGET, "b1"):
            (orphan,) = orphans(lake, TARGET, LATER, DAY)
            assert collect(lake, TARGET, orphan, "gc")

    done = run(lake, at=at)

    assert done.state is PromotionState.COMMITTED
    assert [r.state for r in ledger.slots(lake, TARGET, "b1")] == [SlotState.ABANDONED, SlotState.COMMITTED]
    invariants.holds(lake, FILES)


def test_what_is_committed_between_look_and_collection_stays(world):
    lake, upload = world
    upload_batch(upload)
    with pytest.raises(Killed):
        run(lake, at=killed_before(Step.COMMIT))
    (orphan,) = orphans(lake, TARGET, LATER, DAY)
    run(lake)
    before = everything(lake)

    assert not collect(lake, TARGET, orphan, "gc")

    assert everything(lake) == before
    invariants.holds(lake, FILES)


def test_what_lies_in_a_burned_slot_goes_at_once(world):
    lake, upload = world
    upload_batch(upload)
    with pytest.raises(Killed):
        run(lake, at=killed_before(Step.COMMIT))
    (orphan,) = orphans(lake, TARGET, LATER, DAY)
    collect(lake, TARGET, orphan, "gc")
    upload(orphan.entries[0].key, b"from a promoter that was asleep")

    (again,) = orphans(lake, TARGET, max(e.modified for e in lake.list(TARGET.prefix)), DAY)
    collect(lake, TARGET, again, "gc")

    assert not again.open_slot
    assert everything(lake) == {TARGET.commit("b1", 1)}


def test_what_is_no_revision_is_left(world):
    lake, upload = world
    upload(f"{TARGET.prefix}batch=b1/notes.txt", b"by hand")
    upload(f"{TARGET.prefix}deeper/batch=b1/rev={'0' * 12}-000001/a.csv", b"another dataset's")

    assert orphans(lake, TARGET, LATER, DAY) == ()


def test_a_batch_can_be_promoted_after_its_garbage_is_gone(world):
    lake, upload = world
    upload_batch(upload)
    with pytest.raises(Killed):
        run(lake, at=killed_before(Step.COMMIT))
    (orphan,) = orphans(lake, TARGET, LATER, DAY)
    collect(lake, TARGET, orphan, "gc")

    assert run(lake).state is PromotionState.COMMITTED
    assert lake.list(DROP) == ()
    invariants.holds(lake, FILES)
