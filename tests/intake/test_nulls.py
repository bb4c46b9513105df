"""How many rows hold null, in every format: counted by what is there, never by a stranger's word (ADR 0032)."""

import dataclasses
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import orc

from intake.batches import open_files, prop
from lakegate.contract.model import Gate, SchemaObject
from lakegate.intake.batch import open_batch, open_table
from lakegate.intake.files import NativeFile
from lakegate.intake.staging import Reader

NUMBERS = [None if n % 3 == 0 else n for n in range(100)]
OBJECTS = [
    None if n % 4 == 0 else {"a": None if n % 4 == 1 else n, "b": {"c": None if n % 2 else "x"}} for n in range(100)
]
LISTS = [None if n % 5 == 0 else [None] * (n % 3) for n in range(100)]
FLAT = {"n": NUMBERS, "empty": [None] * 100, "full": [str(n) for n in range(100)]}
NESTED = {"o": OBJECTS, "l": LISTS}
DECLARED = [prop("n", "integer"), prop("empty", "string"), prop("full", "string")]
INSIDE = [
    prop("o", "object", properties=(prop("a", "integer"), prop("b", "object", properties=(prop("c", "string"),)))),
    prop("l", "array", items=prop("item", "string")),
]
OF_FLAT = {("n",): 34, ("empty",): 100, ("full",): 0}
OF_NESTED = {("o",): 25, ("o", "a"): 50, ("o", "b"): 25, ("o", "b", "c"): 75, ("l",): 20}


def records(columns):
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def lines(columns):
    return "".join(json.dumps(record) + "\n" for record in records(columns)).encode()


def csv(columns):
    rows = [
        ",".join("" if value is None else str(value) for value in row) for row in zip(*columns.values(), strict=True)
    ]
    return "\n".join([",".join(columns), *rows, ""]).encode()


def table(columns):
    types = {"empty": pa.string(), "o": pa.struct([("a", pa.int64()), ("b", pa.struct([("c", pa.string())]))])}
    types["l"] = pa.list_(pa.string())
    return pa.table({name: pa.array(values, types.get(name)) for name, values in columns.items()})


def parquet(columns, **how):
    out = io.BytesIO()
    pq.write_table(table(columns), out, row_group_size=30, **how)
    return out.getvalue()


def as_orc(columns):
    out = io.BytesIO()
    orc.write_table(table(columns), out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("a.csv", csv),
        ("a.jsonl", lines),
        ("a.parquet", parquet),
        ("a.parquet", lambda columns: parquet(columns, write_statistics=False)),
        ("a.orc", as_orc),
    ],
    ids=["csv", "json", "parquet", "parquet without statistics", "orc"],
)
def test_every_declared_column_is_counted(tmp_path, name, written):
    rows = open_files(tmp_path, {name: written(FLAT)}, *DECLARED).rows

    assert rows.nulls == OF_FLAT


@pytest.mark.parametrize(("name", "written"), [("a.jsonl", lines), ("a.parquet", parquet), ("a.orc", as_orc)])
def test_a_field_is_null_where_its_object_is_and_what_a_list_holds_is_not_counted(tmp_path, name, written):
    rows = open_files(tmp_path, {name: written(NESTED)}, *INSIDE).rows

    assert rows.nulls == OF_NESTED


def test_a_table_in_memory_is_counted():
    rows = open_table(table(FLAT | NESTED))

    assert rows.nulls == OF_FLAT | OF_NESTED


def test_files_are_added_up_and_a_column_that_one_of_them_lacks_is_left_out(tmp_path):
    other = {"n": NUMBERS, "full": [None] * 100}

    rows = open_files(tmp_path, {"a.parquet": parquet(FLAT), "b.parquet": parquet(other)}, *DECLARED).rows

    assert rows.nulls == {("n",): 68, ("full",): 100}


def test_a_cell_that_does_not_convert_is_no_null(tmp_path):
    text = b"n,o\n1,{}\nx,\n,7\nx,[]\n"
    declared = prop("o", "object", properties=(prop("a", "integer"),))

    rows = open_files(tmp_path, {"a.csv": text}, prop("n", "integer"), declared).rows

    assert rows.unconverted == {"n": 2, "o": 2}
    assert rows.nulls == {("n",): 1, ("o",): 1, ("o", "a"): 2}


def test_a_number_that_was_read_as_another_is_no_null(tmp_path):
    text = b'{"n": 0.12345678901234567891}\n{"n": null}\n'

    rows = open_files(tmp_path, {"a.jsonl": text}, prop("n", "number")).rows

    assert rows.unconverted == {"n": 1}
    assert rows.nulls == {("n",): 1}


def test_an_absent_key_is_null_and_an_undeclared_one_is_not_asked_for(tmp_path):
    rows = open_files(tmp_path, {"a.jsonl": b'{"x": 1}\n{"n": 1, "x": null}\n'}, prop("n", "integer")).rows

    assert rows.nulls == {("n",): 1}


def test_a_measure_is_no_column_and_a_missing_column_is_not_counted(tmp_path):
    total = dataclasses.replace(prop("n", "integer"), semantic_type="measure")

    rows = open_files(tmp_path, {"a.csv": csv(FLAT)}, total, prop("full", "string"), prop("gone", "string")).rows

    assert rows.nulls == {("full",): 0}


def test_names_that_stand_for_something_in_sql_or_in_a_footer(tmp_path):
    hostile = {"o, a": [None, "x"], 'q"; drop': ["y", None], "o": [{"a": "1", "b, c": None}, {"a": None, "b, c": None}]}
    fields = (prop("a", "string"), prop("b, c", "string"))

    rows = open_files(
        tmp_path,
        {"a.jsonl": lines(hostile)},
        prop("o, a", "string"),
        prop('q"; drop', "string"),
        prop("o", "object", properties=fields),
    ).rows

    assert rows.nulls == {("o, a",): 1, ('q"; drop',): 1, ("o",): 0, ("o", "a"): 1, ("o", "b, c"): 2}


def test_no_rows_hold_no_null(tmp_path):
    rows = open_files(tmp_path, {"a.csv": b"n,empty,full\n"}, *DECLARED).rows

    assert rows.nulls == dict.fromkeys(OF_FLAT, 0)


def test_a_footer_that_lies_about_nulls_is_not_asked(tmp_path):
    data = parquet({"n": NUMBERS}, use_dictionary=False)
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    ten = b"\x16\x14("  # the nulls of a group of 30 rows as Thrift writes them, and the next field
    lying = data[:footer] + data[footer:].replace(ten, b"\x16\x00(")
    told = [pq.read_metadata(io.BytesIO(lying)).row_group(group).column(0).statistics.null_count for group in range(4)]

    rows = open_files(tmp_path, {"a.parquet": lying}, *DECLARED).rows

    assert told == [0, 0, 0, 4]
    assert rows.nulls == {("n",): 34}


@pytest.mark.parametrize(("name", "written"), [("a.csv", csv), ("a.parquet", parquet), ("a.orc", as_orc)])
def test_what_is_only_read_beside_a_batch_is_not_counted(tmp_path, name, written):
    (tmp_path / name).write_bytes(written(FLAT))
    (tmp_path / "workspace").mkdir()
    obj = SchemaObject("rows", "rows", tuple(DECLARED))

    rows = open_batch(
        [NativeFile(name, tmp_path / name)], obj, Gate(), Reader(), workspace=tmp_path / "workspace", proved=True
    )

    assert rows.height == 100
    assert rows.nulls == {}
