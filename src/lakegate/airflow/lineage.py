"""What OpenLineage is told of a gate's tasks, on success and on failure; nothing where it is not installed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from lakegate.airflow.links import report_address
from lakegate.airflow.summaries import Passage, key_of

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage

    from lakegate.gate.promote import Promotion
    from lakegate.run import Run


class GateLineage:
    """A mixin for an operator that calls `keep_lineage` once a batch went through, whatever came of it.

    The provider asks in a process forked from the task's, which may neither ask Airflow for a connection nor open a
    lake: whatever it is told is made while the task runs.
    """

    _gated: Passage | None = None

    def keep_lineage(self, run: Run, promotion: Promotion, lakegate_conn_id: str, contract: str = "") -> None:
        """Keep what there is to tell; nothing where OpenLineage is not installed."""
        if run.lake is None or find_spec("openlineage") is None:
            return
        from lakegate.gate.arrivals import route

        way, key = route(run.contract, run.obj), key_of(promotion.report)
        self._gated = Passage(
            promotion,
            run.contract,
            run.lake.uri(way.source.prefix.rstrip("/")),
            run.lake.uri(way.target.prefix.rstrip("/")),
            report_address(key, lakegate_conn_id, contract) if key else None,
        )

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any] | None:  # noqa: ARG002
        """Return datasets and facets of a task that succeeded."""
        return self._lineage()

    def get_openlineage_facets_on_failure(self, task_instance: Any) -> OperatorLineage[Any, Any] | None:  # noqa: ARG002
        """Return the same of one that failed: a batch that is blocked is what lineage is asked for most."""
        return self._lineage()

    def _lineage(self) -> OperatorLineage[Any, Any] | None:
        if self._gated is None:
            return None
        from lakegate.airflow.facets import lineage

        return lineage(self._gated)
