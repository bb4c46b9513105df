"""Tell people what a gate came to, by Airflow's own notifiers: to the log, by e-mail, in Slack.

Hand them to `dags_from(..., notifiers=[...])`, or to any `on_failure_callback`, to an approval's `notifiers`, or to a
deadline. The providers for e-mail and Slack are needed only where these are used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from airflow.sdk import BaseNotifier, Context
from airflow.sdk.exceptions import AirflowNotFoundException

from lakegate.airflow.hooks import DEFAULT, LakeHook
from lakegate.airflow.links import (
    contract_address,
    contract_file,
    report_address,
    report_key,
    site,
    task_path,
)
from lakegate.airflow.notices import Failed, Notice, blocks, html, slack, subject, text
from lakegate.airflow.people import asked_at, mail_addresses, slack_channel
from lakegate.airflow.summaries import SUMMARY
from lakegate.contract.model import Contract
from lakegate.contract.odcs import load
from lakegate.errors import LakegateError, UsageError

THEN = {  # exit code -> what to do next
    1: "Mend the data and send the batch again under the same key, or change the contract with a new version.",
    2: "The contract cannot be carried out as it stands: run `lakegate lint`.",
    4: "Another batch is committed under this key: send it under another, or allow new revisions in the contract.",
    6: "Something about the batch, the contract or the lake is unsafe: the task's log names it.",
}
NOT_DECIDED = "Nothing was decided about the data. See the task's log; once the cause is mended, clear the task."


class GateNotifier(BaseNotifier):
    """Says what failed, how many rows, whose it is, what to do and where to look; this one says it to the log."""

    def __init__(self, *, contract: str | None = None, context: Context | None = None) -> None:
        """`contract` is the file's path, where the task that is told of does not know it (a deadline)."""
        super().__init__(context)
        self.contract = contract

    def notify(self, context: Context) -> None:
        """Tell it. Raises UsageError where nobody is to be told."""
        contract = self._contract(context)
        self.send(notice(context, contract), contract, context)

    async def async_notify(self, context: Context) -> None:
        """Tell it from the triggerer."""
        await asyncio.to_thread(self.notify, context)

    def send(self, told: Notice, contract: Contract | None, context: Context) -> None:  # noqa: ARG002 - for who sends
        """Deliver a notice."""
        self.log.warning("%s", text(told))

    def _contract(self, context: Context) -> Contract | None:
        """Return the contract that is meant, None where it cannot be read: what happened is told all the same."""
        path = self.contract or _contract_of(context)
        hook = LakeHook(getattr(_task(context), "lakegate_conn_id", DEFAULT))
        try:
            return load(hook.contract(path)) if path else None
        except (LakegateError, OSError, AirflowNotFoundException):
            return None


class GateEmailNotifier(GateNotifier):
    """Tells it by e-mail, through the SMTP provider."""

    def __init__(
        self,
        *,
        to: str | Sequence[str] | None = None,
        from_email: str | None = None,
        smtp_conn_id: str | None = None,
        contract: str | None = None,
        context: Context | None = None,
    ) -> None:
        """`to` None: the e-mail addresses of the contract's `support`, else of its team.

        `from_email` None: the connection's. Raises UsageError where the provider is not installed.
        """
        super().__init__(contract=contract, context=context)
        _needs("airflow.providers.smtp", "apache-airflow-providers-smtp")
        self.to, self.from_email, self.smtp_conn_id = to, from_email, smtp_conn_id

    def send(self, told: Notice, contract: Contract | None, context: Context) -> None:
        """Send one message to all of them."""
        from airflow.providers.smtp.notifications.smtp import SmtpNotifier

        to = [self.to] if isinstance(self.to, str) else list(self.to or (mail_addresses(contract) if contract else ()))
        if not to:
            raise UsageError(
                f"nobody can be written to: {subject(told)}",
                hint="name an e-mail address in the contract's support or team, or say GateEmailNotifier(to=...)",
            )
        # `notify` and not the notifier called: a call renders the texts as templates, and a contract may hold `{{`
        SmtpNotifier(
            to=to,
            from_email=self.from_email,
            subject=subject(told),
            html_content=html(told),
            smtp_conn_id=self.smtp_conn_id,
        ).notify(context)


class GateSlackNotifier(GateNotifier):
    """Tells it in Slack, through the Slack provider: by an incoming webhook, or by the API."""

    def __init__(
        self,
        *,
        slack_webhook_conn_id: str | None = None,
        slack_conn_id: str | None = None,
        channel: str | None = None,
        base_url: str | None = None,
        contract: str | None = None,
        context: Context | None = None,
    ) -> None:
        """One of the two connections: a webhook has its own channel; the API writes to `channel`.

        `channel` None: the one of the contract's `support`. `base_url` is that of Slack's API. Raises UsageError where
        the provider is not installed, or not exactly one connection is named.
        """
        super().__init__(contract=contract, context=context)
        _needs("airflow.providers.slack", "apache-airflow-providers-slack")
        if (slack_webhook_conn_id is None) == (slack_conn_id is None):
            raise UsageError("expected one of slack_webhook_conn_id and slack_conn_id, got both or none")
        self.slack_webhook_conn_id, self.slack_conn_id = slack_webhook_conn_id, slack_conn_id
        self.channel, self.base_url = channel, base_url

    def send(self, told: Notice, contract: Contract | None, context: Context) -> None:
        """Post one message."""
        words = slack(subject(told))
        if self.slack_webhook_conn_id is not None:
            from airflow.providers.slack.notifications.slack_webhook import SlackWebhookNotifier

            SlackWebhookNotifier(
                slack_webhook_conn_id=self.slack_webhook_conn_id, text=words, blocks=blocks(told), unfurl_links=False
            ).notify(context)  # type: ignore[no-untyped-call]
            return
        from airflow.providers.slack.notifications.slack import SlackNotifier

        channel = self.channel or (slack_channel(contract) if contract else None)
        if channel is None:
            raise UsageError(
                f"no channel is named: {words}",
                hint="name one in the contract's support with tool: slack, or say GateSlackNotifier(channel=...)",
            )
        SlackNotifier(
            slack_conn_id=str(self.slack_conn_id),
            channel=channel,
            username="lakegate",
            text=words,
            blocks=blocks(told),
            base_url=self.base_url,
            unfurl_links=False,
            unfurl_media=False,
        ).notify(context)  # type: ignore[no-untyped-call]


def notice(context: Context, contract: Contract | None) -> Notice:
    """Return what a context has to tell: of a task that failed, an approval that is asked for, a deadline missed."""
    known = _summary(context)
    batch = known.get("batch") or getattr(context.get("task"), "batch", None)
    dataset = known.get("dataset") or (contract.name or contract.id if contract else _dag_id(context))
    about = f"{dataset} {batch}" if batch else str(dataset)
    owner, ask = (contract.owner, asked_at(contract)) if contract else (None, ())
    links = _links(context, known, contract)
    if _task(context) is None:
        due = "A batch was due and did not come through the gate in time."
        return Notice(f"{about} is late", due, "Look whether it has arrived.", owner=owner, ask=ask, links=links)
    failed = [Failed(str(one.get("name") or one["rule"]), _number(one.get("rows"))) for one in known.get("failed", ())]
    asked = getattr(context.get("task"), "subject", None)
    code = known.get("exit_code")
    if asked is not None:
        what, then = f"{about} waits for an approval", "Approve it with a reason, or reject it: the run fails then."
    elif code in (1, 4, 6):
        what, then = f"{about} was not let in", THEN[code]
    else:
        what, then = f"{about} could not be judged", THEN.get(code or 0, NOT_DECIDED)
    why = known.get("message") or _error(context)
    return Notice(what, why, then, failed, _number(known.get("rows")), owner, ask, links)


def _links(context: Context, known: Mapping[str, Any], contract: Contract | None) -> dict[str, str]:
    """Return where to look; an address that a reader elsewhere cannot open is left out."""
    found = {}
    task, here = context.get("task"), site()
    if key := report_key(known):
        found["Report"] = report_address(key, getattr(task, "lakegate_conn_id", DEFAULT), contract_file(task))
    ti = context.get("ti")
    if ti is not None:
        index = -1 if ti.map_index is None else ti.map_index
        page = f"{here}/{task_path(ti.dag_id, ti.run_id, ti.task_id, index)}"
        if getattr(task, "subject", None):
            found["Approval"] = f"{page}/required_actions"
        else:
            found["Task"] = page
    elif dag_id := _dag_id(context):
        found["DAG"] = f"{here}/dags/{dag_id}"
    if contract is not None:
        found["Contract"] = contract_address(contract.id)
    return {words: address for words, address in found.items() if address.startswith(("http://", "https://"))}


def _summary(context: Context) -> Mapping[str, Any]:
    """Return the summary that the task pushed, or the one before an approval; empty where none can be had."""
    ti, task = context.get("ti"), _task(context)
    if ti is None or task is None:
        return {}
    index = ti.map_index if ti.map_index is not None and ti.map_index >= 0 else None
    for name in (ti.task_id, *sorted(getattr(task, "upstream_task_ids", ()))):
        try:
            found = ti.xcom_pull(task_ids=name, key=SUMMARY, map_indexes=index)
        except Exception as error:  # noqa: BLE001 - a killed task is told of by a process that has no XCom
            task.log.debug("no summary of %s: %s", name, error)
            continue
        if isinstance(found, Mapping):
            return found
    return {}


def _task(context: Context) -> Any:
    return context.get("task")


def _contract_of(context: Context) -> str | None:
    """Return the contract's file by the task, else by those beside it in its DAG."""
    task = _task(context)
    beside = getattr(getattr(task, "dag", None), "tasks", ()) if task is not None else ()
    return next((path for one in (task, *beside) if isinstance(path := getattr(one, "contract", None), str)), None)


def _dag_id(context: Context) -> str:
    """Return the DAG's id, from a whole context or from the little one of a deadline."""
    run = context.get("dag_run")
    found = run.get("dag_id") if isinstance(run, Mapping) else getattr(run, "dag_id", None)
    return str(found or getattr(context.get("ti"), "dag_id", "") or "a gate")


def _error(context: Context) -> str:
    """Return an error of ours in one line; of any other only its kind, for it may hold values of the data."""
    error = context.get("exception")
    if error is None:
        return ""
    words = str(error).splitlines()[0] if str(error) else ""
    return words if words.startswith("exit code ") else type(error).__name__


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _needs(module: str, package: str) -> None:
    """Raise UsageError where a provider is not installed: when the DAG is read, not when somebody is to be told."""
    try:
        there = find_spec(module) is not None
    except ModuleNotFoundError:
        there = False
    if not there:
        raise UsageError(f"{package} is not installed", hint=f"pip install {package}")
