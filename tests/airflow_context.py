"""What a task of a gate is told of itself, without a scheduler; `ti.pushed` holds what it pushed."""

import datetime as dt
from types import SimpleNamespace

from servers.clusters import Events

BEGAN = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def context(task_id="promote", run_id="r1", since=None):
    """`since`: when the task was put off first."""
    pushed = {}
    ti = SimpleNamespace(
        dag_id="d",
        run_id=run_id,
        task_id=task_id,
        map_index=-1,
        pushed=pushed,
        xcom_push=lambda key, value: pushed.update({key: value}),
        get_first_reschedule_date=lambda _: since,
    )
    return {"ti": ti, "outlet_events": Events(), "dag_run": SimpleNamespace(run_after=BEGAN, conf={})}
