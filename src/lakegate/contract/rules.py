"""Quality rules that cannot hold, that name what is not there, or that will not be run, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lakegate.contract import custom_rules, options
from lakegate.contract.build import FAILS, INFORMS, WARNS
from lakegate.contract.findings import Finding, Path, listed, near, shown
from lakegate.contract.model import Contract, Operator, Quality, Threshold
from lakegate.contract.places import Place, has, node_at
from lakegate.errors import Severity

UNITS = ("rows", "percent")

_ARGUMENTS = {
    "rowCount": (),
    "nullValues": (),
    "missingValues": ("missingValues",),
    "invalidValues": ("validValues", "pattern"),
    "duplicateValues": ("properties",),
}


def findings(contract: Contract, place: Place) -> Iterator[Finding]:
    """Yield what is wrong with the rules of one object or property."""
    seen: set[str] = set()
    for rule in place.quality:
        path = (*place.path, "quality", rule.index)
        node = node_at(contract, path)
        if rule.id in seen:
            yield Finding((*path, "id"), "duplicate-id", f"two rules here have the id {rule.id}", hint="rename one")
        seen.update(filter(None, (rule.id,)))
        yield from _words(rule, node, path)
        if rule.scope == "table" and (rule.type != "library" or rule.metric not in ("rowCount", "duplicateValues")):
            message = "`scope: table` is not for this rule: it looks at the batch"
            hint = "rowCount and duplicateValues may look at the whole table"
            yield Finding((*path, "customProperties"), "no-table", message, hint=hint)
        if rule.threshold is not None:
            yield from _threshold(rule, rule.threshold, path)
        if rule.type == "library":
            yield from _metric(rule, place, path)
        elif rule.type == "custom":
            yield from custom_rules.findings(contract, place, rule, path)


def _words(rule: Quality, node: Mapping[str, object], path: Path) -> Iterator[Finding]:
    """Yield words of a rule that mean nothing here, or less than they say."""
    severity = str(node.get("severity", "error")).strip().casefold()
    known = (*INFORMS, *WARNS, *FAILS)
    if severity not in known:
        expected = listed(("error", "warning", "info"))
        message, hint = "a severity that is not known fails the gate", near(severity, known)
        yield Finding((*path, "severity"), "severity", message, Severity.HINT, severity, expected, hint)
    if "type" not in node and "metric" not in node:
        hint = "write type: text, or a metric"
        yield Finding(path, "prose", "a rule without type and metric is read as prose", Severity.HINT, hint=hint)
    if rule.unit is not None and rule.type != "text" and rule.unit not in UNITS:
        hint = near(rule.unit, UNITS)
        yield Finding(
            (*path, "unit"), "unknown-value", "unknown unit", found=rule.unit, expected=listed(UNITS), hint=hint
        )


def _threshold(rule: Quality, threshold: Threshold, path: Path) -> Iterator[Finding]:
    """Yield a bound that cannot hold, or always does."""
    at, bound = (*path, threshold.operator.value), threshold.bound
    if threshold.operator in (Operator.BETWEEN, Operator.NOT_BETWEEN):
        if isinstance(bound, tuple) and bound[0] > bound[1]:
            yield Finding(at, "min-over-max", "the smaller number stands first", found=f"{bound[0]}, {bound[1]}")
        return
    if isinstance(bound, tuple | dict):
        yield Finding(at, "wrong-type", f"{threshold.operator} compares with one value", found="a list or an object")
    elif rule.type == "library" and (bound is None or isinstance(bound, str | bool)):
        always = "never" if threshold.operator is Operator.MUST_BE else "always"
        message = f"a count is a number: the rule {always} holds"
        hint = "remove the quotes" if isinstance(bound, str) else "write a number"
        yield Finding(at, "never-holds", message, Severity.HINT, found=shown(bound), expected="a number", hint=hint)
    elif rule.unit == "percent" and isinstance(bound, int | float) and not 0 <= bound <= 100:
        message = "a percentage lies between 0 and 100"
        yield Finding(at, "never-holds", message, Severity.HINT, found=shown(bound), expected="0 to 100")


def _metric(rule: Quality, place: Place, path: Path) -> Iterator[Finding]:
    """Yield what is wrong with a library metric, its arguments and where it stands."""
    metric, arguments = rule.metric or "", rule.arguments
    at = (*path, "arguments")
    for name in arguments:
        if name not in _ARGUMENTS[metric]:
            hint = near(name, _ARGUMENTS[metric])
            message = f"{metric} has no argument `{name}`"
            yield Finding(
                (*at, name), "unknown-key", message, expected=listed(_ARGUMENTS[metric]), hint=hint, at_key=True
            )
    if metric == "rowCount" and rule.unit == "percent":
        yield Finding((*path, "unit"), "unit", "the number of rows is no percentage of itself", hint="remove the unit")
    if metric in ("nullValues", "missingValues", "invalidValues") and place.prop is None:
        yield Finding(path, "no-property", f"{metric} looks at a property", hint="write the rule at a property")
    if metric == "duplicateValues":
        yield from _columns(arguments.get("properties"), place, path)
    if metric == "missingValues" and not isinstance(arguments.get("missingValues", []), list):
        found = shown(arguments["missingValues"])
        yield Finding((*at, "missingValues"), "wrong-type", "missingValues is a list", found=found)
    if metric == "invalidValues":
        yield from _valid(rule, path)


def _columns(columns: object, place: Place, path: Path) -> Iterator[Finding]:
    """Yield what is wrong with the columns that duplicates are counted over."""
    at = (*path, "arguments", "properties")
    if columns is None:
        if place.prop is None:
            hint = "write arguments: {properties: [...]}, or the rule at a property"
            yield Finding(path, "no-property", "duplicateValues of an object names its columns", hint=hint)
        return
    if not isinstance(columns, list) or not columns or not all(isinstance(name, str) for name in columns):
        yield Finding(at, "wrong-type", "properties is a list of names", found=shown(columns))
        return
    for i, name in enumerate(columns):
        if not has(place.object, name):
            hint = near(name, (one.name for one in place.object.properties))
            yield Finding((*at, i), "unknown-property", f"{place.object.name} has no property {name}", hint=hint)


def _valid(rule: Quality, path: Path) -> Iterator[Finding]:
    """Yield what is wrong with the arguments of invalidValues."""
    at, arguments = (*path, "arguments"), rule.arguments
    if "validValues" not in arguments and "pattern" not in arguments:
        hint = "write arguments: {validValues: [...]} or {pattern: '^…$'}"
        yield Finding(path, "no-argument", "invalidValues does not say which values are valid", hint=hint)
    valid = arguments.get("validValues", [...])
    if not isinstance(valid, list):
        yield Finding((*at, "validValues"), "wrong-type", "validValues is a list", found=shown(valid))
    elif not valid:
        message, hint = "an empty list makes every value invalid", "name the valid values, or remove the rule"
        yield Finding((*at, "validValues"), "empty-list", message, hint=hint)
    pattern = arguments.get("pattern")
    if isinstance(pattern, str):
        yield from options.regex(pattern, (*at, "pattern"))
    elif "pattern" in arguments:
        yield Finding((*at, "pattern"), "wrong-type", "the pattern is text", found=shown(pattern))
