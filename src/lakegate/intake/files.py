"""The files of a batch as they arrived: what format they are in, and their bytes, decompressed to the very end."""

from __future__ import annotations

import bz2
import errno
import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from isal import igzip, igzip_lib

from lakegate.errors import UsageError
from lakegate.intake.budget import Budget
from lakegate.rows import Defect, DefectKind, Location

CHUNK = 1 << 20  # bytes read at a time
HEAD = 6  # bytes that tell every format and compression we know


class Format(StrEnum):
    """The native formats that the intake reads."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"
    EXCEL = "xlsx"
    AVRO = "avro"
    ORC = "orc"


TEXT = frozenset({Format.CSV, Format.JSON})  # what may be compressed as a whole


class Codec(StrEnum):
    """How a text file is compressed; `PLAIN` is not."""

    PLAIN = "plain"
    GZIP = "gzip"
    ZSTD = "zstd"
    BZIP2 = "bzip2"


_FORMATS = {
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".json": Format.JSON,
    ".jsonl": Format.JSON,
    ".ndjson": Format.JSON,
    ".parquet": Format.PARQUET,
    ".parq": Format.PARQUET,
    ".pq": Format.PARQUET,
    ".xlsx": Format.EXCEL,
    ".excel": Format.EXCEL,  # as a server's word
    ".avro": Format.AVRO,
    ".orc": Format.ORC,
}
_CODECS = {
    ".gz": Codec.GZIP,
    ".gzip": Codec.GZIP,
    ".zst": Codec.ZSTD,
    ".zstd": Codec.ZSTD,
    ".bz2": Codec.BZIP2,
}
_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"PAR1": "Parquet",
    b"PARE": "encrypted Parquet",
    b"PK\x03\x04": "xlsx",
    b"\xd0\xcf\x11\xe0": "an encrypted or old Excel workbook",
    b"Obj\x01": "Avro",
    b"ORC": "ORC",
}
_OUR_ERRORS = frozenset(
    (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.ENOMEM, errno.EMFILE, errno.ENFILE)
)
_MAGIC_OF = {Format.PARQUET: "Parquet", Format.EXCEL: "xlsx", Format.AVRO: "Avro", Format.ORC: "ORC"}


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


def is_ours(error: Exception) -> bool:
    """Whether an error tells of our own memory or disk: then nothing is known of the file that was read."""
    return isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in _OUR_ERRORS)


def format_of(name: str, declared: str | None) -> tuple[Format, Codec]:
    """Return a file's format, as the server declares it, else by the name's suffix, and its compression by suffix.

    Raises `UsageError` where neither names a format that the intake reads, or where what is compressed inside is
    compressed again.
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
    form = _FORMATS[word]
    if codec is not Codec.PLAIN and form not in TEXT:
        raise UsageError(f"{name}: got {form} inside {codec}, expected {form} as it is", hint="only text is unpacked")
    return form, codec


def format_called(word: str | None) -> Format | None:
    """Return the format that a server calls `word`; None where it says nothing: each file's suffix does then."""
    return _FORMATS.get(f".{word.lower()}") if word else None


def without_suffixes(name: str) -> str:
    """Return a file's name without what its suffixes say of format and compression: `a.b` of `a.b.csv.gz`."""
    for known in (_CODECS, _FORMATS):
        stem, dot, suffix = name.rpartition(".")
        name = stem if f"{dot}{suffix}".lower() in known else name
    return name


def is_tab_separated(name: str) -> bool:
    """Whether the name says that a tab separates the columns (`.tsv`, `.tsv.gz`)."""
    return ".tsv" in [suffix.lower() for suffix in Path(name).suffixes[-2:]]


def check_magic(head: bytes, form: Format, codec: Codec) -> None:
    """Raise `BadFile` where the first bytes say another format or compression than name and contract do."""
    if not head:
        raise unreadable(f"got a file of zero bytes, expected {form}")
    found = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "plain")
    expected = _MAGIC_OF.get(form, codec.value)
    if found != expected:
        raise unreadable(f"got {found} content, expected {expected}: name and content disagree")


def link(path: Path, workspace: Path, suffix: str) -> Path:
    """Return a name in `workspace` under which the file at `path` can be read: engines expand `a[1].csv` as a glob."""
    safe = workspace / f"part-{sum(1 for _ in workspace.iterdir()):05}{suffix}"
    safe.symlink_to(path.absolute())
    return safe


class _Counted(io.RawIOBase):
    """The compressed side of a stream: how many bytes were taken from it so far."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.taken = 0

    def readable(self) -> bool:
        """It can only be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # every buffer is handed over as a memoryview
        """Read on."""
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        self.taken += len(data)
        return len(data)


def chunks(stream: BinaryIO, codec: Codec, name: str, budget: Budget) -> Iterator[bytes]:
    """Yield a file's decompressed bytes, to the end of its last member, checksums verified (INPUTS 61-67).

    Raises `BadFile` for a truncated or damaged file, `Refused` beyond the budget.
    """
    if codec is Codec.PLAIN:
        yield from iter(lambda: stream.read(CHUNK), b"")
        return
    source, size = _Counted(stream), 0
    try:
        for chunk in _decompressed(source, codec):
            size += len(chunk)
            budget.charge(name, size, source.taken)
            yield chunk
    except (EOFError, gzip.BadGzipFile, igzip_lib.IsalError) as error:  # type: ignore[misc]  # its stub: an instance
        raise unreadable(f"got a damaged {codec} file ({error}), expected whole members") from error


def _decompressed(source: _Counted, codec: Codec) -> Iterator[bytes]:
    """Yield the bytes in pieces of about `CHUNK`."""
    match codec:
        case Codec.GZIP:
            with igzip.open(source) as unzipped:  # type: ignore[no-untyped-call]  # half the CPU of zlib, and the same checks
                yield from iter(lambda: unzipped.read(CHUNK), b"")
        case Codec.BZIP2:
            yield from _bzip2(source)
        case Codec.ZSTD | Codec.PLAIN:
            yield from _zstd(source)


def _bzip2(source: _Counted) -> Iterator[bytes]:
    """Yield the decompressed bytes of all streams; Python's own reader ignores what follows the last."""
    data = source.read(CHUNK) or b""
    while data:
        stream = bz2.BZ2Decompressor()
        try:
            while not stream.eof:
                if stream.needs_input and not data and not (data := source.read(CHUNK) or b""):
                    raise EOFError("it ends inside a stream")
                if chunk := stream.decompress(data, CHUNK):
                    yield chunk
                data = b""
        except OSError as error:
            if is_ours(error):
                raise
            raise unreadable(f"got a damaged bzip2 file ({error}), expected whole streams") from error
        data = stream.unused_data or source.read(CHUNK) or b""


def _zstd(source: _Counted) -> Iterator[bytes]:
    """Yield the decompressed bytes of all frames."""
    import pyarrow as pa  # 0.2 s of CPU, only for this compression

    try:
        with pa.CompressedInputStream(pa.PythonFile(source, mode="r"), "zstd") as stream:
            yield from iter(lambda: stream.read(CHUNK), b"")
    except OSError as error:
        if is_ours(error):
            raise
        raise unreadable(f"got a damaged zstd file ({error}), expected whole frames") from error
