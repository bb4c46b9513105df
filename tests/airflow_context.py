"""What a task of a gate is told of itself, without a scheduler; `ti.pushed` holds what it pushed."""

import datetime as dt
from types import SimpleNamespace

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


class Events(dict):
    """`outlet_events`: an accessor for whichever asset is asked for."""

    def __missing__(self, asset):
        return self.setdefault(asset, SimpleNamespace(extra={}))


class Told(list):
    """The events of an asset that stand in Airflow's database, as a task is told of them."""

    def after(self, instant):
        assert instant == BEGAN.isoformat()
        return self


def told_before(monkeypatch):
    """The events that a task which runs again finds standing; none at first."""
    events = Told()
    accessors = "airflow.sdk.execution_time.context.InletEventsAccessors"
    monkeypatch.setattr(accessors, lambda assets: dict.fromkeys(assets, events))
    return events
