"""`waive --revoke` as a program asks for it: who may, which waivers, and what cannot be taken back any more."""

import dataclasses
import datetime as dt
import json
from pathlib import Path

import pytest

from cli.scene import FLIGHTS, Scene
from commands.test_waivers import SOON, TARGET, allow
from lakegate.api import Asked
from lakegate.commands.revocations import ALL, revoke
from lakegate.errors import Refused, UsageError
from lakegate.gate import ledger, waiver
from lakegate.gate.ledger import SlotState, burned

ASKED = Asked(Path(FLIGHTS), "lake", by="a test")


@pytest.fixture
def scene(tmp_path, monkeypatch):
    """A project whose contract ana@example.com and ben may waive, and in which `part=1` has waivers."""
    monkeypatch.chdir(tmp_path)
    found = Scene(tmp_path)
    allow(found)
    return found


def given(scene, approver="ben", reason="known", batch="part=1"):
    made = waiver.Waiver(
        dataset="nyc/flights",
        batch=batch,
        digest="e" * 64,
        contract_sha256="c" * 64,
        rules=("a",),
        limits={},
        approver=approver,
        reason=reason,
        expires=SOON,
        at=dt.datetime.now(dt.UTC),
    )
    return waiver.write(scene.store, TARGET, made, "w")


def committed_by(scene, one, slot=1):
    """A commit that a waiver let in."""
    record = burned("nyc/flights", one.batch, slot, "w")
    record = dataclasses.replace(record, state=SlotState.COMMITTED, waivers=(one.id,))
    scene.store.put_if_absent(TARGET.commit(one.batch, slot), record.to_json(), "w")


def holding(scene):
    return [one.id for one in waiver.of_batch(scene.store, TARGET, "part=1") if isinstance(one, waiver.Waiver)]


def test_a_waiver_is_taken_back_by_its_id_and_stays_on_record(scene):
    one, other = given(scene), given(scene, reason="another")

    (taken,) = revoke("part=1", [one.id], "ben", " it was\na mistake ", ASKED)

    assert taken.waiver == one
    assert taken.why.startswith("ben revoked it at ")
    assert taken.why.endswith(": it was a mistake")
    assert holding(scene) == [other.id]
    kept = json.loads(scene.store.read(TARGET.revocation("part=1", one.id)))
    assert (kept["waiver"], kept["revoker"], kept["reason"], kept["by"]) == (
        one.id,
        "ben",
        "it was a mistake",
        "a test",
    )
    assert scene.store.read(TARGET.waiver("part=1", one.id)) == one.to_json()
    assert [one.state for one in ledger.slots(scene.store, TARGET, "part=1")] == [SlotState.ABANDONED]


def test_all_that_let_nothing_in_are_taken_back(scene):
    used, first, second = given(scene, reason="used"), given(scene), given(scene, approver="ana@example.com")
    committed_by(scene, used)

    taken = revoke("part=1", [ALL], "ben", "mistakes", ASKED)

    assert {one.waiver.id for one in taken} == {first.id, second.id}
    assert holding(scene) == [used.id]


def test_what_was_taken_back_before_stays_as_it_was_said(scene):
    one = given(scene)
    revoke("part=1", [one.id], "ben", "first", ASKED)

    again = [revoke("part=1", [name], "ana@example.com", "second", ASKED) for name in (one.id, ALL)]

    assert [taken.why.partition(": ")[2] for (taken,) in again] == ["first", "first"]


@pytest.mark.parametrize("named", ["its id", ALL])
def test_what_let_the_batch_in_is_not_taken_back(scene, named):
    one = given(scene)
    committed_by(scene, one)

    with pytest.raises(Refused, match=r"was committed as slot 1 by the waiver \w+: it came too late") as told:
        revoke("part=1", [named if named == ALL else one.id], "ben", "a mistake", ASKED)

    assert "a new revision replaces it" in told.value.hint
    assert holding(scene) == [one.id]


@pytest.mark.parametrize(
    ("who", "may"),
    [("ben", True), ("ana@example.com", True), ("carl", True), ("eve", False), ("BEN", False), ("carl@x", False)],
)
def test_an_approver_may_and_whoever_gave_it(scene, who, may):
    one = given(scene, approver="carl")  # who was one of the approvers then

    if may:
        assert revoke("part=1", [one.id], who, "why", ASKED)
    else:
        with pytest.raises(Refused, match=r"did not give it, and is none of the approvers: ana@example\.com, ben"):
            revoke("part=1", [one.id], who, "why", ASKED)
    assert holding(scene) == ([] if may else [one.id])


def test_one_that_may_not_be_taken_back_keeps_the_others(scene):
    one, other = given(scene, approver="carl"), given(scene)

    with pytest.raises(Refused, match=f"waiver {other.id}"):
        revoke("part=1", [one.id, other.id], "carl", "why", ASKED)

    assert len(holding(scene)) == 2


def test_anybody_may_where_anybody_may_waive(scene):
    allow(scene, approvers=[])
    one = given(scene)

    assert revoke("part=1", [one.id], "eve", "why", ASKED)


@pytest.mark.parametrize(
    "name", ["", ".", "../b2/x", "/etc/passwd", "..%2f", "e" * 12, "e" * 5000, "a\nb", "é", "*", "None", ".revoked"]
)
def test_what_is_no_id_of_its_waivers_is_told_and_touches_nothing(scene, name):
    one = given(scene)
    before = sorted(scene.lake.rglob("*"))

    with pytest.raises(UsageError, match="is no waiver of 'part=1'"):
        revoke("part=1", [one.id, name], "ben", "why", ASKED)

    assert sorted(scene.lake.rglob("*")) == before


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"batch": "part=2"}, "'part=2' of nyc/flights has no waiver"),
        ({"batch": "../part=1"}, "has no waiver"),
        ({"revoker": " "}, "the revoker of a waiver is empty"),
        ({"reason": ""}, "the reason of a waiver is empty"),
        ({"reason": "\x1b[2J"}, "does not print"),
    ],
)
def test_what_is_said_wrongly_is_told(scene, changed, why):
    one = given(scene)
    said = {"batch": "part=1", "ids": [one.id], "revoker": "ben", "reason": "why", "asked": ASKED}

    with pytest.raises(UsageError, match=why):
        revoke(**said | changed)

    assert holding(scene) == [one.id]


def test_what_is_no_waiver_is_not_taken_back(scene):
    scene.store.put_if_absent(TARGET.waiver("part=1", "0" * 12), b"{}", "w")

    with pytest.raises(UsageError, match="is no waiver, and lets nothing in"):
        revoke("part=1", ["0" * 12], "ben", "why", ASKED)
    with pytest.raises(UsageError, match="has no waiver that could be revoked"):
        revoke("part=1", [ALL], "ben", "why", ASKED)
