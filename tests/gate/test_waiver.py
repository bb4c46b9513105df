"""Waivers: what can be waived, by whom, which of them hold, and what becomes of a batch, over every lake."""

import dataclasses
import datetime as dt
import json

import pytest

from gate import invariants
from gate.scene import FILES, NOW, RULE, SOURCE, TARGET, judge, make_route, run, upload_batch
from lakegate.checks.interface import UNMEASURED
from lakegate.contract.model import Waiving
from lakegate.errors import LakeError
from lakegate.gate import ledger, quarantine, waiver
from lakegate.gate.promote import PromotionState
from lakegate.gate.status import Standing, due, status
from lakegate.gate.waiver import Asked, Unreadable, Waiver, answer, fault, same_person
from lakegate.lake.zones import Place
from lakegate.verdict import CheckResult, Outcome, Verdict
from lakegate.waivable import obstacles, unwaivable, waivable

BAD = {**FILES, "deep/b.csv": b"id\nbad\n"}
DAY = dt.timedelta(days=1)
ALLOWED = Waiving(allowed=True, approvers=("ana", "ben"), max_days=7)
ROUTE = dataclasses.replace(make_route(), waiving=ALLOWED)


def make_waiver(digest, **changed):
    named = {
        "dataset": "nyc/flights",
        "batch": "b1",
        "digest": digest,
        "contract_sha256": "c" * 64,
        "rules": (RULE,),
        "limits": {},
        "approver": "ana",
        "reason": "the feed is late",
        "expires": NOW + DAY,
        "at": NOW - DAY,
    }
    return Waiver(**named | changed)


def blocked(lake, upload, files=BAD, **options):
    """Let a bad batch be judged, and return its digest."""
    upload_batch(upload, files)
    done = run(lake, route=ROUTE, **options)
    assert done.exit_code == 1
    return done.verdict.digest


def waive(lake, digest, **changed):
    return waiver.write(lake, TARGET, make_waiver(digest, **changed), "w")


# --- through the gate -------------------------------------------------------------------------------------------------


def test_a_waived_batch_is_committed_and_everything_says_so(world):
    lake, upload = world
    one = waive(lake, blocked(lake, upload))

    done = run(lake, route=ROUTE)

    assert (done.state, done.exit_code) == (PromotionState.COMMITTED, 0)
    assert done.message.endswith("2 files, waived")
    record = ledger.parse_record(lake.read(TARGET.commit("b1", 1)), "x")
    assert (record.verdict, record.waivers, record.counts["waived"], record.counts["failed"]) == (
        "waived",
        (one.id,),
        1,
        0,
    )
    (told,) = done.verdict.waivers
    assert (told.id, told.rules, told.approver, told.reason) == (one.id, (RULE,), "ana", "the feed is late")
    assert (told.expires, told.at) == (one.expires.isoformat(), one.at.isoformat())
    assert [result.outcome for result in done.verdict.results] == [Outcome.WAIVED]
    assert lake.list(SOURCE.prefix) == ()
    invariants.holds(lake, BAD)


def test_a_waived_report_is_another_one_and_the_first_stays(world):
    lake, upload = world
    waive(lake, blocked(lake, upload))
    (before,) = quarantine.judgements(lake, "nyc/flights")

    done = run(lake, route=ROUTE)

    assert done.report != before.report
    assert lake.read(before.report + "report.json")
    assert done.record.report_sha256["report.json"] == lake.sha256(done.report + "report.json")


def test_judging_alone_takes_waivers_and_commits_nothing(world):
    lake, upload = world
    waive(lake, blocked(lake, upload))

    done = run(lake, route=ROUTE, only_judge=True)

    assert (done.state, done.exit_code, bool(done.verdict.waivers)) == (PromotionState.PASSED, 0, True)
    assert done.message == "'b1' is waived; nothing was committed"
    assert ledger.slots(lake, TARGET, "b1") == ()


REFUSED = {
    "expired": ({"expires": NOW}, "it expired at 2026-11-22T12:00:00+00:00"),
    "for other bytes": ({"digest": "e" * 64}, "it is for other bytes"),
    "for another contract": ({"contract_sha256": "d" * 64}, "it is for another contract"),
    "by nobody who may": ({"approver": "eve"}, "'eve' is none of the approvers: ana, ben"),
    "in another case": ({"approver": "Ana"}, "'Ana' is none of the approvers"),
    "for too long": ({"expires": NOW + 7 * DAY}, "it is for longer than 7 days"),
    "for fewer rows": ({"limits": {RULE: 1}}, f"{RULE} counts no rows any more, and at most 1 were waived"),
}


@pytest.mark.parametrize(("changed", "why"), REFUSED.values(), ids=REFUSED)
def test_a_waiver_that_does_not_hold_is_refused(world, changed, why):
    lake, upload = world
    one = waive(lake, **{"digest": blocked(lake, upload), **changed})

    done = run(lake, route=ROUTE)

    assert (done.state, done.exit_code) == (PromotionState.QUARANTINED, 6)
    assert f"waiver {one.id} does not hold: {why}" in done.message
    assert ledger.slots(lake, TARGET, "b1") == ()
    assert (done.verdict.waivers, done.verdict.exit_code) == ((), 1)


def test_a_waiver_that_was_changed_is_refused(world):
    lake, upload = world
    one = make_waiver(blocked(lake, upload))
    upload(TARGET.waiver("b1", one.id), one.to_json().replace(b"the feed is late", b"because"))

    done = run(lake, route=ROUTE)

    assert done.exit_code == 6
    assert "somebody changed it" in done.message


def test_a_contract_that_allows_no_waiver_looks_for_none(world):
    lake, upload = world
    waive(lake, blocked(lake, upload))

    done = run(lake, route=dataclasses.replace(ROUTE, waiving=Waiving(approvers=("ana",))))

    assert (done.exit_code, done.message) == (1, "'b1' violates its contract: 1 of 1 checks failed")


def test_a_verdict_that_passes_mentions_no_waiver(world):
    lake, upload = world
    upload_batch(upload)
    waive(lake, "e" * 64)

    done = run(lake, route=ROUTE)

    assert (done.exit_code, done.record.waivers, done.record.verdict) == (0, (), "passed")


def test_what_is_wrong_with_the_arrival_is_never_waived(world):
    lake, upload = world
    files = {"a.csv": b"id\n1\n", ".hidden": b"", "_SUCCESS": b""}
    one = waive(lake, blocked(lake, upload, files))

    done = run(lake, route=ROUTE, judge=lambda batch: in_category(judge(batch), "batch"))

    assert done.exit_code == 6
    assert f"waiver {one.id} does not hold: {RULE} cannot be waived: it is about the integrity" in done.message


def in_category(judged, category):
    (result,) = judged.verdict.results
    results = (dataclasses.replace(result, category=category),)
    return dataclasses.replace(judged, verdict=dataclasses.replace(judged.verdict, results=results))


def test_who_brought_the_batch_may_not_waive_it(world):
    lake, upload = world
    manifest = {"files": [{"path": "a.csv"}], "uploader": ["ben", "ANA@example.com"]}
    files = {"a.csv": b"bad\n", "_MANIFEST.json": json.dumps(manifest).encode()}
    one = waive(lake, blocked(lake, upload, files))

    done = run(lake, route=ROUTE)

    assert done.exit_code == 6
    assert f"waiver {one.id} does not hold: the approver 'ana' brought the batch, as 'ANA@example.com'" in done.message


def test_the_owner_of_a_drop_folder_brought_what_lies_there(world):
    lake, upload = world
    route = dataclasses.replace(ROUTE, source=Place("04-user-drop-zone", "ana/flights"))
    upload_batch(upload, BAD, f"{route.source.prefix}b1/")
    done = run(lake, route=route)
    waive(lake, done.verdict.digest)

    again = run(lake, route=route)

    assert again.exit_code == 6
    assert "the approver 'ana' brought the batch, as 'ana'" in again.message


def test_who_brought_the_same_bytes_before_is_remembered(world):
    lake, upload = world
    manifest = json.dumps({"files": [{"path": "a.csv"}], "uploader": "ana"}).encode()
    digest = blocked(lake, upload, {"a.csv": b"bad\n", "_MANIFEST.json": manifest})
    upload_batch(upload, {"a.csv": b"bad\n", "_MANIFEST.json": b'{"files": [{"path": "a.csv"}]}'})
    waive(lake, digest)

    done = run(lake, route=ROUTE)

    assert done.exit_code == 6
    assert "the approver 'ana' brought the batch" in done.message


def test_a_batch_that_was_judged_is_due_again_once_it_is_waived(world):
    lake, upload = world
    digest = blocked(lake, upload)
    assert due(status(lake, ROUTE, NOW)) == ()
    waive(lake, digest)

    (waived,) = status(lake, ROUTE, NOW)
    (expired,) = status(lake, ROUTE, NOW + 2 * DAY)

    assert (waived.standing, waived.due) == (Standing.ARRIVED, True)
    assert waived.message == "waived by ana since it was judged; ready to be judged again"
    assert (expired.standing, expired.due) == (Standing.QUARANTINED, False)


@pytest.mark.parametrize("changed", [{"digest": "e" * 64}, {"approver": "eve"}, {"contract_sha256": "d" * 64}])
def test_a_waiver_that_cannot_hold_makes_nothing_due(world, changed):
    lake, upload = world
    waive(lake, **{"digest": blocked(lake, upload), **changed})

    assert due(status(lake, ROUTE, NOW)) == ()


def test_a_batch_is_judged_once_with_a_waiver_that_is_not_enough(world):
    lake, upload = world
    waive(lake, blocked(lake, upload), limits={RULE: 1})
    assert due(status(lake, ROUTE, NOW)) == ("b1",)

    run(lake, route=ROUTE)

    assert due(status(lake, ROUTE, NOW)) == ()
    assert len(quarantine.judgements(lake, "nyc/flights")) == 2


def test_the_same_approval_twice_is_one_waiver(world):
    lake, _ = world
    first = waive(lake, "e" * 64)

    again = waive(lake, "e" * 64, at=NOW, by="airflow:dag/run")

    assert again == first
    assert waiver.of_batch(lake, TARGET, "b1") == (first,)


def test_a_waiver_is_not_written_over_something_else(world):
    lake, upload = world
    one = make_waiver("e" * 64)
    upload(TARGET.waiver("b1", one.id), b"{}")

    with pytest.raises(LakeError, match="is no waiver"):
        waiver.write(lake, TARGET, one, "w")


# --- the record -------------------------------------------------------------------------------------------------------


def test_a_waiver_reads_back_as_it_was_written():
    one = make_waiver("e" * 64, limits={RULE: 3}, reason="día 1: später", by="airflow:dag/run")

    assert waiver.parse(one.to_json(), one.id) == one
    assert one.to_json().count(b"\n") == 1


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b'"schema_version": 1', b'"schema_version": 2', "schema version 2, this lakegate reads 1"),
        (b'"by": ""', b'"by": "", "more": 1', "cannot be read"),
        (b'"limits": {}', b'"limits": {"a": -1}', "cannot be read"),
        (b"+00:00", b"", "cannot be read"),
        (b'"b1"', b'"b2"', "somebody changed it"),
        (b"{", b"[", "cannot be read"),
    ],
)
def test_what_is_no_waiver_never_holds(old, new, why):
    one = make_waiver("e" * 64)

    found = waiver.parse(one.to_json().replace(old, new), one.id)

    assert isinstance(found, Unreadable)
    assert why in found.why


def test_a_waiver_under_another_name_or_batch_never_holds():
    one = make_waiver("e" * 64)

    assert isinstance(waiver.parse(one.to_json(), "0" * 12), Unreadable)


def test_a_waiver_of_another_batch_never_holds(world):
    lake, upload = world
    other = make_waiver("e" * 64, batch="b2")
    upload(TARGET.waiver("b1", other.id), other.to_json())

    (found,) = waiver.of_batch(lake, TARGET, "b1")

    assert found == Unreadable(other.id, "it is of nyc/flights 'b2'")


def test_a_dataset_below_another_keeps_its_own_waivers(world):
    lake, _ = world
    below = Place(TARGET.zone, f"{TARGET.path}/b1")
    waiver.write(lake, below, make_waiver("e" * 64, dataset=below.dataset, batch="x"), "w")

    assert waiver.of_batch(lake, TARGET, "b1") == ()
    assert waiver.of_dataset(lake, TARGET) == {}


# --- what can be waived -----------------------------------------------------------------------------------------------


def check(key="a", outcome=Outcome.FAILED, *, category="schema", kind="unique", **diagnostics):
    return CheckResult(key, category, kind, key, "flights", None, None, None, outcome, diagnostics=diagnostics)


def verdict(*results, **options):
    return Verdict(
        "c", "1", "c" * 64, "nyc/flights", "flights", "b1", "e" * 64, (), 9, results, "none 1", "0.1.0", options
    )


NEVER = {
    "a file that cannot be read": check(category="batch", kind="readable", failed=1),
    "too few rows": check(category="batch", kind="minRows"),
    "an undeclared column": check(category="batch", kind="columns"),
    "too many rows set apart": check(category="batch", kind="maxRejected", failed=3),
    "a missing column": check(kind="columnPresent"),
    "cells that do not convert": check(kind="logicalType", failed=3),
    "another physical type": check(kind="physicalType"),
    "what could not be measured": check(kind="sql", category="quality", **UNMEASURED),
}


@pytest.mark.parametrize("result", NEVER.values(), ids=NEVER)
def test_what_can_never_be_waived(result):
    told = verdict(check("b", failed=1), result)

    assert unwaivable(result)
    assert obstacles(told.results, told.exit_code, told.options) == (f"a: {unwaivable(result)}",)
    assert not waivable(told)


@pytest.mark.parametrize("outcome", [Outcome.COULD_NOT_EVALUATE, Outcome.UNSUPPORTED])
def test_what_was_not_judged_is_not_waived(outcome):
    told = verdict(check("a"), check("b", outcome))

    assert not waivable(told)
    assert answer(told, [make_waiver("e" * 64, rules=("a", "b"))], ASKED).verdict == told


def test_nothing_that_passes_is_waived():
    assert not waivable(verdict(check("a", Outcome.PASSED)))
    assert not waivable(verdict(check("a", Outcome.NOT_APPLICABLE)))


def test_warnings_that_block_are_not_waived():
    told = verdict(check("a"), check("b", Outcome.WARNED), fail_on="warning")

    done = answer(told, [make_waiver("e" * 64, rules=("a", "b"))], ASKED)

    assert (done.verdict, done.refused) == (told, False)
    assert "warnings block" in done.message


def test_numbers_of_the_rows_that_would_go_on_are_not_waived():
    told = verdict(check("a", failed=1), check("sum", Outcome.PASSED, category="batch", kind="rowsAddUp"))

    assert "of the rows that would go on" in obstacles(told.results, told.exit_code, told.options)[0]


# --- which waivers hold -----------------------------------------------------------------------------------------------

ASKED = Asked("e" * 64, "c" * 64, ALLOWED, NOW)


def test_several_waivers_cover_together_each_rule_by_the_oldest():
    told = verdict(check("a", failed=2), check("b"), check("c", Outcome.PASSED))
    old = make_waiver("e" * 64, rules=("a",), limits={"a": 2})
    new = make_waiver("e" * 64, rules=("a", "b"), limits={"a": 5}, approver="ben", at=NOW)

    done = answer(told, [old, new], ASKED)

    assert [(one.id, one.rules) for one in done.verdict.waivers] == [(old.id, ("a",)), (new.id, ("b",))]
    assert [one.outcome for one in done.verdict.results] == [Outcome.WAIVED, Outcome.WAIVED, Outcome.PASSED]
    assert (done.verdict.exit_code, done.faults, done.message) == (0, {}, "")


def test_a_rule_that_nobody_waived_blocks_and_is_named():
    told = verdict(check("a"), check("b"))

    done = answer(told, [make_waiver("e" * 64, rules=("a",))], ASKED)

    assert (done.verdict, done.refused, done.message) == (told, False, "no waiver names b")


@pytest.mark.parametrize(
    ("rows", "limits", "holds"),
    [
        (3, {"a": 3}, True),
        (2, {"a": 3}, True),
        (4, {"a": 3}, False),
        (4, {}, False),  # it counted none when it was waived
        (None, {}, True),
        (None, {"a": 3}, False),
    ],
)
def test_more_failing_rows_than_were_waived_are_not_let_in(rows, limits, holds):
    told = verdict(check("a", **({} if rows is None else {"failed": rows})))

    done = answer(told, [make_waiver("e" * 64, rules=("a",), limits=limits)], ASKED)

    assert done.verdict.passes is holds
    assert done.refused is not holds


def test_one_waiver_that_holds_is_enough_beside_others_that_do_not():
    told = verdict(check("a"))
    holds, ended = make_waiver("e" * 64, rules=("a",)), make_waiver("e" * 64, rules=("a",), expires=NOW)

    done = answer(told, [ended, holds], ASKED)

    assert [one.id for one in done.verdict.waivers] == [holds.id]
    assert done.faults == {ended.id: "it expired at 2026-11-22T12:00:00+00:00"}


def test_a_waiver_holds_until_the_very_instant_of_its_expiry():
    one = make_waiver("e" * 64, expires=NOW)

    assert fault(one, dataclasses.replace(ASKED, now=NOW - dt.timedelta(microseconds=1))) == ""
    assert fault(one, ASKED) != ""


def test_without_approvers_anybody_may():
    asked = dataclasses.replace(ASKED, waiving=Waiving(allowed=True))

    assert fault(make_waiver("e" * 64, approver="anybody", expires=NOW + 9999 * DAY), asked) == ""


def test_the_report_of_a_waived_verdict_has_an_id_of_its_own():
    told = verdict(check("a"))
    first = answer(told, [make_waiver("e" * 64, rules=("a",))], ASKED).verdict
    second = answer(told, [make_waiver("e" * 64, rules=("a",), reason="another")], ASKED).verdict

    assert len({told.report_id, first.report_id, second.report_id}) == 3


@pytest.mark.parametrize(
    ("name", "other", "same"),
    [
        ("ana", "ANA", True),
        ("ana@example.com", "ana", True),
        ("ana@example.com", "Ana@example.org", True),
        (" ana ", "ana", True),
        ("ａｎａ", "ana", True),  # noqa: RUF001 - full width letters
        ("ana", "anabel", False),
        ("ana", "ben@ana.example", False),
        ("@example.com", "@example.com", True),
        ("", "", False),
        ("", "ana", False),
    ],
)
def test_names_that_may_be_one_person(name, other, same):
    assert same_person(name, other) is same
