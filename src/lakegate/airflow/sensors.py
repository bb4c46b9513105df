"""`arrived`: wait for complete batches without holding a worker, and hand their keys on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from airflow.sdk import BaseSensorOperator, Context
from airflow.sdk.bases.sensor import PokeReturnValue
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSensorTimeout, AirflowSkipException
from airflow.triggers.base import BaseTrigger, TriggerEvent

from lakegate.airflow.events import announced, batches_of
from lakegate.airflow.hooks import DEFAULT, LakeHook
from lakegate.airflow.outcomes import FINAL, exit_of, retrying, told_of
from lakegate.errors import LakegateError

AT_MOST = 500  # batches of one run; what is left is taken by the next
NOTHING = "no batch arrived"
KNOWN = "what the messages name is judged already, or is no batch of this dataset"


def due(
    contract: str,
    model: str | None,
    lake: str | None,
    keys: Sequence[str] | None = None,
    lakegate_conn_id: str = DEFAULT,
) -> list[str] | None:
    """Return the keys of complete batches that are not judged as they are, in their order; `AT_MOST` of them.

    With `keys` only of those batches that these keys of objects belong to; None where none of them is still to be
    judged. Nothing but a batch's name is taken from there: that it is complete is looked up. Nothing is written.
    """
    from lakegate.api import Asked, opened
    from lakegate.gate.arrivals import route

    hook = LakeHook(lakegate_conn_id)
    asked = Asked(hook.contract(contract), lake=lake or hook.address(), schema_name=model)
    with hook.reached(), opened(asked) as (run,):
        if keys is None:
            return list(run.ready())[:AT_MOST]
        named = batches_of(route(run.contract, run.obj), keys)
        if not set(named) & set(run.waiting()):
            return None
        return [batch for batch in run.ready() if batch in named][:AT_MOST]


def named_by(context: Context) -> tuple[str, ...]:
    """Return the batches that whoever started the run names: `{"batch": KEY}` or `{"batches": [KEY, …]}` in its conf.

    Raises AirflowFailException where these are no texts.
    """
    conf = getattr(context.get("dag_run"), "conf", None) or {}
    one, several = conf.get("batch"), conf.get("batches") or []
    named = [*([one] if one else []), *(several if isinstance(several, list) else [several])]
    if not all(isinstance(key, str) and key for key in named):
        raise AirflowFailException(f"conf: got {dict(conf)!r}, expected batch: KEY or batches: [KEY, …]")
    return tuple(dict.fromkeys(named))


class BatchSensor(BaseSensorOperator):
    """Wait until complete batches wait to be promoted; return their keys. None within `timeout`: skipped.

    A lake that does not answer ends no wait; where it does not answer when the time is up, the task is retried: nobody
    knows then whether something arrived.
    """

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
        """A `batch` that is named, here or by the run's conf, is handed on as it is: naming a batch judges it again.

        Without `deferrable` it pokes or is rescheduled (`mode`), as other sensors do.
        """
        super().__init__(**retrying(kwargs))
        self.contract, self.model, self.batch = contract, model, batch
        self.lake, self.lakegate_conn_id, self.deferrable = lake, lakegate_conn_id, deferrable

    def execute(self, context: Context) -> list[str]:
        """Return the keys of the batches that are due now, or wait for some.

        A run that messages started takes the batches that they name; the next run by the clock takes all others.
        """
        if named := ((self.batch,) if self.batch else named_by(context)):
            return list(named)
        if self.deferrable:
            keys = announced(context)
            found = self._look(keys)
            if found:
                return found
            trigger = BatchTrigger(
                self.contract, self.model, self.lake, self.poke_interval, self.timeout, keys, self.lakegate_conn_id
            )
            self.defer(trigger=trigger, method_name="resumed")
        try:
            batches: list[str] = super().execute(context)
        except AirflowSensorTimeout:
            if self._unanswered:
                raise AirflowException(self._unanswered) from None
            raise AirflowSkipException(NOTHING) from None
        return batches

    def poke(self, context: Context) -> PokeReturnValue:
        """Look once, where the task itself waits."""
        found = self._look(announced(context))
        return PokeReturnValue(bool(found), found)

    def resumed(self, context: Context, event: Mapping[str, Any]) -> list[str]:  # noqa: ARG002
        """Return what the trigger found, or end as it was ended."""
        if error := event.get("error"):
            raise (AirflowFailException if event["exit_code"] in FINAL else AirflowException)(error)
        if not event["batches"]:
            raise AirflowSkipException(NOTHING if event["batches"] is not None else KNOWN)
        return list(event["batches"])

    def _look(self, keys: Sequence[str] | None) -> list[str]:
        """Return what is due; a lake that does not answer is told, and asked again. Raises where asking is in vain."""
        self._unanswered = ""
        try:
            found = due(self.contract, self.model, self.lake, keys, self.lakegate_conn_id)
        except (LakegateError, OSError) as error:
            if exit_of(error) in FINAL:
                raise AirflowFailException(told_of(error)) from None
            self._unanswered = told_of(error)
            self.log.warning("%s; asked again", self._unanswered)
            return []
        if found is None:
            raise AirflowSkipException(KNOWN)
        return found


class BatchTrigger(BaseTrigger):
    """Looks into the lake again and again, in the triggerer, each time in a thread."""

    def __init__(
        self,
        contract: str,
        model: str | None,
        lake: str | None,
        interval: float,
        timeout: float,
        keys: Sequence[str] | None = None,
        lakegate_conn_id: str = DEFAULT,
    ) -> None:
        """`interval` and `timeout` in seconds; the others as for `due`."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.contract, self.model, self.lake = contract, model, lake
        self.interval, self.timeout, self.keys, self.lakegate_conn_id = interval, timeout, keys, lakegate_conn_id

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return where this class is and how it is made again."""
        names = ("contract", "model", "lake", "interval", "timeout", "keys", "lakegate_conn_id")
        return f"{__name__}.BatchTrigger", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield once: the batches that are due; an empty list after the timeout; None as `due`; or an error."""
        now = asyncio.get_running_loop().time
        end = now() + self.timeout
        while True:
            event = await asyncio.to_thread(self._look)
            answered = event["exit_code"] in FINAL if "error" in event else event["batches"] != []
            if answered or now() >= end:
                yield TriggerEvent(event)  # type: ignore[no-untyped-call]
                return
            await asyncio.sleep(min(self.interval, max(end - now(), 0)))

    def _look(self) -> dict[str, Any]:
        """Look once."""
        try:
            return {"batches": due(self.contract, self.model, self.lake, self.keys, self.lakegate_conn_id)}
        except (LakegateError, OSError) as error:
            self.log.warning("The lake could not be looked at: %s", told_of(error))
            return {"error": told_of(error), "exit_code": exit_of(error)}
