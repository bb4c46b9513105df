"""What a contract that is well written may still get wrong: all that can be told from the document alone."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from lakegate.contract import gate_property, options, rules
from lakegate.contract.findings import REFUSED, Finding, Path, listed, near, shown
from lakegate.contract.model import Contract, LogicalType, Property, Relationship, SchemaObject
from lakegate.contract.places import Place, has, node_at, places
from lakegate.contract.references import split
from lakegate.errors import Severity
from lakegate.rows import RESERVED

NOTHING = "nothing-to-check"

SLA_CHECKED = ("freshness", "retention", "frequency")
SLA_UNITS = (
    *("s", "sec", "second", "seconds", "m", "min", "minute", "minutes", "h", "hr", "hour", "hours"),
    *("d", "day", "days", "w", "week", "weeks", "month", "months", "y", "yr", "year", "years"),
)


def findings(contract: Contract) -> Iterator[Finding]:
    """Yield everything that is wrong with a contract, or worth a hint, beyond what the grammars say."""
    yield from _names(contract.schema, ("schema",), "object")
    for place in places(contract):
        yield from _names(place.children, (*place.path, "properties"), "property")
        yield from _keys(contract, place)
        yield from _enum(place)
        yield from options.findings(place)
        yield from rules.findings(contract, place)
        for i, relationship in enumerate(place.relationships):
            yield from _relationship(contract, place, relationship, (*place.path, "relationships", i))
    yield from _sla(contract)
    yield from _servers(contract)
    yield from gate_property.waiving(contract)
    yield from gate_property.dialect(contract)
    yield from gate_property.scope(contract)
    yield from gate_property.held_back(contract)
    yield from _nothing(contract)


# --- names ------------------------------------------------------------------------------------------------------


def _names(named: Sequence[SchemaObject | Property], path: Path, what: str) -> Iterator[Finding]:
    """Yield names and physical names that are empty, stand twice, differ in case or Unicode form only, or are ours."""
    logical = [one.name for one in named]
    physical = [one.physical_name for one in named]
    for key, names in (("name", logical), ("physicalName", physical)):
        first: dict[str, str] = {}
        seen: set[str] = set()
        for i, name in enumerate(names):
            repeated = name in seen
            seen.add(name)
            twin = first.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
            if key == "physicalName" and logical[i] == name:
                continue  # told by its name already
            at = (*path, i, key)
            if not name:
                yield Finding(at, "empty-name", f"the name of this {what} is empty", hint="write one")
            if name.casefold().startswith(RESERVED):
                yield Finding(at, "reserved-name", f"names that begin with {RESERVED} are lakegate's", found=name)
            if repeated:
                yield Finding(at, "duplicate-name", f"two {what} names are {name}", hint="rename one of them")
            elif twin != name:
                message = f"{name} and {twin} differ in case or Unicode form only"
                yield Finding(at, "twin-names", message, hint="engines take them for one: rename one of them")


def _keys(contract: Contract, place: Place) -> Iterator[Finding]:
    """Yield places in the primary key that stand twice, or at a property that is not in it."""
    seen: dict[int, str] = {}
    for i, prop in enumerate(place.children):
        path = (*place.path, "properties", i)
        position = node_at(contract, path).get("primaryKeyPosition", -1)
        if position == -1:
            continue
        at = (*path, "primaryKeyPosition")
        if prop.primary_key_position is None:
            message, hint = f"{prop.name} is not in the primary key", "write primaryKey: true"
            yield Finding(at, "misplaced-key", message, Severity.WARNING, hint=hint, at_key=True)
        elif position in seen:
            message = f"{prop.name} and {seen[position]} have one place in the primary key"
            yield Finding(at, "duplicate-key-position", message, found=str(position))
        elif position < 1:
            yield Finding(at, "out-of-bounds", "places in the primary key begin at 1", found=str(position))
        seen.setdefault(position, prop.name)


def _enum(place: Place) -> Iterator[Finding]:
    """Yield enum values that no value of the property's type equals."""
    prop = place.prop
    if prop is None or prop.enum is None:
        return
    wanted = (
        {
            LogicalType.STRING: str,
            LogicalType.BOOLEAN: bool,
            LogicalType.INTEGER: int | float,
            LogicalType.NUMBER: int | float,
        }.get(prop.logical_type)
        if prop.logical_type
        else None
    )
    for i, value in enumerate(prop.enum):
        wrong = wanted is not None and value is not None and not isinstance(value, wanted)
        if wrong or (isinstance(value, bool) and wanted not in (bool, None)):
            message = f"no {prop.logical_type} is ever equal to it: values are compared by type"
            yield Finding((*place.path, "enum", i, "value"), "never-holds", message, Severity.HINT, found=shown(value))


# --- relationships ----------------------------------------------------------------------------------------------


def _relationship(contract: Contract, place: Place, relationship: Relationship, path: Path) -> Iterator[Finding]:
    """Yield what is wrong with a foreign key inside its own contract; the other side's contract is lint's to ask."""
    node = node_at(contract, path)
    nodes = contract.document["schema"]
    if place.prop is None:
        yield from _own_side(place.object, [split(text, nodes) for text in _many(node["from"])], (*path, "from"))
    targets, at = _many(node["to"]), (*path, "to")
    if len(relationship.columns) != len(targets):
        found, expected = f"{len(targets)} properties", str(len(relationship.columns))
        yield Finding(at, "reference", "both sides have as many properties", found=found, expected=expected)
    if any(split(text, nodes)[0] != relationship.reference for text in targets):
        yield Finding(at, "reference", "all properties of `to` are of one object", found=", ".join(targets))
    if not all(relationship.to):
        yield Finding(at, "reference", "the reference names no property", found=", ".join(targets))
        return
    other = contract.object(relationship.reference)
    if other is not None:
        yield from _missing(other, relationship.to, at)
    elif not {".", "#"} & set(relationship.reference):
        hint = near(relationship.reference, (one.name for one in contract.schema))
        message = f"this contract has no object {relationship.reference.removeprefix('schema/')}"
        yield Finding(at, "unknown-object", message, hint=hint or "write <contract id>.<object>.<property>")


def _own_side(own: SchemaObject, columns: Sequence[tuple[str, str]], path: Path) -> Iterator[Finding]:
    """Yield what is wrong with `from`: pairs of an object and a property, which have to be the object's own."""
    for where, column in columns:
        if where != own.name:
            yield Finding(path, "reference", f"`from` names a property of {own.name}", found=f"{where}.{column}")
    yield from _missing(own, [column for where, column in columns if where == own.name], path)


def _missing(schema_object: SchemaObject, columns: Sequence[str], path: Path) -> Iterator[Finding]:
    """Yield each of `columns` that is no property of the object."""
    for column in columns:
        if not has(schema_object, column):
            hint = near(column, (one.name for one in schema_object.properties))
            yield Finding(path, "unknown-property", f"{schema_object.name} has no property {column}", hint=hint)


def _many(value: str | list[str]) -> list[str]:
    """Return one or several as a list."""
    return [value] if isinstance(value, str) else value


# --- service levels ---------------------------------------------------------------------------------------------


def _sla(contract: Contract) -> Iterator[Finding]:
    """Yield what is wrong with service levels, and those that will not be checked."""
    for i, sla in enumerate(contract.sla):
        path = ("slaProperties", i)
        checked = sla.property in SLA_CHECKED
        wrong = _sla_elements(contract, sla.element, (*path, "element"))
        yield from wrong if checked else (replace(finding, severity=Severity.WARNING) for finding in wrong)
        if not checked:
            hint = near(sla.property, SLA_CHECKED)
            if hint:
                message = f"{sla.property} is not checked"
                yield Finding((*path, "property"), "not-checked", message, Severity.HINT, hint=hint)
            continue
        if sla.element is None and sla.property != "frequency":
            hint = "write element: object.property"
            message = f"{sla.property} is not checked: it names no element"
            yield Finding(path, "not-checked", message, Severity.WARNING, hint=hint)
        if isinstance(sla.value, bool) or not isinstance(sla.value, int | float):
            yield Finding((*path, "value"), "wrong-type", f"{sla.property} is a number", found=shown(sla.value))
        if sla.unit is None:
            yield Finding(path, "missing-key", f"{sla.property} has no unit", expected="d, h, min, …")
        elif sla.unit == "m":
            meant = "months" if sla.property == "retention" else "minutes"
            message = f"m is read as {meant}"
            yield Finding((*path, "unit"), "ambiguous-unit", message, Severity.HINT, hint="write min or month")
        elif sla.unit.casefold() not in SLA_UNITS:
            hint = near(sla.unit, SLA_UNITS)
            yield Finding(
                (*path, "unit"), "unknown-value", "unknown unit", found=sla.unit, expected="d, h, min, …", hint=hint
            )


def _sla_elements(contract: Contract, element: str | None, path: Path) -> Iterator[Finding]:
    """Yield what an element names that is not there: `object`, `object.property`, several parted by commas."""
    for text in (element or "").split(",") if element else ():
        name, _, column = text.strip().partition(".")
        found = contract.object(name)
        if found is None:
            hint = near(name, (one.name for one in contract.schema))
            yield Finding(path, "unknown-object", f"the contract has no object {name}", hint=hint)
        elif column:
            yield from _missing(found, [column], path)


# --- servers ----------------------------------------------------------------------------------------------------

_UNSAFE = re.compile(r"""['"`\\;\x00-\x1f\x7f]""")
_METADATA_HOSTS = ("metadata.google.internal", "metadata", "instance-data")


def _servers(contract: Contract) -> Iterator[Finding]:
    """Yield unsafe places, servers called alike, and ends of the gate that are not declared."""
    names = [server.name for server in contract.servers]
    for i, node in enumerate(contract.document.get("servers") or ()):
        for key in ("location", "path", "endpointUrl", "stagingDir", "host"):
            if isinstance(node.get(key), str):
                yield from _location(node[key], ("servers", i, key))
        if node["server"] in names[:i]:
            yield Finding(("servers", i, "server"), "duplicate-name", f"two servers are called {node['server']}")
    entries = enumerate(contract.document.get("customProperties") or ())
    at = next((i for i, entry in entries if entry.get("property") == gate_property.NAME), 0)
    for key, name in (("from", contract.gate.from_server), ("to", contract.gate.to_server)):
        if name is not None and name not in names:
            path = ("customProperties", at, "value", key)
            message, expected = f"`{key}` names a server that is not declared", listed(names)
            yield Finding(path, "unknown-server", message, found=name, expected=expected, hint=near(name, names))


def _location(text: str, path: Path) -> Iterator[Finding]:
    """Yield a place that leaves the lake, would escape its quotes, or is a machine's own metadata (INPUTS 14-16)."""
    plain = unquote(unquote(text))
    try:
        host = urlsplit(plain).hostname if "//" in plain else re.split("[/:]", plain)[0]
    except ValueError as error:
        yield Finding(path, "location", f"the location is no URI: {error}", found=text)
        return
    if _UNSAFE.search(plain):
        message = "quotes, backslashes, semicolons and control characters have no place in a location"
        yield Finding(path, REFUSED + "location", message, found=text)
    if ".." in re.split(r"[/\\]", plain):
        hint = "name the place itself, without .."
        yield Finding(path, REFUSED + "location", "the location leaves the lake", found=text, hint=hint)
    if _is_metadata(host):
        yield Finding(path, REFUSED + "endpoint", "the address is a machine's own metadata service", found=text)


def _is_metadata(host: str | None) -> bool:
    """Whether a host is link-local or a cloud's metadata service, in whatever notation."""
    if not host:
        return False
    try:
        address = ipaddress.ip_address(int(host, 0) if re.fullmatch(r"0x[0-9a-f]+|[0-9]+", host) else host)
    except ValueError:
        return host.casefold().rstrip(".") in _METADATA_HOSTS
    mapped = getattr(address, "ipv4_mapped", None) or address
    return mapped.is_link_local or str(mapped) == "fd00:ec2::254"


# --- nothing to check -------------------------------------------------------------------------------------------


def _nothing(contract: Contract) -> Iterator[Finding]:
    """Yield an object that no check looks at: a run would pass it whatever it holds (SEMANTICS: nothing to check)."""
    if not contract.schema:
        message, hint = "the contract has nothing to check", "describe its dataset under `schema`"
        yield Finding((), NOTHING, message, hint=hint)
    elements = [text.strip() for sla in contract.sla for text in (sla.element or "").split(",")]
    for i, one in enumerate(contract.schema):
        stored = any(prop.semantic_type != "measure" for prop in one.properties)
        asked = any(rule.type != "text" for rule in one.quality) or one.relationships
        promised = any(element.partition(".")[0] == one.name for element in elements)
        if not (stored or asked or promised):
            hint = "declare its properties, or a quality rule"
            yield Finding(("schema", i), NOTHING, f"the object {one.name} has nothing to check", hint=hint)
