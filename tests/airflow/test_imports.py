"""What reading a DAG file loads: in a process of its own, with nothing remembered of any contract."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
ENGINES = {"duckdb", "_duckdb", "pandas", "polars", "pyarrow", "numpy", "great_expectations", "pandera", "sqlglot"}
PROGRAM = """
import json, sys
import airflow.sdk
{before}
before = set(sys.modules)
{after}
print("\\n" + json.dumps(sorted({{name.split(".")[0] for name in set(sys.modules) - before}})))
"""
# Airflow itself loads it for the first asset of s3://: the amazon provider is asked what such an address means.
ASSET = "airflow.sdk.Asset('s3://bucket/x')"


@pytest.fixture
def loaded(tmp_path):
    def ran(before, after):
        environment = {**os.environ, "AIRFLOW_HOME": str(tmp_path), "LAKEGATE_CACHE": str(tmp_path / "cache")}
        command = [sys.executable, "-c", PROGRAM.format(before=before, after=after)]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=TOP / "src")
        return set(json.loads(ran.stdout.splitlines()[-1]))

    return ran


@pytest.mark.parametrize(("file", "dag"), [("gates.py", "nyc-flights"), ("warehouse.py", "core-fact-flight")])
def test_a_dag_file_loads_no_engine_and_no_client(loaded, file, dag):
    found = loaded(ASSET, f"import runpy; assert runpy.run_path({str(TOP / 'dags' / file)!r})[{dag!r}]")

    assert found & {*ENGINES, "boto3", "botocore"} == set()


def test_airflow_itself_loads_the_client_of_s3(loaded):
    assert "boto3" in loaded("", ASSET)
