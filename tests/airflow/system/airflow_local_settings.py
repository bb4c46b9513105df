"""Airflow's cluster policy in the tests: what is asked or tried again, is so soon.

Every process of Airflow imports this when it starts, so the scheduler has what a gate's tasks import before it forks
them: they need not do it again, each for itself.
"""

import datetime as dt

import duckdb  # noqa: F401
import pyarrow as pa  # noqa: F401

import lakegate.run
import lakegate.worker.child  # noqa: F401

SOON = dt.timedelta(seconds=2)
# A task put off to a moment that comes before the scheduler has read that its process ended is taken for killed, and
# failed: https://github.com/apache/airflow/issues/71172, open in Airflow 3.3. So not as soon as the rest.
ASKED_AGAIN = dt.timedelta(seconds=10)


def task_policy(task):
    task.retry_delay = SOON
    task.retry_exponential_backoff = 0
    if task.dag_id == "nyc-unanswered" and hasattr(task, "response_timeout"):
        task.response_timeout = SOON
    if hasattr(task, "look_every"):
        task.look_every = SOON
    if hasattr(task, "wait"):
        task.wait = ASKED_AGAIN
    if hasattr(task, "poke_interval"):
        task.poke_interval = SOON.total_seconds()
