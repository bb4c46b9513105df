"""Avro: blocks of records become one Parquet file of the types that the file's own schema names."""

from __future__ import annotations

import io
import lzma
import uuid
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from lakegate.errors import UsageError
from lakegate.intake.budget import Budget
from lakegate.intake.files import BadFile, NativeFile, is_ours, unreadable
from lakegate.intake.names import check_twins

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 10_000  # of a batch that is written at once
MAGIC = 4  # bytes before the header
SYNC = 16  # bytes of the marker behind each block
CODECS = ("null", "deflate", "snappy", "zstandard", "lz4", "bzip2", "xz")
_DAMAGED = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    ArithmeticError,
    LookupError,
    RecursionError,
    RuntimeError,  # of lz4
    lzma.LZMAError,
    zlib.error,
)


def write_parquet(file: NativeFile, target: Path, budget: Budget) -> None:
    """Convert an Avro file. Raises `BadFile` for a damaged one or a type that has no column, `Refused` for a bomb."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        import cramjam  # as all of these only for Avro: 0.1 s of CPU
        import fastavro
        from backports.zstd import ZstdError
    except ImportError:
        raise UsageError(f"{file.name}: Avro is read by fastavro", hint="pip install 'lakegate[avro]'") from None

    of_libraries = (fastavro.schema.SchemaParseException, pa.ArrowException, ZstdError, cramjam.DecompressionError)
    size = file.path.stat().st_size
    try:
        with file.path.open("rb") as stream:
            expected = sum(count for count, *_ in _blocks(file.path))
            reader = fastavro.block_reader(stream)
            if reader.codec not in CODECS:
                raise unreadable(f"got the codec {reader.codec!r}, expected one of {', '.join(CODECS)}")
            if reader.codec == "snappy":
                _check_sums(file, budget)
            schema = _schema(reader.writer_schema)
            budget.charge_cells(file.name, expected, len(schema))
            rows = produced = 0
            with pq.ParquetWriter(target, schema, compression="snappy") as out:
                for batch in _batches(reader, schema):
                    rows += batch.num_rows
                    produced += batch.nbytes
                    budget.charge(file.name, produced, size)
                    out.write_batch(batch)
    except (*_DAMAGED, *of_libraries) as error:
        if isinstance(error, BadFile) or is_ours(error):
            raise
        raise unreadable(f"got a damaged Avro file ({type(error).__name__}), expected whole blocks") from error
    if rows != expected:
        raise unreadable(f"got {rows} records, expected the {expected} that the blocks claim")


def _batches(reader: Any, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield the records of all blocks as batches."""
    import pyarrow as pa

    held: list[dict[str, Any]] = []
    for block in reader:
        if block.num_records > block.bytes_.getbuffer().nbytes:
            raise unreadable(f"got a block that claims {block.num_records} records and holds fewer bytes than that")
        for record in block:
            held.append({key: _plain(value) for key, value in record.items()})
            if len(held) == ROWS:
                yield pa.RecordBatch.from_pylist(held, schema)
                held = []
        if block.bytes_.read(1):
            raise unreadable(f"got a block that holds more than the {block.num_records} records it claims")
    if held:
        yield pa.RecordBatch.from_pylist(held, schema)


def _plain(value: Any) -> Any:
    """Return a value as Arrow takes it: a UUID is text, a map its entries."""
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _blocks(path: Path) -> Iterator[tuple[int, int, int]]:
    """Walk the file without decoding it, to its last byte: yield of each block how many records it claims, and where.

    A length is not believed before it is known to end inside the file: it would be allocated.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        stream.seek(MAGIC)
        while entries := _long(stream):
            if entries < 0:
                _long(stream)  # how many bytes they take
            for _ in range(2 * abs(entries)):  # a key, a value
                _skip(stream, size)
        marker = stream.read(SYNC)
        while stream.tell() < size:
            count = _long(stream)
            length = _skip(stream, size)
            yield count, stream.tell() - length, length
            if count < 0 or stream.read(SYNC) != marker:
                raise unreadable("got a block without the file's marker behind it, expected one")


def _skip(stream: BinaryIO, size: int) -> int:
    """Step over bytes whose length stands before them. Raises `BadFile` where they end behind the file."""
    length = _long(stream)
    if not 0 <= length <= size - stream.tell():
        raise unreadable("got a block, or an entry of the header, that ends behind the file, expected it whole")
    stream.seek(length, io.SEEK_CUR)
    return length


def _check_sums(file: NativeFile, budget: Budget) -> None:
    """Verify the checksum that each of snappy's blocks ends with: fastavro skips it. Raises `Refused` for a bomb."""
    import cramjam

    size, produced = file.path.stat().st_size, 0
    with file.path.open("rb") as stream:
        for _, start, length in _blocks(file.path):
            stream.seek(start)
            block = stream.read(length)
            produced += cramjam.snappy.decompress_raw_len(block)
            budget.charge(file.name, produced, size)
            if zlib.crc32(bytes(cramjam.snappy.decompress_raw(block[:-4]))) != int.from_bytes(block[-4:], "big"):
                raise unreadable("got a block whose checksum is wrong, expected it as it was written")


def _long(stream: BinaryIO) -> int:
    """Read a number as Avro writes it: zigzag, seven bits a byte."""
    value = shift = 0
    while True:
        byte = stream.read(1)
        if not byte or shift > 63:
            raise EOFError("a number without end")
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return (value >> 1) ^ -(value & 1)
        shift += 7


def _schema(schema: Any) -> pa.Schema:
    """Return the columns of a record schema. Raises `BadFile` where there is none for a type."""
    import pyarrow as pa

    if not isinstance(schema, dict) or schema.get("type") != "record":
        raise unreadable("got an Avro schema that is no record, expected one")
    named: dict[str, Any] = {str(schema.get("name")): schema}
    fields = [pa.field(field["name"], _type(field["type"], field["name"], named, 0)) for field in schema["fields"]]
    check_twins([field.name for field in fields])
    return pa.schema(fields)


_PLAIN = {"string", "bytes", "int", "long", "float", "double", "boolean", "null"}


def _type(schema: Any, where: str, named: dict[str, Any], depth: int) -> pa.DataType:  # noqa: PLR0911, PLR0912, C901 - one a type
    """Return the column's type; `named` holds the types that were given a name before."""
    import pyarrow as pa

    if depth > 32:
        raise unreadable(f"got the field {where!r} nested without end, expected no recursive schema")
    if isinstance(schema, list):
        kinds = [one for one in schema if one != "null"]
        if len(kinds) != 1:
            raise unreadable(f"got a union of {len(kinds)} types in the field {where!r}, expected one beside null")
        return _type(kinds[0], where, named, depth + 1)
    if isinstance(schema, str):
        if schema in named:
            return _type(named[schema], where, named, depth + 1)
        schema = {"type": schema}
    if schema.get("name"):
        named[schema["name"]] = schema
        named[f"{schema.get('namespace', '')}.{schema['name']}".lstrip(".")] = schema
    kind = schema["type"]
    if logical := _logical(schema):
        return logical
    match kind:
        case "record":
            inner = [
                pa.field(f["name"], _type(f["type"], f"{where}.{f['name']}", named, depth + 1))
                for f in schema["fields"]
            ]
            return pa.struct(inner)
        case "array":
            return pa.list_(_type(schema["items"], f"{where}[]", named, depth + 1))
        case "map":
            return pa.map_(pa.string(), _type(schema["values"], f"{where}{{}}", named, depth + 1))
        case "enum":
            return pa.string()
        case "fixed":
            return pa.binary(schema["size"])
        case str() if kind in _PLAIN:
            return {
                "string": pa.string(),
                "bytes": pa.binary(),
                "int": pa.int32(),
                "long": pa.int64(),
                "float": pa.float32(),
                "double": pa.float64(),
                "boolean": pa.bool_(),
                "null": pa.null(),
            }[kind]
        case dict() | list():
            return _type(kind, where, named, depth + 1)
    raise unreadable(f"got the type {kind!r} in the field {where!r}, expected one that Avro knows")


def _logical(schema: dict[str, Any]) -> pa.DataType | None:  # noqa: PLR0911 - one a type
    """Return the type of a logicalType that fits its carrier, None where there is none: the carrier counts."""
    import pyarrow as pa

    match schema.get("logicalType"), schema["type"]:
        case "decimal", "bytes" | "fixed":
            return pa.decimal128(int(schema["precision"]), int(schema.get("scale", 0)))
        case "date", "int":
            return pa.date32()
        case "time-millis", "int":
            return pa.time32("ms")
        case "time-micros", "long":
            return pa.time64("us")
        case (("timestamp-millis" | "timestamp-micros"), "long"):
            return pa.timestamp("us", "UTC")
        case (("local-timestamp-millis" | "local-timestamp-micros"), "long"):
            return pa.timestamp("us")
        case "uuid", "string" | "fixed":
            return pa.string()
    return None
