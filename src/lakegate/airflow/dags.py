"""A DAG per contract: `arrived` -> (per batch) `validate` -> `waiver` -> `promote` -> `publish_report`."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, BaseOperator, Param, get_parsing_context, task_group
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from lakegate.airflow import descriptions
from lakegate.airflow.assets import asset_of
from lakegate.airflow.engines import HERE, Engine
from lakegate.airflow.headings import Broken, Heading, Way, headings
from lakegate.airflow.operators import PublishReportsOperator
from lakegate.airflow.problems import no_gate
from lakegate.airflow.sensors import BatchSensor
from lakegate.config import transforms_folder
from lakegate.contract.project import Project

LABEL = "{{ task.batch }}"
ID_LENGTH = 200  # characters; Airflow takes 250
START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
RUNS = 8  # of one DAG at a time: one that waits for an approval holds no other
TASKS = 8  # of one run at a time: each opens a batch in a process of its own
WAIT_AT_MOST = dt.timedelta(days=7)
LOOKS = 60  # into the lake during one period, at the most
LOOK_AT_LEAST, LOOK_AT_MOST = 30, 300  # seconds between two looks


@dataclass(frozen=True)
class Making:
    """How DAGs are made. `schedule` is Airflow's, or a function from a heading to it; None: as the contract says.

    `notifiers` are told of tasks that fail. `deadline` is called (Airflow's `SyncCallback` or `AsyncCallback`) where a
    run takes longer than its contract's `latency`. `engine` says of each contract where its gate runs (`engines.on`).
    `arguments` are further ones of `DAG`. `look_every`, of tables alone: how often they look by themselves, too.
    """

    schedule: Any = None
    notifiers: Sequence[Any] = ()
    deadline: Any = None
    engine: Callable[[Heading], Engine] = lambda _: HERE
    arguments: Mapping[str, Any] = field(default_factory=dict)
    look_every: dt.timedelta | str | None = None

    def scheduled(self, heading: Heading, otherwise: Any) -> Any:
        """Return the schedule of a contract's DAG."""
        if self.schedule is None:
            return otherwise
        return self.schedule(heading) if callable(self.schedule) else self.schedule


def dags_from(
    contracts: str | os.PathLike[str],
    *,
    schedule: Any = None,
    notifiers: Sequence[Any] = (),
    deadline: Any = None,
    engine: Callable[[Heading], Engine] = lambda _: HERE,
    tables: bool = False,
    **dag_arguments: Any,
) -> dict[str, DAG]:
    """Return a DAG by its id for each contract under a folder that gates something.

    A DAG file holds one line of it: `globals().update(dags_from("contracts"))`. Tables that have SQL are left to
    `warehouse_dags`, unless `tables` says otherwise. A contract that no gate can be made of gets a DAG that fails and
    says why; so do contracts whose ids become one DAG id. `schedule` and the rest are those of `Making`.

    A task builds its own DAG alone. Raises UsageError where `lakegate.toml` is wrong.
    """
    making = Making(schedule, notifiers, deadline, engine, dag_arguments)
    folder = Path(contracts).absolute()
    transforms = transforms_folder(Project.around(folder).root)

    def made(heading: Heading) -> DAG | None:
        ways = [way for way in heading.ways if tables or not has_sql(way, transforms)]
        return dag_of(heading, making, ways) if ways else None

    return each(headings_of(folder), made)


def headings_of(folder: Path) -> list[Heading | Broken]:
    """Return the headings under a folder: all of them, or inside a task those of its DAG alone."""
    only = get_parsing_context().dag_id
    if only is None:
        return list(headings(folder))
    return list(headings(folder, lambda identity, path: only == id_of(identity, path)))


def each(found: Iterable[Heading | Broken], made: Callable[[Heading], DAG | None]) -> dict[str, DAG]:
    """Return the DAG of each heading by its id. What no DAG can be made of becomes one that says so."""
    by_id: dict[str, list[Heading | Broken]] = {}
    for one in found:
        by_id.setdefault(id_of(one.id, one.path), []).append(one)
    dags = {identity: _of_one(identity, several, made) for identity, several in by_id.items()}
    return {identity: dag for identity, dag in dags.items() if dag is not None}


def _of_one(identity: str, several: Sequence[Heading | Broken], made: Callable[[Heading], DAG | None]) -> DAG | None:
    """Return the DAG of one id."""
    first = several[0]
    if len(several) > 1:
        named = "\n".join(f"{one.path}: id {one.id}" for one in several)
        return no_gate(identity, f"{len(several)} contracts become the DAG {identity}: rename all but one\n{named}")
    if isinstance(first, Broken):
        return no_gate(identity, first.told)
    return tried(identity, first.path, functools.partial(made, first))


def tried(identity: str, path: str, made: Callable[[], DAG | None]) -> DAG | None:
    """Return the DAG that is made; what Airflow does not take is told in its place."""
    try:
        return made()
    except Exception as error:  # noqa: BLE001 - an outer door: one contract must not take the other DAGs away
        return no_gate(identity, f"{path}: no DAG can be made of it: {type(error).__name__}: {error}")


def dag_id(heading: Heading) -> str:
    """Return the id of a contract's DAG: the contract's, with what Airflow does not take replaced."""
    return id_of(heading.id, heading.path)


def id_of(identity: str | None, path: str) -> str:
    """Return the id of the DAG of a contract; where the contract tells no id, by the name of its file."""
    return dag_name(identity or Path(path).name.partition(".")[0])


def dag_name(contract_id: str) -> str:
    """Return the id of the DAG of the contract with this id."""
    clean = re.sub(r"[^A-Za-z0-9_.-]", "_", contract_id)
    if len(clean) <= ID_LENGTH:
        return clean
    return f"{clean[:ID_LENGTH]}-{hashlib.sha256(contract_id.encode()).hexdigest()[:12]}"


def has_sql(way: Way, transforms: Path) -> bool:
    """Whether a dataset is a table that a SELECT of the project makes (`warehouse_dags`)."""
    return way.of_warehouse and (transforms / f"{way.dataset}.sql").is_file()


def dag_of(heading: Heading, making: Making = Making(), ways: Sequence[Way] | None = None) -> DAG:
    """Return the DAG of one contract, or of some of its datasets."""
    ways = heading.ways if ways is None else ways
    schedule = making.scheduled(heading, heading.pace.schedule)
    period = schedule if isinstance(schedule, dt.timedelta) else heading.pace.period
    with new_dag(dag_id(heading), heading, ways, schedule, making) as dag:
        for way in ways:
            several = len(heading.ways) > 1
            arrived = BatchSensor(
                task_id=f"{way.model}.arrived" if several else "arrived",
                contract=heading.path,
                model=way.model,
                batch="{{ params.batch or '' }}",
                poke_interval=min(max(period.total_seconds() / LOOKS, LOOK_AT_LEAST), LOOK_AT_MOST),
                timeout=min(period, WAIT_AT_MOST).total_seconds(),
            )
            gates(heading, way, arrived, making, several=several)
    return dag


def new_dag(identity: str, heading: Heading, ways: Sequence[Way], schedule: Any, making: Making) -> DAG:
    """Return a DAG without tasks that tells of its contract."""
    defaults = {
        "owner": descriptions.plain(heading.owner or "lakegate", descriptions.TAG_LENGTH),
        "retries": 3,
        "retry_delay": dt.timedelta(seconds=30),
        "retry_exponential_backoff": True,
        "max_retry_delay": dt.timedelta(minutes=15),
    }
    arguments: dict[str, Any] = {
        "start_date": START,
        "catchup": False,
        "tags": descriptions.tags(heading),
        "description": descriptions.plain(heading.description or "") or None,
        "doc_md": descriptions.document(heading, ways),
        "dag_display_name": _display_name(identity, heading, ways),
        "max_active_runs": RUNS,
        "max_active_tasks": TASKS,
        "params": {"batch": Param(None, type=["null", "string"], title="Batch", description="Judge this batch again")},
    }
    if making.deadline is not None and heading.pace.latency is not None:
        arguments["deadline"] = DeadlineAlert(
            reference=DeadlineReference.DAGRUN_QUEUED_AT,
            interval=dt.timedelta(seconds=heading.pace.latency),
            callback=making.deadline,
        )
    return DAG(identity, schedule=schedule, default_args=defaults, **{**arguments, **making.arguments})


def _display_name(identity: str, heading: Heading, ways: Sequence[Way]) -> str:
    """Return what a DAG is called: the contract's name, of a table among several its dataset."""
    whole = len(ways) == len(heading.ways)
    return descriptions.plain((heading.name if whole else ways[0].dataset) or identity, descriptions.TAG_LENGTH)


def gates(
    heading: Heading,
    way: Way,
    keys: BaseOperator,
    making: Making,
    *,
    several: bool,
    build: Callable[[Any], BaseOperator] | None = None,
) -> None:
    """Add the tasks of one dataset: a gate for each batch key that the task `keys` returns.

    `build` makes the task that comes before `validate`, of the batch.
    """
    same: dict[str, Any] = {"contract": heading.path, "model": way.model, "map_index_template": LABEL}
    told: dict[str, Any] = {"on_failure_callback": list(making.notifiers)} if making.notifiers else {}

    @task_group(group_id=way.model, prefix_group_id=several)
    def gate(batch: str) -> None:
        engine = making.engine(heading)
        validate = engine.validate(task_id="validate", batch=batch, **same, **told)
        waivable = heading.waiving.allowed
        rule: dict[str, Any] = {"trigger_rule": "one_success"} if waivable else {}
        promote = engine.promote(task_id="promote", batch=batch, outlets=[asset_of(way)], **rule, **same, **told)
        publish = PublishReportsOperator(task_id="publish_report", batch=batch, **same).as_teardown()
        if build is not None:
            build(batch) >> validate
        if waivable:
            waiver = _waiver(heading, batch, validate, making, same)
            validate >> waiver >> promote
            _unhang(waiver, keys)
        validate >> promote >> publish
        for task in (promote, publish):
            _unhang(task, keys)

    gate.expand(batch=keys.output)


def _unhang(task: BaseOperator, keys: BaseOperator) -> None:
    """Take away the edge by which a task of a mapped group hangs on the task that its keys come from.

    Airflow draws one for each argument that is mapped. The trigger rules of a gate count `validate` and `waiver` alone:
    with `arrived`, which succeeded, among them no approval would be asked for (`all_failed`), and `promote` would not
    wait for any (`one_success`).
    """
    task.upstream_task_ids.discard(keys.task_id)
    keys.downstream_task_ids.discard(task.task_id)


def _waiver(
    heading: Heading, batch: Any, validate: BaseOperator, making: Making, same: Mapping[str, Any]
) -> BaseOperator:
    """Return the task that asks whether a batch that failed may pass; it fails where nobody says yes."""
    from lakegate.airflow.waivers import WaiverOperator

    return WaiverOperator(
        task_id="waiver",
        batch=batch,
        approvers=heading.waiving.approvers,
        max_days=heading.waiving.max_days,
        validate_task_id=validate.task_id,
        trigger_rule="all_failed",
        notifiers=list(making.notifiers),
        **same,
    )
