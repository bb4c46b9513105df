"""`validate` and `promote` as jobs of a cluster. The task submits, waits without a worker, and reads the lake."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperatorLink, Context
from airflow.sdk.execution_time.xcom import XCom

from lakegate.airflow.hooks import LakeHook
from lakegate.airflow.operators import ContractValidateOperator, GateOperator, PromoteOperator, asking
from lakegate.airflow.remote.runners import Job, Known, Runner, kept, new_name, prefix_of
from lakegate.airflow.remote.triggers import JobTrigger

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey

    from lakegate.contract.project import Project
    from lakegate.gate.promote import Promotion
    from lakegate.lake.interface import Lake

JOB = "lakegate_job"  # the XCom key of the job: its id at the cluster, and where its log is


class JobLink(BaseOperatorLink):
    """The log of the job that a task waits for."""

    name = "Job"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002
        """Return the log's address, empty where there is none."""
        found = XCom.get_value(ti_key=ti_key, key=JOB)
        return (found or {}).get("log") or ""


class RemoteGateOperator(GateOperator):
    """What the two share: the job is started, waited for without a worker, and its answer read from the lake."""

    operator_extra_links = (*GateOperator.operator_extra_links, JobLink())

    def __init__(
        self, *, runner: Runner, poll_interval: float = 30, settings: str | None = None, **kwargs: Any
    ) -> None:
        """`runner` is where the job runs; `poll_interval` in seconds.

        `settings` names, relative to the project's root, the file that is `lakegate.toml` there: other limits.
        """
        super().__init__(**kwargs)
        self.runner, self.poll_interval, self.settings = runner, poll_interval, settings
        self._job_id: str | None = None

    def _asked(self, context: Context, *, only_judge: bool) -> Promotion:
        """Start the job, or find the one that an earlier try started; then wait without a worker."""
        by = asking(context)
        job = self.runner.running(prefix_of(by))
        if job is None:
            job = self._submitted(by, only_judge=only_judge)
            self.log.info("started job %s as %s", job.id, job.name)
        else:
            self.log.info("job %s of an earlier try is running still: %s", job.id, job.name)
        self._job_id = job.id
        context["ti"].xcom_push(key=JOB, value={"id": job.id, "name": job.name, "log": self.runner.log(job.id)})
        self.defer(
            trigger=JobTrigger(**kept(self.runner), job_id=job.id, name=job.name, interval=self.poll_interval),
            method_name="resumed",
            timeout=self.execution_timeout,
        )
        raise AssertionError("deferred")

    def resumed(self, context: Context, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """Read what the job left in the lake; end as that says, whatever the job's state."""
        with self._told_apart(context):
            promotion = self._answered(event["name"], event["state"])
        return self._ended(context, self._told(context, promotion))

    def on_kill(self) -> None:
        """Stop the job with the task, in the moment before it waits in the triggerer."""
        if self._job_id is not None:
            self.runner.cancel(self._job_id)

    def _submitted(self, by: str, *, only_judge: bool) -> Known:
        """Send the project along and start a job."""
        from lakegate.airflow.remote.shipping import ship

        with self._reached() as (contract, project, lake):
            shipped = ship(lake, project, self.settings)
            name = new_name(by)
            inside = os.path.relpath(contract.absolute(), project.root)
            words = ["promote", inside, "--batch", self.batch, "--lake", lake.uri("_").removesuffix("/_")]
        words += ["--by", by, "--answer", name, "--output-format", "json"]
        words += ["--schema-name", self.model] if self.model else []
        words += ["--only-judge"] if only_judge else []
        job = Job(name, tuple(words), shipped.entry, shipped.project, shipped.project_sha256)
        return Known(self.runner.submit(job), name)

    def _answered(self, name: str, state: str) -> Promotion:
        """Return what became of the batch, as far as the lake bears it out."""
        from lakegate.commands import answers
        from lakegate.contract.odcs import load
        from lakegate.errors import CouldNotEvaluate, UsageError
        from lakegate.gate.arrivals import route

        with self._reached() as (file, _, lake):
            contract = load(file)
            obj = contract.object(self.model) if self.model else contract.schema[0]
            if obj is None:
                raise UsageError(f"the contract {contract.id} has no object {self.model!r}")
            answer = answers.read(lake, name)
            if answer is None:
                raise CouldNotEvaluate(f"the job {name} {state} and left no answer in the lake", hint="read its log")
            return answers.borne_out(answer, lake, route(contract, obj), self.batch)

    @contextmanager
    def _reached(self) -> Iterator[tuple[Path, Project, Lake]]:
        """Hand out the contract's file, its project and the lake."""
        from lakegate.config import open_lake
        from lakegate.contract.project import Project

        hook = LakeHook(self.lakegate_conn_id)
        contract = hook.contract(self.contract)
        project = Project.around(contract)
        with hook.reached():
            yield contract, project, open_lake(self.lake or hook.address(), project.root)


class RemoteValidateOperator(RemoteGateOperator, ContractValidateOperator):
    """`ContractValidateOperator` with the engine elsewhere."""


class RemotePromoteOperator(RemoteGateOperator, PromoteOperator):
    """`PromoteOperator` with the engine elsewhere; the event of a commit is told here, once."""
