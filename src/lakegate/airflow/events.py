"""Gates that start when a batch arrives: S3 tells a queue, the triggerer reads it, an asset's event starts the DAG.

A message is a knock at the door: it names a batch, and nothing else of it is believed. Whether the batch is complete is
looked up in the lake; whatever no message told of is found by the schedule beside it (`on_arrival`).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncGenerator, AsyncIterator, Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import structlog
from airflow.sdk import Asset, AssetAny, AssetOrTimeSchedule, AssetWatcher, Context, DeltaTriggerTimetable
from airflow.triggers.base import BaseEventTrigger, TriggerEvent
from airflow.triggers.shared_stream import AdvanceItem, SharedStreamProducer

from lakegate.airflow.headings import Way
from lakegate.gate.arrivals import Route, batch_at, is_marker

if TYPE_CHECKING:
    from airflow.sdk.bases.timetable import BaseTimetable

LONG_POLL = 10  # seconds that a question waits at the queue
PAUSE = 30  # seconds before a queue that did not answer is asked again
AT_ONCE = 10  # messages; the API takes no more
HOURLY = dt.timedelta(hours=1)

log = structlog.get_logger(__name__)


def watched(
    way: Way,
    queue: str,
    *,
    markers: bool = True,
    aws_conn_id: str = "aws_default",
    region_name: str | None = None,
) -> Asset:
    """Return the asset of what arrives for a dataset, with the watcher that reads its queue.

    `queue` is the URL of an SQS queue to which the bucket's notifications go; all datasets may share it. With `markers`
    only `_SUCCESS` and manifests start a run; without, every file does, for contracts that wait for quiet.
    """
    trigger = ArrivalTrigger(queue, way.source, markers=markers, aws_conn_id=aws_conn_id, region_name=region_name)
    name = way.source.removesuffix("/")
    return Asset(name=name, group="lakegate", watchers=[AssetWatcher(name=f"{name} at {queue}", trigger=trigger)])


def on_arrival(ways: Sequence[Way], queue: str, every: BaseTimetable | None = None, **more: Any) -> AssetOrTimeSchedule:
    """Return the schedule of a DAG that starts when a batch of these arrives, and also from time to time.

    A notification may be lost, and so may be what nobody listened to; `every` (hourly, where it is not given) finds
    those batches. `more` as for `watched`.
    """
    assets = [watched(way, queue, **more) for way in ways]
    return AssetOrTimeSchedule(assets=AssetAny(*assets), timetable=every or DeltaTriggerTimetable(HOURLY))


class ArrivalTrigger(BaseEventTrigger):
    """Tells of a dataset's arrivals. Triggers on one queue share one reader, and each takes what lies under its drop.

    A message is deleted once every event that was made of it is stored in Airflow's database, not before: whoever dies
    in between is told again. The provider's own trigger deletes first.
    """

    def __init__(
        self, queue: str, prefix: str, *, markers: bool, aws_conn_id: str, region_name: str | None = None
    ) -> None:
        """`prefix` is the drop, with its `/`; the others as for `watched`."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.queue, self.prefix, self.markers = queue, prefix, markers
        self.aws_conn_id, self.region_name = aws_conn_id, region_name

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return where this class is and how it is made again."""
        names = ("queue", "prefix", "markers", "aws_conn_id", "region_name")
        return f"{__name__}.ArrivalTrigger", {name: getattr(self, name) for name in names}

    def shared_stream_key(self) -> Hashable:
        """Return what triggers share that read one queue in one way."""
        return ("lakegate", self.queue, self.aws_conn_id, self.region_name)

    @classmethod
    def create_shared_stream_producer(cls, kwargs: dict[str, Any]) -> SharedStreamProducer:
        """Return the reader of the queue."""
        return Queue(kwargs["queue"], kwargs["aws_conn_id"], kwargs["region_name"])

    async def filter_shared_stream(self, shared_stream: AsyncIterator[Any]) -> AsyncGenerator[TriggerEvent, None]:
        """Yield an event for each message that names something under the drop, with the keys that it names."""
        async for body in shared_stream:
            keys = [key for key in named_keys(body) if key.startswith(self.prefix)]
            keys = [key for key in keys if is_marker(key) or not self.markers]
            if keys:
                yield TriggerEvent({"keys": keys})  # type: ignore[no-untyped-call]

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Read the queue alone, where no triggerer shares it; a message is deleted when its event was taken."""
        queue = Queue(self.queue, self.aws_conn_id, self.region_name)
        async for body, receipt in queue.open_stream():
            async for event in self.filter_shared_stream(_one(body)):
                yield event
            await queue.delete(receipt)


async def _one(body: str) -> AsyncIterator[str]:
    yield body


class Queue(SharedStreamProducer):
    """An SQS queue, read for as long as somebody listens. The client is boto3's, in a thread."""

    def __init__(self, url: str, aws_conn_id: str, region_name: str | None) -> None:
        """Nothing is opened yet."""
        self.url, self.aws_conn_id, self.region_name = url, aws_conn_id, region_name
        self._client: Any = None

    async def open_stream(self) -> AsyncIterator[tuple[str, str]]:
        """Yield (body, receipt) of each message, for ever; a queue that does not answer is asked again."""
        from botocore.exceptions import BotoCoreError, ClientError

        while True:
            try:
                messages = await asyncio.to_thread(self._receive)
            except (BotoCoreError, ClientError) as error:
                log.warning("the queue did not answer", queue=self.url, error=str(error), again_in=PAUSE)
                await asyncio.sleep(PAUSE)
                continue
            for message in messages:
                yield message["Body"], message["ReceiptHandle"]

    def get_advance_lane(self, broker_payload: str) -> Hashable:
        """Messages do not wait for one another."""
        return broker_payload

    async def advance(self, batch: Sequence[AdvanceItem]) -> None:
        """Delete the messages of which every event is stored; the others come again after their visibility timeout."""
        for item in batch:
            if item.outcome.is_clean:
                await self.delete(item.broker_payload)

    async def delete(self, receipt: str) -> None:
        """Delete a message; one that cannot be deleted comes again, and is harmless then, too."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            await asyncio.to_thread(self._opened().delete_message, QueueUrl=self.url, ReceiptHandle=receipt)
        except (BotoCoreError, ClientError) as error:
            log.warning("a message was not deleted, it comes again", queue=self.url, error=str(error))

    def _receive(self) -> list[dict[str, str]]:
        """Ask for messages, and wait for some."""
        answer = self._opened().receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=AT_ONCE, WaitTimeSeconds=LONG_POLL
        )
        found: list[dict[str, str]] = answer.get("Messages", [])
        return found

    def _opened(self) -> Any:
        """Return the client, made once."""
        if self._client is None:
            from airflow.providers.amazon.aws.hooks.sqs import SqsHook

            self._client = SqsHook(aws_conn_id=self.aws_conn_id, region_name=self.region_name).conn
        return self._client


def named_keys(body: str) -> tuple[str, ...]:
    """Return the keys of objects that were created, by a message as S3 sends it, or SNS or EventBridge for S3.

    Nothing for what is none: `s3:TestEvent`, a deletion, anybody's else; that is logged. Keys are URL-encoded by S3
    alone, and decoded here.
    """
    try:
        document = json.loads(body)
        if isinstance(document.get("Message"), str):  # by way of SNS
            document = json.loads(document["Message"])
        if document.get("Event") == "s3:TestEvent":
            return ()
        if document.get("detail-type") == "Object Created":
            return (str(document["detail"]["object"]["key"]),)
        records = [one for one in document["Records"] if one["eventName"].startswith("ObjectCreated:")]
        return tuple(unquote_plus(one["s3"]["object"]["key"]) for one in records)
    except (ValueError, KeyError, TypeError, AttributeError):
        log.warning("a message tells of no object, it is left out", body=body[:300])
        return ()


# --- in the run ---------------------------------------------------------------------------------------------------


def announced(context: Context) -> tuple[str, ...] | None:
    """Return the keys that the messages behind this run name, None where it was not started by any."""
    events: Mapping[Any, Iterable[Any]] = context.get("triggering_asset_events") or {}
    payloads = [event.extra.get("payload") for asset in events for event in events[asset] if event.extra]
    told = [payload["keys"] for payload in payloads if isinstance(payload, Mapping) and "keys" in payload]
    return tuple(dict.fromkeys(key for keys in told for key in keys)) if told else None


def batches_of(route: Route, keys: Iterable[str]) -> tuple[str, ...]:
    """Return the batches that some keys belong to, each once; keys of no batch of this dataset are logged."""
    found: dict[str, None] = {}
    for key in keys:
        batch = batch_at(route, key)
        if batch is None:
            log.info("the key names no batch of this dataset", key=key, dataset=route.dataset)
        else:
            found[batch] = None
    return tuple(found)
