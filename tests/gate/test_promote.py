"""What becomes of one batch, over every lake."""

import contextlib
import dataclasses
import hashlib
import json

import pytest

from gate import invariants
from gate.scene import DROP, FILES, NOW, SOURCE, TARGET, judge, make_route, make_verdict, run, upload_batch
from lake.worlds import keeps_versions, local
from lakegate.errors import CouldNotEvaluate, EngineError, LakeError, OutcomeUnknown, Refused, SourceChanged, UsageError
from lakegate.gate import ledger, quarantine, state
from lakegate.gate.judging import Judged
from lakegate.gate.ledger import SlotState
from lakegate.gate.promote import PromotionState
from lakegate.gate.protocol import Step
from lakegate.gate.sequence import burn
from lakegate.lake.s3.lake import S3Lake
from lakegate.made import Made
from lakegate.verdict import Outcome

BAD = {**FILES, "deep/b.csv": b"id\nbad\n"}
SHA_A = hashlib.sha256(FILES["a.csv"]).hexdigest()


def test_a_batch_that_keeps_its_contract_is_committed(world):
    lake, upload = world
    upload_batch(upload, prefix=DROP)

    done = run(lake)

    assert (done.state, done.exit_code) == (PromotionState.COMMITTED, 0)
    assert done.notes == ()
    digest = done.record.digest
    assert ledger.paths(lake, TARGET) == (
        f"01-raw-data-zone/nyc/flights/batch=b1/rev={digest[:12]}-000001/a.csv",
        f"01-raw-data-zone/nyc/flights/batch=b1/rev={digest[:12]}-000001/deep/b.csv",
    )
    assert lake.read(done.record.files[0].key) == FILES["a.csv"]
    assert lake.list(DROP) == ()
    assert lake.list("02-transient-zone/_tmp/") == ()
    invariants.holds(lake, FILES)


def test_the_record_says_what_was_committed(world):
    lake, upload = world
    upload_batch(upload, prefix=DROP)
    source = lake.stat(DROP + "a.csv")

    done = run(lake)

    (record,) = ledger.committed(lake, TARGET)
    assert record == done.record
    assert ledger.parse_record(record.to_json(), "x") == record
    first = record.files[0]
    assert (first.path, first.size, first.sha256) == ("a.csv", 5, SHA_A)
    assert (first.source, first.source_version) == (source.key, source.version)
    assert first.version == lake.stat(first.key).version
    assert (record.contract_sha256, record.verdict, record.rows, record.replaces) == ("c" * 64, "passed", 2, None)
    report = lake.read(record.report + "report.json")
    assert record.report_sha256["report.json"] == hashlib.sha256(report).hexdigest()


def test_promoting_again_is_a_success_that_changes_nothing(world):
    lake, upload = world
    upload_batch(upload, prefix=DROP)
    run(lake)
    before = lake.list("01-raw-data-zone/")

    again = run(lake, judge=lambda _: pytest.fail("a committed batch is not judged again"))

    assert (again.state, again.exit_code) == (PromotionState.ALREADY_COMMITTED, 0)
    assert lake.list("01-raw-data-zone/") == before


def test_the_same_bytes_again_are_cleaned_as_committed(world):
    lake, upload = world
    upload_batch(upload, prefix=DROP)
    run(lake)
    upload_batch(upload, prefix=DROP)

    again = run(lake)

    assert again.state is PromotionState.ALREADY_COMMITTED
    assert lake.list(DROP) == ()


def test_other_bytes_under_a_committed_key_conflict(world):
    lake, upload = world
    upload_batch(upload, prefix=DROP)
    run(lake)
    upload_batch(upload, {**FILES, "a.csv": b"id\n9\n"})

    again = run(lake)

    assert (again.state, again.exit_code) == (PromotionState.CONFLICT, 4)
    assert lake.read(DROP + "a.csv") == b"id\n9\n"
    assert len(ledger.slots(lake, TARGET, "b1")) == 1


def test_a_new_revision_replaces_and_keeps_the_old_one(world):
    lake, upload = world
    route = make_route(on_change="new_revision")
    upload_batch(upload, prefix=DROP)
    first = run(lake, route=route)
    upload_batch(upload, {"a.csv": b"id\n9\n", "_SUCCESS": b""})

    second = run(lake, route=route)

    assert (second.record.slot, second.record.replaces) == (2, 1)
    assert ledger.paths(lake, TARGET) == tuple(file.key for file in second.record.files)
    assert lake.read(first.record.files[0].key) == FILES["a.csv"]


def test_a_batch_that_violates_its_contract_is_quarantined(world):
    lake, upload = world
    upload_batch(upload, BAD)

    done = run(lake)

    assert (done.state, done.exit_code) == (PromotionState.QUARANTINED, 1)
    (judgement,) = quarantine.judgements(lake, "nyc/flights")
    assert [lake.read(kept.key) for kept in judgement.files] == [b"id\n1\n", b"id\nbad\n"]
    assert judgement.files[0].key.startswith("02-transient-zone/_quarantine/nyc/flights/b1/")
    assert lake.read(done.report + "report.json")
    assert len(lake.list(DROP)) == len(BAD)
    assert ledger.slots(lake, TARGET, "b1") == ()
    again = run(lake)
    assert (again.exit_code, again.report) == (1, done.report)
    invariants.holds(lake, BAD)


def test_a_repaired_batch_is_judged_afresh(world):
    lake, upload = world
    upload_batch(upload, BAD)
    run(lake)
    upload_batch(upload, prefix=DROP)

    assert run(lake).state is PromotionState.COMMITTED


@pytest.mark.parametrize(("outcome", "code"), [(Outcome.COULD_NOT_EVALUATE, 5), (Outcome.UNSUPPORTED, 2)])
def test_a_verdict_that_promises_nothing_moves_nothing(world, outcome, code):
    lake, upload = world
    upload_batch(upload, prefix=DROP)

    done = run(lake, judge=lambda batch: Judged(make_verdict(batch, outcome), lambda _: {"report.json": b"{}"}))

    assert (done.state, done.exit_code) == (PromotionState.NOT_JUDGED, code)
    assert len(lake.list(DROP)) == len(FILES)
    assert quarantine.judgements(lake, "nyc/flights") == ()
    assert lake.read(done.report + "report.json") == b"{}"


def test_an_error_of_the_judge_moves_nothing(world):
    lake, upload = world
    upload_batch(upload, prefix=DROP)

    def broken(_):
        raise EngineError("the engine raised")

    with pytest.raises(EngineError):
        run(lake, judge=broken)

    assert [entry.key.split("/")[0] for entry in lake.list("log/")] == ["log"]
    assert len(lake.list(DROP)) == len(FILES)
    assert lake.list("02-transient-zone/_tmp/") == ()


def test_the_gate_does_not_open_for_another_verdict(world):
    lake, upload = world
    upload_batch(upload, prefix=DROP)

    def mistaken(batch):
        return Judged(make_verdict(dataclasses.replace(batch, digest="0" * 64), Outcome.PASSED), lambda _: {})

    with pytest.raises(CouldNotEvaluate, match="another batch"):
        run(lake, judge=mistaken)


@pytest.mark.parametrize(
    ("files", "batching", "state"),
    [
        ({"a.csv": b"1"}, {}, PromotionState.NOT_READY),
        ({}, {}, PromotionState.NOT_READY),
        ({"a.csv": b"1", "_MANIFEST.json": b"{"}, {}, PromotionState.NOT_READY),
        ({"a.csv": b"1", "_MANIFEST.json": b'{"files": [{"path": "a.csv"}]}'}, {}, PromotionState.COMMITTED),
        ({"a.csv": b"1", "_MANIFEST.json": b'{"files": [{"path": "b.csv"}]}'}, {}, PromotionState.NOT_READY),
        ({"a.csv": b"1", "_MANIFEST.json": b'{"files": [{"path": "a.csv", "size": 2}]}'}, {}, "quarantined"),
        ({"a.csv": b"1", "_SUCCESS": b"", ".a.crc": b"x"}, {}, PromotionState.QUARANTINED),
        ({"a.csv": b"1"}, {"complete": "quiet", "quiet_for": "0s"}, PromotionState.COMMITTED),
    ],
)
def test_completeness(world, files, batching, state):
    lake, upload = world
    upload_batch(upload, files)
    now = NOW.replace(year=2100)  # later than any file of a local lake

    assert run(lake, route=make_route(**batching), now=now).state == state


def test_what_the_manifest_does_not_name_is_left(world):
    lake, upload = world
    upload_batch(upload, {"a.csv": b"1", "_tmp.csv": b"x", "_MANIFEST.json": b'{"files": [{"path": "a.csv"}]}'})

    done = run(lake)

    assert [file.path for file in done.record.files] == ["a.csv"]
    assert json.loads(done.record.markers[0].text) == {"files": [{"path": "a.csv"}]}
    assert [entry.key for entry in lake.list(DROP)] == [DROP + "_tmp.csv"]


def test_a_finding_that_the_judge_passes_over_does_not_open_the_gate(world):
    lake, upload = world
    upload_batch(upload, {"a.csv": b"1", "_MANIFEST.json": b'{"files": [{"path": "a.csv", "size": 2}]}'})

    with pytest.raises(CouldNotEvaluate, match="expected 2"):
        run(lake, judge=lambda batch: Judged(make_verdict(batch, Outcome.PASSED), lambda _: {}))


def test_a_file_is_a_batch(world):
    lake, upload = world
    route = make_route(by="file", key="f-{month}.csv")
    upload(SOURCE.prefix + "f-01.csv", b"id\n1\n")
    upload(SOURCE.prefix + "_SUCCESS.f-01.csv", b"")
    upload(SOURCE.prefix + "f-02.csv", b"id\n2\n")

    done = run(lake, route=route, batch="f-01.csv")
    waiting = run(lake, route=route, batch="f-02.csv")

    assert [file.path for file in done.record.files] == ["f-01.csv"]
    assert waiting.state is PromotionState.NOT_READY
    assert [entry.key for entry in lake.list(SOURCE.prefix)] == [SOURCE.prefix + "f-02.csv"]


def test_a_link_in_the_drop_is_refused_and_left(tmp_path):
    lake, upload = local(tmp_path)
    upload_batch(upload)
    (lake.root / DROP / "link.csv").symlink_to(lake.root / DROP / "a.csv")

    with pytest.raises(Refused, match="no plain file"):
        run(lake)

    assert len(lake.list(DROP)) == len(FILES) + 1
    assert ledger.slots(lake, TARGET, "b1") == ()


def test_a_broken_spool_disk_could_not_be_evaluated(world, tmp_path):
    lake, upload = world
    upload_batch(upload)

    with pytest.raises(CouldNotEvaluate, match="cannot spool"):
        run(Wrapped(lake, workspace=lambda: contextlib.nullcontext(tmp_path / "missing")))


def test_a_late_batch_fails_by_what_is_missing(world):
    lake, upload = world
    upload_batch(upload, {"a.csv": b"1", "_MANIFEST.json": b'{"files": [{"path": "a.csv"}, {"path": "b.csv"}]}'})
    findings = []

    def looking(batch):
        findings.extend((finding.rule, finding.path) for finding in batch.findings)
        return judge(batch)

    done = run(lake, judge=looking, route=make_route(late_after="2h"), now=NOW.replace(year=2100))

    assert done.state is PromotionState.QUARANTINED
    assert findings == [("manifestMissing", "b.csv")]


@pytest.mark.parametrize(
    ("batch", "error"), [("../x", Refused), ("a\\b", Refused), ("_tmp", UsageError), ("other", UsageError)]
)
def test_a_key_that_is_none_is_refused(world, batch, error):
    lake, _ = world

    with pytest.raises(error):
        run(lake, route=make_route(key="dt={date}") if batch == "other" else None, batch=batch)


def test_names_that_are_one_in_nfc_are_refused(world):
    lake, upload = world
    upload_batch(upload, {"\u00e9.csv": b"1", "e\u0301.csv": b"2", "_SUCCESS": b""})

    with pytest.raises(Refused, match="Unicode"):
        run(lake)


class Wrapped:
    """A lake of which some verbs are replaced."""

    def __init__(self, lake, **verbs):
        self._lake, self._verbs = lake, verbs

    def __getattr__(self, name):
        return self._verbs.get(name) or getattr(self._lake, name)


@pytest.mark.parametrize(("times", "state"), [(1, PromotionState.COMMITTED), (2, None)])
def test_a_source_that_changes_is_looked_at_once_more(world, times, state):
    lake, upload = world
    upload_batch(upload, prefix=DROP)
    left = [times]

    def at(step):
        if step is Step.SPOOL and left[0]:
            left[0] -= 1
            upload(DROP + "a.csv", b"id\n8%d\n" % left[0])

    if keeps_versions(lake):  # what was pinned is still there: it is promoted, and the new arrival is kept, whole
        assert run(lake, at=at).state is PromotionState.COMMITTED
        assert lake.read(ledger.paths(lake, TARGET)[0]) == FILES["a.csv"]
        assert len(lake.list(DROP)) == len(FILES)
    elif state is None:
        with pytest.raises(SourceChanged):
            run(lake, at=at)
        assert len(lake.list(DROP)) == len(FILES)
    else:
        assert run(lake, at=at).state is state
        assert lake.read(ledger.paths(lake, TARGET)[0]) == b"id\n80\n"


@pytest.mark.parametrize("acted", [True, False], ids=["answer lost", "request lost"])
def test_a_failed_commit_is_read_back(world, acted):
    lake, upload = world
    upload_batch(upload, prefix=DROP)
    failures = [1]

    def put(key, data, write_id):
        if "/_gate/commits/" in key and failures.pop() if failures else False:
            if acted:
                lake.put_if_absent(key, data, write_id)
            raise LakeError("connection reset")
        return lake.put_if_absent(key, data, write_id)

    done = run(Wrapped(lake, put_if_absent=put))

    assert done.state is PromotionState.COMMITTED
    assert len(ledger.slots(lake, TARGET, "b1")) == 1


def test_an_unknown_outcome_deletes_nothing_and_is_settled_by_the_next_run(world):
    lake, upload = world
    upload_batch(upload, prefix=DROP)
    cut = [False]

    def put(key, data, write_id):
        if "/_gate/commits/" in key:
            lake.put_if_absent(key, data, write_id)
            cut[0] = True
            raise LakeError("connection reset")
        return lake.put_if_absent(key, data, write_id)

    def read(key):
        if cut[0]:
            raise LakeError("unreachable")
        return lake.read(key)

    with pytest.raises(OutcomeUnknown):
        run(Wrapped(lake, put_if_absent=put, read=read))

    assert len(lake.list(DROP)) == len(FILES)
    assert run(lake).state is PromotionState.ALREADY_COMMITTED


def corrupting(lake, upload, times):
    def place(key, content):
        written = lake.place(key, content)
        if times:
            times.pop()
            if hasattr(lake, "root"):
                (lake.root / key).chmod(0o644)
            upload(key, b"corrupt")
        return written

    return Wrapped(lake, place=place)


def test_a_bad_copy_burns_its_slot(world):
    lake, upload = world
    upload_batch(upload, prefix=DROP)

    done = run(corrupting(lake, upload, [1]))

    states = [record.state for record in ledger.slots(lake, TARGET, "b1")]
    assert states == [SlotState.ABANDONED, SlotState.COMMITTED]
    assert lake.read(done.record.files[0].key) == FILES["a.csv"]


def test_two_bad_copies_are_an_unknown_outcome(world):
    lake, upload = world
    upload_batch(upload, prefix=DROP)

    with pytest.raises(OutcomeUnknown, match="2 slots"):
        run(corrupting(lake, upload, [1, 2, 3]))

    assert len(lake.list(DROP)) == len(FILES)
    assert ledger.paths(lake, TARGET) == ()


def test_a_burned_slot_is_not_committed_in(world):
    lake, upload = world
    upload_batch(upload, prefix=DROP)
    burned = []

    def put(key, data, write_id):
        if key.endswith("/000001.json") and not burned:  # a collector is faster
            burned.append(key)
            record = dataclasses.replace(ledger.parse_record(data, key), state=SlotState.ABANDONED, write_id="gc")
            lake.put_if_absent(key, record.to_json(), "gc")
        return lake.put_if_absent(key, data, write_id)

    done = run(Wrapped(lake, put_if_absent=put))

    assert (done.state, done.record.slot) == (PromotionState.COMMITTED, 2)


def test_a_new_arrival_during_cleaning_is_kept(world):
    lake, upload = world
    upload_batch(upload, prefix=DROP)

    def remove(entry, sha256):
        if entry.key.endswith("_SUCCESS"):
            upload(DROP + "a.csv", b"id\nnext\n")
        return lake.remove(entry, sha256)

    done = run(Wrapped(lake, remove=remove))

    assert (done.state, done.exit_code) == (PromotionState.COMMITTED, 0)
    assert "other bytes" in done.notes[0]
    assert lake.read(DROP + "a.csv") == b"id\nnext\n"


@pytest.mark.parametrize("sent", [("deep/b.csv",), ("deep/b.csv", "_SUCCESS"), ("a.csv", "deep/b.csv", "_SUCCESS")])
def test_what_arrived_before_the_cleaning_is_the_next_batch_as_a_whole(world, sent):
    """Uploaders send only what changed; what is left of it, half a batch, must not be the next revision."""
    lake, upload = world
    route = make_route(on_change="new_revision")
    upload_batch(upload)
    newer = {**FILES, "deep/b.csv": b"id\n9\n"}

    def at(step):
        if step is Step.CLEAN:
            upload_batch(upload, {path: newer[path] for path in sent})

    first = run(lake, at=at, route=route)

    assert first.state is PromotionState.COMMITTED
    assert "has arrived since" in first.notes[0]
    assert {entry.key.removeprefix(DROP): lake.read(entry.key) for entry in lake.list(DROP)} == newer
    second = run(lake, route=route)
    assert (second.state, second.record.slot, second.record.replaces) == (PromotionState.COMMITTED, 2, 1)
    assert [lake.read(key) for key in ledger.paths(lake, TARGET)] == [newer["a.csv"], newer["deep/b.csv"]]
    assert lake.list(DROP) == ()


def test_cleaning_leaves_the_same_bytes_uploaded_again(world):
    """They may be part of a newer arrival, the rest of which comes next."""
    lake, upload = world
    upload_batch(upload)

    def remove(entry, sha256):
        if entry.key.endswith("_SUCCESS"):
            upload(DROP + "a.csv", FILES["a.csv"])
        return lake.remove(entry, sha256)

    assert run(Wrapped(lake, remove=remove)).state is PromotionState.COMMITTED

    blind = isinstance(lake, S3Lake) and not keeps_versions(lake)  # it cannot tell the same bytes apart
    assert lake.read(DROP + "a.csv") == (None if blind else FILES["a.csv"])


def test_after_the_commit_nothing_reports_failure(world):
    lake, upload = world
    upload_batch(upload, prefix=DROP)

    def fail(*_):
        raise LakeError("unreachable")

    def put(key, data, write_id):
        return fail() if key.startswith("log/gate/nyc/") else lake.put_if_absent(key, data, write_id)

    done = run(Wrapped(lake, remove=fail, put_if_absent=put))

    assert (done.state, done.exit_code) == (PromotionState.COMMITTED, 0)
    assert len(done.notes) == len(FILES)
    assert run(lake).state is PromotionState.ALREADY_COMMITTED
    assert lake.list(DROP) == ()


def measuring(batch):
    return dataclasses.replace(judge(batch), made=Made(measured={"mean(id)": 1.5}))


def test_what_was_measured_is_kept_once_the_batch_is_committed(world):
    lake, upload = world
    upload_batch(upload, prefix=DROP)

    done = run(lake, judge=measuring)

    (kept,) = state.standing(lake, TARGET)
    assert (kept.batch, kept.slot, dict(kept.measured)) == ("b1", done.record.slot, {"mean(id)": 1.5})


def test_of_a_batch_that_is_not_committed_nothing_is_kept(world):
    lake, upload = world
    upload_batch(upload, BAD, prefix=DROP)

    assert run(lake, judge=measuring).state is PromotionState.QUARANTINED
    assert state.read(lake, TARGET) == {}


def test_what_cannot_be_kept_is_a_note(world, monkeypatch):
    lake, upload = world
    upload_batch(upload, prefix=DROP)

    def broken(*_):
        raise LakeError("the store is gone")

    monkeypatch.setattr(state, "update", broken)
    done = run(lake, judge=measuring)

    assert (done.state, done.exit_code) == (PromotionState.COMMITTED, 0)
    assert any("was not kept, it is made again then: the store is gone" in note for note in done.notes)


def test_a_report_that_stands_already_is_the_report(world):
    lake, upload = world
    upload_batch(upload, prefix=DROP)
    reports = iter([b"first", b"second"])

    def talkative(batch):
        return Judged(make_verdict(batch, Outcome.PASSED), lambda _: {"report.json": next(reports)})

    def at(step):
        if step is Step.PLACE and not lake.stat("x/y"):
            lake.put_if_absent("x/y", b"", "w")
            raise LakeError("killed here")

    with pytest.raises(LakeError):
        run(lake, judge=talkative, at=at)
    done = run(lake, judge=talkative, at=at)

    assert lake.read(done.report + "report.json") == b"first"
    assert done.record.report_sha256 == {"report.json": hashlib.sha256(b"first").hexdigest()}


def test_every_run_leaves_a_line(world):
    lake, upload = world
    upload_batch(upload, prefix=DROP)

    done = run(lake, new_id=iter(["attempt", "write"]).__next__)

    line = json.loads(lake.read("log/gate/nyc/flights/dt=2026-11-22/attempt.json"))
    assert (line["state"], line["exit_code"], line["slot"]) == ("committed", 0, 1)
    assert (done.record.attempt, done.record.write_id) == ("attempt", "write")


def test_progress_is_told_in_bytes(world):
    lake, upload = world
    upload_batch(upload, prefix=DROP)
    told = []

    run(lake, progress=lambda *said: told.append(said))

    assert told == [
        ("P3", "a.csv", 5, 10),
        ("P3", "deep/b.csv", 10, 10),
        ("P6b", "a.csv", 5, 10),
        ("P6b", "deep/b.csv", 10, 10),
    ]


def test_the_judge_sees_private_copies(world):
    lake, upload = world
    upload_batch(upload, prefix=DROP)
    seen = []

    def looking(batch):
        seen.extend((file.path, file.local.name, file.local.parents[1].stat().st_mode & 0o777) for file in batch.files)
        return judge(batch)

    run(lake, judge=looking)

    assert seen == [("a.csv", "a.csv", 0o700), ("deep/b.csv", "b.csv", 0o700)]


def test_a_store_without_conditional_writes_is_refused_before_anything_is_done(world):
    lake, upload = world
    upload_batch(upload)

    def put(key, data, write_id):
        absent = lake.stat(key) is None
        if hasattr(lake, "root") and not absent:
            (lake.root / key).chmod(0o644)
        upload(key, data)
        return absent

    with pytest.raises(Refused, match="If-None-Match"):
        run(Wrapped(lake, put_if_absent=put))

    assert len(lake.list(DROP)) == len(FILES)
    assert lake.list("01-raw-data-zone/") == lake.list("02-transient-zone/_quarantine/") == ()


def test_a_store_is_asked_once(world):
    lake, upload = world
    upload_batch(upload)
    run(lake)
    asked = []

    def put(key, data, write_id):
        asked.extend([key] if "_probe" in key else [])
        return lake.put_if_absent(key, data, write_id)

    wrapped = Wrapped(lake, put_if_absent=put)
    run(wrapped)
    run(wrapped)

    assert len(asked) == 2


def overtaken(lake, upload, route, newer):
    """A promoter that sleeps from P4 on, while `newer` files arrive and are committed by another one."""
    slept = []

    def at(step):
        if step is Step.DECIDE and not slept:
            slept.append(step)
            upload_batch(upload, newer)
            assert run(lake, route=route).state is PromotionState.COMMITTED

    return run(lake, route=route, at=at)


@pytest.mark.parametrize("on_change", ["new_revision", "reject"])
def test_a_promoter_that_was_overtaken_neither_brings_back_the_past_nor_conflicts_with_it(world, on_change):
    """Its files were replaced before they were committed, and the newer ones are: there is nothing left to do."""
    lake, upload = world
    upload_batch(upload)
    newer = {**FILES, "a.csv": b"id\n9\n"}

    done = overtaken(lake, upload, make_route(on_change), newer)

    assert (done.state, done.exit_code) == (PromotionState.ALREADY_COMMITTED, 0)
    (record,) = ledger.slots(lake, TARGET, "b1")
    assert lake.read(record.files[0].key) == b"id\n9\n"
    assert quarantine.judgements(lake, TARGET.dataset) == ()


def test_a_bad_copy_in_quarantine_is_left_and_made_again(world):
    lake, upload = world
    upload_batch(upload, BAD)

    done = run(corrupting(lake, upload, [1]))

    assert done.state is PromotionState.QUARANTINED
    (judgement,) = quarantine.judgements(lake, TARGET.dataset)
    assert [lake.read(kept.key) for kept in judgement.files] == [BAD["a.csv"], BAD["deep/b.csv"]]
    assert judgement.files[0].key.split("/")[-2].endswith("-2")
    invariants.holds(lake, BAD)


def test_a_store_that_spoils_every_copy_keeps_no_judgement(world):
    lake, upload = world
    upload_batch(upload, BAD)

    with pytest.raises(LakeError, match="3 quarantined copies"):
        run(corrupting(lake, upload, [1, 2, 3, 4]))

    assert quarantine.judgements(lake, TARGET.dataset) == ()
    assert len(lake.list(DROP)) == len(BAD)


def test_a_slot_burned_after_the_commit_takes_nothing_back(world):
    """A new revision was tried, its slot burned, and the uploader withdrew it: the batch is committed as before."""
    lake, upload = world
    upload_batch(upload)
    run(lake)
    assert burn(lake, TARGET, "b1", 2, "gc")

    again = run(lake)

    assert (again.state, again.exit_code) == (PromotionState.ALREADY_COMMITTED, 0)
    assert again.record.slot == 1
