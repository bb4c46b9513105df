"""What we say of an expectation is what Great Expectations says of the same rows."""

import pyarrow as pa
import pytest

from lakegate.contract.expectations import Expectation
from libraries.great_expectations import cases
from libraries.great_expectations.cases import MAKERS
from libraries.great_expectations.differential import Tally, compare, run, told
from libraries.great_expectations.oracle import asked_of_pandas

pytestmark = pytest.mark.filterwarnings("ignore")  # the library's own, and of what it imports


@pytest.mark.parametrize("seed", range(4))
def test_every_translated_expectation_says_what_the_library_says(seed):
    tally = run(1500, seed)

    assert not tally.different, told(tally)
    assert min(tally.equal[type_] for type_ in MAKERS) >= 5, tally.equal  # none is left out
    assert sum(tally.left.values()) < tally.compared / 5


@pytest.mark.parametrize("texts", [cases.TEXTS, [text for text in cases.TEXTS if text.isascii()]], ids=["all", "ascii"])
def test_every_pattern_finds_in_every_text_what_the_library_finds(texts):
    rows, tally = pa.table({"text": [*texts, None]}), Tally()
    kwargs = [{"column": "text", "regex": pattern} for pattern in cases.REGEXES]
    asked = [Expectation(f"expect_column_values_to_{w}_regex", k) for w in ("match", "not_match") for k in kwargs]

    compare(cases.contract(), rows, asked, tally)

    assert not tally.different, told(tally)
    assert tally.compared > len(asked) / 2


@pytest.mark.parametrize(
    ("type_", "kwargs"),
    [
        ("expect_column_values_to_match_like_pattern", {"column": "a", "like_pattern": "x"}),
        ("expect_column_values_to_match_like_pattern_list", {"column": "a", "like_pattern_list": ["x"]}),
        ("expect_column_values_to_not_match_like_pattern", {"column": "a", "like_pattern": "x"}),
        ("expect_column_values_to_not_match_like_pattern_list", {"column": "a", "like_pattern_list": ["x"]}),
        ("unexpected_rows_expectation", {"unexpected_rows_query": "SELECT * FROM {batch}"}),
        ("expect_table_row_count_to_equal_other_table", {"other_table_name": "u"}),
    ],
)
def test_what_the_page_says_the_library_cannot_evaluate_it_cannot(type_, kwargs):
    (said,) = asked_of_pandas(pa.table({"a": ["x"]}).to_pandas(), [Expectation(type_, kwargs)])

    assert said.error
