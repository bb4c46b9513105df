"""Waivers: who lets a batch in although checks failed, why, and until when (PROTOCOL, Waivers; ADR 0023).

A waiver is a record of its own beside the commit records, about exactly these bytes under exactly this contract.
Whether it holds is decided anew each time that the batch is judged, by pure functions over what the record says.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec

from lakegate.checks.interface import Outcome
from lakegate.contract.model import Waiving
from lakegate.errors import LakeError
from lakegate.gate import revocation
from lakegate.lake.interface import Lake
from lakegate.lake.zones import REVOKED, Place, segment
from lakegate.verdict import CheckResult, Verdict, Waived
from lakegate.waivable import failing, obstacles, rows_of, unwaivable

SCHEMA_VERSION = 1
LONGEST_REASON = 1000  # characters
LONGEST_NAME = 200  # characters


@dataclass(frozen=True, slots=True)
class Waiver:
    """One waiver. `limits` holds, per rule that counts failing rows, how many are let in at most.

    `expires` and `at`, when it was written, are in UTC. `by` is who wrote it, where that was said (a task of a
    workflow); it and `at` are no part of what was approved: the same approval twice is one waiver.
    """

    dataset: str
    batch: str
    digest: str
    contract_sha256: str
    rules: tuple[str, ...]  # keys of results, sorted
    limits: Mapping[str, int]
    approver: str
    reason: str
    expires: dt.datetime
    at: dt.datetime
    by: str = ""

    @property
    def id(self) -> str:
        """12 digits over what was approved."""
        told = {name: value for name, value in self._told().items() if name not in ("at", "by")}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]

    def to_json(self) -> bytes:
        """Return the record as it is stored: one line of JSON with sorted keys."""
        document = {"schema_version": SCHEMA_VERSION, "id": self.id, **self._told()}
        return json.dumps(document, sort_keys=True, ensure_ascii=False).encode() + b"\n"

    def _told(self) -> dict[str, Any]:
        instants = {"expires": self.expires.isoformat(), "at": self.at.isoformat()}
        return {**dataclasses.asdict(self), "rules": list(self.rules), "limits": dict(self.limits), **instants}


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What lies among the waivers of a batch and is none: it never holds. `why` names it."""

    id: str
    why: str


@dataclass(frozen=True, slots=True)
class Revoked:
    """A waiver that was taken back (`gate/revocation.py`): it never holds. `why` names by whom, when and why."""

    waiver: Waiver
    why: str

    @property
    def id(self) -> str:
        """The waiver's."""
        return self.waiver.id


Found = Waiver | Revoked | Unreadable  # what lies among the waivers of a batch


Instant = Annotated[dt.datetime, msgspec.Meta(tz=True)]


class _Stored(msgspec.Struct, forbid_unknown_fields=True):
    schema_version: int
    id: str
    dataset: str
    batch: str
    digest: str
    contract_sha256: str
    rules: tuple[str, ...]
    limits: dict[str, Annotated[int, msgspec.Meta(ge=0)]]
    approver: str
    reason: str
    expires: Instant
    at: Instant
    by: str


def parse(data: bytes, name: str) -> Waiver | Unreadable:
    """Read a stored waiver; `name` is the id that its key says. One that was written over is none."""
    try:
        version = msgspec.json.decode(data, type=dict[str, Any]).get("schema_version")
        if version != SCHEMA_VERSION:
            return Unreadable(name, f"it has schema version {version!r}, this lakegate reads {SCHEMA_VERSION}")
        stored = msgspec.json.decode(data, type=_Stored)
    except (ValueError, RecursionError) as error:
        return Unreadable(name, f"it cannot be read: {error}")
    waiver = Waiver(**{one.name: getattr(stored, one.name) for one in dataclasses.fields(Waiver)})
    if not stored.id == name == waiver.id:
        return Unreadable(name, f"its content has the id {waiver.id}: somebody changed it")
    return waiver


# --- in the lake ------------------------------------------------------------------------------------------------------


def write(lake: Lake, target: Place, waiver: Waiver, write_id: str) -> Waiver:
    """Write a waiver and return the one that stands: the first of the same approval. Raises LakeError."""
    key = target.waiver(waiver.batch, waiver.id)
    if lake.put_if_absent(key, waiver.to_json(), write_id):
        return waiver
    standing = parse(lake.read(key) or b"", waiver.id)
    if isinstance(standing, Unreadable):
        raise LakeError(f"{key!r} stands there and is no waiver: {standing.why}", hint="a human must look at it")
    return standing


def of_batch(lake: Lake, target: Place, batch: str) -> tuple[Found, ...]:
    """Return all that lies among the waivers of a batch, the oldest first. One listing. Raises LakeError."""
    folder = f"{target.waivers}{segment(batch)}/"
    return _read(lake, [entry.key for entry in lake.list(folder)], target, batch)


def of_dataset(lake: Lake, target: Place) -> Mapping[str, tuple[str, ...]]:
    """Return the keys of what lies among the waivers of each batch, by the batch's segment. One listing."""
    found: dict[str, tuple[str, ...]] = {}
    for entry in lake.list(target.waivers):
        name, *rest = entry.key.removeprefix(target.waivers).split("/")
        if len(rest) == 1:  # not those of `<dataset>/<more>`
            found[name] = (*found.get(name, ()), entry.key)
    return found


def read(lake: Lake, target: Place, batch: str, keys: Mapping[str, tuple[str, ...]]) -> tuple[Found, ...]:
    """Return what `of_batch` does, from one listing of the dataset."""
    return _read(lake, keys.get(segment(batch), ()), target, batch)


def _read(lake: Lake, keys: Sequence[str], target: Place, batch: str) -> tuple[Found, ...]:
    """Read what was listed. A waiver beside which a revocation lies is revoked, whatever that says."""
    folder = f"{target.waivers}{segment(batch)}/"
    own = [key for key in keys if "/" not in key.removeprefix(folder)]
    texts = {
        key.removeprefix(folder).removesuffix(".json"): data for key, data in zip(own, lake.read_all(own), strict=True)
    }
    found: list[Found] = []
    for name, data in texts.items():
        if name.endswith(REVOKED):
            continue
        one: Found = parse(data or b"", name)
        if isinstance(one, Waiver) and (one.dataset, one.batch) != (target.dataset, batch):
            one = Unreadable(name, f"it is of {one.dataset} {one.batch!r}")
        if isinstance(one, Waiver) and name + REVOKED in texts:
            one = Revoked(one, revocation.told(texts[name + REVOKED], (target.dataset, batch, name)))
        found.append(one)
    return tuple(sorted(found, key=_age))


def _age(found: Found) -> tuple[str, str]:
    one = found.waiver if isinstance(found, Revoked) else found
    return (one.at.isoformat() if isinstance(one, Waiver) else "", one.id)


# --- whether a waiver holds -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """What a waiver is held against: the bytes, the contract and what it allows, the instant, who brought the bytes."""

    digest: str
    contract_sha256: str
    waiving: Waiving
    now: dt.datetime
    uploaders: tuple[str, ...] = ()


def fault(waiver: Waiver, asked: Asked) -> str:
    """Return why a waiver does not stand for these bytes now, whatever failed; empty where it stands."""
    if waiver.digest != asked.digest:
        return f"it is for other bytes: got digest {asked.digest[:12]}, expected {waiver.digest[:12]}"
    if waiver.contract_sha256 != asked.contract_sha256:
        return f"it is for another contract: got {asked.contract_sha256[:12]}, expected {waiver.contract_sha256[:12]}"
    if waiver.expires <= asked.now:
        return f"it expired at {waiver.expires.isoformat()}"
    return forbidden(waiver, asked.waiving, asked.uploaders)


def forbidden(waiver: Waiver, waiving: Waiving, uploaders: Iterable[str]) -> str:
    """Return why its approver may not have waived this; empty where he may."""
    if not waiving.allowed:
        return "the contract allows no waiver"
    if waiving.approvers and waiver.approver not in waiving.approvers:
        return f"{waiver.approver!r} is none of the approvers: {', '.join(waiving.approvers)}"
    if waiving.max_days is not None and waiver.expires - waiver.at > dt.timedelta(days=waiving.max_days):
        return f"it is for longer than {waiving.max_days} days: to {waiver.expires.isoformat()}"
    same = next((name for name in uploaders if same_person(name, waiver.approver)), None)
    return f"the approver {waiver.approver!r} brought the batch, as {same!r}" if same is not None else ""


def same_person(name: str, other: str) -> bool:
    """Whether two names may be one person's: in any case, with and without what follows `@`.

    It errs on the side of yes: a namesake finds another approver.
    """
    return bool(_names(name) & _names(other))


def _names(name: str) -> set[str]:
    whole = unicodedata.normalize("NFKC", name).strip().casefold()
    return {one for one in (whole, whole.partition("@")[0]) if one}


def excess(waiver: Waiver, failed: Iterable[CheckResult]) -> str:
    """Return why a waiver does not cover what failed now of the rules that it names; empty where it does."""
    for result in failed:
        if result.key not in waiver.rules:
            continue
        if why := unwaivable(result):
            return f"{result.key} cannot be waived: {why}"
        rows, limit = rows_of(result), waiver.limits.get(result.key)
        if rows is None and limit is not None:
            return f"{result.key} counts no rows any more, and at most {limit:,} were waived"
        if rows is not None and (limit is None or rows > limit):
            most = "no number of rows was" if limit is None else f"at most {limit:,} were"
            return f"{result.key} fails for {rows:,} rows, and {most} waived"
    return ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the waivers of a batch come to for a verdict that blocks. `verdict` is the waived one, or as it was.

    `standing` are the ids of those that stand for the bytes, whatever failed; `holding` of those that cover what failed
    of their rules, too; `faults` say why each other does not hold, by id. `lacking` is what keeps those that hold from
    letting the batch in.
    """

    verdict: Verdict
    standing: tuple[str, ...] = ()
    holding: tuple[str, ...] = ()
    faults: Mapping[str, str] = field(default_factory=dict)
    lacking: str = ""

    @property
    def refused(self) -> bool:
        """Whether waivers are there, and none of them holds (INPUTS 119)."""
        return bool(self.faults) and not self.holding

    @property
    def message(self) -> str:
        """Why the waivers that are there do not let the batch in; empty where there are none, or where they do."""
        if self.verdict.waivers:
            return ""
        told = [f"waiver {name} does not hold: {why}" for name, why in self.faults.items()]
        return "; ".join([*told, self.lacking] if self.holding else told)


def answer(verdict: Verdict, found: Sequence[Found], asked: Asked) -> Answer:
    """Hold the waivers of a batch, the oldest first, against a verdict that blocks.

    Where those that hold name every failed check, these become `waived`, each by the oldest that names it. A verdict in
    which something cannot be waived stays as it is.
    """
    failed = failing(verdict.results)
    standing, holding, faults = _told_apart(found, failed, asked)
    by_rule = {rule: one for one in reversed(holding) for rule in one.rules}
    missing = [result.key for result in failed if result.key not in by_rule]
    never = obstacles(verdict.results, verdict.exit_code, verdict.options)
    lacking = "; ".join(never) or (f"no waiver names {', '.join(missing)}" if missing else "")
    told = verdict if lacking or not holding else _waived(verdict, holding, by_rule)
    return Answer(told, tuple(standing), tuple(one.id for one in holding), faults, lacking)


def covering(found: Sequence[Found], failed: Sequence[CheckResult], asked: Asked) -> tuple[Waiver, ...]:
    """Return the waivers that hold where they name every check that failed, together; else none."""
    _, holding, _ = _told_apart(found, failed, asked)
    named = {rule for one in holding for rule in one.rules}
    return tuple(holding) if failed and all(result.key in named for result in failed) else ()


def _told_apart(
    found: Sequence[Found], failed: Sequence[CheckResult], asked: Asked
) -> tuple[list[str], list[Waiver], dict[str, str]]:
    """Return the ids of the waivers that stand, those that hold, and why each other does not."""
    standing: list[str] = []
    holding: list[Waiver] = []
    faults: dict[str, str] = {}
    for one in found:
        if not isinstance(one, Waiver):
            faults[one.id] = one.why
        elif why := fault(one, asked):
            faults[one.id] = why
        else:
            standing.append(one.id)
            if why := excess(one, failed):
                faults[one.id] = why
            else:
                holding.append(one)
    return standing, holding, faults


def _waived(verdict: Verdict, holding: Sequence[Waiver], by_rule: Mapping[str, Waiver]) -> Verdict:
    """Return the verdict in which every failed check is waived."""
    lets = {result.key: by_rule[result.key].id for result in failing(verdict.results)}
    used = tuple(
        Waived(
            one.id,
            tuple(rule for rule, waiver_id in lets.items() if waiver_id == one.id),
            one.approver,
            one.reason,
            one.expires.isoformat(),
            one.at.isoformat(),
        )
        for one in holding
        if one.id in lets.values()
    )
    results = tuple(
        dataclasses.replace(result, outcome=Outcome.WAIVED) if result.key in lets else result
        for result in verdict.results
    )
    return dataclasses.replace(verdict, results=results, waivers=used)
