"""`waiver`: a named approver lets a failed batch pass, with a reason and until a day; else the run fails."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from airflow.providers.standard.exceptions import HITLRejectException, HITLTriggerEventError
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.providers.standard.triggers.hitl import HITLTrigger
from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import Context, Param, TriggerRule
from airflow.sdk.exceptions import AirflowFailException, ParamValidationError, TaskAwaitingInput
from airflow.sdk.execution_time.hitl import update_hitl_detail_response
from airflow.sdk.timezone import utcnow
from airflow.triggers.base import TriggerEvent

from lakegate.airflow.hooks import DEFAULT, LakeHook
from lakegate.airflow.links import ContractLink, ReportLink, report_address
from lakegate.airflow.operators import asking
from lakegate.airflow.outcomes import FINAL, exit_of, told_of
from lakegate.airflow.summaries import SUMMARY
from lakegate.errors import LakegateError

DAYS = 7  # that a waiver holds where nobody says how long
ANSWER_WITHIN = dt.timedelta(days=2)
AGAIN = dt.timedelta(minutes=1)
LOOK_EVERY = dt.timedelta(minutes=1)
OVERTAKEN = "overtaken"  # in the trigger's event: goes_on, why
TRIES = 10  # times that an approved waiver is tried to be written, where the lake does not answer


class WaiverOperator(ApprovalOperator):
    """Ask the contract's approvers whether a batch that failed may pass; an approval becomes a waiver in the lake.

    It runs where every `validate` of its batch failed. What nobody may waive is not asked: the task fails at once. A
    rejection, no answer in time, a reason that is missing, an approver who may not: the task fails, is not retried, and
    nothing is let in. What approves is the waiver record (PROTOCOL), which `promote` holds against the batch again.

    While it waits, the triggerer looks into the lake. Was the batch waived elsewhere, or committed, the task goes on;
    does something else lie there, or nothing, it fails: an approver would approve what was not asked.
    """

    template_fields: Sequence[str] = ("batch", "lake")
    operator_extra_links = (ReportLink(), ContractLink())

    def __init__(  # noqa: PLR0913 - each is said by its name
        self,
        *,
        contract: str,
        batch: str,
        validate_task_id: str,
        model: str | None = None,
        approvers: Sequence[str] = (),
        max_days: int | None = None,
        lake: str | None = None,
        lakegate_conn_id: str = DEFAULT,
        look_every: dt.timedelta | None = LOOK_EVERY,
        **kwargs: Any,
    ) -> None:
        """`validate_task_id` is the whole id of the task whose summary is asked about, at the same map index.

        `approvers` are ids of Airflow's users (empty: whoever may answer), `max_days` the longest that a waiver may
        hold; both are the contract's, and are held against the contract again when the waiver is written. With
        `look_every` None nobody looks into the lake, nor is a triggerer needed (`dag.test()` has none for approvals).
        """
        days = DAYS if max_days is None else min(DAYS, max_days)
        within: dict[str, Any] = {"minimum": 1} | ({} if max_days is None else {"maximum": max_days})
        fixed = {
            "subject": "A batch broke its contract",
            "body": "",
            "defaults": self.REJECT,
            "fail_on_reject": True,
            "assigned_users": [{"id": one, "name": one} for one in approvers] or None,
            "params": {
                "reason": Param("", type="string", title="Reason", description="Why this batch may pass"),
                "days": Param(days, type="integer", **within, title="Days that the waiver holds"),
            },
        }
        otherwise = {"response_timeout": ANSWER_WITHIN, "trigger_rule": TriggerRule.ALL_FAILED, "retries": 0}
        super().__init__(**{**otherwise, **kwargs, **fixed})
        self.contract, self.batch, self.model, self.validate_task_id = contract, batch, model, validate_task_id
        self.max_days, self.lake, self.lakegate_conn_id = max_days, lake, lakegate_conn_id
        self.look_every = look_every

    def execute(self, context: Context) -> None:
        """Ask, where there is something to be asked."""
        found = self._judged(context)
        context["ti"].xcom_push(key=SUMMARY, value=found)
        if not found["waivable"]:
            raise AirflowFailException(f"nobody may waive this: {found['message']}")
        self.subject = f"{found['dataset']}: {found['batch']} broke its contract. Let it in?"
        key = found["report_key"]
        report = report_address(key, self.lakegate_conn_id, self.contract) if key else found["report"]
        self.body = body_of(found, report)
        try:
            super().execute(context)
        except TaskAwaitingInput:
            if self.look_every is None:
                raise
        self.defer(trigger=self._trigger(context, found), method_name="execute_complete")

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Mapping[str, Any]:
        """Write the waiver that was approved; return what it says. Whatever else was answered fails the task.

        Where nobody need answer any more, it ends as what is in the lake says.
        """
        found = self._judged(context)
        if told := event.get(OVERTAKEN) or self._last_look(found, event):
            return self._overtaken(told)
        try:
            answer = super().execute_complete(context, event)
        except (HITLRejectException, HITLTriggerEventError, ParamValidationError, ValueError) as error:
            raise AirflowFailException(_unapproved(event, error)) from None
        user = answer["responded_by_user"]
        if answer["chosen_options"] != [self.APPROVE] or not user:
            raise AirflowFailException(_unapproved(event))
        given = answer["params_input"]
        said = {
            "approver": user["id"],
            "reason": str(given.get("reason") or "").strip(),
            "expires": (dt.datetime.now(dt.UTC) + dt.timedelta(days=self._days(given.get("days")))).isoformat(),
            "digest": found["digest"],
            "contract_sha256": found["contract_sha256"],
        }
        if not said["reason"]:
            raise AirflowFailException("no reason was given: nothing is let in; clear this task to be asked again")
        return self.approved(context, said)

    def approved(
        self,
        context: Context,
        said: Mapping[str, str],
        tries: int = 1,
        event: object = None,  # noqa: ARG002 - the time that was waited for
    ) -> Mapping[str, Any]:
        """Write the waiver; where the lake does not answer, again later: nobody is asked twice."""
        from lakegate.api import Asked
        from lakegate.commands.waivers import Approval, waive

        hook = LakeHook(self.lakegate_conn_id)
        approval = Approval(
            approver=said["approver"],
            reason=said["reason"],
            expires=dt.datetime.fromisoformat(said["expires"]),
            digest=said["digest"],
            contract_sha256=said["contract_sha256"],
        )
        try:
            asked = Asked(
                hook.contract(self.contract),
                lake=self.lake or hook.address(),
                schema_name=self.model,
                by=asking(context),
            )
            with hook.reached():
                written = waive(self.batch, approval, asked)
        except (LakegateError, OSError) as error:
            if exit_of(error) in FINAL or tries >= TRIES:
                raise AirflowFailException(f"approved by {said['approver']}, not waived: {told_of(error)}") from None
            self.log.warning("the waiver was not written, it is tried again: %s", told_of(error))
            kwargs = {"said": dict(said), "tries": tries + 1}
            self.defer(trigger=TimeDeltaTrigger(AGAIN), method_name="approved", kwargs=kwargs)
        self.log.info("%s waived %s until %s: %s", said["approver"], self.batch, said["expires"], said["reason"])
        return {**said, "id": written.id, "batch": self.batch, "rules": list(written.rules)}

    def _overtaken(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        """End as what happened to the batch meanwhile says."""
        if not told["goes_on"]:
            raise AirflowFailException(f"{told['why']}; nothing is let in")
        self.log.info("%s: nobody need answer any more", told["why"])
        return {"batch": self.batch, OVERTAKEN: told["why"]}

    def _question(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """Return what an approver is asked about, as `overtaken` takes it."""
        return {
            "contract": self.contract,
            "model": self.model,
            "batch": self.batch,
            "digest": found["digest"],
            "contract_sha256": found["contract_sha256"],
            "lake": self.lake,
            "lakegate_conn_id": self.lakegate_conn_id,
        }

    def _last_look(self, found: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any] | None:
        """Look into the lake where nobody answered: the time is up, or the question was closed and this task not told.

        None: nothing happened, or the lake does not say.
        """
        if event.get("responded_by_user"):
            return None
        try:
            return overtaken(**self._question(found))
        except (LakegateError, OSError) as error:
            self.log.warning("The lake could not be looked at: %s", told_of(error))
            return None

    def _trigger(self, context: Context, found: Mapping[str, Any]) -> WaiverTrigger:
        """Return what waits for the answer about a verdict."""
        every = self.look_every or LOOK_EVERY
        return WaiverTrigger(
            question=self._question(found),
            look_every=every.total_seconds(),
            ti_id=context["ti"].id,
            options=self.options,
            params=self.serialized_params,
            defaults=self.defaults,
            multiple=self.multiple,
            timeout_datetime=utcnow() + self.response_timeout if self.response_timeout else None,
            poke_interval=every.total_seconds(),  # an answer wakes the task by itself, unless it comes at once
        )

    def _judged(self, context: Context) -> Mapping[str, Any]:
        """Return the summary of the verdict that is asked about."""
        ti = context["ti"]
        found = ti.xcom_pull(task_ids=self.validate_task_id, key=SUMMARY, map_indexes=ti.map_index)
        if not isinstance(found, Mapping) or found.get("batch") != self.batch:
            raise AirflowFailException(
                f"{self.validate_task_id} told nothing of {self.batch!r}: it did not come to a verdict; see its log"
            )
        return found

    def _days(self, given: object) -> int:
        """Return how long a waiver holds."""
        if type(given) is not int or given < 1 or (self.max_days is not None and given > self.max_days):
            most = "" if self.max_days is None else f" to {self.max_days}"
            raise AirflowFailException(f"days: got {given!r}, expected a whole number from 1{most}: nothing is let in")
        return given


class WaiverTrigger(HITLTrigger):
    """Waits for an answer, as Airflow's own does, and looks into the lake, each time in a thread."""

    def __init__(self, *, question: dict[str, Any], look_every: float, **kwargs: Any) -> None:
        """`question` are the arguments of `overtaken`, `look_every` in seconds; the rest is the HITLTrigger's."""
        super().__init__(**kwargs)
        self.question, self.look_every = question, look_every

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return where this class is and how it is made again."""
        _, kwargs = super().serialize()
        return f"{__name__}.WaiverTrigger", {**kwargs, "question": self.question, "look_every": self.look_every}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield once: the answer, or that none is needed."""
        answered = asyncio.ensure_future(anext(super().run()))
        looking = asyncio.ensure_future(self._looking())
        try:
            await asyncio.wait((answered, looking), return_when=asyncio.FIRST_COMPLETED)
            if answered.done():
                yield answered.result()
                return
            answered.cancel()  # it would take the question that is closed now for an answer
            told = looking.result()
            await asyncio.to_thread(self._close, told)
            yield TriggerEvent({OVERTAKEN: told})  # type: ignore[no-untyped-call]
        finally:
            answered.cancel()
            looking.cancel()

    async def _looking(self) -> dict[str, Any]:
        """Look until nobody need answer any more; return why. A lake that does not answer ends no wait."""
        while True:
            await asyncio.sleep(self.look_every)
            if (told := await asyncio.to_thread(self._look)) is not None:
                return told

    def _look(self) -> dict[str, Any] | None:
        try:
            return overtaken(**self.question)
        except Exception as error:  # noqa: BLE001 - an outer door: whatever goes wrong here, the answer is waited for
            self.log.warning("The lake could not be looked at: %s", error)
            return None

    def _close(self, told: Mapping[str, Any]) -> None:
        """Answer the question in nobody's name, so that nobody is asked any more."""
        chosen = WaiverOperator.APPROVE if told["goes_on"] else WaiverOperator.REJECT
        try:
            update_hitl_detail_response(self.ti_id, [chosen], {"reason": told["why"]})
        except Exception as error:  # noqa: BLE001 - an outer door: somebody answered just now, and the task is woken
            self.log.warning("The question was not closed: %s", error)


def overtaken(
    *,
    contract: str,
    model: str | None,
    batch: str,
    digest: str,
    contract_sha256: str,
    lake: str | None,
    lakegate_conn_id: str,
) -> dict[str, Any] | None:
    """Return what became of a batch that an approver is asked about, as `goes_on` and `why`; None: it is open still.

    Raises LakegateError, or OSError, where that cannot be told.
    """
    from lakegate.api import Asked
    from lakegate.commands.waivers import overtaken as told

    hook = LakeHook(lakegate_conn_id)
    asked = Asked(hook.contract(contract), lake=lake or hook.address(), schema_name=model)
    with hook.reached():
        found = told(batch, digest, contract_sha256, asked)
    return None if found is None else {"goes_on": found.goes_on, "why": found.why}


def body_of(summary: Mapping[str, Any], report: str | None) -> str:
    """Return what an approver reads, as Markdown: which rules failed, with how many rows, and the report's address.

    What comes from the data or from the contract stands there as text, whatever it holds.
    """
    total = summary["counts"].get("failed", len(summary["failed"]))
    rows = "" if summary["rows"] is None else f" of {summary['rows']:,} rows"
    lines = [f"{total} checks of batch {plain(summary['batch'])}{rows} failed:", ""]
    for one in summary["failed"]:
        counted = "" if one["rows"] is None else f" ({one['rows']:,} rows)"
        lines.append(f"- {plain(one['rule'])}{counted}: {plain(one['reason'])}")
    if total > len(summary["failed"]):
        lines.append(f"- and {total - len(summary['failed'])} more")
    lines += ["", f"Report: {_link(report)}", "", "An approval lets in exactly these bytes, with these failures."]
    return "\n".join(lines)


def plain(text: str) -> str:
    """Return a text that Markdown shows as it is, on one line."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(text.split()))


def _link(report: str | None) -> str:
    """Return the report's address, as a link where a browser can follow it."""
    address = report or "none was written"
    safe = address.startswith(("https://", "http://")) and not re.search(r"[\s<>]", address)
    return f"<{address}>" if safe else plain(address)


def _unapproved(event: Mapping[str, Any], error: Exception | None = None) -> str:
    """Say why nothing is let in."""
    user = (event.get("responded_by_user") or {}).get("id")
    if event.get("error_type") == "validation":  # as Airflow's trigger tells what it was answered
        return f"the answer cannot be taken: {event['error']}; nothing is let in"
    if isinstance(error, ParamValidationError | ValueError):
        return f"the answer of {user} cannot be taken: {error}; nothing is let in"
    return f"rejected by {user}: nothing is let in" if user else "nobody approved in time: nothing is let in"
