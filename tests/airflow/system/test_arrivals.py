"""Batches that a queue tells of, and jobs of a cluster, by a real scheduler and a real triggerer."""

import json
import os

import boto3
import pytest

from cli.scene import Scene
from lakegate.airflow import standalone
from lakegate.airflow.remote.runners import prefix_of
from servers import airflow, postgres
from servers.clusters import Livy
from servers.s3 import moto_s3

pytestmark = pytest.mark.slow

DAG = """
import os
from airflow.sdk import CronTriggerTimetable
from lakegate.airflow import dags_from
from lakegate.airflow.engines import HERE, on
from lakegate.airflow.events import on_arrival
from lakegate.airflow.remote import Livy

yearly = CronTriggerTimetable("0 0 1 1 *", timezone="UTC")
globals().update(
    dags_from(
        os.path.join(os.environ["LAKEGATE_PROJECT"], "contracts"),
        schedule=lambda heading: on_arrival(heading.ways, os.environ["ARRIVALS"], yearly),
        engine=lambda heading: on(Livy(spark=False), poll_interval=5) if heading.id == "nyc-flights" else HERE,
    )
)
"""


def message(*keys):
    """What S3 sends where objects were created."""
    return json.dumps({"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": {"key": key}}} for key in keys]})


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """(the project, Airflow as its operator sees it, a function that sends messages, one that counts them, Livy).

    The stories are told in their order: flights are judged beside the planes of the first.
    """
    if postgres.programs() is None:
        reason = "no PostgreSQL server (apt-get install postgresql)"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    folder = tmp_path_factory.mktemp("arrivals")
    (folder / "project").mkdir()
    scene = Scene(folder / "project")
    scene.write("lakegate.toml", 'lake = "lake"\n')
    scene.write("dags/gates.py", DAG)
    server, livy = moto_s3(), Livy()
    key = {"aws_access_key_id": server.key, "aws_secret_access_key": server.secret, "region_name": "us-east-1"}
    client = boto3.client("sqs", endpoint_url=server.endpoint, **key)
    queue = client.create_queue(QueueName="arrivals")["QueueUrl"]
    more = {
        **server.environment,
        "AWS_ENDPOINT_URL": server.endpoint,
        "AIRFLOW_CONN_AWS_DEFAULT": "aws://",
        "AIRFLOW_CONN_LIVY_DEFAULT": livy.address,
        "LAKEGATE_PROJECT": str(scene.root),
        "ARRIVALS": queue,
    }

    def left():
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = client.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    def send(*keys):
        client.send_message(QueueUrl=queue, MessageBody=message(*keys))

    try:
        with (
            postgres.Postgres() as database,
            standalone.Standalone(
                folder / "home", scene.root / "dags", users={"op": "op"}, database=database.address, more=more
            ) as started,
        ):
            seen = airflow.Airflow(started.url, "op", started.passwords["op"])
            seen.eventually("DAGs", lambda: {"nyc-flights", "nyc-planes"} <= seen.dags() or seen.import_errors())
            assert seen.import_errors() == []
            yield scene, seen, send, left, livy
            seen.http.close()
    finally:
        livy.close()
        client.delete_queue(QueueUrl=queue)


def by_message(seen, dag):
    """The runs that an asset's event started."""
    found = seen.get(f"/dags/{dag}/dagRuns", limit=100, order_by="run_after")["dag_runs"]
    return [one for one in found if one["run_type"] == "asset_triggered"]


def test_a_message_starts_the_gate_of_its_dataset_and_is_deleted_then(place):
    scene, seen, send, left, _ = place
    scene.arrive("part=1", "tailnum\nN1\nN2\n", dataset="nyc/planes")

    send("02-transient-zone/nyc/planes/part%3D1/_SUCCESS", "01-raw-data-zone/nyc/planes/_SUCCESS")

    (run,) = seen.eventually("a run", lambda: by_message(seen, "nyc-planes"))
    seen.eventually("the message is gone", lambda: left() == 0)
    assert airflow.Run(seen, "nyc-planes", run["dag_run_id"]).ended() == "success"
    assert [one["batch"] for one in scene.records("nyc/planes", "03-master-data-zone")] == ["part=1"]
    assert by_message(seen, "nyc-flights") == []


def test_the_gate_on_a_cluster_is_waited_for_in_the_triggerer(place):
    scene, seen, send, _, livy = place
    scene.arrive("part=7")

    send("02-transient-zone/nyc/flights/part%3D7/_SUCCESS")

    (run,) = seen.eventually("a run", lambda: by_message(seen, "nyc-flights"))
    ended = airflow.Run(seen, "nyc-flights", run["dag_run_id"])
    assert ended.ended() == "success", [livy.end(number) for number in livy.batches]
    (record,) = scene.records()
    assert record["by"].startswith(f"airflow:nyc-flights/{run['dag_run_id']}/promote/")
    (event,) = seen.events("nyc-flights")
    assert event["extra"]["digest"] == record["digest"]
    assert ended.links(ended.task("promote"))["Job"].startswith(livy.address)


def test_failing_a_task_that_waits_stops_its_job(place):
    scene, seen, send, _, livy = place
    scene.arrive("part=8")
    livy.hold, known = True, len(by_message(seen, "nyc-flights"))

    send("02-transient-zone/nyc/flights/part%3D8/_SUCCESS")

    started = seen.eventually("a run", lambda: by_message(seen, "nyc-flights")[known:])[0]["dag_run_id"]
    run = airflow.Run(seen, "nyc-flights", started)
    waiting = run.reached("validate", "deferred")
    # Airflow stops what a trigger waits for, and so only what a triggerer has taken up.
    seen.eventually("a triggerer has it", lambda: (run.task("validate") or {}).get("triggerer_job"))
    name = prefix_of(f"airflow:nyc-flights/{started}/validate/{waiting['map_index']}")
    (job,) = [one for one in livy.batches.values() if one["name"].startswith(name)]
    answer = seen.http.patch(f"{run.path}/taskInstances/validate/{waiting['map_index']}", json={"new_state": "failed"})
    assert answer.status_code == 200, answer.text
    seen.eventually("the job is stopped", lambda: job["killed"])
    assert run.ended() == "failed"
