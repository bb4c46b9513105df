"""Rules in plain words: what they say is what is measured, and what cannot be said in words is not."""

import pytest

from checks.asked import contract
from lakegate.checks.derive import Neighbours, checks_of
from lakegate.checks.expectations.words import in_words
from lakegate.checks.wording import listed, number, pattern
from lakegate.contract.expectations import Expectation
from lakegate.contract.odcs import load


def sentence(rule):
    """What a rule at property `a` says that its author gave no name."""

    loaded = load(contract({"name": "a", "quality": [rule]}, {"name": "b"}))
    checks = checks_of(loaded, loaded.schema[0], Neighbours({}, {}))
    return next(check.identity.name for check in checks if check.identity.category == "quality")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"metric": "nullValues", "mustBe": 0}, "no a is null"),
        ({"metric": "nullValues", "mustBeLessThan": 5, "unit": "percent"}, "less than 5 % of all rows have no a"),
        ({"metric": "nullValues", "mustBeLessOrEqualTo": 1}, "at most 1 row has no a"),
        ({"metric": "missingValues", "mustBe": 0, "arguments": {"missingValues": ["", None]}}, "no a is null or ''"),
        ({"metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": ["x"]}}, "every a is only x"),
        (
            {"metric": "invalidValues", "mustBeLessThan": 9, "arguments": {"validValues": [1, 2], "pattern": "^x"}},
            "less than 9 rows have a value of a that is not as expected (is one of 1, 2 and matches the pattern ^x)",
        ),
        ({"metric": "duplicateValues", "mustBe": 0}, "no a occurs twice"),
        ({"metric": "duplicateValues", "mustBeLessThan": 3}, "less than 3 values of a occur more than once"),
        ({"type": "sql", "query": "SELECT 1 FROM t", "mustBe": 10_000}, "the contract's query answers 10,000"),
        ({"type": "sql", "query": "SELECT true FROM t", "mustBe": True}, "the contract's query answers true"),
        (
            {"type": "sql", "query": "SELECT 1 FROM t", "mustBeBetween": [900, 20_000]},
            "the contract's query answers 900 to 20,000",
        ),
    ],
)
def test_a_rule_without_a_name_says_what_it_measures(rule, words):
    assert sentence(rule) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("^[0-9A-Z]{2}$", "2 of 0-9 A-Z"),
        ("^N[0-9A-Z]{2,5}$", "N, then 2 to 5 of 0-9 A-Z"),
        (r"^\d+-\d*$", "one or more of 0-9, then -, then any number of 0-9"),
        ("^[a-f]{3,}$", "at least 3 of a-f"),
        ("^x[ab]?$", "x, then at most one of a b"),
    ],
)
def test_a_simple_pattern_is_spelled_out(text, words):
    assert pattern(text) == f"the pattern {text} ({words})"


@pytest.mark.parametrize(
    "text",
    [
        *("b", "^b", "b$", "^ab+$", "^a{2}$", "^[^a]$", "^a|b$", "^(?i)a$", r"^a\.b$", "^/.*$", "^[0-9]+?$"),
        *("^[0-9]{2}{3}$", "^[a-z]++$", r"^\w$", "^$", "^a.b$", "^(ab)$", "^[a-z]{2}[0-9]|x$", "^a$\n", "^[]$"),
    ],
)
def test_any_other_pattern_stands_as_it_is(text):
    assert pattern(text) == f"the pattern {text}"


def test_numbers_have_marks_from_ten_thousand_on():
    assert [number(one) for one in (1999, 9999, 10_000, -20_000.5, True, "10000")] == [
        *("1999", "9999", "10,000", "-20,000.5", "True", "10000"),
    ]


def test_long_lists_are_cut_and_say_how_many_there_are():
    assert listed(range(20)) == "one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, … (20 in all)"
    assert listed(["", " x", "y" * 99]) == f"one of '', ' x', {'y' * 60}…"


@pytest.mark.parametrize(
    ("kind", "kwargs", "words"),
    [
        ("expect_column_values_to_not_be_null", {}, "c is never null"),
        ("expect_column_values_to_not_be_null", {"mostly": 0.95}, "c is not null in at least 95 % of the rows"),
        ("expect_column_values_to_be_between", {"min_value": 1, "max_value": 9}, "c is between 1 and 9"),
        ("expect_column_values_to_be_between", {"min_value": 1, "strict_min": True}, "c is more than 1"),
        ("expect_column_values_to_be_in_set", {"value_set": ["a", "b"]}, "c is one of a, b"),
        ("expect_column_values_to_not_be_in_set", {"value_set": ["a"]}, "c is not a"),
        ("expect_column_mean_to_be_between", {"max_value": 3}, "the mean of c is at most 3"),
        (
            *("expect_column_values_to_be_between", {"min_value": 1, "row_condition": "x > 0"}),
            "c is at least 1, where x > 0",
        ),
    ],
)
def test_expectations_are_in_plain_words(kind, kwargs, words):
    assert in_words(Expectation(kind, {"column": "c", **kwargs})) == words


@pytest.mark.parametrize(
    ("kind", "kwargs"),
    [
        ("expect_column_values_to_be_between", {}),
        ("expect_column_values_to_be_between", {"min_value": {"$PARAMETER": "x"}}),
        ("expect_column_values_to_be_between", {"min_value": 1, "parse_strings_as_datetimes": True}),
        ("expect_column_values_to_be_in_set", {"value_set": []}),
        ("expect_column_values_to_be_in_set", {"value_set": ["a"], "row_condition": {"type": "comparison"}}),
        ("expect_column_kl_divergence_to_be_less_than", {"threshold": 0.1}),
    ],
)
def test_what_the_words_do_not_know_keeps_the_librarys(kind, kwargs):
    asked = Expectation(kind, {"column": "c", **kwargs})

    assert in_words(asked) == asked.sentence
