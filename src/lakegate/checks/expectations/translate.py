"""From an expectation to a check over measures, where the two mean the same. No library is loaded for it."""

from __future__ import annotations

from collections.abc import Callable

from lakegate.checks.expectations import aggregates, row_wise, sets, several_columns, table
from lakegate.checks.expectations.asked import Asked, Untranslatable
from lakegate.checks.interface import Check, Identity
from lakegate.contract.expectation_catalogue import kwargs_of
from lakegate.contract.expectations import Expectation
from lakegate.contract.model import Action, SchemaObject

TRANSLATIONS: dict[str, Callable[[Asked], Check]] = {
    "expect_column_distinct_values_to_be_in_set": sets.in_set,
    "expect_column_distinct_values_to_contain_set": sets.contain_set,
    "expect_column_distinct_values_to_equal_set": sets.equal_set,
    "expect_column_max_to_be_between": aggregates.maximum,
    "expect_column_mean_to_be_between": aggregates.mean,
    "expect_column_median_to_be_between": aggregates.median,
    "expect_column_min_to_be_between": aggregates.minimum,
    "expect_column_most_common_value_to_be_in_set": sets.most_common,
    "expect_column_pair_values_a_to_be_greater_than_b": several_columns.pair_greater,
    "expect_column_pair_values_to_be_equal": several_columns.pair_equal,
    "expect_column_pair_values_to_be_in_set": several_columns.pair_in_set,
    "expect_column_proportion_of_non_null_values_to_be_between": aggregates.present_share,
    "expect_column_proportion_of_unique_values_to_be_between": aggregates.unique_share,
    "expect_column_quantile_values_to_be_between": aggregates.quantiles,
    "expect_column_stdev_to_be_between": aggregates.deviation,
    "expect_column_sum_to_be_between": aggregates.total,
    "expect_column_to_exist": table.column_there,
    "expect_column_unique_value_count_to_be_between": aggregates.unique_count,
    "expect_column_value_lengths_to_be_between": row_wise.lengths_between,
    "expect_column_value_lengths_to_equal": row_wise.lengths_equal,
    "expect_column_values_to_be_between": row_wise.between,
    "expect_column_values_to_be_in_set": row_wise.in_set,
    "expect_column_values_to_be_null": row_wise.null,
    "expect_column_values_to_be_unique": row_wise.unique,
    "expect_column_values_to_match_like_pattern": row_wise.matches,
    "expect_column_values_to_match_like_pattern_list": row_wise.matches,
    "expect_column_values_to_match_regex": row_wise.matches,
    "expect_column_values_to_match_regex_list": row_wise.matches,
    "expect_column_values_to_not_be_in_set": row_wise.not_in_set,
    "expect_column_values_to_not_be_null": row_wise.not_null,
    "expect_column_values_to_not_match_like_pattern": row_wise.does_not_match,
    "expect_column_values_to_not_match_like_pattern_list": row_wise.does_not_match,
    "expect_column_values_to_not_match_regex": row_wise.does_not_match,
    "expect_column_values_to_not_match_regex_list": row_wise.does_not_match,
    "expect_compound_columns_to_be_unique": several_columns.compound_unique,
    "expect_multicolumn_sum_to_equal": several_columns.sum_equal,
    "expect_multicolumn_values_to_be_equal": several_columns.all_equal,
    "expect_select_column_values_to_be_unique_within_record": several_columns.unique_within_record,
    "expect_table_column_count_to_be_between": table.columns_between,
    "expect_table_column_count_to_equal": table.columns_equal,
    "expect_table_columns_to_match_ordered_list": table.columns_in_order,
    "expect_table_columns_to_match_set": table.columns_in_set,
    "expect_table_row_count_to_be_between": table.rows_between,
    "expect_table_row_count_to_equal": table.rows_equal,
    "unexpected_rows_expectation": table.no_rows_found,
}


def translated(expectation: Expectation, obj: SchemaObject, identity: Identity, action: Action) -> Check | None:
    """Return the check that means the same, None where the library itself must run the expectation.

    It is decided from the kwargs and from what the contract declares of the columns; data of another type then fail
    their own type check, and this one. Raises ContractError or Refused for a query that may not run.
    """
    translation, known = TRANSLATIONS.get(expectation.type), kwargs_of(expectation.type)
    if translation is None or known is None:
        return None
    asked = Asked(expectation, obj, identity, action)
    try:
        asked.only(known.all)
        return translation(asked)
    except Untranslatable:
        return None
