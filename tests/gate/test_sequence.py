"""A table whose rule looks at all of its batches: here, that no two committed batches hold the same bytes."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from gate.scene import NOW, SOURCE, TARGET, make_route, make_verdict, run, upload_batch
from lake.worlds import local
from lakegate.errors import CouldNotEvaluate, LakeError, OutcomeUnknown
from lakegate.gate import ledger, sequence
from lakegate.gate.judging import Judged
from lakegate.gate.ledger import SlotState
from lakegate.gate.promote import PromotionState
from lakegate.gate.protocol import Step
from lakegate.gate.status import status
from lakegate.verdict import Outcome

ROUTE = make_route(sequenced=True)


class Killed(BaseException):
    pass


def unique(batch):
    """What a rule "unique across all batches" says."""
    twice = any(other.digest == batch.digest for other in batch.table)
    verdict = make_verdict(batch, Outcome.FAILED if twice else Outcome.PASSED)
    return Judged(verdict, lambda _: {"report.json": b"{}"})


def promote(lake, batch, **options):
    return run(lake, route=ROUTE, batch=batch, judge=unique, **{"wait": lambda _: None, **options})


def upload_key(upload, batch, data=b"id\n1\n"):
    upload_batch(upload, {"a.csv": data, "_SUCCESS": b""}, f"{SOURCE.prefix}{batch}/")


def states(lake, batch):
    return [record.state for record in ledger.slots(lake, TARGET, batch)]


def test_two_batches_with_one_key_promoted_at_once_never_both_pass(world):
    lake, upload = world
    upload_key(upload, "b1")
    upload_key(upload, "b2")
    between = []

    def at(step):
        if step is Step.COMMIT and not between:
            between.append(promote(lake, "b2"))

    second = promote(lake, "b1", at=at)

    assert between[0].state is PromotionState.COMMITTED
    assert second.state is PromotionState.QUARANTINED
    assert [record.batch for record in ledger.committed(lake, TARGET)] == ["b2"]


def test_another_key_is_judged_again_and_gets_in(world):
    lake, upload = world
    upload_key(upload, "b1")
    upload_key(upload, "b2", b"id\n2\n")
    between, judged = [], []

    def at(step):
        judged.extend([step] if step is Step.JUDGE else [])
        if step is Step.COMMIT and not between:
            between.append(promote(lake, "b2"))

    done = promote(lake, "b1", at=at)

    assert done.state is PromotionState.COMMITTED
    assert len(judged) == 2
    assert states(lake, "b1") == [SlotState.COMMITTED], "the slot was not lost, only the number"


def claim_and_die(lake, batch):
    """Killed between the claim and the commit."""

    class Dying:
        def __getattr__(self, name):
            return getattr(lake, name)

        def put_if_absent(self, key, data, write_id):
            if key == TARGET.commit(batch, 1):
                raise Killed
            return lake.put_if_absent(key, data, write_id)

    with pytest.raises(Killed):
        promote(Dying(), batch)
    assert states(lake, batch) == []


def test_a_claim_left_by_a_killed_run_is_given_time_and_then_burned(world):
    lake, upload = world
    upload_key(upload, "b1")
    upload_key(upload, "b2")
    claim_and_die(lake, "b1")
    waits = []

    other = promote(lake, "b2", wait=waits.append)
    late = promote(lake, "b1")

    assert tuple(waits) == sequence.PATIENCE
    assert (other.state, late.state) == (PromotionState.COMMITTED, PromotionState.QUARANTINED)
    assert states(lake, "b1") == [SlotState.ABANDONED]


def test_a_claim_that_is_committed_meanwhile_is_not_burned(world):
    lake, upload = world
    upload_key(upload, "b1")
    upload_key(upload, "b2", b"id\n2\n")
    claim_and_die(lake, "b1")

    done = promote(lake, "b2", wait=lambda _: promote(lake, "b1"))

    assert done.state is PromotionState.COMMITTED
    assert states(lake, "b1") == states(lake, "b2") == [SlotState.COMMITTED]


def test_the_next_run_of_the_same_bytes_uses_the_claim_of_a_killed_one(world):
    lake, upload = world
    upload_key(upload, "b1")
    claim_and_die(lake, "b1")

    done = promote(lake, "b1", wait=lambda _: pytest.fail("our own claim needs no waiting"))

    assert done.state is PromotionState.COMMITTED
    assert [entry.key for entry in lake.list(TARGET.claims)] == [TARGET.claim(1)]


def test_many_at_once_all_get_in_one_after_another(tmp_path):
    lake, upload = local(tmp_path)
    batches = [f"b{n}" for n in range(6)]
    for batch in batches:
        upload_key(upload, batch, f"id\n{batch}\n".encode())
    together = threading.Barrier(len(batches))
    met = threading.local()

    def one(batch):
        def at(step):
            if step is Step.COMMIT and not hasattr(met, "once"):
                met.once = True
                together.wait()

        return run(lake, route=ROUTE, batch=batch, judge=unique, at=at)

    with ThreadPoolExecutor(len(batches)) as pool:
        done = list(pool.map(one, batches))

    assert {promotion.state for promotion in done} == {PromotionState.COMMITTED}
    assert {record.batch for record in ledger.committed(lake, TARGET)} == set(batches)


def test_the_sequence_is_no_batch(world):
    lake, upload = world
    upload_key(upload, "b1")
    promote(lake, "b1")

    assert [one.batch for one in status(lake, ROUTE, NOW)] == ["b1"]
    assert len(ledger.paths(lake, TARGET)) == 1


def test_what_is_no_claim_stops_the_table(world):
    lake, upload = world
    upload_key(upload, "b1")
    upload(TARGET.claim(1), b"{}")

    with pytest.raises(CouldNotEvaluate, match="is not a claim"):
        promote(lake, "b1")


def test_a_claim_whose_outcome_cannot_be_told_deletes_nothing(world):
    lake, upload = world
    upload_key(upload, "b1")

    class Mute:
        def __getattr__(self, name):
            return getattr(lake, name)

        def put_if_absent(self, key, data, write_id):
            if key.startswith(TARGET.claims):
                raise LakeError("no answer")
            return lake.put_if_absent(key, data, write_id)

    with pytest.raises(OutcomeUnknown):
        promote(Mute(), "b1")

    assert len(lake.list(f"{SOURCE.prefix}b1/")) == 2
