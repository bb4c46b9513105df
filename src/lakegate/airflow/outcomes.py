"""Exit codes (INPUTS) become Airflow's own ways to end a task."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowRescheduleException
from airflow.sdk.timezone import utcnow

from lakegate.errors import LakegateError

SUCCESS, NOT_READY, RETRY = 0, 3, 5
FINAL = (1, 2, 4, 6)  # violated, bad contract or usage, conflict, refused: no retry can mend them
RETRIES: Mapping[str, Any] = {  # of a gate's tasks where neither they nor their DAG say otherwise
    "retries": 3,
    "retry_delay": dt.timedelta(seconds=30),
    "retry_exponential_backoff": True,
    "max_retry_delay": dt.timedelta(minutes=15),
}
WORST_FIRST = (6, 2, 5, 4, 1, 3, 0)  # of several batches, as `promote --all` exits


def settle(exit_code: int, message: str, wait: dt.timedelta) -> None:
    """End the task as an exit code says (`ended`); 0 returns."""
    if (end := ended(exit_code, message, wait)) is not None:
        raise end from None  # what is wrong is told in one line, not by a traceback of ours


def ended(exit_code: int, message: str, wait: dt.timedelta) -> AirflowException | None:
    """Return what ends a task as an exit code says, None for 0.

    1 violated, 2 bad contract, 4 conflict, 6 refused: no retry can mend it. 3 not ready: asked again after `wait`. 5,
    and whatever else: a retry may mend it.
    """
    if exit_code == SUCCESS:
        return None
    if exit_code == NOT_READY:
        return AirflowRescheduleException(utcnow() + wait)  # type: ignore[no-untyped-call]
    return AirflowFailException(message) if exit_code in FINAL else AirflowException(message)


def retrying(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return an operator's arguments with `RETRIES` under what the DAG's `default_args` say."""
    return {**arguments, "default_args": {**RETRIES, **(arguments.get("default_args") or {})}}


def exit_of(error: LakegateError | OSError) -> int:
    """Return the exit code of an error; what the system says is infrastructure."""
    return (error.exit_code or RETRY) if isinstance(error, LakegateError) else RETRY


def told_of(error: LakegateError | OSError) -> str:
    """Return an error in words: its exit code, what is wrong, what to do next."""
    kind = "" if isinstance(error, LakegateError) else f"{type(error).__name__}: "
    hint = f" ({error.hint})" if isinstance(error, LakegateError) and error.hint else ""
    return f"exit code {exit_of(error)}: {kind}{error}{hint}"


def worst(exit_codes: list[int]) -> int:
    """Return the exit code of several batches; of none it is 2: nothing was evaluated."""
    return min(exit_codes, key=WORST_FIRST.index, default=2)


@contextmanager
def settled(wait: dt.timedelta) -> Iterator[None]:
    """End the task as an error of ours, or of the system, says; the log tells it in one line, without its traceback."""
    try:
        yield
    except (LakegateError, OSError) as error:
        code, message = exit_of(error), told_of(error)
    else:
        return
    settle(code, message, wait)
