"""Which values of the data a query's one cell may hold."""

import pytest
import sqlglot

from lakegate.contract.sql_quoting import quoted

OF_ROWS = [
    "SELECT count(*) FROM t",
    "SELECT count(DISTINCT a) FROM t WHERE b > 1",
    "SELECT count(*) > 3 FROM t",
    "SELECT 100.0 * count(*) FILTER (WHERE a > 1) / nullif(count(*), 0) FROM t",
    "SELECT round(100 * sum(CASE WHEN a IS NULL THEN 1 ELSE 0 END) / count(*), 2) FROM t",
    "SELECT coalesce(sum(if(a > 1, 1, 0)), 0) FROM t",
    "SELECT count(*) - (SELECT count(*) FROM o) FROM t",
    "SELECT count(*) AS n FROM (SELECT a FROM t GROUP BY a)",
]
OF_VALUES = {
    "SELECT max(salary) FROM t": ("salary",),
    "SELECT max(salary) - min(bonus) FROM t": ("bonus", "salary"),
    "SELECT coalesce(sum(a), 0) FROM t": ("a",),
    "SELECT CASE WHEN count(*) > 1 THEN any_value(a) ELSE b END FROM t": ("a", "b"),
    "SELECT avg(length(a)) FROM t": ("a",),
    "WITH w AS (SELECT max(a) AS m FROM t) SELECT m FROM w": ("a", "m"),
    "SELECT string_agg(a, b) FROM t": ("a", "b"),
    "SELECT a.b FROM t AS a": ("b",),
    "SELECT count(*) FROM t UNION SELECT a FROM t": ("a",),
    "SELECT * FROM t": ("*",),
    "SELECT max(t.*) FROM t": ("*",),
    "SELECT max(t) FROM t": ("*",),
    "SELECT max(A) FROM t AS a": ("*",),
    "SELECT max(COLUMNS('sal.*')) FROM t": ("*",),
    "SELECT max(COLUMNS(*)) FROM t": ("*",),
    "SELECT (SELECT max(a) FROM t)": ("a",),
}


@pytest.mark.parametrize("query", OF_ROWS)
def test_what_is_counted_quotes_nothing(query):
    assert quoted(sqlglot.parse_one(query, dialect="duckdb")) == ()


@pytest.mark.parametrize("query", OF_VALUES)
def test_what_may_be_a_value_names_its_columns(query):
    assert quoted(sqlglot.parse_one(query, dialect="duckdb")) == OF_VALUES[query]
