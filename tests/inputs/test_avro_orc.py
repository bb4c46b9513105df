"""Avro and ORC: their types are kept, and what is damaged is told."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import fastavro
import pyarrow as pa
import pytest
from pyarrow import orc

import lakegate
from inputs.world import CONTRACT, prop
from lakegate.intake.formats.avro import CODECS

ID = prop("id", "integer")
NAME = prop("name", "string")
SCHEMA = {
    "type": "record",
    "name": "row",
    "fields": [{"name": "id", "type": "long"}, {"name": "name", "type": ["null", "string"]}],
}
RECORDS = [{"id": n, "name": f"name {n}" if n % 2 else None} for n in range(1000)]


def avro(schema=SCHEMA, records=RECORDS, **options):
    out = io.BytesIO()
    fastavro.writer(out, schema, records, sync_interval=2000, **options)
    return out.getvalue()


def orc_of(table, **options):
    out = io.BytesIO()
    orc.write_table(table, out, **options)
    return out.getvalue()


def field(kind):
    return {"type": "record", "name": "row", "fields": [{"name": "id", "type": kind}]}


def committed(world, *columns):
    rows = lakegate.Lake(world.lake).read("in/rows", contract=world.root / CONTRACT).relation()
    return rows.select(*columns).fetchall()


TABLE = pa.table({"id": range(1000), "name": [f"name {n}" for n in range(1000)]})
FILES = {"avro": avro(), "orc": orc_of(TABLE)}


@pytest.mark.parametrize("form", FILES)
def test_a_file_is_read_whole(world, form):
    world.contract(ID, NAME, form=form, gate={"min_rows": 1000})
    world.arrive({f"a.{form}": FILES[form]})

    world.assert_ends(0, "is committed")
    assert sum(number for (number,) in committed(world, "id")) == 499_500


@pytest.mark.parametrize("form", FILES)
def test_a_failing_row_is_told_by_its_number(world, form):
    world.contract(prop("id", "integer", logicalTypeOptions={"maximum": 998}), NAME, form=form)
    world.arrive({f"a.{form}": FILES[form]})

    world.assert_ends(1, "1 of 1,000 rows", also=[(f"a.{form}", "row 1,000")])


@pytest.mark.parametrize("form", FILES)
def test_physical_types_are_compared(world, form):
    world.contract(prop("id", "integer", physicalType="INTEGER"), NAME, form=form)
    world.arrive({f"a.{form}": FILES[form]})

    world.assert_ends(1, "got type BIGINT, expected INTEGER")


@pytest.mark.parametrize("codec", CODECS)
def test_every_codec_is_read_and_a_damaged_block_is_told(world, codec):
    """Codecs that keep no checksum are left out of the damage: there a flip may be another value (a manifest tells)."""
    data = avro(codec=codec)
    flipped = bytearray(data)
    flipped[len(data) * 3 // 4] ^= 0x10
    world.contract(ID, NAME, form="avro")
    world.arrive({"a.avro": data})
    world.assert_ends(0, "is committed")

    if codec in {"snappy", "bzip2", "xz"}:
        world.sent.clear()
        world.arrive({"a.avro": bytes(flipped)}, "b2")
        world.assert_ends(1, "a.avro: unreadable: got a", batch="b2")


def test_a_wrong_checksum_of_snappy_is_told(world):
    """The values would decode: fastavro skips it."""
    data = bytearray(avro(codec="snappy"))
    data[-17] ^= 1  # the last byte before the marker
    world.contract(ID, NAME, form="avro")
    world.arrive({"a.avro": bytes(data)})

    world.assert_ends(1, "a.avro: unreadable: got a block whose checksum is wrong")


def test_a_block_of_snappy_that_claims_gigabytes_is_a_bomb(world):
    """Its length stands before it, and would be allocated."""
    whole = avro(records=RECORDS[:1], codec="snappy")
    marker = whole[-16:]
    header = whole[: whole.index(marker) + 16]
    block = b"\xff\xff\xff\xff\x0f" + b"\x00" * 8  # 4,294,967,295 bytes, a literal, a checksum
    world.contract(ID, NAME, form="avro")
    world.arrive({"a.avro": header + bytes([2 * 1, 2 * len(block)]) + block + marker})

    world.assert_ends(6, "a.avro", "expected no decompression bomb")


def test_a_codec_that_nobody_knows_is_named(world):
    world.contract(ID, NAME, form="avro")
    world.arrive({"a.avro": FILES["avro"].replace(b"null", b"nill", 1)})

    world.assert_ends(1, "got the codec 'nill', expected one of null, deflate, snappy")


@pytest.mark.parametrize("codec", ["null", "deflate", "snappy"])
def test_an_avro_file_cut_anywhere_is_no_shorter_file(world, codec):
    data = avro(codec=codec)
    world.contract(ID, NAME, form="avro", gate={"min_rows": 0})
    world.arrive(
        {
            f"{at}.avro": data[:at]
            for at in (len(data) - 1, len(data) - 20, len(data) * 2 // 3, len(data) // 2, len(data) // 3)
        }
    )

    ended = world.promote("b1")

    assert ended.exit_code == 1
    [check] = [check for check in ended.report["checks"] if check["outcome"] == "failed"]
    assert [name for _, name in world.sent if f"{name}: unreadable: got" not in check["reason"]] == []


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        pytest.param(FILES["avro"] + b"garbage", "got a block", id="trailing garbage"),
        pytest.param(FILES["avro"][:-1] + b"\0", "got a block without the file's marker", id="another marker"),
        pytest.param(
            avro(field(["string", "long"]), [{"id": 1}]), "got a union of 2 types in the field 'id'", id="union"
        ),
        pytest.param(
            avro(
                {
                    "type": "record",
                    "name": "row",
                    "fields": [{"name": "id", "type": "long"}, {"name": "next", "type": ["null", "row"]}],
                },
                [{"id": 1, "next": None}],
            ),
            "nested without end, expected no recursive schema",
            id="recursive",
        ),
        pytest.param(avro("long", [1]), "got an Avro schema that is no record", id="no record"),
    ],
)
def test_what_is_no_table_of_avro(world, data, cause):
    world.contract(ID, NAME, form="avro")
    world.arrive({"a.avro": data})

    world.assert_ends(1, "a.avro: unreadable: ", cause)


@pytest.mark.parametrize(
    ("kind", "value", "logical", "read"),
    [
        ({"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 2}, Decimal("1.50"), "number", "1.50"),
        ({"type": "int", "logicalType": "date"}, dt.date(2026, 1, 2), "date", "2026-01-02"),
        ({"type": "long", "logicalType": "time-micros"}, dt.time(1, 2, 3), "time", "01:02:03"),
        (
            {"type": "long", "logicalType": "timestamp-micros"},
            dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
            "timestamp",
            "2026-01-02 00:00:00+00",
        ),
        ({"type": "enum", "name": "e", "symbols": ["A", "B"]}, "B", "string", "B"),
        ({"type": "array", "items": "long"}, [1, 2], "array", "[1, 2]"),
        ({"type": "map", "values": "long"}, {"a": 1}, "map", "{a=1}"),
        ("double", 0.1, "number", "0.1"),
        ("boolean", True, "boolean", "true"),
    ],
    ids=str,
)
def test_types_of_avro(world, kind, value, logical, read):
    more = {"items": prop("items", "integer")} if logical == "array" else {}
    if logical == "map":
        more = {"map": {"key": prop("key", "string"), "value": prop("value", "integer")}}
    if logical == "timestamp":
        more = {"logicalTypeOptions": {"timezone": True}}
    world.contract(prop("id", logical, **more), form="avro")
    world.arrive({"a.avro": avro(field(kind), [{"id": value}])})

    world.assert_ends(0, "is committed")
    [(seen,)] = committed(world, "id::VARCHAR")
    assert seen.replace("'", "").split(".")[0 if logical == "timestamp" else slice(None)] is not None
    assert seen.startswith(read[:10])


@pytest.mark.parametrize("size", [10, 200])
def test_an_orc_file_cut_short(world, size):
    world.contract(ID, NAME, form="orc")
    world.arrive({"a.orc": FILES["orc"][:-size]})

    world.assert_ends(1, "a.orc: unreadable: got a damaged ORC file")


def test_text_in_orc_that_is_no_utf_8(world):
    offsets = pa.array([0, 2], pa.int32()).buffers()[1]
    bad = pa.Array.from_buffers(pa.string(), 1, [None, offsets, pa.py_buffer(b"\xff\xfe")])
    world.contract(ID, NAME, form="orc")
    world.arrive({"a.orc": orc_of(pa.table({"id": [1], "name": bad}))})

    world.assert_ends(1, "a.orc: unreadable: got a damaged ORC file")


@pytest.mark.parametrize("form", FILES)
def test_a_file_under_another_name(world, form):
    world.contract(ID, NAME)
    world.arrive({"a.csv": FILES[form]})

    world.assert_ends(1, "a.csv: unreadable: got", "content, expected plain")


@pytest.mark.parametrize("form", ["avro", "orc", "parquet", "xlsx"])
def test_what_is_compressed_inside_is_not_unpacked(world, form):
    world.contract(ID, NAME, form=form)
    world.arrive({f"a.{form}.gz": b"\x1f\x8b"})

    world.assert_ends(2, f"a.{form}.gz: got {form} inside gzip")


def test_an_avro_block_that_claims_fewer_records_than_it_holds(world):
    world.contract(ID, NAME, form="avro")
    data = avro(records=RECORDS[:20])
    marker, twenty, nineteen = data[-16:], b"\x28", b"\x26"
    assert data.count(marker + twenty) == 1
    world.arrive({"a.avro": data.replace(marker + twenty, marker + nineteen)})

    world.assert_ends(1, "a.avro: unreadable: got a block that holds more than the 19 records it claims")


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        pytest.param(
            b"Obj\x01\x02\xfe\xff\xff\xff\xff\xff\xff\x7f" + bytes(40),
            "got a block, or an entry of the header, that ends behind the file",
            id="a length of exabytes",
        ),
        pytest.param(
            avro({"type": "record", "name": "row", "fields": [{"name": "id", "type": "null"}]}, [{"id": None}] * 1000),
            "got a block that claims 1000 records and holds fewer bytes than that",
            id="records of no bytes",
        ),
    ],
)
def test_what_an_avro_file_claims_is_not_believed(world, data, cause):
    world.contract(ID, NAME, form="avro")
    world.arrive({"a.avro": data})

    world.assert_ends(1, "a.avro: unreadable: ", cause)
