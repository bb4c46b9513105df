"""A whole Airflow on PostgreSQL, started once for all of these tests, and two projects that it gates."""

import copy
import json
import os
import shutil
import signal
import threading
from pathlib import Path

import pytest

from cli.scene import HEADER, Scene, contract
from lakegate.airflow.standalone import PROCESSES, Standalone
from servers.airflow import Airflow
from servers.postgres import Postgres, programs
from servers.proxy import Proxy
from servers.s3 import close, moto_s3, new_bucket
from warehouse import scene as warehouse

HERE = Path(__file__).parent
USERS = {"admin": "admin", "op": "op", "approver": "op", "viewer": "viewer"}
PROPERTIES = [
    {"name": "id", "logicalType": "integer", "primaryKey": True, "required": True},
    {"name": "tailnum", "logicalType": "string"},
    {"name": "delay", "logicalType": "number", "logicalTypeOptions": {"minimum": -100}},
]
GOOD = HEADER + "1,N1,2\n2,N2,-3.5\n"
BAD = HEADER + "1,N1,2\n2,N2,-300\n"
SOLD = warehouse.table("core/sold", warehouse.ID + warehouse.SHOP + warehouse.AMOUNT, "dt={date}")
SOLD_SQL = 'SELECT id, shop, CAST(amount AS DECIMAL(10, 2)) AS amount\nFROM "shop/sales"\nORDER BY ALL\n'
# A dataset for each story, so that none disturbs another.
LOCAL = ("passing", "blocked", "late", "twice", "cleared", "hundred", "shown")
WAIVABLE = (
    "waived",
    "replaced",
    "approved",
    "rejected",
    "unanswered",
)  # local too; the contract lets the approver waive
ON_S3 = ("killed_before", "killed_after", "down")
SETTINGS = {  # what is quick to see, so that nothing is waited for
    "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.3",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "2",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "2",
    "AIRFLOW__API__MAXIMUM_PAGE_LIMIT": "1000",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Say with a story that failed what went wrong inside of Airflow, and where its logs stay."""
    report = yield
    world = getattr(item, "funcargs", {}).get("world")
    if report.failed and world is not None:
        report.sections.append(("Airflow", "\n".join(world.troubles())))
    return report


class OnS3:
    """A project whose lake is a bucket, reached through a proxy that goes wrong where it is told to."""

    def __init__(self, root, server, proxy):
        self.root, self.proxy, self.client, self.bucket = root, proxy, server.client, new_bucket(server)
        root.mkdir()
        settings = f'lake = "s3://{self.bucket}"\n[s3]\nendpoint = "{proxy.endpoint}"\naddressing = "path"\n'
        (root / "lakegate.toml").write_text(settings)

    def arrive(self, batch, content=GOOD, *, dataset):
        """Let a file arrive as a whole batch."""
        for name, body in (("rows.csv", content), ("_SUCCESS", "")):
            key = f"02-transient-zone/{dataset}/{batch}/{name}"
            self.client.put_object(Bucket=self.bucket, Key=key, Body=body.encode())

    def records(self, dataset):
        """The commit records of a dataset, as documents."""
        prefix = f"01-raw-data-zone/_gate/commits/{dataset}/"
        found = self.client.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", ())
        bodies = [self.client.get_object(Bucket=self.bucket, Key=one["Key"])["Body"].read() for one in found]
        return [json.loads(one) for one in bodies]


class World:
    """What a story speaks of: `local` and `s3` lakes, and Airflow as its users see it."""

    def __init__(self, started, local, s3):
        self.started, self.local, self.s3 = started, local, s3
        self._seen = {}

    def seen_by(self, user):
        if user not in self._seen:
            self._seen[user] = Airflow(self.started.url, user, self.started.passwords[user])
        return self._seen[user]

    def troubles(self, most=20):
        """The last errors of its tasks, and the last lines of its processes."""
        logs = self.started.home / "logs"
        yield f"logs: {logs}"
        written = sorted(logs.glob("dag_id=*/**/*.log"), key=lambda one: one.stat().st_mtime)
        errors = [
            f"{file.relative_to(logs)}: {line['event']} {[one['exc_value'] for one in line.get('error_detail') or ()]}"
            for file in written
            for line in map(json.loads, file.read_text().splitlines())
            if line.get("level") in ("error", "critical")
        ]
        yield from errors[-most:]
        for name in PROCESSES:
            yield f"--- {name}"
            yield from self.log(name).splitlines()[-most:]

    def log(self, process):
        """What a process of Airflow has told until now."""
        return self.started.log(process).read_text(errors="replace")

    def close(self):
        for one in self._seen.values():
            one.http.close()

    @property
    def op(self):
        """Who starts runs."""
        return self.seen_by("op")


@pytest.fixture(scope="session")
def _ended_whole():
    """Who ends the tests by SIGTERM ends them as Ctrl-C does: no process is left behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def world(tmp_path_factory, _ended_whole):
    """Airflow with a gate for every dataset, healthy, every DAG found."""
    if programs() is None:
        reason = "no PostgreSQL server (apt-get install postgresql)"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    folder = tmp_path_factory.mktemp("airflow")
    server = moto_s3()
    with Proxy(server.endpoint) as proxy, Postgres() as database:
        local, s3 = _local(folder / "local"), OnS3(folder / "s3", server, proxy)
        for name in ON_S3:
            _write(s3.root, name)
        home = folder / "home"
        (home / "config").mkdir(parents=True)
        shutil.copy(HERE / "airflow_local_settings.py", home / "config")
        projects = os.pathsep.join(str(one.root) for one in (local, s3))
        named = {"LAKEGATE_TEST_PROJECTS": projects, "LAKEGATE_PROJECT": str(local.root)}
        more = {**SETTINGS, **server.environment, **named}
        with Standalone(home, HERE / "dags", users=USERS, database=database.address, more=more) as started:
            found = World(started, local, s3)
            expected = {"shop-sales", "core-sold", *(f"nyc-{name}" for name in (*LOCAL, *WAIVABLE, *ON_S3))}
            found.op.eventually("DAGs", lambda: expected <= found.op.dags() or found.op.import_errors())
            assert found.op.import_errors() == []
            yield found
            found.close()
    close(s3.bucket)


def _local(root):
    root.mkdir()
    scene = Scene(root)
    (root / "lakegate.toml").write_text('lake = "lake"\n')
    for name in LOCAL:
        _write(root, name)
    for name in WAIVABLE:
        _write(root, name, gate={"waiver": {"allowed": True, "approvers": ["approver"], "max_days": 7}})
    contracts = {"shop/sales": warehouse.CONTRACTS["shop/sales"], "core/sold": SOLD}
    warehouse.project(root, contracts, {"core/sold": SOLD_SQL})
    return scene


def _write(root, name, **more):
    """Write the contract of a dataset."""
    file = root / "contracts" / "nyc" / f"{name}.odcs.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(contract(name, copy.deepcopy(PROPERTIES), **more)))
