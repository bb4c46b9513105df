"""A contract that no gate can be made of is seen where gates are: a DAG of its id, whose one task fails and says why.

It is no import error: that would take every other DAG of the file away.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from airflow.sdk import DAG, BaseOperator, Context
from airflow.sdk.exceptions import AirflowFailException

from lakegate.airflow.descriptions import literal, plain
from lakegate.airflow.schedules import HOURLY

TAG = "no gate"  # to look for


class NoGateOperator(BaseOperator):
    """Fails, and says what keeps a contract from being a gate."""

    def __init__(self, *, told: str, **kwargs: Any) -> None:
        """`told` says what is wrong, where, and what to do."""
        super().__init__(**kwargs)
        self.told = told

    def execute(self, context: Context) -> None:  # noqa: ARG002 - Airflow's signature
        """Raise AirflowFailException: no retry can mend a contract."""
        raise AirflowFailException(self.told)


def no_gate(dag_id: str, told: str) -> DAG:
    """Return the DAG that stands where a gate should. It runs by the hour, so that it is seen to fail."""
    lines = "\n".join(f"- {literal(line)}" for line in told.splitlines() if line.strip())
    with DAG(
        dag_id,
        schedule=HOURLY.schedule,
        start_date=dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
        catchup=False,
        tags=["lakegate", TAG],
        description=plain(f"No gate: {told}"),
        doc_md=f"There is no gate here: nothing is judged and nothing is let in.\n\n{lines}\n",
        max_active_runs=1,
        default_args={"owner": "lakegate", "retries": 0},
    ) as dag:
        NoGateOperator(task_id="no_gate", told=told)
    return dag
