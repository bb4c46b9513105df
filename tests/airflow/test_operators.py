"""What the tasks of a gate do with each outcome, alone: no scheduler, a real lake."""

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowRescheduleException

from airflow_context import context, told_before
from cli.scene import GOOD as GOOD_FLIGHTS
from cli.scene import PLANES, Scene
from lakegate.airflow.operators import ContractValidateOperator, PromoteOperator, PublishReportsOperator
from lakegate.airflow.outcomes import RETRIES, settle, worst
from lakegate.airflow.progress import Logged
from lakegate.airflow.summaries import SUMMARY, address, key_of
from lakegate.lake.zones import Place
from lakegate.publish import documents, pending

GOOD, BAD = "tailnum\nN1\nN2\n", "tailnum\nN1\nN1\n"
WAIT = dt.timedelta(seconds=9)
ASSET = Asset(name="planes", uri="s3://example/planes")
PLANES_PLACE = Place("03-master-data-zone", "nyc/planes")


@pytest.fixture
def scene(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LAKEGATE_LAKE", str(tmp_path / "lake"))
    return Scene(tmp_path)


def arrive(scene, content=GOOD, *, complete=True, part="1"):
    scene.arrive(f"part={part}", content, dataset="nyc/planes", complete=complete)


def validate(**more):
    return ContractValidateOperator(task_id="validate", contract=PLANES, batch="part=1", wait=WAIT, **more)


def promote(**more):
    return PromoteOperator(task_id="promote", contract=PLANES, batch="part=1", outlets=[ASSET], wait=WAIT, **more)


@pytest.mark.parametrize(
    ("code", "raised"),
    [
        (0, None),
        (1, AirflowFailException),
        (2, AirflowFailException),
        (3, AirflowRescheduleException),
        (4, AirflowFailException),
        (5, AirflowException),
        (6, AirflowFailException),
        (77, AirflowException),
    ],
)
def test_an_exit_code_ends_a_task(code, raised):
    if raised is None:
        settle(code, "well", WAIT)
        return
    with pytest.raises(AirflowException) as ended:
        settle(code, "so it is", WAIT)
    assert type(ended.value) is raised


def test_of_several_batches_the_worst_counts():
    assert [worst([0, 1]), worst([0, 3]), worst([1, 5, 3]), worst([6, 2]), worst([0]), worst([])] == [1, 3, 5, 6, 0, 2]


def test_what_keeps_its_contract_is_judged_and_not_committed(scene):
    arrive(scene)
    told = context()

    summary = validate().execute(told)

    assert summary == told["ti"].pushed[SUMMARY]
    assert (summary["state"], summary["dataset"], summary["rows"]) == ("passed", "nyc/planes", 2)
    assert (scene.lake / summary["report_key"]).is_file()
    assert scene.records("nyc/planes", "03-master-data-zone") == []


def test_what_breaks_it_is_told_before_the_task_fails_and_shown_at_once(scene):
    arrive(scene, BAD)
    told = context()

    with pytest.raises(AirflowFailException, match="1 of"):
        validate().execute(told)

    summary = told["ti"].pushed[SUMMARY]
    assert (summary["exit_code"], summary["waivable"]) == (1, True)
    assert [(one["rule"], one["rows"]) for one in summary["failed"]] == [("planes.primaryKey", 2)]
    assert "part=1" in (scene.lake / "references/index.html").read_text()
    assert len(json.dumps(summary)) < 2000


def test_an_error_is_told_in_xcom_too(scene):
    arrive(scene)
    scene.change(PLANES, lambda document: document["schema"][0]["properties"][0].update(logicalType="text"))
    told = context()

    with pytest.raises(AirflowFailException, match="exit code 2"):
        validate().execute(told)

    summary = told["ti"].pushed[SUMMARY]
    assert (summary["state"], summary["exit_code"], summary["waivable"]) == ("error", 2, False)
    assert "logicalType" in summary["message"]


def test_what_is_not_ready_is_asked_again_and_not_for_ever(scene):
    arrive(scene, complete=False)
    old = dt.datetime.now(dt.UTC) - dt.timedelta(days=2)

    with pytest.raises(AirflowRescheduleException) as ended:
        validate().execute(context())
    with pytest.raises(AirflowFailException, match="nothing was judged"):
        validate().execute(context(since=old))

    assert WAIT * 0.5 < ended.value.reschedule_date - dt.datetime.now(dt.UTC) <= WAIT


def test_what_the_system_refuses_is_retried(scene, monkeypatch):
    arrive(scene)
    told = context()

    with monkeypatch.context() as patched:
        patched.setattr("tempfile.tempdir", str(scene.root / "gone"))
        with pytest.raises(AirflowException, match="exit code 5: FileNotFoundError") as ended:
            validate().execute(told)

    assert type(ended.value) is AirflowException
    assert ended.value.__suppress_context__ or ended.value.__context__ is None
    assert told["ti"].pushed[SUMMARY]["exit_code"] == 5


@pytest.fixture
def standing(monkeypatch):
    return told_before(monkeypatch)


def test_a_commit_is_told_by_the_retry_and_not_by_another(scene, standing):
    arrive(scene)
    first, retry, other = context(), context(), context(run_id="r2")

    promote().execute(first)
    again, another = promote(), promote()
    again.execute(retry)
    another.execute(other)

    assert first["outlet_events"][ASSET].extra == retry["outlet_events"][ASSET].extra
    assert first["outlet_events"][ASSET].extra["batch"] == "part=1"
    assert again.outlets == [ASSET]
    assert another.outlets == []
    assert len(scene.records("nyc/planes", "03-master-data-zone")) == 1


def test_a_task_that_is_cleared_after_it_succeeded_tells_nothing_again(scene, standing):
    arrive(scene)
    first = context()
    promote().execute(first)
    standing.append(SimpleNamespace(extra=first["outlet_events"][ASSET].extra))

    cleared = promote()
    cleared.execute(context())

    assert cleared.outlets == []


def test_the_board_is_written_from_what_is_there(scene):
    assert PublishReportsOperator(task_id="p", contract=PLANES).execute(context()) == "references/index.html"


@pytest.mark.parametrize("named", [{"batch": "part=1"}, {}])
def test_what_was_let_in_is_shown_whether_its_batch_is_named_or_not(scene, named):
    arrive(scene)
    promote().execute(context())
    assert len(pending.of_dataset(scene.store, PLANES_PLACE)) == 1

    PublishReportsOperator(task_id="p", contract=PLANES, **named).execute(context())

    assert documents.board(scene.store)["nyc/planes"].now.last_batch == "part=1"
    assert pending.of_dataset(scene.store, PLANES_PLACE) == ()


def test_a_project_that_says_where_its_reports_are_read_is_heeded_by_tasks_and_pages(scene):
    scene.write("lakegate.toml", '[reports]\nurl = "https://reports.example.com"\n')
    arrive(scene, BAD)
    told = context()

    with pytest.raises(AirflowFailException):
        validate().execute(told)

    report = told["ti"].pushed[SUMMARY]["report"]
    assert report.startswith("https://reports.example.com/reports/nyc/planes/part%253D1/")
    assert report in (scene.lake / "references/blocked.atom").read_text()


def test_pages_that_could_not_be_written_are_told_in_the_log(scene, monkeypatch):
    lines = []
    heard = dict.fromkeys(("debug", "info", "warning", "error"), lambda text, *told, **_: lines.append(text % told))
    monkeypatch.setattr(ContractValidateOperator, "log", SimpleNamespace(**heard))
    board = scene.lake / "references/board.json"
    board.mkdir(parents=True)  # nobody can write there
    arrive(scene, BAD)

    with pytest.raises(AirflowFailException, match="1 of"):
        validate().execute(context())

    assert any(line.endswith("`lakegate report rebuild` does so now") for line in lines)


def test_retries_are_ours_unless_somebody_says_otherwise(scene):
    assert validate().retries == RETRIES["retries"]
    assert validate(default_args={"retries": 1}).retries == 1
    assert validate(retries=0, default_args={"retries": 1}).retries == 0


@pytest.mark.parametrize(
    ("report", "url", "found"),
    [
        ("s3://b/references/reports/x/1/index.html", None, "s3://b/references/reports/x/1/index.html"),
        ("s3://b/references/reports/x/1/index.html", "https://d/", "https://d/reports/x/1/index.html"),
        ("/lake/references/reports/x/1%3D2/index.html", "https://d", "https://d/reports/x/1%253D2/index.html"),
        (None, "https://d", None),
    ],
)
def test_a_report_is_where_readers_find_it(report, url, found):
    assert address(report, url) == found
    key = report and "references/" + report.split("/references/")[1]
    assert key_of(report) == (key or "")


def test_a_log_gets_a_line_now_and_then():
    lines, seconds = [], iter([0, 1, 9, 11, 12, 25])
    logged = Logged(lambda text, *values: lines.append(text % values), lambda: next(seconds))

    for done in range(5):
        logged("P3", "rows.csv", done * 1_000_000, 5_000_000)

    assert lines == ["P3 rows.csv, 2.0 of 5.0 MB", "P3 rows.csv, 4.0 of 5.0 MB"]


KILLED = """
import signal, sys
from types import SimpleNamespace
from lakegate.airflow.operators import ContractValidateOperator
task = ContractValidateOperator(task_id="v", contract=sys.argv[1], batch="part=1")
signal.signal(signal.SIGTERM, lambda *_: task.on_kill())  # as Airflow's task runner does
ti = SimpleNamespace(dag_id="d", run_id="r", task_id="v", map_index=-1, xcom_push=lambda **_: None)
task.execute({"ti": ti})
"""


def children(pid):
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(one) for one in found]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_task_that_is_stopped_takes_its_worker_along(scene, how):
    many = ", ".join(f"planes {one}" for one in "abcde")
    query = f"SELECT count(*) FROM {many} WHERE a.tailnum || b.tailnum || c.tailnum || d.tailnum = e.tailnum"
    slow = {"id": "slow", "type": "sql", "mustBe": 0, "query": query}
    scene.change(PLANES, lambda document: document["schema"][0].update(quality=[slow]))
    arrive(scene, "tailnum\n" + "".join(f"N{n}\n" for n in range(3000)))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    task = subprocess.Popen([sys.executable, "-c", KILLED, PLANES], env=environment, stderr=subprocess.PIPE)
    while not (workers := children(task.pid)):
        assert task.poll() is None, task.stderr.read()

    task.send_signal(how)
    said = task.communicate(timeout=60)[1].decode()
    until = time.monotonic() + 30
    while any(Path(f"/proc/{one}").exists() for one in workers) and time.monotonic() < until:
        os.sched_yield()

    assert [one for one in workers if Path(f"/proc/{one}").exists()] == []
    assert ("a retry takes it up again" in said) is (how == signal.SIGTERM)
    assert scene.records("nyc/planes", "03-master-data-zone") == []


def test_outside_of_the_gate_a_signal_stops_nothing():
    validate().on_kill()


def test_a_dataset_upstream_is_waited_for(scene):
    arrive(scene)
    promote().execute(context())
    scene.arrive("part=1", GOOD_FLIGHTS)

    flights = ContractValidateOperator(task_id="v", contract="contracts/nyc/flights.odcs.yaml", batch="part=1")

    assert flights.execute(context())["state"] == "passed"
