"""The one custom property that is ours: `lakegate`, at the contract, at a property, and at a quality rule or a
relationship.

Its grammar is lakegate-property.schema.json beside this module, published under docs/schemas for editors.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from lakegate.contract.dialect import fault_of
from lakegate.contract.findings import Finding, Path
from lakegate.contract.model import Action, Batching, Budget, Contract, Gate, Sheet, TextDialect, Waiving
from lakegate.contract.places import places
from lakegate.contract.standard import Grammar
from lakegate.errors import Severity

NAME = "lakegate"


def value_of(node: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of `node`'s lakegate property; empty where there is none."""
    for entry in node.get("customProperties") or ():
        if entry.get("property") == NAME and isinstance(entry.get("value"), dict):
            return dict(entry["value"])
    return {}


def findings(document: Mapping[str, Any], raw: Mapping[Path, str]) -> Iterator[Finding]:
    """Yield what is wrong with every lakegate property of a document that the standard's grammar accepts."""
    yield from _entries(document, (), "contract", raw)
    for i, schema_object in enumerate(document.get("schema") or ()):
        path: Path = ("schema", i)
        yield from _entries(schema_object, path, None, raw)
        yield from _rules(schema_object, path, raw)
        yield from _properties(schema_object, path, raw)


def _properties(node: Mapping[str, Any], path: Path, raw: Mapping[Path, str]) -> Iterator[Finding]:
    """Yield what is wrong with the lakegate properties inside an object or property."""
    inner: list[tuple[Path, Mapping[str, Any]]] = [
        ((*path, "properties", i), child) for i, child in enumerate(node.get("properties") or ())
    ]
    inner += [((*path, "items"), node["items"])] if "items" in node else []
    inner += [((*path, "map", end), child) for end, child in node.get("map", {}).items()]
    for at, child in inner:
        yield from _entries(child, at, "property", raw)
        yield from _rules(child, at, raw)
        yield from _properties(child, at, raw)


def _rules(node: Mapping[str, Any], path: Path, raw: Mapping[Path, str]) -> Iterator[Finding]:
    """Yield what is wrong with the lakegate properties of rules and relationships."""
    for key in ("quality", "relationships"):
        for i, rule in enumerate(node.get(key) or ()):
            yield from _entries(rule, (*path, key, i), "rule", raw)


def _entries(node: Mapping[str, Any], path: Path, level: str | None, raw: Mapping[Path, str]) -> Iterator[Finding]:
    """Yield what is wrong with the lakegate entries among the customProperties of one node."""
    seen = False
    for i, entry in enumerate(node.get("customProperties") or ()):
        at = (*path, "customProperties", i)
        name = entry["property"]
        if name != NAME:
            if name.casefold() == NAME:
                message = f"the property {name} is not read"
                yield Finding(
                    (*at, "property"), "unknown-value", message, Severity.WARNING, hint=f"did you mean {NAME}?"
                )
        elif level is None:
            hint = "write it at the contract, a property or a rule"
            yield Finding(at, "misplaced-key", "a schema object has no lakegate property", hint=hint)
        elif seen:
            yield Finding(at, "duplicate-key", "the lakegate property stands here twice", hint="keep one of them")
        else:
            seen = True
            yield from _grammar(level).findings(entry["value"], raw, (*at, "value"))


@functools.cache
def _grammar(level: str) -> Grammar:
    """Return the grammar of the property at `level`: contract, property or rule."""
    schema = json.loads(
        importlib.resources.files(__package__).joinpath("lakegate-property.schema.json").read_text("utf-8")
    )
    return Grammar({"$schema": schema["$schema"], "$defs": schema["$defs"], "$ref": f"#/$defs/{level}"})


def gate(document: Mapping[str, Any]) -> Gate:
    """Return the contract's own lakegate property. It must be one that `findings` has nothing against."""
    value = value_of(document)
    kept = {
        key: value[key]
        for key in ("on_change", "columns", "missing_columns", "min_rows", "unsupported", "scope", "quarantine")
        if key in value
    }
    text = dict(value.get("text", {}))
    if "nulls" in text:
        text["nulls"] = tuple(text["nulls"])
    sheet = value.get("sheet", {})
    waiver = value.get("waiver", {})
    return Gate(
        from_server=value.get("from"),
        to_server=value.get("to"),
        batch=Batching(**value.get("batch", {})),
        text=TextDialect(**text),
        sheet=Sheet(**(sheet if isinstance(sheet, dict) else {"name": sheet})),
        max_rejected=_budget(value.get("max_rejected")),
        upstream=tuple(value.get("upstream", ())),
        waiver=Waiving(**{**waiver, "approvers": tuple(waiver.get("approvers", ()))}),
        **kept,
    )


def _budget(value: int | str | None) -> Budget | None:
    """Read `max_rejected`: `1 percent`, `0.5 %`, `20 rows`, 20."""
    if value is None:
        return None
    amount, unit = re.fullmatch(r"([0-9.]+)\s*(\D*)", str(value)).groups()  # type: ignore[union-attr]  # the grammar
    return Budget(Decimal(amount), "percent" if unit in ("percent", "%") else "rows")


def waiving(contract: Contract) -> Iterator[Finding]:
    """Yield what `waiver` says that has no effect, and where anybody may waive."""
    asked, where = contract.gate.waiver, place_of(contract.document, "waiver")
    if asked.allowed and not asked.approvers:
        message, hint = "anybody may waive what a batch breaks", "name who may: approvers: [NAME, …]"
        yield Finding(where, "no-approvers", message, Severity.WARNING, hint=hint, at_key=True)
    if not asked.allowed and (asked.approvers or asked.max_days):
        message, hint = "nobody may waive anything: `waiver` is not allowed", "say allowed: true, or remove it"
        yield Finding(where, "no-effect", message, Severity.WARNING, hint=hint, at_key=True)


def scope(contract: Contract) -> Iterator[Finding]:
    """Yield each object that `scope: table` says nothing about: it has no key that could hold across batches."""
    if contract.gate.scope != "table":
        return
    for i, one in enumerate(contract.schema):
        if not one.primary_key and not any(prop.unique for prop in one.properties):
            message = f"`scope: table` asks nothing of {one.name}: it has neither a primaryKey nor a unique property"
            hint = "give it a key, or remove the scope"
            yield Finding(("schema", i), "no-key", message, Severity.WARNING, hint=hint)


def held_back(contract: Contract) -> Iterator[Finding]:
    """Yield why rows cannot be held back as the contract asks: no budget, or a place that keeps exact copies."""
    gate = contract.gate
    asking: list[Path] = [
        (*place.path, key, i, "customProperties")
        for place in places(contract)
        for key, actions in (
            ("quality", [rule.action for rule in place.quality]),
            ("relationships", [one.action for one in place.relationships]),
        )
        for i, action in enumerate(actions)
        if action is Action.QUARANTINE
    ]
    at = place_of(contract.document, "quarantine") if gate.quarantine == "rows" else next(iter(asking), None)
    if at is None:
        if gate.max_rejected is not None:
            message, hint = "`max_rejected` says nothing: no row is held back", "say quarantine: rows, or remove it"
            where = place_of(contract.document, "max_rejected")
            yield Finding(where, "no-effect", message, Severity.WARNING, hint=hint, at_key=True)
        return
    if gate.max_rejected is None:
        message = "rows are held back, and nothing says how many may be"
        yield Finding(at, "no-budget", message, hint="add max_rejected: 1 percent; of more the whole batch is blocked")
    server = contract.server(gate.to_server or "")
    if server is None or not re.search(r"(^|/)warehouse/(stage|cleanse|core|mart)/", server.location):
        found = server.location if server else "nowhere"
        message = "rows are held back only from tables of the warehouse: raw and master data are exact copies"
        expected = "a place under warehouse/"
        yield Finding(at, "exact-copies", message, found=found, expected=expected, hint="hold rows back in cleanse")
    elif (server.format or "").lower() != "parquet":
        message = "rows are held back only from Parquet: other formats cannot be written again as they were"
        yield Finding(at, "exact-copies", message, found=server.format or "no format", expected="format: parquet")


def dialect(contract: Contract) -> Iterator[Finding]:
    """Yield what keeps the text that arrives from being read: marks that cannot be told apart."""
    if wrong := fault_of(contract):
        yield Finding(
            place_of(contract.document, "text"), "bad-dialect", wrong, hint="see also `delimiter` in the server"
        )


def place_of(document: Mapping[str, Any], key: str) -> Path:
    """Return where a key of the contract's own property stands, or where it would."""
    entries = enumerate(document.get("customProperties") or ())
    at = next((i for i, entry in entries if entry.get("property") == NAME), None)
    if at is None:
        return ()
    path: Path = ("customProperties", at, "value")
    return (*path, key) if key in document["customProperties"][at]["value"] else path
