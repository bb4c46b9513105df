"""The DAGs of the tests: a gate per contract, on a local lake and on S3, and what is scheduled by a gate's asset."""

import datetime as dt
import os
from pathlib import Path

from airflow.sdk import DAG, Asset, task

from lakegate.airflow import dags_from, warehouse_dags


def after(dataset):
    """A DAG of somebody else's, which starts when a batch is committed."""
    asset = Asset(name=f"01-raw-data-zone/{dataset}", uri=f"s3://example-lake/01-raw-data-zone/{dataset}")
    begin = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    with DAG(f"after-{dataset.replace('/', '-')}", schedule=[asset], start_date=begin) as dag:

        @task
        def batches(triggering_asset_events=None):
            return [event.extra["batch"] for event in triggering_asset_events[asset]]

        batches()
    return dag


for project in os.environ["LAKEGATE_TEST_PROJECTS"].split(os.pathsep):
    globals().update(dags_from(Path(project) / "contracts", schedule=lambda _: None))
    globals().update(warehouse_dags(project))
following = after("nyc/passing")
