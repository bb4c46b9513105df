"""A dataset's history as documents, cut so that neither the order of arrival nor its length matters. Pure.

Runs are ordered by when they were, and cut into pieces by content: a run closes a piece when a hash of its id says so,
one in 64. So the documents are a function of the set of runs, a late run changes the one piece it belongs to, and a new
one only `recent.json`: the last runs, the list of the closed pieces, and what must be known of all. A closed piece is
named by its last run and stored under a name with its digest: it never changes, `recent.json` alone says which holds.
"""

from __future__ import annotations

import bisect
import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from lakegate.publish.runs_json import columns, digest, written
from lakegate.reports.board.now import BLOCKED_SHOWN
from lakegate.reports.datasets.runs import PastRun
from lakegate.reports.datasets.told import Piece, Version
from lakegate.reports.summary import Standing

RECENT = 100  # runs that are told without opening a piece, where there are as many
PIECE = 64  # runs of a piece, on average

Order: TypeAlias = tuple[str, str, str]  # at, id, batch
Pieces: TypeAlias = Mapping[str, tuple[PastRun, ...]]  # by the piece's name, the oldest first


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed piece in the list of them. `standing` is that of its last runs, which began at `since`."""

    name: str
    digest: str  # of its document
    first: str
    until: Order  # of its last run
    runs: int
    blocked: int
    standing: Standing
    since: str

    @property
    def piece(self) -> Piece:
        """What pages tell of it."""
        return Piece(self.name, self.first, self.until[0], self.runs, self.blocked)


@dataclass(frozen=True, slots=True)
class Kept:
    """A batch that is kept out: its last run, and when the first of those was that kept it out in a row."""

    run: PastRun
    since: str


@dataclass(frozen=True, slots=True)
class History:
    """What `recent.json` tells. The oldest comes first everywhere.

    `kept_out` holds every batch that is kept out, `blocked` the last runs that kept one out, `last_in` the one that was
    committed last: their runs without what they measured. `versions` are the contract's.
    """

    runs: tuple[PastRun, ...] = ()
    pieces: tuple[Closed, ...] = ()
    kept_out: tuple[Kept, ...] = ()
    blocked: tuple[PastRun, ...] = ()
    last_in: PastRun | None = None
    versions: tuple[Version, ...] = ()

    @property
    def open(self) -> tuple[PastRun, ...]:
        """The runs that are in no closed piece."""
        return tuple(run for run in self.runs if not self.pieces or order(run) > self.pieces[-1].until)

    @property
    def total(self) -> int:
        """How many runs there are in all."""
        return sum(piece.runs for piece in self.pieces) + len(self.open)


def order(run: PastRun) -> Order:
    """Return what runs are sorted by; no two have the same."""
    return (*run.order, run.batch)


def identity(run: PastRun) -> tuple[str, str]:
    """Return what makes it this run: the same bytes under two keys have one report id."""
    return (run.batch, run.id)


def whole(runs: Iterable[PastRun]) -> tuple[History, Pieces]:
    """Return the history of runs, all that there are, and its closed pieces."""
    ordered = sorted({identity(run): run for run in runs}.values(), key=order)
    by_batch: dict[str, list[PastRun]] = {}
    for run in ordered:
        by_batch.setdefault(run.batch, []).append(run)
    groups, tail = _cut(ordered)
    history = History(_recent(ordered, tail), tuple(_closed(group) for group in groups))
    return _told(history, by_batch.values()), {name_of(group[-1]): group for group in groups}


def merged(
    history: History, found: Sequence[PastRun], stored: Callable[[Closed], Sequence[PastRun]]
) -> tuple[History, Pieces]:
    """Return the history with all runs of one batch, and the pieces that are new or otherwise now.

    `found` are the batch's runs as the lake tells them now; `stored` reads a piece. The same as `whole` of all of them.
    """
    pieces, changed = list(history.pieces), dict[str, tuple[PastRun, ...]]()
    known = {identity(run): run for run in history.runs}
    for run in sorted(found, key=order):
        if known.get(identity(run)) != run and pieces and order(run) <= pieces[-1].until:
            index = bisect.bisect_left([piece.until for piece in pieces], order(run))
            before = changed.get(pieces[index].name) or tuple(stored(pieces[index]))
            after = _with(before, run)
            if after != before:
                groups, _ = _cut(after)  # its last run closes it still
                pieces[index : index + 1] = [_closed(group) for group in groups]
                changed |= {name_of(group[-1]): group for group in groups}
        known[identity(run)] = run
    ordered = sorted(known.values(), key=order)
    groups, tail = _cut([run for run in ordered if not pieces or order(run) > pieces[-1].until])
    pieces += [_closed(group) for group in groups]
    changed |= {name_of(group[-1]): group for group in groups}
    now = dataclasses.replace(history, runs=_recent(ordered, tail), pieces=tuple(pieces))
    return _told(now, [found]), changed


def touched(history: History, runs: Iterable[PastRun]) -> tuple[Closed, ...]:
    """Return the closed pieces that some runs are in, with those around each, whose pages may name them.

    A run that closes its piece has cut another one in two: the page after that one names it, too.
    """
    ends = [piece.until for piece in history.pieces]
    found = {bisect.bisect_left(ends, order(run)) for run in runs} - {len(ends)}
    near = {index + step for index in found for step in (-1, 0, 1, 2)} & set(range(len(ends)))
    return tuple(history.pieces[index] for index in sorted(near))


def name_of(run: PastRun) -> str:
    """Return the name of the piece that a run closes: its day, and a hash of what it is."""
    return f"{run.at[:10]}-{_hash(run)[:12]}"


def closes(run: PastRun) -> bool:
    """Whether a run closes the piece that it is in."""
    return int(_hash(run), 16) % PIECE == 0


def streak(runs: Sequence[PastRun]) -> tuple[Standing, str]:
    """Return the standing of the last runs, and when the first of them in a row was."""
    last = runs[-1].standing
    since = runs[-1].at
    for run in reversed(runs):
        if run.standing is not last:
            break
        since = run.at
    return last, since


def began(history: History) -> str:
    """Return when the last run's standing began: since then every run came to it. Empty where there is no run."""
    tail = history.open
    if not tail and not history.pieces:
        return ""
    links = [(piece.standing, piece.since, piece.first) for piece in history.pieces]
    if tail:
        links.append((*streak(tail), tail[0].at))
    last, since, first = links.pop()
    while since == first and links and links[-1][0] is last:
        _, since, first = links.pop()
    return since


def bare(run: PastRun) -> PastRun:
    """Return a run without what it measured and what did not hold."""
    return dataclasses.replace(run, measured={}, nulls={}, failing=(), counts={})


def _hash(run: PastRun) -> str:
    return hashlib.sha256(f"{run.batch}\0{run.id}".encode(errors="surrogatepass")).hexdigest()


def _recent(ordered: Sequence[PastRun], tail: Sequence[PastRun]) -> tuple[PastRun, ...]:
    """Return the runs that are told without opening a piece."""
    return tuple(ordered[-max(RECENT, len(tail)) :])


def _with(runs: tuple[PastRun, ...], run: PastRun) -> tuple[PastRun, ...]:
    """Return runs with one put in, in place of what was known of it."""
    others = [one for one in runs if identity(one) != identity(run)]
    bisect.insort(others, run, key=order)
    return tuple(others)


def _cut(runs: Sequence[PastRun]) -> tuple[list[tuple[PastRun, ...]], tuple[PastRun, ...]]:
    """Cut runs into closed pieces and what is open."""
    groups: list[tuple[PastRun, ...]] = []
    start = 0
    for index, run in enumerate(runs, start=1):
        if closes(run):
            groups.append(tuple(runs[start:index]))
            start = index
    return groups, tuple(runs[start:])


def _closed(runs: tuple[PastRun, ...]) -> Closed:
    standing, since = streak(runs)
    return Closed(
        name=name_of(runs[-1]),
        digest=digest(piece_json(runs)),
        first=runs[0].at,
        until=order(runs[-1]),
        runs=len(runs),
        blocked=sum(run.blocks for run in runs),
        standing=standing,
        since=since,
    )


def piece_json(runs: Sequence[PastRun]) -> bytes:
    """Return the document of a closed piece."""
    return written(columns(runs))


def _told(history: History, batches: Iterable[Sequence[PastRun]]) -> History:
    """Return the history with what must be known of all runs, where of some batches all runs are given."""
    kept = {one.run.batch: one for one in history.kept_out}
    blocked = {identity(run): run for run in history.blocked}
    last_in, first = history.last_in, {version.sha256: version for version in history.versions}
    for runs in batches:
        for run in runs:
            kept.pop(run.batch, None)
        kept |= {one.run.batch: one for one in _kept(runs)}
        for run in runs:
            if run.blocks:
                blocked[identity(run)] = bare(run)
            if run.slot is not None and (last_in is None or _in(run) > _in(last_in)):
                last_in = bare(run)
            known = first.get(run.contract_sha256)
            if run.contract_sha256 and (known is None or run.at < known.at):
                first[run.contract_sha256] = Version(run.contract_version, run.contract_sha256, run.at)
    return dataclasses.replace(
        history,
        kept_out=tuple(sorted(kept.values(), key=lambda one: (one.since, *order(one.run)))),
        blocked=tuple(sorted(blocked.values(), key=order)[-BLOCKED_SHOWN:]),
        last_in=last_in,
        versions=tuple(sorted(first.values(), key=lambda version: (version.at, version.sha256))),
    )


def _kept(runs: Sequence[PastRun]) -> Iterator[Kept]:
    """Yield a batch, of which all runs are given, if it is kept out."""
    since = ""
    settled = sorted(runs, key=lambda run: run.settled)
    for run in settled:
        since = (since or run.at) if run.blocks else ""
    if since:
        yield Kept(bare(settled[-1]), since)


def _in(run: PastRun) -> tuple[str, str, int, str]:
    return (*run.settled, run.slot or 0, run.batch)
