"""The files of a batch as they arrived: what format they are in, and their bytes, decompressed to the very end."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from lakegate.errors import Refused, UsageError
from lakegate.rows import Defect, DefectKind, Location

CHUNK = 1 << 20  # bytes read at a time
MAX_DECOMPRESSED = 64 << 30  # bytes a compressed file may hold; more is refused as a bomb


class Format(StrEnum):
    """The native formats that the intake reads."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


class Codec(StrEnum):
    """How a text file is compressed; `PLAIN` is not."""

    PLAIN = "plain"
    GZIP = "gzip"
    ZSTD = "zstd"


_FORMATS = {
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".json": Format.JSON,
    ".jsonl": Format.JSON,
    ".ndjson": Format.JSON,
    ".parquet": Format.PARQUET,
    ".parq": Format.PARQUET,
    ".pq": Format.PARQUET,
}
_CODECS = {".gz": Codec.GZIP, ".gzip": Codec.GZIP, ".zst": Codec.ZSTD, ".zstd": Codec.ZSTD}
_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"PAR1": "Parquet"}


@dataclass(frozen=True, slots=True)
class NativeFile:
    """One file of a batch. `name` is relative to the batch, as the uploader called it; `path` is the local copy."""

    name: str
    path: Path


class BadFile(Exception):
    """A file that cannot become rows. It never leaves the intake: `open_batch` turns it into a `Defect`."""

    def __init__(self, kind: DefectKind, message: str, line: int | None = None) -> None:
        """`message` says what was got and what was expected; `line` is 1-based."""
        super().__init__(message)
        self.kind, self.message, self.line = kind, message, line

    def defect(self, name: str) -> Defect:
        """Return what the verdict is told of the file called `name`."""
        return Defect(self.kind, name, self.message, locations=(Location(name, line=self.line),))


def unreadable(message: str, line: int | None = None) -> BadFile:
    """Return the error for a file that cannot be opened as its format."""
    return BadFile(DefectKind.UNREADABLE, message, line)


def format_of(name: str, declared: str | None) -> tuple[Format, Codec]:
    """Return a file's format, as the server declares it, else by the name's suffix, and its compression by suffix.

    Raises `UsageError` where neither names a format that the intake reads.
    """
    suffixes = [suffix.lower() for suffix in Path(name).suffixes]
    codec = _CODECS.get(suffixes[-1], Codec.PLAIN) if suffixes else Codec.PLAIN
    plain = suffixes[:-1] if codec is not Codec.PLAIN else suffixes
    word = f".{declared.lower()}" if declared else plain[-1] if plain else ""
    if word not in _FORMATS:
        told = f"format {declared!r}" if declared else f"the suffix {word!r}" if word else "no suffix"
        raise UsageError(
            f"{name}: got {told}, expected one of {', '.join(_FORMATS)}", hint="set `format` in the contract's server"
        )
    return _FORMATS[word], codec


def is_tab_separated(name: str) -> bool:
    """Whether the name says that a tab separates the columns (`.tsv`, `.tsv.gz`)."""
    return ".tsv" in [suffix.lower() for suffix in Path(name).suffixes[-2:]]


def check_magic(path: Path, form: Format, codec: Codec) -> None:
    """Raise `BadFile` where the first bytes say another format or compression than name and contract do."""
    with path.open("rb") as stream:
        head = stream.read(4)
    if not head:
        raise unreadable("got a file of zero bytes, expected a " + form)
    found = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "plain")
    expected = "Parquet" if form is Format.PARQUET else codec.value
    if found != expected:
        raise unreadable(f"got {found} content, expected {expected}: name and content disagree")


def link(path: Path, workspace: Path, suffix: str) -> Path:
    """Return a name in `workspace` under which the file at `path` can be read: engines expand `a[1].csv` as a glob."""
    safe = workspace / f"part-{sum(1 for _ in workspace.iterdir()):05}{suffix}"
    safe.symlink_to(path.absolute())
    return safe


def chunks(path: Path, codec: Codec, limit: int = MAX_DECOMPRESSED) -> Iterator[bytes]:
    """Yield a file's decompressed bytes, to the end of its last member, checksums verified.

    Raises `BadFile` for a truncated or damaged file, `Refused` beyond `limit` bytes.
    """
    try:
        size = 0
        for chunk in _decompressed(path, codec):
            size += len(chunk)
            if codec is not Codec.PLAIN and size > limit:
                raise Refused(
                    f"{path.name}: got more than {limit} bytes out of {path.stat().st_size}, expected no more",
                    hint="split the file, or look whether it is a decompression bomb",
                )
            yield chunk
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise unreadable(f"got a damaged gzip file ({error}), expected whole members") from error


def _decompressed(path: Path, codec: Codec) -> Iterator[bytes]:
    """Yield the bytes in pieces of about `CHUNK`."""
    match codec:
        case Codec.PLAIN:
            with path.open("rb") as stream:
                yield from iter(lambda: stream.read(CHUNK), b"")
        case Codec.GZIP:
            with gzip.open(path) as unzipped:
                yield from iter(lambda: unzipped.read(CHUNK), b"")
        case Codec.ZSTD:
            yield from _zstd(path)


def _zstd(path: Path) -> Iterator[bytes]:
    """Yield the decompressed bytes of all frames."""
    import pyarrow as pa  # 0.4 s of CPU, only for this compression

    try:
        with pa.CompressedInputStream(pa.OSFile(str(path)), "zstd") as stream:
            yield from iter(lambda: stream.read(CHUNK), b"")
    except OSError as error:
        raise unreadable(f"got a damaged zstd file ({error}), expected whole frames") from error
