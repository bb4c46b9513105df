"""The checks of a contract as rules of a pandera model: what a `Field` can say, and what only a method can."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import assert_never

from lakegate.checks.history import FreshnessHistory, History
from lakegate.checks.interface import Check
from lakegate.checks.keys import ForeignKey, UniqueInTable, UniqueKey
from lakegate.checks.physical_types import arrow_names
from lakegate.checks.quality import LibraryMetric, NotRun, SqlRule, TableRowCount, holds
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
from lakegate.contract.model import Action, LogicalType, Operator, Property, SchemaObject, Threshold
from lakegate.libraries.pandera.words import Unsayable, columns_of, expression, number, text
from lakegate.measures import CountWhere, Duplicates, RowCount
from lakegate.predicates import IsNull, NotIn, OutOfRange, Value

# Which kinds of column (`prelude/arrow.py`, `kind`) keep a logicalType; a column in which nothing has a type does.
KINDS = {
    LogicalType.STRING: ("string",),
    LogicalType.INTEGER: ("integer", "whole decimal"),
    LogicalType.NUMBER: ("integer", "whole decimal", "decimal", "float"),
    LogicalType.BOOLEAN: ("boolean",),
    LogicalType.DATE: ("date",),
    LogicalType.TIME: ("time",),
    LogicalType.TIMESTAMP: ("timestamp", "zoned timestamp"),
    LogicalType.OBJECT: ("object",),
    LogicalType.ARRAY: ("array",),
    LogicalType.MAP: ("map",),
}


ALONE: dict[type[Check], str] = {
    ForeignKey: "it looks at another dataset",
    UniqueInTable: "it looks at the other batches of the table",
    TableRowCount: "it looks at the other batches of the table",
    SqlRule: "it is SQL",
    Freshness: "it is judged at the time of a run",
    Retention: "it is judged at the time of a run",
    History: "it is judged beside earlier batches",
    FreshnessHistory: "it is judged beside earlier batches",
    Reconciled: "it looks at another dataset",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One method of a model. `lines` are its body: `data` is what pandera hands it, `values` the column as Arrow.

    `rows`: whether it answers for each row, else for all of them at once; the answer stands behind the last `return`.
    Several `columns` are named v0, v1 and on.
    """

    key: str
    told: str
    columns: tuple[str, ...]  # physical names; empty: it is about the whole frame
    lines: tuple[str, ...]
    rows: bool = False
    warns: bool = False
    of_type: bool = False  # about the column's type: of a column that may be absent it asks nothing


@dataclass(frozen=True, slots=True)
class Unsaid:
    """A check that a frame cannot be asked."""

    key: str
    why: str


@dataclass(slots=True)
class Column:
    """One field of a model: its column, whether it must be there, what `Field` says of it, and its methods."""

    declared: Property
    may_be_absent: bool = False
    field: dict[str, object] = field(default_factory=lambda: {"nullable": True})


@dataclass(slots=True)
class Model:
    """A whole model, built check by check."""

    obj: SchemaObject
    columns: dict[str, Column]
    closed: bool = False
    rules: list[Rule] = field(default_factory=list)
    unsaid: list[Unsaid] = field(default_factory=list)
    prose: list[Unsaid] = field(default_factory=list)


def model_of(obj: SchemaObject, checks: Iterable[Check]) -> Model:
    """Return the model that holds where every check does. What it cannot say stands in `unsaid`, each by its name."""
    model = Model(obj, {prop.physical_name: Column(prop) for prop in obj.properties})
    for column in model.columns.values():
        column.may_be_absent = column.declared.semantic_type == "measure"
    for check in checks:
        try:
            _say(check, model)
        except Unsayable as why:
            model.unsaid.append(Unsaid(check.identity.key, str(why)))
    asked = {rule.columns[0] for rule in model.rules if len(rule.columns) == 1 and not rule.of_type}
    for name, column in model.columns.items():
        # A rule on a column that is absent fails, and pandera asks no rule of an absent column: so it must be there.
        if name in asked or len(column.field) > 1 or not column.field["nullable"]:
            column.may_be_absent = False
    return model


def _say(check: Check, model: Model) -> None:
    """Add what one check asks. Raises Unsayable."""
    key, name = check.identity.key, check.identity.name
    match check:
        case Readable():
            pass  # a frame has been read
        case DeclaredColumns(open_=open_):
            model.closed = not open_
            if open_:
                model.rules.append(Rule(key, "every column has a name of its own", (), ("return not twins(data)",)))
        case MinimumRows(least=least):
            model.rules.append(Rule(key, name, (), (f"return height(data) >= {least}",)))
        case ColumnPresent(column=column, may_be_absent=may_be_absent):
            model.columns[column].may_be_absent = may_be_absent
        case HasLogicalType():
            model.rules += _logical_type(check)
        case HasPhysicalType():
            model.rules += _physical_type(check)
        case NoRow(violation=violation):
            if not _field(check, model):
                lines = (f"return answer(data, {expression(violation)})",)
                model.rules.append(_rule(check, columns_of(violation), lines, rows=True))
        case UniqueKey(key=values):
            _unique(check, tuple(_column(value) for value in values), model)
        case LibraryMetric():
            model.rules.append(_metric(check))
        case NotRun(blocks=False, why=why):
            model.prose.append(Unsaid(key, why))
        case NotRun(why=why):
            raise Unsayable(why)
        case _:
            raise Unsayable(ALONE.get(type(check), "a frame alone cannot be asked that"))


def _column(value: Value) -> str:
    if value.depth or len(value.path) > 1:
        raise Unsayable("it is about nested values")
    return value.path[0]


def _rule(check: Check, columns: tuple[str, ...], lines: tuple[str, ...], *, rows: bool = False) -> Rule:
    warns = check.action in {Action.WARN, Action.INFO}
    return Rule(check.identity.key, check.identity.name, columns, lines, rows, warns)


# --- types ------------------------------------------------------------------------------------------------------


def _logical_type(check: HasLogicalType) -> Iterator[Rule]:
    if len(check.path) > 1:
        raise Unsayable("it is about nested values")
    if check.logical_type is LogicalType.VECTOR:
        raise Unsayable("the numbers of a vector are nested values")
    kinds = KINDS[check.logical_type]
    if check.logical_type is LogicalType.TIMESTAMP and check.zoned is not None:
        kinds = ("zoned timestamp",) if check.zoned else ("timestamp",)
    listed = ", ".join(text(kind) for kind in (*kinds, "null"))
    yield replace(_rule(check, check.path, (f"return kind(values) in {{{listed}}}",)), of_type=True)
    if check.not_finite:
        key, told = f"{check.identity.key}.finite", f"{check.identity.name}, and finite"
        yield Rule(key, told, check.path, ("return answer(data, not_finite(values))",), rows=True, of_type=True)


def _physical_type(check: HasPhysicalType) -> Iterator[Rule]:
    if len(check.path) > 1:
        raise Unsayable("it is about nested values")
    if check.expected is not None:
        line = f"return re.fullmatch({text(arrow_names(check.expected))}, str(values.type)) is not None"
        yield replace(_rule(check, check.path, (line,)), of_type=True)


# --- rows and keys ----------------------------------------------------------------------------------------------


def _field(check: NoRow, model: Model) -> bool:
    """Say a rule by a keyword of `Field` where that means the same; return whether it was said."""
    (name,) = columns_of(check.violation) if len(columns_of(check.violation)) == 1 else ("",)
    column = model.columns.get(name)
    if column is None or check.action is not Action.FAIL:
        return False
    declared, said = column.declared, column.field
    more: dict[str, object] = {}
    match check.violation, declared.logical_type:
        case IsNull(), LogicalType() if not (declared.logical_type is LogicalType.NUMBER and declared.nan_allowed):
            more = {"nullable": False}
        case OutOfRange(), LogicalType.INTEGER:
            more = _bounds(check.violation)
        case NotIn(values=values), LogicalType.STRING if values and all(isinstance(value, str) for value in values):
            more = {} if "isin" in said else {"isin": list(values)}
    if not more or any(key in said for key in more if key in {"ge", "gt", "le", "lt"}):
        return False
    said |= more
    return True


def _bounds(violation: OutOfRange) -> dict[str, object]:
    """Return what `Field` calls the bounds, nothing where one is no whole number."""
    sides = {
        "gt" if violation.least_exclusive else "ge": violation.least,
        "lt" if violation.most_exclusive else "le": violation.most,
    }
    bounds = {key: bound for key, bound in sides.items() if bound is not None}
    fits = all(isinstance(b, int) and not isinstance(b, bool) and abs(b) < 2**63 for b in bounds.values())
    return dict(bounds) if fits else {}


def _unique(check: UniqueKey, columns: tuple[str, ...], model: Model) -> None:
    known = model.columns.get(columns[0])
    plain = known is not None and known.declared.logical_type in {LogicalType.STRING, LogicalType.INTEGER}
    if len(columns) == 1 and known is not None and plain and not known.field["nullable"]:
        known.field["unique"] = True
        return
    model.rules.append(_rule(check, columns, (f"return answer(data, repeated({names(columns)}))",), rows=True))


def names(columns: tuple[str, ...]) -> str:
    """Return what a rule's body calls its columns."""
    return "values" if len(columns) == 1 else ", ".join(f"v{n}" for n in range(len(columns)))


# --- metrics ----------------------------------------------------------------------------------------------------


def _metric(check: LibraryMetric) -> Rule:
    columns: tuple[str, ...]
    match check.measure:
        case RowCount():
            columns, count = (), "height(data)"
        case CountWhere(predicate):
            columns, count = columns_of(predicate), f"counted({expression(predicate)})"
        case Duplicates(beside=str()):
            raise Unsayable(ALONE[UniqueInTable])
        case Duplicates(key):
            columns = tuple(dict.fromkeys(_column(value) for value in key))
            count = f"{'surplus_rows' if check.percent else 'repeated_keys'}({names(columns)})"
        case _:
            assert_never(check.measure)
    if not check.percent:
        return _rule(check, columns, (f"number = {count}", f"return {condition(check.threshold)}"))
    lines = (
        f"count, rows = {count}, height(data)",
        "number = Decimal(100 * count) / (rows or 1)",
        f"return not rows or {condition(check.threshold)}",  # of no rows there is no percentage
    )
    return _rule(check, columns, lines)


OPERATORS = {
    Operator.MUST_BE: "number == {}",
    Operator.MUST_NOT_BE: "number != {}",
    Operator.GREATER: "number > {}",
    Operator.GREATER_OR_EQUAL: "number >= {}",
    Operator.LESS: "number < {}",
    Operator.LESS_OR_EQUAL: "number <= {}",
    Operator.BETWEEN: "{} <= number <= {}",
    Operator.NOT_BETWEEN: "not {} <= number <= {}",
}


def condition(threshold: Threshold) -> str:
    """Return the Python expression under which `number` keeps a threshold."""
    bound = threshold.bound
    if isinstance(bound, tuple):
        return OPERATORS[threshold.operator].format(*map(number, sorted(bound, key=lambda b: Decimal(str(b)))))
    plain = isinstance(bound, int | float | Decimal) and not isinstance(bound, bool) and Decimal(str(bound)).is_finite()
    if plain and isinstance(bound, int | float | Decimal):
        return OPERATORS[threshold.operator].format(number(bound))
    return str(holds(threshold, 0))  # compared by type: so it is, whatever the count
