"""Which rules of a contract look at all committed batches of a table, and the keys that must be known for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lakegate.checks.interface import Found, Judgement, not_applicable
from lakegate.checks.spot import Spot, spots
from lakegate.contract.model import Contract, Quality, SchemaObject
from lakegate.predicates import Value

TABLE = "table"


@dataclass(frozen=True, slots=True)
class TableKey:
    """A key that is looked up across all batches. `name` is what its indexes go by: `primaryKey`, `event_id.unique`."""

    name: str
    values: tuple[Value, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """What the columns of its indexes are called."""
        return columns_of(self.values)

    @property
    def beside(self) -> str:
        """What the rows of its indexes go by among other datasets; a dataset's name holds no `*`."""
        return f"*{self.name}"


def columns_of(key: tuple[Value, ...]) -> tuple[str, ...]:
    """Return what the columns of a key are called: by physical names, a field of an object by its path."""
    return tuple(".".join(value.path) for value in key)


def table_keys(contract: Contract, obj: SchemaObject) -> tuple[TableKey, ...]:
    """Return the keys of an object that table-wide rules look up, each once."""
    found: dict[tuple[Value, ...], TableKey] = {}
    for key in _keys(contract, obj):
        found.setdefault(key.values, key)
    return tuple(found.values())


def table_key(contract: Contract, obj: SchemaObject, values: tuple[Value, ...]) -> TableKey | None:
    """Return the key of these values, None where no table-wide rule looks it up."""
    return next((key for key in table_keys(contract, obj) if key.values == values), None)


def is_table_wide(contract: Contract, obj: SchemaObject) -> bool:
    """Whether a rule of the object looks at all batches: then they are committed one after another."""
    return bool(table_keys(contract, obj)) or any(rule.scope == TABLE for rule, _ in rules_of(obj))


def _keys(contract: Contract, obj: SchemaObject) -> Iterator[TableKey]:
    if contract.gate.scope == TABLE:
        if obj.primary_key:
            yield TableKey("primaryKey", tuple(Value((prop.physical_name,)) for prop in obj.primary_key))
        for spot in spots(obj):
            if spot.declared.unique and not spot.nested:
                yield TableKey(f"{spot.told}.unique", (spot.value,))
    for rule, at in rules_of(obj):
        if rule.scope == TABLE and rule.metric == "duplicateValues":
            values = rule_key(rule, obj, at)
            if values:
                yield TableKey("+".join(columns_of(values)) + ".duplicateValues", values)


def rule_key(rule: Quality, obj: SchemaObject, spot: Spot | None) -> tuple[Value, ...]:
    """Return what `duplicateValues` counts: `arguments.properties`, else the property it stands at; empty where it
    says neither, or names what is not there.
    """
    names = rule.arguments.get("properties")
    if names:
        found = [obj.find(name.rpartition(".")[2]) for name in names]
        return tuple(Value((prop.physical_name,)) for prop in found if prop) if all(found) else ()
    return () if spot is None or spot.nested else (spot.value,)


def rules_of(obj: SchemaObject) -> Iterator[tuple[Quality, Spot | None]]:
    """Yield every rule of an object with the property that it stands at, None for the object itself."""
    yield from ((rule, None) for rule in obj.quality)
    yield from ((rule, spot) for spot in spots(obj) for rule in spot.declared.quality)


def no_table(found: Found) -> Judgement | None:
    """Return what a table-wide rule says where there is no table: of files that are no batch of a lake."""
    return not_applicable("no batch of a lake is judged: there is no table to look at") if found.alone else None
