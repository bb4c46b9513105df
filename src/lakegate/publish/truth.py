"""The runs of a dataset by the records in the lake: reports, commit records, quarantine records. It reads no page."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lakegate.checks.interface import Outcome
from lakegate.gate import ledger, quarantine
from lakegate.gate.ledger import CommitRecord, SlotState
from lakegate.gate.protocol import manifest_origin
from lakegate.gate.quarantine import CONFLICT, Judgement
from lakegate.lake.interface import Entry, Lake
from lakegate.lake.zones import SEQUENCE, Place, batch_of, segment
from lakegate.publish.keys import REPORTS
from lakegate.publish.occasions import FAILING
from lakegate.publish.pieces import identity, order
from lakegate.publish.run_pages import REPORT, RUN
from lakegate.reports.datasets.measured import measured, nulls
from lakegate.reports.datasets.runs import PastRun, RunState
from lakegate.reports.occasion_json import of_json
from lakegate.reports.summary import Standing, brief, counted

NAMED = 3  # checks that do not hold, by name in a message
READ_AT_ONCE = 100  # batches whose reports are in memory together

Slot = tuple[CommitRecord, str]  # and when it was committed, by the store's clock


@dataclass
class Evidence:
    """What the lake holds of one batch. `reports` maps a report's id to when it was written, by the store's clock."""

    reports: dict[str, str] = field(default_factory=dict)
    slots: list[Slot] = field(default_factory=list)
    judgements: list[Judgement] = field(default_factory=list)


def of_batch(
    lake: Lake, place: Place, batch: str, known: Mapping[tuple[str, str], PastRun] | None = None
) -> tuple[PastRun, ...]:
    """Return every run over one batch, the oldest first.

    A report that is `known` is not read again; what became of its run is told anew. Raises LakeError, and
    CouldNotEvaluate where a record cannot be read.
    """
    found = Evidence(
        _reports(lake.list(f"{REPORTS}{place.dataset}/{segment(batch)}/"), place.dataset).get(batch, {}),
        list(_slots(lake, lake.list(place.commit(batch, 0).rpartition("/")[0] + "/"), place).get(batch, ())),
        list(quarantine.judgements_of(lake, place.dataset, batch)),
    )
    return _runs(lake, place.dataset, {batch: found}, known or {})


def made_of(lake: Lake, place: Place, run: PastRun | None) -> tuple[str, ...]:
    """Return the datasets that the committed batch of a run was made of, by the manifest that it came with.

    None where it says nothing, and outside of the warehouse: what arrives was brought, whatever its sender calls it.
    Raises as `of_batch`.
    """
    if run is None or run.slot is None or not place.in_warehouse:
        return ()
    record = ledger.read_slot(lake, place.commit(run.batch, run.slot))
    text = next((marker.text for marker in record.markers if marker.text), "") if record else ""
    try:
        inputs = manifest_origin(text.encode()).inputs
    except ValueError:  # no manifest, or none that tells
        return ()
    return tuple(dict.fromkeys(one.dataset for one in inputs))


def of_dataset(lake: Lake, place: Place) -> Iterator[tuple[PastRun, ...]]:
    """Yield the runs of some batches at a time, until those of all are told. Raises as `of_batch`."""
    every: dict[str, Evidence] = {}
    for batch, reports in _reports(lake.list(f"{REPORTS}{place.dataset}/"), place.dataset).items():
        every.setdefault(batch, Evidence()).reports = reports
    for batch, slots in _slots(lake, lake.list(place.commits), place).items():
        every.setdefault(batch, Evidence()).slots = slots
    for judgement in quarantine.judgements(lake, place.dataset):
        every.setdefault(judgement.batch, Evidence()).judgements.append(judgement)
    names = sorted(every)
    for start in range(0, len(names), READ_AT_ONCE):
        some = {name: every[name] for name in names[start : start + READ_AT_ONCE]}
        yield _runs(lake, place.dataset, some, {})


def moment(at: dt.datetime | str) -> str:
    """Return an instant as the site writes it: ISO 8601, UTC, milliseconds."""
    when = dt.datetime.fromisoformat(at) if isinstance(at, str) else at
    return when.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _reports(entries: Iterable[Entry], dataset: str) -> dict[str, dict[str, str]]:
    """Return when each report was written, by batch and the report's id; not those of `<dataset>/<more>`."""
    found: dict[str, dict[str, str]] = {}
    for entry in entries:
        parts = entry.key.removeprefix(f"{REPORTS}{dataset}/").split("/")
        if len(parts) == 3 and parts[2] == REPORT:
            found.setdefault(batch_of(parts[0]), {})[parts[1]] = moment(entry.modified)
    return found


def _slots(lake: Lake, entries: Iterable[Entry], place: Place) -> dict[str, list[Slot]]:
    """Return the committed slots of each batch with when that was, in the order of the slots."""
    own = []
    for entry in entries:
        name, *rest = entry.key.removeprefix(place.commits).split("/")
        if len(rest) == 1 and name != SEQUENCE:
            own.append(entry)
    found: dict[str, list[Slot]] = {}
    for entry, record in zip(own, ledger.read_records(lake, [entry.key for entry in own]), strict=True):
        if record.state is SlotState.COMMITTED:
            found.setdefault(record.batch, []).append((record, moment(entry.modified)))
    return found


def _runs(
    lake: Lake, dataset: str, batches: Mapping[str, Evidence], known: Mapping[tuple[str, str], PastRun]
) -> tuple[PastRun, ...]:
    """Return every run over some batches, the oldest first."""
    new = [(batch, id_) for batch, found in batches.items() for id_ in found.reports if (batch, id_) not in known]
    folders = [f"{REPORTS}{dataset}/{segment(batch)}/{id_}/" for batch, id_ in new]
    texts = lake.read_all([folder + name for folder in folders for name in (REPORT, RUN)])
    read = {name: (texts[2 * n], texts[2 * n + 1]) for n, name in enumerate(new)}
    runs: dict[tuple[str, str], PastRun] = {}
    for batch, found in batches.items():
        for id_, written in found.reports.items():
            name, folder = (batch, id_), f"{REPORTS}{dataset}/{segment(batch)}/{id_}/"
            run = known.get(name) or _of_report(batch, id_, folder, read[name], _first(found, folder) or written)
            runs[name] = _became(run, found)
        for run in _without_report(batch, found):
            runs.setdefault(identity(run), run)
    return tuple(sorted(runs.values(), key=order))


def _first(found: Evidence, report: str) -> str:
    """Return when a report was judged first by the quarantine records, empty where they do not tell."""
    return min((moment(one.at) for one in found.judgements if one.report == report), default="")


def _became(run: PastRun, found: Evidence) -> PastRun:
    """Return a run with what became of its batch: committed by it, in which slot and when."""
    slots = [(record.slot, at) for record, at in found.slots if record.report == run.report]
    if not slots:
        return run
    slot, at = slots[-1]
    return dataclasses.replace(run, state=RunState.COMMITTED, slot=slot, committed=at)


def _of_report(batch: str, id_: str, folder: str, texts: tuple[bytes | None, bytes | None], at: str) -> PastRun:
    """Return what a report tells of its run, also where it cannot be read. `at`: where `run.json` is missing."""
    at, seconds = _occasion(texts[1], at)
    try:
        report = json.loads(texts[0] or b"")
        counts = {str(Outcome(name)): int(number) for name, number in report["counts"].items() if number}
        checks = report["checks"]
        return PastRun(
            id=id_,
            batch=batch,
            at=at,
            standing=Standing(report["outcome"]),
            state=STATES.get(report["exitCode"], RunState.UNDECIDED),
            message=_message(counts, checks, report["exitCode"]),
            rows=report["rows"],
            set_apart=int((report.get("setApart") or {}).get("rejected", 0)),
            counts=counts,
            failing=tuple(check["key"] for check in checks if check["outcome"] in FAILING),
            measured=measured(report),
            nulls=nulls(report),
            contract_sha256=report["dataContractSha256"],
            contract_version=report["dataContractVersion"],
            report=folder,
            seconds=seconds,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        told = "its report cannot be read"
        return PastRun(id_, batch, at, Standing.COULD_NOT_EVALUATE, RunState.UNDECIDED, told, report=folder)


STATES = {0: RunState.PASSED, 1: RunState.HELD}  # by exit code; of any other nothing was decided about the data


def _occasion(text: bytes | None, otherwise: str) -> tuple[str, float | None]:
    """Return when a run was and how long it took, as `run.json` says."""
    try:
        told = of_json(text or b"")
        return moment(told.at), told.seconds
    except ValueError:
        return otherwise, None


def _message(counts: Mapping[str, int], checks: Sequence[Mapping[str, Any]], exit_code: int) -> str:
    """Return one sentence about a run, of counts and names of rules alone."""
    every = sum(counts.values())
    for outcome, words in (
        (Outcome.UNSUPPORTED, "cannot be checked here"),
        (Outcome.COULD_NOT_EVALUATE, "could not be evaluated"),
        (Outcome.FAILED, "failed"),
        (Outcome.WAIVED, "failed and was waived"),
        (Outcome.WARNED, "warned"),
        (Outcome.SET_APART, "set rows apart"),
    ):
        if number := counts.get(outcome, 0):
            names = [brief(str(one["name"]), 80) for one in checks if one["outcome"] == outcome]
            more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            listed = f": {', '.join(names[:NAMED])}{more}" if names else ""
            return f"{number:,} of {counted(every, 'check')} {words}{listed}"
    if exit_code == 0:
        return f"{counts.get(Outcome.PASSED, 0):,} of {counted(every, 'check')} passed"
    return "nothing was checked" if not every else "no check could be applied"


def _without_report(batch: str, found: Evidence) -> Iterator[PastRun]:
    """Yield the runs of which no report stands there: conflicts, and records that outlived their report."""
    for one in found.judgements:
        if one.outcome == CONFLICT:
            told = "another content is committed under its key"
            yield _of_judgement(one, one.id, RunState.CONFLICT, told)
        elif one.report:
            yield _of_judgement(one, _id(one.report), RunState.HELD, "it violates its contract; its report is gone")
    for record, at in found.slots:
        standing = WORDS.get(record.verdict, Standing.PASSED)
        yield PastRun(
            _id(record.report),
            batch,
            at,
            standing,
            RunState.COMMITTED,
            "committed; its report is gone",
            rows=record.rows,
            counts={name: number for name, number in record.counts.items() if number},
            contract_sha256=record.contract_sha256,
            contract_version=record.contract_version,
            slot=record.slot,
            committed=at,
        )


WORDS = {"warned": Standing.PASSED_WITH_WARNINGS, "waived": Standing.WAIVED}  # of a commit record's verdict


def _of_judgement(one: Judgement, id_: str, state: RunState, message: str) -> PastRun:
    return PastRun(
        id_,
        one.batch,
        moment(one.at),
        Standing.BLOCKED,
        state,
        message,
        contract_sha256=one.contract_sha256,
        contract_version=one.contract_version,
    )


def _id(report: str) -> str:
    """Return the id of a report by its folder."""
    return report.rstrip("/").rpartition("/")[2]
