"""`python -m fuzz.seeding`: write anew the seeds that show what each format can do; the others are kept as they are."""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import io
from collections.abc import Iterator
from decimal import Decimal

import fastavro
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import orc

from fuzz.targets import SEEDS

ODD_LINES = """{"id": 1, "id": 2}
{"id": NaN}
[1]
{"extra": {"page": 1, "page": 2}, "anything": {"a": 1, "a": 2}}

{"id": 12345678901234567890, "name": "\\u0000"}
{"id": 1,}
{"id": 3
"""
ARRAY = '[{"id": 1, "name": "a"}, {"id": 2.0, "tags": [], "extra": null},\n {"id": "3", "labels": {"x": null}}]'
DAY = dt.date(2026, 1, 2)
MOMENT = dt.datetime(2026, 1, 2, 3, 4, 5, 678901)  # noqa: DTZ001 - a moment without a zone


def main() -> None:
    """Write the seeds of every target that are made here."""
    for target, made in (
        ("csv", _csv()),
        ("json", _json()),
        ("json_array", _arrays()),
        ("parquet", _parquet()),
        ("excel", _excel()),
        ("avro", _avro()),
        ("orc", _orc()),
    ):
        folder = SEEDS / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in made:
            (folder / name).write_bytes(data)


def _packed(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    yield f"{name}.gz", gzip.compress(data, mtime=0)
    yield f"{name}.two-members.gz", gzip.compress(data[:100], mtime=0) + gzip.compress(data[100:], mtime=0)
    yield f"{name}.zst", pa.compress(data, codec="zstd", asbytes=True)
    yield f"{name}.bz2", bz2.compress(data)


def _csv() -> Iterator[tuple[str, bytes]]:
    text = (SEEDS / "csv" / "every-type.csv").read_bytes()
    yield "crlf.csv", b'id,name\r\n1,"a\r\nb"\r\n2,"c ""d"""\r\n'
    yield "mark.csv", b"\xef\xbb\xbfid,name\n1,\xc3\xa9\n"
    yield "utf-16.csv", "id,name\n1,é\n2,\U0001f600\n".encode("utf-16")
    yield "semicolon.csv", b"id;amount;name\n1;1,5;NULL\n2;-;x\n3;1.5;\n"
    yield "tab.tsv", b"id\tname\n1\ta\tb\n2\n\n3\t\n"
    yield "backslash.csv", b'id,name\n1,"a\\"b"\n2,"c\\\\"\n3,d\\e\n'
    yield "ragged.csv", b"id,name\n1\n2,b,c\n\n3,d\n,\n"
    yield "unclosed.csv", b'id,name\n1,"a\n2,b\n'
    yield "wide.csv", b"id," + b",".join(b"c%d" % at for at in range(60)) + b"\n" + b"1" + b",x" * 60 + b"\n"
    yield "one-column.csv", b'name\na\n""\n\n"b"\n'
    yield "header-only.csv", b"id,name\n"
    yield from _packed("every-type.csv", text)


def _json() -> Iterator[tuple[str, bytes]]:
    yield "odd.jsonl", ODD_LINES.encode()
    yield "crlf.jsonl", b'{"id": 1}\r\n{"id": 2}\r\n'
    yield "one.jsonl", b'{"id": 1}'
    yield "array.jsonl", b'[{"id": 1},\n{"id": 2}]\n'
    yield "deep.jsonl", b'{"anything": ' + b"[" * 1200 + b"]" * 1200 + b"}\n"
    yield from _packed("every-type.jsonl", (SEEDS / "json" / "every-type.jsonl").read_bytes())


def _arrays() -> Iterator[tuple[str, bytes]]:
    yield "array.json", ARRAY.encode()
    yield "empty.json", b"[]"
    yield "lines.json", b'{"id": 1}\n{"id": 2}\n'
    yield "mixed.json", b'[{"id": 1}, 2, null, [], "x", {"id": 1, "id": 2}, {"anything": NaN}]'
    yield "nested.json", b'[{"extra": {"page": "a", "inner": {"b": [1, {"c": 2}]}}, "tags": [[1]], "vector": [1, "x"]}]'
    yield from _packed("array.json", ARRAY.encode())


def _tables() -> dict[str, pa.Table]:
    """Return tables that hold every type between them."""
    plain = {
        "id": pa.array([1, 2, None], pa.int64()),
        "name": pa.array(["a", "b", "a"]),
        "amount": pa.array([1.5, float("nan"), None]),
        "price": pa.array([Decimal("1.25"), None, Decimal("-0.01")], pa.decimal128(10, 2)),
        "active": pa.array([True, None, False]),
        "day": pa.array([DAY, None, DAY]),
        "at": pa.array([MOMENT, None, MOMENT], pa.timestamp("us")),
        "zoned": pa.array([MOMENT, None, MOMENT], pa.timestamp("ms", "UTC")),
        "clock": pa.array([dt.time(3, 4, 5), None, dt.time(0)], pa.time64("us")),
    }
    nested = {
        "id": pa.array([1, 2, 3]),
        "tags": pa.array([[1, None], [], None], pa.list_(pa.int64())),
        "extra": pa.array([{"page": "a", "depth": 1}, {"page": None, "depth": 2}, None]),
        "labels": pa.array([[("k", 1)], [], None], pa.map_(pa.string(), pa.int64())),
        "deep": pa.array([[{"x": [{"y": [1]}]}], [], None]),
    }
    return {"plain": pa.table(plain), "nested": pa.table(nested)}


def _parquet_of(table: pa.Table, **options) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, store_schema=False, **options)
    return out.getvalue()


def _parquet() -> Iterator[tuple[str, bytes]]:
    tables = _tables()
    for name, table in tables.items():
        yield f"{name}.parquet", _parquet_of(table, compression="none")
        yield f"{name}-v2.parquet", _parquet_of(table, compression="none", data_page_version="2.0")
    small = tables["plain"].select(["id", "name", "amount"])
    for codec in ("snappy", "gzip", "zstd", "lz4", "brotli"):
        yield f"{codec}.parquet", _parquet_of(small, compression=codec)
    for column, encodings in (
        ("id", ("PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT")),
        ("name", ("DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY")),
        ("active", ("RLE",)),
    ):
        for encoding in encodings:
            data = _parquet_of(
                tables["plain"].select([column]),
                use_dictionary=False,
                column_encoding={column: encoding},
                compression="none",
            )
            yield f"{encoding.lower().replace('_', '-')}.parquet", data
    yield "checksums.parquet", _parquet_of(small, compression="none", write_page_checksum=True)
    yield "groups.parquet", _parquet_of(small, compression="none", row_group_size=1, write_page_index=True)
    yield "int96.parquet", _parquet_of(tables["plain"].select(["at"]), use_deprecated_int96_timestamps=True)
    yield "empty.parquet", _parquet_of(small.slice(0, 0))


def _excel_of(book: openpyxl.Workbook) -> bytes:
    book.properties.created = book.properties.modified = MOMENT
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _excel() -> Iterator[tuple[str, bytes]]:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["id", "name", "amount", "active", "day", "at", "clock", "anything"])
    sheet.append([1, "a", 1.5, True, DAY, MOMENT, dt.time(3, 4, 5), dt.timedelta(hours=30)])
    sheet.append([12345678901234567, "=1+1", -1e300, "#N/A", "2026-01-02", None, 0.5, "x"])
    sheet.append([])
    sheet.append(["3", "é\n", 0, 0, 1, 60, 1, ""])
    yield "every-type.xlsx", _excel_of(book)
    book = openpyxl.Workbook()
    book.active.append(["id", "name"])
    book.active.append([1, "merged"])
    book.active.merge_cells("A2:B2")
    book.create_sheet("hidden").sheet_state = "hidden"
    yield "merged-hidden.xlsx", _excel_of(book)
    data = _excel_of(openpyxl.Workbook())
    yield (
        "inline.xlsx",
        _with_sheet(
            data,
            b'<row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c><c r="B1" t="inlineStr"><is><r><t>na</t></r><r>'
            b'<t>me</t></r></is></c></row><row r="2"><c r="A2"><v>1</v></c>'
            b'<c r="B2" t="str"><f>A2</f><v>x</v></c></row>'
            b'<row r="4"><c r="A4" t="b"><v>1</v></c><c r="B4" t="d"><v>2026-01-02T03:04:05</v></c></row>'
            b'<row r="5"><c r="B5" t="e"><v>#REF!</v></c><c r="C5"><f t="shared" si="0"/></c></row>',
        ),
    )


def _with_sheet(data: bytes, rows: bytes) -> bytes:
    """Return a workbook with these rows, as another writer than openpyxl would put them."""
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            content = source.read(info)
            if info.filename.endswith("sheet1.xml"):
                head, _, tail = content.partition(b"<sheetData")
                content = (
                    head
                    + b"<sheetData>"
                    + rows
                    + b"</sheetData>"
                    + tail.partition(b">")[2].removeprefix(b"</sheetData>")
                )
            target.writestr(zipfile.ZipInfo(info.filename), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _avro_of(fields: list, records: list, codec: str = "null") -> bytes:
    out = io.BytesIO()
    schema = {"type": "record", "name": "row", "namespace": "in", "fields": fields}
    fastavro.writer(out, schema, records, codec=codec, sync_marker=bytes(range(16)))
    return out.getvalue()


def _field(name: str, kind: object) -> dict:
    return {"name": name, "type": kind}


def _avro() -> Iterator[tuple[str, bytes]]:
    plain = [_field("id", "long"), _field("name", ["null", "string"]), _field("amount", "double")]
    records = [{"id": n, "name": None if n % 2 else f"name {n}", "amount": n / 3} for n in range(20)]
    for codec in ("null", "deflate", "bzip2", "xz"):
        yield f"{codec}.avro", _avro_of(plain, records, codec)
    logical = {
        "price": ({"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}, Decimal("1.25")),
        "fixed": ({"type": "fixed", "name": "f", "size": 4, "logicalType": "decimal", "precision": 5}, Decimal(7)),
        "day": ({"type": "int", "logicalType": "date"}, DAY),
        "clock": ({"type": "long", "logicalType": "time-micros"}, dt.time(3, 4, 5)),
        "milli": ({"type": "int", "logicalType": "time-millis"}, dt.time(3, 4, 5)),
        "zoned": ({"type": "long", "logicalType": "timestamp-micros"}, MOMENT.replace(tzinfo=dt.UTC)),
        "at": ({"type": "long", "logicalType": "local-timestamp-millis"}, MOMENT),
        "uuid": ({"type": "string", "logicalType": "uuid"}, "00000000-0000-4000-8000-000000000000"),
    }
    fields = [_field(name, kind) for name, (kind, _) in logical.items()]
    yield "logical.avro", _avro_of(fields, [{name: value for name, (_, value) in logical.items()}])
    nested = [
        _field("kind", {"type": "enum", "name": "kinds", "symbols": ["a", "b"]}),
        _field("tags", {"type": "array", "items": ["null", "int"]}),
        _field("labels", {"type": "map", "values": "long"}),
        _field(
            "extra", {"type": "record", "name": "extra", "fields": [_field("page", "string"), _field("raw", "bytes")]}
        ),
        _field("again", ["null", "in.extra"]),
        _field("flag", "boolean"),
        _field("fixed", {"type": "fixed", "name": "four", "size": 4}),
    ]
    inner = {"page": "a", "raw": b"\0\xff"}
    one = {"kind": "a", "tags": [1, None], "labels": {"k": 1}, "extra": inner, "again": inner, "flag": True}
    yield "nested.avro", _avro_of(nested, [{**one, "fixed": b"abcd"}, {**one, "fixed": b"\0\0\0\0", "again": None}])
    yield "union.avro", _avro_of([_field("id", ["null", "long", "string"])], [{"id": 1}, {"id": "x"}])
    yield "empty.avro", _avro_of(plain, [])


def _orc() -> Iterator[tuple[str, bytes]]:
    tables = _tables()
    plain = tables["plain"].drop_columns(["clock"])
    for codec in ("uncompressed", "zlib", "snappy", "lz4", "zstd"):
        out = io.BytesIO()
        orc.write_table(plain.select(["id", "name", "amount"]), out, compression=codec)
        yield f"{codec}.orc", out.getvalue()
    for name, table in (("plain", plain), ("nested", tables["nested"]), ("empty", plain.slice(0, 0))):
        out = io.BytesIO()
        orc.write_table(table, out, compression="uncompressed")
        yield f"{name}.orc", out.getvalue()
    out = io.BytesIO()
    orc.write_table(
        pa.table({"name": ["a", "b"] * 500}), out, compression="uncompressed", dictionary_key_size_threshold=1
    )
    yield "dictionary.orc", out.getvalue()


if __name__ == "__main__":
    main()
