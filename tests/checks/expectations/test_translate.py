"""What is translated, what is left to the library, and what a judgement tells."""

import datetime as dt
import itertools
from decimal import Decimal

import pyarrow as pa
import pytest

from lakegate.checks.expectations.translate import TRANSLATIONS, translated
from lakegate.checks.interface import Found, Identity, Judgement, Outcome
from lakegate.contract.expectation_catalogue import CATALOGUE
from lakegate.contract.expectations import Expectation
from lakegate.contract.model import Action, LogicalType, Property, SchemaObject
from lakegate.engines.duckdb import DuckDB
from lakegate.engines.interface import Wanted
from lakegate.errors import ContractError, Refused
from lakegate.intake.types import table_types
from lakegate.measures import RowCount
from lakegate.plan import plan
from lakegate.rows import Rows

OBJ = SchemaObject(
    "t",
    "t",
    (
        Property("text", "TXT", LogicalType.STRING),
        Property("other", "other", LogicalType.STRING),
        Property("number", "number", LogicalType.NUMBER),
        Property("integer", "integer", LogicalType.INTEGER),
        Property("day", "day", LogicalType.DATE),
        Property("at", "at", LogicalType.TIMESTAMP),
        Property("zoned", "zoned", LogicalType.TIMESTAMP, options={"timezone": True}),
        Property("list", "list", LogicalType.ARRAY),
        Property("untyped", "untyped"),
    ),
)
IDENTITY = Identity("t.e", "quality", "e", "e", "t")


def _check(type_, action=Action.FAIL, **kwargs):
    return translated(Expectation(type_, kwargs), OBJ, IDENTITY, action)


def _judged(check, **columns) -> Judgement:
    table = pa.table(columns)
    rows = Rows(table=table, table_types=table_types(table))
    answers = DuckDB().measure(plan([check]), rows, {}, "t")
    return check.judge(Found(rows, int(answers[RowCount()]), answers))


def test_every_translation_is_of_a_core_expectation():
    assert set(TRANSLATIONS) <= set(CATALOGUE)


@pytest.mark.parametrize(
    ("type_", "kwargs"),
    [
        ("expect_column_values_to_be_increasing", {"column": "number"}),
        ("expect_column_values_to_be_null", {"column": "absent"}),
        ("expect_column_values_to_be_null", {"column": 1}),
        ("expect_column_values_to_be_null", {"column": "text", "row_condition": "number > 1"}),
        ("expect_column_values_to_be_null", {"column": "text", "unheard_of": 1}),
        ("expect_column_values_to_be_null", {"column": "text", "mostly": 1.5}),
        ("expect_column_values_to_be_null", {"column": "text", "mostly": {"$PARAMETER": "share"}}),
        ("expect_column_values_to_be_null", {"column": "text", "mostly": True}),
        ("expect_column_values_to_be_in_set", {"column": "text", "value_set": ["a", 1]}),
        ("expect_column_values_to_be_in_set", {"column": "text", "value_set": ["a\0"]}),
        ("expect_column_values_to_be_in_set", {"column": "text", "value_set": None}),
        ("expect_column_values_to_be_in_set", {"column": "number", "value_set": [1, "2"]}),
        ("expect_column_values_to_be_in_set", {"column": "number", "value_set": [True]}),
        ("expect_column_values_to_be_in_set", {"column": "number", "value_set": [2**60]}),
        ("expect_column_values_to_be_in_set", {"column": "day", "value_set": ["2026-01-31"]}),
        ("expect_column_values_to_be_in_set", {"column": "list", "value_set": [1]}),
        ("expect_column_values_to_be_between", {"column": "text", "min_value": 1}),
        ("expect_column_values_to_be_between", {"column": "number"}),
        ("expect_column_values_to_be_between", {"column": "number", "min_value": 2, "max_value": 1}),
        ("expect_column_values_to_be_between", {"column": "number", "min_value": "1"}),
        ("expect_column_values_to_be_between", {"column": "number", "min_value": 1, "strict_min": "yes"}),
        ("expect_column_values_to_be_between", {"column": "number", "min_value": float("nan")}),
        ("expect_column_values_to_be_between", {"column": "day", "min_value": "31.01.2026"}),
        ("expect_column_values_to_be_between", {"column": "day", "min_value": "2026-02-31"}),
        ("expect_column_values_to_be_between", {"column": "at", "min_value": "2026-01-31T12:00:00"}),  # zoned, or not?
        ("expect_column_values_to_be_between", {"column": "zoned", "min_value": "2026-01-31T12:00:00"}),
        ("expect_column_values_to_be_between", {"column": "zoned", "min_value": "2026-02-31T12:00:00Z"}),
        ("expect_column_value_lengths_to_equal", {"column": "number", "value": 1}),
        ("expect_column_value_lengths_to_equal", {"column": "text", "value": 1.5}),
        ("expect_column_value_lengths_to_be_between", {"column": "text", "min_value": 1.5}),
        ("expect_column_value_lengths_to_be_between", {"column": "text"}),
        ("expect_column_values_to_match_regex", {"column": "text", "regex": 1}),
        ("expect_column_values_to_match_regex_list", {"column": "text", "regex_list": []}),
        ("expect_column_values_to_match_regex_list", {"column": "text", "regex_list": ["a"], "match_on": "some"}),
        ("expect_column_values_to_be_unique", {"column": "untyped"}),
        ("expect_column_pair_values_to_be_equal", {"column_A": "text", "column_B": "number"}),
        ("expect_column_pair_values_to_be_equal", {"column_A": "text", "column_B": "other", "ignore_row_if": "never"}),
        ("expect_column_pair_values_to_be_in_set", {"column_A": "text", "column_B": "other", "value_pairs_set": ["a"]}),
        ("expect_multicolumn_sum_to_equal", {"column_list": ["text", "other"], "sum_total": 1}),
        ("expect_multicolumn_sum_to_equal", {"column_list": ["number"], "sum_total": 1}),
        ("expect_compound_columns_to_be_unique", {"column_list": ["text", "text"]}),
        ("expect_compound_columns_to_be_unique", {"column_list": ["text", "list"]}),
        ("expect_column_distinct_values_to_be_in_set", {"column": "text", "value_set": []}),
        ("expect_column_quantile_values_to_be_between", {"column": "number", "quantile_ranges": {"quantiles": [0.5]}}),
        ("expect_table_row_count_to_equal", {"value": "3"}),
        ("expect_table_row_count_to_equal", {}),
        ("expect_table_columns_to_match_ordered_list", {"column_list": None}),
        ("unexpected_rows_expectation", {"unexpected_rows_query": "SELECT * FROM {batch} WHERE a = '{}'"}),
        ("unexpected_rows_expectation", {"unexpected_rows_query": "SELECT * FROM t"}),
    ],
)  # fmt: skip
def test_what_is_not_understood_to_the_letter_is_left_to_the_library(type_, kwargs):
    assert _check(type_, **kwargs) is None


JUNK = (
    None,
    [],
    {},
    [[]],
    [None],
    [{}],
    1,
    -1,
    1.5,
    True,
    "",
    "x",
    float("nan"),
    float("inf"),
    10**400,
    {"$PARAMETER": "x"},
)
SOUND = {"column": "number", "column_A": "number", "column_B": "integer", "column_list": ["number", "integer"]}


@pytest.mark.parametrize("type_", sorted(set(TRANSLATIONS) - {"unexpected_rows_expectation"}))
def test_whatever_stands_in_a_kwarg_it_is_translated_or_left_to_the_library(type_):
    for name, junk in itertools.product(CATALOGUE[type_].all, JUNK):
        sound = {key: SOUND[key] for key in CATALOGUE[type_].required if key in SOUND}

        check = _check(type_, **sound | {name: junk})

        assert check is None or check.measures() is not None


def test_a_column_is_found_by_its_name_in_the_data_first():
    assert _check("expect_column_values_to_be_null", column="TXT") is not None
    assert _check("expect_column_values_to_be_null", column="text") is not None


def test_a_failing_rule_of_rows_tells_numbers_and_which_rows():
    check = _check("expect_column_values_to_be_between", column="number", min_value=1, mostly=0.9)
    table = pa.table({"number": [0.5, None, 1.0, -3.0]})
    rows = Rows(table=table, table_types=table_types(table))

    judgement = _judged(check, number=[0.5, None, 1.0, -3.0])
    located = DuckDB().locate([Wanted(check.failing())], rows, {}, 5)

    assert judgement.outcome is Outcome.FAILED
    assert judgement.reason == "got 2 rows of 3 that are not, expected at least 1 in at least 90 % of them"
    assert judgement.diagnostics["result"]["unexpected_percent"] == 2 / 3 * 100
    assert (judgement.diagnostics["failed"], judgement.diagnostics["total"]) == (2, 4)
    assert [place.row for place in located[check.failing()]] == [1, 4]


def test_of_no_rows_a_rule_of_rows_has_nothing_to_say():
    judgement = _judged(_check("expect_column_values_to_be_null", column="TXT"), TXT=pa.array([], pa.string()))

    assert (judgement.outcome, judgement.diagnostics["success"]) == (Outcome.NOT_APPLICABLE, True)


def test_a_column_without_any_value_has_no_maximum():
    check = _check("expect_column_max_to_be_between", column="number")

    judgement = _judged(check, number=pa.array([None, None], pa.float64()))

    assert (judgement.outcome, judgement.reason) == (
        Outcome.FAILED,
        "got no value to take the maximum of, expected any value",
    )


def test_a_column_of_another_type_fails():
    check = _check("expect_column_mean_to_be_between", column="number", min_value=0)

    judgement = _judged(check, number=["1", "2"])

    assert judgement.outcome is Outcome.FAILED
    assert "got type string, expected a number" in judgement.reason


def test_an_action_says_what_a_failure_comes_to():
    check = _check("expect_table_row_count_to_equal", action=Action.WARN, value=2)

    assert _judged(check, TXT=["a"]).outcome is Outcome.WARNED


ONE_QUANTILE = {"quantiles": [0.5], "value_ranges": [[0, 1]]}


@pytest.mark.parametrize(
    ("type_", "kwargs", "sampled"),
    [
        ("expect_column_max_to_be_between", {"max_value": 1}, False),
        ("expect_column_mean_to_be_between", {"max_value": 1}, False),
        ("expect_column_quantile_values_to_be_between", {"quantile_ranges": ONE_QUANTILE}, False),
        ("expect_column_most_common_value_to_be_in_set", {"value_set": [1]}, True),
    ],
)  # fmt: skip
def test_a_value_of_the_data_can_be_left_out(type_, kwargs, sampled):
    judgement = _judged(_check(type_, column="number", **kwargs), number=[87654.0, 87654.0])

    assert (judgement.quotes, judgement.sampled) == (("number",), sampled)
    assert "87654" in judgement.reason
    assert "87654" in str(judgement.diagnostics)
    assert "87654" not in f"{judgement.discreet.reason} {judgement.discreet.diagnostics}"


def test_decimals_with_nulls_are_summed_as_they_are():
    check = _check("expect_column_sum_to_be_between", column="number", min_value=0.3, max_value=0.3)

    judgement = _judged(check, number=[Decimal("0.1"), None, Decimal("0.2")])

    assert judgement.outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("type_", "kwargs", "values", "unexpected"),
    [
        ("expect_column_values_to_be_between", {"min_value": 0.1, "max_value": 0.1}, [Decimal("0.10"), None], 0),
        ("expect_column_values_to_be_in_set", {"value_set": [1.1]}, [Decimal("1.10"), Decimal("1.11")], 1),
        ("expect_column_values_to_be_between", {"max_value": 2**53}, [2**53, 2**53 + 1, None], 1),
        ("expect_column_values_to_be_unique", {}, [2**53, 2**53 + 1, None], 0),
    ],
)
def test_numbers_are_what_is_written_where_pandas_loses_it(type_, kwargs, values, unexpected):
    judgement = _judged(_check(type_, column="number", **kwargs), number=values)

    assert judgement.diagnostics["result"]["unexpected_count"] == unexpected


def test_dates_are_told_as_text():
    check = _check("expect_column_max_to_be_between", column="day", max_value="2026-01-01")

    judgement = _judged(check, day=[dt.date(2026, 1, 31), None])

    assert judgement.reason == "got the maximum 2026-01-31, expected at most 2026-01-01"


# --- queries ----------------------------------------------------------------------------------------------------

QUERY = "unexpected_rows_expectation"


def test_rows_that_a_query_finds_fail():
    check = _check(QUERY, unexpected_rows_query="SELECT * FROM {batch} WHERE integer > 2 -- too many ;")

    judgement = _judged(check, integer=[1, 2, 3])

    assert (judgement.outcome, judgement.reason) == (Outcome.FAILED, "got 1 row, expected no row")
    assert judgement.diagnostics["result"] == {"observed_value": 1}


def test_a_query_that_finds_nothing_passes():
    check = _check(QUERY, unexpected_rows_query="WITH a AS (SELECT * FROM {batch}) SELECT * FROM a WHERE integer > 9;")

    assert _judged(check, integer=[1, 2, 3]).outcome is Outcome.PASSED


def test_a_query_is_vetted():
    with pytest.raises(Refused):
        _check(QUERY, unexpected_rows_query="SELECT * FROM {batch}, read_csv('x')")
    with pytest.raises(ContractError):
        _check(QUERY, unexpected_rows_query="SELEC * FROM {batch}")
