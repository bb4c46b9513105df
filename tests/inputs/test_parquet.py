"""INPUTS 78-97: Parquet and batches. Each test is called by its number in the list."""

from __future__ import annotations

import datetime as dt
import hashlib
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lakegate
from inputs.lying import lie_about_maximum
from inputs.world import prop

ID = prop("id", "integer")
NAME = prop("name", "string")
TABLE = pa.table({"id": [1, 2, 3], "name": ["x", "y", "z"]})


def written(table=TABLE, **options):
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def committed(world, *columns):
    return lakegate.Lake(world.lake).read("in/rows").relation().select(*columns).fetchall()


def text_of(*values):
    """A text column of these bytes, whether they are UTF-8 or not."""
    offsets = [0]
    for value in values:
        offsets.append(offsets[-1] + len(value))
    buffers = [None, pa.array(offsets, pa.int32()).buffers()[1], pa.py_buffer(b"".join(values))]
    return pa.Array.from_buffers(pa.string(), len(values), buffers)


def flipped(**options):
    """A file in which one bit of a page's body is another one."""
    data = bytearray(written(compression="none", use_dictionary=False, **options))
    chunk = pq.read_metadata(io.BytesIO(data)).row_group(0).column(0)
    data[chunk.data_page_offset + chunk.total_compressed_size - 3] ^= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        pytest.param(written()[:-10], "got a footer that cannot be read", id="78"),
        pytest.param(
            written()[:-8] + (2**31 - 1).to_bytes(4, "little") + b"PAR1", "got a footer that cannot be read", id="79"
        ),
        pytest.param(b"PARE" + written()[4:-4] + b"PARE", "got encrypted Parquet content, expected Parquet", id="80"),
        pytest.param(
            flipped(write_page_checksum=True),
            "got page 0 of column 'id' in row group 0 with the checksum",
            id="81",
        ),
        pytest.param(b"", "got a file of zero bytes, expected parquet", id="94"),
    ],
)
def test_078_to_081_and_094_a_file_that_cannot_be_read(world, data, cause):
    world.contract(ID, NAME, form="parquet")
    world.arrive({"a.parquet": data, "good.parquet": written()})

    world.assert_ends(1, "a.parquet: unreadable: ", cause)


def test_082_a_flipped_page_without_a_checksum_is_caught_by_the_manifest(world):
    world.contract(ID, NAME, form="parquet")
    promised = {"path": "a.parquet", "sha256": hashlib.sha256(written(compression="none")).hexdigest()}
    world.arrive({"a.parquet": flipped()}, manifest={"files": [promised]})

    world.assert_ends(1, "a.parquet: arrival: got sha256", "expected")


def test_083_statistics_that_lie(world):
    world.contract(prop("id", "integer", logicalTypeOptions={"maximum": 999}), form="parquet")
    world.arrive({"a.parquet": lie_about_maximum(pa.table({"id": [1, 999_999]}), 999)})

    world.assert_ends(1, "1 of 2 rows", "of more than 999", also=[("a.parquet", "row 2")])


def test_084_reversed_statistics_of_text(world):
    world.contract(prop("name", "string", enum=[{"value": "a"}, {"value": "b"}]), form="parquet")
    world.arrive({"a.parquet": lie_about_maximum(pa.table({"name": ["a", "zz"]}), b"b")})

    world.assert_ends(1, "1 of 2 rows", also=[("a.parquet", "row 2")])


def test_085_int96_in_the_year_9999_reads_right(world):
    at = dt.datetime(9999, 12, 31, 23, 59, 59)  # noqa: DTZ001 - INT96 knows no zone
    world.contract(prop("at", "timestamp", logicalTypeOptions={"timezone": False}), form="parquet")
    table = pa.table({"at": pa.array([at], pa.timestamp("us"))})
    world.arrive({"a.parquet": written(table, use_deprecated_int96_timestamps=True)})

    world.assert_ends(0, "is committed")
    [(seen,)] = lakegate.Lake(world.lake).read("in/rows").relation().select('"at"::VARCHAR').fetchall()
    assert seen == "9999-12-31 23:59:59"


@pytest.mark.parametrize("zoned", [True, False])
def test_086_zoned_and_naive_timestamps_are_different_types(world, zoned):
    world.contract(prop("at", "timestamp", logicalTypeOptions={"timezone": zoned}), form="parquet")
    kind = pa.timestamp("us", tz=None if zoned else "UTC")
    world.arrive({"a.parquet": written(pa.table({"at": pa.array([0], kind)}))})

    world.assert_ends(1, "got type TIMESTAMP", f"expected timestamp {'with' if zoned else 'without'} time zone")


@pytest.mark.parametrize("names", [["id", "id"], ["id", "ID"], ["n\u00e9", "ne\u0301"]])
def test_087_duplicate_columns(world, names):
    world.contract(ID, form="parquet")
    world.arrive({"a.parquet": written(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=names))})

    world.assert_ends(1, "a.parquet: duplicate column: got columns of one name")


@pytest.mark.parametrize("dictionary", [True, False])
def test_088_text_that_is_no_utf_8(world, dictionary):
    world.contract(prop("id", "integer"), form="parquet", gate={"columns": "open"})
    table = pa.table({"id": [1, 2], "note": text_of(b"fine", b"caf\xe9")})
    world.arrive({"a.parquet": written(table, use_dictionary=dictionary)})

    world.assert_ends(1, "a.parquet: unreadable: ", "not valid UTF8")


@pytest.mark.parametrize(("least", "exit_code"), [(1, 1), (0, 0)])
def test_089_zero_rows(world, least, exit_code):
    world.contract(ID, NAME, form="parquet", gate={"min_rows": least})
    world.arrive({"a.parquet": written(TABLE.slice(0, 0))})

    world.assert_ends(exit_code, "got 0 rows, expected at least 1" if least else "is committed")


@pytest.mark.parametrize(
    ("limits", "cause"),
    [
        ('decompressed = "20MB"', "limits.decompressed"),
        ('ratio = 100\nratio_floor = "1MB"', "limits.ratio"),
        ("cells = 1000000", "limits.cells"),
    ],
)
def test_090_a_bomb_of_run_lengths(world, limits, cause):
    """Three million equal numbers are a few hundred bytes of run lengths; the limits are as small in proportion."""
    world.write("lakegate.toml", f"[limits]\n{limits}\n")
    world.contract(ID, form="parquet")
    data = written(pa.table({"id": pa.array([7] * 3_000_000, pa.int64())}), compression="zstd")
    world.arrive({"a.parquet": data})

    assert len(data) < 20_000
    world.assert_ends(6, "a.parquet: got", "expected no decompression bomb", cause)


def test_091_types_that_drift_among_files(world):
    world.contract(ID, NAME, form="parquet")
    world.arrive({"a.parquet": written(), "b.parquet": written(TABLE.set_column(0, "id", pa.array([1.5, 2.5, 3.5])))})

    world.assert_ends(1, "column 'id' is DOUBLE in b.parquet, but BIGINT in a.parquet")


def test_091_a_column_that_one_file_lacks(world):
    world.contract(ID, NAME, form="parquet")
    world.arrive({"a.parquet": written(), "b.parquet": written(TABLE.select(["id"]))})

    world.assert_ends(1, "column 'name' is absent in b.parquet, but VARCHAR in a.parquet")


def test_092_a_folder_that_contradicts_the_column(world):
    world.contract(ID, NAME, form="parquet")
    world.arrive({"name=x/a.parquet": written()})

    world.assert_ends(
        1,
        "name=x/a.parquet: partition: got another value in column 'name' than 'x'",
        "expected what the folder 'name=x' says",
        also=[("name=x/a.parquet", "row 2", "column name")],
    )


def test_092_a_folder_that_agrees_with_the_column(world):
    world.contract(ID, NAME, form="parquet")
    world.arrive({"id=7/name=a%20b/a.parquet": written(pa.table({"id": [7, 7], "name": ["a b", "a b"]}))})

    world.assert_ends(0, "is committed")


def test_092_a_folder_sets_no_column(world):
    world.contract(ID, NAME, form="parquet")
    world.arrive({"name=x/a.parquet": written(TABLE.select(["id"]))})

    world.assert_ends(1, "got no column 'name'")


@pytest.mark.parametrize(("value", "exit_code"), [(None, 0), ("x", 1)])
def test_093_the_default_partition_is_null(world, value, exit_code):
    world.contract(ID, NAME, form="parquet")
    table = pa.table({"id": [1], "name": pa.array([value], pa.string())})
    world.arrive({"name=__HIVE_DEFAULT_PARTITION__/a.parquet": written(table)})

    world.assert_ends(exit_code, "than null, expected what the folder" if exit_code else "is committed")


@pytest.mark.parametrize("name", ["_tmp.parquet", ".a.parquet.crc", "_temporary/0/a.parquet"])
def test_095_a_hidden_file(world, name):
    world.contract(ID, NAME, form="parquet")
    world.arrive({"a.parquet": written(), name: written()})

    world.assert_ends(1, "got the hidden file", name)


def test_095_a_hidden_file_that_the_manifest_does_not_name(world):
    world.contract(ID, NAME, form="parquet")
    world.arrive({"a.parquet": written()})
    world.arrive({"_tmp.parquet": b"half a fi"}, manifest={"files": [{"path": "a.parquet"}]})
    world.sent.pop(("b1", "_tmp.parquet"))

    world.assert_ends(0, "is committed")
    assert list(world.committed_files()) == ["a.parquet"]


def test_096_a_name_that_looks_like_a_pattern_is_read_as_it_is(world):
    world.contract(prop("id", "integer"), NAME)
    world.arrive({"a[1].csv": "id,name\n1,x\n", "a1.csv": "id,name\n2,y\n"}, manifest={"files": [{"path": "a[1].csv"}]})
    world.sent.pop(("b1", "a1.csv"))

    world.assert_ends(0, "is committed")
    assert world.committed_files() == {"a[1].csv": b"id,name\n1,x\n"}


def test_097_null_in_a_key_of_several_columns(world):
    rows = written(pa.table({"id": [1, 1, None, None], "name": ["x", None, None, None]}))
    key = {"id": "once", "metric": "duplicateValues", "arguments": {"properties": ["id", "name"]}, "mustBe": 0}
    world.contract(ID, NAME, form="parquet", quality=[key])
    world.arrive({"a.parquet": rows})
    world.assert_ends(0, "is committed")

    keyed = [prop("id", "integer", primaryKey=True), prop("name", "string", primaryKey=True, primaryKeyPosition=2)]
    world.contract(*keyed, form="parquet", version="2.0.0")
    world.arrive({"b.parquet": rows}, "b2")
    ended = world.promote("b2")
    assert ended.exit_code == 1
    assert {"rows.id.required", "rows.name.required"} <= set(ended.checks()) or "null" in ended.output
