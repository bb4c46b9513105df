"""The warehouse's DAGs, one a table: `proposed` -> (per batch) `build` -> `validate` -> `promote` -> `publish_report`.

Each is scheduled by the assets of what its SELECT reads, of what it waits for and of what its foreign keys lead to: a
blocked input tells nothing, so nothing is built of it; a dimension that comes late starts its facts.
"""

from __future__ import annotations

import datetime as dt
import functools
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import (
    DAG,
    Asset,
    AssetAny,
    AssetOrTimeSchedule,
    BaseOperator,
    Context,
    CronTriggerTimetable,
    DeltaTriggerTimetable,
    get_parsing_context,
)
from airflow.sdk.exceptions import AirflowSkipException

from lakegate.airflow.assets import asset_of
from lakegate.airflow.dags import LABEL, Making, gates, has_sql, id_of, new_dag, tried
from lakegate.airflow.engines import HERE, Engine
from lakegate.airflow.headings import Heading, Way, headings
from lakegate.airflow.hooks import DEFAULT, LakeHook
from lakegate.airflow.outcomes import settled
from lakegate.airflow.schedules import HOURLY
from lakegate.config import transforms_folder
from lakegate.contract.project import Project

if TYPE_CHECKING:
    from lakegate.warehouse.chain import Chain
    from lakegate.warehouse.datasets import Table

_QUOTED = re.compile(r'(?="([^"\n]+)")')  # between any two quotes: one too many starts a run that finds nothing to do
_WORD = re.compile(r"[A-Za-z_]\w*")
WAIT = dt.timedelta(minutes=1)


def warehouse_dags(
    project: str | os.PathLike[str],
    *,
    schedule: Any = None,
    notifiers: Sequence[Any] = (),
    deadline: Any = None,
    engine: Callable[[Heading], Engine] = lambda _: HERE,
    look_every: dt.timedelta | str | None = None,
    **dag_arguments: Any,
) -> dict[str, DAG]:
    """Return a DAG by its id for each table of a project that has SQL (`dags/sql`, or what `lakegate.toml` says).

    A DAG file holds one line of it: `globals().update(warehouse_dags("."))`. Contracts that no gate can be made of are
    told by `dags_from`. `schedule` and the rest are those of `dags.Making`. A task builds its own DAG alone.

    What is committed outside of Airflow tells no asset. Tables look for it by themselves as `look_every` says, a period
    or a cron expression (UTC); None: as a table's contract says in its slaProperties, else never.

    Raises UsageError where `lakegate.toml` is wrong.
    """
    making = Making(schedule, notifiers, deadline, engine, dag_arguments, look_every)
    found = Project.around(Path(project).absolute())
    transforms = transforms_folder(found.root)
    only = get_parsing_context().dag_id
    known = [one for one in headings(found.folder, _wanted(only)) if isinstance(one, Heading)]
    owners = Counter(id_of(one.id, one.path) for one in known)
    sources = Sources.of(known)
    dags: dict[str, DAG] = {}
    for heading in known:
        for way in heading.ways:
            identity = _table_id(heading, way)
            if owners[id_of(heading.id, heading.path)] == 1 and has_sql(way, transforms) and only in (None, identity):
                made = functools.partial(_dag, heading, way, found.root, transforms, sources, making)
                dag = tried(identity, heading.path, made)
                dags |= {identity: dag} if dag else {}
    return dags


def _wanted(only: str | None) -> Callable[[str | None, str], bool] | None:
    """Return which contracts to parse: all, or that of one DAG (`<contract>.<table>` where it has several)."""
    if only is None:
        return None

    def wanted(identity: str | None, path: str) -> bool:
        mine = id_of(identity, path)
        return only == mine or only.startswith(f"{mine}.")

    return wanted


def _table_id(heading: Heading, way: Way) -> str:
    """Return the id of a table's DAG: its contract's where that has one object."""
    return id_of(heading.id if len(heading.ways) == 1 else f"{heading.id}.{way.model}", heading.path)


@dataclass(frozen=True)
class Sources:
    """The datasets of a project by all that they are called: `core/dim_date`, `core-dim-date.dim_date`, a file."""

    by_name: Mapping[str, Way]
    by_object: Mapping[str, Way]

    @classmethod
    def of(cls, known: Sequence[Heading]) -> Sources:
        """Collect the names of datasets, as SELECTs and `upstream` use them, and of objects, as foreign keys do."""
        names: dict[str, Way] = {}
        objects: dict[str, Way] = {}
        for heading in known:
            for way in heading.ways:
                single = len(heading.ways) == 1
                called = (way.dataset, way.target.removesuffix("/"), f"{heading.name}/{way.model}")
                names |= dict.fromkeys(called if not single else (*called, heading.name or way.dataset), way)
                objects |= {f"{heading.id}.{way.model}": way, f"{heading.path}#{way.model}": way}
        return cls(names, objects)

    def starting(self, heading: Heading, way: Way, sql: str) -> list[Way]:
        """Return the datasets of which a new batch may start a table: what its SELECT reads, `upstream`, and what its
        foreign keys lead to.

        Names are looked for in the text of the SELECT, without a parser. One too many starts a run that finds nothing
        to do; none can be too few.
        """
        read = {*_QUOTED.findall(sql), *_WORD.findall(sql), *heading.upstream}
        found = [self.by_name[name] for name in read if name in self.by_name]
        found += [self.by_object[key] for one in way.refers if (key := _object(one, heading)) in self.by_object]
        return sorted(
            {one.target: one for one in found if one.target != way.target}.values(), key=lambda one: one.target
        )


def _object(reference: str, heading: Heading) -> str:
    """Return what a foreign key leads to as `Sources` calls it: by the contract's id, or its file."""
    if "#" in reference:
        file, _, fragment = reference.partition("#")
        path = os.path.normpath(Path(heading.path).parent / file)
        return f"{path}#{fragment.strip('/').removeprefix('schema/')}"
    return reference if "." in reference else f"{heading.id}.{reference}"


def _dag(heading: Heading, way: Way, root: Path, transforms: Path, sources: Sources, making: Making) -> DAG:
    """Return the DAG of one table."""
    sql = (transforms / f"{way.dataset}.sql").read_text("utf-8", "replace")
    assets = [asset_of(one) for one in sources.starting(heading, way, sql)]
    schedule = making.scheduled(heading, _schedule(assets, heading, making))
    with new_dag(_table_id(heading, way), heading, (way,), schedule, making) as dag:
        table = {"table": way.dataset, "project": str(root)}
        proposed = ProposedOperator(task_id="proposed", batch="{{ params.batch or '' }}", **table)

        def build(batch: Any) -> BaseOperator:
            return BuildOperator(task_id="build", batch=batch, map_index_template=LABEL, **table)

        gates(heading, way, proposed, making, several=False, build=build)
    return dag


def _schedule(assets: Sequence[Asset], heading: Heading, making: Making) -> Any:
    """Return what starts a table: any of some assets, and a clock where somebody asks for one, or without assets."""
    every = making.look_every or (heading.pace.schedule if heading.pace.said else None)
    if not assets:
        return every or HOURLY.schedule
    if every is None:
        return AssetAny(*assets)
    clock = CronTriggerTimetable(every, "UTC") if isinstance(every, str) else DeltaTriggerTimetable(every)
    return AssetOrTimeSchedule(assets=AssetAny(*assets), timetable=clock)


class TableOperator(BaseOperator):
    """What the tasks of a table share. `table` is its dataset's name, `project` the folder of the project."""

    template_fields: Sequence[str] = ("batch", "lake")

    def __init__(
        self,
        *,
        table: str,
        project: str,
        batch: str = "",
        lake: str | None = None,
        lakegate_conn_id: str = DEFAULT,
        **kwargs: Any,
    ) -> None:
        """`batch` is a batch key; `lake` wins over the connection."""
        super().__init__(**kwargs)
        self.table, self.project, self.batch = table, project, batch
        self.lake, self.lakegate_conn_id = lake, lakegate_conn_id

    @contextmanager
    def _chain(self) -> Iterator[tuple[Chain, Table]]:
        """Open the chain of the project's tables, and this one of them; what goes wrong ends the task as it should."""
        from lakegate.config import open_lake
        from lakegate.warehouse.chain import Asked, opened

        hook = LakeHook(self.lakegate_conn_id)
        with settled(WAIT), hook.reached():
            project = Project.around(self.project)
            lake = open_lake(self.lake or hook.address(), project.root)
            with opened(lake, project, Asked()) as chain:
                yield chain, chain.warehouse.table(self.table)


class ProposedOperator(TableOperator):
    """Return the keys of the batches that are to be built or judged; none: skipped. A `batch` that is named is one."""

    def execute(self, context: Context) -> list[str]:
        """Look into the lake. What was judged as it is comes again only where a dataset beside the inputs moved on."""
        from airflow.sdk.configuration import conf

        if self.batch:
            return [self.batch]
        with self._chain() as (chain, table):
            inputs = {dataset.way.target.prefix.removesuffix("/") for _, dataset in table.inputs}
            moved = {asset.name for asset in context.get("triggering_asset_events") or ()}
            found = chain.due(table, again=bool(moved - inputs))
        most = conf.getint("core", "max_map_length", fallback=1024)
        if len(found) > most:
            self.log.warning("%d batches are due, %d are taken: trigger this DAG again for the rest", len(found), most)
        if not found:
            raise AirflowSkipException(f"{self.table}: nothing is to be built")
        return list(found[:most])


class BuildOperator(TableOperator):
    """Build one batch of a table: its candidate lies in the drop then, for the gate. Up to date: skipped."""

    def execute(self, context: Context) -> Mapping[str, Any]:  # noqa: ARG002 - Airflow's signature
        """Return what became of the build: its state, its inputs, the rows written."""
        with self._chain() as (chain, table):
            build = chain.builder.build(table, self.batch)
        if not build.waits:
            raise AirflowSkipException(f"{build.table} {build.batch}: {build.state}")
        self.log.info("%s %s: %s", build.table, build.batch, build.state)
        inputs = [f"{one.dataset} {one.batch} {one.slot}" for one in build.recipe.inputs]
        return {"state": str(build.state), "rows": build.rows, "inputs": inputs[:20]}
