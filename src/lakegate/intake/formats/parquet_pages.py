"""The pages of a Parquet file, walked without decoding them: sizes that fit, checksums that hold, values that add up.

No engine verifies a page's CRC unless it is asked to, and then only what it decodes (INPUTS S2, 81). A page header is
a Thrift struct in the compact protocol (parquet.thrift: PageHeader); the footer is read by pyarrow.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from lakegate.intake.files import CHUNK, unreadable

if TYPE_CHECKING:
    from pyarrow.parquet import ColumnChunkMetaData, FileMetaData

HEADER = 1 << 20  # bytes of the longest page header that is read: it may hold statistics
WIDTHS = {
    "BOOLEAN": 1,
    "INT32": 4,
    "INT64": 8,
    "INT96": 12,
    "FLOAT": 4,
    "DOUBLE": 8,
    "BYTE_ARRAY": 4,
}  # at least, bytes
DATA, DICTIONARY, DATA_V2 = 0, 2, 3  # PageType
_BOOLEANS, _BYTE, _INTEGERS, _DOUBLE, _BINARY, _LISTS, _MAP, _STRUCT = (1, 2), 3, (4, 5, 6), 7, 8, (9, 10), 11, 12
_DEEPEST = 16


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What the pages say. `checked` of `pages` carry a checksum; `decoded` is their uncompressed size in bytes."""

    pages: int
    checked: int
    decoded: int


@dataclass(frozen=True, slots=True)
class _Page:
    """The head of one page. Sizes in bytes; `values` is None for a page that holds none of the column."""

    uncompressed: int
    compressed: int
    crc: int | None
    values: int | None


def check_pages(path: Path, metadata: FileMetaData) -> PageFacts:
    """Walk every page of a file whose footer is `metadata`. Raises `BadFile` for the first that is not what it must be.

    The message says row group, column and page, all counted from 0.
    """
    size = path.stat().st_size
    pages = checked = decoded = 0
    with path.open("rb") as file:
        for group in range(metadata.num_row_groups):
            for column in range(metadata.num_columns):
                chunk = metadata.row_group(group).column(column)
                where = f"column {chunk.path_in_schema!r} in row group {group}"
                for page in _walk(file, chunk, size, where):
                    pages += 1
                    checked += page.crc is not None
                    decoded += page.uncompressed
    return PageFacts(pages, checked, decoded)


def footprint(metadata: FileMetaData) -> int:
    """Return how many bytes the rows come to at least when they are decoded, by the footer (INPUTS 90)."""
    columns = (metadata.schema.column(at) for at in range(metadata.num_columns))
    width = sum(WIDTHS.get(column.physical_type, column.length or 4) for column in columns)
    return int(metadata.num_rows) * width


def _walk(file: BinaryIO, chunk: ColumnChunkMetaData, size: int, where: str) -> Iterator[_Page]:
    """Yield the pages of one column chunk."""
    offsets = [offset for offset in (chunk.data_page_offset, chunk.dictionary_page_offset) if offset]
    if not offsets and not chunk.num_values:
        return
    start = min(offsets, default=0)
    end = start + chunk.total_compressed_size
    if not 4 <= start <= end <= size - 8:
        raise unreadable(f"got {where} at bytes {start} to {end}, expected it inside the {size} bytes of the file")
    at, number, values = start, 0, 0
    while at < end:
        told = f"page {number} of {where}"
        file.seek(at)
        head = file.read(min(HEADER, end - at))
        try:
            page, length = _page(head)
        except (IndexError, ValueError, KeyError, RecursionError) as error:
            raise unreadable(f"got {told} without a readable header, expected one") from error
        at += length
        if page.compressed < 0 or page.uncompressed < 0 or at + page.compressed > end:
            raise unreadable(f"got {told} of {page.compressed} bytes, expected it to end inside its column")
        if page.crc is not None and (found := _crc(file, at, page.compressed)) != page.crc & 0xFFFFFFFF:
            raise unreadable(f"got {told} with the checksum {found:08x}, expected {page.crc & 0xFFFFFFFF:08x}")
        at += page.compressed
        values += page.values or 0
        number += 1
        yield page
    if values != chunk.num_values:
        raise unreadable(f"got {values} values in the pages of {where}, expected the {chunk.num_values} of the footer")


def _crc(file: BinaryIO, start: int, length: int) -> int:
    """Return the CRC-32 of a page's bytes."""
    file.seek(start)
    crc = 0
    while length:
        piece = file.read(min(CHUNK, length))
        if not piece:
            break
        crc = zlib.crc32(piece, crc)
        length -= len(piece)
    return crc


def _page(head: bytes) -> tuple[_Page, int]:
    """Read a page header; return it and its length in bytes. Raises `ValueError` or `IndexError` for what is none."""
    thrift = _Thrift(head)
    fields = thrift.struct()
    kind = _whole(fields, 1)
    data = {DATA: fields.get(5), DATA_V2: fields.get(8)}.get(kind)
    if kind in (DATA, DATA_V2) and not isinstance(data, dict):
        raise ValueError("a data page without its own header")
    values = _whole(data, 1) if isinstance(data, dict) else None
    crc = _whole(fields, 4) if 4 in fields else None
    return _Page(_whole(fields, 2), _whole(fields, 3), crc, values), thrift.at


def _whole(fields: dict[int, object], number: int) -> int:
    """Return a field that must be a whole number."""
    value = fields[number]
    if not isinstance(value, int):
        raise ValueError(f"field {number} is no whole number")  # noqa: TRY004 - the header is wrong, not a type of ours
    return value


class _Thrift:
    """A reader of Thrift's compact protocol that keeps whole numbers and structs, and steps over everything else."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def struct(self, depth: int = 0) -> dict[int, object]:
        """Read a struct: field number -> whole number or struct."""
        if depth > _DEEPEST:
            raise ValueError("nested too deep")
        fields: dict[int, object] = {}
        number = 0
        while (head := self._byte()) != 0:
            kind = head & 0x0F
            number = number + (head >> 4) if head >> 4 else self._zigzag()
            fields[number] = self._value(kind, depth) if kind not in _BOOLEANS else None
        return fields

    def _value(self, kind: int, depth: int) -> object:
        """Read one value; None for one that is stepped over."""
        if kind in _INTEGERS:
            return self._zigzag()
        if kind == _STRUCT:
            return self.struct(depth + 1)
        if kind in (_BYTE, *_BOOLEANS):  # in a list, booleans take a byte
            self._skip(1)
        elif kind == _DOUBLE:
            self._skip(8)
        elif kind == _BINARY:
            self._skip(self._varint())
        elif kind in _LISTS:
            head = self._byte()
            length = head >> 4 if head >> 4 < 15 else self._varint()
            self._each(length, (head & 0x0F,), depth)
        elif kind == _MAP:
            length = self._varint()
            kinds = self._byte() if length else 0
            self._each(length, (kinds >> 4, kinds & 0x0F), depth)
        else:
            raise ValueError(f"no type {kind}")
        return None

    def _each(self, length: int, kinds: tuple[int, ...], depth: int) -> None:
        if length > len(self._data):
            raise ValueError("longer than the file")
        for _ in range(length):
            for kind in kinds:
                self._value(kind, depth + 1)

    def _skip(self, length: int) -> None:
        self.at += length
        if self.at > len(self._data):
            raise IndexError

    def _byte(self) -> int:
        self.at += 1
        return self._data[self.at - 1]

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise ValueError("a number without end")

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
