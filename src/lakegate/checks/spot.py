"""Where a property stands in a row: how its value is reached, how a predicate about it becomes one about the row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from lakegate.checks.interface import Identity
from lakegate.contract.date_format import read_bound
from lakegate.contract.model import LogicalType, Property, Scalar, SchemaObject
from lakegate.errors import ContractError, Problem, Severity
from lakegate.predicates import AllOf, AnyEntry, AnyItem, IsNull, Literal, Not, Predicate, Value


@dataclass(frozen=True, slots=True)
class Spot:
    """One property at its place. Inside an array or map a predicate speaks of an item, `row` makes it speak of the row.

    `name` is the path by logical names (`udo.page_name`, `tags[]`), `told` the same by physical names; `steps` is what
    `rows.Type.at` reads. `parent` is the enclosing object: where it is null, nothing in it is missing.
    """

    declared: Property
    model: str
    name: str
    told: str
    steps: tuple[str, ...]
    value: Value
    row: Callable[[Predicate], Predicate]
    parent: Value | None = None

    @property
    def nested(self) -> bool:
        """Whether the value is an item of an array or an entry's part: a row may hold several."""
        return self.value.depth > 0

    def identity(self, category: str, kind: str, name: str, *, quality_id: str | None = None) -> Identity:
        """Return the identity of a check of this property."""
        key = f"{self.model}.{self.name}.{quality_id or kind}"
        return Identity(key, category, kind, name, self.model, self.name, quality_id=quality_id)

    @property
    def title(self) -> str:
        """The property's name for a person, and the column's where they differ (SEMANTICS: physicalName)."""
        column = self.declared.physical_name
        return self.name if column == self.declared.name or not column else f"{self.name} (column {column})"

    def null(self) -> Predicate:
        """Return the predicate that the value is null though the object that holds it is there."""
        here = IsNull(self.value)
        return self.row(AllOf((Not(IsNull(self.parent)), here)) if self.parent else here)


def spots(obj: SchemaObject) -> Iterator[Spot]:
    """Walk all properties of an object, nested ones after the one that holds them. Measures are no columns."""
    for prop in obj.properties:
        if prop.semantic_type != "measure":
            name = prop.physical_name
            yield from _walk(Spot(prop, obj.name, prop.name, name, (name,), Value((name,)), lambda p: p))


def _walk(spot: Spot) -> Iterator[Spot]:
    yield spot
    prop, value, depth = spot.declared, spot.value, spot.value.depth
    for inner in prop.properties:
        name = inner.physical_name
        yield from _walk(
            Spot(
                inner,
                spot.model,
                f"{spot.name}.{inner.name}",
                f"{spot.told}.{name}",
                (*spot.steps, name),
                Value((*value.path, name), depth),
                spot.row,
                value,
            )
        )
    parts: list[tuple[Property | None, str, tuple[str, ...], Callable[[Predicate], Predicate]]] = [
        (prop.items, "[]", (), lambda p: spot.row(AnyItem(value, p))),
        (prop.key, "{key}", ("key",), lambda p: spot.row(AnyEntry(value, p))),
        (prop.value, "{value}", ("value",), lambda p: spot.row(AnyEntry(value, p))),
    ]
    for part, step, path, row in parts:
        if part is not None:
            item = Value(path, depth + 1)
            yield from _walk(Spot(part, spot.model, spot.name + step, spot.told + step, (*spot.steps, step), item, row))


TEMPORAL = {LogicalType.DATE: dt.date, LogicalType.TIMESTAMP: dt.datetime, LogicalType.TIME: dt.time}


def literal(raw: Scalar, declared: Property, where: str) -> Literal:
    """Return a bound or an enum's value as the type it is compared with. Raises ContractError where it is none."""
    logical_type, pattern = declared.logical_type, declared.options.get("format")
    kind = TEMPORAL.get(logical_type) if logical_type else None
    if kind is not None and isinstance(raw, str):
        found = read_bound(raw, kind, pattern)
        if found is None:
            message = f"{where}: {raw!r} is no {logical_type}"
            raise ContractError((Problem("", 0, 0, Severity.ERROR, "bad-bound", message, where),))
        return _at_home(found, declared) if isinstance(found, dt.datetime) and found.tzinfo else found
    if raw is None:
        raise ContractError((Problem("", 0, 0, Severity.ERROR, "bad-bound", f"{where}: null is no value", where),))
    return Decimal(str(raw)) if isinstance(raw, float) and logical_type is not LogicalType.NUMBER else raw


def _at_home(instant: dt.datetime, declared: Property) -> dt.datetime:
    """Return an instant as the clocks of `defaultTimezone` show it, in which times without an offset are read."""
    zone = declared.options.get("defaultTimezone")
    return instant.astimezone(ZoneInfo(str(zone))) if zone and declared.options.get("timezone") is not True else instant
