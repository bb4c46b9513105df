"""What an approver is asked, and what comes of an answer."""

import asyncio
import copy
import datetime as dt
import uuid
from types import SimpleNamespace

import pytest
from airflow.providers.standard.triggers.hitl import HITLTrigger
from airflow.sdk.exceptions import AirflowFailException, TaskAwaitingInput, TaskDeferred
from airflow.triggers.base import TriggerEvent

from lakegate.airflow.summaries import SUMMARY
from lakegate.airflow.waivers import OVERTAKEN, TRIES, WaiverOperator, WaiverTrigger, body_of, plain
from lakegate.errors import LakeError, Refused

FOUND = {
    "dataset": "nyc/planes",
    "batch": "part=1",
    "message": "broken",
    "report": "s3://lake/references/reports/x/index.html",
    "report_key": None,
    "digest": "d" * 64,
    "contract_sha256": "c" * 64,
    "rows": 3,
    "counts": {"failed": 2},
    "failed": [{"rule": "planes.a", "reason": "got [x](http://evil)\n# big", "rows": 2}],
    "waivable": True,
}
SAID = {"approver": "ada", "reason": "late", "digest": "d" * 64, "contract_sha256": "c" * 64}


def waiver(**more):
    same = {
        "task_id": "waiver",
        "contract": "c.yaml",
        "batch": "part=1",
        "validate_task_id": "validate",
        "lake": "lake",
    }
    return WaiverOperator(**same, **more)


def context(found=FOUND):
    def pull(*, task_ids, key, map_indexes):
        assert (task_ids, key, map_indexes) == ("validate", SUMMARY, 4)
        return found

    ti = SimpleNamespace(
        id=uuid.uuid4(),
        dag_id="d",
        run_id="r",
        task_id="waiver",
        map_index=4,
        xcom_pull=pull,
        xcom_push=lambda **_: None,
    )
    return {"ti": ti, "task_instance": ti}


def answer(option="Approve", by="ada", **params):
    return {
        "chosen_options": [option],
        "params_input": {"reason": "late", "days": 3, **params},
        "responded_at": dt.datetime.now(dt.UTC),
        "responded_by_user": {"id": by, "name": by} if by else None,
    }


@pytest.fixture
def waived(monkeypatch):
    told = []

    def waive(batch, approval, asked):
        told.append((batch, approval, asked.by))
        return SimpleNamespace(id="w1", rules=("planes.a",))

    monkeypatch.setattr("lakegate.commands.waivers.waive", waive)
    return told


def test_what_is_shown_is_text_whatever_it_holds():
    body = body_of(FOUND, None)

    assert "](http" not in body
    assert "\n#" not in body
    assert "- planes\\.a (2 rows): got \\[x\\]\\(http\\:\\/\\/evil\\) \\# big" in body
    assert "- and 1 more" in body
    assert plain("a_b\nc") == "a\\_b c"


def test_a_report_that_a_browser_can_open_is_a_link():
    assert "<https://r/x.html>" in body_of(FOUND, "https://r/x.html")
    assert "<javascript" not in body_of(FOUND, "javascript:alert(1)")


def test_the_approvers_are_the_contracts_and_nobody_is_asked_twice():
    task = waiver(approvers=["ada", "bob"], max_days=3)

    assert task.assigned_users == [{"id": "ada", "name": "ada"}, {"id": "bob", "name": "bob"}]
    assert (task.retries, task.fail_on_reject, task.defaults) == (0, True, ["Reject"])
    assert task.params["days"] == 3


def test_an_approval_is_written_as_it_was_given(waived):
    done = waiver(max_days=3).execute_complete(context(), answer())

    ((batch, approval, by),) = waived
    assert (batch, approval.approver, approval.reason, approval.digest) == ("part=1", "ada", "late", "d" * 64)
    assert dt.timedelta(days=2.9) < approval.expires - dt.datetime.now(dt.UTC) <= dt.timedelta(days=3)
    assert by == "airflow:d/r/waiver/4"
    assert done["id"] == "w1"


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (answer("Reject"), "rejected by ada"),
        (answer("Reject", by=None), "nobody approved in time"),
        (answer(by=None), "nobody approved in time"),
        (answer(reason="  "), "no reason was given"),
        (answer(reason=None), "cannot be taken|no reason"),
        (answer(days=4), "cannot be taken|expected a whole number from 1 to 3"),
        (answer(days=0), "cannot be taken|expected a whole number"),
        (answer(days="3"), "cannot be taken|expected a whole number"),
        (answer(days=True), "cannot be taken|expected a whole number"),
        (answer(more=1), "cannot be taken"),
        ({**answer(), "params_input": {}}, "no reason was given|expected a whole number"),
        ({"error": "late", "error_type": "timeout"}, "nobody approved in time"),
        ({"error": "days: 'x'", "error_type": "validation"}, "the answer cannot be taken: days: 'x'"),
    ],
)
def test_whatever_is_no_approval_lets_nothing_in(waived, event, said):
    with pytest.raises(AirflowFailException, match=said):
        waiver(max_days=3).execute_complete(context(), event)

    assert waived == []


@pytest.mark.parametrize("found", [None, {**FOUND, "batch": "part=2"}])
def test_what_was_not_judged_is_not_asked(found):
    with pytest.raises(AirflowFailException, match="told nothing of 'part=1'"):
        waiver().execute(context(found))


def test_what_nobody_may_waive_is_not_asked():
    with pytest.raises(AirflowFailException, match="nobody may waive this: broken"):
        waiver().execute(context({**FOUND, "waivable": False}))


def test_a_waiver_that_is_refused_fails_and_one_that_could_not_be_written_is_written_later(monkeypatch):
    said = SAID | {"expires": dt.datetime.now(dt.UTC).isoformat()}

    def raising(error):
        def waive(*_):
            raise error

        monkeypatch.setattr("lakegate.commands.waivers.waive", waive)

    raising(Refused("the approver brought it"))
    with pytest.raises(AirflowFailException, match="approved by ada, not waived: exit code 6"):
        waiver().approved(context(), said)
    raising(LakeError("down"))
    with pytest.raises(TaskDeferred) as deferred:
        waiver().approved(context(), said)
    assert (deferred.value.method_name, deferred.value.kwargs) == ("approved", {"said": said, "tries": 2})
    with pytest.raises(AirflowFailException, match="down"):
        waiver().approved(context(), said, tries=TRIES)


# --- what happens while an answer is waited for -----------------------------------------------------------------------

IN, GONE = {"goes_on": True, "why": "it was waived by ben"}, {"goes_on": False, "why": "it was taken back"}
QUESTION = {
    "contract": "c.yaml",
    "model": None,
    "batch": "part=1",
    "digest": "d" * 64,
    "contract_sha256": "c" * 64,
    "lake": "lake",
    "lakegate_conn_id": "lakegate_default",
}


@pytest.fixture
def asked(monkeypatch):
    monkeypatch.setattr("airflow.providers.standard.operators.hitl.upsert_hitl_detail", lambda **_: None)


def test_the_wait_for_an_answer_looks_into_the_lake(asked):
    with pytest.raises(TaskDeferred) as deferred:
        waiver(look_every=dt.timedelta(seconds=90)).execute(context())

    assert deferred.value.method_name == "execute_complete"
    path, kwargs = deferred.value.trigger.serialize()
    assert path == "lakegate.airflow.waivers.WaiverTrigger"
    assert (kwargs["question"], kwargs["look_every"], kwargs["poke_interval"]) == (QUESTION, 90, 90)
    assert (kwargs["options"], kwargs["defaults"]) == (["Approve", "Reject"], ["Reject"])
    again = WaiverTrigger(**copy.deepcopy(kwargs))  # Airflow's own takes its arguments apart
    assert again.serialize() == (path, kwargs)


def test_who_wants_no_look_waits_as_airflow_does(asked):
    with pytest.raises(TaskAwaitingInput):
        waiver(look_every=None).execute(context())


def test_what_went_in_meanwhile_goes_on_and_what_is_gone_fails(waived):
    assert waiver().execute_complete(context(), {OVERTAKEN: IN}) == {"batch": "part=1", OVERTAKEN: IN["why"]}
    with pytest.raises(AirflowFailException, match="it was taken back; nothing is let in"):
        waiver().execute_complete(context(), {OVERTAKEN: GONE})
    assert waived == []


def test_where_nobody_answered_the_lake_is_looked_at_once_more(monkeypatch):
    looks = []
    monkeypatch.setattr("lakegate.airflow.waivers.overtaken", lambda **question: looks.append(question) or IN)

    done = waiver().execute_complete(context(), answer("Reject", by=None))

    assert (done[OVERTAKEN], looks) == (IN["why"], [QUESTION])
    with pytest.raises(AirflowFailException, match="rejected by ada"):
        waiver().execute_complete(context(), answer("Reject"))
    assert len(looks) == 1


def waited(monkeypatch, looks, answered=None, closing=lambda *_: None):
    """What the trigger tells: the lake says one of `looks` after the other, `answered` once all were taken."""
    closed, found, over = [], iter(looks), asyncio.Event()

    def look(**_):
        one = next(found, None)
        if one is None:
            loop.call_soon_threadsafe(over.set)
        if isinstance(one, Exception):
            raise one
        return one

    async def human(_):
        await over.wait()
        yield TriggerEvent(answered)

    def close(*told):
        closed.append(told[1:])
        closing()

    async def first():
        nonlocal loop
        loop = asyncio.get_running_loop()
        return await anext(trigger.run())

    loop = None
    monkeypatch.setattr("lakegate.airflow.waivers.overtaken", look)
    monkeypatch.setattr("lakegate.airflow.waivers.update_hitl_detail_response", close)
    monkeypatch.setattr(HITLTrigger, "run", human)
    trigger = WaiverTrigger(
        question=QUESTION, look_every=0, ti_id=uuid.uuid4(), options=[], params={}, timeout_datetime=None
    )
    return asyncio.run(first()).payload, closed


@pytest.mark.parametrize(("told", "chosen"), [(IN, "Approve"), (GONE, "Reject")])
def test_what_the_lake_says_ends_the_wait_and_closes_the_question(monkeypatch, told, chosen):
    event, closed = waited(monkeypatch, [LakeError("down"), ValueError("odd"), told])

    assert event == {OVERTAKEN: told}
    assert closed == [([chosen], {"reason": told["why"]})]


def test_an_answer_ends_the_wait(monkeypatch):
    event, closed = waited(monkeypatch, [], answered={"chosen_options": ["Approve"]})

    assert (event, closed) == ({"chosen_options": ["Approve"]}, [])


def test_a_question_that_cannot_be_closed_ends_the_wait_all_the_same(monkeypatch):
    def closing():
        raise RuntimeError("answered just now")

    event, _ = waited(monkeypatch, [IN], closing=closing)

    assert event == {OVERTAKEN: IN}
