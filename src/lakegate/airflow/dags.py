"""A DAG per contract: `arrived` -> (per batch) `validate` -> `waiver` -> `promote` -> `publish_report`."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable
from typing import Any

from airflow.sdk import DAG, Param, get_parsing_context, task_group

from lakegate.airflow.assets import asset_of
from lakegate.airflow.engines import HERE, Engine
from lakegate.airflow.headings import Heading, Way, headings
from lakegate.airflow.operators import PublishReportsOperator
from lakegate.airflow.sensors import BatchSensor

LABEL = "{{ task.batch }}"


def dags_from(
    contracts: str | os.PathLike[str], *, engine: Callable[[Heading], Engine] = lambda _: HERE, **dag_arguments: Any
) -> dict[str, DAG]:
    """Return a DAG by its id for each contract under a folder that gates something.

    A DAG file holds one line of it: `globals().update(dags_from("contracts"))`. `engine` says of each contract where
    its gate runs (`engines.on`).
    """
    only = get_parsing_context().dag_id
    found = {}
    for one in headings(contracts):
        if only in (None, dag_id(one)):
            found[dag_id(one)] = dag_of(one, engine(one), **dag_arguments)
    return found


def dag_id(heading: Heading) -> str:
    """Return the id of a contract's DAG: the contract's, with what Airflow does not take replaced."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", heading.id)


def dag_of(heading: Heading, engine: Engine = HERE, **dag_arguments: Any) -> DAG:
    """Return the DAG of one contract."""
    defaults = {
        "owner": heading.owner or "lakegate",
        "retries": 3,
        "retry_delay": dt.timedelta(seconds=30),
        "retry_exponential_backoff": True,
        "max_retry_delay": dt.timedelta(minutes=15),
    }
    schedule = dag_arguments.pop("schedule", dt.timedelta(hours=1))
    schedule = schedule(heading) if callable(schedule) else schedule  # `events.on_arrival` watches each one's drop
    arguments = {
        "start_date": dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
        "catchup": False,
        "tags": ["lakegate", *heading.tags],
        "description": heading.description,
        **dag_arguments,
    }
    with DAG(
        dag_id(heading),
        schedule=schedule,
        default_args=defaults,
        params={"batch": Param(None, type=["null", "string"], title="Batch", description="Judge this batch again")},
        **arguments,
    ) as dag:
        for way in heading.ways:
            _gate(heading, way, engine, several=len(heading.ways) > 1)
    return dag


def _gate(heading: Heading, way: Way, engine: Engine, *, several: bool) -> None:
    """Add the tasks of one dataset."""
    same: dict[str, Any] = {"contract": heading.path, "model": way.model}
    arrived = BatchSensor(
        task_id=f"{way.model}.arrived" if several else "arrived",
        batch="{{ params.batch or '' }}",
        poke_interval=30,
        timeout=1800,
        **same,
    )

    @task_group(group_id=way.model, prefix_group_id=several)
    def gate(batch: str) -> None:
        validate = engine.validate(task_id="validate", batch=batch, map_index_template=LABEL, **same)
        promote = engine.promote(
            task_id="promote", batch=batch, map_index_template=LABEL, outlets=[asset_of(way)], **same
        )
        publish = PublishReportsOperator(task_id="publish_report", contract=heading.path).as_teardown()
        validate >> promote >> publish

    gate.expand(batch=arrived.output)
