"""A text file comes to lie where an engine can read it: plain, UTF-8, without a byte order mark, under a safe name."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lakegate.errors import UsageError
from lakegate.intake.files import BadFile, Codec, NativeFile, chunks, link
from lakegate.intake.preflight import Preflight, TextFacts
from lakegate.intake.staging import Intake
from lakegate.rows import DefectKind

_BOM = codecs.BOM_UTF8


@dataclass(frozen=True, slots=True)
class Landed:
    """A text file ready to be read, and what its bytes say."""

    path: Path
    facts: TextFacts


def land(intake: Intake, file: NativeFile, codec: Codec, preflight: Preflight) -> Landed:
    """Read the file once, to its very end, and write it down only if it is compressed or no plain UTF-8.

    Raises `BadFile` for what no reader may see, `Refused` for a decompression bomb, `UsageError` for an encoding
    that Python does not know.
    """
    pieces = _told(intake, file, chunks(file.path, codec))
    encoding = _encoding(intake.reader.encoding or intake.gate.text.encoding)
    with file.path.open("rb") as head:
        marked = head.read(len(_BOM)) == _BOM
    if codec is Codec.PLAIN and encoding == "utf-8" and not marked:
        for piece in pieces:
            preflight.feed(piece)
        return Landed(link(file.path, intake.workspace, ".txt"), preflight.finish())
    target = link(file.path, intake.workspace, ".native").with_suffix(".txt")
    with target.open("wb") as out:
        for piece in _unmarked(pieces if encoding == "utf-8" else _decoded(pieces, encoding)):
            preflight.feed(piece)
            out.write(piece)
    return Landed(target, preflight.finish())


def _told(intake: Intake, file: NativeFile, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Tell the progress in decompressed bytes."""
    for piece in pieces:
        if intake.progress:
            intake.progress(file.name, len(piece))
        yield piece


def _encoding(declared: str) -> str:
    """Return Python's name of an encoding; ASCII and UTF-8 with a mark are UTF-8."""
    try:
        found = codecs.lookup(declared).name
    except LookupError as error:
        raise UsageError(
            f"got the encoding {declared!r}, expected one that Python knows, like utf-8 or cp1252"
        ) from error
    return "utf-8" if found in ("ascii", "utf-8-sig") else found


def _unmarked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Drop a byte order mark (INPUTS 24)."""
    first = next(pieces, b"")
    yield first.removeprefix(_BOM)
    yield from pieces


def _decoded(pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Turn a declared encoding into UTF-8."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for piece in pieces:
            yield decoder.decode(piece).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        raise BadFile(
            DefectKind.ENCODING, f"got bytes that are no {encoding} ({error}), expected the declared one"
        ) from error
