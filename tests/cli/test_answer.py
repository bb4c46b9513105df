"""`lakegate promote --answer`: what a job leaves for whoever started it; `--only-judge` and `--by` beside it."""

import json

import pytest

from cli.scene import BAD, FLIGHTS
from lakegate.commands import answers
from lakegate.contract.odcs import load
from lakegate.errors import ContractError, CouldNotEvaluate, Refused, UsageError
from lakegate.gate.arrivals import route
from lakegate.gate.promote import PromotionState
from lakegate.lake import zones


@pytest.fixture
def ready(scene):
    scene.planes("N1", "N2")
    return scene


def answer(scene, name="job-1"):
    found = answers.read(scene.store, name)
    assert found is not None
    return found


def borne_out(scene, batch="part=1"):
    contract = load(FLIGHTS)
    return answers.borne_out(answer(scene), scene.store, route(contract, contract.schema[0]), batch)


def test_a_commit_is_told_with_its_record_and_its_verdict(ready):
    ready.arrive("part=1")

    ended = ready.promote("--batch", "part=1", "--by", "me", "--answer", "job-1")

    promotion = borne_out(ready)
    assert ended.exit_code == promotion.exit_code == 0
    assert (promotion.record.by, promotion.record.slot) == ("me", 1)
    assert promotion.verdict.digest == promotion.record.digest
    assert promotion.report.endswith("index.html")


def test_the_last_attempt_of_a_job_has_the_last_word(ready):
    ready.promote("--batch", "part=1", "--answer", "job-1")
    assert answer(ready).state is PromotionState.NOT_READY
    ready.arrive("part=1")

    ready.promote("--batch", "part=1", "--answer", "job-1")

    assert borne_out(ready).state is PromotionState.COMMITTED


def test_judging_alone_quarantines_and_commits_nothing(ready):
    ready.arrive("part=1")
    ready.arrive("part=2", BAD)

    good = ready.promote("--batch", "part=1", "--only-judge", "--answer", "job-1")
    bad = ready.promote("--batch", "part=2", "--only-judge", "--answer", "job-2")

    assert (good.exit_code, bad.exit_code, ready.records()) == (0, 1, [])
    assert borne_out(ready).state is PromotionState.PASSED
    assert answer(ready, "job-2").state is PromotionState.QUARANTINED


def test_a_conflict_is_told(ready):
    ready.arrive("part=1")
    ready.promote("--batch", "part=1")
    ready.arrive("part=1", BAD)

    ended = ready.promote("--batch", "part=1", "--answer", "job-1")

    assert ended.exit_code == borne_out(ready).exit_code == 4


def wrong_contract(scene):
    scene.change(FLIGHTS, lambda document: document["schema"][0]["properties"][0].update(logicalType="integre"))


def no_way(scene):
    scene.change(FLIGHTS, lambda document: document["customProperties"][0]["value"].pop("to"))


def symlink(scene):
    (scene.lake / "02-transient-zone/nyc/flights/part=1/link").symlink_to("/etc/passwd")


@pytest.mark.parametrize(
    ("make", "kind", "exit_code"), [(wrong_contract, ContractError, 2), (no_way, UsageError, 2), (symlink, Refused, 6)]
)
def test_an_error_is_told_as_what_it_is(ready, make, kind, exit_code):
    ready.arrive("part=1")
    contract = load(FLIGHTS)
    way = route(contract, contract.schema[0])
    make(ready)

    ended = ready.promote("--batch", "part=1", "--answer", "job-1")

    assert ended.exit_code == answer(ready).exit_code == exit_code
    with pytest.raises(kind):
        answers.borne_out(answer(ready), ready.store, way, "part=1")


def test_no_answer_is_none_and_what_is_no_answer_is_not_read(ready):
    assert answers.read(ready.store, "nothing") is None
    ready.write(f"lake/{zones.answer('job-1')}", json.dumps({"schema_version": 1}))

    with pytest.raises(CouldNotEvaluate, match="is not an answer"):
        answers.read(ready.store, "job-1")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--all", "--answer", "job-1"), "it tells of one batch"),
        (("--batch", "part=1", "--answer", "../job"), "is no name"),
        (("--batch", "part=1", "--answer", ""), "is no name"),
    ],
)
def test_what_cannot_be_answered_is_refused_before_anything_is_done(ready, words, says):
    ready.arrive("part=1")

    ended = ready.promote(*words)

    assert (ended.exit_code, ready.records()) == (2, [])
    assert says in ended.stderr


def test_who_asks_may_stand_in_the_environment(ready, monkeypatch):
    ready.arrive("part=1")
    monkeypatch.setenv("LAKEGATE_BY", "a task")

    ready.promote("--all")

    assert ready.records()[0]["by"] == "a task"
