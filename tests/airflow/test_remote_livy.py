"""A gate as a batch of Livy: the submitted command really runs, and what it leaves in the lake is the verdict."""

import asyncio
import json

import pytest
from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowRescheduleException, TaskDeferred

from airflow_context import context, told_before
from cli.scene import BAD, FLIGHTS, Scene
from lakegate.airflow.operators import PromoteOperator, asking
from lakegate.airflow.remote import Livy, RemotePromoteOperator, RemoteValidateOperator
from lakegate.airflow.remote.runners import JobState, made
from lakegate.airflow.remote.triggers import JobTrigger
from lakegate.airflow.summaries import SUMMARY
from lakegate.gate.quarantine import judgements_of
from lakegate.lake import zones
from servers.clusters import Livy as Server

RAW = Asset(name="01-raw-data-zone/nyc/flights", uri="s3://example-lake/01-raw-data-zone/nyc/flights")


@pytest.fixture
def scene(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scene = Scene(tmp_path)
    scene.planes("N1", "N2")
    return scene


@pytest.fixture
def livy(monkeypatch):
    server = Server()
    monkeypatch.setenv("AIRFLOW_CONN_LIVY_DEFAULT", server.address)
    yield server
    server.close()


def task(scene, kind=RemotePromoteOperator, batch="part=1", **more):
    more = {"outlets": [RAW]} | more if issubclass(kind, PromoteOperator) else more
    runner = Livy(spark=False)
    return kind(
        task_id="gate", contract=FLIGHTS, batch=batch, lake=str(scene.lake), runner=runner, poll_interval=0.05, **more
    )


def deferred(operator, told):
    """Run a task until it waits."""
    with pytest.raises(TaskDeferred) as raised:
        operator.execute(told)
    return raised.value


async def _event(trigger):
    return await anext(trigger.run())


def resumed(operator, told, waiting):
    """Wait as the triggerer does, with the trigger made again from what is stored; then go on."""
    path, arguments = waiting.trigger.serialize()
    assert path == f"{JobTrigger.__module__}.JobTrigger"
    event = asyncio.run(_event(JobTrigger(**json.loads(json.dumps(arguments)))))
    return getattr(operator, waiting.method_name)(told, event.payload)


def carried(operator, told):
    return resumed(operator, told, deferred(operator, told))


def test_a_good_batch_is_promoted_and_told_once(scene, livy):
    scene.arrive("part=1")
    operator, told = task(scene), context()

    summary = carried(operator, told)

    (record,) = scene.records()
    assert (summary["exit_code"], summary["slot"], record["by"]) == (0, 1, asking(told))
    assert told["outlet_events"][RAW].extra["digest"] == record["digest"]
    assert told["ti"].pushed[SUMMARY] == summary
    assert told["ti"].pushed["lakegate_job"]["log"] == f"{livy.address}/ui/batch/0/log"


def test_a_violation_is_not_tried_again(scene, livy):
    scene.arrive("part=1", BAD)
    operator, told = task(scene), context()

    with pytest.raises(AirflowFailException, match="4 of 14 checks failed"):
        carried(operator, told)

    assert livy.end()[0] == 1
    assert [one.outcome for one in judgements_of(scene.store, "nyc/flights", "part=1")] == ["failed"]
    assert len(told["ti"].pushed[SUMMARY]["failed"]) == 4


def test_judging_alone_commits_nothing(scene, livy):
    scene.arrive("part=1")

    summary = carried(task(scene, RemoteValidateOperator), context())

    assert (summary["state"], summary["exit_code"], scene.records()) == ("passed", 0, [])


def test_a_bad_contract_is_not_tried_again(scene, livy):
    scene.arrive("part=1")
    scene.change(FLIGHTS, lambda document: document["schema"][0]["properties"][0].update(logicalType="integre"))

    with pytest.raises(AirflowFailException, match="integre"):
        carried(task(scene), context())


def test_what_is_not_ready_is_asked_again_by_another_job(scene, livy):
    scene.arrive("part=1", complete=False)
    told = context()
    with pytest.raises(AirflowRescheduleException):
        carried(task(scene), told)
    scene.arrive("part=1")

    assert carried(task(scene), told)["exit_code"] == 0
    assert len(livy.batches) == 2


def test_a_job_that_succeeds_without_an_answer_is_infrastructure(scene, livy, monkeypatch):
    told_before(monkeypatch)
    scene.arrive("part=1")
    operator, told = task(scene), context()
    waiting = deferred(operator, told)
    assert livy.end()[0] == 0
    (scene.lake / zones.answer(waiting.trigger.name)).unlink()

    with pytest.raises(AirflowException, match="succeeded and left no answer") as raised:
        resumed(operator, told, waiting)

    assert not isinstance(raised.value, AirflowFailException)
    assert RAW not in told["outlet_events"]
    assert carried(operator, told)["state"] == "already committed"  # by its own earlier job: told now
    assert told["outlet_events"][RAW].extra["slot"] == 1


def test_a_job_that_is_killed_is_tried_again(scene, livy):
    scene.arrive("part=1")
    livy.hold = True
    operator, told = task(scene), context()
    waiting = deferred(operator, told)
    livy.kill(livy.batches[0])

    with pytest.raises(AirflowException, match="failed and left no answer") as raised:
        resumed(operator, told, waiting)

    assert not isinstance(raised.value, AirflowFailException)


def test_a_task_whose_worker_died_finds_its_job_again(scene, livy):
    scene.arrive("part=1")
    livy.hold = True
    told = context()
    deferred(task(scene), told)  # and then its worker is gone, before anything is stored
    again = task(scene)
    waiting = deferred(again, told)
    deferred(task(scene), context(run_id="another"))  # has a job of its own
    livy.release()

    assert resumed(again, told, waiting)["exit_code"] == 0
    assert [one["name"] == waiting.trigger.name for one in livy.batches.values()] == [True, False]


def test_two_runs_of_one_batch_commit_once_and_tell_once(scene, livy):
    scene.arrive("part=1")
    first, second = context(run_id="r1"), context(run_id="r2")
    one, two = task(scene), task(scene)
    waits = [deferred(one, first), deferred(two, second)]

    ended = [resumed(one, first, waits[0]), resumed(two, second, waits[1])]

    (record,) = scene.records()
    assert [summary["exit_code"] for summary in ended] == [0, 0]
    told = [bool(each["outlet_events"].get(RAW)) and bool(each["outlet_events"][RAW].extra) for each in (first, second)]
    assert sorted(told) == [False, True]
    assert record["by"] == asking(first if told[0] else second)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda answer: answer | {"slot": 7}, "slot 7 of 'part=1' is committed; it is not"),
        (lambda answer: answer | {"exit_code": 3}, "contradicts itself"),
        (lambda answer: answer | {"batch": "part=2"}, "tells of 'part=2'"),
        (lambda answer: answer | {"state": "quarantined", "exit_code": 1}, "no quarantine record"),
        (lambda answer: answer | {"schema_version": 2}, "is not an answer"),
        (lambda answer: [answer], "is not an answer"),
    ],
)
def test_an_answer_that_the_lake_does_not_bear_out_is_not_believed(scene, livy, change, says):
    scene.arrive("part=1")
    operator, told = task(scene), context()
    waiting = deferred(operator, told)
    livy.end()
    file = scene.lake / zones.answer(waiting.trigger.name)
    answer = json.loads(file.read_text())
    file.unlink()
    file.write_text(json.dumps(change(answer)))

    with pytest.raises(AirflowException, match=says) as raised:
        resumed(operator, told, waiting)

    assert not isinstance(raised.value, AirflowFailException)
    assert not told["outlet_events"]


def test_a_contract_that_changed_meanwhile_is_judged_by_again(scene, livy):
    scene.arrive("part=1")
    operator, told = task(scene), context()
    waiting = deferred(operator, told)
    livy.end()
    scene.change(FLIGHTS, lambda document: document.update(version="1.0.1"))

    with pytest.raises(AirflowException, match="the contract changed while the job ran"):
        resumed(operator, told, waiting)


def test_a_promotion_that_only_judged_is_no_success(scene, livy):
    scene.arrive("part=1")
    told = context()
    waiting = deferred(task(scene, RemoteValidateOperator), told)

    with pytest.raises(AirflowFailException, match="nothing was committed"):
        resumed(task(scene), told, waiting)


def test_the_job_is_stopped_with_its_task(scene, livy):
    livy.hold = True
    operator = task(scene)
    waiting = deferred(operator, context())
    asyncio.run(waiting.trigger.on_kill())
    other = task(scene)
    deferred(other, context(run_id="other"))
    other.on_kill()

    assert [one["killed"] for one in livy.batches.values()] == [True, True]


def test_a_cluster_that_does_not_answer_is_asked_again(scene, livy):
    scene.arrive("part=1")
    operator, told = task(scene), context()
    waiting = deferred(operator, told)
    livy.refuse = 3

    assert resumed(operator, told, waiting)["exit_code"] == 0


def test_a_batch_that_livy_has_forgotten_has_ended(livy):
    assert Livy().state("7") is JobState.FAILED


def test_a_runner_is_made_again_from_plain_values():
    runner = Livy(batch={"driverMemory": "8g"})

    waiting = JobTrigger("lakegate.airflow.remote.livy.Livy", {"batch": {"driverMemory": "8g"}}, "1", "n", 30)

    assert made(waiting.runner, waiting.settings) == runner


def test_the_project_is_sent_as_it_is_here(scene, livy):
    scene.arrive("part=1", BAD)
    (scene.root / "cluster.toml").write_text('[limits]\nmemory = "2GB"\n')
    scene.change(FLIGHTS, lambda document: document["schema"][0].update(properties=[{"name": "id"}]))
    scene.change(
        FLIGHTS, lambda document: document["customProperties"][0]["value"].update(columns="open")
    )  # and nothing of it was deployed

    summary = carried(task(scene, settings="cluster.toml"), context())

    assert summary["exit_code"] == 0
