"""A promotion in OpenLineage's words. Imported only where its client is installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import attr
from airflow.providers.openlineage.extractors import OperatorLineage
from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import (
    RunFacet,
    data_quality_assertions_dataset,
    data_quality_metrics_input_dataset,
    dataset_version_dataset,
    output_statistics_output_dataset,
)

from lakegate.airflow.summaries import Passage
from lakegate.checks.interface import Outcome
from lakegate.gate.ledger import CommitRecord
from lakegate.verdict import CheckResult, Verdict

# Outcome -> (whether it holds, its severity). What could not be asked has no truth, and is no assertion.
TRUTH: Mapping[Outcome, tuple[bool, str]] = {
    Outcome.PASSED: (True, "error"),
    Outcome.FAILED: (False, "error"),
    Outcome.WARNED: (False, "warn"),
    Outcome.SET_APART: (False, "warn"),
    Outcome.INFORMED: (False, "info"),
}
NULLS = ("required", "nullValues")  # kinds of checks whose failing rows are those without a value


@attr.define
class GateRunFacet(RunFacet):
    """What a gate came to, in the run facet `lakegate`."""

    batch: str
    state: str
    exitCode: int  # noqa: N815 - OpenLineage's spelling
    message: str
    contract: dict[str, str]
    digest: str | None = None
    report: str | None = None
    counts: dict[str, int] = attr.field(factory=dict)
    notEvaluated: list[str] = attr.field(factory=list)  # noqa: N815 - checks that were not asked, or got no answer
    waivers: list[str] = attr.field(factory=list)


def lineage(gated: Passage) -> OperatorLineage[Any, Any]:
    """Return what was read, what was written where the batch is committed, and what the gate came to.

    Datasets are named by their place, not by a batch: the batch is a version.
    """
    promotion, contract = gated.promotion, gated.contract
    verdict, record = promotion.verdict, promotion.record
    digest = verdict.digest if verdict else (record.digest if record else None)
    committed = record is not None and promotion.exit_code == 0
    facet = GateRunFacet(
        batch=promotion.batch,
        state=str(promotion.state),
        exitCode=promotion.exit_code,
        message=promotion.message,
        contract={"id": contract.id, "version": contract.version, "sha256": contract.sha256},
        digest=digest,
        report=gated.report,
        counts={str(outcome): number for outcome, number in verdict.counts.items()} if verdict else {},
        notEvaluated=[one.key for one in verdict.results if one.outcome not in TRUTH] if verdict else [],
        waivers=list(record.waivers) if record else [],
    )
    return OperatorLineage(
        inputs=[_input(*_named(gated.source), digest, verdict)],
        outputs=[_output(*_named(gated.target), record)] if committed and record else [],
        run_facets={"lakegate": facet},
    )


def _named(uri: str) -> tuple[str, str]:
    """Return namespace and name of a dataset by OpenLineage's naming: `s3://bucket` and a key, or `file` and a path."""
    parts = urlsplit(uri)
    if parts.scheme == "s3":
        return f"s3://{parts.netloc}", uri.removeprefix(f"s3://{parts.netloc}/")
    return "file", uri


def _version(digest: str | None) -> dict[str, Any]:
    return {"version": dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=digest)} if digest else {}


def _input(namespace: str, name: str, digest: str | None, verdict: Verdict | None) -> InputDataset:
    """Return the arrivals with what was asserted of the batch and what was counted."""
    if verdict is None:
        return InputDataset(namespace=namespace, name=name, facets=_version(digest))
    metrics = data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet(
        rowCount=verdict.set_apart.rows if verdict.set_apart else verdict.rows,
        bytes=sum(file.size for file in verdict.files),
        fileCount=len(verdict.files),
        columnMetrics={
            column: data_quality_metrics_input_dataset.ColumnMetrics(nullCount=nulls)
            for column, nulls in _nulls(verdict.results)
        },
    )
    asserted = data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(
        assertions=[_assertion(one) for one in verdict.results if one.outcome in TRUTH]
    )
    return InputDataset(
        namespace=namespace,
        name=name,
        facets=_version(digest),
        inputFacets={"dataQualityMetrics": metrics, "dataQualityAssertions": asserted},
    )


def _assertion(result: CheckResult) -> data_quality_assertions_dataset.Assertion:
    """Return one check. `actual` counts rows: a value of the data does not leave with lineage."""
    success, severity = TRUTH[result.outcome]
    failed, total = result.diagnostics.get("failed"), result.diagnostics.get("total")
    expected = result.diagnostics.get("expected")
    counted = isinstance(failed, int) and isinstance(total, int)
    return data_quality_assertions_dataset.Assertion(
        assertion=result.type,
        success=success,
        column=result.field,
        severity=severity,
        name=result.key,
        description=result.name,
        expected=str(expected) if expected is not None else None,
        actual=f"{failed} of {total} rows fail" if counted else None,
    )


def _nulls(results: Sequence[CheckResult]) -> Iterator[tuple[str, int]]:
    """Yield (column, rows without a value) where a check counted them."""
    for one in results:
        failed = one.diagnostics.get("failed")
        if one.type in NULLS and one.field is not None and isinstance(failed, int):
            yield one.field, failed


def _output(namespace: str, name: str, record: CommitRecord) -> OutputDataset:
    """Return the dataset that the batch went into, with what was written."""
    written = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
        rowCount=record.rows, size=sum(file.size for file in record.files), fileCount=len(record.files)
    )
    return OutputDataset(
        namespace=namespace,
        name=name,
        facets=_version(record.digest),
        outputFacets={"outputStatistics": written},
    )
