"""A text file comes to lie where an engine can read it: plain, UTF-8, without a byte order mark, under a safe name.

That happens in one pass over the bytes, which may come while the file itself is still being written.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lakegate.errors import UsageError
from lakegate.intake.budget import Budget
from lakegate.intake.files import BadFile, Codec, Format, NativeFile, chunks, link
from lakegate.intake.preflight import Preflight, TextFacts
from lakegate.rows import DefectKind

_BOM = codecs.BOM_UTF8


@dataclass(frozen=True, slots=True)
class Landed:
    """A file ready to be read. `path` is a safe name for it, or what was written of it; `facts` is what text says."""

    source: NativeFile
    form: Format
    path: Path
    facts: TextFacts | None = None

    @property
    def told(self) -> TextFacts:
        """What the bytes of a text file say. Raises `ValueError` for a file of another kind."""
        if self.facts is None:
            raise ValueError(f"{self.source.name} is no text")
        return self.facts


@dataclass(frozen=True, slots=True)
class Written:
    """How a text file is written: its compression, its encoding, and what quotes its fields (None: nothing does)."""

    codec: Codec
    encoding: str
    quote: str | None = None
    escape: str | None = None


def land(file: NativeFile, stream: BinaryIO, form: Format, written: Written, workspace: Path, budget: Budget) -> Landed:
    """Read a text file to its very end, and write it down only if it is compressed or no plain UTF-8.

    Raises `BadFile` for what no reader may see, `Refused` for a decompression bomb, `UsageError` for an encoding
    that Python does not know.
    """
    preflight = Preflight(written.quote, written.escape)
    encoding = _encoding(written.encoding)
    pieces = chunks(stream, written.codec, file.name, budget)
    first = next(pieces, b"")
    if written.codec is Codec.PLAIN and encoding == "utf-8" and not first.startswith(_BOM):
        preflight.feed(first)
        for piece in pieces:
            preflight.feed(piece)
        return Landed(file, form, link(file.path, workspace, ".txt"), preflight.finish())
    target = link(file.path, workspace, ".native").with_suffix(".txt")
    with target.open("wb") as out:
        for piece in _plain(first, pieces, encoding):
            preflight.feed(piece)
            out.write(piece)
    return Landed(file, form, target, preflight.finish())


def _plain(first: bytes, rest: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Yield the text as UTF-8, without a byte order mark (INPUTS 24)."""
    if encoding == "utf-8":
        yield first.removeprefix(_BOM)
        yield from rest
    else:
        yield from _decoded(first, rest, encoding)


def _encoding(declared: str) -> str:
    """Return Python's name of an encoding; ASCII and UTF-8 with a mark are UTF-8."""
    try:
        "".encode(declared)  # no text encoding: `hex`, `zip`
        found = codecs.lookup(declared).name
    except (LookupError, ValueError) as error:
        raise UsageError(
            f"got the encoding {declared!r}, expected one that Python knows, like utf-8 or cp1252"
        ) from error
    return "utf-8" if found in ("ascii", "utf-8-sig") else found


def _decoded(first: bytes, rest: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Turn a declared encoding into UTF-8."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        yield decoder.decode(first).encode()
        for piece in rest:
            yield decoder.decode(piece).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        raise BadFile(
            DefectKind.ENCODING, f"got bytes that are no {encoding} ({error}), expected the declared one"
        ) from error
