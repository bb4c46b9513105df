"""The links of a task: its validation report and the contract that it judged by, as addresses that a browser opens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow.sdk import BaseOperatorLink
from airflow.sdk.exceptions import AirflowNotFoundException
from airflow.sdk.execution_time.xcom import XCom

from lakegate.airflow.hooks import DEFAULT, LakeHook
from lakegate.airflow.summaries import SUMMARY, key_of
from lakegate.errors import LakegateError
from lakegate.reports.site.links import public

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey

MOUNT = "/lakegate"  # where the plugin's pages begin, below the address of the user interface
PAGE = "index.html"


def site() -> str:
    """Return the address of Airflow's user interface (`[api] base_url`) without a last `/`, empty where none is set."""
    from airflow.sdk.configuration import conf

    return str(conf.get("api", "base_url", fallback=None) or "").rstrip("/")


def reports_url(lakegate_conn_id: str = DEFAULT, contract: str = "") -> str:
    """Return the address of the lake's `references/` elsewhere (`LakeHook.site`); a link breaks no task.

    Empty where nothing says it, or nothing that a browser may open.
    """
    try:
        return LakeHook(lakegate_conn_id).site(contract)
    except (AirflowNotFoundException, LakegateError, OSError):
        return ""


def report_address(report_key: str, lakegate_conn_id: str = DEFAULT, contract: str = "") -> str:
    """Return where a browser opens a report. `report_key` is its page's key in the lake, or the folder of it.

    `contract` is the file by which it was judged: its project may say where reports are read.
    """
    key = report_key + PAGE if report_key.endswith("/") else report_key
    elsewhere = reports_url(lakegate_conn_id, contract)
    return public(elsewhere, key) if elsewhere else f"{site()}{MOUNT}/{quote(key)}"


def contract_address(contract_id: str) -> str:
    """Return where a browser reads a contract, by its id."""
    return f"{site()}{MOUNT}/contracts/{quote(contract_id, safe='')}"


def task_path(dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> str:
    """Return the page of a task instance, relative to the user interface's address."""
    dag, run, task = (quote(part, safe="") for part in (dag_id, run_id, task_id))
    return f"dags/{dag}/runs/{run}/tasks/{task}" + (f"/mapped/{map_index}" if map_index >= 0 else "")


def summary_of(ti_key: TaskInstanceKey) -> Mapping[str, Any]:
    """Return the summary that a task instance pushed, empty where it pushed none."""
    found = XCom.get_value(ti_key=ti_key, key=SUMMARY)
    return found if isinstance(found, Mapping) else {}


def report_key(summary: Mapping[str, Any]) -> str:
    """Return the key in the lake of the report that a summary names, empty where it names none."""
    return key_of(summary.get("report_key") or summary.get("report"))


def contract_file(operator: object) -> str:
    """Return the contract that a task judges by, empty where it names none."""
    return str(getattr(operator, "contract", None) or "")


class ReportLink(BaseOperatorLink):
    """The report of the batch that a task judged."""

    name = "Validation report"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Return the report's address, empty where there is none."""
        key = report_key(summary_of(ti_key))
        if not key:
            return ""
        return report_address(key, getattr(operator, "lakegate_conn_id", DEFAULT), contract_file(operator))


class ContractLink(BaseOperatorLink):
    """The contract that a task judged by."""

    name = "Contract"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002
        """Return the contract's address, empty where its file cannot be read: a link breaks no task."""
        from lakegate.contract.odcs import load

        hook = LakeHook(getattr(operator, "lakegate_conn_id", DEFAULT))
        try:
            return contract_address(load(hook.contract(contract_file(operator))).id)
        except (LakegateError, OSError):
            return ""
