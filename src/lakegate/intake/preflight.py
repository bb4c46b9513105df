"""One pass over a text file's bytes: encoding, line ends, quotes, and a count of records that no reader has a hand in.

Pure and chunked: it opens nothing, so that it can run while a file is spooled and hashed. INPUTS S5-S12, S29-S30.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from lakegate.intake.files import CHUNK, BadFile, unreadable
from lakegate.rows import DefectKind


@dataclass(frozen=True, slots=True)
class TextFacts:
    """What the bytes say. `records` counts line ends outside quotes (an unended last line too), a header among them."""

    size: int  # bytes
    records: int
    quoted_newlines: bool  # some field holds a line end
    open_quote: bool  # a quote is opened and never closed


class Preflight:
    """Feed it a file in pieces, then ask for the facts. `quote` None: quotes mean nothing here (JSON lines)."""

    def __init__(self, quote: str | None = None, escape: str | None = None) -> None:
        """`quote` and `escape` are single ASCII characters; an escape equal to the quote is a doubled quote."""
        self._quote = quote.encode() if quote else b""
        self._escape = escape.encode() if escape and escape != quote else b""
        self._noise = bytes(set(range(256)) - set(b"\r\n" + self._quote))  # what the count of records does not need
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._held = b""  # the end of the last piece: what follows decides what it means
        self._last = b""
        self._size = self._lines = self._crlf = self._lf = self._cr = 0
        self._open = self._quoted_newlines = False

    def feed(self, chunk: bytes) -> None:
        """Take the next piece. Raises `BadFile` for a NUL and for what is no UTF-8."""
        self._check_characters(chunk)
        self._size += len(chunk)
        newlines = chunk.count(b"\n")  # the dearest step of all, so it is made once
        self._lines += newlines
        self._last = chunk[-1:] or self._last
        piece = self._held + chunk if self._held else chunk
        self._held = b""
        if piece.endswith((b"\r", self._escape or b"\r")):
            kept = len(piece.rstrip(b"\r" + self._escape))
            self._held, piece = piece[kept:], piece[:kept]
        self._count(piece, newlines)

    def finish(self) -> TextFacts:
        """Return the facts. Raises `BadFile` for an empty file, a last character cut off, and mixed line ends."""
        if not self._size:
            raise unreadable("got no bytes, expected text")
        self._check_characters(b"", final=True)
        self._count(self._held, 0)
        kinds = {"LF": self._lf, "CRLF": self._crlf, "CR": self._cr}
        found = [f"{count} {kind}" for kind, count in kinds.items() if count]
        if self._cr or len(found) > 1:
            raise unreadable(f"got line ends {' and '.join(found)}, expected all LF or all CRLF")
        records = self._lf + self._crlf + (self._last != b"\n")
        return TextFacts(self._size, records, self._quoted_newlines, self._open)

    def _check_characters(self, chunk: bytes, *, final: bool = False) -> None:
        """Raise `BadFile` for a NUL and for bytes that are no UTF-8."""
        nul = chunk.find(b"\0")
        if nul >= 0:
            line = self._lines + chunk.count(b"\n", 0, nul) + 1
            raise BadFile(
                DefectKind.ENCODING,
                f"got a NUL byte in line {line}, expected UTF-8 text (UTF-16 is read where `encoding` says so)",
                line,
            )
        if chunk.isascii() and not self._decoder.getstate()[0] and not final:
            return
        try:
            self._decoder.decode(chunk, final=final)
        except UnicodeDecodeError as error:
            line = self._lines + error.object.count(b"\n", 0, error.start) + 1
            got = error.object[error.start : error.end].hex(" ")
            raise BadFile(
                DefectKind.ENCODING,
                f"got the bytes {got} in line {line}, expected UTF-8 (declare `encoding` for another one)",
                line,
            ) from error

    def _count(self, piece: bytes, newlines: int) -> None:
        """Count the line ends outside quotes; `newlines` is how many LF the piece holds in all.

        Only quotes and line ends matter, and a pair of quotes with neither between them changes nothing: what is left
        of a piece after that is short, also where every field is quoted.
        """
        if self._quote and (self._open or self._quote in piece):
            if self._escape:
                piece = piece.replace(self._escape * 2, b"").replace(self._escape + self._quote, b"")
            marks = piece.translate(None, delete=self._noise).replace(self._quote * 2, b"").split(self._quote)
            inside = marks[not self._open :: 2]
            self._quoted_newlines |= any(inside)
            piece = self._quote.join(marks[self._open :: 2])
            self._open ^= len(marks) % 2 == 0
            newlines = piece.count(b"\n")
        crlf = piece.count(b"\r\n") if b"\r" in piece else 0
        self._crlf += crlf
        self._lf += newlines - crlf
        self._cr += piece.count(b"\r") - crlf if b"\r" in piece else 0


@dataclass(frozen=True, slots=True)
class Record:
    """Where a record of a text file stands. `ordinal` is 0-based, the header counted; `line` is 1-based."""

    ordinal: int
    offset: int  # bytes from the start of the file
    line: int
    lines: int  # physical lines it spans
    blank: bool
    delimiters: int = 0  # outside quotes


def count_outside(stream: BinaryIO, delimiter: str, quote: str, escape: str) -> int:
    """Return how often the delimiter stands outside quotes, in the rest of a text file."""
    mark, sought, inside, count = quote.encode(), delimiter.encode(), False, 0
    escaped = escape.encode() if escape != quote else b""
    noise = bytes(set(range(256)) - set(mark + sought)) if len(sought) == 1 else b""
    while piece := stream.read(CHUNK) + stream.readline(8 * CHUNK):  # to the end of a line: no pair is parted
        if inside or mark in piece:
            plain = piece.replace(escaped * 2, b"").replace(escaped + mark, b"") if escaped else piece
            marks = plain.translate(None, delete=noise).replace(mark * 2, b"").split(mark)
            piece = mark.join(marks[inside::2])
            inside ^= len(marks) % 2 == 0
        count += piece.count(sought)
    return count


def walk(
    lines: Iterable[bytes], quote: str | None = None, escape: str | None = None, delimiter: str = ""
) -> Iterator[Record]:
    """Yield the records of a text file, given its physical lines. Slow: only for files in which something is wrong.

    Delimiters are counted where one is given.
    """
    mark = quote.encode() if quote else b""
    escaped = escape.encode() if escape and escape != quote else b""
    ordinal = offset = start = delimiters = 0
    first = number = 1
    inside = False
    for number, line in enumerate(lines, 1):
        text = line.replace(escaped * 2, b"").replace(escaped + mark, b"") if escaped else line
        if delimiter:
            delimiters += mark.join(text.split(mark)[inside::2]).count(delimiter.encode())
        inside ^= bool(mark) and text.count(mark) % 2 == 1
        offset += len(line)
        if not inside:
            blank = start + len(line) == offset and not line.strip(b"\r\n")
            yield Record(ordinal, start, first, number - first + 1, blank, delimiters)
            ordinal, start, first, delimiters = ordinal + 1, offset, number + 1, 0
    if inside:
        yield Record(ordinal, start, first, number - first + 1, blank=False)
