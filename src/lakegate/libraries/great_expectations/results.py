"""Verdicts in the form of Great Expectations' own validation results. Pure: the library is not needed to write it.

The keys and numbers are those of `ExpectationSuiteValidationResult.to_json_dict()` in the result format BASIC. Nothing
in them depends on a clock.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from lakegate.checks.interface import Outcome
from lakegate.errors import UsageError
from lakegate.verdict import CheckResult, Verdict

SOURCE = "lakegate"  # what the library would call the data source
HOLDS = frozenset({Outcome.PASSED, Outcome.NOT_APPLICABLE})


def validation_results(*verdicts: Verdict) -> list[dict[str, Any]]:
    """Return a document for each suite file that rules name, with the results of its expectations only.

    Where no rule names a file, one document holds the expectations that stand in the contract, under the contract's
    id. What could not be evaluated, of whatever cause, has `success: false` and `raised_exception: true`.
    Raises UsageError where no verdict holds an expectation.
    """
    documents = [document for verdict in verdicts for document in _documents(verdict)]
    if verdicts and not documents:
        message = (
            f"{verdicts[0].contract_id} holds no expectation of Great Expectations: there is no suite to report on"
        )
        raise UsageError(message, hint="the other output formats tell all checks")
    return documents


def _documents(verdict: Verdict) -> list[dict[str, Any]]:
    """Return the documents of one verdict, in the order in which the contract names their suites."""
    suites: dict[str | None, list[dict[str, Any]]] = {}
    for result in verdict.results:
        expectation = _expectation(result)
        if expectation is not None:
            suites.setdefault(result.suite, []).append(_result(result, expectation, verdict))
    if len(suites) > 1:
        suites.pop(None, None)
    return [_document(verdict, suite_name(file, verdict.contract_id), results) for file, results in suites.items()]


def suite_name(file: str | None, contract_id: str) -> str:
    """Return what the library calls a suite: `expectations/nyc/flights.json` is `nyc.flights`."""
    return re.sub(r"^expectations/|\.\w+$", "", file).replace("/", ".") if file else contract_id


def _expectation(result: CheckResult) -> dict[str, Any] | None:
    """Return the expectation that a check was made of, None where it was made of something else."""
    try:
        said = json.loads(result.implementation or "null")
    except ValueError:
        return None
    is_one = isinstance(said, dict) and said.get("type") == result.type and isinstance(said.get("kwargs"), dict)
    return said if is_one else None


def _document(verdict: Verdict, name: str, results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one suite's validation result."""
    kept = sum(result["success"] for result in results)
    version = re.search(r"great_expectations (\S+)", verdict.engine)
    meta = {
        **({"great_expectations_version": version[1].rstrip(",")} if version else {}),
        "run_id": {"run_name": verdict.report_id, "run_time": verdict.context.as_of},
        "batch_spec": {"data_asset_name": verdict.dataset, "files": [file.path for file in verdict.files]},
        "batch_markers": {"sha256": verdict.digest},
        "active_batch_definition": {
            "datasource_name": SOURCE,
            "data_connector_name": SOURCE,
            "data_asset_name": verdict.dataset,
            "batch_identifiers": {"batch": verdict.batch},
        },
        # The suite is a part of the contract only: what the whole of it came to stands here.
        SOURCE: {
            "version": verdict.lakegate,
            "engine": verdict.engine,
            "contract": verdict.contract_id,
            "contract_version": verdict.contract_version,
            "exit_code": verdict.exit_code,
        },
    }
    return {
        "success": kept == len(results),
        "results": results,
        "suite_name": name,
        "suite_parameters": {},
        "statistics": {
            "evaluated_expectations": len(results),
            "successful_expectations": kept,
            "unsuccessful_expectations": len(results) - kept,
            "success_percent": kept / len(results) * 100,
        },
        "meta": meta,
        "id": None,
    }


def batch_id(verdict: Verdict) -> str:
    """Return what the library would call the batch."""
    return "-".join(filter(None, (SOURCE, verdict.dataset, verdict.batch)))


def _result(result: CheckResult, said: Mapping[str, Any], verdict: Verdict) -> dict[str, Any]:
    """Return one expectation's validation result. What the library never said, it could not evaluate."""
    answered = isinstance(result.diagnostics.get("success"), bool) and result.outcome is not Outcome.COULD_NOT_EVALUATE
    configuration = {
        "type": said["type"],
        "kwargs": {**said["kwargs"], "batch_id": batch_id(verdict)},
        "meta": said.get("meta") or {},
        **{key: said[key] for key in ("notes", "description", "id") if said.get(key) is not None},
        "severity": said.get("severity") or "critical",
    }
    return {
        "success": answered and bool(result.diagnostics["success"]) and result.outcome in HOLDS,
        "expectation_config": configuration,
        "result": _finite(_numbers(result)) if answered else {},
        "meta": {SOURCE: {"check": result.key, "outcome": result.outcome.value, "reason": result.reason}},
        "exception_info": {
            "raised_exception": not answered,
            "exception_traceback": None if answered else "",  # the library's pages need text, but it may quote the data
            "exception_message": None if answered else result.reason or "not evaluated",
        },
    }


def _numbers(result: CheckResult) -> dict[str, Any]:
    """Return the library's result, with the failing values as far as the report may tell them."""
    numbers = dict(result.diagnostics.get("result") or {})
    if "unexpected_count" in numbers:
        numbers["partial_unexpected_list"] = [place.value for place in result.locations if place.value is not None]
    return numbers


def to_gx(documents: Iterable[Mapping[str, Any]]) -> str:
    """Return documents as JSON: one alone, else a list."""
    listed = list(documents)
    return json.dumps(listed[0] if len(listed) == 1 else listed, indent=2, allow_nan=False, default=str) + "\n"


def _finite(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value as the library writes it into JSON, which knows no decimals and no NaN."""
    match value:
        case Decimal():
            return _finite(float(value))
        case float() if not math.isfinite(value):
            return str(value)
        case Mapping():
            return {str(key): _finite(item) for key, item in value.items()}
        case list() | tuple():
            return [_finite(item) for item in value]
    return value
