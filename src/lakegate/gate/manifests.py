"""P9: the files of each committed batch as a list that Athena, Trino and Spark read (`SymlinkTextInputFormat`).

A manifest is a rendering of the commit records, never truth: it can always be made again, by promoting the batch again.
There is one a batch, so that writing it costs the same after ten years. It holds one absolute URI a line, as it is:
readers of such lists decode no `%`.
"""

from __future__ import annotations

from lakegate.errors import LakeError
from lakegate.gate import ledger
from lakegate.gate.ledger import CommitRecord
from lakegate.lake.interface import Lake
from lakegate.lake.zones import Place

WRITES = 8  # of one manifest in one run; every further one means that another promoter wrote it meanwhile


def write_manifest(lake: Lake, target: Place, batch: str) -> None:
    """Bring the manifest of a batch up to its latest committed revision; nothing is written where it says so already.

    Safe beside other promoters: after each write the records are read again, until nothing newer is there.

    Raises:
        LakeError: it could not be written, or others kept writing it. The commit stands in any case.
    """
    key = target.symlink_manifest(batch)
    for _ in range(WRITES):
        standing = lake.stat(key)  # before the records are read: a list made of older ones then cannot replace it
        record = ledger.latest(ledger.slots(lake, target, batch))
        if record is None:
            return
        text = _render(lake, record)
        if standing is not None and lake.read(key) == text:
            return
        lake.replace_if(key, text, standing)
    raise LakeError(
        f"the manifest {key!r} was still being rewritten by others after {WRITES} attempts",
        hint="promote the batch again: it is committed, and its manifest is written afresh",
    )


def _render(lake: Lake, record: CommitRecord) -> bytes:
    """Return one URI a line."""
    return "".join(f"{_absolute(lake.uri(file.key))}\n" for file in record.files).encode()


def _absolute(uri: str) -> str:
    """Return a path as a URI of its own, whatever the default file system of who reads it is."""
    return f"file://{uri}" if uri.startswith("/") else uri
