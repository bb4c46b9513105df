"""How long `arrived` waits, for what, and what it hands on."""

import asyncio
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException, TaskDeferred

from cli.scene import PLANES, Scene
from lakegate.airflow import sensors
from lakegate.airflow.sensors import BatchSensor, BatchTrigger, due, named_by

GOOD = "tailnum\nN1\nN2\n"


@pytest.fixture
def scene(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LAKEGATE_LAKE", str(tmp_path / "lake"))
    return Scene(tmp_path)


def arrive(scene, part):
    scene.arrive(f"part={part}", GOOD, dataset="nyc/planes")


def sensor(**more):
    return BatchSensor(**{"task_id": "arrived", "contract": PLANES, "poke_interval": 0, "timeout": 0, **more})


def waited(**more):
    """Return the one event that a trigger tells."""
    trigger = BatchTrigger(**{"contract": PLANES, "model": None, "lake": None, "interval": 0, "timeout": 0, **more})

    async def first():
        return [event.payload async for event in trigger.run()]

    (payload,) = asyncio.run(first())
    return payload


def run(**conf):
    return {"dag_run": SimpleNamespace(conf=conf)}


@pytest.mark.parametrize(
    ("conf", "batches"),
    [({}, ()), ({"batch": "a"}, ("a",)), ({"batches": ["a", "b", "a"]}, ("a", "b")), ({"batch": None}, ())],
)
def test_a_run_names_batches(conf, batches):
    assert named_by(run(**conf)) == batches


@pytest.mark.parametrize("conf", [{"batch": 7}, {"batches": b"a b"}, {"batches": [""]}])
def test_what_names_no_batch_is_said(conf):
    with pytest.raises(AirflowFailException, match="expected batch: KEY"):
        named_by(run(**conf))


def test_a_batch_that_is_named_is_handed_on_as_it_is(scene):
    assert sensor(batch="part=7").execute(run()) == ["part=7"]
    assert sensor().execute(run(batch="part=8")) == ["part=8"]


def test_what_is_there_is_taken_at_once_in_its_order(scene):
    for part in ("10", "9"):
        arrive(scene, part)

    assert sensor().execute(run()) == sensor(deferrable=False).execute(run())
    assert set(sensor().execute(run())) == {"part=9", "part=10"}


def test_a_run_takes_no_more_than_it_can(scene, monkeypatch):
    monkeypatch.setattr(sensors, "AT_MOST", 1)
    for part in ("1", "2"):
        arrive(scene, part)

    assert due(PLANES, None, None) == ["part=1"]


def test_else_it_waits_in_the_triggerer(scene):
    with pytest.raises(TaskDeferred) as deferred:
        sensor(timeout=60).execute(run())

    path, arguments = deferred.value.trigger.serialize()
    assert path == "lakegate.airflow.sensors.BatchTrigger"
    assert BatchTrigger(**arguments).serialize() == (path, arguments)
    assert (arguments["contract"], arguments["timeout"]) == (PLANES, 60)


def test_the_triggerer_finds_what_arrives(scene):
    arrive(scene, "1")

    event = waited(timeout=60)

    assert sensor().resumed(run(), event) == ["part=1"]


def test_nothing_within_the_time_is_skipped_not_failed(scene):
    with pytest.raises(AirflowSkipException, match="no batch arrived"):
        sensor().resumed(run(), waited())
    with pytest.raises(AirflowSkipException, match="no batch arrived"):
        sensor(deferrable=False).execute(run())


def test_a_lake_that_does_not_answer_ends_no_wait(scene, monkeypatch):
    answers = iter([OSError(5, "down"), OSError(5, "down"), ["part=1"]])

    def answered(*_):
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    monkeypatch.setattr(sensors, "due", answered)

    assert waited(timeout=60) == {"batches": ["part=1"]}


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_lake_that_is_down_to_the_end_is_not_told_as_nothing_arrived(scene, monkeypatch, deferrable):
    def down(*_):
        raise OSError(5, "down")

    monkeypatch.setattr(sensors, "due", down)
    task = sensor(deferrable=deferrable)

    with pytest.raises(AirflowException, match="exit code 5") as ended:
        task.resumed(run(), waited()) if deferrable else task.execute(run())

    assert type(ended.value) is AirflowException


@pytest.mark.parametrize("deferrable", [True, False])
def test_where_looking_again_is_in_vain_nobody_waits(scene, deferrable):
    task = sensor(deferrable=deferrable, contract="contracts/gone.odcs.yaml", timeout=600)

    with pytest.raises(AirflowFailException, match="exit code 2"):
        task.execute(run())
    with pytest.raises(AirflowFailException, match="exit code 2"):
        task.resumed(run(), waited(contract="contracts/gone.odcs.yaml", timeout=600))
