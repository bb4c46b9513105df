"""Copy a batch once to private disk, hashing the stream: what is judged is what is committed (PROTOCOL P2, P3)."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from lakegate.errors import CouldNotEvaluate
from lakegate.gate.protocol import UNKNOWN, Finding, Origin, Seen, normal, refuse_twins
from lakegate.gate.state import BatchState
from lakegate.lake.interface import Content, Entry, Lake
from lakegate.verdict import BatchFile, batch_digest

AHEAD = 4 * 1024 * 1024  # bytes; so much is spooled before the disk and the second thread are given it
Progress = Callable[[str, str, int, int], None]  # phase (P3 …), file, bytes done of the batch, bytes in all


class Watch(Protocol):
    """Who looks at the copies while they are written, so that their bytes pass by once (INPUTS: byte preflight)."""

    def begin(self) -> None:
        """A new set of copies begins; what was seen of an earlier one is void."""

    def grown(self, name: str, path: Path, size: int, *, whole: bool) -> None:
        """So many bytes of the file stand at `path`; `whole`: there are no more. Files come one after the other."""


class Unwatched:
    """Nobody looks."""

    def begin(self) -> None:
        """Nothing is looked at."""

    def grown(self, name: str, path: Path, size: int, *, whole: bool) -> None:
        """Nothing is looked at."""


@dataclass(frozen=True, slots=True)
class SpooledFile:
    """One file of a batch on private disk. `path` is relative to the batch, NFC; `size` in bytes."""

    path: str
    local: Path
    size: int
    sha256: str
    pin: Entry  # what it was read from
    made: bool = False  # not a copy of that, but made of it: rows were set apart

    @property
    def content(self) -> Content:
        """The file as what a lake is asked to place."""
        return Content(self.local, self.size, self.sha256, None if self.made else self.pin)

    @property
    def seen(self) -> Seen:
        """The file as the protocol's decisions look at it."""
        return Seen(self.path, self.size, self.pin.version, self.sha256)


@dataclass(frozen=True, slots=True)
class SpooledBatch:
    """A whole batch on private disk. `findings` is what the arrival itself does wrong: any of them fails the batch.

    `origin` is what its manifest says it was made of. `table` are the other batches of a sequenced table as they stand
    when this one is judged, the latest revision of each; None where the dataset has no table-wide rule. `sequence` is
    the number of the last claim that is settled then.
    """

    dataset: str
    key: str
    files: tuple[SpooledFile, ...]
    digest: str
    findings: tuple[Finding, ...] = ()
    origin: Origin = UNKNOWN
    table: tuple[BatchState, ...] | None = None
    sequence: int | None = None


@contextlib.contextmanager
def spooled(
    lake: Lake,
    files: Sequence[tuple[str, Entry]],
    folder: Path,
    progress: Progress,
    watch: Watch,
) -> Iterator[tuple[SpooledFile, ...]]:
    """Spool `files`, (path, entry) each, into a new private folder under `folder`; it is removed on the way out.

    Raises:
        SourceChanged: a file is not what its entry pinned.
        Refused: two names are one in NFC, or a file is no plain file.
        CouldNotEvaluate: the private disk is full or broken.
    """
    refuse_twins([path for path, _ in files])
    try:
        private = Path(tempfile.mkdtemp(prefix="lakegate-", dir=folder))  # mode 0700
    except OSError as error:
        raise _disk(folder, error) from error
    try:
        watch.begin()
        total = sum(entry.size for _, entry in files)
        done: list[SpooledFile] = []
        for number, (path, entry) in enumerate(files):
            tell = partial(_tell, progress, path, sum(file.size for file in done), total)
            copy = _Copy(normal(path), entry, private / f"{number:06}")
            done.append(_spool(_told(lake.stream(entry), tell), copy, watch))
        yield tuple(done)
    finally:
        shutil.rmtree(private, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Copy:
    """What is to be copied, and the folder of its own that it goes to, under its own name: readers go by the suffix."""

    path: str
    entry: Entry
    folder: Path

    @property
    def local(self) -> Path:
        return self.folder / self.path.rpartition("/")[2]


def _spool(chunks: Iterator[bytes], copy: _Copy, watch: Watch) -> SpooledFile:
    """Write one file, hash it on the way, and tell who watches how far it has come."""
    local, sha256, size = copy.local, hashlib.sha256(), 0
    try:
        copy.folder.mkdir()
        with local.open("xb") as file, ThreadPoolExecutor(1) as second:
            os.fchmod(file.fileno(), os.fstat(file.fileno()).st_mode & 0o444)  # it may come to stand in a zone as it is
            hashing, waiting = Future[None](), list[bytes]()
            hashing.set_result(None)
            for chunk in chunks:
                file.write(chunk)
                waiting.append(chunk)
                size += len(chunk)
                if size // AHEAD > (size - len(chunk)) // AHEAD:
                    _write_back(file.fileno(), (size // AHEAD - 1) * AHEAD)
                    file.flush()
                    watch.grown(copy.path, local, size, whole=False)
                    hashing.result()
                    hashing, waiting = second.submit(_hash, sha256, waiting), []
            file.flush()
            watch.grown(copy.path, local, size, whole=True)
            hashing.result()
            _hash(sha256, waiting)
    except OSError as error:
        raise _disk(local, error) from error
    return SpooledFile(copy.path, local, size, sha256.hexdigest(), copy.entry)


def _hash(sha256: hashlib._Hash, chunks: Iterable[bytes]) -> None:
    """Add `chunks` to a hash; it lets other threads run meanwhile."""
    for chunk in chunks:
        sha256.update(chunk)


def _write_back(file: int, start: int) -> None:
    """Let the disk begin with `AHEAD` bytes from `start`, so that the fsync of P6b finds it done. Waits for nothing.

    This advice is how Linux is asked for it; it drops no page that is not on the disk yet.
    """
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file, start, AHEAD, os.POSIX_FADV_DONTNEED)


def batch_of(
    dataset: str,
    key: str,
    files: tuple[SpooledFile, ...],
    findings: tuple[Finding, ...],
    origin: Origin = UNKNOWN,
) -> SpooledBatch:
    """Return the spooled files as a batch with its digest."""
    digest = batch_digest(BatchFile(file.path, file.size, file.sha256) for file in files)
    return SpooledBatch(dataset, key, files, digest, findings, origin)


def _told(chunks: Iterator[bytes], tell: Callable[[int], None]) -> Iterator[bytes]:
    """Pass `chunks` on and tell how many bytes went by."""
    done = 0
    for chunk in chunks:
        yield chunk
        done += len(chunk)
        tell(done)


def _tell(progress: Progress, path: str, before: int, total: int, done: int) -> None:
    """Tell how far the batch is, from how far one of its files is."""
    progress("P3", path, before + done, total)


def _disk(path: Path, error: OSError) -> CouldNotEvaluate:
    """Tell an error of the private disk."""
    return CouldNotEvaluate(
        f"cannot spool to {str(path)!r}: {error.strerror}", hint="make room, or name another spool folder"
    )
