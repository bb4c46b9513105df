"""What a dataset's own page tells: values, gathered where the lake is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lakegate.reports.board.now import DatasetNow
from lakegate.reports.contracts.descriptions import Description
from lakegate.reports.datasets.runs import PastRun


@dataclass(frozen=True, slots=True)
class Piece:
    """A closed piece of a dataset's history, which has a page of its own. Times are ISO 8601, UTC."""

    name: str  # of its page, without a suffix
    first: str  # when its first run was
    last: str
    runs: int
    blocked: int  # of its runs


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the contract that judged. `changes` are sentences, empty for the first or where nothing did."""

    version: str
    sha256: str
    at: str  # when it judged first; ISO 8601, UTC
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manual:
    """A file that an owner added. `size` in bytes, `modified` ISO 8601, UTC."""

    key: str
    size: int
    modified: str


@dataclass(frozen=True, slots=True)
class DatasetTold:
    """Everything that the page of a dataset tells. `runs` are the last ones, the newest first; `pieces` as well.

    `description` is None where no contract is known (the lake is older than the pages). `zones` maps the neighbours by
    name to the zone where they lie; a neighbour without a page of its own is not there.
    """

    page: str  # the page's own key
    now: DatasetNow
    description: Description | None
    runs: Sequence[PastRun]
    pieces: Sequence[Piece] = ()
    versions: Sequence[Version] = ()  # the newest first
    manuals: Sequence[Manual] = ()
    zones: Mapping[str, str] = field(default_factory=dict)
    site: str = ""  # where readers open `references/`; empty: it is not known


@dataclass(frozen=True, slots=True)
class HistoryTold:
    """What the page of one closed piece tells. `older` and `newer` are its neighbours, None where there is none."""

    page: str  # the page's own key
    dataset: str
    piece: Piece
    runs: Sequence[PastRun]  # the newest first
    older: Piece | None
    newer: Piece | None
