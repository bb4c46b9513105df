"""What is true of a lake at any moment, killed processes or not: I1 to I14 of PROTOCOL, for the scene's dataset.

A `Witness` remembers what was seen over time, a `Look` is the lake as it stands beside that, and each invariant is a
function of a look that raises AssertionError. `holds` asks all that can be asked at any moment, `ends_right` what is
true once faults have stopped and one clean run has been made. They take any lake.
"""

import hashlib
import itertools
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property, lru_cache

from gate.scene import SOURCE, TARGET
from lakegate.gate import ledger, quarantine, waiver
from lakegate.gate.ledger import SlotState
from lakegate.lake import zones

MARKERS = (zones.SUCCESS, zones.MANIFEST)
SEQUENCE = f"{TARGET.commits}_seq/"


parse_record = lru_cache(4096)(ledger.parse_record)  # a look is taken often, and records never change


def sha(data):
    return hashlib.sha256(data).hexdigest()


sha_of_upload = lru_cache(8)(sha)  # the same few, of up to 25 MB, for each look


def slot_of(key):
    """(batch, slot) of a committed file's key."""
    batch, revision = key.removeprefix(TARGET.prefix).split("/")[:2]
    return zones.batch_of(batch.removeprefix("batch=")), int(revision.rpartition("-")[2])


@dataclass(frozen=True)
class Ending:
    """How one run of the gate ended that was not killed. `removed`: how many source files it took away."""

    batch: str
    exit_code: int
    attempt: str
    record: object = None  # the commit record it named, None where it named none
    removed: int = 0


class Witness:
    """What was observed of the scene's dataset over time; whoever watches a lake tells it."""

    def __init__(self):
        self.contents = defaultdict(dict)  # raw or commit key -> sha256 of each content ever seen, in that order
        self.states = defaultdict(set)  # commit key -> states ever seen
        self.standing = defaultdict(dict)  # batch -> path -> sha256: what its uploader left there
        self.arrivals = defaultdict(set)  # batch -> every set of (path, sha256) that was one arrival
        self.uploads = {}  # version -> number of the upload, where versions are never used twice
        self.endings = []
        self.verdicts = defaultdict(set)  # (batch, report id) -> (passes, sha256 of the report)
        self.settled = set()  # attempts whose bytes were committed when their verdict was given
        self.passing = set()  # (digest, contract sha256) of every verdict that opened the gate
        self.revoked = set()  # ids of waivers of which somebody was told that they let nothing in

    def uploaded(self, batch, files, versions=()):
        """`files`: path -> bytes; together with what the uploader put there before they are an arrival."""
        self.standing[batch] |= {path: sha_of_upload(data) for path, data in files.items()}
        self.arrives(batch, self.standing[batch])
        for version in versions:
            self.uploads[version] = len(self.uploads)

    def arrives(self, batch, lying):
        """`lying`: path -> sha256 of all that lies in the drop at one moment. All but the markers is one arrival."""
        self.arrivals[batch].add(frozenset((path, sha256) for path, sha256 in lying.items() if path not in MARKERS))

    def withdrawn(self, batch, path):
        self.standing[batch].pop(path, None)

    def saw(self, key, sha256, state=None):
        """Something stands at a key of the raw zone or of the ledger."""
        self.contents[key].setdefault(sha256)
        if state is not None:
            self.states[key].add(state)

    def look(self, lake):
        """See all that stands in the raw zone and in the ledger now."""
        for entry in lake.list(TARGET.prefix):
            self.saw(entry.key, lake.sha256(entry.key))
        for entry in lake.list(TARGET.commits):
            data = lake.read(entry.key)
            state = None if entry.key.startswith(SEQUENCE) else parse_record(data, entry.key).state
            self.saw(entry.key, sha(data), state)

    def ended(self, promotion, attempt="", removed=0):
        """A run gave an answer."""
        self.endings.append(Ending(promotion.batch, promotion.exit_code, attempt, promotion.record, removed))

    def failed(self, batch, error, attempt="", removed=0):
        """A run raised one of our errors."""
        self.endings.append(Ending(batch, error.exit_code, attempt, None, removed))

    def judged(self, batch, verdict, report):
        """`report`: bytes of report.json."""
        self.verdicts[batch, verdict.report_id].add((verdict.passes, sha(report)))
        if verdict.passes:
            self.passing.add((verdict.digest, verdict.contract_sha256))


def came(record):
    """What arrived of a batch, and what was committed where no row was set apart."""
    return record.arrived or record.files


class Look:
    """The lake as it stands, beside what was seen before."""

    def __init__(self, lake, witness):
        self.lake, self.witness = lake, witness

    @cached_property
    def records(self):
        """Batch -> its records in the order of their slots."""
        found = defaultdict(list)
        for entry in self.lake.list(TARGET.commits):
            if not entry.key.startswith(SEQUENCE):
                record = parse_record(self.lake.read(entry.key), entry.key)
                found[zones.batch_of(entry.key.split("/")[-2])].append(record)
        return found

    @cached_property
    def committed(self):
        return [r for records in self.records.values() for r in records if r.state is SlotState.COMMITTED]

    @cached_property
    def latest(self):
        """Batch -> its latest COMMITTED record."""
        return {record.batch: record for record in self.committed}


def i1_a_commit_record_is_written_once(look):
    for key, contents in look.witness.contents.items():
        if key.startswith(TARGET.commits):
            assert len(contents) == 1, f"I1: {key} held {len(contents)} records"
            assert look.lake.sha256(key) in contents, f"I1: {key} is gone"


def i2_every_committed_file_exists_with_its_sha(look):
    for record in look.committed:
        for file in record.files:
            assert look.lake.sha256(file.key) == file.sha256, f"I2: {file.key}"
        held = record.rejected
        for file in held.files if held else ():
            assert look.lake.sha256(file.key) == file.sha256, f"I2: {file.key}, rows set apart"
        assert held is None or held.rows_in == held.rows_out + held.rows, "I2: rows in are not rows out"
        assert held is None or held.rows == sum(file.rows for file in held.files), "I2: rows set apart are not kept"


def i3_a_committed_digest_has_a_passing_verdict_or_a_waiver(look):
    for record in look.committed:
        assert record.verdict in {"passed", "warned", "waived"}, "I3: the verdict"
        assert bool(record.waivers) == (record.verdict == "waived"), "I3: the waivers"
        assert record.counts["failed"] == 0, "I3: failed checks"
        for name, sha256 in record.report_sha256.items():
            assert look.lake.sha256(record.report + name) == sha256, f"I3: the report {name}"
        asked = (record.digest, record.contract_sha256)
        for name in record.waivers:
            one = waiver.parse(look.lake.read(TARGET.waiver(record.batch, name)) or b"", name)
            assert isinstance(one, waiver.Waiver), f"I3: {name} is no waiver"
            assert (one.digest, one.contract_sha256) == asked, "I3: a waiver of other bytes, or of another contract"
            assert one.approver in {"ana", "ben"}, "I3: a waiver of nobody who may"
            assert name not in look.witness.revoked, "I3: a waiver that was revoked"
        good = asked in look.witness.passing or bool(record.waivers)
        assert not look.witness.passing or good, "I3: nobody judged these bytes"


def i4_no_raw_key_ever_holds_two_contents(look):
    """Unless its slot is burned: there a bad copy is collected, and a late promoter may put a good one."""
    burned = {
        (record.batch, record.slot)
        for records in look.records.values()
        for record in records
        if record.state is SlotState.ABANDONED
    }
    for key, contents in look.witness.contents.items():
        if key.startswith(TARGET.prefix) and slot_of(key) not in burned:
            assert len(contents) == 1, f"I4: {key} held {len(contents)} contents"


def i5_at_most_one_committed_per_batch_revision(look):
    """Nor does a revision come back once another has replaced it, unless it was uploaded again."""
    for batch, records in look.records.items():
        revisions = [record for record in records if record.state is SlotState.COMMITTED]
        moments = []
        for before, after in itertools.pairwise(revisions):
            assert before.digest != after.digest, f"I5: {batch} committed {after.digest[:12]} twice"
        for record in revisions:
            uploads = [look.witness.uploads.get(file.source_version, -1) for file in came(record)]
            moments.append(max(uploads, default=-1))
        if -1 not in moments:
            assert moments == sorted(set(moments)), f"I5: an older arrival of {batch} replaced a newer one"


def i6_a_deleted_source_implies_the_same_sha_committed(look):
    temporary = [entry.key for entry in look.lake.list(zones.TEMPORARY + "/")]
    taken = {look.lake.sha256(key) for key in temporary if key.endswith((".taken", ".kept"))}
    for batch, files in look.witness.standing.items():
        committed = [record for record in look.committed if record.batch == batch]
        safe = {file.sha256 for record in committed for file in came(record)} | taken  # rows set apart are kept: I2
        for path, sha256 in files.items():
            now = look.lake.sha256(f"{SOURCE.prefix}{batch}/{path}")
            assert now in {sha256, None}, f"I6: {path} is not what was uploaded last"
            if now is None and path in MARKERS:
                assert committed, f"I6: {path} is gone, nothing is committed"
            elif now is None:
                assert sha256 in safe, f"I6: {path} is gone, its bytes are not committed"


def i7_abandoned_and_committed_exclude_each_other(look):
    for records in look.records.values():
        assert [record.slot for record in records] == list(range(1, len(records) + 1)), "I7: one record a slot"
    for key, states in look.witness.states.items():
        assert len(states) == 1, f"I7: {key} was {' and '.join(sorted(states))}"


def i8_garbage_collection_never_removes_referenced_data(look):
    for record in look.committed:
        for file in record.files:
            assert look.lake.stat(file.key) is not None, f"I8: {file.key} is gone"


def i9_an_acknowledged_success_survives(look):
    for ending in look.witness.endings:
        if ending.exit_code == 0:
            standing = ledger.read_slot(look.lake, TARGET.commit(ending.batch, ending.record.slot))
            assert standing is not None, f"I9: {ending.batch} was said to be committed"
            assert standing.state is SlotState.COMMITTED, f"I9: {ending.batch} was said to be committed"
            assert standing.digest == ending.record.digest, f"I9: other bytes of {ending.batch} were said to be"


def i10_one_clean_run_settles(look, batch, first, again):
    """`first`, `again`: the answers of two clean runs after all faults. What was to be committed is, and is cleaned."""
    drop = f"{SOURCE.prefix}{batch}/"
    left = {entry.key.removeprefix(drop) for entry in look.lake.list(drop)}
    if first.exit_code or not left:
        assert again.exit_code == first.exit_code, f"I10: idempotent, got {again.exit_code} after {first.exit_code}"
    if first.exit_code == 0:
        named = {file.path for file in came(first.record)} | set(MARKERS)
        assert not left & named, f"I10: the source of a committed batch is cleaned, got {left}"
    elif not left:
        assert batch not in look.latest, "I10: what is committed and cleaned is a success"
    leftovers = [entry.key for entry in look.lake.list(zones.TEMPORARY + "/")]
    assert leftovers == [], "I10: nothing temporary is left"


def i11_a_reader_sees_whole_committed_batches(look):
    expected = {file.key for record in look.latest.values() for file in record.files}
    assert set(ledger.paths(look.lake, TARGET)) == expected, "I11: a reader sees exactly the latest revisions"
    for record in look.committed:
        files = frozenset((file.path, file.sha256) for file in came(record))
        assert files in look.witness.arrivals[record.batch], f"I11: {record.batch} never arrived like this"


def i12_success_is_a_record_and_unknown_deletes_nothing(look):
    for ending in look.witness.endings:
        if ending.exit_code == 0:
            assert ending.record is not None, f"I12: {ending.batch}"
            continue
        assert ending.exit_code != 1 or ending.attempt not in look.witness.settled, (
            f"I12: {ending.attempt} is committed"
        )
        assert not ending.removed, f"I12: exit {ending.exit_code}, and {ending.removed} source files are gone"
        own = [r for r in look.committed if r.attempt == ending.attempt and r.batch == ending.batch]
        assert ending.exit_code == 5 or not (own and ending.attempt), f"I12: exit {ending.exit_code}, but it committed"


def i13_a_failed_verdict_has_a_report_and_its_bytes_remain(look):
    for judgement in quarantine.judgements(look.lake, TARGET.dataset):
        if judgement.outcome == quarantine.FAILED:
            assert look.lake.read(judgement.report + "report.json"), "I13: the report"
            for file in judgement.files:
                assert look.lake.sha256(file.key) == file.sha256, f"I13: {file.path}"


def i14_a_verdict_is_a_pure_function(look):
    for (batch, report_id), answers in look.witness.verdicts.items():
        assert len(answers) == 1, f"I14: {batch} has {len(answers)} verdicts under {report_id}"
        standing = look.lake.sha256(zones.report(TARGET.dataset, batch, report_id) + "report.json")
        assert standing in {None, *(report for _, report in answers)}, f"I14: the report of {batch} is another's"


AT_ANY_MOMENT = (
    i1_a_commit_record_is_written_once,
    i2_every_committed_file_exists_with_its_sha,
    i3_a_committed_digest_has_a_passing_verdict_or_a_waiver,
    i4_no_raw_key_ever_holds_two_contents,
    i5_at_most_one_committed_per_batch_revision,
    i6_a_deleted_source_implies_the_same_sha_committed,
    i7_abandoned_and_committed_exclude_each_other,
    i8_garbage_collection_never_removes_referenced_data,
    i9_an_acknowledged_success_survives,
    i11_a_reader_sees_whole_committed_batches,
    i12_success_is_a_record_and_unknown_deletes_nothing,
    i13_a_failed_verdict_has_a_report_and_its_bytes_remain,
    i14_a_verdict_is_a_pure_function,
)


def watched(uploaded):
    """A witness of one version of the scene's batch. `uploaded`: path -> bytes."""
    witness = Witness()
    witness.uploaded("b1", uploaded)
    return witness


def holds(lake, uploaded, witness=None):
    """`uploaded`: path -> bytes of the one version of the batch that was ever uploaded; or whatever `witness` saw."""
    witness = witness or watched(uploaded)
    witness.look(lake)
    look = Look(lake, witness)
    for invariant in AT_ANY_MOMENT:
        invariant(look)


def ends_right(lake, promotion, uploaded):
    """I9, I10, I12: after one clean run the batch is settled, and success means that the record stands."""
    witness = watched(uploaded)
    witness.ended(promotion)
    holds(lake, uploaded, witness)
    look = Look(lake, witness)
    i10_one_clean_run_settles(look, "b1", promotion, promotion)
    if not look.committed:
        drop = f"{SOURCE.prefix}b1/"
        left = {entry.key.removeprefix(drop): lake.read(entry.key) for entry in lake.list(drop)}
        assert left == uploaded, "I12: what is not committed is not deleted"
        assert quarantine.judgements(lake, TARGET.dataset), "I10: a failed batch is remembered"
    assert (promotion.exit_code == 0) == bool(look.committed), "I12"
    for record in look.committed:
        every_line_is_somewhere(lake, record, uploaded)


def every_line_is_somewhere(lake, record, uploaded):
    """What arrived of each file is what was committed and what was set apart, line by line."""
    held = {file.path: lake.read(file.key) for file in record.rejected.files} if record.rejected else {}
    for file in record.files:
        arrived, kept = uploaded[file.path], lake.read(file.key) + held.pop(file.path, b"")
        same = kept == arrived or sorted(kept.splitlines()) == sorted(arrived.splitlines())  # sorting 100 MB takes 8 s
        assert same, f"I6: lines of {file.path}"
    assert not held, f"I2: rows set apart of {', '.join(held)}, which is not committed"
