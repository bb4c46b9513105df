"""What a DAG file needs of a contract, and no more: read at every parse, for every contract."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lakegate.contract.model import Contract, Waiving
from lakegate.contract.odcs import load
from lakegate.contract.project import contracts_under
from lakegate.gate.arrivals import route


@dataclass(frozen=True, slots=True)
class Way:
    """One object of a contract: where its batches arrive and where they go, as prefixes in the lake."""

    model: str
    dataset: str  # `nyc/flights`
    source: str  # `02-transient-zone/nyc/flights/`
    target: str  # `01-raw-data-zone/nyc/flights/`
    uri: str  # of the target, as the contract's server says it


@dataclass(frozen=True, slots=True)
class Heading:
    """A contract without its rules. `path` is the file's; `schedule` a cron expression or seconds, None: not said."""

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


def headings(folder: str | os.PathLike[str]) -> Iterator[Heading]:
    """Yield the heading of each contract under a folder that gates something. Raises what `load` raises."""
    for path in contracts_under(Path(folder)):
        found = heading(load(path))
        if found is not None:
            yield found


def heading(contract: Contract) -> Heading | None:
    """Return a contract's heading, None where it gates nothing: it names no server to promote from or to."""
    gate = contract.gate
    if not (gate.from_server and gate.to_server):
        return None
    server = contract.server(gate.to_server)
    ways = []
    for obj in contract.schema:
        way = route(contract, obj)
        uri = server.location.replace("{model}", obj.name) if server else ""
        ways.append(Way(obj.name, way.dataset, way.source.prefix, way.target.prefix, uri))
    return Heading(
        path=contract.path or "",
        id=contract.id,
        version=contract.version,
        name=contract.name,
        domain=contract.domain,
        description=contract.description,
        owner=contract.owner,
        tags=tuple(contract.document.get("tags") or ()),
        support=_support(contract.document.get("support") or ()),
        waiving=gate.waiver,
        ways=tuple(ways),
    )


def _support(entries: Sequence[dict[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return where a contract's people are asked, in its order."""
    return tuple((str(one.get("url") or one.get("channel") or ""), str(one.get("tool") or "")) for one in entries)
