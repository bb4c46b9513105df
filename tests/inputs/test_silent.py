"""INPUTS S1-S33: each shows a raw engine fooled, as somebody would use it who trusts it, and the gate not.

The engines' halves say what is true of the versions in constraints/pins.txt: where a later one is not fooled any more,
the half fails, and the list is shorter by one.
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
import math

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset as ds
import pyarrow.json
import pyarrow.parquet as pq
import pytest

from inputs.lying import lie_about_maximum
from inputs.world import prop

ID = prop("id", "integer")
NAME = prop("name", "string")
TABLE = pa.table({"id": [1, 2], "name": ["x", "y"]})


@pytest.fixture
def raw(world):
    """Put bytes beside the lake for a raw engine; returns the path."""

    def put(name, data):
        return str(world.write(f"raw/{name}", data))

    return put


def asked(query):
    """What DuckDB answers, out of the box."""
    with duckdb.connect() as connection:
        return connection.execute(query).fetchall()


def parquet(table=TABLE, **options):
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def refused(world, files, *cause, exit_code=1, **contract):
    """The gate's half: these files, under this contract, end so and say why."""
    world.contract(*contract.pop("props", (ID, NAME)), **contract)
    world.arrive(files)
    return world.assert_ends(exit_code, *cause)


def test_s01_statistics_that_lie(world, raw):
    data = lie_about_maximum(pa.table({"id": [1, 999_999]}), 999)
    path = raw("a.parquet", data)

    assert asked(f"SELECT max(id) FROM '{path}'") == [(999,)]
    assert asked(f"SELECT count(*) FROM '{path}' WHERE id > 999") == [(0,)]

    limit = prop("id", "integer", logicalTypeOptions={"maximum": 999})
    refused(world, {"a.parquet": data}, "1 of 2 rows", "of more than 999", form="parquet", props=[limit])


def test_s02_a_flipped_bit_in_a_page_that_has_a_checksum(world, raw):
    data = bytearray(parquet(compression="none", use_dictionary=False, write_page_checksum=True))
    chunk = pq.read_metadata(io.BytesIO(data)).row_group(0).column(0)
    data[chunk.data_page_offset + chunk.total_compressed_size - 3] ^= 1
    path = raw("a.parquet", bytes(data))

    wrong = [1, 2 + 2**40]
    assert [row[0] for row in asked(f"SELECT id FROM '{path}'")] == wrong
    assert pq.read_table(path)["id"].to_pylist() == wrong
    assert pl.read_parquet(path)["id"].to_list() == wrong

    refused(world, {"a.parquet": bytes(data)}, "a.parquet", "got page 0 of column 'id'", form="parquet")


def test_s03_a_truncated_zst(world, raw):
    text = b"id,name\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(200_000))
    data = pa.compress(text, "zstd", asbytes=True)[:-200_000]
    path = raw("a.csv.zst", data)

    assert 0 < asked(f"SELECT count(*) FROM read_csv('{path}', ignore_errors=true)")[0][0] < 200_000

    refused(world, {"a.csv.zst": data}, "a.csv.zst: unreadable: got a damaged zstd file (Truncated")


def test_s04_a_gz_with_a_wrong_crc(world, raw):
    good = gzip.compress(b"id,name\n1,x\n", mtime=0)
    data = good[:-8] + b"\0\0\0\0" + good[-4:]
    path = raw("a.csv.gz", data)

    assert asked(f"SELECT count(*) FROM '{path}'") == [(1,)]

    refused(world, {"a.csv.gz": data}, "a.csv.gz: unreadable: got a damaged gzip file (CRC check failed")


def test_s05_rows_before_a_change_of_dialect(world, raw):
    data = "id,name\n" + "1,x\n" * 1000 + "2;y\n" * 29_000
    path = raw("a.csv", data)

    assert asked(f"SELECT count(*) FROM '{path}'")[0][0] != 30_000 or len(asked(f"DESCRIBE FROM '{path}'")) != 2

    refused(world, {"a.csv": data}, "a.csv: malformed record: got 1 columns, expected 2")


def test_s06_one_ragged_row(world, raw):
    data = "id,name\n1,x\n2,y,z,w\n3,z\n"
    path = raw("a.csv", data)

    assert len(asked(f"DESCRIBE FROM '{path}'")) == 1 or asked(f"SELECT count(*) FROM '{path}'") != [(3,)]

    refused(world, {"a.csv": data}, "a.csv: malformed record: got more than 2 columns, expected 2")


def test_s07_a_quote_that_is_never_closed(world, raw):
    data = 'id,name\n1,x\n2,"y\n3,z\n'
    path = raw("a.csv", data)

    assert pyarrow.csv.read_csv(path, parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True)).num_rows < 3

    refused(world, {"a.csv": data}, "a.csv: unreadable: got a quote in the record of line 3 that is never closed")


def test_s08_columns_by_position(world, raw):
    data = "name,id\n7,1\n"
    path = raw("a.csv", data)
    columns = "{'id': 'BIGINT', 'name': 'VARCHAR'}"

    assert asked(f"SELECT id, name FROM read_csv('{path}', header=true, columns={columns})") == [(7, "1")]
    assert pl.read_csv(path, schema={"id": pl.Int64, "name": pl.String}).rows() == [(1, "7")]  # not fooled any more

    world.contract(prop("id", "integer", enum=[{"value": 1}]), NAME)
    world.arrive({"a.csv": data})
    world.assert_ends(0, "is committed")


def test_s09_mixed_line_ends(world, raw):
    data = "id,name\r1,x\r2,y\r"
    path = raw("a.csv", data)

    assert pl.read_csv(path).height == 0

    refused(world, {"a.csv": data}, "a.csv: unreadable: got line ends 3 CR")


def test_s10_a_missing_header(world, raw):
    data = "1,x\n2,y\n"
    path = raw("a.csv", data)

    assert pyarrow.csv.read_csv(path).num_rows == 1
    assert pl.read_csv(path).height == 1

    refused(world, {"a.csv": data}, "a.csv: no header: got the header ['1', 'x']")


def test_s11_a_preamble_becomes_the_header(world, raw):
    data = "Report\nid,name\n1,x\n2,y\n"
    path = raw("a.csv", data)

    assert [row[0] for row in asked(f"DESCRIBE FROM '{path}'")] != ["Report"]  # the preamble is dropped silently
    assert pl.read_csv(path, truncate_ragged_lines=True).columns == ["Report"]

    refused(world, {"a.csv": data}, "a.csv: no header: got the header ['Report']")


def test_s12_zero_bytes(world, raw):
    path = raw("a.csv", b"")

    assert asked(f"SELECT count(*) FROM read_csv('{path}', columns={{'id': 'BIGINT'}})") == [(0,)]

    refused(world, {"a.csv": b""}, "a.csv: unreadable: got a file of zero bytes")


def test_s13_a_parquet_file_of_zero_bytes(world, raw):
    raw("p/a.parquet", parquet())
    raw("p/b.parquet", b"")

    assert pl.scan_parquet(f"{world.root}/raw/p/*.parquet").collect().height == 2

    files = {"a.parquet": parquet(), "b.parquet": b""}
    refused(world, files, "b.parquet: unreadable: got a file of zero bytes", form="parquet")


def test_s14_duplicate_names(world, raw):
    data = "id,name,name\n1,x,y\n"
    path = raw("a.csv", data)

    assert [row[0] for row in asked(f"DESCRIBE FROM '{path}'")] == ["id", "name", "name_1"]
    assert pl.read_csv(path).columns == ["id", "name", "name_duplicated_0"]

    refused(world, {"a.csv": data}, "a.csv: duplicate column: got columns of one name: 'name', 'name'")


def test_s15_names_that_differ_in_case(world, raw):
    data = parquet(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["id", "ID"]))
    path = raw("a.parquet", data)

    assert asked(f"SELECT \"ID\" FROM '{path}'") == [(1,)]

    refused(world, {"a.parquet": data}, "a.parquet: duplicate column", form="parquet")


def test_s16_names_that_differ_in_unicode_form(world, raw):
    data = "id,n\u00e9,ne\u0301\n1,x,y\n"
    path = raw("a.csv", data)

    assert len(asked(f"DESCRIBE FROM '{path}'")) == 3
    assert len(pl.read_csv(path).columns) == 3

    refused(world, {"a.csv": data}, "a.csv: duplicate column: got columns of one name")


def test_s17_a_folder_overrides_the_column(world, raw):
    path = raw("name=z/a.parquet", parquet())

    assert asked(f"SELECT DISTINCT name FROM read_parquet('{path}', hive_partitioning=true)") == [("z",)]
    assert set(pl.read_parquet(path, hive_partitioning=True)["name"]) == {"z"}

    refused(world, {"name=z/a.parquet": parquet()}, "name=z/a.parquet: partition: got another value", form="parquet")


def test_s18_hidden_files(world, raw):
    raw("h/a.parquet", parquet())
    raw("h/_b.parquet", parquet())

    assert asked(f"SELECT count(*) FROM '{world.root}/raw/h/*.parquet'") == [(4,)]
    assert pl.scan_parquet(f"{world.root}/raw/h/*.parquet").collect().height == 4
    assert ds.dataset(f"{world.root}/raw/h").count_rows() == 2

    files = {"a.parquet": parquet(), "_b.parquet": parquet()}
    refused(world, files, "_b.parquet: arrival: got the hidden file", form="parquet")


def test_s19_a_name_that_is_a_pattern(world, raw):
    path = raw("a[1].csv", "id,name\n1,x\n")
    raw("a1.csv", "id,name\n2,y\n")

    assert asked(f"SELECT id FROM '{path}'") == [(2,)]
    assert pl.read_csv(path)["id"].to_list() == [2]

    world.contract(prop("id", "integer", enum=[{"value": 1}]), NAME)
    world.arrive({"a[1].csv": "id,name\n1,x\n"})
    world.assert_ends(0, "is committed")


def test_s20_a_bad_value_in_a_column_that_nobody_asks_for(world, raw):
    offsets = pa.array([0, 2], pa.int32()).buffers()[1]
    bad = pa.Array.from_buffers(pa.string(), 1, [None, offsets, pa.py_buffer(b"\xff\xfe")])
    data = parquet(pa.table({"id": [1], "name": bad}))
    path = raw("a.parquet", data)

    assert asked(f"SELECT sum(id) FROM '{path}'") == [(1,)]

    refused(world, {"a.parquet": data}, "a.parquet: unreadable", form="parquet", props=[ID], gate={"columns": "open"})


def test_s21_files_of_different_types(world, raw):
    raw("u/a.parquet", parquet())
    raw("u/b.parquet", parquet(pa.table({"id": [2**40 + 0.5], "more": [1]})))
    source = f"read_parquet('{world.root}/raw/u/*.parquet', union_by_name=true)"

    assert asked(f"SELECT count(*), count(name) FROM {source}") == [(3, 2)]

    files = {"a.parquet": parquet(), "b.parquet": parquet(pa.table({"id": [0.5], "name": ["z"]}))}
    refused(world, files, "column 'id' is DOUBLE in b.parquet, but BIGINT in a.parquet", form="parquet")


def test_s22_int96_in_the_year_9999(world, raw):
    at = dt.datetime(9999, 12, 31)  # noqa: DTZ001 - INT96 knows no zone
    data = parquet(pa.table({"at": pa.array([at], pa.timestamp("us"))}), use_deprecated_int96_timestamps=True)

    assert str(pq.read_table(raw("a.parquet", data))["at"][0]).startswith("1816")

    late = {"minimum": "9999-01-01T00:00:00", "timezone": False}
    world.contract(prop("at", "timestamp", logicalTypeOptions=late), form="parquet")
    world.arrive({"a.parquet": data})
    world.assert_ends(0, "is committed")


@pytest.mark.parametrize(
    ("text", "kind", "read", "logical"),
    [
        ("1.5", "BIGINT", 2, "integer"),
        ("1e3", "BIGINT", 1000, "integer"),
        ("1_000", "BIGINT", 1000, "integer"),
        (" 7 ", "BIGINT", 7, "integer"),
        ("2026-01-01 23:00:00", "DATE", dt.date(2026, 1, 1), "date"),
        ("1e400", "DOUBLE", math.inf, "number"),
    ],
)
def test_s23_what_a_cast_takes(world, text, kind, read, logical):
    assert asked(f"SELECT TRY_CAST('{text}' AS {kind})") == [(read,)]

    props = [ID, prop("x", logical)]
    refused(world, {"a.csv": f"id,x\n1,{text}\n"}, f"got a value that is no {logical}", props=props)


def test_s24_leading_zeros_and_long_numbers(world, raw):
    data = "id,name\n1,007\n2,9223372036854775808\n"
    path = raw("a.csv", data)

    assert pyarrow.csv.read_csv(path)["name"].to_pylist() == [7.0, 9.223372036854776e18]
    assert pl.read_csv(raw("b.csv", "id,name\n1,007\n"))["name"].to_list() == [7]

    world.contract(ID, prop("name", "string", enum=[{"value": "007"}, {"value": "9223372036854775808"}]))
    world.arrive({"a.csv": data})
    world.assert_ends(0, "is committed")


def test_s25_day_or_month(world, raw):
    path = raw("a.csv", "id,day\n1,01/02/2026\n2,03/04/2026\n")

    assert asked(f"SELECT typeof(day) FROM '{path}'")[0] == ("DATE",)

    files = {"a.csv": "id,day\n1,01/02/2026\n"}
    refused(world, files, "got a value that is no date", props=[ID, prop("day", "date")])


def test_s26_words_for_null(world, raw):
    data = "id,name\n1,NA\n2,nan\n3,x\n"
    path = raw("a.csv", data)

    assert pyarrow.csv.read_csv(path, convert_options=pyarrow.csv.ConvertOptions(strings_can_be_null=True))[
        "name"
    ].null_count
    assert asked(f"SELECT count(name) FROM '{path}'") == [(3,)]

    words = [{"value": word} for word in ("NA", "nan", "x")]
    world.contract(ID, prop("name", "string", required=True, enum=words))
    world.arrive({"a.csv": data})
    world.assert_ends(0, "is committed")


def test_s27_not_a_number(world, raw):
    table = pa.table({"id": [1, 2], "x": [1.0, math.nan]})
    path = raw("a.parquet", parquet(table))

    assert asked("SELECT 'NaN'::DOUBLE > 10") == [(True,)]
    assert asked(f"SELECT count(*) FROM '{path}' WHERE x > 10") == [(0,)]  # the footer knows no NaN
    assert math.isnan(asked("SELECT max(x) FROM (VALUES (1.0::DOUBLE), ('NaN')) t(x)")[0][0])
    assert pl.read_parquet(path)["x"].max() == 1.0

    props = [ID, prop("x", "number", logicalTypeOptions={"maximum": 10})]
    refused(world, {"a.parquet": parquet(table)}, "1 of 2 rows", "no number", form="parquet", props=props)


def test_s28_the_sessions_time_zone(world, raw):
    table = pa.table({"at": pa.array([dt.datetime(2026, 1, 1, 23, tzinfo=dt.UTC)], pa.timestamp("us", "UTC"))})
    path = raw("a.parquet", parquet(table))

    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'Asia/Tokyo'")
        assert connection.execute(f"SELECT at::DATE FROM '{path}'".replace("at::", '"at"::')).fetchall() == [
            (dt.date(2026, 1, 2),)
        ]

    rule = {
        "id": "day",
        "type": "sql",
        "query": "SELECT count(*) FROM {object} WHERE \"at\"::DATE <> DATE '2026-01-01'",
        "mustBe": 0,
    }
    world.contract(prop("at", "timestamp", logicalTypeOptions={"timezone": True}), form="parquet", quality=[rule])
    world.arrive({"a.parquet": parquet(table)})
    world.assert_ends(0, "is committed")


def test_s29_json_that_is_none(world, raw):
    path = raw("a.jsonl", '{"id":1,"id":2}\n{"id":3')

    assert asked(f"SELECT count(*) FROM read_json('{path}', columns={{'id': 'BIGINT'}}, ignore_errors=true)") == [(2,)]

    files = {"a.jsonl": '{"id":1,"id":2}\n{"id":3'}
    refused(world, files, "a.jsonl: malformed record: got no valid JSON", form="json")


def test_s30_nul_and_bytes_that_are_no_text(world, raw):
    data = b"id,name\n1,a\0b\n"
    path = raw("a.csv", data)

    assert pyarrow.csv.read_csv(path)["name"].to_pylist() == ["a\0b"]
    assert asked(f"SELECT name FROM '{path}'") == [("a\0b",)]

    refused(world, {"a.csv": data}, "a.csv: encoding: got a NUL byte in line 2")


def test_s31_null_and_not_in(world):
    assert asked("SELECT count(*) FROM (VALUES ('x'), (NULL)) t(v) WHERE NOT (v IN ('x'))") == [(0,)]

    word = prop("name", "string", required=True, enum=[{"value": "x"}])
    refused(world, {"a.csv": "id,name\n1,x\n2,\n"}, "1 of 2 rows", "have no name", props=[ID, word])


def test_s32_zero_rows(world):
    assert asked("SELECT bool_and(x > 0) FROM (SELECT 1 AS x WHERE false)") == [(None,)]
    assert asked("SELECT count(*) FROM (SELECT 1 AS x WHERE false) WHERE x <= 0") == [(0,)]

    refused(world, {"a.csv": "id,name\n"}, "got 0 rows, expected at least 1")


def test_s33_gz_without_the_suffix(world, raw):
    data = gzip.compress(b"id,name\n1,x\n")

    assert pl.read_csv(raw("a.csv", data)).height == 1

    refused(world, {"a.csv": data}, "a.csv: unreadable: got gzip content, expected plain")
