"""Rules of `engine: lakegate`: a number of the batch against those of earlier batches, and what came in against what
goes out.

Their grammar is lakegate-rule.schema.json beside this module; what it cannot say is said here.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from lakegate.contract.findings import REFUSED, Finding, Path, listed, near
from lakegate.contract.model import Contract, LogicalType, Property, SchemaObject
from lakegate.contract.places import Place, has
from lakegate.contract.standard import Grammar
from lakegate.errors import Severity

BATCHES = 28  # earlier batches that a rule looks at, where it does not say
LEAST = 7  # and below how many it is not applicable
_DATE_FIELD = re.compile(r"(?:^|_)(?:date|day|dt|ds)$")
_NUMBERS = frozenset({LogicalType.INTEGER, LogicalType.NUMBER})
_INSTANTS = frozenset({LogicalType.DATE, LogicalType.TIMESTAMP})


class Measured(StrEnum):
    """The numbers of a batch that are held against earlier ones."""

    ROW_COUNT = "rowCount"
    NULL_SHARE = "nullShare"  # percent of all rows, 0-100
    MEAN = "mean"
    SUM = "sum"
    MIN = "min"
    MAX = "max"
    DISTINCT = "distinct"  # how many different values
    FRESHNESS = "freshness"  # hours from the newest value to the pinned as-of instant


class Tallied(StrEnum):
    """What is counted on one side of a reconciliation."""

    ROWS = "rows"
    SUM = "sum"
    DISTINCT = "distinct"


@dataclass(frozen=True, slots=True)
class HistoryRule:
    """A number of the batch, held against those of earlier batches. One of the two bounds is given.

    `column` is a property's path by logical names; None for `rowCount`. `max_change` is a percentage of the median.
    """

    measure: Measured
    column: str | None
    batches: int
    least: int
    same_weekday: bool
    max_z_score: float | None
    max_change: Decimal | None

    @property
    def number(self) -> str:
        """What the number is called where it is kept: `rowCount`, `nullShare(udo.page_name)`."""
        return f"{self.measure}({self.column})" if self.column is not None else str(self.measure)


@dataclass(frozen=True, slots=True)
class Side:
    """What is counted on one side: `columns` are paths by logical names, none for rows."""

    measure: Tallied
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What is counted here, held against what is counted in another dataset. `by` are pairs (here, there)."""

    dataset: str
    here: Side
    there: Side
    by: tuple[tuple[str, str], ...]
    tolerance: Decimal
    percent: bool  # of the number there; else the tolerance is a number


def own_rule(node: Mapping[str, Any], column: str | None) -> HistoryRule | Reconciliation:
    """Return what a rule says that `findings` has nothing against. `column` is the property that it stands at."""
    return _reconciliation(node, column) if "reconcile" in node else _history(node, column)


def _history(node: Mapping[str, Any], column: str | None) -> HistoryRule:
    measure, against = Measured(node["measure"]), node["against"]
    batches = int(against.get("batches", BATCHES))  # JSON's grammar takes 28.0 for an integer, too
    change = against.get("maxChange")
    return HistoryRule(
        measure=measure,
        column=None if measure is Measured.ROW_COUNT else node.get("column", column),
        batches=batches,
        least=int(against.get("minBatches", min(LEAST, batches))),
        same_weekday=against.get("sameWeekday", False),
        max_z_score=against.get("maxZScore"),
        max_change=None if change is None else _amount(change)[0],
    )


def _reconciliation(node: Mapping[str, Any], column: str | None) -> Reconciliation:
    here = _side(node, column)
    theirs = node.get("theirs", node)
    by = (entry if isinstance(entry, Mapping) else {entry: entry} for entry in node.get("by", ()))
    tolerance, percent = _amount(node.get("tolerance", 0))
    there = _side(theirs, list(here.columns) or None)
    pairs = tuple(pair for entry in by for pair in entry.items())
    return Reconciliation(node["reconcile"], here, there, pairs, tolerance, percent)


def _side(node: Mapping[str, Any], default: str | list[str] | None) -> Side:
    measure = Tallied(node["measure"])
    column = node.get("column", default)
    if measure is Tallied.ROWS or column is None:
        return Side(measure)
    return Side(measure, (column,) if isinstance(column, str) else tuple(column))


def _amount(value: float | str) -> tuple[Decimal, bool]:
    """Return a tolerance, and whether it is a percentage."""
    number, unit = re.fullmatch(r"([0-9.eE+-]+) *(\D*)", str(value)).groups()  # type: ignore[union-attr]  # the grammar
    return Decimal(number), bool(unit)


def leaves(dataset: str) -> bool:
    """Whether the name of a dataset, read as a path, would lead out of the project's folder."""
    return dataset.startswith("/") or "\\" in dataset or ".." in dataset.split("/")


def date_field(template: str | None) -> str | None:
    """Return the field of a batch key template that is a date: `date`, `day`, `dt`, `ds`, or a name that ends so."""
    names: list[str] = re.findall(r"\{(\w+)\}", template or "")
    return next((name for name in names if _DATE_FIELD.search(name)), None)


# --- what is wrong with them ------------------------------------------------------------------------------------


@functools.cache
def _grammar(kind: str) -> Grammar:
    """Return the grammar of a rule: `history` or `reconciliation`."""
    schema = json.loads(importlib.resources.files(__package__).joinpath("lakegate-rule.schema.json").read_text("utf-8"))
    return Grammar({"$schema": schema["$schema"], "$defs": schema["$defs"], "$ref": f"#/$defs/{kind}"})


def well_formed(node: Mapping[str, Any]) -> bool:
    """Whether the grammar has nothing against a rule."""
    return not any(_grammar("reconciliation" if "reconcile" in node else "history").findings(node, {}))


def findings(node: Mapping[str, Any], at: Path, contract: Contract, place: Place) -> Iterator[Finding]:
    """Yield what is wrong with the implementation of a rule; the other side of a reconciliation is lint's to ask."""
    reconciles = "against" not in node and any(near(key, ("reconcile",)) for key in node)
    wrong = list(_grammar("reconciliation" if reconciles else "history").findings(node, {}, at))
    yield from wrong
    if wrong:
        return
    if place.prop is not None and any(mark in place.name for mark in "[{"):
        message = "items of an array or map have no one value a row"
        yield Finding(at, "misplaced-rule", message, hint="write the rule at the property that holds them")
        return
    rule = own_rule(node, place.name or None)
    if isinstance(rule, HistoryRule):
        yield from _of_history(rule, node, at, contract, place)
    else:
        yield from _of_reconciliation(rule, at, place)


def _of_history(
    rule: HistoryRule, node: Mapping[str, Any], at: Path, contract: Contract, place: Place
) -> Iterator[Finding]:
    against: Path = (*at, "against")
    bounds = [bound for bound in ("maxZScore", "maxChange") if bound in node["against"]]
    if len(bounds) != 1:
        found = " and ".join(bounds) or "none"
        message = "the rule has exactly one bound"
        yield Finding(against, "no-bound", message, found=found, expected="maxZScore or maxChange: 20 percent")
    if rule.least > rule.batches:
        message = "more batches are needed than are looked at: the rule never applies"
        yield Finding(
            (*against, "minBatches"), "never-holds", message, found=str(rule.least), expected=f"at most {rule.batches}"
        )
    template = contract.gate.batch.key
    if rule.same_weekday and template is not None and date_field(template) is None:
        message = f"the batch key {template} has no field that is a date"
        hint = "call one date, day, dt or ds, or let the name end so: dt={date}"
        yield Finding((*against, "sameWeekday"), "no-date", message, hint=hint)
    if rule.measure is Measured.ROW_COUNT:
        if "column" in node:
            yield Finding(
                (*at, "column"), "misplaced-key", "rows are counted of no column", hint="remove it", at_key=True
            )
        return
    if rule.column is None:
        hint = "write column: NAME, or the rule at a property"
        yield Finding(at, "no-property", f"{rule.measure} looks at a property", hint=hint)
        return
    wanted = {
        Measured.MEAN: _NUMBERS,
        Measured.SUM: _NUMBERS,
        Measured.MIN: _NUMBERS,
        Measured.MAX: _NUMBERS,
        Measured.FRESHNESS: _INSTANTS,
    }.get(rule.measure)
    where = (*at, "column") if "column" in node else at
    yield from column_findings(place.object, rule.column, where, str(rule.measure), wanted)


def _of_reconciliation(rule: Reconciliation, at: Path, place: Place) -> Iterator[Finding]:
    if leaves(rule.dataset):
        yield Finding((*at, "reconcile"), REFUSED + "path", "the dataset's name leaves the project", found=rule.dataset)
    yield from side_findings(place.object, rule.here, at)
    if rule.here.columns and not rule.there.columns and rule.there.measure is not Tallied.ROWS:
        hint = "write theirs: {measure: …, column: NAME}"
        yield Finding((*at, "theirs"), "no-property", f"{rule.there.measure} looks at a property", hint=hint)
    for i, (here, _) in enumerate(rule.by):
        yield from column_findings(place.object, here, (*at, "by", i), "by")
    exact = rule.tolerance == 0 and rule.here.measure is Tallied.SUM
    summed = property_at(place.object, rule.here.columns[0]) if exact and rule.here.columns else None
    if summed is not None and summed.logical_type is LogicalType.NUMBER and summed.physical_type is None:
        message = "sums of floating point numbers are rounded: they may differ in the last digits"
        hint = "write tolerance: 0.01, or the physicalType of a decimal"
        yield Finding(at, "rounded", message, Severity.HINT, hint=hint)


def side_findings(obj: SchemaObject, side: Side, at: Path) -> Iterator[Finding]:
    """Yield what is wrong with one side of a reconciliation, held against the object it counts."""
    if side.measure is Tallied.ROWS:
        return
    if not side.columns:
        yield Finding(at, "no-property", f"{side.measure} looks at a property of {obj.name}", hint="write column: NAME")
    if side.measure is Tallied.SUM and len(side.columns) > 1:
        yield Finding((*at, "column"), "wrong-type", "a sum is of one column", found=", ".join(side.columns))
    wanted = _NUMBERS if side.measure is Tallied.SUM else None
    for column in side.columns:
        yield from column_findings(obj, column, at, str(side.measure), wanted)


def column_findings(
    obj: SchemaObject, column: str, at: Path, asking: str, wanted: frozenset[LogicalType] | None = None
) -> Iterator[Finding]:
    """Yield that a property is not there, is stored nowhere, or is of a type that cannot be asked."""
    prop = property_at(obj, column)
    if prop is None:
        hint = near(column, (one.name for one in obj.properties))
        yield Finding(at, "unknown-property", f"{obj.name} has no property {column}", hint=hint)
    elif prop.semantic_type == "measure":
        yield Finding(at, "unknown-property", f"{column} is a measure: it is computed, and no column of the data")
    elif wanted is not None and prop.logical_type is not None and prop.logical_type not in wanted:
        expected = listed(sorted(wanted))
        message = f"{asking} cannot be asked of {column}"
        yield Finding(at, "wrong-type", message, found=prop.logical_type.value, expected=expected)


def property_at(obj: SchemaObject, path: str) -> Property | None:
    """Return the property at a path by logical names, None where it is not there."""
    if not has(obj, path):
        return None
    properties: Sequence[Property] = obj.properties
    found: Property | None = None
    for step in path.split("."):
        found = next(one for one in properties if one.name == step)
        properties = found.properties
    return found
