"""Exit codes (INPUTS) become Airflow's own ways to end a task."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowRescheduleException
from airflow.sdk.timezone import utcnow

from lakegate.errors import LakegateError

SUCCESS, NOT_READY, RETRY = 0, 3, 5


def settle(exit_code: int, message: str, wait: dt.timedelta) -> None:
    """End the task as an exit code says; 0 returns.

    1 violated, 2 bad contract, 4 conflict, 6 refused: no retry can mend it. 3 not ready: asked again after `wait`. 5,
    and whatever else: a retry may mend it.
    """
    if exit_code == SUCCESS:
        return
    if exit_code == NOT_READY:
        raise AirflowRescheduleException(utcnow() + wait)  # type: ignore[no-untyped-call]
    if exit_code in (1, 2, 4, 6):
        raise AirflowFailException(message)
    raise AirflowException(message)


@contextmanager
def settled(wait: dt.timedelta) -> Iterator[None]:
    """End the task as an error of ours says."""
    try:
        yield
    except LakegateError as error:
        settle(error.exit_code or RETRY, f"exit code {error.exit_code}: {error}", wait)
