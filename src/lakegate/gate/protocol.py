"""The promotion protocol as a pure state machine: the steps, which may follow which, and every decision as a function
over values. It opens nothing; `gate/promote.py` carries it out. Clause numbers are those of the protocol's page.
"""

from __future__ import annotations

import codecs
import datetime as dt
import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import msgspec

from lakegate.contract.model import Batching
from lakegate.errors import Refused, UsageError
from lakegate.gate.ledger import CommitRecord, SlotState, latest

TABLE_MOVES = 20  # times a batch of a sequenced table is judged again in one run because the table moved on
SLOTS_LOST = 2  # as many slots lost in one run make the outcome unknown (P8)


class Step(StrEnum):
    """The steps of a promotion, by their clause."""

    LOOK = "P0"  # list the drop, read the slots
    COMPLETE = "P1"
    PIN = "P2"
    SPOOL = "P3"
    DECIDE = "P4"
    JUDGE = "P5"
    QUARANTINE = "P6a"
    PLACE = "P6b"
    VERIFY = "P7"
    COMMIT = "P8"
    SEAL = "P9"
    CLEAN = "P10"
    PUBLISH = "P11"


_AGAIN = frozenset({Step.LOOK})  # a source changed: back to P0 once
NEXT: Mapping[Step | None, frozenset[Step]] = {
    None: frozenset({Step.LOOK}),
    Step.LOOK: frozenset({Step.COMPLETE, Step.SEAL}) | _AGAIN,
    Step.COMPLETE: frozenset({Step.PIN, Step.PUBLISH}) | _AGAIN,
    Step.PIN: frozenset({Step.SPOOL}) | _AGAIN,
    Step.SPOOL: frozenset({Step.DECIDE}) | _AGAIN,
    # judge; or the slot was lost and the batch is judged already; or it is committed; or it conflicts
    Step.DECIDE: frozenset({Step.JUDGE, Step.PLACE, Step.SEAL, Step.PUBLISH}) | _AGAIN,
    Step.JUDGE: frozenset({Step.QUARANTINE, Step.PLACE, Step.PUBLISH}),
    Step.QUARANTINE: frozenset({Step.SEAL, Step.PUBLISH}),  # SEAL: another promoter committed these very bytes
    Step.PLACE: frozenset({Step.VERIFY}) | _AGAIN,
    Step.VERIFY: frozenset({Step.COMMIT, Step.DECIDE}),
    Step.COMMIT: frozenset({Step.SEAL, Step.DECIDE}),  # DECIDE: the slot was lost, or the table moved on
    Step.SEAL: frozenset({Step.CLEAN}),
    Step.CLEAN: frozenset({Step.PUBLISH}),
    Step.PUBLISH: frozenset(),
}


def advance(before: Step | None, after: Step) -> Step:
    """Return `after` if the protocol allows it to follow `before` (None: the start).

    Raises:
        AssertionError: it does not; the program is wrong.
    """
    if after not in NEXT[before]:
        raise AssertionError(f"the protocol does not allow {before} -> {after}")
    return after


# --- P0 -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """A file under the drop. `sha256` is None where it was not read."""

    path: str
    size: int
    version: str
    sha256: str | None = None


def belongs(record: CommitRecord, seen: Seen) -> bool | None:
    """P0: whether a file under the drop is one of the record's: same version, or same size and sha256.

    None: only its sha256 can tell.
    """
    came = record.arrived or record.files
    for file in came:
        if file.path == seen.path and file.source_version == seen.version:
            return True
    known = [(file.size, file.sha256) for file in came if file.path == seen.path]
    known += [(marker.size, marker.sha256) for marker in record.markers if marker.path == seen.path]
    if not any(size == seen.size for size, _ in known):
        return False
    return None if seen.sha256 is None else (seen.size, seen.sha256) in known


# --- P1 -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Promised:
    """One line of a manifest; what it does not say is None."""

    path: str
    size: Annotated[int, msgspec.Meta(ge=0)] | None = None  # bytes
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Arrived:
    """What P1 looks at: `names` of the files without markers, the newest change among all, and the markers.

    `promised` is the manifest's list, None where there is no manifest; `marked` when the manifest or `_SUCCESS` came.
    """

    names: frozenset[str]
    newest: dt.datetime | None
    promised: tuple[Promised, ...] | None
    marked: dt.datetime | None


def waits_for(arrived: Arrived, batching: Batching, now: dt.datetime) -> str:
    """P1: say what the batch waits for; empty where it is complete. A manifest rules, then `_SUCCESS`, then quiet.

    With a manifest that came more than `late_after` ago a batch counts as complete; what is missing fails it.
    """
    if arrived.promised is not None:
        missing = sorted({promise.path for promise in arrived.promised} - arrived.names)
        if not missing or _late(arrived, batching, now):
            return ""
        return f"the manifest names {len(missing)} files that have not arrived, the first is {missing[0]!r}"
    if arrived.marked is not None and batching.complete != "manifest":
        return ""
    if batching.complete != "quiet":
        return f"there is no {'_MANIFEST.json' if batching.complete == 'manifest' else '_SUCCESS'} yet"
    if arrived.newest is None:
        return "nothing has arrived"
    quiet = now - arrived.newest >= duration(batching.quiet_for)
    return "" if quiet else f"its newest file is younger than {batching.quiet_for}"


def _late(arrived: Arrived, batching: Batching, now: dt.datetime) -> bool:
    """Whether the time is over in which the files of a manifest may be missing."""
    if batching.late_after is None or arrived.marked is None:
        return False
    return now - arrived.marked > duration(batching.late_after)


@dataclass(frozen=True, slots=True)
class Input:
    """A committed batch that a candidate was made of."""

    dataset: str
    batch: str
    slot: int


@dataclass(frozen=True, slots=True)
class Origin:
    """What a candidate was made of, by its manifest; empty where that does not say."""

    inputs: tuple[Input, ...] = ()
    sql_sha256: str = ""  # of the transform


UNKNOWN = Origin()


@dataclass(frozen=True, slots=True)
class _Manifest:
    files: tuple[Promised, ...]
    inputs: tuple[Input, ...] = ()
    sql_sha256: str = ""
    uploader: str | tuple[str, ...] = ()


def manifest_files(text: bytes) -> tuple[Promised, ...]:
    """P1: read `{"files": [{"path": …, "size": …, "sha256": …}]}`; size (bytes) and sha256 may be left out.

    A stranger wrote it, and it is read before there is a worker for the batch: taken apart by type, no other way.

    Raises:
        ValueError: it is not of this form.
    """
    files = _manifest(text).files
    return tuple(Promised(normal(file.path), file.size, file.sha256.lower() if file.sha256 else None) for file in files)


def manifest_origin(text: bytes) -> Origin:
    """Read what a manifest says its batch was made of.

    That is `{"inputs": [{"dataset": …, "batch": …, "slot": …}], "sql_sha256": …}`, beside its files.

    Raises:
        ValueError: it is not of this form.
    """
    manifest = _manifest(text)
    return Origin(manifest.inputs, manifest.sql_sha256)


def manifest_uploaders(text: bytes) -> tuple[str, ...]:
    """Return whom a manifest names as having brought its batch: `{"uploader": "maria"}`, or a list of names.

    Raises:
        ValueError: it is not of this form.
    """
    named = _manifest(text).uploader
    return (named,) if isinstance(named, str) else named


def _manifest(text: bytes) -> _Manifest:
    try:
        return msgspec.json.decode(text.removeprefix(codecs.BOM_UTF8), type=_Manifest)
    except (ValueError, RecursionError) as error:
        raise ValueError(f'expected {{"files": [{{"path": …, "size": …, "sha256": …}}]}}: {error}') from error


@dataclass(frozen=True, slots=True)
class Finding:
    """What the arrival itself does wrong; the judge makes a failed check of it. `path` is relative to the batch."""

    rule: str  # manifestMissing, manifestSize, manifestSha256, hiddenFile
    path: str
    reason: str  # got …, expected …


def findings(files: Iterable[Seen], promised: Sequence[Promised] | None) -> tuple[Finding, ...]:
    """P1, INPUTS 95, 99, 100: hold the spooled files against the manifest; without one, hidden names are findings."""
    found = {file.path: file for file in files}
    if promised is None:
        hidden = [path for path in sorted(found) if any(part.startswith(("_", ".")) for part in path.split("/"))]
        return tuple(Finding("hiddenFile", path, f"got the hidden file {path!r}, expected data") for path in hidden)
    wrong = []
    for promise in promised:
        got = found.get(promise.path)
        if got is None:
            wrong.append(Finding("manifestMissing", promise.path, "got no such file, expected what the manifest names"))
        elif promise.size is not None and promise.size != got.size:
            wrong.append(Finding("manifestSize", promise.path, f"got {got.size} bytes, expected {promise.size}"))
        elif promise.sha256 is not None and promise.sha256 != got.sha256:
            reason = f"got sha256 {got.sha256}, expected {promise.sha256} by the manifest"
            wrong.append(Finding("manifestSha256", promise.path, reason))
    return tuple(wrong)


# --- P2, P3 ---------------------------------------------------------------------------------------------------------


def normal(path: str) -> str:
    """Return a path in Unicode's NFC, in which paths of a batch are compared and stored."""
    return unicodedata.normalize("NFC", path)


def refuse_twins(paths: Sequence[str]) -> None:
    """P2, INPUTS S16: refuse names that are one name in NFC.

    Raises:
        Refused: two names are.
    """
    counted = Counter(map(normal, paths))
    twins = sorted(path for path in paths if counted[normal(path)] > 1)
    if twins:
        raise Refused(f"the names {', '.join(map(ascii, twins))} differ only in their Unicode form", hint="rename one")


# --- P4, P6a, P8 ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Already:
    """P4: these bytes are committed."""

    record: CommitRecord


@dataclass(frozen=True, slots=True)
class Clash:
    """P4: other bytes are committed under this batch key, and the contract says `on_change: reject`."""

    record: CommitRecord


@dataclass(frozen=True, slots=True)
class Take:
    """P4: try to commit in this slot. `replaces` is the slot of the revision before, None for a first one."""

    slot: int
    replaces: int | None


def decide(slots: Sequence[CommitRecord], digest: str, on_change: str) -> Already | Clash | Take:
    """P4: the latest COMMITTED slot decides; ABANDONED slots are only passed over."""
    free = slots[-1].slot + 1 if slots else 1
    record = latest(slots)
    if record is None:
        return Take(free, None)
    if record.digest == digest:
        return Already(record)
    return Take(free, record.slot) if on_change == "new_revision" else Clash(record)


class ReadBack(StrEnum):
    """P8: what a slot says after an attempt to commit in it."""

    MINE = "mine"  # committed: my write, or the same bytes by somebody else
    LOST = "lost"  # another content took it, or it was burned
    ABSENT = "absent"  # nothing is there: try again, a bounded number of times


def after_commit(stored: CommitRecord | None, mine: CommitRecord) -> ReadBack:
    """P8: a failed answer is not a failed commit; the slot says what happened."""
    if stored is None:
        return ReadBack.ABSENT
    same = stored.write_id == mine.write_id or stored.digest == mine.digest
    return ReadBack.MINE if same and stored.state is SlotState.COMMITTED else ReadBack.LOST


# --- judging once, exit codes ---------------------------------------------------------------------------------------


def judgement_id(pins: Iterable[tuple[str, str]], contract_sha256: str, waivers: Iterable[str] = ()) -> str:
    """Return the name of a judgement: 12 digits over the pinned (path, version) of each file, the contract, and the ids
    of the waivers that stood.

    A failed or conflicted batch is judged once: while these are the same, only naming the batch judges it again.
    """
    stood = sorted(waivers)
    asked = [sorted(pins), contract_sha256, *([stood] if stood else [])]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:12]


def worst(exit_codes: Iterable[int]) -> int:
    """Return the exit code of many batches: the first of 6, 2, 5, 4, 1, 3, 0 that any of them gave."""
    given = set(exit_codes)
    return next((code for code in (6, 2, 5, 4, 1, 3) if code in given), 0)


def duration(text: str) -> dt.timedelta:
    """Read a duration, `90s`, `5m`, `6h`, `2d`.

    Raises:
        UsageError: it is none.
    """
    match = re.fullmatch(r"([0-9]{1,6})\s*([smhd])", text.strip())
    if match is None:
        raise UsageError(f"{text!r} is no duration", hint="write a number and s, m, h or d: 90s, 5m, 6h, 2d")
    unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[match[2]]
    return dt.timedelta(**{unit: int(match[1])})
