"""The links of a task: its validation report, and the contract that it judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import BaseOperatorLink
from airflow.sdk.execution_time.xcom import XCom

from lakegate.airflow.summaries import SUMMARY

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey


class ReportLink(BaseOperatorLink):
    """The report of the batch that a task judged."""

    name = "Validation report"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002
        """Return the report's address, empty where there is none."""
        found = XCom.get_value(ti_key=ti_key, key=SUMMARY)
        return (found or {}).get("report") or ""


class ContractLink(BaseOperatorLink):
    """The contract that a task judged by."""

    name = "Contract"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002
        """Return the contract's address."""
        return str(getattr(operator, "contract", ""))
