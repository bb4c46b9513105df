"""Airflow's cluster policy in the tests: what is tried again is tried soon."""

import datetime as dt

SOON = dt.timedelta(seconds=2)


def task_policy(task):
    task.retry_delay = SOON
    task.retry_exponential_backoff = 0
