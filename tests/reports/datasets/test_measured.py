"""The numbers that plots are made of, out of reports."""

import json

import pytest

from checks.asked import contract, judged
from checks.test_history import found as of_history
from checks.test_history import past, rows, rule
from lakegate.checks.interface import Outcome
from lakegate.reports.datasets.measured import measured
from lakegate.reports.datasets.runs import Measured
from lakegate.reports.json import to_json

SHARE = {"failed": 3, "total": 200, "percent": 1.5}
CASES = {
    "no row may break it": (("required", "failed"), SHARE, Measured(1.5, None, 0.0, "percent")),
    "rows set apart": (("enum", "rows set apart"), SHARE, Measured(1.5, None, 0.0, "percent")),
    "a metric in rows": (
        ("nullValues", "passed"),
        {**SHARE, "value": 3, "unit": "rows", "high": 5.0},
        Measured(3.0, None, 5.0, "rows"),
    ),
    "a decimal as text": (("sql", "failed"), {"value": "1.50", "low": 0.0, "high": 0.0}, Measured(1.5, 0.0, 0.0)),
    "text that is text": (("sql", "failed"), {"value": "1.50", "expected": "x"}, None),
    "a truth": (("sql", "passed"), {"value": True}, None),
    "freshness": (
        ("freshness", "passed"),
        {"value": "2026-11-28", "hours": 2.5, "high": 24.0},
        Measured(2.5, None, 24.0, "hours"),
    ),
    "most rows": (
        ("expect_column_values_to_not_be_null", "passed"),
        {**SHARE, "result": {"unexpected_percent": 2.0}, "high": 5.0},
        Measured(2.0, None, 5.0, "percent"),
    ),
    "a library's own count, whose bound is not known": (
        ("expect_something", "passed"),
        {**SHARE, "result": {}},
        Measured(1.5, None, None, "percent"),
    ),
    "a mean": (
        ("expect_column_mean_to_be_between", "failed"),
        {"result": {"observed_value": 7.5}, "low": 1.0, "high": 5.0},
        Measured(7.5, 1.0, 5.0),
    ),
    "a mean that is hidden": (
        ("expect_column_mean_to_be_between", "failed"),
        {"result": {"observed_value": None}},
        None,
    ),
    "different values": (
        ("expect_column_distinct_values_to_equal_set", "failed"),
        {"result": {"observed_value": None, "unexpected_count": 1, "missing_count": 2}},
        Measured(3.0, None, 0.0),
    ),
    "groups": (("reconciliation", "failed"), {"groups": 12, "differ": 2}, Measured(2.0, None, 0.0)),
    "too little history": (("history", "not applicable"), {"value": 12.0, "unit": "rows"}, None),
    "not applicable": (("required", "not applicable"), SHARE, None),
    "could not evaluate": (("required", "could not evaluate"), SHARE, None),
    "nothing measured": (("readable", "passed"), {}, None),
    "of no rows": (("required", "passed"), {"failed": 0, "total": 0, "percent": None}, None),
    "not finite": (("sql", "failed"), {"value": "inf", "high": 1.0}, None),
    "at least so many": (("maxRejected", "failed"), {"failed": 3, "total": 200, "expected": "at most 1 percent"}, None),
}


@pytest.mark.parametrize("case", CASES)
def test_the_number_is_the_one_that_was_judged(case):
    (kind, outcome), diagnostics, expected = CASES[case]
    check = {"key": "k", "type": kind, "outcome": outcome, "diagnostics": diagnostics}

    assert measured({"checks": [check]}) == ({"k": expected} if expected else {})


RULES = {
    "rows": {"metric": "rowCount", "mustBeBetween": [1, 3]},
    "rows-broken": {"metric": "rowCount", "mustBeGreaterThan": 40},
    "nulls": {"metric": "nullValues", "unit": "percent", "mustBeLessThan": 30.5},
    "nulls-broken": {"metric": "nullValues", "unit": "percent", "mustBeLessOrEqualTo": 20},
    "sql": {"type": "sql", "query": "select sum(a) / 2 from t", "mustBe": 1.5},
    "mean": {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "a", "min_value": 1, "max_value": 2}},
    "most": {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "a", "mostly": 0.6}},
    "most-broken": {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "a", "mostly": 0.9}},
}


def _rule(name, said):
    if "kwargs" not in said:
        return {"id": name, **said}
    return {"id": name, "type": "custom", "engine": "greatExpectations", "implementation": said}


def test_a_measured_number_lies_within_what_it_was_held_against_exactly_where_the_rule_holds():
    quality = [_rule(name, said) for name, said in RULES.items() if "nulls" not in name]
    nulls = [_rule(name, said) for name, said in RULES.items() if "nulls" in name]
    document = contract({"name": "a", "logicalType": "integer", "quality": nulls}, quality=quality)
    verdict = judged(document, {"a": [1, 2, None]})

    numbers = measured(json.loads(to_json(verdict)))

    told = {one.key: one.outcome for one in verdict.results if one.key in numbers}
    assert {name for name in RULES if any(key.endswith(name) for key in told)} == RULES.keys()
    for key, outcome in told.items():
        assert within(numbers[key]) == (outcome is Outcome.PASSED), (key, numbers[key])


@pytest.mark.parametrize("against", [{"maxZScore": 4}, {"maxChange": "20 percent"}])
@pytest.mark.parametrize("before", [(100, 102, 98, 101, 99), (100, 100, 100, 90), (100, 100)])
@pytest.mark.parametrize("count", [40, 94, 97, 100, 103, 106, 200])
def test_the_band_of_a_history_rule_is_where_it_holds(against, before, count):
    told = of_history(rows(count), rule(**against), past(*before))
    check = {"key": "k", "type": "history", "outcome": told.outcome, "diagnostics": told.diagnostics}

    number = measured({"checks": [check]})["k"]

    assert number.unit == "rows"
    assert within(number) == (told.outcome is Outcome.PASSED)


def within(number):
    return (number.low is None or number.low <= number.value) and (number.high is None or number.value <= number.high)
