"""Where the parts of a contract's model stand in its document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lakegate.contract.findings import Path
from lakegate.contract.model import Contract, Property, Quality, Relationship, SchemaObject


@dataclass(frozen=True, slots=True)
class Place:
    """A schema object, or a property at any depth, with its path in the document.

    `name` is the property's path by names, `udo.page_name`, `tags[]`; empty for the object itself.
    """

    path: Path
    object: SchemaObject
    prop: Property | None
    name: str

    @property
    def quality(self) -> tuple[Quality, ...]:
        """The rules that stand here."""
        return self.prop.quality if self.prop else self.object.quality

    @property
    def relationships(self) -> tuple[Relationship, ...]:
        """The foreign keys that stand here."""
        return self.prop.relationships if self.prop else self.object.relationships

    @property
    def children(self) -> tuple[Property, ...]:
        """The properties one level further in."""
        return self.prop.properties if self.prop else self.object.properties


def places(contract: Contract) -> Iterator[Place]:
    """Yield every schema object and every property in it, outer ones first."""
    for i, schema_object in enumerate(contract.schema):
        here = Place(("schema", i), schema_object, None, "")
        yield here
        yield from _inside(here)


def _inside(place: Place) -> Iterator[Place]:
    """Yield the properties inside a place, outer ones first."""
    prefix = place.name + "." if place.name else ""
    inner = [((*place.path, "properties", i), child, prefix + child.name) for i, child in enumerate(place.children)]
    held = place.prop
    if held is not None:
        ends = (
            (("items",), held.items, "[]"),
            (("map", "key"), held.key, "{key}"),
            (("map", "value"), held.value, "{value}"),
        )
        inner += [((*place.path, *steps), end, place.name + mark) for steps, end, mark in ends if end is not None]
    for path, child, name in inner:
        here = Place(path, place.object, child, name)
        yield here
        yield from _inside(here)


def node_at(contract: Contract, path: Path) -> Any:
    """Return what stands at `path` of the contract's document."""
    node: Any = contract.document
    for step in path:
        node = node[step]
    return node


def has(schema_object: SchemaObject, path: str) -> bool:
    """Whether `path`, `udo.page_name`, is a property of the object."""
    properties = schema_object.properties
    for step in path.split("."):
        found = next((one for one in properties if one.name == step), None)
        if found is None:
            return False
        properties = found.properties
    return True
