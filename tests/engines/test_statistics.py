"""Numbers of a whole column: sums, deviations, quantiles; and the rows of repeated keys."""

import math
import statistics
from decimal import Decimal

import pyarrow as pa
import pytest

from engines.batches import as_files, in_memory, measured
from lakegate.engines.duckdb import DuckDB
from lakegate.engines.explain import explain
from lakegate.engines.interface import Wanted
from lakegate.measures import (
    Distinct,
    Fault,
    Mean,
    MostCommon,
    NotMeasured,
    Quantiles,
    RepeatedRows,
    SeveralValues,
    StandardDeviation,
    Sum,
)
from lakegate.plan import KeyPass, Plan, Scan, ValuesPass
from lakegate.predicates import IsNull, Not, Value
from lakegate.rows import Kind, Type

A, B = Value(("a",)), Value(("b",))
INF, NAN = math.inf, math.nan


def _column(*values, type_=None) -> pa.Table:
    return pa.table({"a": pa.array(values, type_)})


@pytest.mark.parametrize(
    ("values", "total", "mean", "deviation"),
    [
        ([1.0, 2.0, NAN, None, 6.0], 9.0, 3.0, statistics.stdev([1, 2, 6])),
        ([0.1] * 10, 1.0, 0.1, 0.0),  # added without compensation: 0.9999999999999999
        ([1.0], 1.0, 1.0, None),
        ([NAN, None], 0.0, None, None),
        ([1.0, INF], INF, INF, None),
    ],
)
def test_floats_are_summed_without_what_is_no_number(values, total, mean, deviation):
    found = measured(in_memory(_column(*values, type_=pa.float64())), Sum(A), Mean(A), StandardDeviation(A))

    assert found[:2] == [total, mean]
    assert (found[2] is None or math.isnan(found[2])) if deviation is None else math.isclose(found[2], deviation)


def test_integers_and_decimals_are_summed_exactly():
    integers = measured(in_memory(_column(2**63 - 1, 2**63 - 1, None)), Sum(A), Mean(A))
    decimals = measured(in_memory(_column(Decimal("0.10"), Decimal("0.20"), None)), Sum(A))

    assert integers == [2**64 - 2, float(2**63 - 1)]
    assert decimals == [Decimal("0.30")]


def test_a_column_in_which_nothing_has_a_type_has_the_sum_0_and_no_mean():
    nothing = in_memory(_column(None, None, type_=pa.null()))

    assert measured(nothing, Sum(A), Mean(A), Quantiles(A, (0.5,))) == [0, None, None]


@pytest.mark.parametrize(
    ("between", "expected"),
    [("nearest", 3), ("lower", 2), ("higher", 3), ("midpoint", 2.5), ("linear", 1 + 3 * 0.5)],
)
def test_a_quantile_between_two_numbers(between, expected):
    rows = in_memory(_column(3, 1, None, 2, 10))

    assert measured(rows, Quantiles(A, (0.0, 0.5, 1.0), between)) == [SeveralValues((1, expected, 10))]


@pytest.mark.parametrize("measure", [Sum(A), Mean(A), StandardDeviation(A), Quantiles(A, (0.5,))])
def test_text_has_no_sum(measure):
    (answer,) = measured(in_memory(_column("1")), measure)

    assert answer == NotMeasured(Fault.DATA, "column 'a': got type string, expected a number")


@pytest.mark.parametrize("measure", [Distinct(A), MostCommon(A), RepeatedRows((A,), Not(IsNull(A)))])
def test_a_missing_column_has_no_values(measure):
    (answer,) = measured(in_memory(pa.table({"A": [1]})), measure)

    assert answer == NotMeasured(Fault.DATA, "the data has no column 'a' (it has 'A')")


def test_the_rows_of_a_repeated_key_are_found_where_null_is_null(tmp_path):
    table = pa.table({"a": [1.0, NAN, None, 2.0, 1.0], "b": ["x", "y", "y", "x", "x"]})
    measure = RepeatedRows((A, B), Not(IsNull(B)))

    for rows in (in_memory(table), as_files(tmp_path, table)):
        located = DuckDB().locate([Wanted(measure)], rows, {}, 10)

        assert measured(rows, measure) == [4]
        assert [place.row for place in located[measure]] == [1, 2, 3, 5]


def test_a_plan_shows_the_queries():
    stages = (
        Scan((Sum(A), Mean(A))),
        KeyPass(RepeatedRows((A,), Not(IsNull(A)))),
        *map(ValuesPass, (Distinct(A), MostCommon(A), Quantiles(A, (0.5,)))),
    )

    told = explain(Plan(stages), [], {"a": Type(Kind.FLOAT, "DOUBLE")}, "the batch")

    for word in ("ELSE fsum(", "ELSE favg(", "rows that repeat a key", "the values of a column", "WHERE r IN (…)"):
        assert word in told
