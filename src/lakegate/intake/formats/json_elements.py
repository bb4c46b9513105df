"""How many elements a file holds that is one JSON array, counted without the engine: it reads on behind the array.

Only brackets, commas and quotes matter, and what is closed again within a piece is taken out of it at once.
"""

from __future__ import annotations

import re
from typing import BinaryIO

from lakegate.intake.files import CHUNK, unreadable

_BLANK = b" \t\r\n"
_NOISE = bytes(set(range(256)) - set(b'"[]{},'))
_CLOSED = re.compile(rb"\{[,0]*\}|\[[,0]*\]")  # one of them becomes a 0
_LEVELS = 8  # of nesting that are taken out at once; what is deeper is walked
_TOKEN = re.compile(rb"[,0]+|[\[{]|[\]}]")


def count_elements(stream: BinaryIO) -> int:
    """Return how many elements the array holds, at least 1. Raises `BadFile` for what is not one array, and no more."""
    depth, commas, inside, held, last = 0, 0, False, b"", b""
    begun = ended = False
    while piece := stream.read(CHUNK):
        last = piece.rstrip(_BLANK)[-1:] or last
        plain = held + piece
        kept = len(plain.rstrip(b"\\"))
        plain, held = plain[:kept], plain[kept:]  # what follows a backslash decides what it means
        if b"\\" in plain:
            plain = plain.replace(b"\\\\", b"").replace(b'\\"', b"")
        marks = plain.translate(None, delete=_NOISE).split(b'"')
        brackets = b"".join(marks[inside::2])
        inside ^= len(marks) % 2 == 0
        if brackets and not begun:
            begun, depth, brackets = True, 1, brackets[1:]
        for token in _TOKEN.findall(_without_closed(brackets)):
            if ended:
                raise unreadable("got text behind the end of the array, expected one array")
            commas += token.count(b",") if depth == 1 else 0
            depth += (token in b"[{") - (token in b"]}")
            ended = depth == 0
    if not ended or last != b"]":
        raise unreadable("got text behind the end of the array, or no end, expected one array")
    return commas + 1


def _without_closed(brackets: bytes) -> bytes:
    """Return brackets and commas with a 0 for most of what is opened and closed among them."""
    for _ in range(_LEVELS):
        less = _CLOSED.sub(b"0", brackets)
        if len(less) == len(brackets):
            break
        brackets = less
    return brackets
