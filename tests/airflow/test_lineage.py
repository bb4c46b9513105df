"""Events of the real provider, from a task that runs, as OpenLineage's own client writes them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from airflow_scene import BAD, GOOD, scene
from lakegate.airflow.lineage import GateLineage

DAGS = """
import datetime
from airflow.sdk import DAG
from lakegate.airflow import ContractValidateOperator, PromoteOperator
dags = []
for name in ("good", "bad"):
    with DAG(name, schedule=None, start_date=datetime.datetime(2024, 1, 1)) as dag:
        same = {{"contract": {contract!r}, "batch": "day=" + name}}
        ContractValidateOperator(task_id="validate", **same) >> PromoteOperator(task_id="promote", **same)
        dags.append(dag)
if __name__ == "__main__":
    from airflow.utils.db import initdb
    initdb()
    for dag in dags:
        dag.test()
"""


@pytest.fixture(scope="module")
def lineage(tmp_path_factory):
    """Two batches through both tasks: the scene, and the last event of each task by its name."""
    folder = tmp_path_factory.mktemp("lineage")
    made, told = scene(folder), folder / "events.jsonl"
    made.arrive("day=good", GOOD)
    made.arrive("day=bad", BAD)
    settings = {
        "AIRFLOW_HOME": str(folder / "home"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(made.root / "dags"),
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps({"type": "file", "log_file_path": str(told), "append": True}),
        "AIRFLOW__OPENLINEAGE__NAMESPACE": "lake",
    }
    script = made.root / "dags" / "gates.py"
    script.write_text(DAGS.format(contract=str(made.contract)))
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", str(script)],
        env={**os.environ, **settings, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.exists(), ran.stdout[-3000:] + ran.stderr[-3000:]
    found = [json.loads(line) for line in told.read_text().splitlines()]
    return made, {one["job"]["name"]: one for one in found if one["eventType"] in ("COMPLETE", "FAIL")}


def test_a_batch_that_is_let_in_is_read_asserted_and_written(lineage):
    made, told = lineage
    assert told["good.validate"]["eventType"] == "COMPLETE"
    assert told["good.validate"]["outputs"] == []
    (read,) = told["good.promote"]["inputs"]
    assert (read["namespace"], read["name"]) == ("file", f"{made.lake}/02-transient-zone/shop/orders")
    metrics = read["inputFacets"]["dataQualityMetrics"]
    assert (metrics["rowCount"], metrics["bytes"], metrics["fileCount"]) == (3, len(GOOD), 1)
    assert metrics["columnMetrics"]["amount"]["nullCount"] == 1
    asserted = {one["name"]: one for one in read["inputFacets"]["dataQualityAssertions"]["assertions"]}
    assert asserted["orders.id.required"]["success"] is True
    (warned,) = [one for one in asserted.values() if one["severity"] == "warn"]
    assert (warned["success"], warned["column"]) == (False, "amount")
    (written,) = told["good.promote"]["outputs"]
    assert written["name"] == f"{made.lake}/01-raw-data-zone/shop/orders"
    assert written["outputFacets"]["outputStatistics"]["rowCount"] == 3
    assert written["facets"]["version"]["datasetVersion"] == read["facets"]["version"]["datasetVersion"]
    assert told["good.promote"]["run"]["facets"]["lakegate"]["state"] == "committed"


def test_a_batch_that_is_blocked_is_told_with_what_failed_and_no_value(lineage):
    _, told = lineage
    assert told["bad.validate"]["eventType"] == "FAIL"
    (read,) = told["bad.validate"]["inputs"]
    assertions = read["inputFacets"]["dataQualityAssertions"]["assertions"]
    failed = {one["name"]: one["actual"] for one in assertions if not one["success"]}
    assert failed["orders.id.required"] == "1 of 2 rows fail"
    assert told["bad.validate"]["outputs"] == []
    facet = told["bad.validate"]["run"]["facets"]["lakegate"]
    assert facet["exitCode"] == 1
    assert "/lakegate/references/reports/shop/orders/day%253Dbad/" in facet["report"]
    assert "4711" not in json.dumps(facet) + json.dumps(read)


@pytest.mark.parametrize("name", ["on_complete", "on_failure"])
def test_a_task_that_came_to_nothing_tells_nothing(name):
    assert getattr(GateLineage(), f"get_openlineage_facets_{name}")(None) is None


def test_without_openlineage_nothing_is_kept(monkeypatch):
    monkeypatch.setattr("lakegate.airflow.lineage.find_spec", lambda _: None)
    task = GateLineage()
    task.keep_lineage(SimpleNamespace(lake=object()), None, "none")
    assert task.get_openlineage_facets_on_complete(None) is None


def test_the_parse_side_loads_no_openlineage():
    code = "import sys, lakegate.airflow.lineage; sys.exit('openlineage' in sys.modules)"
    path = str(Path(__file__).parents[2] / "src")
    assert (
        subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path}, check=False).returncode
        == 0
    )
