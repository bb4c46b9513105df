"""Expectations as suites and rules write them, and what lint says of them."""

import json

import pytest

from lakegate.contract.expectations import Expectation, expectation, findings, suite, suite_findings
from lakegate.contract.source import read
from lakegate.errors import ContractError, Severity

FILE = "expectations/flights.json"


def told(node):
    """(rule, where, severity) of each finding of one expectation."""
    return [(found.rule, ".".join(map(str, found.path)), found.severity) for found in findings(node, ())]


def test_a_suite_as_the_library_writes_it_is_read():
    text = json.dumps(
        {
            "name": "flights",
            "id": "5f2c",
            "meta": {"great_expectations_version": "1.24.1"},
            "notes": None,
            "expectations": [
                {
                    "type": "expect_column_values_to_not_be_null",
                    "kwargs": {"column": "id", "mostly": 0.9, "batch_id": "x"},
                    "meta": {"owner": "me"},
                    "severity": "warning",
                    "id": "b1",
                    "rendered_content": [],
                    "windows": None,
                }
            ],
        }
    )

    read_ = suite(text.encode(), FILE)

    assert (read_.name, read_.file) == ("flights", FILE)
    assert read_.expectations == (
        Expectation(
            "expect_column_values_to_not_be_null",
            {"column": "id", "mostly": 0.9},
            severity="warning",
            id="b1",
            meta={"owner": "me"},
        ),
    )


def test_a_suite_of_an_older_library_is_read():
    old = {
        "expectation_suite_name": "x",
        "expectations": [{"expectation_type": "expect_column_to_exist", "kwargs": {"column": "id"}}],
    }

    assert suite(json.dumps(old).encode(), FILE).expectations[0].type == "expect_column_to_exist"


def test_the_standards_own_example_is_read_as_it_stands():
    node = {"type": "expect_table_row_count_to_be_between", "kwargs": {"minValue": 10, "maxValue": 50}}

    assert expectation(node).kwargs == {"min_value": 10, "max_value": 50}
    assert told(node) == [
        ("spelling", "kwargs.minValue", Severity.HINT),
        ("spelling", "kwargs.maxValue", Severity.HINT),
    ]


def test_mostly_and_severity_may_stand_beside_the_arguments():
    node = {"type": "expect_column_values_to_be_null", "kwargs": {"column": "x"}, "mostly": 0.5, "severity": "info"}

    assert told(node) == []
    assert expectation(node).kwargs == {"column": "x", "mostly": 0.5}


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ("text", [("wrong-type", "", Severity.ERROR)]),
        ({}, [("no-type", "", Severity.ERROR)]),
        ({"type": "expect_column_to_exist", "kwargs": []}, [("wrong-type", "kwargs", Severity.ERROR)]),
        (
            {"type": "expect_column_to_exist", "kwargs": {"colum": "x"}},
            [("unknown-key", "kwargs.colum", Severity.ERROR)],
        ),
        ({"type": "expect_column_to_exist", "kwarg": {}}, [("unknown-key", "kwarg", Severity.ERROR)]),
        (
            {"type": "expect_column_to_exist", "kwargs": {"column": "x"}, "severity": "bad"},
            [("unknown-value", "severity", Severity.ERROR)],
        ),
        (
            {"type": "expect_column_values_to_be_null", "kwargs": {"column": "x", "mostly": 95}},
            [("bad-bound", "kwargs.mostly", Severity.ERROR)],
        ),
        (
            {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "x"}},
            [("no-argument", "kwargs", Severity.ERROR)],
        ),
        ({"type": "expect_column_values_to_be_polite_at_noon", "kwargs": {"how": 1}}, []),
    ],
)
def test_what_is_wrong_is_told_at_its_place(node, expected):
    assert told(node) == expected


@pytest.mark.parametrize("text", ["{}", "[]", '{"expectations": {}}', '{"expectations": []}', "{", ""])
def test_what_is_no_suite_is_never_an_empty_one(text):
    with pytest.raises(ContractError):
        suite(text.encode(), FILE)


def test_a_fault_in_a_suite_has_the_suites_own_line():
    text = '{"expectations": [\n  {"type": "expect_column_to_exist",\n   "kwargs": {"colum": "x"}}\n]}'
    source = read(text.encode(), FILE)

    (problem,) = source.locate(suite_findings(source))

    assert (problem.file, problem.line, problem.rule) == (FILE, 3, "unknown-key")
    assert "did you mean column?" in problem.hint


REACHING = [
    "@pd.io.common.os.system('true') == 0",
    "x.__class__ == 1",
    "x == 'a\\' @pd'",
    {"type": "pass_through", "pass_through_filter": "@pd.x"},
    {"type": "and", "conditions": [{"column": {"name": "x"}, "operator": "==", "parameter": "a' and @pd.x == '"}]},
]
STAYING = [
    "x == 'me@example.com' and y > 1",
    {"type": "comparison", "column": {"name": "x"}, "operator": "==", "parameter": "me@example.com"},
    None,
]


@pytest.mark.parametrize("condition", [*REACHING, *STAYING])
def test_a_condition_names_columns_and_nothing_else(condition):
    node = {"type": "expect_column_values_to_be_null", "kwargs": {"column": "x", "row_condition": condition}}

    refused = [("refused-condition", "kwargs.row_condition", Severity.ERROR)] if condition in REACHING else []
    assert told(node) == refused
