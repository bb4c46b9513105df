"""Many runs as one JSON document, by columns: what every run repeats (rules, bounds, contracts) stands there once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lakegate.lake.zones import report
from lakegate.reports.datasets.runs import Measured, PastRun, RunState
from lakegate.reports.summary import Standing

PLAIN = ("id", "batch", "at", "message", "rows", "set_apart", "slot", "seconds", "committed")  # columns as they are


def columns(runs: Sequence[PastRun]) -> dict[str, Any]:
    """Return runs as columns, each with one value a run in their order."""
    keys = sorted({key for run in runs for key in run.failing})
    contracts = sorted({(run.contract_sha256, run.contract_version) for run in runs})
    at = {key: index for index, key in enumerate(keys)}
    return {
        **{name: [getattr(run, name) for run in runs] for name in PLAIN},
        "standing": [run.standing.value for run in runs],
        "state": [run.state.value for run in runs],
        "reported": [bool(run.report) for run in runs],
        "contracts": contracts,
        "contract": [contracts.index((run.contract_sha256, run.contract_version)) for run in runs],
        "outcomes": {
            name: [run.counts.get(name, 0) for run in runs] for name in sorted({n for r in runs for n in r.counts})
        },
        "checks": keys,
        "failing": [[at[key] for key in run.failing] for run in runs],
        **_nulls(runs),
        "measured": {key: _numbers(runs, key) for key in sorted({key for run in runs for key in run.measured})},
    }


def _nulls(runs: Sequence[PastRun]) -> dict[str, Any]:
    """Return the rows that arrived with null by property: a number a run, None where they were not counted.

    One number where it is that of every run. Runs that counted none say nothing, so that what was written before they
    were counted is written in the same way.
    """
    paths = sorted({path for run in runs for path in run.nulls})
    told = {path: [run.nulls.get(path) for run in runs] for path in paths}
    return (
        {"nulls": {path: found[0] if len(set(found)) == 1 else found for path, found in told.items()}} if told else {}
    )


def _numbers(runs: Sequence[PastRun], key: str) -> dict[str, Any]:
    """Return what runs measured by one rule: a value a run, None where it was not; bounds and units once if equal."""
    told = [run.measured.get(key) for run in runs]
    return {
        "value": [one and one.value for one in told],
        **{
            name: _once([getattr(one, name) if one else None for one in told], told) for name in ("low", "high", "unit")
        },
    }


def _once(values: list[Any], told: Sequence[Measured | None]) -> Any:  # noqa: ANN401 - a JSON value, or a list of them
    """Return the one value of every run that measured, else the list of all."""
    had = [value for value, one in zip(values, told, strict=True) if one is not None]
    return had[0] if all(value == had[0] for value in had) else values


def of_columns(document: Mapping[str, Any], dataset: str) -> tuple[PastRun, ...]:
    """Return the runs of a dataset that `columns` told. Raises ValueError, KeyError, TypeError where it is none."""
    runs = []
    for index, (id_, batch) in enumerate(zip(document["id"], document["batch"], strict=True)):
        sha256, version = document["contracts"][document["contract"][index]]
        told = {
            **{name: document[name][index] for name in PLAIN},
            "standing": Standing(document["standing"][index]),
            "state": RunState(document["state"][index]),
            "counts": {name: numbers[index] for name, numbers in document["outcomes"].items() if numbers[index]},
            "failing": tuple(document["checks"][key] for key in document["failing"][index]),
            "measured": dict(_measured(document["measured"], index)),
            "nulls": {
                path: count
                for path, told in document.get("nulls", {}).items()
                if (count := _at(told, index)) is not None
            },
            "contract_sha256": sha256,
            "contract_version": version,
            "report": report(dataset, batch, id_) if document["reported"][index] else "",
        }
        runs.append(PastRun(**told))
    return tuple(runs)


def _measured(document: Mapping[str, Any], index: int) -> Iterable[tuple[str, Measured]]:
    for key, told in document.items():
        if (value := told["value"][index]) is not None:
            low, high, unit = (_at(told[name], index) for name in ("low", "high", "unit"))
            yield key, Measured(value, low, high, unit)


def _at(told: Any, index: int) -> Any:  # noqa: ANN401 - a JSON value, or a list of them
    return told[index] if isinstance(told, list) else told


def written(document: Mapping[str, Any]) -> bytes:
    """Return a document as it is stored: one line of ASCII with sorted keys, the same for the same."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def digest(data: bytes) -> str:
    """Return what tells one document from another, 12 digits."""
    return hashlib.sha256(data).hexdigest()[:12]
