"""`arrived`: wait for complete batches without holding a worker, and hand their keys on."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from airflow.sdk import BaseSensorOperator, Context
from airflow.sdk.exceptions import AirflowSkipException
from airflow.triggers.base import BaseTrigger, TriggerEvent

from lakegate.airflow.hooks import DEFAULT, LakeHook
from lakegate.airflow.outcomes import settled

AT_MOST = 500  # batches of one run; what is left is taken by the next


def due(contract: str, model: str | None, lake: str | None) -> list[str]:
    """Return the keys of complete batches that are not judged as they are, in their order."""
    from pathlib import Path

    from lakegate.api import Asked, opened

    with opened(Asked(Path(contract), lake=lake, schema_name=model)) as (run,):
        return list(run.ready())[:AT_MOST]


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

    def execute(self, context: Context) -> list[str]:  # noqa: ARG002
        """Return the keys of the batches that are due now, or wait for some in the triggerer."""
        if self.batch:
            return [self.batch]
        lake = self.lake or LakeHook(self.lakegate_conn_id).address()
        with settled(dt.timedelta(seconds=self.poke_interval)):
            found = due(self.contract, self.model, lake)
            if found:
                return found
        self.defer(
            trigger=BatchTrigger(self.contract, self.model, lake, self.poke_interval, self.timeout),
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

    def __init__(self, contract: str, model: str | None, lake: str | None, interval: float, timeout: float) -> None:
        """`interval` and `timeout` in seconds."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.contract, self.model, self.lake = contract, model, lake
        self.interval, self.timeout = interval, timeout

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return where this class is and how it is made again."""
        names = ("contract", "model", "lake", "interval", "timeout")
        return f"{__name__}.BatchTrigger", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield the batches once some are due, or none after the timeout."""
        end = asyncio.get_running_loop().time() + self.timeout
        while True:
            found = await asyncio.to_thread(due, self.contract, self.model, self.lake)
            if found or asyncio.get_running_loop().time() >= end:
                yield TriggerEvent({"batches": found})  # type: ignore[no-untyped-call]
                return
            await asyncio.sleep(self.interval)
