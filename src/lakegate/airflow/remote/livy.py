"""Batches of Apache Livy, as on a cluster of EMR: `lakegate` is the driver of a Spark application."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowException

from lakegate.airflow.remote.runners import Job, JobState, Known

if TYPE_CHECKING:
    from airflow.providers.apache.livy.hooks.livy import LivyHook

PAGE = 100  # batches a request
STOPPED = ("dead", "killed", "error")
GONE = 404


@dataclass(frozen=True, slots=True)
class Livy:
    """A Livy server. `batch` holds more of what `POST /batches` takes: `archives`, `driverMemory`, `conf`, `queue`."""

    livy_conn_id: str = "livy_default"
    batch: dict[str, Any] = field(default_factory=dict)
    spark: bool = True  # YARN takes a driver that starts no session for one that failed
    endpoint_prefix: str | None = None

    def submit(self, job: Job) -> str:
        """Start a batch. Livy refuses a second one of the same name while the first lives."""
        body = {
            **self.batch,
            "file": job.entry,
            "name": job.name,
            "args": ["--lakegate", job.told(spark=self.spark)],
        }
        return str(self._ask("POST", "", body)["id"])

    def running(self, prefix: str) -> Known | None:
        """Return a batch of that name that has not ended."""
        first, total = 0, 1
        while first < total:
            answer = self._ask("GET", f"?from={first}&size={PAGE}")
            for one in answer.get("sessions", ()):
                if (one.get("name") or "").startswith(prefix) and _alive(one):
                    return Known(str(one["id"]), one["name"])
            first, total = first + PAGE, answer.get("total", 0)
        return None

    def state(self, job_id: str) -> JobState:
        """Return how far a batch is; one that Livy has forgotten has ended."""
        found = self._ask("GET", f"/{job_id}", missing={})
        if found and found["state"] == "success":
            return JobState.SUCCEEDED
        return JobState.RUNNING if found and found["state"] not in STOPPED else JobState.FAILED

    def cancel(self, job_id: str) -> None:
        """Stop a batch."""
        self._ask("DELETE", f"/{job_id}", missing={})

    def log(self, job_id: str) -> str:
        """Return the page of the batch on the server."""
        hook = self._hook()
        hook.get_conn()
        return f"{hook.base_url.rstrip('/')}/ui/batch/{job_id}/log"

    def _ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, missing: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return Livy's answer; `missing`, where given, for what it does not know.

        Raises AirflowException for what it refuses.
        """
        import json

        hook = self._hook()
        answer = hook.run_method(
            f"{hook.endpoint_prefix}/batches{path}",
            method,
            None if body is None else json.dumps(body),
            {**hook.default_headers, "X-Requested-By": "lakegate"},  # asked for where Livy guards against CSRF
        )
        if answer.status_code == GONE and missing is not None:
            return missing
        if not answer.ok:
            raise AirflowException(f"Livy: {method} /batches{path}: {answer.status_code} {answer.text[:300]}")
        found: dict[str, Any] = answer.json()
        return found

    def _hook(self) -> LivyHook:
        from airflow.providers.apache.livy.hooks.livy import LivyHook

        return LivyHook(self.livy_conn_id, endpoint_prefix=self.endpoint_prefix)


def _alive(batch: dict[str, Any]) -> bool:
    """Whether a batch has not ended, nor is about to."""
    return batch["state"] not in (*STOPPED, "success", "shutting_down")
