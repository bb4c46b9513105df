"""CSV and TSV: INPUTS 24-49, 59 and what of S5-S20 concerns text."""

import csv
import gzip
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.batches import open_files, prop
from lakegate.contract.model import Gate, TextDialect
from lakegate.errors import UsageError

ID, NAME = prop("id", "integer"), prop("name", "string")


@pytest.mark.parametrize(
    ("case", "data", "kind", "message"),
    [
        ("25 UTF-16", "id,name\n1,a\n".encode("utf-16"), "encoding", "UTF-8"),
        ("26 latin-1", b"id,name\n1,a\n2,caf\xe9\n", "encoding", "line 3"),
        ("26 cut off", b"id,name\n1,\xc3", "encoding", "UTF-8"),
        ("27 mixed newlines", b"id,name\r\n1,a\n2,b\r\n", "unreadable", "1 LF and 2 CRLF"),
        ("28 CR only", b"id,name\r1,a\r2,b\r", "unreadable", "3 CR"),
        ("29 NUL", b"id,name\n1,a\0b\n", "encoding", "NUL byte in line 2"),
        ("30 zero bytes", b"", "unreadable", "zero bytes"),
        ("30 a mark alone", b"\xef\xbb\xbf", "unreadable", "no bytes"),
        ("32 duplicate names", b"id,name,id\n1,a,2\n", "duplicate column", "'id'"),
        ("33 case twins", b"id,name,ID\n1,a,2\n", "duplicate column", "'ID'"),
        ("34 NFC twins", "id,n\u00e9,ne\u0301\n1,a,b\n".encode(), "duplicate column", "n\u00e9"),
        ("40 unclosed quote", b'id,name\n1,a\n2,"b\n3,c\n', "unreadable", "line 3"),
        ("43 preamble", b"report of today\nid,name\n1,a\n", "no header", "report of today"),
        ("44 no header", b"1,a\n2,b\n", "no header", "'1'"),
        ("45 semicolons", b"id;name\n1;a\n", "no header", "id;name"),
        ("a column without a name", b"id,name,\n1,a,\n", "no header", "a name for every column"),
        ("one of our names", b"id,_lakegate_line\n1,2\n", "duplicate column", "ours"),
        ("S7 quotes that hide malformed records", b'id,name"\n1,a,b\n2,c,d"\n', "row count", "0 rows and 2 malformed"),
        ("S7 quotes that hide records", b'id,name\n1,5" pipe\n2,6" pipe\n', "row count", "expected 1"),
    ],
)
def test_what_cannot_be_measured_is_a_defect_with_its_cause(tmp_path, case, data, kind, message):
    opened = open_files(tmp_path, {"a.csv": data}, ID, NAME)

    [(found, told)] = opened.defects
    assert (found, message in told) == (kind, True), told
    assert opened.rows.defects[0].blinds
    assert opened.rows.parts == ()


@pytest.mark.parametrize(
    ("case", "data", "ids", "names", "lines"),
    [
        ("24 BOM", b"\xef\xbb\xbfid,name\n1,a\n", [1], ["a"], [2]),
        ("31 header only", b"id,name\n", [], [], []),
        ("35 reordered", b"name,id\na,1\n", [1], ["a"], [2]),
        ("CRLF", b'id,name\r\n1,"a\r\nb"\r\n2,c\r\n', [1, 2], ["a\r\nb", "c"], [2, 4]),
        ("41 a quoted field late", b"id,name\n" + b"1,a\n" * 3000 + b'2,"b,""c"', [1] * 3000 + [2], None, None),
        ("48 empty and quoted empty", b'id,name\n1,\n2,""\n', [1, 2], [None, ""], [2, 3]),
        ("49 tokens are text", b"id,name\n1,NA\n2,NULL\n", [1, 2], ["NA", "NULL"], [2, 3]),
        ("50 leading zeros", b"id,name\n1,007\n", [1], ["007"], [2]),
        ("59 a formula", b"id,name\n1,=1+1\n", [1], ["=1+1"], [2]),
        ("47 a field of 3 MB", b"id,name\n1," + b"x" * 3_000_000 + b"\n", [1], ["x" * 3_000_000], [2]),
        ("quoted newlines", b'id,name\n1,"a\n\nb"\n2,"c\n"\n3,d', [1, 2, 3], ["a\n\nb", "c\n", "d"], [2, 5, 7]),
        ("a header of two lines", b'id,name,"x\ny"\n1,a,b\n', [1], ["a"], [3]),
    ],
)
def test_rows_lines_and_values(tmp_path, case, data, ids, names, lines):
    opened = open_files(tmp_path, {"a.csv": data}, ID, NAME)

    assert opened.defects == []
    assert opened.column("id") == ids
    assert names is None or opened.column("name") == names
    assert lines is None or opened.lines == lines


def test_records_that_are_no_rows_are_counted_and_every_other_row_is_measured(tmp_path):
    data = b'id,name\n1,a\n2\n\n3,"b\nb"\n4,c,d\nx,e\n5,"f"g\n6,h\n'

    opened = open_files(tmp_path, {"a.csv": data}, ID, NAME)

    told = {defect.message: [(where.row, where.line) for where in defect.locations] for defect in opened.rows.defects}
    assert told == {
        "got 1 columns, expected 2": [(2, 3)],
        "got a blank line, expected a record": [(3, 4)],
        "got more than 2 columns, expected 2": [(5, 7)],
        "got text after a closing quote, expected a delimiter": [(7, 9)],
    }
    assert opened.column("id") == [1, 3, None, 6]
    assert opened.lines == [2, 5, 8, 10]
    [cell] = opened.rows.cells["id"]
    assert (cell.row, cell.line, cell.column, cell.value) == (6, 8, "id", "x")


def test_a_bad_cell_far_down_is_told_with_file_line_column_and_text(tmp_path):
    data = b"id,name\n" + b"".join(b"%d,n\n" % at for at in range(30_000)) + b"x1,n\n"

    opened = open_files(tmp_path, {"good.csv": b"id,name\n1,a\n", "bad.csv": data}, ID, NAME, limit=1)

    [cell] = opened.rows.cells["id"]
    assert (cell.file, cell.row, cell.line, cell.column, cell.value) == ("bad.csv", 30_001, 30_002, "id", "x1")
    assert sum(part.rows for part in opened.rows.parts) == 30_002


def test_a_cell_tells_its_text_only_where_samples_are_asked_for(tmp_path):
    opened = open_files(tmp_path, {"a.csv": b"id,name\nx,a\n"}, ID, NAME, samples=False)

    assert opened.rows.cells["id"][0].value is None


def test_missing_columns_are_absent_and_undeclared_ones_stay_text(tmp_path):
    opened = open_files(tmp_path, {"a.csv": b"id,more\n1,007\n"}, ID, NAME)

    assert opened.names == ["id", "more"]
    assert opened.column("more") == ["007"]


@pytest.mark.parametrize(
    ("name", "data", "text", "reader"),
    [
        ("a.tsv", b"id\tname\n1\ta\n", TextDialect(), {}),
        ("a.txt", b"id\tname\n1\ta\n", TextDialect(), {"format": "tsv"}),
        ("a.csv", b"id;name\n1;a\n", TextDialect(), {"delimiter": ";"}),
        ("a.csv", b"id|name\n1|a\n", TextDialect(delimiter="pipe"), {}),
        ("a.csv", b"id,name\n1,'a'\n", TextDialect(quote="'", escape="'"), {}),
        ("a.csv", b'id,name\n1,"a"\n', TextDialect(escape="\\"), {}),
        ("a.csv", "id,name\n1,a\n".encode("utf-16"), TextDialect(), {"encoding": "utf-16"}),
        ("a.dat", b"id,name\n1,a\n", TextDialect(), {"format": "csv"}),
        ("a[1].csv", b"id,name\n1,a\n", TextDialect(), {}),  # INPUTS 96
        ("dt=2026/id=1/a.csv", b"id,name\n1,a\n", TextDialect(), {}),  # INPUTS S17
    ],
)
def test_declared_dialects(tmp_path, name, data, text, reader):
    opened = open_files(tmp_path, {name: data}, ID, NAME, gate=Gate(text=text), **reader)

    assert opened.defects == []
    assert (opened.column("id"), opened.column("name")) == ([1], ["a"])


def test_escaped_quotes_nulls_and_a_decimal_comma_as_declared(tmp_path):
    gate = Gate(text=TextDialect(delimiter=";", escape="\\", nulls=("NA",), decimal=","))

    opened = open_files(
        tmp_path, {"a.csv": b'v;name\n1,5;"a\\"\nb"\nNA;NA\n1.5;"NA"\n'}, prop("v", "number"), NAME, gate=gate
    )

    assert opened.column("v") == [1.5, None, None]
    assert opened.column("name") == ['a"\nb', None, "NA"]
    assert opened.lines == [2, 4, 5]
    assert opened.rows.unconverted == {"v": 1}


def test_what_nobody_can_read_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match=r"\.docx"):
        open_files(tmp_path, {"a.docx": b"x"}, ID)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"id,name\n1,a\n2,b,\n", 3),
        (b"id,name\n1,a\n2,b,,\n3,c\n", 3),
        (b"id,name\n1,,\n", 2),
        (b"id,name\r\n1,a,\r\n", 2),
        (b"id,name\n1,a,", 2),
        (b'id,name\n1,"a,\n"\n2,"b""",\n', 4),
        (b"id,name\n1\n2,b,c\n\n3,d,\n", 5),
    ],
)
def test_39_empty_fields_beyond_the_last_column_are_not_dropped(tmp_path, data, line):
    opened = open_files(tmp_path, {"a.csv": data}, ID, NAME)

    [defect] = opened.rows.defects
    assert f"in the record of line {line}, the last of them empty, expected 2" in defect.message
    assert (defect.blinds, defect.locations[0].line) == (True, line)


@pytest.mark.parametrize(
    "data",
    [b"id,name\n1,\n", b'id,name\n1,"a,"\n2,\n', b'id,name\n1,"a,\n"\n2,\n', b"id,name\n1\n2,\n", b"id,name\n2,"],
)
def test_an_empty_last_field_is_null(tmp_path, data):
    opened = open_files(tmp_path, {"a.csv": data}, ID, NAME)

    assert opened.column("name")[-1] is None
    assert not any(defect.blinds for defect in opened.rows.defects)


@pytest.mark.parametrize(
    "dialect",
    [
        TextDialect(quote=","),
        TextDialect(escape=","),
        TextDialect(nulls=(",",)),
        TextDialect(nulls=('a"b',)),
        TextDialect(delimiter="\n"),
        TextDialect(quote="\r"),
        TextDialect(escape="\0"),
        TextDialect(quote="é"),
    ],
)
def test_marks_that_cannot_be_told_apart_are_no_fault_of_the_file(tmp_path, dialect):
    with pytest.raises(UsageError, match="expected"):
        open_files(tmp_path, {"a.csv": b"id,name\n1,a\n"}, ID, NAME, gate=Gate(text=dialect))


def test_nested_types_in_a_cell_are_json(tmp_path):
    tags = prop("tags", "array", items=prop("items", "integer"))

    opened = open_files(tmp_path, {"a.csv": b'tags,x\n"[1,""2""]",1\n[1,1\n{},1\n"[3]",1\n'}, tags, NAME)

    assert opened.column("tags")[-1] == [3]
    assert opened.rows.unconverted == {"tags": 2, "tags[]": 1}


_CELLS = st.one_of(st.none(), st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=6))


@pytest.mark.slow
@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), _CELLS), max_size=8), st.booleans())
def test_what_python_writes_comes_back(rows, zipped):
    text = io.StringIO()
    out = csv.writer(
        text, lineterminator="\n", quoting=csv.QUOTE_NOTNULL if hasattr(csv, "QUOTE_NOTNULL") else csv.QUOTE_MINIMAL
    )
    out.writerow(["id", "name"])
    expected = [(number, value or None) for number, value in rows]
    out.writerows(expected)
    data = text.getvalue().encode()

    with tempfile.TemporaryDirectory() as folder:
        files = {"a.csv.gz": gzip.compress(data, mtime=0)} if zipped else {"a.csv": data}
        opened = open_files(Path(folder), files, ID, NAME)

        assert opened.defects == []
        assert list(zip(opened.column("id"), opened.column("name"), strict=True)) == expected
