"""`arrived`: wait for complete batches without holding a worker, and hand their keys on."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from airflow.sdk import BaseSensorOperator, Context
from airflow.sdk.exceptions import AirflowSkipException
from airflow.triggers.base import BaseTrigger, TriggerEvent

from lakegate.airflow.events import announced, batches_of
from lakegate.airflow.hooks import DEFAULT, LakeHook
from lakegate.airflow.outcomes import settled

AT_MOST = 500  # batches of one run; what is left is taken by the next


def due(contract: str, model: str | None, lake: str | None, keys: Sequence[str] | None = None) -> list[str] | None:
    """Return the keys of complete batches that are not judged as they are, in their order.

    With `keys` only of those batches that these keys of objects belong to; None where none of them is still to be
    judged. Nothing but a batch's name is taken from there: that it is complete is looked up.
    """
    from pathlib import Path

    from lakegate.api import Asked, opened
    from lakegate.gate.arrivals import route

    with opened(Asked(Path(contract), lake=lake, schema_name=model)) as (run,):
        if keys is None:
            return list(run.ready())[:AT_MOST]
        named = batches_of(route(run.contract, run.obj), keys)
        if not set(named) & set(run.waiting()):
            return None
        return [batch for batch in run.ready() if batch in named][:AT_MOST]


class BatchSensor(BaseSensorOperator):
    """Wait until complete batches wait to be promoted; return their keys. None within `timeout`: skipped."""

    template_fields: Sequence[str] = ("lake", "batch")

    def __init__(
        self,
        *,
        contract: str,
        model: str | None = None,
        batch: str | None = None,
        lake: str | None = None,
        lakegate_conn_id: str = DEFAULT,
        deferrable: bool = True,
        **kwargs: Any,
    ) -> None:
        """A `batch` that is named is handed on as it is: naming a batch judges it again."""
        super().__init__(**kwargs)
        self.contract, self.model, self.batch = contract, model, batch
        self.lake, self.lakegate_conn_id, self.deferrable = lake, lakegate_conn_id, deferrable

    def execute(self, context: Context) -> list[str]:
        """Return the keys of the batches that are due now, or wait for some in the triggerer.

        A run that messages started takes the batches that they name; the next run by the clock takes all others.
        """
        if self.batch:
            return [self.batch]
        keys = announced(context)
        lake = self.lake or LakeHook(self.lakegate_conn_id).address()
        with settled(dt.timedelta(seconds=self.poke_interval)):
            found = due(self.contract, self.model, lake, keys)
            if found:
                return found
            if found is None:
                raise AirflowSkipException("what the messages name is judged already, or is no batch of this dataset")
        self.defer(
            trigger=BatchTrigger(self.contract, self.model, lake, self.poke_interval, self.timeout, keys),
            method_name="resumed",
        )
        raise AssertionError("deferred")

    def resumed(self, context: Context, event: Mapping[str, Any]) -> list[str]:  # noqa: ARG002
        """Return what the trigger found."""
        if not event["batches"]:
            raise AirflowSkipException("no batch arrived")
        return list(event["batches"])


class BatchTrigger(BaseTrigger):
    """Looks into the lake again and again, in the triggerer."""

    def __init__(
        self,
        contract: str,
        model: str | None,
        lake: str | None,
        interval: float,
        timeout: float,
        keys: Sequence[str] | None = None,
    ) -> None:
        """`interval` and `timeout` in seconds; `keys` as for `due`."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.contract, self.model, self.lake = contract, model, lake
        self.interval, self.timeout, self.keys = interval, timeout, keys

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return where this class is and how it is made again."""
        names = ("contract", "model", "lake", "interval", "timeout", "keys")
        return f"{__name__}.BatchTrigger", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield the batches once some are due, or none after the timeout."""
        end = asyncio.get_running_loop().time() + self.timeout
        while True:
            found = await asyncio.to_thread(due, self.contract, self.model, self.lake, self.keys)
            if found or found is None or asyncio.get_running_loop().time() >= end:
                yield TriggerEvent({"batches": found or []})  # type: ignore[no-untyped-call]
                return
            await asyncio.sleep(self.interval)
