"""What was committed before a batch, with the numbers that were kept of it: the history that rules look at."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress

from lakegate.checks.spot import spots
from lakegate.contract.custom_rules import own_rule_of
from lakegate.contract.model import SchemaObject
from lakegate.contract.own_rules import HistoryRule, Measured, date_field
from lakegate.gate import state
from lakegate.gate.arrivals import Route
from lakegate.lake.interface import Lake
from lakegate.lake.zones import KeyTemplate, order_of
from lakegate.past import EarlierBatch, Past


def looks_back(obj: SchemaObject) -> bool:
    """Whether a rule of an object looks at the history."""
    rules = (*obj.quality, *(rule for spot in spots(obj) for rule in spot.declared.quality))
    return any(isinstance(own_rule_of(rule, None), HistoryRule) for rule in rules)


def past_of(lake: Lake, route: Route, batch: str) -> Past:
    """Return the committed batches that come before `batch` in the order of the batch keys, their latest revisions.

    A late batch is compared with what precedes it, as it is when everything is made again in order. Raises LakeError.
    """
    template = route.batching.key
    own = order_of(template, batch)
    earlier = (one for one in state.standing(lake, route.target, template) if order_of(template, one.batch) < own)
    return Past(
        tuple(EarlierBatch(one.batch, one.slot, _numbers(one), day_of(template, one.batch)) for one in earlier),
        day_of(template, batch),
    )


def _numbers(batch: state.BatchState) -> dict[str, float | None]:
    """Return what was measured; the number of rows is told by the commit record where the batch met no such rule."""
    return {str(Measured.ROW_COUNT): batch.rows, **batch.measured}


def day_of(template: str | None, batch: str) -> dt.date | None:
    """Return the date in a batch key, None where it holds none; without a template the whole key is one."""
    field = date_field(template)
    text = (KeyTemplate(template).fields(batch) or {}).get(field) if template and field else batch
    with suppress(ValueError):
        return dt.date.fromisoformat(text or "")
    return None
