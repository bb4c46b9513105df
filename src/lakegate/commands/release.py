"""What is held back comes before the gate again: what it would say now, and how that is brought about."""

from __future__ import annotations

import hashlib
import tempfile
import uuid
from dataclasses import dataclass, replace
from pathlib import Path

from lakegate.api import Asked, opened
from lakegate.commands.batches import promoted
from lakegate.commands.quarantine import held_in, lake_of
from lakegate.engines.rejoin import rejoin
from lakegate.errors import CouldNotEvaluate, UsageError
from lakegate.gate.arrivals import Route
from lakegate.gate.held import (
    Held,
    HeldBatch,
    HeldRows,
    as_batch,
    fetch,
    kept_batch,
    manifest_of_batch,
    manifest_of_rows,
    origin_of_rows,
    put_back,
)
from lakegate.gate.ledger import Rejected
from lakegate.gate.promote import Promotion
from lakegate.lake.interface import Content, Lake
from lakegate.lake.workspace import private_folder
from lakegate.run import Run
from lakegate.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the gate would say now. `was`: what had been set apart, None where the whole batch was held back."""

    verdict: Verdict
    was: Rejected | None


def replayed(batch: str, asked: Asked) -> Replayed:
    """Judge what is held back of a batch by the contract as it is now; nothing is moved or written.

    Of rows set apart that is the batch as `released` would propose it: rows that go together are judged together.
    Raises UsageError where nothing is held back, or no bytes of it are kept, LakeError where they are not what was
    kept.
    """
    with opened(asked) as runs:
        run, way, found = held_in(runs, batch)
        match found[0]:
            case HeldBatch(judgement):
                with kept_batch(lake_of(run), way, judgement, run.workspace, run.progress) as again:
                    return Replayed(run.judge_spooled(again), None)
            case HeldRows() as rows:
                with private_folder(Path(tempfile.gettempdir())) as folder:
                    contents = _whole(lake_of(run), rows, folder)
                    again = as_batch(way.dataset, batch, contents, origin_of_rows(rows.record))
                    return Replayed(run.judge_spooled(again), rows.rejected)


def released(batch: str, asked: Asked) -> list[Promotion]:
    """Bring what is held back of a batch before the gate again, and return what became of it.

    A batch that was not let in is put under the drop again where it does not lie there any more. Rows set apart are
    proposed again with the rows that went on: a new revision, if they are let in. All is judged afresh. Raises
    UsageError where nothing is held back, no bytes of it are kept, or something else lies under the drop.
    """
    with opened(asked) as runs:
        run, way, found = held_in(runs, batch)
        _bring(run, way, found[0])
    return promoted(batch, replace(asked, schema_name=run.obj.name))


def _bring(run: Run, way: Route, one: Held) -> None:
    """Let what is held back lie under the drop."""
    lake = lake_of(run)
    match one:
        case HeldBatch(_, True):
            return
        case HeldBatch(judgement):
            manifest = manifest_of_batch(judgement, way)
            with lake.workspace() as folder, kept_batch(lake, way, judgement, folder, run.progress) as again:
                contents = {file.path: file.content for file in again.files}
                put_back(lake, way, one.batch, contents, manifest, uuid.uuid4().hex)
        case HeldRows(record):
            if way.on_change == "reject":
                raise UsageError(
                    f"what is released of {one.batch!r} is a new revision, and the contract says on_change: reject",
                    hint="set on_change: new_revision in the contract",
                )
            with lake.workspace() as folder:
                contents = _whole(lake, one, folder)
                manifest = manifest_of_rows(record, way, contents)
                put_back(lake, way, one.batch, contents, manifest, uuid.uuid4().hex)


def _whole(lake: Lake, rows: HeldRows, folder: Path) -> dict[str, Content]:
    """Return the files of a batch as they arrived, by their path: what is committed and what was set apart, verified.

    A file from which rows were set apart is written anew, the same bytes for the same revision; its footer says of
    which, so that what is proposed is never taken for what is committed already.
    """
    record, rejected = rows.record, rows.rejected
    contents: dict[str, Content] = {}
    total = 0
    for number, file in enumerate(record.files):
        here = folder / f"in-{number:06}-{file.path.rpartition('/')[2]}"
        contents[file.path] = fetch(lake, file.key, file.sha256, here)
    for number, apart in enumerate(rejected.files):
        bad, where = folder / f"apart-{number:06}.parquet", folder / f"out-{number:06}-{apart.path.rpartition('/')[2]}"
        fetch(lake, apart.key, apart.sha256, bad)
        accepted = contents.get(apart.path)
        note = f"{record.dataset} {record.batch} slot {record.slot}"
        try:
            total += rejoin(accepted.path if accepted else None, bad, where, note)
        except ValueError as error:  # pyarrow's own errors, too
            raise CouldNotEvaluate(f"{apart.key!r} and {apart.path!r} do not fit together: {error}") from error
        contents[apart.path] = _made(where)
    total += sum(_rows_of(contents[path].path) for path in contents.keys() - {file.path for file in rejected.files})
    if total != rejected.rows_in:
        raise CouldNotEvaluate(f"got {total:,} rows, expected the {rejected.rows_in:,} that the commit record names")
    return contents


def _rows_of(path: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)


def _made(path: Path) -> Content:
    """Return a file that we wrote as what a lake is asked to place."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Content(path, path.stat().st_size, sha256)
