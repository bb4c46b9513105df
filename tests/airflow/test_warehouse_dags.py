"""The warehouse as DAGs that start each other by assets."""

import datetime as dt
from contextlib import contextmanager

import pytest
from airflow.sdk import AssetAny, CronTriggerTimetable, DeltaTriggerTimetable
from airflow.sdk.exceptions import AirflowSkipException

from airflow_dag_bags import bag, by_airflow, stored, upstream
from lakegate.airflow import dags_from, warehouse_dags
from lakegate.airflow.engines import HERE, Engine
from lakegate.airflow.hooks import LakeHook
from lakegate.airflow.operators import ContractValidateOperator
from lakegate.airflow.warehouse import ProposedOperator
from lakegate.gate.promote import PromotionState
from warehouse.scene import CONTRACTS, DAYS, SQL, arrived, build, inside, project, records, write

FILE = "from lakegate.airflow import warehouse_dags\nglobals().update(warehouse_dags({!r}))\n"


@pytest.fixture
def scene(tmp_path, monkeypatch):
    monkeypatch.setenv("LAKEGATE_CACHE", str(tmp_path / "cache"))
    folder = project(tmp_path / "project")
    (folder / "lake").mkdir()
    write(folder / "dags" / "warehouse.py", FILE.format(str(folder)))
    return folder


def starts(dag):
    """The names of the assets that a DAG is started by."""
    assert isinstance(dag.schedule, AssetAny)
    return sorted(asset.name for asset in dag.schedule.objects)


def test_each_table_with_sql_has_its_dag(scene):
    found = bag(scene / "dags")

    assert set(found) == {name.replace("/", "-") for name in SQL}
    assert set(dags_from(scene / "contracts")) == {"shop-sales", "shop-shops"}  # together they make each DAG once
    for dag in found.values():
        assert upstream(stored(dag)) == {
            "proposed": [],
            "build": ["proposed"],
            "validate": ["build", "proposed"],
            "promote": ["validate"],
            "publish_report": ["promote"],
        }


def test_a_table_is_started_by_what_it_is_made_of_waits_for_and_refers_to(scene):
    found = warehouse_dags(scene)

    assert {name: starts(dag) for name, dag in found.items()} == {
        "stage-sales": ["01-raw-data-zone/shop/sales"],
        "cleanse-sales": ["warehouse/stage/sales"],
        "core-dim_shop": ["03-master-data-zone/shop/shops"],
        "core-fact_sale": ["warehouse/cleanse/sales", "warehouse/core/dim_shop"],
        "mart-by_city": ["warehouse/core/dim_shop", "warehouse/core/fact_sale"],
    }


def test_a_table_may_be_judged_where_its_contract_is_sent(scene):
    class Elsewhere(ContractValidateOperator):
        """Judges on a cluster."""

    found = warehouse_dags(scene, engine=lambda heading: Engine(Elsewhere) if "fact" in heading.id else HERE)

    judges = {name: type(dag.get_task("validate")) for name, dag in found.items()}
    assert judges == {name: Elsewhere if "fact" in name else ContractValidateOperator for name in found}


def test_tables_are_built_with_the_credentials_of_the_connection(scene, monkeypatch):
    reached = []

    @contextmanager
    def noted(hook):
        reached.append(hook.lakegate_conn_id)
        yield

    monkeypatch.setattr(LakeHook, "reached", noted)
    task = ProposedOperator(task_id="proposed", table="stage/sales", project=str(scene), lake=str(scene / "lake"))

    with pytest.raises(AirflowSkipException):
        task.execute({})

    assert reached == ["lakegate_default"]


def test_an_input_and_what_commits_it_are_one_asset(scene):
    gates, tables = dags_from(scene / "contracts"), warehouse_dags(scene)

    (committed,) = gates["shop-sales"].get_task("promote").outlets
    (waited,) = tables["stage-sales"].schedule.objects

    assert (committed.name, committed.uri) == (waited.name, waited.uri)


@pytest.mark.parametrize(
    "sql",
    [
        'SELECT * FROM "warehouse/stage/sales" ORDER BY ALL',
        "SELECT 'it\\'s \"' AS odd, * FROM \"stage/sales\" ORDER BY ALL",
        '-- it\'s\nSELECT * FROM "stage/sales" ORDER BY ALL',
    ],
)
def test_no_input_is_overlooked_in_the_text(scene, sql):
    write(scene / "dags" / "sql" / "cleanse" / "sales.sql", sql)

    assert starts(warehouse_dags(scene)["cleanse-sales"]) == ["warehouse/stage/sales"]


def test_a_table_that_is_made_of_nothing_runs_by_the_hour(scene):
    write(scene / "dags" / "sql" / "core" / "dim_shop.sql", "SELECT 'a' AS shop, 'Basel' AS city ORDER BY shop")

    assert str(warehouse_dags(scene)["core-dim_shop"].schedule) == "1:00:00"


DAILY = "slaProperties: [{property: frequency, value: 1, unit: d}]\n"
AT_SIX = "slaProperties: [{property: frequency, value: 1, unit: d, scheduler: cron, schedule: '0 6 * * *'}]\n"


@pytest.mark.parametrize(
    ("said", "look_every", "clock"),
    [
        ("", None, None),
        ("", dt.timedelta(hours=2), DeltaTriggerTimetable(dt.timedelta(hours=2))),
        ("", "*/5 * * * *", CronTriggerTimetable("*/5 * * * *", "UTC")),
        (DAILY, None, DeltaTriggerTimetable(dt.timedelta(days=1))),
        (AT_SIX, None, CronTriggerTimetable("0 6 * * *", "UTC")),
        (DAILY, dt.timedelta(hours=2), DeltaTriggerTimetable(dt.timedelta(hours=2))),
    ],
)
def test_a_table_looks_by_the_clock_where_somebody_says_so(scene, said, look_every, clock):
    write(scene / "contracts" / "stage" / "sales.odcs.yaml", CONTRACTS["stage/sales"] + said)

    schedule = warehouse_dags(scene, look_every=look_every)["stage-sales"].schedule

    if clock is None:
        assert isinstance(schedule, AssetAny)
    else:
        assert schedule.timetable == clock
        assert [asset.name for asset in schedule.asset_condition.objects] == ["01-raw-data-zone/shop/sales"]


def test_a_clock_beside_the_assets_is_what_airflow_takes(scene):
    file = FILE.replace("({!r})", "({!r}, look_every='0 * * * *')").format(str(scene))
    write(scene / "dags" / "warehouse.py", file)

    assert {type(stored(dag).timetable).__name__ for dag in bag(scene / "dags").values()} == {"AssetOrTimeSchedule"}


def test_two_contracts_of_one_id_build_nothing(scene):
    write(scene / "contracts" / "other.odcs.yaml", CONTRACTS["shop/sales"].replace("id: shop-sales", "id: stage-sales"))

    assert "stage-sales" not in warehouse_dags(scene)
    assert dags_from(scene / "contracts")["stage-sales"].task_ids == ["no_gate"]


def test_a_whole_chain_by_airflows_own_runner(scene):
    with inside(scene):
        arrived(scene / "lake")
    tables = ["stage-sales", "cleanse-sales", "core-fact_sale", "core-dim_shop", "core-fact_sale", "stage-sales"]
    ended = by_airflow(scene, tables)
    states = [(name, state, tasks.get("proposed[-1]"), tasks.get("promote[0]")) for name, state, tasks in ended]

    assert states == [
        ("stage-sales", "success", "success", "success"),
        ("cleanse-sales", "success", "success", "success"),
        ("core-fact_sale", "success", "skipped", None),  # it waits for its dimension
        ("core-dim_shop", "success", "success", "success"),
        ("core-fact_sale", "success", "success", "success"),
        ("stage-sales", "success", "skipped", None),  # nothing is out of date
    ]
    assert [one.batch for one in records(scene / "lake", "core/fact_sale")] == [f"dt={day}" for day in DAYS]
    assert {one.by.split("/")[0] for one in records(scene / "lake", "core/fact_sale")} == {"airflow:core-fact_sale"}


class Moved:
    def __init__(self, name):
        self.name = name


def test_a_blocked_batch_is_judged_again_only_where_something_beside_its_inputs_moved_on(scene):
    lake = scene / "lake"
    with inside(scene):
        arrived(lake, shops="shop,city\nb,Bern\n")
        blocked = [
            step for step in build(lake) if step.promotion and step.promotion.state is PromotionState.QUARANTINED
        ]
    task = ProposedOperator(task_id="proposed", table="core/fact_sale", project=str(scene), lake=str(lake))

    def proposed(*moved):
        return task.execute({"triggering_asset_events": {Moved(name): [] for name in moved}})

    assert [(one.table, one.batch) for one in blocked] == [("core/fact_sale", f"dt={day}") for day in DAYS]
    assert proposed("warehouse/core/dim_shop") == [f"dt={day}" for day in DAYS]
    with pytest.raises(Exception, match="nothing is to be built"):
        proposed("warehouse/cleanse/sales")
    with pytest.raises(Exception, match="nothing is to be built"):
        proposed()
