"""Where the batches of a dataset stand, from what lies in the lake alone. Values; the command line renders them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from lakegate.errors import LakegateError
from lakegate.gate import ledger, quarantine, waiver
from lakegate.gate.arrivals import Drop, Route, arrivals, read_markers
from lakegate.gate.ledger import CommitRecord
from lakegate.gate.protocol import Seen, belongs, judgement_id, normal, waits_for
from lakegate.gate.quarantine import Judgement
from lakegate.gate.waiver import Asked, Found, Revoked, Waiver, fault
from lakegate.lake.interface import Entry, Lake
from lakegate.lake.zones import order_of


class Standing(StrEnum):
    """Where a batch stands."""

    WAITING = "waiting"  # arrived in part
    ARRIVED = "arrived"  # complete, or its marker cannot be read; not judged as it is
    COMMITTED = "committed"
    QUARANTINED = "quarantined"
    CONFLICTED = "conflicted"
    STRAY = "stray"  # belongs to no batch: beside the folders of batches, or not of the contract's key template
    ABANDONED = "abandoned"  # its latest slot was burned, and nothing lies in the drop


@dataclass(frozen=True, slots=True)
class BatchStatus:
    """One batch. `slot` is its latest commit, None where there is none; `size` in bytes of what `standing` is about."""

    batch: str
    standing: Standing
    message: str
    slot: int | None
    report: str  # the folder of the report behind `standing`, empty where there is none
    files: int
    size: int
    due: bool  # whether `promote --all` takes it up; judged batches are not, until something changes


def status(lake: Lake, route: Route, now: dt.datetime) -> tuple[BatchStatus, ...]:
    """Return every batch that arrived, was judged or committed, in the order of the batch keys' fields; then strays."""
    arrived = arrivals(lake, route)
    drops = {drop.batch: drop for drop in arrived.drops}
    judged: dict[str, list[Judgement]] = {}
    for judgement in quarantine.judgements(lake, route.dataset):
        judged.setdefault(judgement.batch, []).append(judgement)
    slotted = ledger.slot_keys(lake, route.target)
    waivers = waiver.of_dataset(lake, route.target) if route.waiving.allowed and judged else {}
    found = []
    for batch in sorted(
        drops.keys() | judged.keys() | slotted.keys(), key=lambda key: order_of(route.batching.key, key)
    ):
        slots = ledger.read_records(lake, slotted.get(batch, ()))
        drop = drops.get(batch)
        known = judged.get(batch, [])
        if drop is None:
            found.append(_settled(batch, slots, known))
            continue
        looked = waiver.read(lake, route.target, batch, waivers) if known else ()
        found.append(_pending(lake, _Beside(route, now, known, looked), drop, slots))
    return (*found, *_strays(route, arrived.strays))


def due(statuses: tuple[BatchStatus, ...]) -> tuple[str, ...]:
    """Return the batches that `promote --all` takes up, in their order."""
    return tuple(status.batch for status in statuses if status.due)


@dataclass(frozen=True, slots=True)
class _Beside:
    """What is looked at beside a drop: its route, the instant, its earlier judgements and its waivers."""

    route: Route
    now: dt.datetime
    judged: Sequence[Judgement]
    waivers: Sequence[Found]


def _pending(lake: Lake, beside: _Beside, drop: Drop, slots: tuple[CommitRecord, ...]) -> BatchStatus:
    """Say where a batch stands of which something lies in the drop. Nothing is hashed for it."""
    route = beside.route
    record = ledger.latest(slots)
    slot = record.slot if record else None
    files, size = len(drop.files), sum(entry.size for _, entry in drop.files)
    if record and all(belongs(record, Seen(normal(p), e.size, e.version)) for p, e in drop.files):
        message = f"committed{_apart(record)}; its source is still to be cleaned"
        return BatchStatus(drop.batch, Standing.COMMITTED, message, slot, record.report, files, size, due=True)
    same = [
        one
        for one in beside.judged
        if sorted(one.pins) == sorted(drop.pins) and one.contract_sha256 == route.contract_sha256
    ]
    stand = _standing(beside, same)
    asked = judgement_id(drop.pins, route.contract_sha256, [one.id for one in stand])
    known = next((one for one in same if one.id == asked or one.outcome == quarantine.CONFLICT), None)
    if same and known is None:
        waived = f"waived by {', '.join(one.approver for one in stand)}" if stand else "a waiver ended"
        message = f"{waived} since it was judged; ready to be judged again{_revoked(beside, same[-1])}"
        return BatchStatus(drop.batch, Standing.ARRIVED, message, slot, same[-1].report, files, size, due=True)
    if known:
        message = known.message + _revoked(beside, known)
        return BatchStatus(drop.batch, _of(known), message, slot, known.report, files, size, due=False)
    try:
        markers = read_markers(lake, drop)
    except LakegateError as error:  # its own fault: whoever takes it up is told the same, and the others are not held
        return BatchStatus(drop.batch, Standing.ARRIVED, str(error), slot, "", files, size, due=True)
    waiting = markers.unreadable or waits_for(markers.arrived, route.batching, beside.now)
    standing = Standing.WAITING if waiting else Standing.ARRIVED
    return BatchStatus(drop.batch, standing, waiting or "ready to be judged", slot, "", files, size, due=True)


def _standing(beside: _Beside, same: Sequence[Judgement]) -> tuple[Waiver, ...]:
    """Return the waivers that stand for what was judged, whatever failed."""
    if not same or not beside.waivers:
        return ()
    named = tuple(name for one in same for name in one.uploaders)
    asked = Asked(same[-1].digest, beside.route.contract_sha256, beside.route.waiving, beside.now, named)
    return tuple(one for one in beside.waivers if isinstance(one, Waiver) and not fault(one, asked))


def _revoked(beside: _Beside, judged: Judgement) -> str:
    """Return which waivers of what was judged were taken back, where its message does not say so; else empty."""
    found = [one for one in beside.waivers if isinstance(one, Revoked) and one.waiver.digest == judged.digest]
    return "".join(f"; waiver {one.id}: {one.why}" for one in found if one.why not in judged.message)


def _strays(route: Route, entries: Sequence[Entry]) -> Iterator[BatchStatus]:
    """Yield what belongs to no batch, a line for each folder or file that lies where batches do."""
    template = route.batching.key
    wanted = f"a batch key of the form {template!r}" if template else "a folder for each batch"
    for name, group in groupby(entries, key=lambda entry: entry.key.removeprefix(route.source.prefix).split("/")[0]):
        sizes = [entry.size for entry in group]
        message = f"belongs to no batch: expected {wanted}"
        yield BatchStatus(name, Standing.STRAY, message, None, "", len(sizes), sum(sizes), due=False)


def _apart(record: CommitRecord) -> str:
    """Return how many rows the commit left in quarantine, empty where none."""
    held = record.rejected
    return f", {held.rows:,} of {held.rows_in:,} rows set apart" if held else ""


def _settled(batch: str, slots: tuple[CommitRecord, ...], judged: list[Judgement]) -> BatchStatus:
    """Say where a batch stands of which nothing lies in the drop."""
    record = ledger.latest(slots)
    if record is None and judged:
        judgement = judged[-1]
        size = sum(file.size for file in judgement.files)
        standing, files = _of(judgement), len(judgement.files)
        return BatchStatus(batch, standing, judgement.message, None, judgement.report, files, size, due=False)
    last = record or slots[-1]
    standing = Standing.COMMITTED if record else Standing.ABANDONED
    message = f"slot {last.slot}, {last.verdict}{_apart(last)}" if record else f"slot {last.slot} was abandoned"
    size = sum(file.size for file in last.files)
    slot = last.slot if record else None
    return BatchStatus(batch, standing, message, slot, last.report, len(last.files), size, due=False)


def _of(judgement: Judgement) -> Standing:
    """Return where a batch stands by its last judgement."""
    return Standing.CONFLICTED if judgement.outcome == quarantine.CONFLICT else Standing.QUARANTINED
