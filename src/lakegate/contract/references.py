"""How a relationship names the other side (SEMANTICS: a reference to another contract's property).

customers.id                                   object.property of the same contract; nested: accounts.address.street
google-ads.campaigns.campaign_id               <contract id>.<object>.<property>
schema/customers/properties/cust_id            the same contract, by the ids (or names) of its elements
path/x.odcs.yaml#/schema/customers/properties/cust_id
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lakegate.contract.model import Contract, Property, SchemaObject

Node = Mapping[str, Any]


def split(text: str, objects: Sequence[Node]) -> tuple[str, str]:
    """Return (what names the object, the property's path with dots) of a reference as written.

    `objects` are the contract's own, as its document holds them: a reference that stays in the contract comes back by
    names, whether it was written by names or by ids. The path is empty where the reference names no property.
    """
    if "/" in text:
        head, _, tail = text.partition("/properties/")
        path = tail.replace("/properties/", ".")
        key = head.removeprefix("/").removeprefix("schema/")
        node = next((node for node in objects if key in (node.get("id"), node["name"])), None)
        return (node["name"], _named(node.get("properties") or (), path)) if node and "#" not in head else (head, path)
    steps = text.split(".")
    at = 1 if len(steps) == 2 or any(steps[0] == node["name"] for node in objects) else 2
    return ".".join(steps[:at]), ".".join(steps[at:])


def _named(nodes: Sequence[Node], path: str) -> str:
    """Return a path of ids or names as a path of names; a step that is not there stays as it is."""
    step, dot, rest = path.partition(".")
    node = next((node for node in nodes if step in (node.get("id"), node["name"])), None)
    return path if node is None else node["name"] + dot + (_named(node.get("properties") or (), rest) if dot else "")


def find(
    contract: Contract, object_key: str, paths: tuple[str, ...]
) -> tuple[SchemaObject, tuple[Property, ...]] | None:
    """Return the object of `contract` and its properties that a reference names by id or by name, None if one is not
    there. `paths` hold one key a step, `address.street`.
    """
    nodes = contract.document.get("schema") or []
    for schema_object, node in zip(contract.schema, nodes, strict=True):
        if object_key in (node.get("id"), node["name"]):
            found = tuple(_at(schema_object.properties, node.get("properties") or [], path) for path in paths)
            known = tuple(one for one in found if one is not None)
            return (schema_object, known) if len(known) == len(found) else None
    return None


def _at(properties: tuple[Property, ...], nodes: Sequence[Node], path: str) -> Property | None:
    """Return the property at a path of ids or names, None where it is not there."""
    step, _, rest = path.partition(".")
    for found, node in zip(properties, nodes, strict=True):
        if step in (node.get("id"), node["name"]):
            return _at(found.properties, node.get("properties") or [], rest) if rest else found
    return None
