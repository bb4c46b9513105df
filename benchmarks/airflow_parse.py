"""CPU seconds to read a DAG file of 100 and 500 contracts of 30 columns, in a process of its own, as Airflow does.

Beside it, in the same run: a file written by hand with as many equal DAGs (the same tasks, no contracts). `cold` has
nothing remembered of any contract, `warm` has. `Airflow` is what importing it takes before; `serialized` comes after.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

SIZES = (100, 500)
CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: source{group}-dataset{number}
name: source{group}/dataset{number}
version: 1.0.0
status: active
domain: domain{group}
tags: [daily]
description: {{purpose: Dataset {number}.}}
team: {{name: team{group}, members: [{{username: a@example.com, role: Owner}}]}}
servers:
  - {{server: transient, type: s3, location: 's3://lake/02-transient-zone/source{group}/dataset{number}/', format: csv}}
  - {{server: raw, type: s3, location: 's3://lake/01-raw-data-zone/source{group}/dataset{number}/', format: csv}}
schema:
  - name: dataset{number}
    properties:
{columns}customProperties:
  - property: lakegate
    value: {{from: transient, to: raw, batch: {{key: 'dt={{date}}'}}}}
"""
COLUMN = """\
      - name: column_{number}
        description: What column {number} holds, in a sentence of the usual length.
        logicalType: integer
        required: true
        logicalTypeOptions: {{minimum: 0, maximum: 1000}}
        quality:
          - {{id: rule_{number}, metric: nullValues, mustBe: 0, severity: warning}}
"""
OURS = """\
from lakegate.airflow import dags_from
globals().update(dags_from({folder!r}))
"""
BY_HAND = """\
import datetime as dt
from airflow.sdk import DAG, Asset, Param, task_group
from lakegate.airflow.operators import ContractValidateOperator, PromoteOperator, PublishReportsOperator
from lakegate.airflow.sensors import BatchSensor

for number in range({size}):
    with DAG(
        f"dag{{number}}", schedule=dt.timedelta(hours=1), start_date=dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
        catchup=False, tags=["a", "b", "c"], description="Dataset.", doc_md="Dataset " * 200, max_active_runs=8,
        max_active_tasks=8,
        params={{"batch": Param(None, type=["null", "string"], title="Batch", description="Judge this batch again")}},
        default_args={{"owner": "team", "retries": 3, "retry_delay": dt.timedelta(seconds=30),
                       "retry_exponential_backoff": True, "max_retry_delay": dt.timedelta(minutes=15)}},
    ) as dag:
        path = f"/contracts/{{number}}.odcs.yaml"
        same = {{"contract": path, "model": "m", "map_index_template": "{{{{ task.batch }}}}"}}
        arrived = BatchSensor(task_id="arrived", contract=path, model="m", batch="{{{{ params.batch or '' }}}}")

        @task_group(group_id="m", prefix_group_id=False)
        def gate(batch):
            validate = ContractValidateOperator(task_id="validate", batch=batch, **same)
            asset = Asset(name=f"a/{{number}}", uri=f"s3://lake/a/{{number}}", group="lakegate")
            promote = PromoteOperator(task_id="promote", batch=batch, outlets=[asset], **same)
            validate >> promote >> PublishReportsOperator(task_id="publish_report", contract="x").as_teardown()

        gate.expand(batch=arrived.output)
    globals()[f"dag{{number}}"] = dag
"""
MEASURE = """
import json, runpy, sys, time
began = time.process_time()
import airflow.sdk, airflow.dag_processing.dagbag
from airflow.serialization.serialized_objects import DagSerialization
imported = time.process_time()
found = runpy.run_path(sys.argv[1]).values()
held = {one.dag_id: one for one in found if isinstance(one, airflow.sdk.DAG)}.values()
parsed = time.process_time()
for dag in held:
    DagSerialization.to_dict(dag)
print("\\n" + json.dumps([imported - began, parsed - imported, time.process_time() - parsed, len(held)]))
"""


def contracts(folder: Path, size: int) -> None:
    """Write so many contracts into a folder."""
    columns = "".join(COLUMN.format(number=number) for number in range(30))
    for number in range(size):
        text = CONTRACT.format(number=number, group=number % 20, columns=columns)
        file = folder / f"source{number % 20}" / f"dataset{number}.odcs.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def measured(file: Path, cache: Path, folder: Path) -> list[float]:
    """Read a DAG file in a process of its own: seconds to import Airflow, to read, to serialize; how many DAGs."""
    environment = os.environ | {
        "AIRFLOW_HOME": str(folder / "home"),
        "LAKEGATE_CACHE": str(cache),
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    ran = subprocess.run(
        [sys.executable, "-c", MEASURE, str(file)], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return list(json.loads(ran.stdout.splitlines()[-1]))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    print(f"{'CPU seconds, median of ' + str(runs):<30}{'Airflow':>9}{'read':>9}{'serialized':>12}")
    for size in SIZES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            contracts(folder / "contracts", size)
            ours, by_hand = folder / "ours.py", folder / "by_hand.py"
            ours.write_text(OURS.format(folder=str(folder / "contracts")))
            by_hand.write_text(BY_HAND.format(size=size))
            measured(by_hand, folder / "warm", folder)  # writes the bytecode
            measured(ours, folder / "warm", folder)
            cases = {
                f"{size} contracts, cold": lambda run: measured(ours, folder / f"cold{run}", folder),  # noqa: B023
                f"{size} contracts, warm": lambda _: measured(ours, folder / "warm", folder),  # noqa: B023
                f"{size} DAGs by hand": lambda _: measured(by_hand, folder / "warm", folder),  # noqa: B023
            }
            for case, one in cases.items():
                taken = [one(run) for run in range(runs)]
                if any(found[3] != size for found in taken):
                    sys.exit(f"{case}: got {taken[0][3]} DAGs, expected {size}")
                imported, read, serialized, _ = (statistics.median(column) for column in zip(*taken, strict=True))
                print(f"{case:<30}{imported:>9.2f}{read:>9.2f}{serialized:>12.2f}")


if __name__ == "__main__":
    main()
