"""Notifiers, each through its provider to a server that answers on loopback."""

import asyncio
import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from lakegate.airflow.notices import text
from lakegate.airflow.notifications import GateEmailNotifier, GateNotifier, GateSlackNotifier, notice
from lakegate.airflow.people import asked_at, mail_addresses, slack_channel
from lakegate.contract.odcs import load
from lakegate.errors import UsageError
from servers.mail import mail_server

CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: shop-orders
name: shop/orders
version: 1.0.0
status: active
team:
  name: order-desk
  members:
    - username: ann@example.com
      role: Owner
    - username: gone@example.com
      dateOut: '2020-01-01'
support:
  - channel: '#orders'
    tool: slack
  - channel: news
    tool: slack
    scope: announcements
schema:
  - name: orders
    physicalType: file
    properties:
      - name: id
        logicalType: string
"""
SUMMARY = {
    "batch": "day=1",
    "dataset": "shop/orders",
    "exit_code": 1,
    "message": "'day=1' violates its contract: 1 of 5 checks failed",
    "report_key": "references/reports/shop/orders/day%3D1/abc/index.html",
    "rows": 100,
    "failed": [{"rule": "orders.id.required", "rows": 3, "reason": "got the value 4711"}],
}


class Instance(SimpleNamespace):
    """A task instance as a callback sees it, with what its tasks pushed."""

    def xcom_pull(self, *, task_ids, key, map_indexes):
        assert (key, map_indexes) == ("lakegate", 2)
        return self.pushed.get(task_ids)


@pytest.fixture
def contract(tmp_path):
    path = tmp_path / "orders.odcs.yaml"
    path.write_text(CONTRACT)
    return path


@pytest.fixture
def failed(contract):
    """The context of a task `validate` that failed."""
    task = SimpleNamespace(contract=str(contract), batch="day=1", upstream_task_ids=set(), lakegate_conn_id="none")
    ti = Instance(dag_id="shop-orders", run_id="r 1", task_id="validate", map_index=2, pushed={"validate": SUMMARY})
    return {"task": task, "ti": ti, "dag_run": SimpleNamespace(dag_id="shop-orders", run_id="r 1")}


def test_a_contract_is_found_under_the_project_of_the_connection(failed, contract, monkeypatch):
    said = {"conn_type": "lakegate_lake", "extra": {"project": str(contract.parent)}}
    monkeypatch.setenv("AIRFLOW_CONN_GATES", json.dumps(said))
    failed["task"].contract, failed["task"].lakegate_conn_id = contract.name, "gates"
    told = []
    notifier = GateNotifier()
    monkeypatch.setattr(notifier, "send", lambda notice, found, _: told.append(found.id))

    notifier.notify(failed)

    assert told == ["shop-orders"]


@contextlib.contextmanager
def slack_server():
    taken = []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            taken.append((self.path, body))
            reply = b'{"ok": true}' if self.path.startswith("/api/") else b"ok"
            self.send_response(200)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address[1], taken
        finally:
            server.shutdown()
            thread.join()


def test_a_failed_gate_is_told_with_rows_owner_and_links_and_without_values(failed, contract):
    told = text(notice(failed, load(contract)))
    assert told.splitlines() == [
        "shop/orders day=1 was not let in",
        "'day=1' violates its contract: 1 of 5 checks failed",
        "orders.id.required: 3 of 100 rows",
        "Owner: order-desk",
        "Ask: #orders (slack)",
        "Mend the data and send the batch again under the same key, or change the contract with a new version.",
        "Report: http://airflow.example:8080/lakegate/references/reports/shop/orders/day%253D1/abc/index.html",
        "Task: http://airflow.example:8080/dags/shop-orders/runs/r%201/tasks/validate/mapped/2",
        "Contract: http://airflow.example:8080/lakegate/contracts/shop-orders",
    ]
    assert "4711" not in told


def test_what_could_not_be_judged_is_not_told_as_not_let_in(failed, contract):
    failed["ti"].pushed["validate"] = {**SUMMARY, "exit_code": 5, "message": "the lake does not answer", "failed": []}
    told = notice(failed, load(contract))
    assert told.what == "shop/orders day=1 could not be judged"
    assert told.then.startswith("Nothing was decided about the data")


def test_an_error_of_another_kind_may_hold_values_and_is_told_by_its_kind(failed, contract):
    failed["ti"].pushed.clear()
    failed["exception"] = ValueError("could not convert 4711")
    assert notice(failed, load(contract)).why == "ValueError"
    failed["exception"] = RuntimeError("exit code 6: 'x' is no plain file\nmore")
    assert notice(failed, load(contract)).why == "exit code 6: 'x' is no plain file"


def test_a_task_that_was_killed_is_told_of_where_there_is_no_xcom(failed, contract, caplog):
    def broken(**_):
        raise RuntimeError("no supervisor")

    failed["ti"].xcom_pull = broken
    failed["task"].log = SimpleNamespace(debug=lambda *_: None)
    assert notice(failed, load(contract)).what == "shop/orders day=1 could not be judged"


def test_an_approval_is_told_with_its_page_and_what_validate_found(failed, contract):
    failed["task"].subject = "Let it pass?"
    failed["task"].upstream_task_ids = {"validate"}
    failed["ti"].task_id = "waiver"
    told = notice(failed, load(contract))
    assert told.what == "shop/orders day=1 waits for an approval"
    assert told.failed[0].rows == 3
    assert told.links["Approval"].endswith("/tasks/waiver/mapped/2/required_actions")


def test_a_deadline_is_told_by_its_contract(contract):
    context = {"dag_run": {"dag_id": "shop-orders"}, "deadline": {"id": "1"}}
    told = notice(context, load(contract))
    assert told.what == "shop/orders is late"
    assert told.links["DAG"] == "http://airflow.example:8080/dags/shop-orders"


def test_a_contract_that_cannot_be_read_keeps_nobody_from_being_told(failed, tmp_path):
    failed["task"].contract = str(tmp_path / "gone.odcs.yaml")
    GateNotifier()(failed)


@pytest.mark.usefixtures("smtp")
def test_email_goes_to_the_team_of_the_contract(failed, smtp):
    GateEmailNotifier()(failed)
    ((to, message),) = smtp
    assert to == ("ann@example.com",)
    assert message["Subject"] == "shop/orders day=1 was not let in"
    assert "3 of 100 rows" in message.get_body(("html",)).get_content()


def test_email_with_hostile_names_is_one_message_with_one_recipient(failed, smtp):
    hostile = "x\r\nBcc: all@example.com\r\n\r\n<script>alert(1)</script>{{ 1/0 }}"
    failed["ti"].pushed["validate"] = {**SUMMARY, "batch": hostile, "message": hostile}
    GateEmailNotifier(to="desk@example.com")(failed)
    ((to, message),) = smtp
    assert to == ("desk@example.com",)
    assert message["Bcc"] is None
    assert "<script" not in message.get_body(("html",)).get_content()
    assert "{{ 1/0 }}" in message.get_body(("html",)).get_content()


def test_email_from_the_triggerer(failed, smtp):
    async def told():
        await GateEmailNotifier(to="desk@example.com", context=failed)

    asyncio.run(told())
    assert len(smtp) == 1


def test_email_to_nobody_is_an_error_that_says_what_to_write(failed, contract):
    contract.write_text(CONTRACT.replace("ann@example.com", "ann"))
    with pytest.raises(UsageError, match="nobody can be written to"):
        GateEmailNotifier()(failed)


@pytest.fixture
def smtp(monkeypatch):
    with mail_server() as (port, taken):
        connection = {
            "conn_type": "smtp",
            "host": "127.0.0.1",
            "port": port,
            "extra": {"disable_ssl": True, "disable_tls": True, "from_email": "lake@example.com"},
        }
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(connection))
        yield taken


def test_slack_by_its_api_goes_to_the_channel_of_the_contract(failed, monkeypatch):
    with slack_server() as (port, taken):
        monkeypatch.setenv("AIRFLOW_CONN_TALK", json.dumps({"conn_type": "slack", "password": "xoxb-1"}))
        GateSlackNotifier(slack_conn_id="talk", base_url=f"http://127.0.0.1:{port}/api/")(failed)
    ((path, body),) = taken
    assert path == "/api/chat.postMessage"
    assert body["channel"] == "#orders"
    assert body["text"] == "shop/orders day=1 was not let in"
    assert "3 of 100 rows" in body["blocks"]


def test_slack_by_a_webhook(failed, monkeypatch):
    failed["ti"].pushed["validate"] = {**SUMMARY, "batch": "<!channel>"}
    with slack_server() as (port, taken):
        address = f"http://127.0.0.1:{port}/services/1"
        monkeypatch.setenv("AIRFLOW_CONN_HOOK", json.dumps({"conn_type": "slackwebhook", "password": address}))
        GateSlackNotifier(slack_webhook_conn_id="hook")(failed)
    ((_, body),) = taken
    assert body["text"] == "shop/orders &lt;!channel&gt; was not let in"
    assert body["blocks"][0]["text"]["type"] == "plain_text"


def test_slack_needs_one_connection():
    with pytest.raises(UsageError, match="got both or none"):
        GateSlackNotifier()


def test_a_provider_that_is_missing_is_told_when_the_dag_is_read(monkeypatch):
    monkeypatch.setattr("lakegate.airflow.notifications.find_spec", lambda _: None)
    with pytest.raises(UsageError, match="apache-airflow-providers-smtp is not installed"):
        GateEmailNotifier()


def test_people_of_a_contract(tmp_path):
    path = tmp_path / "c.odcs.yaml"
    more = "support:\n  - channel: Desk\n    url: mailto:desk@example.com\n    tool: email\n"
    hostile = "  - channel: 'a@x.example, b@y.example'\n    tool: email\n"
    path.write_text(CONTRACT.replace("support:\n", more + hostile))
    contract = load(path)
    assert mail_addresses(contract) == ("desk@example.com",)
    assert slack_channel(contract) == "#orders"
    assert asked_at(contract)[0] == "Desk (email)"
