"""The verdict as JSON, for machines: docs/schemas/verdict.schema.json says its shape.

Field names follow the run report of datacontract-cli where it has them, and `result` speaks its words, so that
what reads those reports reads these. `outcome` and everything else is ours. Nothing is cut and nothing is rounded;
only half a surrogate pair, which is no character, becomes U+FFFD.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from lakegate.checks.interface import Outcome
from lakegate.contract.model import Waiving
from lakegate.reports.summary import standing
from lakegate.rows import Location
from lakegate.verdict import BatchFile, CheckResult, Context, Profile, SetApart, Verdict, Waived

SCHEMA_VERSION = "1.5"  # the second number grows with a new field, the first when a field changes or goes

LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # strict readers refuse it, and with it the whole document

RESULT_WORDS = {
    Outcome.PASSED: "passed",
    Outcome.WARNED: "warning",
    Outcome.SET_APART: "warning",
    Outcome.WAIVED: "warning",
    Outcome.INFORMED: "info",
    Outcome.FAILED: "failed",
    Outcome.NOT_APPLICABLE: "skipped",
    Outcome.COULD_NOT_EVALUATE: "error",
    Outcome.UNSUPPORTED: "error",
}


def to_json(verdict: Verdict) -> str:
    """Return the verdict as one JSON document: keys sorted, checks in the contract's order, ASCII, no clock."""
    history = verdict.context.history
    document = {
        "schemaVersion": SCHEMA_VERSION,
        "reportId": verdict.report_id,
        "lakegateVersion": verdict.lakegate,
        "engine": verdict.engine,
        "dataContractId": verdict.contract_id,
        "dataContractVersion": verdict.contract_version,
        "dataContractSha256": verdict.contract_sha256,
        "owner": verdict.owner,
        "dataset": verdict.dataset,
        "model": verdict.model,
        "batch": verdict.batch,
        "digest": verdict.digest,
        "files": [{"path": f.path, "size": f.size, "sha256": f.sha256} for f in verdict.files],
        "rows": verdict.rows,
        "minRows": verdict.min_rows,
        "contractFile": verdict.contract_file,
        **({"waiving": _waiving(verdict.waiving)} if verdict.waiving.allowed else {}),
        **({"opening": verdict.opening} if verdict.opening else {}),
        **({"profile": _profile(verdict.profile)} if verdict.profile else {}),
        **({"incident": verdict.incident} if verdict.incident else {}),
        **({"setApart": dataclasses.asdict(verdict.set_apart)} if verdict.set_apart else {}),
        **({"waivers": [dataclasses.asdict(waiver) for waiver in verdict.waivers]} if verdict.waivers else {}),
        "options": verdict.options,
        "context": {
            "asOf": verdict.context.as_of,
            "slots": {
                dataset: [{"batch": batch, "slot": slot} for batch, slot in slots]
                for dataset, slots in verdict.context.slots.items()
            },
            "files": [{"path": path, "sha256": sha256} for path, sha256 in verdict.context.files.items()],
            **({"history": [{"batch": batch, "slot": slot} for batch, slot in history]} if history else {}),
            **({"sequence": verdict.context.sequence} if verdict.context.sequence is not None else {}),
        },
        "result": _result(verdict),
        "outcome": standing(verdict),
        "exitCode": verdict.exit_code,
        "counts": {outcome.value: number for outcome, number in verdict.counts.items()},
        "checks": [_check(result, verdict.engine) for result in verdict.results],
    }
    return json.dumps(_value(document), indent=2, sort_keys=True, allow_nan=False) + "\n"


def of_json(data: bytes) -> Verdict:
    """Return the verdict that a report.json holds; of diagnostics what JSON made of them (a decimal is a text there).

    `to_json` of it is the same document, in the words of this version. Raises ValueError, with what is wrong, where it
    is none, and for a report older than 1.4, which does not hold everything.
    """
    try:
        document = json.loads(data)
        first, second = map(int, str(document["schemaVersion"]).split("."))
        if first != 1 or second < 4:
            raise ValueError(f"got schemaVersion {first}.{second}, expected 1.4 to {SCHEMA_VERSION}")
        return _verdict(document)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"no report.json: {type(error).__name__}: {error}") from None


def _verdict(told: Mapping[str, Any]) -> Verdict:
    """Return the verdict of a document."""
    context = told["context"]
    apart = told.get("setApart")
    return Verdict(
        contract_id=told["dataContractId"],
        contract_version=told["dataContractVersion"],
        contract_sha256=told["dataContractSha256"],
        dataset=told["dataset"],
        model=told["model"],
        batch=told["batch"],
        digest=told["digest"],
        files=tuple(BatchFile(**file) for file in told["files"]),
        rows=told["rows"],
        results=tuple(_check_result(check) for check in told["checks"]),
        engine=told["engine"],
        lakegate=told["lakegateVersion"],
        options=told["options"],
        context=Context(
            as_of=context["asOf"],
            slots={dataset: _slots(slots) for dataset, slots in context["slots"].items()},
            files={file["path"]: file["sha256"] for file in context["files"]},
            history=_slots(context.get("history", ())),
            sequence=context.get("sequence"),
        ),
        min_rows=told["minRows"],
        owner=told["owner"],
        contract_file=told["contractFile"],
        set_apart=SetApart(**apart) if apart else None,
        waivers=tuple(Waived(**one | {"rules": tuple(one["rules"])}) for one in told.get("waivers", ())),
        waiving=_of_waiving(told["waiving"]) if "waiving" in told else Waiving(),
        opening=told.get("opening", ""),
        profile=_of_profile(told["profile"]) if "profile" in told else None,
        incident=told.get("incident"),
    )


def _profile(profile: Profile) -> dict[str, Any]:
    """Return how many rows hold null; a list, for it has an order."""
    columns = [{"name": name, "nulls": nulls} for name, nulls in profile.nulls.items()]
    return {"rows": profile.rows, "columns": columns}


def _of_profile(told: Mapping[str, Any]) -> Profile:
    return Profile(told["rows"], {column["name"]: column["nulls"] for column in told["columns"]})


def _slots(told: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, int], ...]:
    return tuple((one["batch"], one["slot"]) for one in told)


def _check_result(told: Mapping[str, Any]) -> CheckResult:
    """Return one check of a document."""
    return CheckResult(
        key=told["key"],
        category=told["category"],
        type=told["type"],
        name=told["name"],
        model=told["model"],
        field=told["field"],
        quality_id=told["qualityId"],
        dimension=told["dimension"],
        outcome=Outcome(told["outcome"]),
        reason=told["reason"] or "",
        diagnostics=told["diagnostics"],
        locations=tuple(
            Location(**place | {"key": tuple((part["name"], part["value"]) for part in place["key"])})
            for place in told["locations"]
        ),
        implementation=told["implementation"] or "",
        suite=told["suite"],
        library=told["library"],
        query=told.get("query", ""),
    )


def _result(verdict: Verdict) -> str:
    """Return the whole run's result in datacontract-cli's words; it never contradicts the exit code."""
    match verdict.exit_code:
        case 0:
            counts = verdict.counts
            told = (Outcome.WARNED, Outcome.SET_APART, Outcome.WAIVED)
            return "warning" if any(counts[outcome] for outcome in told) else "passed"
        case 1:
            return "failed"
        case _:
            return "error"


def _waiving(waiving: Waiving) -> dict[str, Any]:
    """Return who may waive; not there where nobody may."""
    return {"approvers": list(waiving.approvers), "maxDays": waiving.max_days}


def _of_waiving(told: Mapping[str, Any]) -> Waiving:
    return Waiving(allowed=True, approvers=tuple(told["approvers"]), max_days=told["maxDays"])


def _check(result: CheckResult, engine: str) -> dict[str, Any]:
    """Return one check as the schema's `check`."""
    return {
        "id": result.key,
        "key": result.key,
        "category": result.category,
        "type": result.type,
        "name": result.name,
        "model": result.model,
        "field": result.field,
        "qualityId": result.quality_id,
        "dimension": result.dimension,
        "engine": _engine(result, engine),
        "library": result.library,
        "suite": result.suite,
        **({"query": result.query} if result.query else {}),
        "implementation": result.implementation or None,
        "result": RESULT_WORDS[result.outcome],
        "outcome": result.outcome,
        "reason": result.reason or None,
        "diagnostics": result.diagnostics,
        "locations": [_location(location) for location in result.locations],
    }


def _engine(result: CheckResult, engines: str) -> str:
    """Return who judged: the engine, or the library that ran the check itself."""
    first, *libraries = engines.split(", ")
    return next((one for one in libraries if one.split()[0] == result.library), first)


def _location(location: Location) -> dict[str, Any]:
    """Return one location as the schema's `location`; what is unknown is null."""
    return {
        "file": location.file,
        "row": location.row,
        "line": location.line,
        "column": location.column,
        "key": [{"name": name, "value": value} for name, value in location.key],
        "value": location.value,
    }


def _value(value: object) -> Any:  # noqa: ANN401 -- any JSON value
    """Return a value as JSON has it: decimals, dates, times and non-finite numbers as text, exact."""
    match value:
        case str():
            return LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
        case None | bool() | int():
            return value
        case float() if math.isfinite(value):
            return value
        case Mapping():
            return {_value(str(key)): _value(item) for key, item in value.items()}
        case list() | tuple():
            return [_value(item) for item in value]
        case _:
            return str(value)
