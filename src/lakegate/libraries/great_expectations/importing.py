"""A suite of Great Expectations as a contract: what the standard says equally becomes its words, the rest stays custom.

Equal means: on every batch both hold, or both do not. Where an expectation needs a type (a length, a bound), the
contract declares it, and fails on another. The library is not needed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import PurePath
from typing import Any

from lakegate.contract.expectations import Expectation, Suite
from lakegate.libraries.great_expectations.patterns import for_re2

NOTHING_MORE = {"min_rows": 0, "columns": "open"}  # a suite says nothing of rows and columns unasked
Kwargs = Mapping[str, Any]


@dataclass(slots=True)
class Draft:
    """A contract in the making."""

    properties: dict[str, dict[str, Any]] = field(default_factory=dict)
    quality: list[dict[str, Any]] = field(default_factory=list)
    closed: bool = False

    def column(self, name: str) -> dict[str, Any]:
        """Return the property of a column, made where it is new."""
        return self.properties.setdefault(name, {"name": name})

    def typed(self, name: str, logical_type: str) -> bool:
        """Declare a column's type; False where it has another one."""
        known = self.properties.get(name, {}).get("logicalType", logical_type)
        if known == logical_type:
            self.column(name)["logicalType"] = logical_type
        return bool(known == logical_type)

    def rule(self, column: str, **rule: Any) -> bool:  # noqa: ANN401 - a rule's keys
        """Add a rule to a column."""
        self.column(column).setdefault("quality", []).append({k: v for k, v in rule.items() if v is not None})
        return True


@dataclass(frozen=True, slots=True)
class Imported:
    """A contract's document, and what a reader should know of how it came about."""

    document: dict[str, Any]
    notes: tuple[str, ...]


def contract_of(suite: Suite) -> Imported:
    """Return the contract that equals a suite."""
    said = list(suite.expectations)
    name = PurePath(suite.file).stem if suite.name == suite.file else suite.name
    draft = Draft()
    custom = [each for each in said if not _taken(draft, each, said)]
    draft.quality += [_custom(each) for each in custom]
    _nan(draft)
    model = re.sub(r"\W+", "_", name).strip("_") or "suite"
    properties = [_ordered(prop) for prop in draft.properties.values()]
    obj = {"name": model, "properties": properties, "quality": draft.quality}
    gate = {**NOTHING_MORE, **({"columns": "closed"} if draft.closed else {})}
    document = {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": model,
        "name": name,
        "version": "1.0.0",
        "status": "draft",
        "schema": [{key: value for key, value in obj.items() if value}],
        "customProperties": [{"property": "lakegate", "value": gate}],
    }
    return Imported(document, tuple(_notes(draft, custom, said)))


def _notes(draft: Draft, custom: list[Expectation], said: list[Expectation]) -> list[str]:
    """Return what was decided, and what could not be kept."""
    notes = []
    for name, prop in draft.properties.items():
        if "logicalType" in prop:
            nan = prop["logicalType"] == "number" and "customProperties" not in prop
            more = "; NaN, which the library takes for null, fails" if nan else ""
            notes.append(f"{name}: declared as {prop['logicalType']}, because expectations ask for it{more}")
    notes += [f"stays with the library: {each.type} {dict(each.kwargs)}" for each in custom]
    places = {each.index for each in custom}
    told = sum(
        1 for each in said if each.index not in places and (each.id or each.notes or each.description or each.meta)
    )
    if told:
        notes.append(
            f"left out: id, notes, description or meta of {told} expectations that became keys of the standard"
        )
    return notes


def _custom(said: Expectation) -> dict[str, Any]:
    """Return an expectation as a rule that the library is asked for."""
    document = {key: value for key, value in said.document.items() if value or key == "kwargs"}
    document.pop("severity", None)
    severity = {"severity": said.severity} if said.severity in ("warning", "info") else {}
    return {"type": "custom", "engine": "greatExpectations", **severity, "implementation": document}


def _nan(draft: Draft) -> None:
    """Allow NaN in numbers where no rule counts nulls or keys: it is null to the library, and a value here."""
    keys = {name for rule in draft.quality for name in rule.get("arguments", {}).get("properties", ())}
    for name, prop in draft.properties.items():
        metrics = {rule["metric"] for rule in prop.get("quality", ())}
        counted = prop.get("required") or prop.get("unique") or metrics & {"nullValues", "duplicateValues"}
        if prop.get("logicalType") == "number" and not counted and name not in keys:
            prop["customProperties"] = [{"property": "lakegate", "value": {"nan": "allow"}}]


def _ordered(prop: dict[str, Any]) -> dict[str, Any]:
    """Return a property with its keys in the order in which people write them."""
    keys = ("name", "logicalType", "logicalTypeOptions", "required", "unique", "enum", "quality", "customProperties")
    return {key: prop[key] for key in keys if key in prop}


# --- one expectation ----------------------------------------------------------------------------------------------


def _taken(draft: Draft, each: Expectation, said: list[Expectation]) -> bool:
    """Take an expectation into the draft; False where nothing in the standard equals it."""
    kwargs = {key: value for key, value in each.kwargs.items() if value is not None and not _default(key, value)}
    columns = [kwargs.get("column"), *_list(kwargs.get("column_list")), *_list(kwargs.get("column_set"))]
    if not all(isinstance(name, str) and name for name in columns if name is not None):
        return False
    warns = each.severity if each.severity in ("warning", "info") else None
    if each.type == "expect_table_columns_to_match_set":
        return not warns and _match_set(draft, kwargs, said)
    take = TAKERS.get(each.type)
    return take is not None and take(draft, kwargs, warns)


def _default(key: str, value: object) -> bool:
    """Whether an argument says what the library takes for granted."""
    return (key in ("strict_min", "strict_max") and value is False) or (key == "mostly" and value == 1)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _only(kwargs: Kwargs, *names: str) -> bool:
    return kwargs.keys() <= set(names) and kwargs.get("column") is not None


def _nulls(draft: Draft, kwargs: Kwargs, warns: str | None) -> bool:
    if not _only(kwargs, "column", "mostly"):
        return False
    column, mostly = kwargs["column"], kwargs.get("mostly")
    if mostly is not None:
        if isinstance(mostly, bool) or not isinstance(mostly, int | float) or not 0 < mostly < 1:
            return False
        most = float(100 - 100 * Decimal(str(mostly)))
        return draft.rule(column, metric="nullValues", unit="percent", mustBeLessOrEqualTo=most, severity=warns)
    if warns:
        return draft.rule(column, metric="nullValues", mustBe=0, severity=warns)
    draft.column(column)["required"] = True
    return True


def _unique(draft: Draft, kwargs: Kwargs, warns: str | None) -> bool:
    if not _only(kwargs, "column"):
        return False
    if warns:
        return draft.rule(kwargs["column"], metric="duplicateValues", mustBe=0, severity=warns)
    draft.column(kwargs["column"])["unique"] = True
    return True


def _unique_together(draft: Draft, kwargs: Kwargs, warns: str | None) -> bool:
    """A key that holds a null is left out there only where the suite says so."""
    columns = kwargs.get("column_list")
    if kwargs != {"column_list": columns, "ignore_row_if": "any_value_is_missing"} or not _list(columns):
        return False
    for name in _list(columns):
        draft.column(name)
    rule = {"metric": "duplicateValues", "arguments": {"properties": columns}, "mustBe": 0}
    draft.quality.append(rule | ({"severity": warns} if warns else {}))
    return True


def _in_set(draft: Draft, kwargs: Kwargs, warns: str | None) -> bool:
    values = _list(kwargs.get("value_set"))
    kinds = {"number" if type(value) in (int, float) else type(value).__name__ for value in values}
    kind = {"str": "string", "bool": "boolean", "number": "number"}.get(kinds.pop()) if len(kinds) == 1 else None
    column = kwargs.get("column")
    if not _only(kwargs, "column", "value_set") or kind is None or not _finite(values):
        return False
    if not draft.typed(str(column), kind):
        return False
    if warns or "enum" in draft.column(str(column)):
        return draft.rule(
            str(column), metric="invalidValues", arguments={"validValues": values}, mustBe=0, severity=warns
        )
    draft.column(str(column))["enum"] = [{"value": value} for value in values]
    return True


def _finite(values: list[Any]) -> bool:
    return all(not isinstance(value, float) or math.isfinite(value) for value in values)


def _between(draft: Draft, kwargs: Kwargs, warns: str | None) -> bool:
    bounds = [kwargs[name] for name in ("min_value", "max_value") if name in kwargs]
    numbers = all(type(bound) in (int, float) for bound in bounds) and _finite(bounds) and bounds
    if not _only(kwargs, "column", "min_value", "max_value", "strict_min", "strict_max") or warns or not numbers:
        return False
    strict = {side: bool(kwargs.get(f"strict_{side}")) for side in ("min", "max")}
    if len(bounds) == 2 and (bounds[0] > bounds[1] or (bounds[0] == bounds[1] and any(strict.values()))):
        return False
    words = {side: f"exclusive{side.title()}imum" if strict[side] else f"{side}imum" for side in strict}
    options = {words[side]: kwargs[f"{side}_value"] for side in strict if f"{side}_value" in kwargs}
    return _options(draft, kwargs["column"], "number", options)


def _lengths(draft: Draft, kwargs: Kwargs, warns: str | None) -> bool:
    if "value" in kwargs:
        kwargs = {**kwargs, "min_value": kwargs["value"], "max_value": kwargs["value"]}
    told = _only(kwargs, "column", "value", "min_value", "max_value")
    options = {f"{side}Length": kwargs[f"{side}_value"] for side in ("min", "max") if f"{side}_value" in kwargs}
    whole = options and all(_whole(bound) and bound >= 0 for bound in options.values())
    if not told or not whole or warns or options.get("minLength", 0) > options.get("maxLength", math.inf):
        return False
    return _options(draft, kwargs["column"], "string", {name: int(bound) for name, bound in options.items()})


def _whole(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float) and float(value).is_integer()


def _options(draft: Draft, column: str, logical_type: str, options: dict[str, Any]) -> bool:
    """Add options to a column of a type; False where it has another type, or a bound on that side."""
    there = draft.properties.get(column, {}).get("logicalTypeOptions", {})
    sides = {name.lower().replace("exclusive", "") for name in there}
    if sides & {name.lower().replace("exclusive", "") for name in options} or _crossed({**there, **options}):
        return False
    if not draft.typed(column, logical_type):
        return False
    draft.column(column).setdefault("logicalTypeOptions", {}).update(options)
    return True


def _crossed(options: Kwargs) -> bool:
    """Whether bounds leave nothing between them: a contract may not say that."""
    least = [options[name] for name in ("minimum", "exclusiveMinimum") if name in options]
    most = [options[name] for name in ("maximum", "exclusiveMaximum") if name in options]
    open_ = any(name.startswith("exclusive") for name in options)
    lengths = options.get("minLength", 0) > options.get("maxLength", math.inf)
    return lengths or any(low > high or (low == high and open_) for low in least for high in most)


def _regex(draft: Draft, kwargs: Kwargs, warns: str | None) -> bool:
    regex = kwargs.get("regex")
    pattern = for_re2(regex) if isinstance(regex, str) and _only(kwargs, "column", "regex") else None
    if pattern is None or not draft.typed(kwargs["column"], "string"):
        return False
    if warns or "pattern" in draft.column(kwargs["column"]).get("logicalTypeOptions", {}):
        arguments = {"pattern": pattern}
        return draft.rule(kwargs["column"], metric="invalidValues", arguments=arguments, mustBe=0, severity=warns)
    return _options(draft, kwargs["column"], "string", {"pattern": pattern})


def _rows(draft: Draft, kwargs: Kwargs, warns: str | None) -> bool:
    bounds = {name: int(bound) for name, bound in kwargs.items() if _whole(bound)}
    match sorted(bounds):
        case ["value"]:
            operator: dict[str, Any] = {"mustBe": bounds["value"]}
        case ["min_value"]:
            operator = {"mustBeGreaterOrEqualTo": bounds["min_value"]}
        case ["max_value"]:
            operator = {"mustBeLessOrEqualTo": bounds["max_value"]}
        case ["max_value", "min_value"] if bounds["min_value"] <= bounds["max_value"]:
            operator = {"mustBeBetween": [bounds["min_value"], bounds["max_value"]]}
        case _:
            return False
    if bounds.keys() != kwargs.keys():
        return False
    draft.quality.append({"metric": "rowCount", **operator, **({"severity": warns} if warns else {})})
    return True


def _exists(draft: Draft, kwargs: Kwargs, warns: str | None) -> bool:
    if not _only(kwargs, "column") or warns:
        return False
    draft.column(kwargs["column"])
    return True


def _match_set(draft: Draft, kwargs: Kwargs, said: list[Expectation]) -> bool:
    """Close the contract over a set of columns, unless another expectation needs one that is not in it."""
    columns = _list(kwargs.get("column_set"))
    exact = kwargs.get("exact_match", True) is True and kwargs.keys() <= {"column_set", "exact_match"}
    needed = [each.kwargs.get(name) for each in said for name in ("column", "column_A", "column_B")]
    needed += [name for each in said for name in _list(each.kwargs.get("column_list"))]
    if not columns or not exact or not {name for name in needed if name is not None} <= set(columns):
        return False
    for name in columns:
        draft.column(name)
    draft.closed = True
    return True


Taker = Callable[[Draft, Kwargs, str | None], bool]
TAKERS: Mapping[str, Taker] = {
    "expect_column_values_to_not_be_null": _nulls,
    "expect_column_values_to_be_unique": _unique,
    "expect_compound_columns_to_be_unique": _unique_together,
    "expect_column_values_to_be_in_set": _in_set,
    "expect_column_values_to_be_between": _between,
    "expect_column_value_lengths_to_be_between": _lengths,
    "expect_column_value_lengths_to_equal": _lengths,
    "expect_column_values_to_match_regex": _regex,
    "expect_table_row_count_to_be_between": _rows,
    "expect_table_row_count_to_equal": _rows,
    "expect_column_to_exist": _exists,
}
