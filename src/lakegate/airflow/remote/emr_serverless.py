"""Jobs of EMR Serverless. The gate needs its driver alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lakegate.airflow.remote.runners import Job, JobState, Known

# The states of a job run, as the API's reference lists them.
ALIVE = ("SUBMITTED", "PENDING", "SCHEDULED", "QUEUED", "RUNNING")
STOPPED = ("FAILED", "CANCELLED")


@dataclass(frozen=True, slots=True)
class EmrServerless:
    """An application of EMR Serverless. `parameters` are spark-submit's: the environment with lakegate, memory, disk.

    `overrides` are the API's `configurationOverrides`: where logs go.
    """

    application_id: str
    execution_role_arn: str
    parameters: str = ""
    overrides: dict[str, Any] = field(default_factory=dict)
    timeout_minutes: int = 720
    spark: bool = True  # start a session: what a release does with a driver that starts none is not promised
    aws_conn_id: str = "aws_default"
    region_name: str | None = None

    def submit(self, job: Job) -> str:
        """Start a job. Its name is the client token, too: a request that is sent twice starts one job."""
        driver = {
            "entryPoint": job.entry,
            "entryPointArguments": ["--lakegate", job.told(spark=self.spark)],
            **({"sparkSubmitParameters": self.parameters} if self.parameters else {}),
        }
        started = self._client().start_job_run(
            applicationId=self.application_id,
            clientToken=job.name,
            executionRoleArn=self.execution_role_arn,
            executionTimeoutMinutes=self.timeout_minutes,
            jobDriver={"sparkSubmit": driver},
            name=job.name,
            **({"configurationOverrides": self.overrides} if self.overrides else {}),
        )
        return str(started["jobRunId"])

    def running(self, prefix: str) -> Known | None:
        """Return a job of that name that has not ended."""
        client = self._client()
        pages = client.get_paginator("list_job_runs").paginate(applicationId=self.application_id, states=ALIVE)
        runs = (run for page in pages for run in page["jobRuns"])
        return next((Known(run["id"], run["name"]) for run in runs if (run.get("name") or "").startswith(prefix)), None)

    def state(self, job_id: str) -> JobState:
        """Return how far a job is. One that is being cancelled runs still."""
        state = self._client().get_job_run(applicationId=self.application_id, jobRunId=job_id)["jobRun"]["state"]
        if state == "SUCCESS":
            return JobState.SUCCEEDED
        return JobState.FAILED if state in STOPPED else JobState.RUNNING

    def cancel(self, job_id: str) -> None:
        """Stop a job."""
        if self.state(job_id) is JobState.RUNNING:
            self._client().cancel_job_run(applicationId=self.application_id, jobRunId=job_id)

    def log(self, job_id: str) -> str:
        """Return the page of the job in the console."""
        region = self._client().meta.region_name
        page = f"#/serverless-applications/{self.application_id}/{job_id}"
        return f"https://console.aws.amazon.com/emr/home?region={region}{page}"

    def _client(self) -> Any:
        from airflow.providers.amazon.aws.hooks.emr import EmrServerlessHook

        return EmrServerlessHook(aws_conn_id=self.aws_conn_id, region_name=self.region_name).conn
