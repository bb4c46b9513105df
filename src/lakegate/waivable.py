"""What of a verdict a waiver can let pass, and what it never can (SEMANTICS, waivers; ADR 0023)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lakegate.checks.interface import Outcome
from lakegate.verdict import ROWS_ADD_UP, CheckResult, Verdict

STRUCTURE = ("columnPresent", "logicalType", "physicalType")  # types of checks: what breaks them, breaks readers too


def unwaivable(result: CheckResult) -> str:
    """Return why a failed check can never be waived; empty where it can."""
    if result.category == "batch":
        return "it is about the integrity of the batch, not about what its rows say"
    if result.type in STRUCTURE:
        return "what cannot be read as declared breaks everybody who reads it"
    if result.diagnostics.get("measured") is False:
        return "it could not be measured, so nobody knows what would be let in"
    return ""


def obstacles(results: Iterable[CheckResult], exit_code: int, options: Mapping[str, Any]) -> tuple[str, ...]:
    """Return why nobody may let a batch in by a waiver; empty where its failed checks can be waived, all of them.

    It takes what a verdict says of it, or its report.
    """
    told = list(results)
    failed = failing(told)
    if exit_code != 1 or not failed:
        return ("only a batch that was judged and violates its contract can be waived",)
    if any(result.type == ROWS_ADD_UP for result in told):
        return ("its numbers are of the rows that would go on without those set apart, not of the whole batch",)
    why = [f"{result.key}: {never}" for result in failed if (never := unwaivable(result))]
    if options.get("fail_on") == "warning" and any(result.outcome is Outcome.WARNED for result in told):
        why.append("warnings block it, as --fail-on warning asks; leave that out instead")
    return tuple(why)


def waivable(verdict: Verdict) -> bool:
    """Whether a waiver could let the batch in."""
    return not obstacles(verdict.results, verdict.exit_code, verdict.options)


def failing(results: Iterable[CheckResult]) -> tuple[CheckResult, ...]:
    """Return the checks that failed."""
    return tuple(result for result in results if result.outcome is Outcome.FAILED)


def rows_of(result: CheckResult) -> int | None:
    """Return how many rows a check counted as failing, None where it counts none."""
    rows = result.diagnostics.get("failed")
    return rows if isinstance(rows, int) and not isinstance(rows, bool) else None
