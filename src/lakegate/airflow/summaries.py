"""What goes into XCom: a summary and the report's address, never the report (1 MB of XCom takes seconds)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakegate.gate.promote import Promotion

SUMMARY = "lakegate"  # the XCom key; pushed before a task fails, so that who comes after knows why
FAILED_SHOWN = 20


def summary(promotion: Promotion) -> Mapping[str, Any]:
    """Return what a promotion came to, in a few hundred bytes."""
    verdict, record = promotion.verdict, promotion.record
    failed = [one for one in verdict.results if one.outcome in ("failed", "could not evaluate")] if verdict else []
    return {
        "batch": promotion.batch,
        "state": str(promotion.state),
        "exit_code": promotion.exit_code,
        "message": promotion.message,
        "report": promotion.report,
        "digest": verdict.digest if verdict else (record.digest if record else None),
        "contract_sha256": verdict.contract_sha256 if verdict else (record.contract_sha256 if record else None),
        "rows": verdict.rows if verdict else (record.rows if record else None),
        "counts": {str(k): n for k, n in verdict.counts.items()}
        if verdict
        else (dict(record.counts) if record else {}),
        "failed": [{"rule": one.key, "reason": one.reason[:300]} for one in failed[:FAILED_SHOWN]],
        "slot": record.slot if record else None,
    }
