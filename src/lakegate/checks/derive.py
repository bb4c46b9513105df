"""From a contract to its checks: every key that asserts something becomes a check, in the contract's own order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lakegate.checks.interface import Check, Identity
from lakegate.checks.keys import ForeignKey, UniqueInTable, UniqueKey
from lakegate.checks.of_own import Input
from lakegate.checks.of_property import property_checks
from lakegate.checks.of_quality import Surroundings, quality_checks
from lakegate.checks.quality import NotRun
from lakegate.checks.service_level import Freshness, Retention, duration, in_words
from lakegate.checks.spot import Spot, spots
from lakegate.checks.structure import DeclaredColumns, MinimumRows, Readable
from lakegate.checks.table_wide import TABLE, table_key
from lakegate.checks.wording import counted, once, together
from lakegate.contract.expectation_files import NO_FILES, ExpectationFiles
from lakegate.contract.model import Contract, Relationship, SchemaObject, SlaProperty
from lakegate.errors import ContractError
from lakegate.predicates import Value


@dataclass(frozen=True, slots=True)
class Target:
    """The other side of a relationship: the dataset, and the columns there by physical name."""

    dataset: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What a contract's rules may look at beside the batch.

    `targets` resolves relationships; one that is not there has no contract. `tables` maps what SQL may call another
    dataset to that dataset. `files` are those of the project's `expectations/` that rules use. `inputs` maps what
    reconciliations call a dataset to it; one that is not there has no contract.
    """

    targets: Mapping[Relationship, Target]
    tables: Mapping[str, str]
    files: ExpectationFiles = NO_FILES
    inputs: Mapping[str, Input] = field(default_factory=dict)


_UNDECLARED = {"closed": "every column is declared", "open": "columns that are not declared are told, and allowed"}


def checks_of(contract: Contract, obj: SchemaObject, neighbours: Neighbours) -> tuple[Check, ...]:
    """Return every check of one object of a contract.

    Raises ContractError where a rule cannot be understood, Refused where its SQL would reach outside the batch.
    """
    try:
        return (
            *_batch_checks(contract, obj),
            *_property_level(contract, obj, neighbours),
            *_object_level(contract, obj, neighbours),
            *_service_levels(contract, obj),
        )
    except ContractError as error:
        raise error.of(contract.path or "") from error


def _batch_checks(contract: Contract, obj: SchemaObject) -> Iterator[Check]:
    gate = contract.gate
    typed = frozenset(spot.told for spot in spots(obj) if spot.declared.logical_type)
    yield Readable(identity=_of_batch(obj, "readable", "every record of every file can be read"), typed=typed)
    if gate.min_rows > 0:
        identity = _of_batch(obj, "minRows", f"the batch holds at least {counted(gate.min_rows, 'row')}")
        yield MinimumRows(identity=identity, least=gate.min_rows)
    if obj.properties:
        yield DeclaredColumns(
            identity=_of_batch(obj, "columns", _UNDECLARED[gate.columns]),
            declared=frozenset(p.physical_name for p in obj.properties),
            open_=gate.columns == "open",
        )


def _of_batch(obj: SchemaObject, kind: str, name: str) -> Identity:
    return Identity(f"{obj.name}.{kind}", "batch", kind, name, obj.name)


def _property_level(contract: Contract, obj: SchemaObject, neighbours: Neighbours) -> Iterator[Check]:
    blocks = contract.gate.unsupported != "allow"
    for spot in spots(obj):
        yield from property_checks(spot, missing_allowed=contract.gate.missing_columns == "allow")
        if spot.declared.unique and contract.gate.scope == TABLE and not spot.nested:
            identity = spot.identity("schema", "unique.table", f"no {spot.title} occurs in another batch")
            yield from _in_table(contract, obj, (spot.value,), identity)
        for rule in spot.declared.quality:
            yield from quality_checks(rule, _around(contract, obj, spot, neighbours))
        for relationship in spot.declared.relationships:
            check = _foreign_key(obj, relationship, (spot.value,), neighbours)
            why = "a reference from items of an array or map is not one this version runs"
            yield NotRun(identity=check.identity, why=why, blocks=blocks) if spot.nested else check


def _around(contract: Contract, obj: SchemaObject, spot: Spot | None, neighbours: Neighbours) -> Surroundings:
    blocks = contract.gate.unsupported != "allow"
    return Surroundings(contract, obj, spot, neighbours.tables, blocks, neighbours.files, neighbours.inputs)


def _object_level(contract: Contract, obj: SchemaObject, neighbours: Neighbours) -> Iterator[Check]:
    key = obj.primary_key
    if key:
        names = [prop.name for prop in key]
        identity = Identity(f"{obj.name}.primaryKey", "schema", "primaryKey", once(names), obj.name)
        values = tuple(Value((p.physical_name,)) for p in key)
        yield UniqueKey(identity=identity, key=values)
        if contract.gate.scope == TABLE:
            name = f"no {together(names)} occurs in another batch"
            identity = Identity(f"{obj.name}.primaryKey.table", "schema", "primaryKey.table", name, obj.name)
            yield from _in_table(contract, obj, values, identity)
    for rule in obj.quality:
        yield from quality_checks(rule, _around(contract, obj, None, neighbours))
    for relationship in obj.relationships:
        values = tuple(Value((_physical(obj, name),)) for name in relationship.columns)
        yield _foreign_key(obj, relationship, values, neighbours)


def _in_table(
    contract: Contract, obj: SchemaObject, key: tuple[Value, ...], identity: Identity
) -> Iterator[UniqueInTable]:
    """Yield the check that a key stands in no other batch."""
    known = table_key(contract, obj, key)
    if known is not None:
        yield UniqueInTable(identity=identity, key=key, beside=known.beside)


def _physical(obj: SchemaObject, name: str) -> str:
    prop = obj.find(name)
    return prop.physical_name if prop else name


def _foreign_key(
    obj: SchemaObject, relationship: Relationship, key: tuple[Value, ...], neighbours: Neighbours
) -> ForeignKey:
    target = neighbours.targets.get(relationship) or Target(relationship.reference, relationship.to)
    there = f"{relationship.reference}.{', '.join(relationship.to)}"
    identity = Identity(
        key=f"{obj.name}.{'+'.join(relationship.columns)}.relationship.{there}",
        category="schema",
        type="relationship",
        name=f"{together(relationship.columns)} names a row of {target.dataset} ({', '.join(target.columns)})",
        model=obj.name,
        field=relationship.columns[0] if len(relationship.columns) == 1 else None,
    )
    return ForeignKey(
        identity=identity, key=key, dataset=target.dataset, columns=target.columns, action=relationship.action
    )


def _service_levels(contract: Contract, obj: SchemaObject) -> Iterator[Check]:
    for number, sla in enumerate(contract.sla):
        model, _, path = (sla.element or "").partition(".")
        if sla.element and model != obj.name and contract.object(model):
            continue  # another object's
        yield _service_level(obj, sla, number, path if model == obj.name else sla.element or "")


def _service_level(obj: SchemaObject, sla: SlaProperty, number: int, path: str) -> Check:
    key = f"{obj.name}.sla.{sla.id or f'{number}.{sla.property}'}"
    identity = Identity(key, "servicelevel", sla.property, in_words(sla, path), obj.name, path or None)
    limit = duration(sla.value, sla.unit)
    kind = {"freshness": Freshness, "retention": Retention}.get(sla.property.lower())
    if kind is None:
        return NotRun(identity=identity, why=f"{sla.property} is a promise that one batch cannot show", blocks=False)
    if not path or limit is None:
        why = "it names no element" if not path else f"{sla.value!r} {sla.unit or ''} is no duration"
        return NotRun(identity=identity, why=why, blocks=False)
    spot = next((spot for spot in spots(obj) if spot.name == path and not spot.nested), None)
    value = spot.value if spot else Value(tuple(path.split(".")))
    zone = spot and spot.declared.options.get("defaultTimezone")
    return kind(identity=identity, value=value, limit=limit, zone=str(zone or "UTC"))
