"""What a contract promises of time: its service levels in words, and until when the next batch has to be in.

A page that calls a dataset late when it is not is not believed again. So every doubt is for the dataset: a month has 31
days, a promise without a latency has a whole period to come true, and what cannot be read promises nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from lakegate.checks.service_level import UNITS, duration, in_words
from lakegate.contract.model import Contract, SchemaObject, SlaProperty
from lakegate.reports.contracts.cron import longest_gap

_LONGEST = {dt.timedelta(days=30): dt.timedelta(days=31), dt.timedelta(days=365): dt.timedelta(days=366)}
_CLOCKS = dt.timedelta(hours=1)  # by which a day is longer when the clocks go back
_CRON = ("", "cron", "airflow")  # schedulers whose `schedule` is a cron expression
_WORDS = ("property", "value", "valueExt", "unit", "description", "schedule", "scheduler", "driver")


def levels(contract: Contract, obj: SchemaObject) -> Iterator[tuple[str, str]]:
    """Yield each service level of an object: its name, and in words what is promised."""
    for sla, node in _of(contract, obj):
        told = in_words(sla, _element(sla, obj))
        if node.get("schedule"):
            told += f", by the schedule {node['schedule']}" + (
                f" ({node['scheduler']})" if node.get("scheduler") else ""
            )
        yield sla.property, f"{told}: {node['description']}" if node.get("description") else told


def fresh_for(contract: Contract, obj: SchemaObject) -> int | None:
    """Return how many seconds after a batch came in the next one has to be in, None where nothing is promised.

    By `frequency`, or by a `schedule` of cron, and the `latency`; without these two by the `freshness` of the newest
    value, which cannot be newer than the batch that brought it.
    """
    period, latency, fresh = None, None, None
    for sla, node in _of(contract, obj):
        kind, length = sla.property.lower(), _most(sla)
        if node.get("schedule") and str(node.get("scheduler") or "").casefold() in _CRON:
            period = period or longest_gap(str(node["schedule"]))
        elif kind == "frequency" and length:
            period = period or length
        if kind == "latency" and length:
            latency = length
        if kind == "freshness" and length:
            fresh = length
    if period is not None:
        grace = latency if latency is not None else period
        return int((period + grace + (_CLOCKS if period >= dt.timedelta(days=1) else dt.timedelta())).total_seconds())
    return int(fresh.total_seconds()) if fresh is not None else None


def _of(contract: Contract, obj: SchemaObject) -> Iterator[tuple[SlaProperty, Mapping[str, Any]]]:
    """Yield the service levels of an object, with their nodes: those of another object of the contract are not its."""
    for sla, node in zip(contract.sla, contract.document.get("slaProperties") or (), strict=True):
        model = (sla.element or "").partition(".")[0]
        if not sla.element or model == obj.name or contract.object(model) is None:
            yield sla, node


def _element(sla: SlaProperty, obj: SchemaObject) -> str:
    model, _, path = (sla.element or "").partition(".")
    return path if model == obj.name else sla.element or ""


def _most(sla: SlaProperty) -> dt.timedelta | None:
    """Return the longest that a duration can be, None where it is none or not above zero."""
    length = duration(sla.value, sla.unit)
    one = next((one for one, names in UNITS.items() if (sla.unit or "d").lower() in names), None)
    if length is None or one is None or length <= dt.timedelta():
        return None
    return length / one * _LONGEST.get(one, one)
