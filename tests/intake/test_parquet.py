"""Parquet: the file itself is the part. INPUTS 78, 87, 94, 96, S13-S17."""

import io
import subprocess
import sys
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from intake.batches import open_files, prop


def written(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


TABLE = pa.table({"id": [1, 2], "udo": [{"a": 1, "b": ["x"]}, None]})


@pytest.mark.parametrize("name", ["a.parquet", "a[1].parquet", "id=7/part-0.pq"])
def test_the_file_itself_is_the_part(tmp_path, name):
    opened = open_files(tmp_path, {name: written(TABLE)}, prop("id", "integer"))

    [part] = opened.rows.parts
    assert (part.name, part.rows, part.staged) == (name, 2, False)
    assert opened.names == ["id", "udo"]
    assert opened.rows.types["udo"].at(("b", "[]")).kind == "string"
    assert opened.column("id") == [1, 2]


def test_a_file_of_no_rows_is_read(tmp_path):
    opened = open_files(tmp_path, {"a.parquet": written(TABLE.slice(0, 0))})

    assert opened.rows.parts[0].rows == 0


@pytest.mark.parametrize(
    ("names", "twin"),
    [
        (["id", "id"], "'id'"),
        (["id", "ID"], "'ID'"),
        (["n\u00e9", "ne\u0301"], "n\u00e9"),
        (["id", "_lakegate_line"], "ours"),
    ],
)
def test_twins_are_a_defect(tmp_path, names, twin):
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=names)

    opened = open_files(tmp_path, {"a.parquet": written(table)})

    [(kind, message)] = opened.defects
    assert (kind, twin in message) == ("duplicate column", True)


@pytest.mark.parametrize("nested", [False, True])
def test_a_decimal_that_the_engine_would_round_is_a_defect(tmp_path, nested):
    value = pa.array([Decimal("1" * 40 + ".25")], pa.decimal256(50, 2))
    table = pa.table({"c": pa.StructArray.from_arrays([value], ["x"]) if nested else value})

    opened = open_files(tmp_path, {"a.parquet": written(table)})

    inner = "x" if nested else "c"
    assert opened.defects == [("unreadable", f"got a decimal of 50 digits in '{inner}', expected at most 38")]


@pytest.mark.parametrize(
    ("case", "data"),
    [
        ("94 zero bytes", b""),
        ("78 truncated footer", written(TABLE)[:-10]),
        ("78 the head alone", written(TABLE)[:12]),
        ("79 a footer claiming 2 GB", written(TABLE)[:-8] + (2**31 - 1).to_bytes(4, "little") + b"PAR1"),
        ("no Parquet", b"id,name\n1,a\n"),
    ],
)
def test_what_is_no_parquet_is_unreadable(tmp_path, case, data):
    opened = open_files(tmp_path, {"a.parquet": data, "b.parquet": written(TABLE)})

    assert [kind for kind, _ in opened.defects] == ["unreadable"]
    assert [part.name for part in opened.rows.parts] == ["b.parquet"]
    assert str(tmp_path) not in opened.defects[0][1]


def test_instants_with_a_zone_are_read_where_pytz_is_not_installed(tmp_path):
    program = """
import sys; sys.modules["pytz"] = None
from pathlib import Path
import pyarrow as pa, pyarrow.parquet as pq
from lakegate.contract.model import Gate, SchemaObject
from lakegate.intake.batch import open_batch
from lakegate.intake.files import NativeFile
from lakegate.intake.staging import Reader
file, workspace = Path(sys.argv[1]) / "x.parquet", Path(sys.argv[1]) / "w"
workspace.mkdir()
pq.write_table(pa.table({"at": pa.array([0, None], pa.timestamp("us", "UTC"))}), file)
rows = open_batch([NativeFile("x.parquet", file)], SchemaObject("t", "t"), Gate(), Reader(), workspace=workspace)
assert not rows.defects, rows.defects
"""

    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
