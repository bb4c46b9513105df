"""`@task.gate`: what the function returns goes through the gate, and the task ends as that does."""

import inspect

import pytest
from airflow.sdk import DAG, Asset, task
from airflow.sdk.exceptions import AirflowFailException

from airflow_context import context
from cli.scene import PLANES, Scene
from lakegate.airflow.decorators import GateDecoratedOperator, gate_task
from lakegate.airflow.summaries import SUMMARY

GOOD, BAD = "tailnum\nN1\nN2\n", "tailnum\nN1\nN1\n"
ASSET = Asset(name="planes", uri="s3://example/planes")


@pytest.fixture
def scene(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LAKEGATE_LAKE", str(tmp_path / "lake"))
    return Scene(tmp_path)


def operator(function, **kwargs):
    return GateDecoratedOperator(
        task_id="t", python_callable=function, op_args=(), op_kwargs=kwargs, contract=PLANES, outlets=[ASSET]
    )


def writes(scene, **batches):
    def written(**_):
        for part, content in batches.items():
            scene.arrive(f"part={part}", content, dataset="nyc/planes")
        keys = [f"part={part}" for part in batches]
        return keys if len(keys) > 1 else keys[0]

    return written


def test_airflow_finds_it_by_its_name():
    with DAG("d", schedule=None):

        @task.gate(contract=PLANES)
        def written():
            return "part=1"

        made = written().operator

    assert isinstance(made, GateDecoratedOperator)
    assert made.contract == PLANES
    assert "python_callable" in inspect.signature(gate_task).parameters


def test_the_batch_is_committed_and_told(scene):
    told = context()

    summary = operator(writes(scene, a=GOOD)).execute(told)

    assert summary == told["ti"].pushed[SUMMARY]
    assert summary["state"] == "committed"
    assert told["outlet_events"][ASSET].extra["batch"] == "part=a"


def test_several_batches_are_told_together(scene):
    told = context()

    summaries = operator(writes(scene, a=GOOD, b="tailnum\nN3\n")).execute(told)

    assert [one["batch"] for one in summaries] == ["part=a", "part=b"]
    assert [one["batch"] for one in told["outlet_events"][ASSET].extra["batches"]] == ["part=a", "part=b"]


def test_a_bad_batch_fails_the_task_and_holds_no_other(scene):
    with pytest.raises(AirflowFailException, match=r"part=a.*violates"):
        operator(writes(scene, a=BAD, b=GOOD)).execute(context())

    assert [record["batch"] for record in scene.records("nyc/planes", "03-master-data-zone")] == ["part=b"]


@pytest.mark.parametrize("returned", [None, "", [], 7, ["part=1", None], {"part=1": 1}])
def test_a_function_that_names_no_batch_is_no_success(scene, returned):
    with pytest.raises(AirflowFailException, match="expected the key of the batch it wrote"):
        operator(lambda: returned).execute(context())


def test_the_function_gets_its_arguments_and_what_it_asks_of_the_context(scene):
    got = []

    def written(day, ti):
        got.append((day, ti.run_id))
        return writes(scene, a=GOOD)()

    operator(written, day="monday").execute(context())

    assert got == [("monday", "r1")]
