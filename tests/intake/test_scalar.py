"""INPUTS S23-S28 and SEMANTICS: which text is a value of which logicalType."""

import datetime as dt
from decimal import Decimal

import pytest

from intake.batches import open_files, prop

naive = dt.datetime.fromisoformat
NONE = object()  # the cell does not convert
ZONED = {"timezone": True}
MILLIS = "yyyy-MM-dd HH:mm:ss.SSS"


@pytest.mark.parametrize(
    ("logical_type", "text", "expected", "options"),
    [
        ("integer", "7", 7, {}),
        ("integer", "-12", -12, {}),
        ("integer", "9223372036854775807", 2**63 - 1, {}),
        ("integer", "9223372036854775808", 2**63, {}),  # read again, wider
        ("integer", "9" * 38, 10**38 - 1, {}),
        ("integer", "9" * 39, NONE, {}),
        *[("integer", text, NONE, {}) for text in ("1.5", "1e3", "0x1F", "1_000", " 7 ", "007", "+7", "1,000", "x")],
        ("number", "1.5", 1.5, {}),
        ("number", "-1e3", -1000.0, {}),
        ("number", "0.30000000000000004", 0.1 + 0.2, {}),
        ("number", "9007199254740993", 2**53 + 1, {}),  # 16 digits, and no double
        ("number", "43183779133496750.0", 4.318377913349675e16, {}),
        ("number", "123456789012345678.123456789012", Decimal("123456789012345678.123456789012"), {}),
        *[("number", text, NONE, {}) for text in ("NaN", "inf", "1e400", "1,5", "1 000", "0x1F")],
        ("boolean", "true", True, {}),
        ("boolean", "FALSE", False, {}),
        *[("boolean", text, NONE, {}) for text in ("1", "yes", "t")],
        ("date", "2026-02-28", dt.date(2026, 2, 28), {}),
        *[("date", text, NONE, {}) for text in ("2026-02-30", "2026-2-3", "01/02/2026", "2026-02-03 10:00:00")],
        ("date", "03.02.2026", dt.date(2026, 2, 3), {"format": "dd.MM.yyyy"}),
        ("date", "3.2.2026", NONE, {"format": "dd.MM.yyyy"}),
        ("date", "2026-02-03", NONE, {"format": "dd.MM.yyyy"}),
        ("time", "23:59", dt.time(23, 59), {}),
        ("time", "23:59:59.25", dt.time(23, 59, 59, 250_000), {}),
        *[("time", text, NONE, {}) for text in ("24:00", "7:00", "2400")],
        ("timestamp", "2026-01-01T10:00:00", naive("2026-01-01T10:00:00"), {}),
        ("timestamp", "2026-01-01 10:00:00.123456000", naive("2026-01-01T10:00:00.123456"), {}),
        ("timestamp", "2026-01-01T10:00:00.1234567", NONE, {}),
        ("timestamp", "2026-01-01T24:00:00", NONE, {}),
        ("timestamp", "2026-01-01T10:00:00Z", NONE, {}),
        ("timestamp", "2026-01-01", NONE, {}),
        ("timestamp", "2026-01-01T10:00:00", NONE, ZONED),
        ("timestamp", "2026-01-01 10:00:00.125", naive("2026-01-01T10:00:00.125"), {"format": MILLIS}),
        *[("timestamp", f"2026-01-01 10:00:00.{text}", NONE, {"format": MILLIS}) for text in ("1", "12", "125000")],
        ("timestamp", "20260101100000", naive("2026-01-01T10:00:00"), {"format": "yyyyMMddHHmmss"}),
        ("timestamp", "2026-03-29T02:30:00", NONE, {"defaultTimezone": "Europe/Berlin"}),  # INPUTS 58: no such time
        ("timestamp", "2026-10-25T02:30:00", NONE, {"defaultTimezone": "Europe/Berlin"}),  # twice
        ("timestamp", "2026-07-01T02:30:00", naive("2026-07-01T02:30:00"), {"defaultTimezone": "Europe/Berlin"}),
    ],
)
def test_a_text_is_a_value_or_is_told(tmp_path, logical_type, text, expected, options):
    opened = open_files(tmp_path, {"a.csv": f'c,d\n"{text}",1\n'.encode()}, prop("c", logical_type, options=options))

    assert opened.column("c") == [None if expected is NONE else expected]
    assert opened.rows.unconverted == ({"c": 1} if expected is NONE else {})
    assert [cell.value for cell in opened.rows.cells.get("c", ())] == ([text] if expected is NONE else [])


@pytest.mark.parametrize("text", ["2026-01-01T10:00:00+02:00", "2026-01-01 08:00:00Z", "2026-01-01T03:00-0500"])
def test_an_offset_makes_an_instant(tmp_path, text):
    opened = open_files(tmp_path, {"a.csv": f"c\n{text}\n".encode()}, prop("c", "timestamp", options=ZONED))

    assert opened.rows.unconverted == {}
    assert opened.rows.types["c"].kind == "timestamp with time zone"
    assert opened.texts("c") == ["2026-01-01 08:00:00+00"]


@pytest.mark.parametrize(
    ("text", "physical_type", "expected"),
    [
        ("12345678901234567890.1234567890", "DECIMAL(30, 10)", Decimal("12345678901234567890.1234567890")),
        ("1.50", "numeric(3,1)", Decimal("1.5")),
        ("1.55", "numeric(3,1)", None),
        ("100.5", "DECIMAL(3,1)", None),
    ],
)
def test_a_declared_decimal_is_exact(tmp_path, text, physical_type, expected):
    opened = open_files(tmp_path, {"a.csv": f"c\n{text}\n".encode()}, prop("c", "number", physical_type=physical_type))

    assert opened.column("c") == [expected]
    assert opened.rows.unconverted == ({} if expected else {"c": 1})


def test_nan_is_a_number_only_where_it_is_allowed(tmp_path):
    opened = open_files(tmp_path, {"a.csv": b"c\nNaN\n-inf\n1.5\n"}, prop("c", "number", nan_allowed=True))

    assert [repr(value) for value in opened.column("c")] == ["nan", "-inf", "1.5"]


def test_a_value_that_is_too_wide_for_all_types_is_alone_none(tmp_path):
    data = f"c\n{2**63}\n{'9' * 39}\n{'9' * 38}\n".encode()

    opened = open_files(tmp_path, {"a.csv": data}, prop("c", "integer"))

    assert opened.column("c") == [2**63, None, 10**38 - 1]
    assert opened.rows.unconverted == {"c": 1}


def test_the_digits_before_and_behind_the_point_are_those_of_all_files(tmp_path):
    files = {"a.csv": f"c\n{'1' * 28}.5\n".encode(), "b.csv": f"c\n0.{'3' * 20}\n".encode()}

    opened = open_files(tmp_path, files, prop("c", "number"))

    assert opened.column("c") == [Decimal("1" * 28 + ".5"), None]  # not the other way round: no digit is rounded away


def test_a_wide_value_in_one_file_widens_every_file(tmp_path):
    files = {"a.csv": b"c\n1\n", "b.csv": b"c\n9223372036854775808\n"}

    opened = open_files(tmp_path, files, prop("c", "integer"))

    assert opened.column("c") == [1, 2**63]
    assert {part.types[0][1].name for part in opened.rows.parts} == {"HUGEINT"}
