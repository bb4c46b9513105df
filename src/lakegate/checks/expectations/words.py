"""Expectations in plain words, for readers who do not know the library. What is not said here keeps the library's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lakegate.checks.wording import listed, number, once
from lakegate.contract.expectations import Expectation

_BOUNDS = frozenset({"min_value", "max_value", "strict_min", "strict_max"})
_CONDITION = frozenset({"row_condition", "condition_parser"})
_COLUMN = frozenset({"column"})
_PAIR = frozenset({"column_A", "column_B"})
_PRESENT = "ignore_row_if"


def in_words(asked: Expectation) -> str:
    """Return what an expectation asks, in plain words; what it says beside them is never passed over in silence."""
    said = {name: value for name, value in asked.kwargs.items() if value is not None}
    found = _of_values(asked.type, said) or _of_column(asked.type, said) or _of_rows(asked.type, said)
    if not found:
        return asked.sentence
    condition = said.get("row_condition")
    if condition is not None and not isinstance(condition, str):
        return asked.sentence
    return f"{found}, where {condition}" if condition else found


# --- of each value ----------------------------------------------------------------------------------------------

_Words = Callable[[Mapping[str, Any]], str]

_VALUES: dict[str, tuple[_Words, frozenset[str]]] = {
    "expect_column_values_to_not_be_null": (lambda _: "is never null", frozenset()),
    "expect_column_values_to_be_null": (lambda _: "is always null", frozenset()),
    "expect_column_values_to_be_unique": (lambda _: "never occurs twice", frozenset()),
    "expect_column_values_to_be_between": (lambda said: f"is {_range(said)}", _BOUNDS),
    "expect_column_values_to_be_in_set": (lambda said: f"is {listed(said['value_set'])}", frozenset({"value_set"})),
    "expect_column_values_to_not_be_in_set": (
        lambda said: f"is not {listed(said['value_set']).removeprefix('only ')}",
        frozenset({"value_set"}),
    ),
    "expect_column_values_to_match_regex": (lambda said: f"matches {said['regex']}", frozenset({"regex"})),
    "expect_column_values_to_not_match_regex": (lambda said: f"does not match {said['regex']}", frozenset({"regex"})),
    "expect_column_value_lengths_to_be_between": (lambda said: f"has {_range(said)} characters", _BOUNDS),
    "expect_column_value_lengths_to_equal": (lambda said: f"has {said['value']} characters", frozenset({"value"})),
}


def _of_values(type_: str, said: Mapping[str, Any]) -> str:
    words, known = _VALUES.get(type_, (None, frozenset()))
    if words is None or not set(said) <= known | _COLUMN | _CONDITION | {"mostly"} or not _told(said, known):
        return ""
    mostly = said.get("mostly", 1)
    if mostly == 1:
        return f"{said.get('column')} {words(said)}"
    every = "" if "null" in type_ else " that have one"
    told = words(said).replace("is never null", "is not null").replace("is always null", "is null")
    return f"{said.get('column')} {told} in at least {100 * mostly:g} % of the rows{every}"


# --- of a whole column ------------------------------------------------------------------------------------------

_NUMBERS = {
    "max": "the greatest {}",
    "min": "the least {}",
    "mean": "the mean of {}",
    "median": "the median of {}",
    "sum": "the sum of {}",
    "stdev": "the standard deviation of {}",
    "unique_value_count": "the number of different values of {}",
}
_SETS = {
    "expect_column_distinct_values_to_equal_set": "the values of {} are exactly {}",
    "expect_column_distinct_values_to_contain_set": "among the values of {} are {}",
    "expect_column_distinct_values_to_be_in_set": "the values of {} are all among {}",
}


def _of_column(type_: str, said: Mapping[str, Any]) -> str:
    stem = type_.removeprefix("expect_column_").removesuffix("_to_be_between")
    if stem in _NUMBERS and type_.endswith("_between") and set(said) <= _BOUNDS | _COLUMN | _CONDITION:
        return f"{_NUMBERS[stem].format(said.get('column'))} is {_range(said)}" if _told(said, _BOUNDS) else ""
    if type_ in _SETS and set(said) <= {"column", "value_set"} | _CONDITION and said.get("value_set"):
        values = listed(said["value_set"]).removeprefix("one of ").removeprefix("only ")
        return _SETS[type_].format(said.get("column"), values)
    if type_ == "expect_column_to_exist" and set(said) == {"column"}:
        return f"there is a column {said['column']}"
    return ""


# --- of rows and the table --------------------------------------------------------------------------------------


def _of_rows(type_: str, said: Mapping[str, Any]) -> str:
    if type_ == "expect_column_pair_values_a_to_be_greater_than_b" and set(said) <= {*_PAIR, "or_equal", _PRESENT}:
        than = "at least" if said.get("or_equal") else "greater than"
        return f"{said.get('column_A')} is {than} {said.get('column_B')}{_where_present(said)}"
    if type_ == "expect_column_pair_values_to_be_equal" and set(said) <= {*_PAIR, _PRESENT}:
        return f"{said.get('column_A')} equals {said.get('column_B')}{_where_present(said)}"
    if type_ == "expect_compound_columns_to_be_unique" and set(said) <= {"column_list", _PRESENT}:
        return once([str(name) for name in said["column_list"]]) + _where_present(said)
    if type_ == "expect_table_row_count_to_be_between" and set(said) <= _BOUNDS and _told(said, _BOUNDS):
        return f"the number of rows is {_range(said)}"
    if type_ == "expect_table_row_count_to_equal" and set(said) == {"value"}:
        return f"the number of rows is {number(said['value'])}"
    return ""


def _where_present(said: Mapping[str, Any]) -> str:
    """Return which rows are passed over, in the words of `ignore_row_if`; nothing said is what the library does."""
    return {
        "both_values_are_missing": ", unless both are null",
        "either_value_is_missing": ", where both are there",
        "all_values_are_missing": ", unless all are null",
        "any_value_is_missing": ", where all are there",
        "never": ", nulls too",
    }.get(str(said.get(_PRESENT)), "")


def _told(said: Mapping[str, Any], known: frozenset[str]) -> bool:
    """Whether what the words need is there, as values that can be told."""
    if known == _BOUNDS:
        ends = [said[end] for end in ("min_value", "max_value") if end in said]
        return bool(ends) and all(isinstance(end, int | float | str) for end in ends)
    return all(isinstance(said.get(name), list | str | int) and said[name] != [] for name in known)


def _range(said: Mapping[str, Any]) -> str:
    """Return the bounds: `between 1 and 9`, `at least 1`, `more than 1 and at most 9`."""
    low, high = said.get("min_value"), said.get("max_value")
    above, below = said.get("strict_min"), said.get("strict_max")
    if low is not None and high is not None and not above and not below:
        return f"between {number(low)} and {number(high)}"
    parts = [f"{'more than' if above else 'at least'} {number(low)}"] if low is not None else []
    parts += [f"{'less than' if below else 'at most'} {number(high)}"] if high is not None else []
    return " and ".join(parts)
