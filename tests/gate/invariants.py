"""What is true of a lake at any moment, killed processes or not (PROTOCOL, Invariants). Each raises AssertionError."""

import hashlib
import json

from gate.scene import DROP, TARGET
from lakegate.gate import ledger, quarantine
from lakegate.gate.ledger import SlotState


def holds(lake, uploaded):
    """`uploaded`: path -> bytes of the one version of the batch that was ever uploaded."""
    records = slots(lake)
    one_commit(records)
    slots_are_dense(records)
    committed_files_exist(lake, records)
    committed_has_passed(records)
    one_content_per_key(lake)
    deleted_is_committed(lake, records, uploaded)
    readers_see_whole_batches(lake, records, uploaded)
    failed_has_report_and_bytes(lake)


def ends_right(lake, promotion, uploaded):
    """I9, I10, I12: after one clean run the batch is settled, and success means that the record stands."""
    committed = [record for record in slots(lake) if record.state is SlotState.COMMITTED]
    assert (promotion.exit_code == 0) == bool(committed), "I12"
    if committed:
        assert lake.list(DROP) == (), "I10: the source of a committed batch is cleaned"
    else:
        left = {entry.key.removeprefix(DROP): lake.read(entry.key) for entry in lake.list(DROP)}
        assert left == uploaded, "I12: what is not committed is not deleted"
        assert quarantine.judgements(lake, TARGET.dataset), "I10: a failed batch is remembered"
    leftovers = [entry.key for entry in lake.list("02-transient-zone/_tmp/")]
    assert leftovers == [], "I10: nothing temporary is left"


def slots(lake):
    return ledger.slots(lake, TARGET, "b1")


def one_commit(records):
    revisions = [record.digest for record in records if record.state is SlotState.COMMITTED]
    assert len(revisions) == len(set(revisions)), "I5: at most one COMMITTED per batch revision"


def slots_are_dense(records):
    assert [record.slot for record in records] == list(range(1, len(records) + 1)), "I1, I7: one record a slot"


def committed_files_exist(lake, records):
    for record in records:
        for file in record.files if record.state is SlotState.COMMITTED else ():
            assert lake.sha256(file.key) == file.sha256, f"I2: {file.key}"


def committed_has_passed(records):
    for record in records:
        if record.state is SlotState.COMMITTED:
            assert record.verdict in {"passed", "warned"}, "I3"
            assert record.counts["failed"] == 0, "I3"


def one_content_per_key(lake):
    """I4: digest and slot are in the key, so two contents of one key would show as a digest that does not fit."""
    by_revision = {}
    for entry in lake.list(TARGET.prefix):
        revision, _, path = entry.key.removeprefix(f"{TARGET.prefix}batch=b1/").partition("/")
        by_revision.setdefault(revision, {})[path] = lake.sha256(entry.key)
    contents = {}
    for revision, files in by_revision.items():
        for path, sha256 in files.items():
            digest = revision.removeprefix("rev=")[:12]
            assert contents.setdefault((digest, path), sha256) == sha256, f"I4: {revision}/{path}"


def deleted_is_committed(lake, records, uploaded):
    committed = {file.sha256 for r in records if r.state is SlotState.COMMITTED for file in r.files}
    taken = {lake.sha256(e.key) for e in lake.list("02-transient-zone/_tmp/") if e.key.endswith((".taken", ".kept"))}
    for path, data in uploaded.items():
        if lake.stat(DROP + path) is None and path != "_SUCCESS":
            assert hashlib.sha256(data).hexdigest() in committed | taken, f"I6: {path} is gone"


def readers_see_whole_batches(lake, records, uploaded):
    seen = ledger.paths(lake, TARGET)
    committed = any(record.state is SlotState.COMMITTED for record in records)
    whole = {path for path in uploaded if path != "_SUCCESS"} if committed else set()
    assert {"/".join(key.split("/")[5:]) for key in seen} == whole, "I11"


def failed_has_report_and_bytes(lake):
    for judgement in quarantine.judgements(lake, TARGET.dataset):
        if judgement.outcome == quarantine.FAILED:
            assert lake.read(judgement.report + "report.json"), "I13: the report"
            for file in judgement.files:
                assert lake.sha256(file.key) == file.sha256, f"I13: {file.path}"
            assert json.loads(lake.read(f"02-transient-zone/_quarantine/_gate/nyc/flights/b1/{judgement.id}.json"))
