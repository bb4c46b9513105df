"""How one input becomes another: bytes at random, words a format is made of, and the insides of what is packed."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import random
import re
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from fuzz import meanings

MOST = 64 << 10  # bytes of an input
_WHOLE = (0, 1, -1, 2, 127, 128, 255, 256, 32767, 65535, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, -(2**63))


_DAMAGED = (
    *(ValueError, LookupError, OSError, EOFError, RuntimeError, OverflowError, AttributeError, TypeError, MemoryError),
    *(zlib.error, zipfile.BadZipFile, SyntaxError),
)


@dataclass(frozen=True)
class Mutator:
    """Makes inputs of one target out of others."""

    target: str
    words: tuple[bytes, ...]

    def mutated(self, data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
        """Return an input that is near `data`; pieces may come from the others."""
        inside = _INSIDE.get(self.target, _itself)
        if rng.random() < 0.85:
            try:
                return inside(data, lambda piece: self._deeper(piece, others, rng), rng)[:MOST]
            except _DAMAGED:
                pass  # it is damaged already
        return self.bytes(data, others, rng)[:MOST]

    def _deeper(self, data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
        """Change what a text means where it can be read, else its bytes."""
        meaning = _MEANING.get(self.target)
        if meaning is not None and rng.random() < 0.75:
            try:
                return meaning(data, others, rng)
            except _DAMAGED:
                pass
        return self.bytes(data, others, rng)

    def bytes(self, data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
        """Return other bytes."""
        out = bytearray(data or b"\0")
        for _ in range(1 + min(int(rng.expovariate(0.7)), 8)):
            at = rng.randrange(len(out) + 1) if rng.random() < 0.8 else rng.randrange(min(len(out), 64) + 1)
            self._one(out, at, others, rng)
            if not out:
                out = bytearray(b"\0")
        return bytes(out)

    def _one(self, out: bytearray, at: int, others: Sequence[bytes], rng: random.Random) -> None:  # noqa: C901
        length = min(int(rng.expovariate(0.15)) + 1, len(out))
        kind = rng.randrange(12)
        if kind in (0, 1, 2, 7) and self.target in _READABLE and rng.random() < 0.95:
            kind = 8  # bytes at random are no text, and no reader gets further than that
        match kind:
            case 0 if at < len(out):
                out[at] ^= 1 << rng.randrange(8)
            case 1 if at < len(out):
                out[at] = rng.randrange(256)
            case 2:
                out[at:at] = rng.randbytes(length)
            case 3:
                del out[at : at + length]
            case 4:
                out[at:at] = out[at : at + length] * rng.choice((1, 1, 2, 8, 200))
            case 5 if rng.random() < 0.2:
                del out[at:]
            case 6 if others:
                other = rng.choice(others)
                start = rng.randrange(len(other) + 1)
                out[at : at + rng.choice((0, length))] = other[start : start + length * 4]
            case 7:
                size = rng.choice((1, 2, 4, 8))
                value = rng.choice(_WHOLE) % (1 << 8 * size)
                out[at : at + size] = value.to_bytes(size, rng.choice(("little", "big")))
            case 8 | 9 if self.words:
                word = rng.choice(self.words)
                out[at : at + rng.choice((0, len(word)))] = word
            case 10 if numbers := list(re.finditer(rb"-?[0-9]+", out)):
                found = rng.choice(numbers)
                out[found.start() : found.end()] = str(rng.choice(_WHOLE)).encode()
            case 11 if tokens := list(re.finditer(rb'[^\s,;:<>{}\[\]"]+', out)):
                one, other = rng.choice(tokens), rng.choice(tokens)
                out[one.start() : one.end()] = other[0]


# --- what is packed ---------------------------------------------------------------------------------------------

Change = Callable[[bytes], bytes]


def _text(data: bytes, change: Change, rng: random.Random) -> bytes:
    """Change what is inside the compression."""
    if data.startswith(b"\x1f\x8b"):
        return gzip.compress(change(gzip.decompress(data)), 1, mtime=0)
    if data.startswith(b"BZh"):
        return bz2.compress(change(bz2.decompress(data)), 1)
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        plain = pa.CompressedInputStream(pa.BufferReader(data), "zstd").read()
        return pa.compress(change(plain), codec="zstd", asbytes=True)
    return change(data)


def _workbook(data: bytes, change: Change, rng: random.Random) -> bytes:
    """Change members of the archive, or leave one out, or put one in the place of another."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        sheets = [at for at, (name, _) in enumerate(members) if "sheet" in name]
        at = rng.choice(sheets) if sheets and rng.random() < 0.5 else rng.randrange(len(members))
        name, content = members[at]
        kind = rng.random()
        if kind < 0.6:
            members[at] = name, meanings.elements_of_xml(content, rng)
        elif kind < 0.9:
            members[at] = name, change(content)
        elif kind < 0.94:
            del members[at]
        elif kind < 0.98:
            members[at] = name, rng.choice(members)[1]
        else:
            members[at] = change(name.encode()).decode("latin-1"), content
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", rng.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name or "_"), content)
    return out.getvalue()


def _avro(data: bytes, change: Change, rng: random.Random) -> bytes:
    """Change the schema, or the records of a block, and put the container together again around it."""
    stream = io.BytesIO(data)
    if stream.read(4) != b"Obj\x01":
        raise ValueError("no Avro")
    meta: dict[bytes, bytes] = {}
    while count := _long(stream):
        for _ in range(count):
            key = stream.read(_long(stream))
            meta[key] = stream.read(_long(stream))
    sync = stream.read(16)
    blocks = []
    while stream.tell() < len(data):
        count, length = _long(stream), _long(stream)
        blocks.append((count, stream.read(length)))
        stream.read(16)
    deflated = meta.get(b"avro.codec") == b"deflate"
    if rng.random() < 0.6 or not blocks:
        schema = meta[b"avro.schema"]
        if rng.random() < 0.6:
            tree = meanings.other_tree(json.loads(schema), meanings.WORDS["avro"], rng)
            meta[b"avro.schema"] = json.dumps(tree).encode()
        else:
            meta[b"avro.schema"] = change(schema)
    else:
        at = rng.randrange(len(blocks))
        count, content = blocks[at]
        content = change(zlib.decompress(content, -15) if deflated else content)
        if deflated:
            packer = zlib.compressobj(wbits=-15)
            content = packer.compress(content) + packer.flush()
        blocks[at] = count if rng.random() < 0.8 else rng.choice(_WHOLE), content
    out = b"Obj\x01" + _zigzag(len(meta))
    out += b"".join(_zigzag(len(part)) + part for pair in meta.items() for part in pair) + b"\0" + sync
    return out + b"".join(_zigzag(count) + _zigzag(len(content)) + content + sync for count, content in blocks)


def _long(stream: io.BytesIO) -> int:
    value = shift = 0
    while True:
        byte = stream.read(1)[0]
        value |= (byte & 0x7F) << shift
        if byte < 0x80 and shift <= 28:
            return (value >> 1) ^ -(value & 1)
        shift += 7


def _zigzag(value: int) -> bytes:
    value = (value << 1) ^ (value >> 63)
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value & 0x7F])


def _parquet(data: bytes, change: Change, rng: random.Random) -> bytes:
    """Change the pages or the footer, and let the file say how long its footer is now."""
    length = int.from_bytes(data[-8:-4], "little")
    start = len(data) - 8 - length
    if start < 4:
        raise ValueError("no Parquet")
    pages, footer = data[4:start], data[start:-8]
    pages, footer = (pages, change(footer)) if rng.random() < 0.6 else (change(pages), footer)
    return b"PAR1" + pages + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def _orc(data: bytes, change: Change, rng: random.Random) -> bytes:
    """Change the stripes, or the footer and what is behind it."""
    cut = max(len(data) - rng.choice((40, 200, 400)), 3)
    if rng.random() < 0.5:
        return data[:3] + change(data[3:cut])[: cut - 3].ljust(cut - 3, b"\0") + data[cut:]
    return data[:cut] + change(data[cut:])


def _itself(data: bytes, change: Change, rng: random.Random) -> bytes:
    return change(data)


_READABLE = ("contract", "csv", "json", "json_array")
_INSIDE = {
    **dict.fromkeys(("csv", "json", "json_array"), _text),
    "excel": _workbook,
    "avro": _avro,
    "parquet": _parquet,
    "orc": _orc,
}
_MEANING = {
    "contract": meanings.contract,
    "csv": meanings.cells,
    "json": meanings.lines_of,
    "json_array": meanings.elements,
}
