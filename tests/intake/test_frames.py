"""Tables of other libraries: whatever they hold, they come to the verdict of the same rows in Arrow."""

import datetime as dt
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lakegate
from checks.asked import contract, result
from lakegate.errors import UsageError
from lakegate.intake.frames import to_table

UTC = dt.UTC
EPOCH, NEW_YEAR = dt.datetime(1970, 1, 1), dt.datetime(2013, 1, 1)  # noqa: DTZ001 - naive ones are what is tested
# of each type: the standard's word for it, and a column of Arrow's with a null
COLUMNS = {
    "string": pa.array(["a", None, "ü"]),
    "large string": pa.array(["a", None, ""], pa.large_string()),
    "integer": pa.array([1, None, -3]),
    "unsigned": pa.array([2**64 - 1, None, 0], pa.uint64()),
    "number": pa.array([1.5, None, float("nan")]),
    "decimal": pa.array([Decimal("1.50"), None, Decimal("-2.25")], pa.decimal128(10, 2)),
    "boolean": pa.array([True, None, False]),
    "date": pa.array([dt.date(2013, 1, 1), None, dt.date(1, 1, 1)]),
    "time": pa.array([dt.time(1, 2, 3), None, dt.time(0)], pa.time64("us")),
    "timestamp": pa.array([NEW_YEAR, None, EPOCH], pa.timestamp("us")),
    "zoned": pa.array([dt.datetime(2013, 1, 1, 5, tzinfo=UTC), None, None], pa.timestamp("us", "Europe/Berlin")),
    "category": pa.array(["a", None, "a"]).dictionary_encode(),
    "array": pa.array([[1, 2], None, []]),
    "object": pa.array([{"x": 1}, None, {"x": None}]),
    "null": pa.nulls(3),
}
LOGICAL = {
    "large string": "string",
    "unsigned": "integer",
    "decimal": "number",
    "zoned": "timestamp",
    "category": "string",
    "null": "string",
}


def as_pandas(table: pa.Table) -> pd.DataFrame:
    """Return the frame whose types are Arrow's own; how pandas itself holds values has tests of its own."""
    return table.to_pandas(types_mapper=pd.ArrowDtype)


def as_duckdb(table: pa.Table) -> duckdb.DuckDBPyRelation:
    return duckdb.connect().from_arrow(table)


WAYS = {
    "reader": lambda table: pa.RecordBatchReader.from_batches(table.schema, table.to_batches()),
    "batch": lambda table: table.combine_chunks().to_batches()[0],
    "pandas": as_pandas,
    "polars": pl.from_arrow,
    "lazy": lambda table: pl.from_arrow(table).lazy(),
    "duckdb": as_duckdb,
}


def outcomes(data, logical: str, **more):
    column = {"name": "x", "logicalType": logical, "required": True, "unique": logical != "array", **more}
    verdict = lakegate.check(contract(column), data)
    return [(one.key, one.outcome, one.diagnostics.get("failed")) for one in verdict.results]


# what holds no value has no type of its own in pandas and polars
PAIRS = [(kind, way) for kind in COLUMNS for way in WAYS if kind != "null" or way in ("reader", "batch", "duckdb")]


@pytest.mark.parametrize(("kind", "way"), PAIRS)
def test_the_same_rows_come_to_the_same_verdict(kind, way):
    table, logical = pa.table({"x": COLUMNS[kind]}), LOGICAL.get(kind, kind)

    assert outcomes(WAYS[way](table), logical) == outcomes(table, logical)


@settings(max_examples=40)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "n": st.none() | st.integers(-(2**62), 2**62),
                "f": st.none() | st.floats(allow_nan=True, width=32),
                "s": st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=3),
            }
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_rows_come_to_the_same_verdict(rows):
    schema = pa.schema({"n": pa.int64(), "f": pa.float64(), "s": pa.string()})
    table = pa.Table.from_pylist(rows, schema)
    document = contract(
        {"name": "n", "logicalType": "integer", "logicalTypeOptions": {"minimum": 0}, "unique": True},
        {"name": "f", "logicalType": "number", "required": True, "logicalTypeOptions": {"maximum": 1}},
        {"name": "s", "logicalType": "string", "logicalTypeOptions": {"minLength": 1}, "required": True},
    )

    told = {
        way: [(one.key, one.outcome, one.reason) for one in lakegate.check(document, make(table)).results]
        for way, make in {"arrow": lambda same: same, **WAYS}.items()
        if way != "pandas"  # its floats hold NaN for null
    }

    assert all(results == told["arrow"] for results in told.values())


# --- what pandas means ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([1.5, float("nan")], "float64", pa.array([1.5, None])),
        ([1.5, float("nan")], "float32", pa.array([1.5, None], pa.float32())),
        ([1.5, float("nan")], "float16", pa.array([1.5, None], pa.float32())),
        ([1.5, float("inf")], "float64", pa.array([1.5, float("inf")])),
        ([1, None], "Int64", pa.array([1, None])),
        ([1.5, None], "Float64", pa.array([1.5, None])),
        ([True, None], "boolean", pa.array([True, None])),
        (["a", None], "str", pa.array(["a", None], pa.large_string())),
        (["a", None], "string", pa.array(["a", None], pa.large_string())),
        (["a", None], "category", pa.array(["a", None], pa.large_string())),
        (["2013-01-01", None], "datetime64[us]", pa.array([NEW_YEAR, None], pa.timestamp("us"))),
        (["a", float("nan"), None, pd.NA], object, pa.array(["a", None, None, None])),
        ([float("nan"), None], object, pa.nulls(2)),
        ([dt.date(2013, 1, 1), pd.NaT], object, pa.array([dt.date(2013, 1, 1), None])),
        ([1.5, float("nan"), None, pd.NA], object, pa.array([1.5, None, None, None])),
        ([1, float("nan"), None], object, pa.array([1, None, None])),
        ([Decimal("1.5"), None], object, pa.array([Decimal("1.5"), None])),
        ([np.int64(1), 2], object, pa.array([1, 2])),
        ([True, None], object, pa.array([True, None])),
        ([[1.0, float("nan")], None], object, pa.array([[1.0, float("nan")], None])),
    ],
)
def test_what_pandas_says_is_missing_is_null(values, dtype, expected):
    frame = pd.DataFrame({"x": pd.Series(values, dtype=dtype)})

    column = to_table(frame).column("x")

    assert column.type == expected.type
    assert str(column.to_pylist()) == str(expected.to_pylist())  # NaN is not itself


def test_nan_is_missing_to_pandas_alone():
    numbers = pl.DataFrame({"x": [1.5, float("nan")]})
    optional = contract({"name": "x", "logicalType": "number"})
    required = contract({"name": "x", "logicalType": "number", "required": True})

    assert lakegate.check(optional, numbers.to_pandas()).passes
    assert result(lakegate.check(required, numbers.to_pandas()), "x.required").outcome == "failed"
    assert result(lakegate.check(optional, numbers), "x.logicalType").outcome == "failed"


def test_the_index_is_no_column():
    frame = pd.DataFrame({"x": [1, 2]}, index=pd.Index(["a", "b"], name="key"))

    assert to_table(frame).column_names == ["x"]


def test_a_class_derived_from_a_frame_is_one():
    class Own(pd.DataFrame):
        pass

    assert to_table(Own({"x": [1]})).num_rows == 1


def test_columns_of_one_name_are_told_as_in_any_batch():
    verdict = lakegate.check(contract({"name": "a"}), pd.DataFrame([[1, 2]], columns=["a", "a"]))

    assert result(verdict, "readable").outcome == "failed"


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (pd.DataFrame({"x": ["a", 1]}), r"'x' holds values of several types: str \(row 1\) and int \(row 2\)"),
        (pd.DataFrame({"x": pd.Series([True, 1], dtype=object)}), "bool .* and int"),
        (
            pd.DataFrame({"x": pd.Series([dt.date(2013, 1, 1), NEW_YEAR], dtype=object)}),
            "date .* and datetime ",
        ),
        (
            pd.DataFrame({"x": [pd.Timestamp("2013", tz="UTC"), pd.Timestamp("2013")]}),
            "datetime with a zone .* and datetime",
        ),
        (pd.DataFrame({"x": pd.Series([2**70], dtype=object)}), "'x' cannot be read as Arrow"),
        (pd.DataFrame({"x": [1j]}), "'x' cannot be read as Arrow"),
        (pd.DataFrame({7: [1]}), "the column 7 has no text for a name"),
        (pd.Series([1]), "got Series, expected a table"),
        (pl.DataFrame({"x": pl.Series([object()], dtype=pl.Object)}), "'x' holds Python objects"),
        (pl.DataFrame({"x": pl.Series([1], dtype=pl.Int128)}), "the DataFrame cannot be read as Arrow"),
        (pa.table({"x": pa.array([Decimal(10) ** 39], pa.decimal256(40, 0))}), "'x' cannot be read as Arrow"),
        (pa.array([1]), "the Int64Array cannot be read as Arrow"),
        ({"x": [1]}, "got dict, expected a table"),
        (None, "got NoneType, expected a table"),
    ],
)
def test_what_is_no_table_or_has_no_type_is_an_error(frame, told):
    with pytest.raises(UsageError, match=told):
        to_table(frame)


@pytest.mark.parametrize(
    ("column", "logical"),
    [
        (pa.array([1.5], pa.float16()), "number"),
        (pa.RunEndEncodedArray.from_arrays([2], ["a"]), "string"),
        (pa.array([Decimal("1.5")], pa.decimal256(40, 2)), "number"),
        (pl.Series(["a"], dtype=pl.Enum(["a"])).to_arrow(), "string"),
    ],
)
def test_types_that_no_engine_reads_are_read_as_their_plain_like(column, logical):
    verdict = lakegate.check(contract({"name": "x", "logicalType": logical}), pa.table({"x": column}))

    assert verdict.passes


def test_a_query_that_counts_is_whole():
    relation = duckdb.connect().sql("SELECT sum(n) AS x FROM range(10) t(n)")  # HUGEINT

    assert lakegate.check(contract({"name": "x", "logicalType": "integer"}), relation).passes


def test_a_pyarrow_table_is_not_copied():
    table = pa.table({"x": [1]})

    assert to_table(table) is table


def test_no_other_library_is_loaded():
    program = (
        "import sys; import pyarrow as pa; from lakegate.intake.frames import to_table;"
        "to_table(pa.table({'x': pa.nulls(1)}));"
        "print({'pandas', 'polars', 'duckdb'} & sys.modules.keys())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(lakegate.__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout.strip() == "set()"
