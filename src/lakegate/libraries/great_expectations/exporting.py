"""A contract as a suite of Great Expectations: each check that an expectation says equally, and why not of the others.

Equal means: on every batch both hold, or both do not. The library is not needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from lakegate.checks.history import FreshnessHistory, History
from lakegate.checks.interface import Check
from lakegate.checks.keys import ForeignKey, UniqueInTable, UniqueKey
from lakegate.checks.quality import LibraryMetric, NotRun, SqlRule, TableRowCount
from lakegate.checks.reconciliation import Reconciled
from lakegate.checks.row_rules import NoRow
from lakegate.checks.service_level import Freshness, Retention
from lakegate.checks.structure import (
    ColumnPresent,
    DeclaredColumns,
    HasLogicalType,
    HasPhysicalType,
    MinimumRows,
    Readable,
)
from lakegate.contract.expectations import Expectation
from lakegate.contract.model import Action, Contract, Operator, SchemaObject, Threshold
from lakegate.libraries.great_expectations.patterns import for_python
from lakegate.measures import CountWhere, Duplicates, RowCount
from lakegate.predicates import (
    AnyOf,
    DoesNotMatch,
    IsNull,
    LengthOutOfRange,
    Literal,
    NotIn,
    OutOfRange,
    Predicate,
    Value,
)

EXACT = 2**53  # the library reads bounds as doubles
SEVERITIES = {Action.WARN: "warning", Action.INFO: "info"}  # else critical, the library's default
NULLS = "expect_column_values_to_not_be_null"
UNIQUE = "expect_column_values_to_be_unique"
BETWEEN = "expect_column_values_to_be_between"
LENGTHS = "expect_column_value_lengths_to_be_between"
EXISTS = "expect_column_to_exist"
ROWS = "expect_table_row_count_to_be_between"


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite in the library's own JSON form, and what of the contract is not in it: (check's name, because)."""

    document: dict[str, Any]
    left_out: tuple[tuple[str, str], ...]


class NoEqualError(Exception):
    """No expectation says the same; the message says why."""


def suite_of(contract: Contract, obj: SchemaObject, checks: Iterable[Check]) -> Suite:
    """Return the suite that equals the checks of one object of a contract."""
    said: list[Expectation] = []
    left_out: list[tuple[str, str]] = []
    listed = tuple(checks)
    for check in listed:
        try:
            own = _own(check)
            made = _expectations(check, contract, obj) if own is None else iter((replace(own, index=len(said) + 1),))
            said += [_graded(each, check) for each in made]
        except NoEqualError as why:
            left_out.append((check.identity.name, str(why)))
    said = [each for each in _joined(said) if each.type != EXISTS or not _implied(each, said)]
    once = {json.dumps(each.document, sort_keys=True, default=str): each.document for each in said}
    document = {
        "name": obj.name,
        "expectations": list(once.values()),
        "meta": {"lakegate": {"contract": contract.id, "version": contract.version}},
    }
    return Suite(document, tuple(left_out))


def _graded(said: Expectation, check: Check) -> Expectation:
    """Return an expectation with the severity that its check acts by, which the contract may have set over its own."""
    acts = SEVERITIES.get(check.action)
    if acts is None and said.severity in SEVERITIES.values():
        acts = "critical"
    return said if acts is None else replace(said, severity=acts)


def _joined(said: Iterable[Expectation]) -> Iterator[Expectation]:
    """Yield expectations, each lower bound in one with the upper bound of the same column."""
    before: Expectation | None = None
    for each in said:
        if before is not None and _halves(before, each):
            each = replace(before, kwargs={**before.kwargs, **each.kwargs})  # noqa: PLW2901 - the two as one
        elif before is not None:
            yield before
        before = each
    if before is not None:
        yield before


def _halves(one: Expectation, other: Expectation) -> bool:
    """Whether one bounds a column from below and the other from above, and nothing else is said.

    What the contract says as expectations has a place in the suite (`index`), and stays as it is.
    """
    bounds = [{"min_value", "max_value"} & each.kwargs.keys() for each in (one, other)]
    column = one.kwargs.get("column")
    alike = one.type == other.type and one.type in (BETWEEN, LENGTHS) and column == other.kwargs.get("column")
    return (
        alike
        and replace(one, kwargs={}) == replace(other, kwargs={})
        and sorted(map(len, bounds)) == [1, 1]
        and (bounds[0] != bounds[1])
    )


def _implied(existence: Expectation, said: Iterable[Expectation]) -> bool:
    """Whether another expectation needs the column: the library raises where it is not there."""
    column = existence.kwargs["column"]
    return any(
        each.type != EXISTS and (each.kwargs.get("column") == column or column in each.kwargs.get("column_list", ()))
        for each in said
    )


# --- one check ----------------------------------------------------------------------------------------------------


def _expectations(check: Check, contract: Contract, obj: SchemaObject) -> Iterator[Expectation]:
    """Yield what says the same as a check, all of it together. Raises NoEqualError."""
    match check:
        case NoRow(violation=violation):
            yield _rows(violation, obj)
        case UniqueKey(key=key):
            yield _key(key, obj)
        case LibraryMetric():
            yield from _metric(check, obj)
        case MinimumRows(least=least):
            yield Expectation(ROWS, {"min_value": least})
        case DeclaredColumns() | ColumnPresent():
            yield from _columns(check, contract, obj)
        case _:
            raise NoEqualError(_why(check))


WHY: dict[type[Check], str] = {
    Readable: "the library is given rows, not files",
    HasLogicalType: "names of types are those of the engine that the library runs on",
    HasPhysicalType: "names of types are those of the engine that the library runs on",
    ForeignKey: "the library sees one table",
    UniqueInTable: "the library sees one batch",
    TableRowCount: "the library sees one batch",
    SqlRule: "the library runs SQL in databases only",
    Freshness: "the library has no clock",
    Retention: "the library has no clock",
    History: "the library sees one batch",
    FreshnessHistory: "the library sees one batch",
    Reconciled: "the library sees one table",
}


def _why(check: Check) -> str:
    """Return why no expectation can say what a check says."""
    if isinstance(check, NotRun):
        return f"it is not checked here either: {check.why}"
    return WHY.get(type(check), "the library has no expectation of it")


def _own(check: Check) -> Expectation | None:
    """Return the expectation that a check was made of, None where it was made of something else."""
    try:
        said = json.loads(check.identity.implementation or "null")
    except ValueError:
        return None
    if not isinstance(said, dict) or said.get("type") != check.identity.type or "kwargs" not in said:
        return None
    more: dict[str, Any] = {name: said.get(name) for name in ("severity", "id", "notes", "description")}
    return Expectation(said["type"], said["kwargs"], meta=said.get("meta") or {}, **more)


def _column(value: Value) -> str:
    if value.depth or len(value.path) != 1:
        raise NoEqualError("the library looks at columns, not into them")
    return value.path[0]


def _rows(violation: Predicate, obj: SchemaObject) -> Expectation:
    """Return the expectation that no row makes `violation` true. Nulls break none but the first, here as there."""
    match violation:
        case IsNull(value):
            return Expectation(NULLS, {"column": _without_nan(value, obj)})
        case NotIn(value, values):
            allowed = [_scalar(one) for one in values]
            return Expectation("expect_column_values_to_be_in_set", {"column": _column(value), "value_set": allowed})
        case DoesNotMatch(value, pattern):
            regex = for_python(pattern)
            if regex is None:
                raise NoEqualError("Python and RE2 may read its pattern differently")
            return Expectation("expect_column_values_to_match_regex", {"column": _column(value), "regex": regex})
        case LengthOutOfRange(value, least, most):
            _text(value, obj)
            return Expectation(LENGTHS, {"column": _column(value), **_said(min_value=least, max_value=most)})
        case OutOfRange(value, least, most, above, below):
            strict = _said(strict_min=above or None, strict_max=below or None)
            bounds = _said(min_value=_bound(least), max_value=_bound(most))
            return Expectation(BETWEEN, {"column": _column(value), **bounds, **strict})
    raise NoEqualError("the library has no expectation of it")


def _said(**kwargs: object) -> dict[str, Any]:
    return {name: value for name, value in kwargs.items() if value is not None}


def _text(value: Value, obj: SchemaObject) -> None:
    prop = next((one for one in obj.properties if one.physical_name == _column(value)), None)
    if prop is None or prop.logical_type != "string":
        raise NoEqualError("the library tells lengths of text only")


def _without_nan(value: Value, obj: SchemaObject) -> str:
    """Return a column in which no NaN is allowed: it is null to the library, and a value here."""
    column = _column(value)
    if any(prop.nan_allowed for prop in obj.properties if prop.physical_name == column):
        raise NoEqualError("NaN is null to the library")
    return column


def _scalar(value: Literal) -> str | int | float | bool:
    if isinstance(value, str | bool | int | float):
        return value
    raise NoEqualError("a suite has no such values: they would be compared as text")


def _bound(value: Literal | None) -> float | int | None:
    if isinstance(value, Decimal):
        value = float(value) if Decimal(float(value)) == value else value
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= EXACT):
        return value
    raise NoEqualError("a suite has bounds that are numbers of up to 2^53")


def _key(key: tuple[Value, ...], obj: SchemaObject) -> Expectation:
    """Return that no key stands twice; keys that hold a null are left out."""
    columns = [_without_nan(value, obj) for value in key]
    if len(columns) == 1:
        return Expectation(UNIQUE, {"column": columns[0]})
    kwargs = {"column_list": columns, "ignore_row_if": "any_value_is_missing"}
    return Expectation("expect_compound_columns_to_be_unique", kwargs)


def _metric(check: LibraryMetric, obj: SchemaObject) -> Iterator[Expectation]:
    """Yield what says the same as one of the standard's metrics."""
    measure, threshold = check.measure, check.threshold
    if isinstance(measure, Duplicates) and measure.beside is not None:
        raise NoEqualError(WHY[UniqueInTable])
    if isinstance(measure, RowCount):
        yield _row_count(threshold)
        return
    if not (threshold.operator in (Operator.MUST_BE, Operator.LESS_OR_EQUAL) and threshold.bound == 0):
        yield _share(check, obj)
    elif isinstance(measure, Duplicates):
        yield _key(measure.key, obj)
    else:
        violation = measure.predicate
        for one in violation.predicates if isinstance(violation, AnyOf) else (violation,):
            yield _rows(one, obj)


def _share(check: LibraryMetric, obj: SchemaObject) -> Expectation:
    """Return the expectation that a share of all rows may break: of nulls only, all others leave null rows aside."""
    match check.measure, check.threshold:
        case CountWhere(IsNull() as null), Threshold(Operator.LESS_OR_EQUAL, int() | float() | Decimal() as most):
            if check.percent and 0 < most < 100:
                mostly = float((100 - Decimal(str(most))) / 100)
                return Expectation(NULLS, {**_rows(null, obj).kwargs, "mostly": mostly})
    raise NoEqualError("the library allows at most a share, and of the rows that are not null")


def _row_count(threshold: Threshold) -> Expectation:
    match threshold:
        case Threshold(Operator.MUST_BE, int() as number):
            return Expectation("expect_table_row_count_to_equal", {"value": number})
        case Threshold(Operator.GREATER_OR_EQUAL, int() as least):
            return Expectation(ROWS, {"min_value": least})
        case Threshold(Operator.GREATER, int() as least):
            return Expectation(ROWS, {"min_value": least + 1})
        case Threshold(Operator.LESS_OR_EQUAL, int() as most):
            return Expectation(ROWS, {"max_value": most})
        case Threshold(Operator.LESS, int() as most):
            return Expectation(ROWS, {"max_value": most - 1})
        case Threshold(Operator.BETWEEN, (int() as one, int() as other)):
            return Expectation(ROWS, {"min_value": min(one, other), "max_value": max(one, other)})
    raise NoEqualError(f"the library does not hold a number of rows against {threshold.operator}")


def _columns(check: DeclaredColumns | ColumnPresent, contract: Contract, obj: SchemaObject) -> Iterator[Expectation]:
    """Yield what says which columns there are: one expectation of them all where no other is allowed."""
    optional = contract.gate.missing_columns == "allow" or any(p.semantic_type == "measure" for p in obj.properties)
    closed = contract.gate.columns != "open" and not optional
    if isinstance(check, ColumnPresent):
        if check.may_be_absent:
            raise NoEqualError("a column that may be absent has no expectation")
        if not closed:
            yield Expectation(EXISTS, {"column": check.column})
    elif closed:
        names = [prop.physical_name for prop in obj.properties]
        yield Expectation("expect_table_columns_to_match_set", {"column_set": names, "exact_match": True})
    elif not check.open_:
        raise NoEqualError("the library has no expectation of undeclared columns where declared ones may be absent")
