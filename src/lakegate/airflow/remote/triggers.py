"""Waits in the triggerer until a job has ended, and stops the job where its task is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from lakegate.airflow.remote.runners import JobState, made

TRIES = 10  # times in a row that a cluster may not answer


class JobTrigger(BaseTrigger):
    """Asks a runner again and again how far a job is. What it tells is the state alone: the verdict is in the lake.

    The providers' own triggers give up after a number of attempts, tell a failed job by raising, and only that of EMR
    Serverless stops its job with its task.
    """

    def __init__(self, runner: str, settings: dict[str, Any], job_id: str, name: str, interval: float) -> None:
        """`runner` and `settings` as `runners.kept` says them; `name` is ours of the job; `interval` in seconds."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.runner, self.settings, self.interval = runner, settings, interval
        self.job_id, self.name = job_id, name

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return where this class is and how it is made again."""
        names = ("runner", "settings", "job_id", "name", "interval")
        return f"{__name__}.JobTrigger", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield the job's name and state once it has ended. Raises what the runner raises, the tenth time in a row."""
        runner, failed = made(self.runner, self.settings), 0
        while True:
            await asyncio.sleep(
                self.interval
            )  # first, too: what is resumed at once meets a scheduler that waits for it
            try:
                state = await asyncio.to_thread(runner.state, self.job_id)
                failed = 0
            except Exception:
                failed += 1
                if failed == TRIES:
                    raise
                self.log.warning("The job's state cannot be told now: asked again", exc_info=True)
                state = JobState.RUNNING
            if state is not JobState.RUNNING:
                yield TriggerEvent({"name": self.name, "state": str(state)})  # type: ignore[no-untyped-call]
                return

    async def on_kill(self) -> None:
        """Stop the job: somebody marked its task, or cleared it."""
        await asyncio.to_thread(made(self.runner, self.settings).cancel, self.job_id)
