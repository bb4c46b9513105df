"""Rows that were set apart: what goes on instead of what arrived, and where the held back rows are kept.

They are kept before anything is placed in the zone; the commit record names them, and is the only record of them.
"""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

from lakegate.errors import CouldNotEvaluate
from lakegate.gate import quarantine
from lakegate.gate.ledger import ArrivedFile, CommitRecord, Rejected, RejectedFile
from lakegate.gate.spool import SpooledBatch, SpooledFile
from lakegate.lake.interface import CHUNK, Content, Lake
from lakegate.made import Made, MadeFile
from lakegate.verdict import SetApart, Verdict


def onward(batch: SpooledBatch, made: Made) -> SpooledBatch:
    """Return what goes on of a batch: its files, but those from which rows were set apart as they were made without.

    Its digest stays that of what arrived, by which the batch is known. Raises CouldNotEvaluate where what was made is
    of no file of the batch.
    """
    if made.accepted is None:
        return batch
    rewritten = {file.name: file for file in made.accepted}
    apart = sorted(file.name for file in made.rejected)
    names = {file.path for file in batch.files}
    if sorted(rewritten) != apart or not rewritten.keys() <= names or len(rewritten) < len(made.accepted):
        raise CouldNotEvaluate(f"rows were set apart from other files than the batch has: {', '.join(apart)}")
    files = tuple(_made(file, rewritten[file.path]) if file.path in rewritten else file for file in batch.files)
    return dataclasses.replace(batch, files=files)


def told(
    record: CommitRecord, batch: SpooledBatch, verdict: Verdict, rejected: tuple[RejectedFile, ...]
) -> CommitRecord:
    """Return the draft of a commit record that says what arrived and what was set apart; as it is where nothing was."""
    apart = verdict.set_apart
    if apart is None:
        return record
    came = tuple(ArrivedFile(file.path, file.size, file.sha256, file.pin.version) for file in batch.files)
    numbers = Rejected(apart.rows, apart.accepted, apart.rejected, dict(apart.rules), rejected)
    return dataclasses.replace(record, arrived=came, rejected=numbers)


def check(verdict: Verdict, made: Made) -> None:
    """Hold what was made against what the verdict says of it. Raises CouldNotEvaluate where they disagree."""
    apart = verdict.set_apart
    held = sum(file.rows for file in made.rejected)
    if (apart is None) != (made.accepted is None) or (apart is not None and not _adds_up(apart, held)):
        raise CouldNotEvaluate(
            f"the verdict and the files disagree about the rows set apart: {apart}, {held} held back"
        )


def _adds_up(apart: SetApart, held: int) -> bool:
    return held == apart.rejected > 0 and apart.accepted + apart.rejected == apart.rows


def keep(lake: Lake, batch: SpooledBatch, made: Made) -> tuple[RejectedFile, ...]:
    """Place the held back rows in quarantine and verify them; what stands there already is only verified.

    Raises:
        LakeError: a file went wrong in every copy.
    """
    kept = []
    for file in made.rejected:
        size, sha256 = _hashed(file.local)
        path = f"{file.name}.rejected-{sha256[:12]}.parquet"
        key = quarantine.placed(lake, batch, path, Content(file.local, size, sha256))
        kept.append(RejectedFile(file.name, key, size, sha256, file.rows))
    return tuple(kept)


def _made(arrived: SpooledFile, file: MadeFile) -> SpooledFile:
    size, sha256 = _hashed(file.local)
    return dataclasses.replace(arrived, local=file.local, size=size, sha256=sha256, made=True)


def _hashed(path: Path) -> tuple[int, str]:
    """Return the size and the SHA-256 of a file on private disk. Raises CouldNotEvaluate where it cannot be read."""
    sha256 = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                sha256.update(chunk)
            return stream.tell(), sha256.hexdigest()
    except OSError as error:
        raise CouldNotEvaluate(
            f"what was made of a batch cannot be read from private disk: {error.strerror or error}",
            hint="nothing was committed; look at the disk and run again",
        ) from error
