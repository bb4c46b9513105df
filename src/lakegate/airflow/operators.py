"""The tasks of a gate: `validate` judges, `promote` lets in, `publish_report` writes the pages that runs share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, BaseOperator, Context
from airflow.sdk.exceptions import AirflowFailException

from lakegate.airflow.assets import told
from lakegate.airflow.hooks import DEFAULT, LakeHook
from lakegate.airflow.lineage import GateLineage
from lakegate.airflow.links import ContractLink, ReportLink
from lakegate.airflow.outcomes import settle, settled
from lakegate.airflow.summaries import SUMMARY, summary

if TYPE_CHECKING:
    from lakegate.gate.promote import Promotion

WAIT = dt.timedelta(minutes=1)


class GateOperator(GateLineage, BaseOperator):
    """What `validate` and `promote` share: one batch of one dataset, and how its outcome ends the task."""

    template_fields: Sequence[str] = ("batch", "lake")
    operator_extra_links = (ReportLink(), ContractLink())
    reschedule = True  # what is not ready is asked again later, without a slot (exit code 3)

    def __init__(
        self,
        *,
        contract: str,
        batch: str,
        model: str | None = None,
        lake: str | None = None,
        lakegate_conn_id: str = DEFAULT,
        wait: dt.timedelta = WAIT,
        **kwargs: Any,
    ) -> None:
        """`contract` is the file's path, `batch` the batch key, `model` the object where the contract has several.

        `wait`: how long a batch that is not ready is left alone.
        """
        super().__init__(**kwargs)
        self.contract, self.batch, self.model = contract, batch, model
        self.lake, self.lakegate_conn_id, self.wait = lake, lakegate_conn_id, wait

    def _through(self, context: Context, *, only_judge: bool) -> Promotion:
        """Carry the batch through the gate; push its summary, whatever it came to."""
        from pathlib import Path

        from lakegate.api import Asked, opened

        asked = Asked(
            Path(self.contract),
            lake=self.lake or LakeHook(self.lakegate_conn_id).address(),
            schema_name=self.model,
            by=asking(context),
            progress=_logged,
        )
        with settled(self.wait), opened(asked) as (run,):
            promotion = run.promote(self.batch, only_judge=only_judge)
            self.keep_lineage(run, promotion, self.lakegate_conn_id)
        context["ti"].xcom_push(key=SUMMARY, value=summary(promotion))
        for note in promotion.notes:
            self.log.warning("%s", note)
        self.log.info("%s", promotion.message)
        return promotion


class ContractValidateOperator(GateOperator):
    """Judge a batch by its contract: the report is written, what fails is quarantined, nothing is committed."""

    def execute(self, context: Context) -> Mapping[str, Any]:
        """Return the summary of the verdict; end as its exit code says."""
        promotion = self._through(context, only_judge=True)
        settle(promotion.exit_code, promotion.message, self.wait)
        return summary(promotion)


class PromoteOperator(GateOperator):
    """Carry a batch through the gate (PROTOCOL P0-P11), and tell the commit on the dataset's asset, once."""

    def execute(self, context: Context) -> Mapping[str, Any]:
        """Return the summary of the promotion; end as its exit code says."""
        promotion = self._through(context, only_judge=False)
        settle(promotion.exit_code, promotion.message, self.wait)
        record = promotion.record
        if record is None:
            raise AirflowFailException(f"nothing was committed: {promotion.message}")
        assets = [one for one in self.outlets if isinstance(one, Asset)]
        if record.by != asking(context):
            self.outlets = []  # another task committed this revision, and tells of it: an event is told once
            return summary(promotion)
        for one in assets:
            context["outlet_events"][one].extra = dict(told(record, promotion.report))
        return summary(promotion)


class PublishReportsOperator(BaseOperator):
    """Write the pages under `references/` that runs share; they are renderings, and can be written again."""

    template_fields: Sequence[str] = ("lake",)

    def __init__(
        self,
        *,
        contract: str,
        lake: str | None = None,
        lakegate_conn_id: str = DEFAULT,
        **kwargs: Any,
    ) -> None:
        """`contract` says which project's lake is meant where no connection does."""
        super().__init__(**kwargs)
        self.contract, self.lake, self.lakegate_conn_id = contract, lake, lakegate_conn_id

    def execute(self, context: Context) -> str:  # noqa: ARG002 - Airflow's signature
        """Return the key of the index page."""
        from lakegate.config import open_lake
        from lakegate.contract.project import Project
        from lakegate.publish import publish_index

        with settled(WAIT):
            lake = open_lake(self.lake or LakeHook(self.lakegate_conn_id).address(), Project.around(self.contract).root)
            return publish_index(lake)
        raise AssertionError("settled returns nothing")


def asking(context: Context) -> str:
    """Return the name under which a task asks the gate: its retries ask under the same, nobody else does."""
    ti = context["ti"]
    return f"airflow:{ti.dag_id}/{ti.run_id}/{ti.task_id}/{ti.map_index}"


def _logged(*_: object) -> None:
    """Take progress; a task's log is no terminal."""
