"""Runs of a Glue job. The job is made once (its script is `entry.py`); each gate is a run of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lakegate.airflow.remote.runners import Job, JobState, Known

ALIVE = ("STARTING", "RUNNING", "WAITING")
STOPPED = ("STOPPED", "FAILED", "TIMEOUT", "ERROR", "EXPIRED")
NAME = "--lakegate_name"


@dataclass(frozen=True, slots=True)
class Glue:
    """A Glue job of type `glueetl` on Python 3.11 (Glue 5.0 and later). `arguments` are added to each run's.

    `run` holds more of what StartJobRun takes: `WorkerType`, `NumberOfWorkers`, `Timeout`.
    """

    job_name: str
    arguments: dict[str, str] = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)
    aws_conn_id: str = "aws_default"
    region_name: str | None = None

    def submit(self, job: Job) -> str:
        """Start a run. The job has to allow as many at once as there are gates (`MaxConcurrentRuns`)."""
        arguments = {**self.arguments, "--lakegate": job.told(spark=False), NAME: job.name}
        return str(self._client().start_job_run(JobName=self.job_name, Arguments=arguments, **self.run)["JobRunId"])

    def running(self, prefix: str) -> Known | None:
        """Return a run of that name that has not ended."""
        pages = self._client().get_paginator("get_job_runs").paginate(JobName=self.job_name)
        for run in (run for page in pages for run in page["JobRuns"]):
            name = run.get("Arguments", {}).get(NAME, "")
            if name.startswith(prefix) and run["JobRunState"] in ALIVE:
                return Known(run["Id"], name)
        return None

    def state(self, job_id: str) -> JobState:
        """Return how far a run is; one that is being stopped runs still."""
        state = self._client().get_job_run(JobName=self.job_name, RunId=job_id)["JobRun"]["JobRunState"]
        if state == "SUCCEEDED":
            return JobState.SUCCEEDED
        return JobState.FAILED if state in STOPPED else JobState.RUNNING

    def cancel(self, job_id: str) -> None:
        """Stop a run."""
        self._client().batch_stop_job_run(JobName=self.job_name, JobRunIds=[job_id])  # tells what it could not stop

    def log(self, job_id: str) -> str:
        """Return the page of the run in the console."""
        region = self._client().meta.region_name
        return f"https://console.aws.amazon.com/gluestudio/home?region={region}#/job/{self.job_name}/run/{job_id}"

    def _client(self) -> Any:
        from airflow.providers.amazon.aws.hooks.glue import GlueJobHook

        return GlueJobHook(aws_conn_id=self.aws_conn_id, region_name=self.region_name).conn
