"""Make docs/reference/expectations.md from the code: `python docs/reference/expectations.py` (tests/test_docs.py)."""  # noqa: INP001 - a script

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lakegate.checks.expectations.translate import TRANSLATIONS
from lakegate.contract.expectation_catalogue import CATALOGUE, LIBRARY

PAGE = Path(__file__).parent / "expectations.md"

HEAD = f"""# Every core expectation of Great Expectations {LIBRARY}

An expectation whose meaning equals measures is translated: it runs in the contract's own scan, on files larger than
memory, and says what the library says: success, the counts, the percentages, the observed value. Every other runs in the
library itself, on a frame of the columns that it needs, and costs more. Equality is
[proved against the library](../differential.md).

Which of both it is, is decided before any data are read, from the expectation's kwargs and from what the contract
declares of its columns. The library runs an expectation of a translated type too where

- it has a `row_condition`, a suite parameter (`$PARAMETER`), or a kwarg that {LIBRARY} does not know;
- its column is not in the contract, or has no logicalType that values can be compared with (`object`, `array`, `map`,
  `time`, none); beside a bound a `timestamp` must say `timezone: true` or `false` in the contract;
- a value is not of the column's type: `"1"` for a number, `1` for text, a number beyond 2^53, text for a date in a set;
- several columns are not of one type;
- a regular expression looks around, refers back, asks for word boundaries (`\\b`), ignores case (`(?i)`), has any other
  flag but `(?s)`, has `$` elsewhere than at the end, or is very large (`\\w{{20}}`).

If the data then have another type than the contract declares, their type check fails, and so does the expectation.

| expectation | runs | in which way |
|---|---|---|
"""

FOOT = """
## Where the library's answer depends on pandas: the meaning we took
The library's meaning is taken from pandas, on the frame that Arrow makes of the same rows. Where pandas cannot answer, or
answers by what it loses, this is what we took.

| what | the library on pandas | ours |
|---|---|---|
| NaN in a column of floats | missing, as null is | the same, in expectations only: `required` and `nullValues` tell null from NaN |
| integers in a column with nulls | become floats: beyond 2^53 neighbours are one number; sums of integers wrap beyond 64 bits | compared and summed exactly |
| decimals against a number with a fraction | by the float's exact value: `0.1` is no `Decimal("0.10")`, and lies above it | numbers as they are written: 0.1 is 0.10 |
| decimals, dates, booleans with nulls | raises where they are summed, averaged or compared as a pair | nulls are left out of sums and means; a pair with a missing value is unexpected, as for any other type |
| sums, means, deviations of floats | in the order of the rows | with compensation for what rounding loses: the last digits may differ, and a bound that lies within them |
| two expectations of quantiles of one column in one suite | both are answered with the quantiles of the first | each with its own |
| quantiles `linear` or `midpoint` of infinities | NaN, even where an infinity stands at the very place | the infinity; NaN only between two of different sign |
| numbers with a point in CSV and JSON | floats, as pandas would read them | in the scan as they are written, exactly; a library that runs itself is given doubles |
| regular expressions | Python's `re`, for some texts Arrow's RE2 | Python's meaning of `\\d`, `\\w`, `\\s`, `.`, `$`, on all texts |
| LIKE patterns | cannot be evaluated | as in SQL's standard, held against SQLite: case counts, only `escape` escapes |
| `unexpected_rows_expectation` | cannot be evaluated | the query is a contract's own SQL: DuckDB's dialect, [vetted](sql.md), over `{batch}` alone |
| `expect_column_to_exist` with `column_index: 0` | asks for the column anywhere: 0 counts as nothing said | the same |
| no rows | every rule of rows succeeds; extremes, means and quantiles fail, a sum is 0 | the same; a rule of rows is reported as not applicable |
| `observed_value` of the most common values | all of them | how many there are, and the first 20 |
"""

NOT_ON_PANDAS = frozenset(
    {
        "expect_column_values_to_match_like_pattern",
        "expect_column_values_to_match_like_pattern_list",
        "expect_column_values_to_not_match_like_pattern",
        "expect_column_values_to_not_match_like_pattern_list",
        "expect_query_results_to_match_comparison",
        "expect_table_row_count_to_equal_other_table",
        "unexpected_rows_expectation",
    }
)

NUMBERS = "numbers"
ORDERED = "numbers, dates, timestamps"
LISTED = "text, numbers, booleans; dates where the set holds dates"
ANY = "text, numbers, booleans, dates, timestamps"
OF_TYPES = {
    "distinct_values_to_be_in_set": "text, numbers, booleans, dates",
    "distinct_values_to_contain_set": "text, numbers, booleans, dates",
    "distinct_values_to_equal_set": "text, numbers, booleans, dates",
    "max_to_be_between": ORDERED,
    "min_to_be_between": ORDERED,
    "mean_to_be_between": NUMBERS,
    "median_to_be_between": NUMBERS,
    "quantile_values_to_be_between": NUMBERS,
    "stdev_to_be_between": NUMBERS,
    "sum_to_be_between": NUMBERS,
    "most_common_value_to_be_in_set": "text, numbers, booleans",
    "pair_values_a_to_be_greater_than_b": "two columns of text, numbers, dates or timestamps",
    "pair_values_to_be_equal": "two columns of one type",
    "pair_values_to_be_in_set": "text, numbers, booleans",
    "proportion_of_non_null_values_to_be_between": "any declared column",
    "proportion_of_unique_values_to_be_between": ANY,
    "unique_value_count_to_be_between": ANY,
    "value_lengths_to_be_between": "text",
    "value_lengths_to_equal": "text",
    "values_to_be_between": ORDERED,
    "values_to_be_in_set": LISTED,
    "values_to_not_be_in_set": LISTED,
    "values_to_be_null": "any declared column",
    "values_to_not_be_null": "any declared column",
    "values_to_be_unique": ANY,
    "expect_compound_columns_to_be_unique": ANY,
    "expect_multicolumn_sum_to_equal": NUMBERS,
    "expect_multicolumn_values_to_be_equal": "columns of one type",
    "expect_select_column_values_to_be_unique_within_record": "up to 12 columns of one type",
}


def page() -> str:
    """Return the page's text."""
    return HEAD + "\n".join(_rows()) + "\n" + FOOT


def _rows() -> Iterator[str]:
    for type_ in CATALOGUE:
        if type_ in TRANSLATIONS:
            types = OF_TYPES.get(type_) or OF_TYPES.get(type_.removeprefix("expect_column_"))
            text = "text" if "_match_" in type_ and "column_values" in type_ else ""
            where = f"translated{': ' if types or text else ''}{types or text}"
            where += "; the library cannot evaluate it on pandas" if type_ in NOT_ON_PANDAS else ""
            yield f"| `{type_}` | in the contract's own scan | {where} |"
        elif type_ in NOT_ON_PANDAS:
            yield f"| `{type_}` | nowhere | needs a second table or data source: could not evaluate |"
        else:
            yield f"| `{type_}` | in the library | as the library has it |"


if __name__ == "__main__":
    PAGE.write_text(page())
