"""`@task.gate`: a function writes batches under the drop; they go through the gate before its task succeeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from airflow.sdk import Context
from airflow.sdk.bases.decorator import (
    DecoratedOperator,
    TaskDecorator,
    determine_kwargs,
    task_decorator_factory,
)
from airflow.sdk.exceptions import AirflowFailException

from lakegate.airflow.operators import PromoteOperator
from lakegate.airflow.outcomes import worst


class GateDecoratedOperator(DecoratedOperator, PromoteOperator):
    """Runs a function, and promotes the batches whose keys it returns."""

    template_fields: Sequence[str] = (*DecoratedOperator.template_fields, "lake")
    custom_operator_name: str = "@task.gate"
    shows = True

    def __init__(self, **kwargs: Any) -> None:
        """Take what a decorated task and `PromoteOperator` take, but for the batch: the function returns its key."""
        kwargs.pop("multiple_outputs", None)  # a summary is one value
        super().__init__(**{**kwargs, "batch": ""})

    def execute(self, context: Context) -> Any:
        """Return the summary of the promotion, or the summaries where the function returned several keys.

        All are tried, one bad batch holds no other; the task ends as the worst of them. The asset's event is told once
        all are in: with several, its `extra` holds them under `batches`.
        """
        returned = self._call(context)
        keys = [returned] if isinstance(returned, str) else returned
        if not isinstance(keys, list | tuple) or not keys or not all(isinstance(key, str) and key for key in keys):
            name = self.python_callable.__name__
            raise AirflowFailException(f"{name} returned {returned!r}, expected the key of the batch it wrote, or keys")
        done = []
        for key in dict.fromkeys(keys):
            self.batch = key
            with self._told_apart(context):
                done.append(self._asked(context, only_judge=False))
            self._told(context, done[-1])
        code = worst([one.exit_code for one in done])
        self._settle(context, code, "; ".join(one.message for one in done if one.exit_code))
        self._tell(context, done)
        summaries = [self._summary(one) for one in done]
        return summaries[0] if isinstance(returned, str) else summaries

    def _call(self, context: Context) -> Any:
        """Call the function with its arguments, and with what it asks for of the context."""
        asked = determine_kwargs(self.python_callable, self.op_args, {**context, **self.op_kwargs})
        return self.python_callable(*self.op_args, **asked)


def gate_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """Make a task of a function that writes a batch and returns its key: `@task.gate(contract=…)`.

    `kwargs` are those of `PromoteOperator`, but for `batch`.
    """
    return task_decorator_factory(
        python_callable=python_callable, decorated_operator_class=GateDecoratedOperator, **kwargs
    )
