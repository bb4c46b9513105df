"""A whole DAG of which the gate runs on a cluster: Airflow's own runner, scheduler apart, and jobs that really run."""

import os
import subprocess
import sys

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization

from cli.scene import BAD, Scene
from servers.clusters import Livy

DAG = """
from lakegate.airflow import dags_from
from lakegate.airflow.engines import HERE, on
from lakegate.airflow.remote import Livy

cluster = on(Livy(spark=False), poll_interval=0.5, retries=0)
globals().update(dags_from(CONTRACTS, engine=lambda heading: cluster if heading.id == "nyc-flights" else HERE))
"""


@pytest.fixture
def scene(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scene = Scene(tmp_path)
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "gates.py").write_text(DAG.replace("CONTRACTS", repr(str(tmp_path / "contracts"))))
    return scene


def test_each_contract_runs_where_it_is_said(scene):
    bag = DagBag(str(scene.root / "dags"), bundle_name="x", bundle_path=scene.root)

    kinds = {name: type(dag.get_task("promote")).__name__ for name, dag in bag.dags.items()}
    stored = DagSerialization.from_dict(DagSerialization.to_dict(bag.dags["nyc-flights"]))

    assert bag.import_errors == {}
    assert kinds == {"nyc-flights": "RemotePromoteOperator", "nyc-planes": "PromoteOperator"}
    assert "Job" in stored.get_task("promote").extra_links


def test_a_good_batch_goes_in_and_a_bad_one_fails_the_run(scene, monkeypatch):
    scene.planes("N1", "N2")
    scene.arrive("part=1")
    scene.arrive("part=2", BAD)
    livy = Livy()
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(scene.root / "home"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(scene.root / "dags"),
        "AIRFLOW_CONN_LIVY_DEFAULT": livy.address,
        "LAKEGATE_LAKE": str(scene.lake),
    }

    def airflow(*words):
        command = [sys.executable, "-m", "airflow", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    try:
        assert airflow("db", "migrate").returncode == 0
        ended = airflow("dags", "test", "nyc-flights")
        states = [livy.seen(batch)["state"] for batch in livy.batches.values()]
    finally:
        livy.close()

    assert "DagRun failed" in ended.stderr, ended.stdout[-3000:]
    (record,) = scene.records()
    assert (record["batch"], record["by"].split("/")[-2:]) == ("part=1", ["promote", "0"])
    assert (sorted(states[:2]), states[2:]) == (["dead", "success"], ["success"])  # both validated, one promoted
    assert (scene.lake / "references/index.html").is_file()
