"""Where a gate's work is done: in the task itself, or as a job of a cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from lakegate.airflow.operators import ContractValidateOperator, PromoteOperator

if TYPE_CHECKING:
    from lakegate.airflow.remote.runners import Runner


@dataclass(frozen=True, slots=True)
class Engine:
    """What makes the tasks `validate` and `promote`; both take what `GateOperator` takes."""

    validate: Callable[..., BaseOperator] = ContractValidateOperator
    promote: Callable[..., BaseOperator] = PromoteOperator


HERE = Engine()


def on(runner: Runner, **more: Any) -> Engine:
    """Return the engine that runs the gate as jobs of a cluster. `more` as for `RemoteGateOperator`, or any task.

    `dags_from("contracts", engine=lambda heading: on(emr) if "large" in heading.tags else HERE)`
    """
    from lakegate.airflow.remote.operators import RemotePromoteOperator, RemoteValidateOperator

    return Engine(
        validate=partial(RemoteValidateOperator, runner=runner, **more),
        promote=partial(RemotePromoteOperator, runner=runner, **more),
    )
