"""`waive` as a program asks for it: from what was judged last to a record that the gate believes."""

import datetime as dt
import json
from pathlib import Path

import pytest

from cli.scene import FLIGHTS, GOOD, HEADER, Scene
from lakegate.api import Asked
from lakegate.commands.batches import promoted
from lakegate.commands.revocations import revoke
from lakegate.commands.waivers import Approval, Overtaken, given, overtaken, waive
from lakegate.errors import CouldNotEvaluate, Refused, UsageError
from lakegate.gate import quarantine, waiver
from lakegate.gate.promote import PromotionState
from lakegate.lake.zones import Place
from lakegate.waivable import failing

SOON = dt.datetime.now(dt.UTC) + dt.timedelta(days=2)
TARGET = Place("01-raw-data-zone", "nyc/flights")
KEY, MINIMUM, PLANE = "flights.primaryKey", "flights.delay.minimum", "flights.tailnum.relationship.nyc-planes.planes"
BAD = HEADER + "1,N1,2\n1,N9,-300\n2,N8,-400\n"  # a key twice, two unknown planes, two delays below the minimum
ASKED = Asked(Path(FLIGHTS), "lake")
ALL = (KEY, MINIMUM, f"{PLANE}.tailnum")


def allow(scene, **said):
    def change(document):
        document["customProperties"][0]["value"]["waiver"] = {
            "allowed": True,
            "approvers": ["ana@example.com", "ben"],
            "max_days": 3,
            **said,
        }

    scene.change(FLIGHTS, change)


def judged(root):
    """A bad batch `part=1` that was judged, in the current directory."""
    scene = Scene(root)
    scene.planes("N1", "N2")
    allow(scene)
    scene.arrive("part=1", BAD)
    (done,) = promoted("part=1", ASKED, only_judge=True)
    assert (done.state, done.exit_code) == (PromotionState.QUARANTINED, 1)
    return scene


@pytest.fixture
def scene(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return judged(tmp_path)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """One for all tests that write nothing."""
    root = tmp_path_factory.mktemp("judged")
    with pytest.MonkeyPatch.context() as there:
        there.chdir(root)
        return judged(root)


@pytest.fixture
def untouched(made, monkeypatch):
    monkeypatch.chdir(made.root)
    yield made
    assert waiver.of_dataset(made.store, TARGET) == {}


def approval(**changed):
    return Approval(**{"approver": "ben", "reason": "known: sensor 7", "expires": SOON} | changed)


def test_every_failed_rule_is_waived_as_far_as_it_failed(scene):
    one = waive("part=1", approval(), ASKED)

    assert one.rules == tuple(sorted(ALL))
    assert dict(one.limits) == {KEY: 2, MINIMUM: 2, ALL[2]: 2}
    assert (one.approver, one.reason, one.expires, one.batch) == ("ben", "known: sensor 7", SOON, "part=1")
    assert waiver.of_batch(scene.store, TARGET, "part=1") == (one,)


def test_a_waived_batch_is_promoted(scene):
    one = waive("part=1", approval(), ASKED)

    (done,) = promoted(None, ASKED)

    assert (done.state, done.exit_code, done.record.waivers) == (PromotionState.COMMITTED, 0, (one.id,))
    report = json.loads((Path(done.report.removesuffix("index.html")) / "report.json").read_text())
    assert (report["outcome"], report["result"], report["exitCode"]) == ("waived", "warning", 0)
    assert [told["approver"] for told in report["waivers"]] == ["ben"]
    assert promoted(None, ASKED) == []


def test_two_approvers_cover_what_failed_together(scene):
    waive("part=1", approval(rules=(KEY, MINIMUM)), ASKED)
    (first,) = promoted("part=1", ASKED)
    waive("part=1", approval(rules=(ALL[2],), approver="ana@example.com"), ASKED)

    (done,) = promoted(None, ASKED)

    assert first.exit_code == 1
    assert first.message.endswith(f"; no waiver names {ALL[2]}")
    assert len(done.record.waivers) == 2


def test_a_limit_leaves_room_for_more(scene):
    one = waive("part=1", approval(limits={MINIMUM: 10}), ASKED)

    assert one.limits[MINIMUM] == 10


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"approver": "eve"}, "'eve' is none of the approvers: ana@example.com, ben"),
        ({"approver": "BEN"}, "'BEN' is none of the approvers"),
        ({"expires": SOON + dt.timedelta(days=2)}, "for longer than 3 days"),
        ({"digest": "0" * 64}, "'part=1' is not what was approved any more"),
        ({"contract_sha256": "0" * 64}, "'part=1' is not what was approved any more"),
    ],
)
def test_what_may_not_be_waived_is_refused(untouched, changed, why):
    with pytest.raises(Refused, match=why):
        waive("part=1", approval(**changed), ASKED)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"reason": "  \n "}, "the reason of a waiver is empty"),
        ({"approver": ""}, "the approver of a waiver is empty"),
        ({"reason": "a" * 1001}, "has 1,001 characters, at most 1,000"),
        ({"reason": "fine \u202eenif"}, r"holds '\\u202e', which does not print"),
        ({"reason": "fine\x1b[2J"}, r"holds '\\x1b', which does not print"),
        ({"expires": dt.datetime.now(dt.UTC)}, "is not in the future"),
        ({"expires": dt.datetime(2999, 1, 1)}, "names no zone"),  # noqa: DTZ001 - that is the mistake
        ({"rules": ("flights.delay.minimun",)}, "did you mean flights.delay.minimum"),
        ({"rules": ()}, "no rule is waived"),
        ({"rules": (KEY,), "limits": {MINIMUM: 5}}, "is not waived"),
        ({"limits": {MINIMUM: 1}}, "the limit of 'flights.delay.minimum' is 1 rows, and 2 failed"),
        ({"limits": {"flights.id.required": 1}}, "is no check that failed"),
    ],
)
def test_what_is_said_wrongly_is_told(untouched, changed, why):
    with pytest.raises(UsageError, match=why):
        waive("part=1", approval(**changed), ASKED)


def test_a_reason_on_several_lines_becomes_one(scene):
    assert waive("part=1", approval(reason=" known:\r\n\tsensor 7 "), ASKED).reason == "known: sensor 7"


def test_a_contract_that_allows_none_has_none(scene):
    allow(scene, allowed=False)
    promoted("part=1", ASKED, only_judge=True)

    with pytest.raises(Refused, match="the contract allows no waiver"):
        waive("part=1", approval(), ASKED)


def test_what_was_never_judged_is_not_waived(untouched):
    untouched.arrive("part=2", BAD)

    with pytest.raises(UsageError, match="nothing of 'part=2'"):
        waive("part=2", approval(), ASKED)


def test_a_contract_that_changed_since_is_judged_first(scene):
    allow(scene, max_days=30)

    with pytest.raises(UsageError, match="the contract changed since 'part=1' was judged"):
        waive("part=1", approval(), ASKED)
    with pytest.raises(Refused, match="the contract changed"):
        waive("part=1", approval(digest=digest_of(scene)), ASKED)


def digest_of(scene):
    (judgement,) = (scene.lake / "02-transient-zone/_quarantine/_gate/nyc/flights").rglob("*.json")
    return json.loads(judgement.read_text())["digest"]


def test_files_that_arrived_since_are_judged_first(scene):
    scene.arrive("part=1", GOOD + "3,N7,1\n")

    with pytest.raises(UsageError, match="other files have arrived since 'part=1' was judged"):
        waive("part=1", approval(), ASKED)


def test_what_lies_in_quarantine_alone_can_be_waived(scene):
    for file in (scene.lake / "02-transient-zone/nyc/flights/part=1").iterdir():
        file.unlink()

    assert given("part=1", approval(), ASKED).lies is False


NEVER = {
    "part=31": (HEADER + "x,N1,2\n", "flights.id.logicalType: what cannot be read as declared"),
    "part=32": (HEADER + "1,N1,2\n1,N1\n", "flights.readable: it is about the integrity of the batch"),
    "part=33": (HEADER, "flights.minRows: it is about the integrity of the batch"),
    "part=34": ("id,tailnum\n1,N1\n", "flights.delay.columnPresent: what cannot be read as declared"),
    "part=35": ("id,tailnum,delay,who\n1,N1,1,me\n", "flights.columns: it is about the integrity of the batch"),
}


@pytest.mark.parametrize("batch", NEVER)
def test_what_is_wrong_with_the_batch_itself_is_never_waived(untouched, batch):
    content, why = NEVER[batch]
    untouched.arrive(batch, content)
    promoted(batch, ASKED, only_judge=True)

    with pytest.raises(Refused, match=why):
        waive(batch, approval(), ASKED)


def test_who_brought_the_batch_may_not_waive_it(scene):
    folder = scene.arrive("part=4", BAD, complete=False)
    (folder / "_MANIFEST.json").write_text(json.dumps({"files": [{"path": "rows.csv"}], "uploader": "Ben@example.com"}))
    promoted("part=4", ASKED, only_judge=True)

    with pytest.raises(Refused, match=r"the approver 'ben' brought the batch, as 'Ben@example\.com'"):
        waive("part=4", approval(), ASKED)
    assert waive("part=4", approval(approver="ana@example.com"), ASKED).approver == "ana@example.com"


def test_the_owner_of_a_local_file_brought_it(scene):
    owner = (scene.lake / "02-transient-zone/nyc/flights/part=1/rows.csv").owner()
    allow(scene, approvers=[owner])
    promoted("part=1", ASKED, only_judge=True)

    with pytest.raises(Refused, match=f"the approver '{owner}' brought the batch"):
        waive("part=1", approval(approver=owner), ASKED)


def test_a_report_that_cannot_be_read_waives_nothing(scene):
    for report in (scene.lake / "references/reports/nyc/flights").rglob("report.json"):
        report.chmod(0o644)
        report.write_text("{}")

    with pytest.raises(CouldNotEvaluate, match="cannot be read"):
        waive("part=1", approval(), ASKED)


def test_who_asked_is_in_the_record_and_the_same_approval_is_one(scene):
    asked = Asked(Path(FLIGHTS), "lake", by="airflow:dag/run/waiver/0")

    first = waive("part=1", approval(), asked)

    assert first.by == "airflow:dag/run/waiver/0"
    assert waive("part=1", approval(), ASKED) == first


def test_a_waived_batch_is_one_of_the_table(scene):
    scene.change(FLIGHTS, lambda document: document["customProperties"][0]["value"].update(scope="table"))
    for part, rows in (("part=1", "1,N1,2\n"), ("part=2", "1,N2,3\n2,N2,3\n")):
        scene.arrive(part, HEADER + rows)
        (done,) = promoted(part, ASKED)
    assert [one.key for one in failing(done.verdict.results)] == ["flights.primaryKey.table"]
    waive("part=2", approval(), ASKED)

    (done,) = promoted("part=2", ASKED)

    assert done.state is PromotionState.COMMITTED
    scene.arrive("part=3", HEADER + "2,N1,4\n")
    (third,) = promoted("part=3", ASKED)
    assert third.exit_code == 1, "its key stands in the waived batch"
    scene.arrive("part=4", HEADER + "4,N1,4\n")
    assert promoted("part=4", ASKED)[0].exit_code == 0


def test_a_query_that_returns_nothing_is_never_waived(scene):
    rule = {"type": "sql", "query": "SELECT sum(delay) FROM flights WHERE id > 99", "mustBe": 1, "id": "late"}
    scene.change(FLIGHTS, lambda document: document["schema"][0].update(quality=[rule]))
    promoted("part=1", ASKED, only_judge=True)

    with pytest.raises(Refused, match=r"flights\.quality\.late: it could not be measured"):
        waive("part=1", approval(), ASKED)


# --- a question that an approver need not answer any more -------------------------------------------------------------


def asked_about(scene):
    """What `overtaken` is asked about the batch as it was judged."""
    (judgement,) = quarantine.judgements_of(scene.store, "nyc/flights", "part=1")
    return ("part=1", judgement.digest, judgement.contract_sha256, ASKED)


def test_a_question_is_open_until_all_that_failed_is_waived_or_the_batch_is_in(scene):
    question = asked_about(scene)
    told = [overtaken(*question)]
    waive("part=1", approval(rules=(KEY, MINIMUM)), ASKED)
    told.append(overtaken(*question))
    one = waive("part=1", approval(rules=(ALL[2],), approver="ana@example.com"), ASKED)
    waived = overtaken(*question)
    revoke("part=1", [one.id], "ben", "a mistake", ASKED)
    told.append(overtaken(*question))
    waive("part=1", approval(), ASKED)
    promoted("part=1", ASKED)

    assert told == [None, None, None]
    assert waived == Overtaken(True, "'part=1' was waived by ben, ana@example.com")
    assert overtaken(*question) == Overtaken(True, "'part=1' was committed as slot 2")


def test_a_question_about_what_is_not_there_any_more_is_over(scene):
    question = asked_about(scene)
    waive("part=1", approval(), ASKED)
    whys = []
    scene.arrive("part=1", GOOD)
    whys.append(overtaken(*question))
    promoted("part=1", ASKED)
    whys.append(overtaken(*question))
    allow(scene, max_days=4)
    whys.append(overtaken(*question))

    assert [one.goes_on for one in whys] == [False] * 3
    assert [one.why.partition("any more: ")[2] for one in whys] == [
        "other files have arrived since",
        "nothing lies under the drop, and slot 1 holds another revision",
        "nothing lies under the drop, and slot 1 holds another revision",
    ]


def test_a_question_about_what_was_taken_back_or_is_asked_otherwise_is_over(scene):
    question = asked_about(scene)
    allow(scene, max_days=4)
    changed = overtaken(*question)
    for file in (scene.lake / "02-transient-zone/nyc/flights/part=1").iterdir():
        file.unlink()
    allow(scene)
    gone = overtaken(*question)

    assert (changed.goes_on, gone.goes_on) == (False, False)
    assert changed.why.endswith("the contract changed since")
    assert gone.why.endswith("it was taken back, nothing lies under the drop")
