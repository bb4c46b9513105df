"""Addresses that a browser opens, and links that break no task."""

import json
from types import SimpleNamespace

import pytest

from airflow_scene import scene
from lakegate.airflow import links
from lakegate.airflow.links import ContractLink, ReportLink, contract_address, report_address, task_path

KEY = "references/reports/shop/orders/day%3D1/abc/index.html"


@pytest.fixture
def pushed(monkeypatch):
    """What a task instance has pushed, by XCom key."""
    found = {}
    monkeypatch.setattr(links.XCom, "get_value", lambda *, ti_key, key: found.get(key))
    return found


def test_a_report_is_served_below_the_user_interface_and_its_key_is_quoted():
    expected = "http://airflow.example:8080/lakegate/references/reports/shop/orders/day%253D1/abc/index.html"
    assert report_address(KEY) == expected
    assert report_address(KEY.removesuffix("index.html")) == expected


def test_without_an_address_of_the_user_interface_links_are_relative_to_its_host(monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "")
    assert report_address("references/index.html") == "/lakegate/references/index.html"


@pytest.mark.parametrize(
    ("named", "begins"),
    [
        ("https://reports.example/lake/", "https://reports.example/lake/reports/shop/orders/day%253D1/abc/"),
        ("javascript:alert(1)//", "http://airflow.example:8080/lakegate/references/"),
        (None, "http://airflow.example:8080/lakegate/references/"),
    ],
)
def test_the_connection_may_say_where_reports_are_served(monkeypatch, named, begins):
    connection = {"conn_type": "lakegate_lake", "host": "/lake", "extra": {"reports_url": named}}
    monkeypatch.setenv("AIRFLOW_CONN_LAKEGATE_DEFAULT", json.dumps(connection))
    assert report_address(KEY).startswith(begins)


def test_else_the_settings_of_the_contracts_project_say_it(pushed, tmp_path):
    made = scene(tmp_path)
    operator = SimpleNamespace(contract=str(made.contract))
    pushed["lakegate"] = {"report_key": KEY}
    assert ReportLink().get_link(operator, ti_key=None).startswith("http://airflow.example:8080/lakegate/references/")

    (made.root / "lakegate.toml").write_text('[reports]\nurl = "https://reports.example/lake"\n')
    link = ReportLink().get_link(operator, ti_key=None)
    assert link == "https://reports.example/lake/reports/shop/orders/day%253D1/abc/index.html"

    (made.root / "lakegate.toml").write_text("[reports]\nurl = 1\n")  # a link breaks no task
    assert ReportLink().get_link(operator, ti_key=None).startswith("http://airflow.example:8080/lakegate/references/")


def test_a_contract_is_named_by_its_id_whatever_that_holds():
    assert contract_address("a/b c") == "http://airflow.example:8080/lakegate/contracts/a%2Fb%20c"


def test_the_page_of_a_mapped_task_instance():
    assert task_path("d", "manual__2024-01-01T00:00:00+00:00", "gate.validate", 3) == (
        "dags/d/runs/manual__2024-01-01T00%3A00%3A00%2B00%3A00/tasks/gate.validate/mapped/3"
    )
    assert task_path("d", "r", "t").endswith("/tasks/t")


@pytest.mark.parametrize(
    "named", [{"report_key": KEY, "report": "s3://x"}, {"report": "s3://lake/" + KEY}, {"report": KEY}]
)
def test_the_report_link_of_a_task(pushed, named):
    pushed["lakegate"] = named
    assert ReportLink().get_link(SimpleNamespace(), ti_key=None).endswith("/abc/index.html")


@pytest.mark.parametrize("summary", [None, {}, {"report": None}, {"report": "s3://lake/x"}, "text"])
def test_a_task_without_a_report_has_no_link(pushed, summary):
    pushed["lakegate"] = summary
    assert ReportLink().get_link(SimpleNamespace(), ti_key=None) == ""


def test_the_contract_link_is_the_contracts_page_or_nothing(tmp_path):
    made = scene(tmp_path)
    here, gone = SimpleNamespace(contract=str(made.contract)), SimpleNamespace(contract="/nowhere.odcs.yaml")
    assert ContractLink().get_link(here, ti_key=None).endswith("/lakegate/contracts/shop-orders")
    assert ContractLink().get_link(gone, ti_key=None) == ""
    assert ContractLink().get_link(SimpleNamespace(), ti_key=None) == ""
