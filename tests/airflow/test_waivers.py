"""What an approver is asked, and what comes of an answer."""

import datetime as dt
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred

from lakegate.airflow.summaries import SUMMARY
from lakegate.airflow.waivers import TRIES, WaiverOperator, body_of, plain
from lakegate.errors import LakeError, Refused

FOUND = {
    "dataset": "nyc/planes",
    "batch": "part=1",
    "message": "broken",
    "report": "s3://lake/references/reports/x/index.html",
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
        dag_id="d", run_id="r", task_id="waiver", map_index=4, xcom_pull=pull, xcom_push=lambda **_: None
    )
    return {"ti": ti}


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
