"""The catalogue of expectations is the library's own."""

import pytest

from lakegate.contract.expectation_catalogue import CATALOGUE, LIBRARY, kwargs_of, snake_case, spelled
from libraries.great_expectations import oracle

# Of every expectation; none of it is among its kwargs in a suite.
ABOUT_IT = {"id", "meta", "notes", "description", "result_format", "catch_exceptions", "rendered_content", "severity"}
ABOUT_IT |= {"windows", "user_provided_description", "library_metadata"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the library's own, and of what it imports
def test_the_catalogue_holds_what_the_library_holds():
    assert oracle.version().startswith(LIBRARY)
    from great_expectations.expectations.registry import (
        get_expectation_impl,
        list_registered_expectation_implementations,
    )

    theirs = {}
    for type_ in list_registered_expectation_implementations():
        found = get_expectation_impl(type_)
        if found.__module__.startswith("great_expectations.expectations.core"):
            fields = {name: field for name, field in found.__fields__.items() if name not in ABOUT_IT}
            required = {name for name, field in fields.items() if field.required}
            theirs[type_] = (required, set(fields) - required)

    assert {type_: (set(one.required), set(one.optional)) for type_, one in CATALOGUE.items()} == theirs


def test_an_unknown_type_has_no_kwargs():
    assert kwargs_of("expect_the_unexpected") is None
    assert spelled("expect_the_unexpected", "column") is None


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("minValue", "min_value"),
        ("min_value", "min_value"),
        ("column", "column"),
        ("columnA", "column_A"),
        ("column_A", "column_A"),
        ("ignoreRowIf", "ignore_row_if"),
        ("unexpectedRowsQuery", "unexpected_rows_query"),
        ("type", "type_"),
    ],
)
def test_camel_case_is_read_as_the_library_writes_it(written, name):
    assert snake_case(written) == name


def test_a_kwarg_is_found_in_both_spellings():
    assert spelled("expect_column_max_to_be_between", "strictMin") == "strict_min"
    assert spelled("expect_column_max_to_be_between", "mostly") is None
    assert spelled("expect_column_max_to_be_between", "catchExceptions") == "catch_exceptions"
