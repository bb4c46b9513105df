"""A document that ODCS 3.2 allows -> the frozen model. Nothing is judged here, and nothing can fail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lakegate.contract import gate_property
from lakegate.contract.model import (
    Action,
    Contract,
    LogicalType,
    Operator,
    Property,
    Quality,
    Relationship,
    SchemaObject,
    Server,
    SlaProperty,
    Threshold,
)
from lakegate.contract.references import split

Node = Mapping[str, Any]

# SEMANTICS: severity. What is in none of these fails, and lint says that the word is not known.
INFORMS = frozenset({"info", "informational"})
WARNS = frozenset({"warning", "warn", "low", "minor", "trivial"})
FAILS = frozenset({"error", "fail", "failure", "critical", "blocker", "fatal", "high", "major", "medium", "severe"})

# Classifications whose values a sample may tell; every other word hides them.
_OPEN = frozenset({"public", "internal", "open", "none", "unclassified", "unrestricted", "general", "non-sensitive"})


def contract(document: Node, sha256: str, path: str | None) -> Contract:
    """Return the model of a document that the grammars of the standard and of the lakegate property accept."""
    objects = document.get("schema") or ()
    description = document.get("description") or {}
    return Contract(
        id=document["id"],
        version=document["version"],
        api_version=document["apiVersion"],
        name=document.get("name"),
        status=document.get("status"),
        schema=tuple(_object(node, objects) for node in objects),
        servers=tuple(_server(node) for node in document.get("servers") or ()),
        sla=tuple(_sla(node) for node in document.get("slaProperties") or ()),
        gate=gate_property.gate(document),
        document=document,
        sha256=sha256,
        path=path,
        owner=_owner(document.get("team") or {}),
        domain=document.get("domain"),
        description=description.get("purpose") or description.get("usage"),
    )


def action(severity: str | None, asked: str | None) -> Action:
    """Return what a failed rule does: what the lakegate property asks for, else what the severity says."""
    if asked is not None:
        return Action(asked)
    word = (severity or "error").strip().casefold()
    return Action.INFO if word in INFORMS else Action.WARN if word in WARNS else Action.FAIL


def _owner(team: Node) -> str | None:
    """Return the team's name, else its first owner, else its first member."""
    members = team.get("members") or ()
    owners = [member for member in members if "owner" in str(member.get("role", "")).casefold()]
    first: Node = next(iter([*owners, *members]), {})
    name = team.get("name") or first.get("name") or first.get("username")
    return str(name) if name else None


def _server(node: Node) -> Server:
    """Return an entry of `servers`; a local one has a path for its location."""
    location = node.get("location") or node.get("path") or ""
    return Server(
        name=node["server"],
        type=node["type"],
        location=location,
        format=node.get("format"),
        delimiter=node.get("delimiter"),
        encoding=node.get("encoding"),
    )


def _sla(node: Node) -> SlaProperty:
    """Return an entry of `slaProperties`."""
    return SlaProperty(
        property=node["property"],
        value=node["value"],
        unit=node.get("unit"),
        element=node.get("element"),
        id=node.get("id"),
    )


def _object(node: Node, objects: Sequence[Node]) -> SchemaObject:
    """Return a schema object. `objects` are all of the contract, for its references."""
    return SchemaObject(
        name=node["name"],
        physical_name=node.get("physicalName") or node["name"],
        properties=_properties(node.get("properties") or (), objects, ""),
        relationships=tuple(_relationship(entry, objects, None) for entry in node.get("relationships") or ()),
        quality=_qualities(node),
        description=node.get("description"),
        business_name=node.get("businessName"),
    )


def _properties(nodes: Iterable[Node], objects: Sequence[Node], prefix: str) -> tuple[Property, ...]:
    """Return the properties of one level. `prefix` is the path of what they stand in, with a dot behind it."""
    listed = list(nodes)
    positions = _key_positions(listed)
    return tuple(_property(node, objects, prefix, positions.get(i)) for i, node in enumerate(listed))


def _key_positions(nodes: list[Node]) -> dict[int, int]:
    """Return the place in the primary key, from 1, per index: by primaryKeyPosition, then as the document has them."""
    keyed = [(node.get("primaryKeyPosition", -1), i) for i, node in enumerate(nodes) if node.get("primaryKey")]
    keyed.sort(key=lambda key: (key[0] < 1, key[0] if key[0] >= 1 else 0, key[1]))
    return {i: position for position, (_, i) in enumerate(keyed, start=1)}


def _property(node: Node, objects: Sequence[Node], prefix: str, position: int | None = None) -> Property:
    """Return a property with all that is nested in it."""
    name = node.get("name", "")  # the items of an array and the ends of a map need none
    path = prefix + name
    ours = gate_property.value_of(node)
    ends = node.get("map") or {}
    enum = node.get("enum")
    return Property(
        name=name,
        physical_name=node.get("physicalName") or name,
        logical_type=LogicalType(node["logicalType"]) if "logicalType" in node else None,
        physical_type=node.get("physicalType"),
        options=node.get("logicalTypeOptions") or {},
        required=node.get("required", False),
        unique=node.get("unique", False),
        primary_key_position=position,
        enum=tuple(entry["value"] for entry in enum) if enum is not None else None,
        semantic_type=node.get("semanticType", "column"),
        classification=node.get("classification"),
        description=node.get("description"),
        business_name=node.get("businessName"),
        relationships=tuple(_relationship(entry, objects, path) for entry in node.get("relationships") or ()),
        quality=_qualities(node),
        properties=_properties(node.get("properties") or (), objects, path + "."),
        items=_property(node["items"], objects, path + "[]") if "items" in node else None,
        key=_property(ends["key"], objects, path + "{key}") if ends else None,
        value=_property(ends["value"], objects, path + "{value}") if ends else None,
        nan_allowed=ours.get("nan") == "allow",
        samples=ours.get("samples") or samples(node.get("classification")),
    )


def samples(classification: str | None) -> str:
    """Return what an opt-in sample of a property may tell by its classification: show, or mask."""
    return "show" if classification is None or classification.strip().casefold() in _OPEN else "mask"


def _relationship(node: Node, objects: Sequence[Node], path: str | None) -> Relationship:
    """Return a foreign key. `path` is the property it stands at; None: at the object, where it says `from`."""
    targets = [split(text, objects) for text in _many(node["to"])]
    columns = (path,) if path is not None else tuple(split(text, objects)[1] for text in _many(node["from"]))
    return Relationship(
        columns=columns,
        reference=targets[0][0],
        to=tuple(to for _, to in targets),
        action=action(None, gate_property.value_of(node).get("action")),
    )


def _many(value: str | list[str]) -> list[str]:
    """Return one or several as a list."""
    return [value] if isinstance(value, str) else value


def _qualities(node: Node) -> tuple[Quality, ...]:
    """Return the rules of an object or property."""
    return tuple(_quality(i, entry) for i, entry in enumerate(node.get("quality") or ()))


def _quality(index: int, node: Node) -> Quality:
    """Return a quality rule; without a type and a metric it is prose."""
    implied = "library" if "metric" in node else "text"
    return Quality(
        index=index,
        type=node.get("type", implied),
        id=node.get("id"),
        name=node.get("name"),
        description=node.get("description"),
        dimension=node.get("dimension"),
        metric=node.get("metric"),
        arguments=node.get("arguments") or {},
        threshold=_threshold(node),
        unit=node.get("unit"),
        query=node.get("query"),
        engine=node.get("engine"),
        implementation=node.get("implementation"),
        action=action(node.get("severity"), gate_property.value_of(node).get("action")),
        graded="severity" in node or "action" in gate_property.value_of(node),
        scope=gate_property.value_of(node).get("scope", "batch"),
    )


def _threshold(node: Node) -> Threshold | None:
    """Return what a rule holds its number against, None where it says nothing."""
    for operator in Operator:
        if operator.value in node:
            bound = node[operator.value]
            return Threshold(operator, tuple(bound) if isinstance(bound, list) else bound)
    return None
