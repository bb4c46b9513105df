"""LIKE and queries: the library cannot evaluate them on pandas, so they are held against the library on SQLite."""

import itertools

import pyarrow as pa
import pytest

from lakegate.contract.expectations import Expectation
from libraries.great_expectations import cases
from libraries.great_expectations.differential import difference, ours
from libraries.great_expectations.oracle import asked_of_sqlite

pytestmark = pytest.mark.filterwarnings("ignore")  # the library's own, and of what it imports

LIKE = (
    "a",
    "%",
    "_",
    "",
    "a%",
    "%a",
    "%b%",
    "_b",
    "a_",
    "__",
    "É",
    "é",
    "😀",
    "_\n",
    "%\n%",
    "100%",
    "%.%",
    "a\\b",
    "(",
    "[a]",
    "%_%",
)
ESCAPED = (("a!_b", "!"), ("100!%", "!"), ("%!%%", "!"), ("a\\\\b", "\\"), ("!!", "!"), ("!a", "!"))
TYPES = ("match_like_pattern", "not_match_like_pattern")


def _asked():
    for word, pattern in itertools.product(TYPES, LIKE):
        yield Expectation(f"expect_column_values_to_{word}", {"column": "text", "like_pattern": pattern})
        share = {"column": "text", "like_pattern": pattern, "mostly": 0.5}
        yield Expectation(f"expect_column_values_to_{word}", share)
    for word, (pattern, escape) in itertools.product(TYPES, ESCAPED):
        escaped = {"column": "text", "like_pattern": pattern, "escape": escape}
        yield Expectation(f"expect_column_values_to_{word}", escaped)
    for word, several in itertools.product(TYPES, itertools.pairwise(LIKE)):
        kwargs = {"column": "text", "like_pattern_list": list(several)}
        yield Expectation(f"expect_column_values_to_{word}_list", kwargs)
        if word == "match_like_pattern":
            for on in ("any", "all"):
                yield Expectation(f"expect_column_values_to_{word}_list", kwargs | {"match_on": on})


@pytest.mark.parametrize("texts", [[*cases.TEXTS, None, None], ["a", None], [None, None]])
def test_like_finds_what_it_finds_in_sqlite(texts):
    rows, asked = pa.table({"text": pa.array(texts, pa.string())}), list(_asked())

    mine, theirs = ours(cases.contract(), rows, asked), asked_of_sqlite(rows.to_pandas(), asked)

    assert all(mine)
    wrong = [(o.kwargs, why) for o, m, t in zip(asked, mine, theirs, strict=True) if (why := difference(o, m, t))]
    assert not wrong


@pytest.mark.parametrize(("pattern", "escape"), [("a!", "!"), ("a", "!!"), ("a\0", None)])
def test_like_that_sql_would_refuse_is_left_to_the_library(pattern, escape):
    kwargs = {"column": "text", "like_pattern": pattern, "escape": escape}
    rows = pa.table({"text": ["a"]})

    assert ours(cases.contract(), rows, [Expectation("expect_column_values_to_match_like_pattern", kwargs)]) == [None]


QUERIES = (
    "SELECT * FROM {batch} WHERE n > 2",
    "SELECT n, count(*) FROM {batch} GROUP BY n HAVING count(*) > 1;",
    "SELECT * FROM {batch} AS a JOIN {batch} AS b ON a.n = b.n WHERE a.n > 99",
    "WITH missing AS (SELECT n FROM {batch} WHERE n IS NULL) SELECT * FROM missing",
)


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("numbers", [[1, 2, 2, 3, None], [1], [None]])
def test_a_query_finds_as_many_rows_as_in_sqlite(query, numbers):
    rows = pa.table({"n": pa.array(numbers, pa.int64())})
    asked = [Expectation("unexpected_rows_expectation", {"unexpected_rows_query": query})]

    (mine,), (theirs,) = ours(cases.contract(), rows, asked), asked_of_sqlite(rows.to_pandas(), asked)

    assert difference(asked[0], mine, theirs) == ""
