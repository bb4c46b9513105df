"""Every core expectation of Great Expectations 1.24 and what it may be told, without the library being loaded.

Held equal to the library's own classes by a test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LIBRARY = "1.24"


@dataclass(frozen=True, slots=True)
class Kwargs:
    """What an expectation may be told, by the library's names."""

    required: tuple[str, ...]
    optional: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Every name, required ones first."""
        return (*self.required, *self.optional)


def kwargs_of(type_: str) -> Kwargs | None:
    """Return the kwargs of a core expectation, None where the library has none of that type."""
    return CATALOGUE.get(type_)


def snake_case(name: str) -> str:
    """Return `min_value` for `minValue`, as the standard's own example writes it; what is written so already stays."""
    if name in SPELLINGS:
        return SPELLINGS[name]
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: "_" + found[1].lower(), name)


def spelled(type_: str, name: str) -> str | None:
    """Return the library's name of a kwarg, written in snake case or in camel case; None where there is no such."""
    known = kwargs_of(type_)
    if known is None:
        return None
    every = (*known.all, *SETTINGS)
    return next((one for one in (name, snake_case(name)) if one in every), None)


SPELLINGS = {"columnA": "column_A", "columnB": "column_B", "type": "type_"}
SETTINGS = ("catch_exceptions", "result_format")  # may stand among the kwargs of any expectation

# What whole kinds of expectations have in common.
BATCH = ("batch_id",)
CONDITION = ("row_condition", "condition_parser")
MOSTLY = ("mostly", *CONDITION)
STRICT = ("min_value", "max_value", "strict_min", "strict_max")

# Of one column: (the name behind `expect_column_`, required, optional beside what all of them have in common).
ROW_WISE: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("value_lengths_to_be_between", (), STRICT),
    ("value_lengths_to_equal", ("value",), ()),
    ("value_z_scores_to_be_less_than", ("threshold", "double_sided"), ()),
    ("values_to_be_between", (), STRICT),
    ("values_to_be_dateutil_parseable", (), ()),
    ("values_to_be_decreasing", (), ("strictly",)),
    ("values_to_be_in_set", ("value_set",), ()),
    ("values_to_be_in_type_list", (), ("type_list",)),
    ("values_to_be_increasing", (), ("strictly",)),
    ("values_to_be_json_parseable", (), ()),
    ("values_to_be_null", (), ()),
    ("values_to_be_of_type", ("type_",), ()),
    ("values_to_be_unique", (), ()),
    ("values_to_match_json_schema", ("json_schema",), ()),
    ("values_to_match_like_pattern", ("like_pattern",), ("escape",)),
    ("values_to_match_like_pattern_list", ("like_pattern_list",), ("match_on", "escape")),
    ("values_to_match_regex", (), ("regex",)),
    ("values_to_match_regex_list", ("regex_list",), ("match_on",)),
    ("values_to_match_strftime_format", ("strftime_format",), ()),
    ("values_to_not_be_in_set", ("value_set",), ()),
    ("values_to_not_be_null", (), ()),
    ("values_to_not_be_outliers", (), ("method", "multiplier")),
    ("values_to_not_match_like_pattern", ("like_pattern",), ("escape",)),
    ("values_to_not_match_like_pattern_list", ("like_pattern_list",), ("escape",)),
    ("values_to_not_match_regex", ("regex",), ()),
    ("values_to_not_match_regex_list", ("regex_list",), ()),
)
AGGREGATES: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("distinct_values_to_be_in_set", ("value_set",), ()),
    ("distinct_values_to_contain_set", ("value_set",), ()),
    ("distinct_values_to_equal_set", ("value_set",), ()),
    (
        "kl_divergence_to_be_less_than",
        (),
        (
            "partition_object",
            "threshold",
            "internal_weight_holdout",
            "tail_weight_holdout",
            "bucketize_data",
            "min_value",
            "max_value",
        ),
    ),
    ("max_to_be_between", (), STRICT),
    ("mean_to_be_between", (), STRICT),
    ("median_to_be_between", (), STRICT),
    ("min_to_be_between", (), STRICT),
    ("most_common_value_to_be_in_set", ("value_set",), ("ties_okay",)),
    ("proportion_of_non_null_values_to_be_between", (), STRICT),
    ("proportion_of_unique_values_to_be_between", (), STRICT),
    ("quantile_values_to_be_between", ("quantile_ranges",), ("allow_relative_error",)),
    ("stdev_to_be_between", (), STRICT),
    ("sum_to_be_between", (), STRICT),
    ("unique_value_count_to_be_between", (), STRICT),
)
# Of several columns, or of the table: (type, required, optional).
SEVERAL: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("expect_column_pair_values_a_to_be_greater_than_b", ("column_A", "column_B"), ("or_equal",)),
    ("expect_column_pair_values_to_be_equal", ("column_A", "column_B"), ()),
    ("expect_column_pair_values_to_be_in_set", ("column_A", "column_B", "value_pairs_set"), ()),
    ("expect_compound_columns_to_be_unique", ("column_list",), ()),
    ("expect_multicolumn_sum_to_equal", ("column_list", "sum_total"), ()),
    ("expect_multicolumn_values_to_be_equal", ("column_list",), ()),
    ("expect_select_column_values_to_be_unique_within_record", ("column_list",), ()),
)
TABLE: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("expect_column_to_exist", ("column",), ("column_index",)),
    ("expect_column_type_to_be", ("column", "type_"), ()),
    (
        "expect_query_results_to_match_comparison",
        ("base_query", "comparison_data_source_name", "comparison_query"),
        ("mostly",),
    ),
    ("expect_table_column_count_to_be_between", (), ("min_value", "max_value")),
    ("expect_table_column_count_to_equal", ("value",), ()),
    ("expect_table_columns_to_match_ordered_list", (), ("column_list",)),
    ("expect_table_columns_to_match_set", (), ("column_set", "exact_match")),
    ("expect_table_row_count_to_be_between", (), (*STRICT, *CONDITION)),
    ("expect_table_row_count_to_equal", ("value",), CONDITION),
    ("expect_table_row_count_to_equal_other_table", ("other_table_name",), CONDITION),
    ("unexpected_rows_expectation", ("unexpected_rows_query",), ()),
)


def _catalogue() -> Iterator[tuple[str, Kwargs]]:
    for name, required, optional in ROW_WISE:
        yield f"expect_column_{name}", Kwargs(("column", *required), (*optional, *MOSTLY, *BATCH))
    for name, required, optional in AGGREGATES:
        yield f"expect_column_{name}", Kwargs(("column", *required), (*optional, *CONDITION, *BATCH))
    for type_, required, optional in SEVERAL:
        yield type_, Kwargs(required, (*optional, "ignore_row_if", *MOSTLY, *BATCH))
    for type_, required, optional in TABLE:
        yield type_, Kwargs(required, (*optional, *BATCH))


CATALOGUE: dict[str, Kwargs] = dict(sorted(_catalogue()))
