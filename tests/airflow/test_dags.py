"""A DAG per contract, as Airflow reads it."""

import datetime as dt
import re
from pathlib import Path

import pytest
from airflow.sdk import AsyncCallback, BaseOperator, get_parsing_context

from airflow_dag_bags import bag, stored, upstream
from lakegate.airflow import dags as module
from lakegate.airflow import dags_from, waivers
from lakegate.airflow.problems import TAG
from warehouse.scene import CONTRACTS, SQL, project, write

TOP = Path(__file__).parents[2]
RAW = CONTRACTS["shop/sales"]
GATE = {"arrived": [], "validate": ["arrived"], "promote": ["validate"], "publish_report": ["promote"]}
HOSTILE = "{{ 7*7 }} {% raw %} <script>alert(1)</script> [a](javascript:x) **b** `c` | # | x.md"


@pytest.fixture(scope="module")
def ours():
    """The DAGs of this project's own files."""
    return bag(TOP / "dags")


@pytest.fixture
def contracts(tmp_path, monkeypatch):
    monkeypatch.setenv("LAKEGATE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "contracts"


def put(folder, text, name="one"):
    write(folder / f"{name}.odcs.yaml", text)


def only(folder, **more):
    (dag,) = dags_from(folder, **more).values()
    return dag


def test_each_contract_of_this_project_has_its_dag(ours):
    ids = {
        re.search(r"^id: (.+)$", path.read_text(), re.MULTILINE)[1]
        for path in (TOP / "contracts").rglob("*.odcs.yaml")
        if "examples" not in path.parts
    }

    assert set(ours) == ids
    assert not [name for name, dag in ours.items() if TAG in dag.tags]


def test_each_dag_goes_through_serialization(ours):
    for dag in ours.values():
        again = stored(dag)

        assert upstream(again) == upstream(dag)
        assert (again.dag_display_name, again.doc_md) == (dag.dag_display_name, dag.doc_md)


def test_a_gate_in_the_grid(ours):
    dag = ours["nyc-flights"]
    group = dag.task_group.children["flights"]
    promote = dag.get_task("promote")

    assert upstream(dag) == GATE
    assert [type(one).__name__ for one in (group, dag.get_task("arrived"))] == ["MappedTaskGroup", "BatchSensor"]
    assert sorted(group.children) == ["promote", "publish_report", "validate"]
    assert (promote.trigger_rule, dag.get_task("publish_report").is_teardown) == ("all_success", True)
    assert [(one.name, one.uri) for one in promote.outlets] == [
        ("01-raw-data-zone/nyc/flights", "s3://example-lake/01-raw-data-zone/nyc/flights")
    ]
    assert not [task.task_id for task in dag.tasks if task.task_id != "promote" and task.outlets]
    assert (dag.catchup, dag.max_active_runs, dag.max_active_tasks) == (False, 8, 8)
    assert {task.retries for task in dag.tasks} == {3}


def test_what_a_dag_says_comes_from_the_contract(ours):
    dag = ours["nyc-flights"]

    assert dag.dag_display_name == "nyc/flights"
    assert dag.tags == {"lakegate", "raw", "nyc", "aviation"}
    assert dag.owner == "flight-operations"
    assert dag.description.startswith("Every scheduled flight that left, or should have left, EWR, JFK or LGA")
    for told in ("Limits:", "Use:", "Team", "Support", "flight&#45;operations", "Midnight is 0 of the new day"):
        assert told in dag.doc_md


def test_hostile_text_stays_text(contracts):
    text = RAW.replace("name: shop/sales", f"name: '{HOSTILE}'\ndomain: '{HOSTILE}'\ntags: ['{HOSTILE * 3}']", 1)
    text += f"description: {{purpose: '{HOSTILE}', usage: '{HOSTILE}'}}\nteam: {{name: '{HOSTILE}'}}\n"
    text += f"support: [{{channel: '{HOSTILE}', url: 'javascript:alert(1)'}}, {{channel: x, url: 'https://a.example/?q=1'}}]\n"
    put(contracts, text)

    dag = stored(only(contracts))

    for mark in ("{{", "{%", "<script", "](java", "**b**", "`", "|"):
        assert mark not in dag.doc_md
    assert "[https&#58;&#47;&#47;a&#46;example&#47;&#63;".replace("&#63;", "?") in dag.doc_md
    assert not dag.doc_md.endswith(".md")
    assert max(map(len, dag.tags)) <= 100
    templated = {field for task in dag.tasks for field in task.template_fields}
    assert templated == {"batch", "lake"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id: shop-sales\nname: [", "one.odcs.yaml"),
        (RAW.replace("to: to", "to: nowhere"), "names no server to promote to"),
        (RAW + "slaProperties: [{property: frequency, value: 1, unit: d, schedule: 'often'}]\n", "no cron expression"),
    ],
)
def test_a_broken_contract_is_seen_and_takes_no_other_away(contracts, text, told):
    put(contracts, text)
    put(contracts, CONTRACTS["shop/shops"], "two")

    found = dags_from(contracts)
    (task,) = stored(found["shop-sales"]).tasks

    assert set(found) == {"shop-sales", "shop-shops"}
    assert (task.task_id, task.retries, TAG in found["shop-sales"].tags) == ("no_gate", 0, True)
    with pytest.raises(Exception, match=re.escape(told)):
        found["shop-sales"].get_task("no_gate").execute({})


def test_two_contracts_of_one_id_are_no_gate_and_both_are_named(contracts):
    put(contracts, RAW)
    put(contracts, RAW.replace("id: shop-sales", "id: shop sales"), "two")
    put(contracts, RAW.replace("id: shop-sales", "id: shop/sales"), "three")
    put(contracts, CONTRACTS["shop/shops"], "four")

    found = dags_from(contracts)

    assert set(found) == {"shop-sales", "shop_sales", "shop-shops"}
    with pytest.raises(Exception, match=re.escape("two.odcs.yaml")) as told:
        found["shop_sales"].get_task("no_gate").execute({})
    assert "three.odcs.yaml" in str(told.value)


def test_what_airflow_does_not_take_is_told(contracts, monkeypatch):
    def refused(*_, **__):
        raise ValueError("no such schedule")

    put(contracts, RAW)
    monkeypatch.setattr(module, "dag_of", refused)

    with pytest.raises(Exception, match="no DAG can be made of it: ValueError: no such schedule"):
        only(contracts).get_task("no_gate").execute({})


def test_a_changed_contract_changes_its_dag_and_a_removed_one_takes_it_away(contracts):
    put(contracts, RAW)
    put(contracts, CONTRACTS["shop/shops"], "two")
    before = dags_from(contracts)
    put(contracts, RAW + "slaProperties: [{property: frequency, value: 15, unit: min}]\n")
    (contracts / "two.odcs.yaml").unlink()

    after = dags_from(contracts)

    assert set(before) == {"shop-sales", "shop-shops"}
    assert set(after) == {"shop-sales"}
    assert before["shop-sales"].schedule == dt.timedelta(hours=1)
    assert after["shop-sales"].schedule == dt.timedelta(minutes=15)
    assert after["shop-sales"].get_task("arrived").timeout == 15 * 60


class StandIn(BaseOperator):
    """In place of the approval, which is tested by itself."""

    def __init__(self, *, contract, model, batch, approvers, max_days, validate_task_id, notifiers, **kwargs):
        super().__init__(**kwargs)
        self.asked = (approvers, max_days, validate_task_id)
        self.batch = batch  # as the approval does: it hangs the task on what the keys come from


def test_where_a_waiver_may_be_given_it_stands_between(contracts, monkeypatch):
    monkeypatch.setattr(waivers, "WaiverOperator", StandIn)
    put(contracts, RAW + "      waiver: {allowed: true, approvers: [olga], max_days: 7}\n")

    made = only(contracts)
    dag = stored(made)

    assert made.get_task("waiver").asked == (("olga",), 7, "validate")
    assert upstream(dag) == {
        **GATE,
        "waiver": ["validate"],
        "promote": ["validate", "waiver"],
    }
    assert (dag.get_task("waiver").trigger_rule, dag.get_task("promote").trigger_rule) == ("all_failed", "one_success")


def test_several_objects_are_several_gates(contracts):
    text = RAW.replace("shop/sales/'", "shop/{model}/'")
    put(
        contracts,
        text.replace("schema:\n", "schema:\n  - {name: returns, properties: [{name: id, logicalType: integer}]}\n"),
    )

    dag = stored(only(contracts))

    assert {name: where for name, where in upstream(dag).items() if "returns" in name} == {
        f"returns.{name}": [f"returns.{one}" for one in where] for name, where in GATE.items()
    }
    assert len(dag.tasks) == 2 * len(GATE)


def test_the_schedule_can_be_said_by_who_calls(contracts):
    put(contracts, RAW)

    assert only(contracts, schedule="@daily").schedule == "@daily"
    assert only(contracts, schedule=lambda heading: f"{len(heading.ways)} * * * *").schedule == "1 * * * *"
    assert only(contracts, max_active_runs=3, tags=["mine"]).max_active_runs == 3


def test_who_is_told_of_failures(contracts):
    put(contracts, RAW)
    told = []

    dag = only(contracts, notifiers=[told.append])

    callbacks = {task.task_id: list(task.on_failure_callback) for task in dag.tasks}
    assert callbacks == {"arrived": [], "validate": [told.append], "promote": [told.append], "publish_report": []}


def test_a_latency_is_a_deadline_only_where_that_is_asked_for(contracts):
    put(contracts, RAW + "slaProperties: [{property: latency, value: 4, unit: h}]\n")

    (alert,) = only(contracts, deadline=AsyncCallback("lakegate.version.late")).deadline

    assert only(contracts).deadline is None
    assert alert.interval == dt.timedelta(hours=4)


def test_tables_with_sql_are_left_to_the_warehouse(tmp_path, monkeypatch):
    monkeypatch.setenv("LAKEGATE_CACHE", str(tmp_path / "cache"))
    project(tmp_path, sql={"core/dim_shop": SQL["core/dim_shop"]})

    left, all_of_them = dags_from(tmp_path / "contracts"), dags_from(tmp_path / "contracts", tables=True)

    assert set(all_of_them) - set(left) == {"core-dim_shop"}
    assert "stage-sales" in left  # somebody else transforms: the gate waits for candidates


def test_a_task_parses_its_own_contract_alone(contracts, monkeypatch):
    put(contracts, RAW)
    put(contracts, CONTRACTS["shop/shops"], "two")
    monkeypatch.setattr(module, "get_parsing_context", lambda: get_parsing_context()._replace(dag_id="shop-shops"))
    parsed = []
    known = module.headings
    monkeypatch.setattr(module, "headings", lambda *asked: (parsed.append(one) or one for one in known(*asked)))

    assert set(dags_from(contracts)) == {"shop-shops"}
    assert [one.id for one in parsed] == ["shop-shops"]
