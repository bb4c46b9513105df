"""INPUTS 24-60: CSV and text. Each test is called by its number in the list."""

from __future__ import annotations

import pytest

import lakegate
from inputs.world import CONTRACT, prop

ID = prop("id", "integer")
NAME = prop("name", "string")
PRICE = prop("price", "number")
GOOD = "id,name\n1,x\n2,y\n"


def committed(world, *columns):
    """The committed rows, read back as a consumer does."""
    rows = lakegate.Lake(world.lake).read("in/rows", contract=world.root / CONTRACT).relation()
    return rows.select(*columns).order("id").fetchall()


def test_024_a_byte_order_mark_is_accepted(world):
    world.contract(ID, NAME)
    world.arrive({"a.csv": b"\xef\xbb\xbfid,name\n1,x\n"})

    world.assert_ends(0, "is committed")

    assert committed(world, "id", "name") == [(1, "x")]
    assert list(world.committed_files().values()) == [b"\xef\xbb\xbfid,name\n1,x\n"]


@pytest.mark.parametrize(
    ("data", "cause", "place"),
    [
        pytest.param("id,name\n1,x\n".encode("utf-16"), "`encoding` says so", "line 1", id="25"),
        pytest.param("id,name\n1,x\n".encode("utf-16-le"), "got a NUL byte in line 1", "line 1", id="25, no mark"),
        pytest.param(b"id,name\n1,x\n2,caf\xe9\n", "got the bytes e9 in line 3, expected UTF-8", "line 3", id="26"),
        pytest.param(b"id,name\r\n1,x\r\n2,y\n", "got line ends 1 LF and 2 CRLF", "a.csv", id="27"),
        pytest.param(b"id,name\r1,x\r2,y\r", "got line ends 3 CR", "a.csv", id="28"),
        pytest.param(b"id,name\n1,x\n2,a\0b\n", "got a NUL byte in line 3", "line 3", id="29"),
        pytest.param(b"", "got a file of zero bytes, expected csv", "a.csv", id="30"),
    ],
)
def test_025_to_030_bytes_that_are_no_text(world, data, cause, place):
    world.contract(ID, NAME)
    world.arrive({"a.csv": data, "good.csv": GOOD})

    world.assert_ends(1, "a.csv", cause, place)


def test_025_utf_16_is_read_where_it_is_declared(world):
    world.contract(ID, NAME, gate={"text": {"encoding": "utf-16"}})
    world.arrive({"a.csv": "id,name\n1,é\n".encode("utf-16")})

    world.assert_ends(0, "is committed")


def test_031_a_header_alone(world):
    world.contract(ID, NAME)
    world.arrive({"a.csv": "id,name\n"})

    world.assert_ends(1, "got 0 rows, expected at least 1 (lakegate.min_rows)")


def test_031_a_header_alone_where_no_rows_are_allowed(world):
    world.contract(ID, NAME, gate={"min_rows": 0})
    world.arrive({"a.csv": "id,name\n"})

    world.assert_ends(0, "is committed")


@pytest.mark.parametrize(
    ("header", "cause"),
    [
        pytest.param("id,name,name", "got columns of one name: 'name', 'name'", id="32"),
        pytest.param("id,name,NAME", "got columns of one name: 'name', 'NAME'", id="33"),
        pytest.param("id,n\u00e9,ne\u0301", "got columns of one name", id="34"),
    ],
)
def test_032_to_034_twins(world, header, cause):
    world.contract(ID, NAME)
    world.arrive({"a.csv": f"{header}\n1,x,y\n"})

    world.assert_ends(1, "a.csv", cause)


def test_035_reordered_columns_go_by_name(world):
    world.contract(ID, NAME)
    world.arrive({"a.csv": "name,id\nx,1\n"})

    world.assert_ends(0, "is committed")
    assert committed(world, "id", "name") == [(1, "x")]


def test_036_a_missing_column(world):
    world.contract(ID, NAME, PRICE)
    world.arrive({"a.csv": GOOD})

    world.assert_ends(1, "got no column 'price'")


def test_036_a_missing_column_where_that_is_allowed(world):
    world.contract(ID, NAME, PRICE, gate={"missing_columns": "allow"})
    world.arrive({"a.csv": GOOD})

    world.assert_ends(0, "is committed")


def test_037_an_extra_column(world):
    world.contract(ID)
    world.arrive({"a.csv": GOOD})

    world.assert_ends(1, "got undeclared column 'name'")


def test_037_an_extra_column_where_columns_are_open(world):
    world.contract(ID, gate={"columns": "open"})
    world.arrive({"a.csv": GOOD})

    world.assert_ends(0, "is committed")


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        pytest.param("2", "got 1 columns, expected 2", id="38"),
        pytest.param("2,y,z", "got more than 2 columns, expected 2", id="39"),
    ],
)
def test_038_and_039_a_short_and_a_long_row(world, line, cause):
    world.contract(ID, NAME)
    world.arrive({"a.csv": f"id,name\n1,x\n{line}\n3,z\n"})

    world.assert_ends(1, cause, also=[("a.csv:3",)])


def test_040_a_quote_that_is_never_closed(world):
    world.contract(ID, NAME)
    world.arrive({"a.csv": 'id,name\n1,x\n2,"y\n3,z\n'})

    world.assert_ends(1, "got a quote in the record of line 3 that is never closed", also=[("a.csv:3",)])


def test_041_a_quoted_field_that_comes_late(world):
    world.contract(ID, NAME)
    world.arrive({"a.csv": "id,name\n" + "".join(f"{n},x\n" for n in range(30_000)) + '30000,"a,b\nc"\n'})

    world.assert_ends(0, "is committed")
    assert committed(world, "id", "name")[-1] == (30_000, "a,b\nc")


def test_042_a_change_of_dialect(world):
    world.contract(ID, NAME)
    world.arrive({"a.csv": "id,name\n" + "1,x\n" * 1000 + "2;y\n" * 29_000})

    world.assert_ends(1, "got 1 columns, expected 2", also=[("a.csv:1002",)])


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        pytest.param("Report of 2026\n\nid,name\n1,x\n", "got the header ['Report of 2026']", id="43"),
        pytest.param("1,x\n2,y\n", "got the header ['1', 'x'], expected a declared column", id="44"),
        pytest.param("id;name\n1;x\n", "got the header ['id;name'], expected a declared column", id="45"),
    ],
)
def test_043_to_045_a_header_that_is_none(world, data, cause):
    world.contract(ID, NAME)
    world.arrive({"a.csv": data})

    world.assert_ends(1, "a.csv", cause, also=[("a.csv:1",)])


def test_045_a_decimal_comma(world):
    world.contract(ID, PRICE)
    world.arrive({"a.csv": 'id,price\n1,"1,5"\n'})

    world.assert_ends(1, "got a value that is no number", also=[("a.csv:2",)])


def test_045_semicolons_and_a_decimal_comma_where_they_are_declared(world):
    world.contract(ID, PRICE, gate={"text": {"delimiter": ";", "decimal": ","}})
    world.arrive({"a.csv": "id;price\n1;1,5\n"})

    world.assert_ends(0, "is committed")
    assert committed(world, "id", "price") == [(1, 1.5)]


def test_046_a_bad_cell_in_row_30_001_blinds_no_other_check(world):
    world.contract(ID, prop("name", "string", logicalTypeOptions={"maxLength": 1}))
    world.arrive({"a.csv": "id,name\n" + "".join(f"{n},x\n" for n in range(30_000)) + "x1,far too long\n"})

    ended = world.promote("b1", "--samples")

    assert ended.exit_code == 1
    ended.line("a.csv:30002", "row 30,001", "x1")
    assert ended.checks() == ["rows.id.logicalType", "rows.name.maxLength"]
    assert len(ended.checks("passed")) >= 4
    world.assert_kept(1)


def test_047_a_field_of_3_mb_works(world):
    world.contract(ID, NAME)
    world.arrive({"a.csv": "id,name\n1," + "x" * 3_000_000 + "\n"})

    world.assert_ends(0, "is committed")


def test_047_a_record_beyond_the_limit_meets_it(world):
    world.contract(ID, NAME)
    world.arrive({"a.csv": "id,name\n1," + "x" * 9_000_000 + "\n2,y\n"})

    world.assert_ends(1, "got a record of more than 8388608 bytes", also=[("a.csv:2",)])


def test_048_empty_is_null_and_quoted_empty_is_text(world):
    world.contract(ID, NAME)
    world.arrive({"a.csv": 'id,name\n1,\n2,""\n'})

    world.assert_ends(0, "is committed")
    assert committed(world, "id", "name") == [(1, None), (2, "")]


def test_049_na_is_text_unless_it_is_declared_as_null(world):
    world.contract(ID, prop("name", "string", required=True))
    world.arrive({"a.csv": "id,name\n1,NA\n2,NULL\n3,nan\n"})

    world.assert_ends(0, "is committed")
    assert committed(world, "id", "name") == [(1, "NA"), (2, "NULL"), (3, "nan")]


def test_049_na_is_null_where_that_is_declared(world):
    world.contract(ID, prop("name", "string", required=True), gate={"text": {"nulls": ["NA", "NULL"]}})
    world.arrive({"a.csv": "id,name\n1,NA\n2,NULL\n3,nan\n"})

    world.assert_ends(1, "2 of 3 rows", "have no name", also=[("a.csv:2",)])


def test_050_leading_zeros_are_kept_in_text_and_are_no_integer(world):
    world.contract(ID, NAME)
    world.arrive({"a.csv": "id,name\n1,007\n"})
    world.assert_ends(0, "is committed")
    assert committed(world, "id", "name") == [(1, "007")]

    world.arrive({"a.csv": "id,name\n007,x\n"}, "b2")
    world.sent = {key: data for key, data in world.sent.items() if key[0] == "b2"}
    world.assert_ends(1, "got a value that is no integer", batch="b2", also=[("a.csv:2",)])


@pytest.mark.parametrize("text", ["1e3", "0x1F", "1.5", " 7 ", "1_000", "+1", "'1'"])
def test_051_what_a_cast_would_take_for_an_integer(world, text):
    world.contract(ID, NAME)
    world.arrive({"a.csv": f"id,name\n{text},x\n"})

    world.assert_ends(1, "got a value that is no integer", also=[("a.csv:2",)])


def test_052_2_to_the_63_is_beyond_the_declared_width(world):
    world.contract(prop("id", "integer", logicalTypeOptions={"format": "i64"}), NAME)
    world.arrive({"a.csv": f"id,name\n{2**63},x\n"})

    world.assert_ends(1, "9223372036854775807", also=[("a.csv:2",)])


def test_052_2_to_the_63_is_an_integer_of_any_width(world):
    world.contract(ID, NAME)
    world.arrive({"a.csv": f"id,name\n{2**63},x\n"})

    world.assert_ends(0, "is committed")
    assert committed(world, "id") == [(2**63,)]


def test_053_a_decimal_of_30_digits_stays_exact(world):
    number = "123456789012345678901234567890.12"
    world.contract(ID, PRICE)
    world.arrive({"a.csv": f"id,price\n1,{number}\n"})

    world.assert_ends(0, "is committed")
    assert str(committed(world, "id", "price")[0][1]) == number


def test_054_minus_zero_is_a_number(world):
    world.contract(ID, PRICE)
    world.arrive({"a.csv": "id,price\n1,-0.0\n"})

    world.assert_ends(0, "is committed")


@pytest.mark.parametrize("text", ["NaN", "inf", "-Infinity"])
def test_054_nan_and_infinities_are_numbers_only_where_that_is_declared(world, text):
    world.contract(ID, PRICE)
    world.arrive({"a.csv": f"id,price\n1,{text}\n"})
    world.assert_ends(1, "got a value that is no number", also=[("a.csv:2",)])

    allowed = [{"property": "lakegate", "value": {"nan": "allow"}}]
    world.contract(ID, prop("price", "number", customProperties=allowed))
    world.assert_ends(0, "is committed")


def test_055_an_ambiguous_date_format(world):
    world.contract(ID, prop("day", "date", logicalTypeOptions={"format": "dd/mm/yyyy"}))

    ended = world.lint()

    assert ended.exit_code == 2
    ended.line(CONTRACT, "error date-format", "dd/mm/yyyy names no whole day", "yyyy-MM-dd")


def test_056_30_february(world):
    world.contract(ID, prop("day", "date"))
    world.arrive({"a.csv": "id,day\n1,2026-02-28\n2,2026-02-30\n"})

    world.assert_ends(1, "got a value that is no date", also=[("a.csv:3",)])


def test_057_mixed_offsets(world):
    rows = "id,at\n1,2026-01-01T00:00:00+01:00\n2,2026-01-01T00:00:00Z\n3,2026-01-01T00:00:00\n"
    world.contract(ID, prop("at", "timestamp"))
    world.arrive({"a.csv": rows})
    world.assert_ends(1, "got a value that is no timestamp", "2 of 3", also=[("a.csv:2",)])

    world.contract(ID, prop("at", "timestamp", logicalTypeOptions={"timezone": True}))
    world.assert_ends(1, "got a value that is no timestamp", "1 of 3", also=[("a.csv:4",)])


def test_057_mixed_offsets_where_zones_are_declared(world):
    world.contract(ID, prop("at", "timestamp", logicalTypeOptions={"timezone": True}))
    world.arrive({"a.csv": "id,at\n1,2026-01-01T00:00:00+01:00\n2,2026-01-01T00:00:00Z\n"})

    world.assert_ends(0, "is committed")


@pytest.mark.parametrize("local", ["2026-03-29T02:30:00", "2026-10-25T02:30:00"], ids=["gap", "overlap"])
def test_058_a_local_time_that_a_clock_change_skips_or_repeats(world, local):
    world.contract(
        ID, prop("at", "timestamp", logicalTypeOptions={"timezone": False, "defaultTimezone": "Europe/Berlin"})
    )
    world.arrive({"a.csv": f"id,at\n1,2026-01-01T00:00:00\n2,{local}\n"})

    world.assert_ends(1, "got a value that is no timestamp", also=[("a.csv:3",)])


def test_059_a_formula_is_text_and_stays_as_it_came(world):
    data = b'id,name\n1,"=1+1"\n2,@SUM(A1)\n'
    world.contract(ID, NAME)
    world.arrive({"a.csv": data})

    world.assert_ends(0, "is committed")
    assert list(world.committed_files().values()) == [data]


@pytest.mark.parametrize("value", ["<script>alert(1)</script>", "=1+1"])
def test_059_and_060_values_are_escaped_in_the_page(world, value):
    world.contract(prop("id", "integer"), prop("name", "string", enum=[{"value": "x"}]))
    world.arrive({"a.csv": f"id,name\n1,{value}\n"})

    ended = world.promote("b1", "--samples")

    assert ended.exit_code == 1
    [page] = (world.lake / "references/reports").rglob("index.html")
    assert "<script>alert" not in page.read_text()
    assert value in ended.output
    world.assert_kept(1)
