"""What a cluster is to a gate: it takes a job, says how far it is, and stops it. It is never asked for a verdict."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import json
import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, cast


class JobState(StrEnum):
    """How far a job is."""

    RUNNING = "running"  # or waits to be run
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # ended in any other way, or the cluster knows it no more


@dataclass(frozen=True, slots=True)
class Job:
    """A command line of lakegate to be run elsewhere. `entry` and `project` are addresses in the lake."""

    name: str
    arguments: tuple[str, ...]  # of `lakegate`
    entry: str  # the script to start: `remote/entry.py`
    project: str  # a zip: contracts, expectations, settings
    project_sha256: str

    def told(self, *, spark: bool) -> str:
        """Return the one argument of the script. `spark`: start a session first, which some clusters wait for."""
        return json.dumps(
            {
                "arguments": self.arguments,
                "project": self.project,
                "sha256": self.project_sha256,
                "spark": spark,
            }
        )


@dataclass(frozen=True, slots=True)
class Known:
    """A job that a cluster knows: by its own id, and the name that we gave it."""

    id: str
    name: str


class Runner(Protocol):
    """A cluster, as a frozen dataclass of plain values: the triggerer makes it again from them.

    Every verb may raise whatever its provider's hook raises: the task, or its trigger, then asks again.
    """

    def submit(self, job: Job) -> str:
        """Start a job; return the cluster's id of it."""

    def running(self, prefix: str) -> Known | None:
        """Return a job of this runner that has not ended and whose name begins so, None where there is none."""

    def state(self, job_id: str) -> JobState:
        """Return how far a job is."""

    def cancel(self, job_id: str) -> None:
        """Stop a job; one that has ended is left alone."""

    def log(self, job_id: str) -> str:
        """Return the address at which a person reads the job's log, empty where it is not known."""


def prefix_of(by: str) -> str:
    """Return what the names of all jobs of one task instance begin with, whichever of its tries started them."""
    return f"lakegate-{hashlib.sha256(by.encode()).hexdigest()[:16]}-"


def new_name(by: str) -> str:
    """Return a name for one more job of a task instance: 34 characters, as every cluster takes them."""
    return prefix_of(by) + uuid.uuid4().hex[:8]


def kept(runner: Runner) -> dict[str, Any]:
    """Return a runner as plain values."""
    settings = dataclasses.asdict(cast("Any", runner))
    return {"runner": f"{type(runner).__module__}.{type(runner).__qualname__}", "settings": settings}


def made(runner: str, settings: dict[str, Any]) -> Runner:
    """Return the runner that `kept` told of."""
    module, _, name = runner.rpartition(".")
    return cast("Runner", getattr(importlib.import_module(module), name)(**settings))
