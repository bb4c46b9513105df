"""What is told of a promotion: in XCom a summary and the report's address, never the report (1 MB takes seconds)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakegate.airflow.outcomes import exit_of, told_of
from lakegate.errors import LakegateError

if TYPE_CHECKING:
    from lakegate.contract.model import Contract
    from lakegate.gate.promote import Promotion
    from lakegate.verdict import CheckResult

SUMMARY = "lakegate"  # the XCom key; pushed before a task fails, so that who comes after knows why
FAILED_SHOWN = 20
LONGEST = 2000  # characters of a message, 300 of a reason
FOLDER = "references/"


@dataclass(frozen=True, slots=True)
class Passage:
    """What a task came to, and everything that is told of it: where the batch came from and goes to, as addresses."""

    promotion: Promotion
    contract: Contract
    source: str
    target: str
    report: str | None


def summary(promotion: Promotion, *, dataset: str | None = None, reports_url: str | None = None) -> Mapping[str, Any]:
    """Return what a promotion came to, in a few hundred bytes.

    `report` is the page's address: under `reports_url` where that is given, else in the lake. `report_key` is its key
    there. `failed` holds the checks that block, at most 20 of them, with the rows that each counted; `waivable`:
    whether a waiver could let the batch in.
    """
    verdict, record = promotion.verdict, promotion.record
    failed = [one for one in verdict.results if one.outcome in ("failed", "could not evaluate")] if verdict else []
    found = verdict or record
    return {
        "dataset": found.dataset if found else dataset,
        "batch": promotion.batch,
        "state": str(promotion.state),
        "exit_code": promotion.exit_code,
        "message": promotion.message[:LONGEST],
        "report": address(promotion.report, reports_url),
        "report_key": key_of(promotion.report) or None,
        "digest": found.digest if found else None,
        "contract_sha256": found.contract_sha256 if found else None,
        "rows": found.rows if found else None,
        "counts": {str(outcome): number for outcome, number in found.counts.items()} if found else {},
        "failed": [_check(one) for one in failed[:FAILED_SHOWN]],
        "waivable": waivable(promotion),
        "slot": record.slot if record else None,
    }


def of_error(batch: str, error: LakegateError | OSError) -> Mapping[str, Any]:
    """Return the summary of a batch that was neither judged nor promoted. `state` is `error`."""
    return {
        "dataset": None,
        "batch": batch,
        "state": "error",
        "exit_code": exit_of(error),
        "message": told_of(error)[:LONGEST],
        "report": None,
        "report_key": None,
        "digest": None,
        "contract_sha256": None,
        "rows": None,
        "counts": {},
        "failed": [],
        "waivable": False,
        "slot": None,
    }


def key_of(report: object) -> str:
    """Return the key in the lake of a report (`references/reports/…`), by its key or its address there; else empty."""
    _, found, rest = f"/{report}".partition(f"/{FOLDER}reports/") if isinstance(report, str) else ("", "", "")
    return f"{FOLDER}reports/{rest}" if found else ""


def address(report: str | None, reports_url: str | None) -> str | None:
    """Return where a reader finds a report: `reports_url` stands for the lake's `references/`."""
    from lakegate.reports.site.links import public

    key = key_of(report)
    return public(reports_url.rstrip("/"), key) if reports_url and key else report


def waivable(promotion: Promotion) -> bool:
    """Whether a waiver could let a batch in: it was judged, and what failed may be waived."""
    from lakegate.waivable import waivable as can_be

    return promotion.verdict is not None and can_be(promotion.verdict)


def _check(result: CheckResult) -> Mapping[str, Any]:
    """Return one check that blocks. `rows` is None where it counts none."""
    rows = result.diagnostics.get("failed")
    rows = rows if type(rows) is int else None
    return {"rule": result.key, "name": result.name[:300], "reason": result.reason[:300], "rows": rows}
