"""`waiver`: a named approver lets a failed batch pass, with a reason and until a day; else the run fails."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any

from airflow.providers.standard.exceptions import HITLRejectException, HITLTriggerEventError
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import Context, Param, TriggerRule
from airflow.sdk.exceptions import AirflowFailException, ParamValidationError

from lakegate.airflow.hooks import DEFAULT, LakeHook
from lakegate.airflow.links import ContractLink, ReportLink, report_address
from lakegate.airflow.operators import asking
from lakegate.airflow.outcomes import FINAL, exit_of, told_of
from lakegate.airflow.summaries import SUMMARY
from lakegate.errors import LakegateError

DAYS = 7  # that a waiver holds where nobody says how long
ANSWER_WITHIN = dt.timedelta(days=2)
AGAIN = dt.timedelta(minutes=1)
TRIES = 10  # times that an approved waiver is tried to be written, where the lake does not answer


class WaiverOperator(ApprovalOperator):
    """Ask the contract's approvers whether a batch that failed may pass; an approval becomes a waiver in the lake.

    It runs where every `validate` of its batch failed. What nobody may waive is not asked: the task fails at once. A
    rejection, no answer in time, a reason that is missing, an approver who may not: the task fails, is not retried, and
    nothing is let in. What approves is the waiver record (PROTOCOL), which `promote` holds against the batch again.
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
        **kwargs: Any,
    ) -> None:
        """`validate_task_id` is the whole id of the task whose summary is asked about, at the same map index.

        `approvers` are ids of Airflow's users (empty: whoever may answer), `max_days` the longest that a waiver may
        hold; both are the contract's, and are held against the contract again when the waiver is written.
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

    def execute(self, context: Context) -> Any:
        """Ask, where there is something to be asked."""
        found = self._judged(context)
        context["ti"].xcom_push(key=SUMMARY, value=found)
        if not found["waivable"]:
            raise AirflowFailException(f"nobody may waive this: {found['message']}")
        self.subject = f"{found['dataset']}: {found['batch']} broke its contract. Let it in?"
        key = found["report_key"]
        report = report_address(key, self.lakegate_conn_id, self.contract) if key else found["report"]
        self.body = body_of(found, report)
        return super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Mapping[str, Any]:
        """Write the waiver that was approved; return what it says. Whatever else was answered fails the task."""
        try:
            answer = super().execute_complete(context, event)
        except (HITLRejectException, HITLTriggerEventError, ParamValidationError, ValueError) as error:
            raise AirflowFailException(_unapproved(event, error)) from None
        user = answer["responded_by_user"]
        if answer["chosen_options"] != [self.APPROVE] or not user:
            raise AirflowFailException(_unapproved(event))
        given = answer["params_input"]
        found = self._judged(context)
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
    if isinstance(error, ParamValidationError | ValueError):
        return f"the answer of {user} cannot be taken: {error}; nothing is let in"
    return f"rejected by {user}: nothing is let in" if user else "nobody approved in time: nothing is let in"
