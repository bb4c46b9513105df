"""The protocol's decisions, each as a table."""

import datetime as dt
import re

import pytest

from lakegate.contract.model import Batching
from lakegate.errors import Refused, UsageError
from lakegate.gate import protocol
from lakegate.gate.ledger import CommitRecord, CommittedFile, Marker, SlotState, latest
from lakegate.gate.protocol import Already, Arrived, Clash, Promised, ReadBack, Seen, Step, Take

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
COMMITTED, ABANDONED = SlotState.COMMITTED, SlotState.ABANDONED


def record(slot=1, state=COMMITTED, digest="d1", write_id="w1"):
    return CommitRecord(
        dataset="nyc/flights",
        batch="b1",
        slot=slot,
        state=state,
        digest=digest,
        files=(CommittedFile("a.csv", 4, "sha-a", "drop/a.csv", "v1", "raw/a.csv", "v9"),),
        markers=(Marker("_SUCCESS", 0, "sha-empty"),),
        contract_id="c",
        contract_version="1",
        contract_sha256="c" * 64,
        engine="e",
        lakegate="0",
        options={},
        context={},
        verdict="passed",
        counts={},
        rows=1,
        report="r/",
        report_sha256={},
        replaces=None,
        write_id=write_id,
        attempt="t",
    )


def test_the_steps_follow_the_protocol():
    way = [Step.LOOK, Step.COMPLETE, Step.PIN, Step.SPOOL, Step.DECIDE, Step.JUDGE, Step.PLACE, Step.VERIFY]
    way += [Step.COMMIT, Step.DECIDE, Step.PLACE, Step.VERIFY, Step.COMMIT, Step.SEAL, Step.CLEAN, Step.PUBLISH]

    for before, after in zip([None, *way], way, strict=False):
        assert protocol.advance(before, after) is after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Step.SPOOL, Step.COMMIT),
        (Step.JUDGE, Step.COMMIT),
        (Step.PLACE, Step.COMMIT),
        (Step.VERIFY, Step.CLEAN),
        (Step.JUDGE, Step.CLEAN),
        (Step.QUARANTINE, Step.PLACE),
        (Step.PUBLISH, Step.LOOK),
    ],
)
def test_no_step_is_skipped(before, after):
    with pytest.raises(AssertionError, match=f"{before} -> {after}"):
        protocol.advance(before, after)


@pytest.mark.parametrize(
    ("slots", "expected"),
    [
        ([], None),
        ([record()], 1),
        ([record(), record(2, ABANDONED)], 1),  # a burned slot takes nothing back
        ([record(1, ABANDONED), record(2)], 2),
    ],
)
def test_p0_the_latest_committed_slot_may_be_finished(slots, expected):
    found = latest(slots)

    assert (found.slot if found else None) == expected


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (Seen("a.csv", 4, "v1"), True),
        (Seen("a.csv", 4, "v2"), None),
        (Seen("a.csv", 4, "v2", "sha-a"), True),
        (Seen("a.csv", 4, "v2", "sha-x"), False),
        (Seen("a.csv", 5, "v2"), False),
        (Seen("b.csv", 4, "v1"), False),
        (Seen("_SUCCESS", 0, "v7", "sha-empty"), True),
        (Seen("_SUCCESS", 3, "v7"), False),
    ],
)
def test_p0_a_file_belongs_by_version_or_by_bytes(seen, expected):
    assert protocol.belongs(record(), seen) is expected


def arrived(names="a.csv", age=0, promised=None, marked=None):
    newest = NOW - dt.timedelta(seconds=age) if names else None
    since = None if marked is None else NOW - dt.timedelta(seconds=marked)
    return Arrived(frozenset(names.split()), newest, promised, since)


@pytest.mark.parametrize(
    ("state", "batching", "waits"),
    [
        (arrived(), Batching(), "no _SUCCESS"),
        (arrived(marked=1), Batching(), ""),
        (arrived(marked=1), Batching(complete="manifest"), "no _MANIFEST.json"),
        (arrived(promised=(Promised("a.csv"),), marked=1), Batching(complete="manifest"), ""),
        (arrived(promised=(Promised("a.csv"), Promised("b.csv")), marked=1), Batching(), "1 files .* 'b.csv'"),
        (arrived(promised=(Promised("b.csv"),), marked=7200), Batching(late_after="2h"), "'b.csv'"),
        (arrived(promised=(Promised("b.csv"),), marked=7201), Batching(late_after="2h"), ""),
        (arrived(age=299), Batching(complete="quiet"), "younger than 5m"),
        (arrived(age=300), Batching(complete="quiet"), ""),
        (arrived(age=1, marked=0), Batching(complete="quiet"), ""),
        (arrived(names=""), Batching(complete="quiet"), "nothing has arrived"),
        (arrived(promised=(Promised("b.csv"),), age=900), Batching(complete="quiet"), "'b.csv'"),
    ],
)
def test_p1_completeness(state, batching, waits):
    got = protocol.waits_for(state, batching, NOW)

    assert bool(got) == bool(waits)
    assert re.search(waits, got)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{}",
        b'{"files": 1}',
        b'{"files": [1]}',
        b'{"files": [{}]}',
        b'{"files": [{"path": 1}]}',
        b'{"files": [{"path": "a", "size": "4"}]}',
        b'{"files": [{"path": "a", "size": 4.0}]}',
        b'{"files": [{"path": "a", "size": -4}]}',
        b'{"files": [{"path": "\\ud800"}]}',
        b'{"files": [], "more": ' + b"[" * 100000 + b"]" * 100000 + b"}",
        b"[" * 100000,
        b'{"files": [{"path": "\xff"}]}',
    ],
)
def test_p1_a_manifest_of_another_form_is_told(text):
    with pytest.raises(ValueError, match=r"."):
        protocol.manifest_files(text)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_p1_a_manifest_is_read_in_nfc(mark):
    text = mark + '{"files": [{"path": "e\u0301.csv", "size": 4, "sha256": "AB"}, {"path": "b"}]}'.encode()

    assert protocol.manifest_files(text) == (Promised("\u00e9.csv", 4, "ab"), Promised("b"))


@pytest.mark.parametrize(
    ("promised", "rules"),
    [
        (None, ["hiddenFile"]),
        ((), []),
        ((Promised("a.csv", 4, "sha-a"),), []),
        ((Promised("a.csv", 5),), ["manifestSize"]),
        ((Promised("a.csv", 4, "sha-x"),), ["manifestSha256"]),
        ((Promised("z.csv"),), ["manifestMissing"]),
    ],
)
def test_p1_findings(promised, rules):
    files = [Seen("a.csv", 4, "v1", "sha-a"), Seen("part/.a.crc", 1, "v1", "sha-c")]

    assert [finding.rule for finding in protocol.findings(files, promised)] == rules


def test_p2_names_that_are_one_in_nfc_are_refused():
    protocol.refuse_twins(["\u00e9.csv", "e.csv"])
    with pytest.raises(Refused, match="Unicode"):
        protocol.refuse_twins(["\u00e9.csv", "x", "e\u0301.csv"])


@pytest.mark.parametrize(
    ("slots", "on_change", "expected"),
    [
        ([], "reject", Take(1, None)),
        ([record()], "reject", Already(record())),
        ([record(digest="d0")], "reject", Clash(record(digest="d0"))),
        ([record(digest="d0")], "new_revision", Take(2, 1)),
        ([record(1, ABANDONED)], "reject", Take(2, None)),
        ([record(1, ABANDONED), record(2, ABANDONED)], "reject", Take(3, None)),
        ([record(1), record(2, ABANDONED, "d0")], "reject", Already(record(1))),
        ([record(1), record(2, digest="d0")], "new_revision", Take(3, 2)),
    ],
)
def test_p4_decisions(slots, on_change, expected):
    assert protocol.decide(slots, "d1", on_change) == expected


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (None, ReadBack.ABSENT),
        (record(write_id="w1"), ReadBack.MINE),
        (record(write_id="w2"), ReadBack.MINE),
        (record(write_id="w2", digest="d0"), ReadBack.LOST),
        (record(write_id="w2", state=ABANDONED), ReadBack.LOST),
    ],
)
def test_p8_the_slot_says_what_happened(stored, expected):
    assert protocol.after_commit(stored, record(write_id="w1")) is expected


@pytest.mark.parametrize(
    ("codes", "expected"),
    [((), 0), ((0, 3), 3), ((3, 1), 1), ((1, 4), 4), ((4, 5), 5), ((5, 2), 2), ((2, 6, 0), 6)],
)
def test_the_worst_exit_code(codes, expected):
    assert protocol.worst(codes) == expected


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("5m", 300), ("6 h", 21600), ("2d", 172800), ("0s", 0)])
def test_durations(text, seconds):
    assert protocol.duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "5", "m", "-5m", "5 weeks", "1.5h"])
def test_other_durations_are_usage_errors(text):
    with pytest.raises(UsageError):
        protocol.duration(text)


def test_a_judgement_is_named_by_pins_and_contract():
    name = protocol.judgement_id([("a", "v1"), ("b", "v1")], "c1")

    assert name == protocol.judgement_id([("b", "v1"), ("a", "v1")], "c1")
    assert name != protocol.judgement_id([("a", "v2"), ("b", "v1")], "c1")
    assert name != protocol.judgement_id([("a", "v1"), ("b", "v1")], "c2")
