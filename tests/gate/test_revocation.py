"""Waivers that are taken back: whichever comes first, the revocation or the commit, counts; over every lake."""

import pytest

from gate.scene import FILES, NOW, TARGET, run, upload_batch
from gate.test_waiver import ROUTE, blocked, make_waiver, waive
from lake import worlds
from lakegate.gate import ledger, quarantine, revocation, waiver
from lakegate.gate.promote import PromotionState
from lakegate.gate.protocol import Step
from lakegate.gate.revocation import Revocation
from lakegate.gate.status import Standing, due, status
from lakegate.gate.waiver import Revoked
from lakegate.lake.zones import Place


@pytest.fixture
def memory(tmp_path):
    """(lake, upload) of the quickest of all lakes."""
    return worlds.memory(tmp_path)


def make_revocation(one, **changed):
    named = {
        "dataset": one.dataset,
        "batch": one.batch,
        "waiver": one.id,
        "revoker": "ben",
        "reason": "the feed is wrong",
        "at": NOW,
    }
    return Revocation(**named | changed)


def revoke(lake, one, write_id="r"):
    return revocation.write(lake, TARGET, one.batch, [make_revocation(one)], write_id)


def test_a_revoked_waiver_lets_nothing_in_and_everything_says_so(world):
    lake, upload = world
    one = waive(lake, blocked(lake, upload))

    assert revoke(lake, one) is None

    done = run(lake, route=ROUTE)
    assert (done.state, done.exit_code) == (PromotionState.QUARANTINED, 6)
    why = "ben revoked it at 2026-11-22T12:00:00+00:00: the feed is wrong"
    assert f"waiver {one.id} does not hold: {why}" in done.message
    assert lake.read(TARGET.waiver("b1", one.id)) == one.to_json()
    (stands,) = status(lake, ROUTE, NOW)
    assert (stands.standing, stands.due) == (Standing.QUARANTINED, False)
    assert stands.message.endswith(f"; waiver {one.id}: {why}")
    assert ledger.latest(ledger.slots(lake, TARGET, "b1")) is None


def test_a_waiver_that_is_revoked_after_it_was_read_lets_nothing_in(world):
    lake, upload = world
    one = waive(lake, blocked(lake, upload))
    came_first = []

    def at(step):
        if step is Step.COMMIT and not came_first:
            came_first.append(revoke(lake, one))

    done = run(lake, route=ROUTE, at=at)

    assert came_first == [None]
    assert (done.state, done.exit_code) == (PromotionState.QUARANTINED, 6)
    assert [one.state for one in ledger.slots(lake, TARGET, "b1")] == [ledger.SlotState.ABANDONED]


def test_a_commit_that_came_first_stands(world):
    lake, upload = world
    one = waive(lake, blocked(lake, upload))
    came_first = []

    def at(step):
        if step is Step.SEAL:
            came_first.append(revoke(lake, one))

    done = run(lake, route=ROUTE, at=at)

    assert done.state is PromotionState.COMMITTED
    assert came_first == [done.record]


@pytest.mark.parametrize("content", [b"", b"{}", b"[", b'{"schema_version": 2}'])
def test_a_revocation_that_cannot_be_read_revokes(memory, content):
    lake, upload = memory
    one = waive(lake, blocked(lake, upload))
    upload(TARGET.revocation("b1", one.id), content)

    (found,) = waiver.of_batch(lake, TARGET, "b1")

    assert found == Revoked(one, "it is revoked, and by whom cannot be read")
    assert run(lake, route=ROUTE).exit_code == 6


def test_a_revocation_of_another_waiver_that_lies_there_revokes_and_names_nobody(memory):
    lake, upload = memory
    one, other = make_waiver("e" * 64), make_waiver("d" * 64)
    waiver.write(lake, TARGET, one, "w")
    upload(TARGET.revocation("b1", one.id), make_revocation(other).to_json())

    (found,) = waiver.of_batch(lake, TARGET, "b1")

    assert found.why == "it is revoked, and by whom cannot be read"


def test_a_revocation_without_its_waiver_is_nothing(memory):
    lake, _ = memory
    revoke(lake, make_waiver("e" * 64))

    assert waiver.of_batch(lake, TARGET, "b1") == ()


def test_a_waiver_beside_a_revoked_one_lets_in(memory):
    lake, upload = memory
    digest = blocked(lake, upload)
    revoke(lake, waive(lake, digest))
    other = waive(lake, digest, approver="ben")

    done = run(lake, route=ROUTE)

    assert (done.state, done.record.waivers) == (PromotionState.COMMITTED, (other.id,))


def test_what_is_promoted_by_no_waiver_loses_a_slot_and_takes_the_next(memory):
    lake, upload = memory
    one = waive(lake, "e" * 64)
    upload_batch(upload, FILES)
    revoked = []

    def at(step):
        if step is Step.COMMIT and not revoked:
            revoked.append(revoke(lake, one))

    done = run(lake, route=ROUTE, at=at)

    assert (done.state, done.record.slot) == (PromotionState.COMMITTED, 2)


def test_the_first_revocation_stands_and_a_second_one_closes_the_slot_too(memory):
    lake, _ = memory
    one = waive(lake, "e" * 64)
    revoke(lake, one)

    revocation.write(lake, TARGET, "b1", [make_revocation(one, revoker="ana")], "again")

    (found,) = waiver.of_batch(lake, TARGET, "b1")
    assert found.why.startswith("ben revoked it")
    assert len(ledger.slots(lake, TARGET, "b1")) == 2


def test_a_batch_that_was_blocked_again_is_not_judged_for_ever(memory):
    lake, upload = memory
    one = waive(lake, blocked(lake, upload), limits={}, rules=("another",))
    run(lake, route=ROUTE)
    revoke(lake, one)

    assert due(status(lake, ROUTE, NOW)) == ()
    assert len(quarantine.judgements(lake, "nyc/flights")) == 2


def test_a_dataset_below_another_keeps_its_own_revocations(memory):
    lake, _ = memory
    one = make_waiver("e" * 64)
    waiver.write(lake, TARGET, one, "w")
    below = Place(TARGET.zone, f"{TARGET.path}/b1")
    lake.put_if_absent(below.revocation("x", one.id), b"{}", "w")

    assert waiver.of_batch(lake, TARGET, "b1") == (one,)


def test_a_revocation_reads_back_as_it_was_written():
    one = make_revocation(make_waiver("e" * 64), reason="día 1: malo", by="airflow:dag/run")

    assert revocation.parse(one.to_json()) == one
    assert one.to_json().count(b"\n") == 1
