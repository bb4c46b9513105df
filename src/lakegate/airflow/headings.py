"""What a DAG file needs of a contract, and no more: read at every parse, for every contract.

A heading is remembered by the SHA-256 of the contract's bytes (`contract.proofs`, in the user's own cache folder), so
that a contract that did not change is not parsed again. What its rules mean is not asked for it: that costs an engine,
and `validate` asks anyway.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from lakegate.airflow.schedules import HOURLY, Pace, pace
from lakegate.checks.wording import of_rule
from lakegate.contract import proofs
from lakegate.contract.model import Contract, Quality, SchemaObject, Waiving
from lakegate.contract.odcs import outline
from lakegate.contract.project import contracts_under, identity_in
from lakegate.contract.source import read
from lakegate.errors import LakegateError
from lakegate.gate.arrivals import route
from lakegate.lake.zones import CANDIDATES
from lakegate.version import __version__

RULES_SHOWN = 30  # of one object
_MADE_BY = (  # what a heading is made by: another version of it makes it anew
    "lakegate.airflow.headings",
    "lakegate.airflow.schedules",
    "lakegate.checks.wording",
    "lakegate.contract.build",
    "lakegate.contract.gate_property",
    "lakegate.contract.odcs",
    "lakegate.contract.standard",
    "lakegate.contract.upgrade",
    "lakegate.lake.zones",
)


@dataclass(frozen=True, slots=True)
class Way:
    """One object of a contract: where its batches arrive and where they go, as prefixes in the lake."""

    model: str
    dataset: str  # `nyc/flights`
    source: str  # `02-transient-zone/nyc/flights/`
    target: str  # `01-raw-data-zone/nyc/flights/`
    uri: str  # of the target, as the contract's server says it
    refers: tuple[str, ...] = ()  # what its foreign keys lead to, as `Relationship.reference`
    rules: tuple[str, ...] = ()  # its quality rules in words

    @property
    def of_warehouse(self) -> bool:
        """Whether this is a table of the warehouse, whose batches somebody proposes."""
        return self.source.startswith(f"{CANDIDATES}/") and self.target.startswith("warehouse/")


@dataclass(frozen=True, slots=True)
class Heading:
    """A contract without its rules. `path` is the file's."""

    path: str
    id: str
    version: str
    name: str | None
    domain: str | None
    description: str | None
    owner: str | None
    tags: tuple[str, ...]
    support: tuple[tuple[str, str], ...]  # (channel or address, tool)
    waiving: Waiving
    ways: tuple[Way, ...]
    purpose: str | None = None
    limitations: str | None = None
    usage: str | None = None
    product: str | None = None
    status: str | None = None
    upstream: tuple[str, ...] = ()  # datasets of which a batch must be committed before
    sla: tuple[str, ...] = ()  # service levels as they are written
    pace: Pace = HOURLY


@dataclass(frozen=True, slots=True)
class Broken:
    """A contract that no DAG can be made of. `id` is None where the text tells none; `told` says all that is wrong."""

    path: str
    id: str | None
    told: str


def headings(
    folder: str | os.PathLike[str], wanted: Callable[[str | None, str], bool] | None = None
) -> Iterator[Heading | Broken]:
    """Yield the heading of each contract under a folder that gates something, in the order of their paths.

    `wanted(id, path)` leaves contracts out by their id (None where the text tells none), before they are parsed.
    """
    made_by = (__version__, *proofs.judges(*_MADE_BY))
    for path in contracts_under(Path(folder).absolute()):
        try:
            content = path.read_bytes()
        except OSError as error:
            yield Broken(str(path), None, f"the contract {path} cannot be read: {error.strerror}")
            continue
        if wanted is not None and not wanted(identity_in(content, str(path)), str(path)):
            continue
        found = _known(content, str(path), made_by)
        if found is not None:
            yield found


def _known(content: bytes, path: str, made_by: tuple[str, ...]) -> Heading | Broken | None:
    """Return the heading of a contract's bytes, parsed where it is not remembered."""
    facts = (hashlib.sha256(content).hexdigest(), *made_by)
    try:
        remembered = msgspec.convert(proofs.recall("heading", facts), Heading)
        return replace(remembered, path=path)
    except msgspec.ValidationError:
        pass  # nothing is remembered, or what is no heading
    try:
        found = heading(outline(read(content, path)))
    except LakegateError as error:
        return Broken(path, identity_in(content, path), str(error))
    if found is not None:
        proofs.remember("heading", facts, msgspec.to_builtins(found))
    return found


def heading(contract: Contract) -> Heading | None:
    """Return a contract's heading, None where it gates nothing: it names no server to promote from or to.

    Raises:
        UsageError: a server that it names is not there, lies in no zone, or the schedule is none.
        Refused: a location is unsafe.
    """
    gate, document = contract.gate, contract.document
    if not (gate.from_server and gate.to_server):
        return None
    said_of_it = document.get("description") or {}
    return Heading(
        path=contract.path or "",
        id=contract.id,
        version=contract.version,
        name=contract.name,
        domain=contract.domain,
        description=contract.description,
        owner=contract.owner,
        tags=tuple(str(tag) for tag in document.get("tags") or ()),
        support=_support(document.get("support") or ()),
        waiving=gate.waiver,
        ways=tuple(_way(contract, obj) for obj in contract.schema),
        purpose=said_of_it.get("purpose"),
        limitations=said_of_it.get("limitations"),
        usage=said_of_it.get("usage"),
        product=document.get("dataProduct"),
        status=contract.status,
        upstream=gate.upstream,
        sla=tuple(_service_level(node) for node in document.get("slaProperties") or ()),
        pace=pace(document),
    )


def _way(contract: Contract, obj: SchemaObject) -> Way:
    """Return the way of an object's batches."""
    way = route(contract, obj)
    server = contract.server(contract.gate.to_server or "")
    location = server.location if server else ""
    relationships = (*obj.relationships, *(one for prop in obj.properties for one in prop.relationships))
    rules = [in_words(rule, obj.name) for rule in obj.quality]
    rules += [in_words(rule, prop.name) for prop in obj.properties for rule in prop.quality]
    if len(rules) > RULES_SHOWN:
        rules = [*rules[:RULES_SHOWN], f"and {len(rules) - RULES_SHOWN} more"]
    return Way(
        model=obj.name,
        dataset=way.dataset,
        source=way.source.prefix,
        target=way.target.prefix,
        uri=location.replace("{model}", obj.name),
        refers=tuple(dict.fromkeys(one.reference for one in relationships)),
        rules=tuple(rules),
    )


def in_words(rule: Quality, of: str) -> str:
    """Return a quality rule as its author describes it, else in the words of reports."""
    if rule.description or rule.name:
        return f"{of}: {rule.description or rule.name}"
    means = of_rule(rule, of, of)
    return f"{of}: {rule.id.replace('_', ' ')} ({means})" if rule.id else f"{of}: {means}"


def _service_level(node: Mapping[str, Any]) -> str:
    """Return an entry of slaProperties as it is written."""
    told = " ".join(str(node[key]) for key in ("property", "value", "unit", "schedule") if node.get(key) is not None)
    return f"{told} ({node['description']})" if node.get("description") else told


def _support(entries: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    """Return where a contract's people are asked, in its order."""
    return tuple((str(one.get("url") or one.get("channel") or ""), str(one.get("tool") or "")) for one in entries)
