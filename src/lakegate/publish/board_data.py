"""`references/board.json`: where every dataset stands now. What the board, the feed and the badges are made from."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakegate.lake.zones import Place, report
from lakegate.publish.pieces import History, began
from lakegate.publish.runs_json import written
from lakegate.reports.board.now import STRIP, BatchMark, BlockedRun, DatasetNow, State
from lakegate.reports.contracts.descriptions import Description
from lakegate.reports.datasets.runs import PastRun
from lakegate.reports.summary import Standing

SCHEMA = 1
OWN = tuple(  # fields that are kept as they are
    each.name for each in dataclasses.fields(DatasetNow) if each.name not in {"strip", "blocked", "downstream"}
)
DEFAULTS = {each.name: each.default for each in dataclasses.fields(DatasetNow)}
STATES = {
    Standing.BLOCKED: State.BLOCKED,
    Standing.COULD_NOT_EVALUATE: State.COULD_NOT_EVALUATE,
    Standing.WAIVED: State.WAIVED,
    Standing.PASSED_WITH_WARNINGS: State.PASSED_WITH_WARNINGS,
    Standing.PASSED: State.PASSED,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One dataset of the board; `contract` is the SHA-256 of the one that is told of, empty where none is known.

    `spread` is what others' pages were told of it, which is not done with every run: the contract and what it is made
    of; None: nothing yet.
    """

    now: DatasetNow
    contract: str = ""
    spread: tuple[str, tuple[str, ...]] | None = None


def stands(place: Place, history: History, description: Description | None, made_of: Sequence[str] = ()) -> DatasetNow:
    """Return where a dataset stands by its history and what its contract says; who is made of it is not told.

    `made_of` are the datasets that its last batch was made of; what the contract names comes after them.
    """
    kept = {one.run.batch for one in history.kept_out}
    last = history.last_in
    now = DatasetNow(
        place.dataset,
        place.zone,
        title=place.dataset,
        **_state(history),
        kept_out=len(kept),
        last_batch=last.batch if last else "",
        last_at=max(last.at, last.committed) if last else "",
        last_rows=last.rows if last else None,
        last_report=last.report if last else "",
        runs=history.total,
        strip=tuple(_strip(history.runs)),
        blocked=tuple(
            BlockedRun(r.id, r.batch, r.at, r.standing, r.message, r.report, r.batch not in kept)
            for r in reversed(history.blocked)
        ),
        upstream=tuple(made_of),
    )
    if description is None:
        return now
    return dataclasses.replace(
        now,
        title=description.title,
        owner=description.owner,
        domain=description.domain,
        contract_version=description.contract_version,
        fresh_for=description.fresh_for,
        upstream=tuple(dict.fromkeys((*made_of, *description.upstream))),
    )


def _state(history: History) -> dict[str, Any]:
    """Return what the state is, since when, and which batch it is about.

    Blocked is about the batch that has been kept out for longest. Where all that is kept out could not be evaluated,
    that is the state.
    """
    if history.kept_out:
        judged = [kept for kept in history.kept_out if kept.run.standing is not Standing.COULD_NOT_EVALUATE]
        state = State.BLOCKED if judged else State.COULD_NOT_EVALUATE
        about, since = next((kept.run, kept.since) for kept in judged or history.kept_out)
    elif history.runs:
        about = next((run for run in reversed(history.runs) if not run.blocks), history.runs[-1])
        state = STATES[about.standing]
        since = began(history) if about == history.runs[-1] else about.at
    else:
        return {"state": State.EMPTY}
    return {"state": state, "since": since, "batch": about.batch, "message": about.message, "report": about.report}


def _strip(runs: Sequence[PastRun]) -> Iterator[BatchMark]:
    """Yield the last verdict of each of the last batches, the oldest first."""
    last: dict[str, PastRun] = {}
    for run in sorted(runs, key=lambda run: run.settled):
        last.pop(run.batch, None)
        last[run.batch] = run
    for run in list(last.values())[-STRIP:]:
        yield BatchMark(run.batch, run.standing, run.report)


# --- the document -------------------------------------------------------------------------------------------------


def to_json(entries: Mapping[str, Entry]) -> bytes:
    """Return the board's data as it is stored, by the datasets' names."""
    return written({"schema": SCHEMA, "datasets": {name: _written(entry) for name, entry in entries.items()}})


def of_json(data: bytes | None) -> dict[str, Entry]:
    """Read the board's data; nothing where none is there, or where it cannot be read: it can be made again.

    Who is made of a dataset is told by what the others say that they are made of.
    """
    try:
        document = json.loads(data or b"")
        datasets = document["datasets"] if document["schema"] == SCHEMA else {}
        entries = {name: _read(told) for name, told in datasets.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
    made_of: dict[str, list[str]] = {}
    for name in sorted(entries):
        for above in entries[name].now.upstream:
            made_of.setdefault(above, []).append(name)
    return {
        name: dataclasses.replace(entry, now=dataclasses.replace(entry.now, downstream=tuple(made_of.get(name, ()))))
        for name, entry in entries.items()
    }


def _written(entry: Entry) -> dict[str, Any]:
    now = entry.now
    return {
        **{name: getattr(now, name) for name in OWN if getattr(now, name) != DEFAULTS[name]},
        "contract": entry.contract,
        "spread": entry.spread,
        "strip": [[mark.batch, mark.standing, _id(mark.report)] for mark in now.strip],
        "blocked": [
            [run.id, run.batch, run.at, run.standing, run.message, bool(run.report), run.resolved]
            for run in now.blocked
        ],
    }


def _read(told: dict[str, Any]) -> Entry:
    dataset, contract, spread = told["dataset"], told.pop("contract"), told.pop("spread")
    strip = [
        BatchMark(batch, Standing(word), report(dataset, batch, id_) if id_ else "")
        for batch, word, id_ in told.pop("strip")
    ]
    blocked = [
        BlockedRun(id_, batch, at, Standing(word), text, report(dataset, batch, id_) if reported else "", resolved)
        for id_, batch, at, word, text, reported, resolved in told.pop("blocked")
    ]
    told["state"] = State(told.get("state", State.EMPTY))
    told["upstream"] = tuple(told.get("upstream", ()))
    return Entry(
        DatasetNow(**told, strip=tuple(strip), blocked=tuple(blocked)),
        contract,
        spread and (spread[0], tuple(spread[1])),
    )


def _id(folder: str) -> str:
    """Return the id of a report by its folder."""
    return folder.rstrip("/").rpartition("/")[2]
