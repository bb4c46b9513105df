"""Types of DuckDB and of Arrow, in the standard's kinds."""

import duckdb
import pyarrow as pa
import pytest

from lakegate.intake.types import arrow_type, duckdb_type, table_types
from lakegate.rows import Kind, Type


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("TINYINT", Kind.INTEGER),
        ("UBIGINT", Kind.INTEGER),
        ("UHUGEINT", Kind.INTEGER),
        ("DECIMAL(9,2)", Kind.DECIMAL),
        ("DECIMAL(9,0)", Kind.DECIMAL),
        ("FLOAT", Kind.FLOAT),
        ("VARCHAR", Kind.STRING),
        ("UUID", Kind.STRING),
        ("ENUM('a', 'b, c')", Kind.STRING),
        ("BOOLEAN", Kind.BOOLEAN),
        ("DATE", Kind.DATE),
        ("TIME", Kind.TIME),
        ("TIMESTAMP_NS", Kind.TIMESTAMP),
        ("TIMESTAMP WITH TIME ZONE", Kind.TIMESTAMP_ZONED),
        ("BLOB", Kind.BINARY),
        ("BIT", Kind.OTHER),
        ("INTERVAL", Kind.OTHER),
    ],
)
def test_duckdb_scalars(sql, kind):
    assert duckdb_type(duckdb.sqltype(sql)) == Type(kind, sql)


def test_duckdb_nested():
    found = duckdb_type(duckdb.sqltype('STRUCT("a b" INTEGER[3], m MAP(VARCHAR, STRUCT("x)" DECIMAL(4,1))[]))'))

    assert found.at(("a b",)).size == 3
    assert found.at(("a b", "[]")).kind is Kind.INTEGER
    assert found.at(("m", "{key}")).kind is Kind.STRING
    assert found.at(("m", "{value}", "[]", "x)")).name == "DECIMAL(4,1)"


@pytest.mark.parametrize(
    ("arrow", "kind"),
    [
        (pa.int8(), Kind.INTEGER),
        (pa.uint64(), Kind.INTEGER),
        (pa.float16(), Kind.FLOAT),
        (pa.decimal128(9, 2), Kind.DECIMAL),
        (pa.string(), Kind.STRING),
        (pa.large_string(), Kind.STRING),
        (pa.string_view(), Kind.STRING),
        (pa.dictionary(pa.int8(), pa.string()), Kind.STRING),
        (pa.bool_(), Kind.BOOLEAN),
        (pa.date32(), Kind.DATE),
        (pa.time64("us"), Kind.TIME),
        (pa.timestamp("ns"), Kind.TIMESTAMP),
        (pa.timestamp("us", "UTC"), Kind.TIMESTAMP_ZONED),
        (pa.binary(4), Kind.BINARY),
        (pa.null(), Kind.NULL),
        (pa.duration("s"), Kind.OTHER),
    ],
)
def test_arrow_scalars(arrow, kind):
    assert arrow_type(arrow).kind is kind


def test_arrow_nested_in_the_tables_order():
    table = pa.table(
        {
            "m": pa.array([], pa.map_(pa.string(), pa.list_(pa.int64()))),
            "s": pa.array([], pa.struct([("x", pa.list_(pa.float32(), 2))])),
        }
    )

    (first, mapping), (second, struct) = table_types(table)

    assert (first, second) == ("m", "s")
    assert mapping.at(("{value}", "[]")).kind is Kind.INTEGER
    assert struct.at(("x",)).size == 2
