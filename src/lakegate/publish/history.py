"""`recent.json`, and the closed pieces beside it: where they lie, written and read."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from lakegate.lake.interface import Lake
from lakegate.publish import keys
from lakegate.publish.pieces import Closed, History, Kept
from lakegate.publish.renderings import Moved, Unreadable
from lakegate.publish.runs_json import columns, of_columns, written
from lakegate.reports.datasets.runs import PastRun
from lakegate.reports.datasets.told import Version
from lakegate.reports.summary import Standing

SCHEMA = 1
AGAIN = "run `lakegate report rebuild`"


def to_json(dataset: str, history: History) -> bytes:
    """Return the history as it is stored."""
    return written(
        {
            "schema": SCHEMA,
            "dataset": dataset,
            "runs": columns(history.runs),
            "pieces": [[*dataclasses.astuple(piece)] for piece in history.pieces],
            "keptOut": columns([kept.run for kept in history.kept_out]),
            "keptSince": [kept.since for kept in history.kept_out],
            "blocked": columns(history.blocked),
            "lastIn": columns([history.last_in] if history.last_in else []),
            "versions": [[*dataclasses.astuple(version)] for version in history.versions],
        }
    )


def of_json(data: bytes, dataset: str) -> History:
    """Read a stored history of a dataset. Raises Unreadable."""
    try:
        document = json.loads(data)
        if document["schema"] != SCHEMA:
            raise Unreadable(
                f"the history of {dataset} has schema {document['schema']!r}, this lakegate reads {SCHEMA}"
            )
        return History(
            runs=of_columns(document["runs"], dataset),
            pieces=tuple(_closed(*piece) for piece in document["pieces"]),
            kept_out=tuple(map(Kept, of_columns(document["keptOut"], dataset), document["keptSince"])),
            blocked=of_columns(document["blocked"], dataset),
            last_in=next(iter(of_columns(document["lastIn"], dataset)), None),
            versions=tuple(Version(v, sha256, at, tuple(told)) for v, sha256, at, told in document["versions"]),
        )
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise Unreadable(
            f"the history of {dataset} cannot be read: {error}", hint="run `lakegate report rebuild`"
        ) from error


def _closed(*told: Any) -> Closed:  # noqa: ANN401 - JSON values
    name, digest, first, until, runs, blocked, standing, since = told
    at, id_, batch = until
    return Closed(name, digest, first, (at, id_, batch), runs, blocked, Standing(standing), since)


def read(lake: Lake, dataset: str) -> History:
    """Return the history of a dataset, an empty one where none is kept yet. Raises Unreadable, LakeError."""
    data = lake.read(keys.recent(dataset))
    return History() if data is None else of_json(data, dataset)


def read_piece(lake: Lake, dataset: str, piece: Closed) -> tuple[PastRun, ...]:
    """Return the runs of a closed piece, the oldest first. Raises Moved where it is gone, Unreadable, LakeError."""
    data = lake.read(keys.piece(dataset, piece.name, piece.digest))
    if data is None:
        raise Moved(f"the piece {piece.name} of the history of {dataset} is gone", hint=AGAIN)
    try:
        return of_columns(json.loads(data), dataset)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        told = f"the piece {piece.name} of the history of {dataset} cannot be read: {error}"
        raise Unreadable(told, hint=AGAIN) from error


def recent(lake: Lake, dataset: str) -> tuple[PastRun, ...]:
    """Return the last runs of a dataset, the newest first, by one read. Raises Unreadable, LakeError."""
    return read(lake, dataset).runs[::-1]
