"""Where every gate of a project stands: contracts and lake in, values out. It knows neither Airflow nor a page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from lakegate.contract.model import Contract
from lakegate.contract.odcs import load
from lakegate.contract.project import Project, contracts_under
from lakegate.errors import LakegateError
from lakegate.gate.arrivals import Route, route
from lakegate.gate.status import BatchStatus, Standing, status
from lakegate.lake.interface import Lake
from lakegate.lake.zones import ZONES

AT_ONCE = 8  # datasets that are looked at side by side
DATED = 20  # blocked batches of a dataset whose reports are asked for their age


class State(StrEnum):
    """Where a dataset stands, in the words of whoever looks after it. What must be acted on comes first."""

    BLOCKED = "blocked"
    UNKNOWN = "cannot be told"
    WAITING = "arriving"
    ARRIVED = "ready to be judged"
    COMMITTED = "committed"
    EMPTY = "nothing arrived"


@dataclass(frozen=True, slots=True)
class Gate:
    """One dataset. `batch`, `message`, `report` (a folder, with its `/`) and `since` are about what `state` says."""

    dataset: str  # where no way can be told: the contract's file
    zone: str  # that it goes to, empty where that cannot be told
    contract_id: str | None = None
    version: str | None = None
    owner: str | None = None
    state: State = State.EMPTY
    batch: str | None = None
    message: str = ""
    report: str = ""
    since: dt.datetime | None = None  # UTC
    blocked: int = 0  # batches
    strays: int = 0  # files or folders that belong to no batch
    last: str | None = None  # the last batch that is in
    last_report: str = ""


def gates(project: Project, lake: Lake, now: dt.datetime) -> tuple[Gate, ...]:
    """Return every gate of the project in lake order; what cannot be told of one is told in its place."""
    ways: list[tuple[Contract, Route] | Gate] = []
    for path in contracts_under(project.folder, deep=project.deep):
        ways += _ways(path, project.root)

    def one(way: tuple[Contract, Route] | Gate) -> Gate:
        return way if isinstance(way, Gate) else _gate(lake, *way, now)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return tuple(sorted(pool.map(one, ways), key=_place))


def _place(gate: Gate) -> tuple[int, str]:
    """Return where a gate stands in the order of the lake."""
    order: Sequence[str] = ZONES
    return (order.index(gate.zone) if gate.zone in order else len(order), gate.dataset)


def _ways(path: Path, root: Path) -> list[tuple[Contract, Route] | Gate]:
    """Return the way of each object of a contract; none where it gates nothing, a gate with why where it is wrong."""
    contract = None
    try:
        contract = _loaded(path)
        if not (contract.gate.from_server and contract.gate.to_server):
            return []
        return [(contract, route(contract, obj)) for obj in contract.schema]
    except LakegateError as error:
        file = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
        identity = contract.id if contract else None
        return [Gate(file, "", identity, state=State.UNKNOWN, message=_first_line(error).replace(f"{root}/", ""))]


_CONTRACTS: dict[Path, tuple[tuple[int, int], Contract]] = {}


def _loaded(path: Path) -> Contract:
    """Return a contract, parsed again only where its file has changed."""
    try:
        looked = path.stat()
    except OSError:
        return load(path)
    stamp = (looked.st_mtime_ns, looked.st_size)
    if path not in _CONTRACTS or _CONTRACTS[path][0] != stamp:
        _CONTRACTS[path] = (stamp, load(path))
    return _CONTRACTS[path][1]


def _gate(lake: Lake, contract: Contract, way: Route, now: dt.datetime) -> Gate:
    """Look at one dataset."""
    about: dict[str, Any] = {
        "dataset": way.dataset,
        "zone": way.target.zone,
        "contract_id": contract.id,
        "version": contract.version,
        "owner": contract.owner,
    }
    try:
        return _standing(lake, about, status(lake, way, now))
    except LakegateError as error:
        return Gate(**about, state=State.UNKNOWN, message=_first_line(error))


def _standing(lake: Lake, about: dict[str, Any], batches: Sequence[BatchStatus]) -> Gate:
    """Sum up the batches of a dataset: the gravest speaks, of several the latest."""
    blocked = [one for one in batches if one.standing in (Standing.QUARANTINED, Standing.CONFLICTED)]
    kinds: tuple[tuple[State, list[BatchStatus]], ...] = (
        (State.BLOCKED, blocked),
        (State.WAITING, [one for one in batches if one.standing is Standing.WAITING]),
        (State.ARRIVED, [one for one in batches if one.standing is Standing.ARRIVED]),
        (State.COMMITTED, [one for one in batches if one.standing is Standing.COMMITTED]),
    )
    state, speaking = next(((word, some) for word, some in kinds if some), (State.EMPTY, []))
    speaker = speaking[-1] if speaking else None
    last = next((one for one in reversed(batches) if one.slot is not None), None)
    dated = blocked[-DATED:] if state is State.BLOCKED else speaking[-1:]
    ages = [age for one in dated if (age := _age(lake, one.report)) is not None]
    return Gate(
        **about,
        state=state,
        batch=speaker.batch if speaker else None,
        message=speaker.message if speaker else "",
        report=speaker.report if speaker else "",
        since=min(ages, default=None),
        blocked=len(blocked),
        strays=sum(one.standing is Standing.STRAY for one in batches),
        last=last.batch if last else None,
        last_report=last.report if last and last.standing is Standing.COMMITTED else "",
    )


def _age(lake: Lake, report: str) -> dt.datetime | None:
    """Return when a report was written, None where there is none: it is written once."""
    entry = lake.stat(f"{report}report.json") if report else None
    return entry.modified if entry else None


def _first_line(error: LakegateError) -> str:
    return str(error).splitlines()[0]


class Remembering:
    """A lake whose commit and quarantine records are fetched once: they never change, only more are written."""

    LIMIT = 64 * 1024 * 1024  # bytes that are kept

    def __init__(self, lake: Lake) -> None:
        """`lake` answers whatever is not remembered."""
        self._lake = lake
        self._kept: dict[str, bytes] = {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Hand on every other verb."""
        found: Callable[..., Any] = getattr(self._lake, name)
        return found

    def read_all(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """Return what stands at each key; who asks has listed it just now."""
        missing = [key for key in keys if key not in self._kept]
        fresh = dict(zip(missing, self._lake.read_all(missing), strict=True)) if missing else {}
        known = {key: self._kept[key] for key in keys if key in self._kept}
        if sum(map(len, self._kept.values())) > self.LIMIT:
            self._kept = {}
        self._kept |= {key: data for key, data in fresh.items() if data is not None}
        return [known.get(key, fresh.get(key)) for key in keys]
