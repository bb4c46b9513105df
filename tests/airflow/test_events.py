"""Batches that a queue tells of: what is read from messages, when they are deleted, and what a run makes of them."""

import asyncio
import json
from types import SimpleNamespace
from urllib.parse import quote_plus

import boto3
import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.jobs.triggerer_job_runner import TriggerRunner
from airflow.sdk import AssetOrTimeSchedule
from airflow.sdk.exceptions import AirflowSkipException, TaskDeferred
from airflow.serialization.serialized_objects import DagSerialization
from airflow.triggers.base import BaseEventTrigger
from airflow.triggers.shared_stream import SharedStreamManager

from airflow_context import context
from cli.scene import BAD, FLIGHTS, Scene
from lakegate.airflow import events
from lakegate.airflow.events import ArrivalTrigger, announced, batches_of, named_keys
from lakegate.airflow.headings import heading
from lakegate.airflow.sensors import BatchSensor, BatchTrigger
from lakegate.contract.odcs import load
from lakegate.gate.arrivals import route
from servers.s3 import moto_s3

DROP = "02-transient-zone/nyc/flights/"


def of_s3(*keys, name="ObjectCreated:Put"):
    """A message as S3 sends it; keys are encoded."""
    records = [{"eventName": name, "s3": {"object": {"key": quote_plus(key)}}} for key in keys]
    return json.dumps({"Records": records})


@pytest.fixture
def queue(monkeypatch):
    """The URL of an empty queue, in an environment in which boto3, and the provider's hook, find moto."""
    server = moto_s3()
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://")
    monkeypatch.setattr(events, "LONG_POLL", 0)
    client = boto3.client("sqs")
    url = client.create_queue(QueueName=f"arrivals-{len(client.list_queues().get('QueueUrls', []))}")["QueueUrl"]
    yield url
    client.delete_queue(QueueUrl=url)


def send(queue, *bodies):
    for body in bodies:
        boto3.client("sqs").send_message(QueueUrl=queue, MessageBody=body)


def left(queue):
    """How many messages are in a queue, in flight or not."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = boto3.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return sum(int(found[name]) for name in names)


# --- messages -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "keys"),
    [
        (of_s3(f"{DROP}part=1/_SUCCESS"), (f"{DROP}part=1/_SUCCESS",)),
        (of_s3(f"{DROP}a b+c é/_SUCCESS", f"{DROP}2/x"), (f"{DROP}a b+c é/_SUCCESS", f"{DROP}2/x")),
        (of_s3(f"{DROP}1/_SUCCESS", name="ObjectRemoved:Delete"), ()),
        (json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}), ()),
        (json.dumps({"Type": "Notification", "Message": of_s3(f"{DROP}1/_SUCCESS")}), (f"{DROP}1/_SUCCESS",)),
        (
            json.dumps({"detail-type": "Object Created", "detail": {"object": {"key": f"{DROP}a+b/_SUCCESS"}}}),
            (f"{DROP}a+b/_SUCCESS",),
        ),
        ("no json", ()),
        ("[]", ()),
        ('"text"', ()),
        (json.dumps({"Records": [{"eventName": "ObjectCreated:Put", "s3": {}}]}), ()),
        (json.dumps({"Records": [None]}), ()),
    ],
)
def test_the_keys_that_a_message_names(body, keys):
    assert named_keys(body) == keys


def way_of(tmp_path, monkeypatch, **gate):
    monkeypatch.chdir(tmp_path)
    scene = Scene(tmp_path)
    scene.change(FLIGHTS, lambda document: document["customProperties"][0]["value"]["batch"].update(gate))
    contract = load(FLIGHTS)
    return route(contract, contract.schema[0])


@pytest.mark.parametrize(
    ("key", "batch"),
    [
        ("part=1/_SUCCESS", "part=1"),
        ("part=1/_MANIFEST.json", "part=1"),
        ("part=1/deep/rows.csv", "part=1"),
        ("part=1", None),
        ("other/_SUCCESS", None),
        ("_tmp/_SUCCESS", None),
    ],
)
def test_a_batch_that_is_a_folder_is_known_by_what_lies_in_it(tmp_path, monkeypatch, key, batch):
    way = way_of(tmp_path, monkeypatch)

    assert batches_of(way, [DROP + key]) == ((batch,) if batch else ())
    assert batches_of(way, ["02-transient-zone/nyc/planes/" + key]) == ()


@pytest.mark.parametrize(
    ("key", "batch"),
    [
        ("2013/flights-1.csv", "2013/flights-1.csv"),
        ("2013/_SUCCESS.flights-1.csv", "2013/flights-1.csv"),
        ("2013/_MANIFEST.flights-1.csv.json", "2013/flights-1.csv"),
        ("2013/planes-1.csv", None),
        ("flights-1.csv", None),
        ("2013/_SUCCESS", None),
    ],
)
def test_a_batch_that_is_a_file_is_known_by_its_name(tmp_path, monkeypatch, key, batch):
    way = way_of(tmp_path, monkeypatch, by="file", key="{year}/flights-{month}.csv")

    assert batches_of(way, [DROP + key]) == ((batch,) if batch else ())


# --- the queue ----------------------------------------------------------------------------------------------------


def trigger(queue, prefix=DROP, *, markers=True):
    """A trigger as the triggerer makes it: from what is stored."""
    path, arguments = ArrivalTrigger(queue, prefix, markers=markers, aws_conn_id="aws_default").serialize()
    assert path == "lakegate.airflow.events.ArrivalTrigger"
    assert BaseEventTrigger.hash(path, arguments) == BaseEventTrigger.hash(path, dict(arguments))
    return ArrivalTrigger(**json.loads(json.dumps(arguments)))


def test_what_is_announced_is_told_to_whom_it_concerns(queue):
    send(queue, json.dumps({"Event": "s3:TestEvent"}), of_s3("02-transient-zone/nyc/planes/part=1/_SUCCESS"))
    send(queue, of_s3(f"{DROP}part=1/rows.csv"), of_s3(f"{DROP}part=1/rows.csv", f"{DROP}part=1/_SUCCESS"))

    async def first():
        return await anext(trigger(queue).run())

    assert asyncio.run(first()).payload == {"keys": [f"{DROP}part=1/_SUCCESS"]}


async def _told(manager, listeners, wanted):
    """Let triggers listen as the triggerer does, until so many events are told: [(trigger id, payload, seq)]."""
    told, enough = [], asyncio.Event()

    async def listen(number, one):
        key = one.shared_stream_key()
        stream = manager.subscribe(trigger_id=number, trigger=one, key=key)
        try:
            async for event in one.filter_shared_stream(stream):
                sequence = manager.bind_pending_event(trigger_id=number, key=key)
                told.append((number, event.payload, sequence))
                if len(told) == wanted:
                    enough.set()
        finally:
            await manager.unsubscribe(number, key)

    tasks = [asyncio.create_task(listen(number, one)) for number, one in enumerate(listeners)]
    await asyncio.wait_for(enough.wait(), 60)
    return told, tasks


async def _until(condition):
    for _ in range(500):
        if await asyncio.to_thread(condition):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come to that")


def test_datasets_share_a_queue_and_a_message_is_deleted_once_its_event_is_stored(queue):
    planes = "02-transient-zone/nyc/planes/"
    send(queue, of_s3(f"{DROP}part=1/_SUCCESS"), of_s3(f"{planes}part=2/_SUCCESS"))

    async def story():
        manager = SharedStreamManager()
        try:
            told, _ = await _told(manager, [trigger(queue), trigger(queue, planes)], 2)
            assert left(queue) == 2  # told, and not yet stored: whoever dies now is told again
            manager.confirm_persisted([seq for _, _, seq in told])
            await _until(lambda: left(queue) == 0)
            return told
        finally:
            await manager.stop_all()

    told = asyncio.run(story())

    assert sorted((number, payload["keys"]) for number, payload, _ in told) == [
        (0, [f"{DROP}part=1/_SUCCESS"]),
        (1, [f"{planes}part=2/_SUCCESS"]),
    ]


def test_a_triggerer_that_dies_before_the_event_is_stored_loses_nothing(queue):
    boto3.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "0"})
    send(queue, of_s3(f"{DROP}part=1/_SUCCESS"))

    async def dying():
        manager = SharedStreamManager()
        told, _ = await _told(manager, [trigger(queue)], 1)
        await manager.stop_all()
        return told

    first, second = asyncio.run(dying()), asyncio.run(dying())

    assert first[0][1] == second[0][1] == {"keys": [f"{DROP}part=1/_SUCCESS"]}
    assert left(queue) == 1


# --- the run ------------------------------------------------------------------------------------------------------


def started_by(*messages):
    """The context of a run that these messages started."""
    told = [SimpleNamespace(extra={"from_trigger": True, "payload": {"keys": list(keys)}}) for keys in messages]
    return context("arrived") | {"triggering_asset_events": {"asset": told}}


@pytest.fixture
def scene(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scene = Scene(tmp_path)
    scene.planes("N1", "N2")
    return scene


def sensor(scene):
    return BatchSensor(task_id="arrived", contract=FLIGHTS, lake=str(scene.lake), poke_interval=0.05, timeout=30)


def test_a_run_that_no_message_started_takes_whatever_is_there(scene):
    scene.arrive("part=1")
    scene.arrive("part=2")

    assert announced(context()) is None
    assert sensor(scene).execute(context()) == ["part=1", "part=2"]


def test_a_run_takes_the_batches_that_its_messages_name(scene):
    for number in (1, 2, 3):
        scene.arrive(f"part={number}")
    names = [f"{DROP}part=3/_SUCCESS"], [f"{DROP}part=1/_SUCCESS", f"{DROP}nothing", f"{DROP}part=3/_SUCCESS"]

    assert sensor(scene).execute(started_by(*names)) == ["part=1", "part=3"]


@pytest.mark.parametrize("key", ["part=9/_SUCCESS", "nothing", "part=1/_SUCCESS"])
def test_a_run_whose_batches_are_judged_or_not_there_is_skipped(scene, key):
    scene.arrive("part=1", BAD)
    assert scene.promote("--batch", "part=1").exit_code == 1
    scene.arrive("part=2")  # the next run by the clock takes it

    with pytest.raises(AirflowSkipException, match="judged already"):
        sensor(scene).execute(started_by([DROP + key]))


def test_a_message_is_not_believed_that_a_batch_is_complete(scene):
    scene.arrive("part=1", complete=False)
    with pytest.raises(TaskDeferred) as raised:
        sensor(scene).execute(started_by([f"{DROP}part=1/_SUCCESS"]))
    scene.arrive("part=1")
    scene.arrive("part=2")

    async def event():
        return await anext(BatchTrigger(**raised.value.trigger.serialize()[1]).run())

    assert asyncio.run(event()).payload == {"batches": ["part=1"]}


# --- the DAG ------------------------------------------------------------------------------------------------------

DAG = """
from airflow.sdk import DAG
from lakegate.airflow.events import on_arrival
from lakegate.airflow.headings import headings

(flights,) = [one for one in headings("contracts") if one.id == "nyc-flights"]
with DAG("flights", schedule=on_arrival(flights.ways, "https://sqs.us-east-1.amazonaws.com/1/arrivals")) as dag:
    pass
"""


def test_a_dag_starts_when_a_batch_arrives_and_from_time_to_time(scene):
    (scene.root / "dags").mkdir()
    (scene.root / "dags" / "gates.py").write_text(DAG)

    bag = DagBag(str(scene.root / "dags"), bundle_name="x", bundle_path=scene.root)
    stored = DagSerialization.from_dict(DagSerialization.to_dict(bag.dags["flights"]))

    assert bag.import_errors == {}
    assert isinstance(bag.dags["flights"].timetable, AssetOrTimeSchedule)
    (asset,) = [asset for _, asset in stored.timetable.asset_condition.iter_assets()]
    (way,) = heading(load(FLIGHTS)).ways
    assert (asset.name, stored.timetable.timetable.periodic) == (way.source.removesuffix("/"), True)
    (watcher,) = asset.watchers
    classpath, arguments = watcher.trigger["classpath"], watcher.trigger["kwargs"]
    assert TriggerRunner.get_trigger_by_classpath(SimpleNamespace(trigger_cache={}), classpath) is ArrivalTrigger
    assert ArrivalTrigger(**arguments).prefix == DROP
