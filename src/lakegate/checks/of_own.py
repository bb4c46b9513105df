"""The checks of rules of lakegate's own: history and reconciliation, from names in a contract to values in rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from lakegate.checks.history import FreshnessHistory, History
from lakegate.checks.interface import Check, Identity
from lakegate.checks.reconciliation import Reconciled
from lakegate.checks.spot import Spot, spots
from lakegate.checks.wording import of_history, of_reconciliation
from lakegate.contract.custom_rules import own_rule_of, said
from lakegate.contract.model import Action, Quality, SchemaObject
from lakegate.contract.own_rules import HistoryRule, Measured, Reconciliation, Side, Tallied
from lakegate.errors import ContractError, Problem, Severity
from lakegate.measures import CountWhere, Distinct, Imbalance, Maximum, Mean, Measure, Minimum, RowCount, Sum, Tally
from lakegate.predicates import Value


@dataclass(frozen=True, slots=True)
class Input:
    """A dataset that batches are made of: its name, and the object of the contract that describes it."""

    dataset: str
    obj: SchemaObject


def rows_of_inputs(dataset: str) -> str:
    """Return the name that goes with those rows of a dataset that one batch was made of, not with all its rows."""
    return f"{dataset} (inputs)"


def own_check(
    rule: Quality, obj: SchemaObject, spot: Spot | None, identity: Identity, inputs: Mapping[str, Input]
) -> Check:
    """Return the check of a rule of `engine: lakegate`. `inputs` are by what rules call them.

    Raises ContractError where it names a property that is not there.
    """
    own = own_rule_of(rule, spot.name if spot else None)
    identity = replace(identity, implementation=json.dumps(said(rule), sort_keys=True, default=str))
    if isinstance(own, HistoryRule):
        return _history(own, obj, identity, rule.action, named=bool(rule.name or rule.id))
    if isinstance(own, Reconciliation):
        return _reconciled(own, obj, identity, rule.action, inputs, named=bool(rule.name or rule.id))
    raise _broken(identity, "the rule says nothing to its engine")


def history_checks(obj: SchemaObject) -> tuple[Check, ...]:
    """Return the checks of an object that compare a batch with earlier ones, without their names: for their numbers.

    Raises ContractError where a rule names a property that is not there.
    """
    placed = [(rule, None) for rule in obj.quality]
    placed += [(rule, spot.name) for spot in spots(obj) for rule in spot.declared.quality]  # type: ignore[misc]
    identity = Identity(obj.name, "quality", "history", obj.name, obj.name)
    owns = (own_rule_of(rule, column) for rule, column in placed)
    return tuple(_history(own, obj, identity, Action.FAIL, named=False) for own in owns if isinstance(own, HistoryRule))


def _history(rule: HistoryRule, obj: SchemaObject, identity: Identity, action: Action, *, named: bool) -> Check:
    identity = replace(_named(identity, of_history(rule), named=named), type="history", field=rule.column)
    kind = FreshnessHistory if rule.measure is Measured.FRESHNESS else History
    return kind(identity=identity, action=action, rule=rule, measure=_measure(rule, obj, identity))


def _measure(rule: HistoryRule, obj: SchemaObject, identity: Identity) -> Measure:
    if rule.measure is Measured.ROW_COUNT or rule.column is None:
        return RowCount()
    spot = _spot(obj, rule.column, identity)
    if rule.measure is Measured.NULL_SHARE:
        return CountWhere(spot.null())
    measures: dict[Measured, Measure] = {
        Measured.MEAN: Mean(spot.value),
        Measured.SUM: Sum(spot.value),
        Measured.MIN: Minimum(spot.value, numbers_only=True),
        Measured.MAX: Maximum(spot.value, numbers_only=True),
        Measured.DISTINCT: Distinct(spot.value),
        Measured.FRESHNESS: Maximum(spot.value),
    }
    return measures[rule.measure]


def _reconciled(
    rule: Reconciliation,
    obj: SchemaObject,
    identity: Identity,
    action: Action,
    inputs: Mapping[str, Input],
    *,
    named: bool,
) -> Check:
    there = inputs.get(rule.dataset, Input(rule.dataset, SchemaObject(rule.dataset, rule.dataset)))
    groups = tuple(here for here, _ in rule.by)
    tolerance = f"{rule.tolerance}{' percent' if rule.percent else ''}" if rule.tolerance else ""
    measure = Imbalance(
        here=_tally(rule.here, obj),
        there=_tally(rule.there, there.obj),
        dataset=rows_of_inputs(there.dataset),
        by=tuple((_spot(obj, here, identity).value, _value(there.obj, other)) for here, other in rule.by),
        tolerance=Fraction(rule.tolerance),
        percent=rule.percent,
    )
    summed = rule.here.columns if rule.here.measure is Tallied.SUM else ()
    theirs = (*(other for _, other in rule.by), *(rule.there.columns if rule.there.measure is Tallied.SUM else ()))
    hides = {spot.name for spot in spots(there.obj) if spot.declared.samples != "show"}
    return Reconciled(
        identity=replace(
            _named(identity, of_reconciliation(rule, there.dataset), named=named), type="reconciliation", field=None
        ),
        action=action,
        measure=measure,
        dataset=there.dataset,
        groups=groups,
        summed=summed,
        within=tolerance,
        hidden=not hides.isdisjoint(theirs),
    )


def _named(identity: Identity, means: str, *, named: bool) -> Identity:
    """Return the identity with what the rule means: as its name, where its author gave it none."""
    return replace(identity, means=means) if named else replace(identity, name=means, means="")


def _tally(side: Side, obj: SchemaObject) -> Tally:
    return Tally(str(side.measure), tuple(_value(obj, name) for name in side.columns))


def _value(obj: SchemaObject, name: str) -> Value:
    """Return the value of a property; what a contract does not declare may be in its data."""
    known = {spot.name: spot.value for spot in spots(obj) if not spot.nested}
    return known.get(name, Value(tuple(name.split("."))))


def _spot(obj: SchemaObject, name: str, identity: Identity) -> Spot:
    spot = next((spot for spot in spots(obj) if spot.name == name and not spot.nested), None)
    if spot is None:
        raise _broken(identity, f"{obj.name} has no property {name}")
    return spot


def _broken(identity: Identity, message: str) -> ContractError:
    return ContractError((Problem("", 0, 0, Severity.ERROR, "bad-rule", f"{identity.key}: {message}", identity.key),))
