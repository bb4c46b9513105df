"""The tasks of a gate: `validate` judges, `promote` lets in, `publish_report` writes the pages that runs share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, BaseOperator, BaseOperatorLink, Context
from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.timezone import utcnow

from lakegate.airflow.assets import told
from lakegate.airflow.hooks import DEFAULT, LakeHook
from lakegate.airflow.lineage import GateLineage
from lakegate.airflow.links import ContractLink, ReportLink
from lakegate.airflow.outcomes import NOT_READY, SUCCESS, exit_of, retrying, settle, settled, told_of
from lakegate.airflow.progress import Logged
from lakegate.airflow.summaries import SUMMARY, of_error, summary
from lakegate.errors import LakegateError

if TYPE_CHECKING:
    from lakegate.gate.ledger import CommitRecord
    from lakegate.gate.promote import Promotion
    from lakegate.run import Run

WAIT = dt.timedelta(minutes=1)
NOT_READY_AT_MOST = dt.timedelta(days=1)


class GateOperator(GateLineage, BaseOperator):
    """What `validate` and `promote` share: one batch of one dataset, and how its outcome ends the task."""

    template_fields: Sequence[str] = ("batch", "lake")
    operator_extra_links: tuple[BaseOperatorLink, ...] = (ReportLink(), ContractLink())
    shows = False  # whether what was let in is shown by this task; else by `publish_report`, which comes after it

    def __init__(
        self,
        *,
        contract: str,
        batch: str,
        model: str | None = None,
        lake: str | None = None,
        lakegate_conn_id: str = DEFAULT,
        wait: dt.timedelta = WAIT,
        not_ready_at_most: dt.timedelta = NOT_READY_AT_MOST,
        **kwargs: Any,
    ) -> None:
        """`contract` is the file's path, `batch` the batch key, `model` the object where the contract has several.

        A batch that is not ready is asked again after `wait`, without a worker's slot and without using up a retry;
        one that is not ready for longer than `not_ready_at_most` fails the task.
        """
        super().__init__(**retrying(kwargs))
        self.contract, self.batch, self.model = contract, batch, model
        self.lake, self.lakegate_conn_id = lake, lakegate_conn_id
        self.wait, self.not_ready_at_most = wait, not_ready_at_most
        self._at_work = False

    def on_kill(self) -> None:
        """Stop what is being done: the worker process ends, its private files go. A retry may follow."""
        if self._at_work:
            self._at_work = False
            raise SystemExit(f"stopped while {self.batch!r} was in the gate: a retry takes it up again")

    def _through(self, context: Context, *, only_judge: bool) -> Promotion:
        """Carry the batch through the gate; push its summary, whatever it came to."""
        with self._told_apart(context):
            promotion = self._asked(context, only_judge=only_judge)
        return self._told(context, promotion)

    def _asked(self, context: Context, *, only_judge: bool) -> Promotion:
        """Carry the batch through the gate, here."""
        return self._carried(context, self.batch, only_judge=only_judge)

    def _carried(self, context: Context, batch: str, *, only_judge: bool) -> Promotion:
        """Carry a batch through the gate. The process in which it is opened is gone when this returns or raises."""
        with self._opened(context) as run:
            promotion = run.promote(batch, only_judge=only_judge)
            self.keep_lineage(run, promotion, self.lakegate_conn_id, self.contract)
            if promotion.exit_code != NOT_READY and (promotion.exit_code != SUCCESS or self.shows):
                self._publish(run, batch)
        return promotion

    @contextmanager
    def _opened(self, context: Context) -> Iterator[Run]:
        """Open the contract and the lake. A signal to end the task is heeded inside."""
        from lakegate.api import Asked, opened

        hook = LakeHook(self.lakegate_conn_id)
        asked = Asked(
            hook.contract(self.contract),
            lake=self.lake or hook.address(),
            schema_name=self.model,
            by=asking(context),
            progress=Logged(self.log.info),
            reports_url=hook.site(self.contract),
        )
        self._at_work = True
        try:
            with hook.reached(), opened(asked) as (run,):
                yield run
        finally:
            self._at_work = False

    def _publish(self, run: Run, batch: str) -> None:
        """Show what became of a batch; what is not done is done later."""
        for note in run.publish([batch]):
            self.log.warning("%s", note)

    @contextmanager
    def _told_apart(self, context: Context) -> Iterator[None]:
        """End the task as an error says, after its summary was pushed."""
        try:
            yield
        except (LakegateError, OSError) as error:
            context["ti"].xcom_push(key=SUMMARY, value=of_error(self.batch, error))
            code, message = exit_of(error), told_of(error)
        else:
            return
        self._settle(context, code, message)

    def _ended(self, context: Context, promotion: Promotion) -> Mapping[str, Any]:
        """End the task as the promotion says; return its summary."""
        raise NotImplementedError

    def _settle(self, context: Context, exit_code: int, message: str) -> None:
        """End the task as an exit code says (`outcomes.settle`); what is not ready for too long fails."""
        if exit_code == NOT_READY:
            since = context["ti"].get_first_reschedule_date(context)
            if since is not None and utcnow() - since > self.not_ready_at_most:
                raise AirflowFailException(f"{message}; it was so for {self.not_ready_at_most}, and nothing was judged")
            self.log.info("%s; asked again in %s", message, self.wait)
        settle(exit_code, message, self.wait)

    def _summary(self, promotion: Promotion) -> Mapping[str, Any]:
        return summary(promotion, reports_url=LakeHook(self.lakegate_conn_id).site(self.contract))

    def _told(self, context: Context, promotion: Promotion) -> Promotion:
        """Push the summary of what a batch came to, and write it into the log."""
        pushed = self._summary(promotion)
        context["ti"].xcom_push(key=SUMMARY, value=pushed)
        for note in promotion.notes:
            self.log.warning("%s", note)
        for failed in pushed["failed"]:
            self.log.error("%s: %s", failed["rule"], failed["reason"])
        self.log.info("%s%s", promotion.message, f": {pushed['report']}" if pushed["report"] else "")
        return promotion


class ContractValidateOperator(GateOperator):
    """Judge a batch by its contract: the report is written, what fails is quarantined, nothing is committed."""

    def execute(self, context: Context) -> Mapping[str, Any]:
        """Return the summary of the verdict; end as its exit code says."""
        return self._ended(context, self._through(context, only_judge=True))

    def _ended(self, context: Context, promotion: Promotion) -> Mapping[str, Any]:
        """End the task as the verdict says."""
        self._settle(context, promotion.exit_code, promotion.message)
        return self._summary(promotion)


class PromoteOperator(GateOperator):
    """Carry a batch through the gate (PROTOCOL P0-P11), and tell the commit on the dataset's asset, once."""

    def execute(self, context: Context) -> Mapping[str, Any]:
        """Return the summary of the promotion; end as its exit code says."""
        return self._ended(context, self._through(context, only_judge=False))

    def _ended(self, context: Context, promotion: Promotion) -> Mapping[str, Any]:
        """End the task as the promotion says; tell a commit of its own."""
        self._settle(context, promotion.exit_code, promotion.message)
        self._tell(context, [promotion])
        return self._summary(promotion)

    def _tell(self, context: Context, promotions: Sequence[Promotion]) -> None:
        """Tell commits of this task's own on its assets; of another's it tells nothing: an event is told once."""
        events = []
        for promotion in promotions:
            record = promotion.record
            if record is None:
                raise AirflowFailException(f"nothing was committed: {promotion.message}")
            if record.by != asking(context):
                self.log.info("%r was committed by %s, which tells of it", record.batch, record.by or "somebody else")
            elif promotion.state == "already committed" and self._told_before(context, record):
                self.log.info("%r was told when this task succeeded before", record.batch)
            else:
                events.append(told(record, self._summary(promotion)["report"]))
        if not events:
            self.outlets = [one for one in self.outlets if not isinstance(one, Asset)]
        extra: dict[str, Any] = dict(events[0]) if len(events) == 1 else {"batches": [dict(one) for one in events]}
        for one in self.outlets:
            if isinstance(one, Asset):
                context["outlet_events"][one].extra = extra

    def _told_before(self, context: Context, record: CommitRecord) -> bool:
        """Whether an event of this commit stands already: the task was cleared after it had succeeded."""
        from airflow.sdk.execution_time.context import InletEventsAccessors

        after = context["dag_run"].run_after  # a run that is cleared starts anew; when it became due it keeps
        for asset in (one for one in self.outlets if isinstance(one, Asset)):
            events = InletEventsAccessors([asset])[asset]
            for event in events.after(after.isoformat()):
                extra: Any = event.extra or {}
                commits = extra.get("batches") or [extra]
                if (record.batch, record.slot) in [(one.get("batch"), one.get("slot")) for one in commits]:
                    return True
        return False


class PublishReportsOperator(BaseOperator):
    """Show what became of a batch on the pages under `references/`; they are renderings, and can be written again."""

    template_fields: Sequence[str] = ("batch", "lake")

    def __init__(
        self,
        *,
        contract: str,
        batch: str | None = None,
        model: str | None = None,
        lake: str | None = None,
        lakegate_conn_id: str = DEFAULT,
        **kwargs: Any,
    ) -> None:
        """`contract`, `batch` and `model` are those of the gate. Without `batch`: every batch of the contract that a
        gate has judged and nobody has published.
        """
        super().__init__(**retrying(kwargs))
        self.contract, self.batch, self.model = contract, batch, model
        self.lake, self.lakegate_conn_id = lake, lakegate_conn_id

    def execute(self, context: Context) -> str:  # noqa: ARG002 - Airflow's signature
        """Return the key of the board."""
        from lakegate.config import open_lake
        from lakegate.contract.odcs import load
        from lakegate.contract.project import Project
        from lakegate.gate.arrivals import route
        from lakegate.publish.keys import BOARD
        from lakegate.publish.site import moved, publish, waiting

        hook = LakeHook(self.lakegate_conn_id)
        with settled(WAIT), hook.reached():
            file = hook.contract(self.contract)
            contract, lake = load(file), open_lake(self.lake or hook.address(), Project.around(file).root)
            url = hook.site(self.contract)
            for obj in contract.schema:
                if self.model is None or obj.name == self.model:
                    place = route(contract, obj).target
                    publish(lake, place, [self.batch] if self.batch else waiting(lake, place), url=url)
            for note in moved(lake, url):
                self.log.warning("%s", note)
            return BOARD
        raise AssertionError("settled returns nothing")


def asking(context: Context) -> str:
    """Return the name under which a task asks the gate: its retries ask under the same, nobody else does."""
    ti = context["ti"]
    return f"airflow:{ti.dag_id}/{ti.run_id}/{ti.task_id}/{ti.map_index}"
