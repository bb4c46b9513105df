"""The asset of a dataset: what a committed batch is told on, and what DAGs downstream are scheduled by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.sdk import Asset

from lakegate.airflow.headings import Way
from lakegate.gate.ledger import CommitRecord


def asset_of(way: Way) -> Asset:
    """Return the asset of a dataset: named by its place in the lake (`01-raw-data-zone/nyc/flights`)."""
    return Asset(name=way.target.removesuffix("/"), uri=way.uri.removesuffix("/"), group="lakegate")


def told(record: CommitRecord, report: str | None) -> Mapping[str, Any]:
    """Return the `extra` of the event that a commit is told by. `report` is the address of the page."""
    return {
        "dataset": record.dataset,
        "batch": record.batch,
        "slot": record.slot,
        "digest": record.digest,
        "rows": record.rows,
        "counts": dict(record.counts),
        "verdict": record.verdict,
        "waivers": list(record.waivers),
        "contract": {"id": record.contract_id, "version": record.contract_version, "sha256": record.contract_sha256},
        "report": report or record.report,
    }
