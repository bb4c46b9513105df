"""Indexes of keys: what is written, between which values keys lie, what may be concluded from it."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakegate.engines.duckdb import DuckDB
from lakegate.engines.key_indexes import comparable
from lakegate.made import KeySpan
from lakegate.measures import NotMeasured
from lakegate.predicates import Value
from lakegate.rows import Defect, DefectKind, Kind, Part, Rows, Type

BIGINT, INT, TEXT = Type(Kind.INTEGER, "BIGINT"), Type(Kind.INTEGER, "INTEGER"), Type(Kind.STRING, "VARCHAR")
DECIMAL, DOUBLE, UUID = Type(Kind.DECIMAL, "DECIMAL(9,2)"), Type(Kind.FLOAT, "DOUBLE"), Type(Kind.STRING, "UUID")
NAIVE, ZONED = Type(Kind.TIMESTAMP, "TIMESTAMP"), Type(Kind.TIMESTAMP_ZONED, "TIMESTAMP WITH TIME ZONE")
ID = (Value(("id",)),)


def rows_of(folder, types, *tables):
    parts = []
    for number, columns in enumerate(tables):
        path = folder / f"{number}.parquet"
        pq.write_table(pa.table(columns), path)
        parts.append(Part(f"{number}", str(path), types, pa.table(columns).num_rows))
    return Rows(tuple(parts))


def test_an_index_holds_each_key_once_sorted_and_without_null(tmp_path):
    rows = rows_of(tmp_path, (("id", BIGINT),), {"id": [3, None, 1]}, {"id": [1, 2]})

    index = DuckDB().key_index("primaryKey", ID, rows, tmp_path / "key.parquet")

    assert pq.read_table(index.file.local).to_pydict() == {"id": [1, 2, 3]}
    assert (index.columns, index.file.rows, index.least, index.most) == (("id",), 3, 1, 3)
    assert index.types == (("integer", "BIGINT"),)


def test_the_same_rows_give_the_same_bytes_whatever_their_order_and_files(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    types, ids = (("id", BIGINT),), list(range(250_000))
    one = rows_of(tmp_path / "one", types, {"id": ids})
    two = rows_of(tmp_path / "two", types, {"id": ids[::-2]}, {"id": ids[::2]}, {"id": ids[:9]})

    made = [
        DuckDB().key_index("k", ID, rows, tmp_path / f"{number}").file.local.read_bytes()
        for number, rows in enumerate((one, two))
    ]

    assert made[0] == made[1]


def test_rows_without_the_column_hold_no_key(tmp_path):
    rows = rows_of(tmp_path, (("n", BIGINT),), {"n": [1]})

    index = DuckDB().key_index("k", ID, rows, tmp_path / "key.parquet")

    assert (index.file.rows, index.types) == (0, (("null", "NULL"),))


def test_rows_that_cannot_be_read_have_no_index(tmp_path):
    rows = Rows(defects=(Defect(DefectKind.UNREADABLE, "a", "got nonsense"),))

    assert isinstance(DuckDB().key_index("k", ID, rows, tmp_path / "key.parquet"), NotMeasured)
    assert DuckDB().key_span(ID, rows) is None


@pytest.mark.parametrize(
    ("kind", "values", "extremes"),
    [
        (BIGINT, [5, None, 2], (2, 5)),
        (TEXT, ["b", "a\u00e9", "a"], ("a", "b")),
        (TEXT, ["b" * 201, "a"], (None, None)),  # too long to be kept
        (DOUBLE, [1.5, float("nan")], (None, None)),
        (BIGINT, pa.array([None], pa.int64()), (None, None)),
    ],
)
def test_between_which_values_keys_lie(tmp_path, kind, values, extremes):
    span = DuckDB().key_span(ID, rows_of(tmp_path, (("id", kind),), {"id": values}))

    assert (span.least, span.most) == extremes


@pytest.mark.parametrize(
    ("here", "there", "misses"),
    [
        ((1, 5), (6, 9), True),
        ((1, 5), (5, 9), False),
        ((10, 12), (6, 9), True),
        (("a", "b"), ("c", "d"), True),
        (("a", "c"), ("b", "d"), False),
        ((None, None), (6, 9), False),
        ((1, 5), (None, None), False),
        ((1, 5), ("6", "9"), False),
    ],
)
def test_only_ranges_of_one_type_that_are_told_keep_an_index_from_being_read(here, there, misses):
    types = (("integer", "BIGINT"),)

    assert KeySpan(types, *here).misses(types, *there) is misses
    assert not KeySpan(types, *here).misses((("integer", "INTEGER"),), *there)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (BIGINT, INT, True),
        (BIGINT, DECIMAL, True),
        (BIGINT, DOUBLE, False),  # rounded: two integers would be one
        (DOUBLE, DOUBLE, True),
        (BIGINT, TEXT, False),
        (TEXT, UUID, False),
        (NAIVE, ZONED, False),
        (Type(Kind.NULL, "NULL"), TEXT, True),  # it holds no key
    ],
)
def test_which_types_are_compared(one, other, alike):
    assert comparable(one, other) is alike
