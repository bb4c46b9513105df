"""What may go and what may not: orphans, probes, leftovers; and never a byte that somebody may still need."""

import datetime as dt

import pytest

from gate import invariants
from gate.scene import FILES, TARGET, run, upload_batch
from lake.memory import START, MemoryLake
from lake.stores import MemoryStore
from lakegate.gate import ledger
from lakegate.gate.promote import PromotionState
from lakegate.gate.protocol import Step
from lakegate.gate.tidy import delete, leftovers, probes, revisions
from lakegate.lake.local_store import LocalStore
from lakegate.lake.store import Leftover

DAY = dt.timedelta(days=1)
LATER = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)


class Killed(BaseException):
    pass


def killed_before(step):
    def at(reached):
        if reached is step:
            raise Killed

    return at


def killed(lake, upload, step=Step.COMMIT):
    upload_batch(upload)
    with pytest.raises(Killed):
        run(lake, at=killed_before(step))


def test_a_revision_of_a_dead_run_is_told_and_goes(world):
    lake, upload = world
    killed(lake, upload)

    (found,) = revisions(lake, TARGET, LATER, DAY)
    gone = delete(MemoryStore(), lake, found, "gc")

    assert (found.what, found.files, found.size) == ("revision", 2, sum(map(len, FILES.values())))
    assert found.where.startswith(f"{TARGET.prefix}batch=b1/rev=")
    assert found.why == "a dead run never committed it"
    assert gone
    assert lake.list(TARGET.prefix) == ()
    assert run(lake).state is PromotionState.COMMITTED
    assert [record.slot for record in ledger.slots(lake, TARGET, "b1")] == [1, 2]
    invariants.holds(lake, FILES)


def test_a_revision_that_was_committed_meanwhile_stays(world):
    lake, upload = world
    killed(lake, upload)
    (found,) = revisions(lake, TARGET, LATER, DAY)
    run(lake)

    assert not delete(MemoryStore(), lake, found, "gc")
    invariants.holds(lake, FILES)


def test_probes_go_when_they_are_old(world):
    lake, _ = world
    lake.put_if_absent("log/gate/_probe/one", b"probe", "w")
    lake.put_if_absent("log/gate/nyc/flights/dt=2026-11-22/run.json", b"{}", "w")

    young = probes(lake, lake.stat("log/gate/_probe/one").modified, DAY)
    (old,) = probes(lake, LATER, DAY)
    delete(MemoryStore(), lake, old, "gc")

    assert young == ()
    assert [entry.key for entry in lake.list("log/")] == ["log/gate/nyc/flights/dt=2026-11-22/run.json"]


def test_leftovers_of_the_store_are_its_own_to_clear():
    store = MemoryStore()
    store.left = (Leftover("old", "upload", None, START), Leftover("new", "upload", None, LATER))

    (found,) = leftovers(store, MemoryLake(), START + 2 * DAY, DAY)
    delete(store, MemoryLake(), found, "gc")

    assert (found.where, found.kept) == ("old", "")
    assert [one.key for one in store.left] == ["new"]


@pytest.mark.parametrize(
    ("content", "kept"), [(FILES["a.csv"], ""), (b"nowhere else", "it may be the only copy of what was uploaded")]
)
def test_what_may_be_an_only_copy_goes_only_where_its_bytes_are_committed(tmp_path, content, kept):
    store = LocalStore(tmp_path)
    lake = store.lake()
    upload_batch(lambda key, data: lake.put_if_absent(key, data, "up"))
    run(lake)
    alone = tmp_path / "02-transient-zone/_tmp/x.kept"
    alone.write_bytes(content)

    (found,) = leftovers(store, lake, LATER, DAY)

    assert found.kept.startswith(kept)
    assert bool(found.kept) == bool(kept)
    if not kept:
        assert found.why == "the same bytes are committed"
        assert delete(store, lake, found, "gc")
        assert not alone.exists()
