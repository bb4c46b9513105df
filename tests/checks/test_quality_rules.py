"""Rules of `quality` lists: the standard's metrics with every operator and unit, and SQL."""

import datetime as dt
from itertools import product

import pyarrow as pa
import pytest

from checks.asked import TABLE, TYPED, contract, judged, result
from lakegate.checks.interface import Outcome
from lakegate.errors import ContractError, Refused

# Ten rows: three null, two more listed as missing, two invalid, three keys of which two are repeated (surplus 4).
CODES = ["x", "x", "y", "y", "n/a", "-", "x", None, None, None]


def metric(name: str, **rule) -> dict:
    return {"metric": name, **rule}


METRICS = {  # rule, rows, percent
    "rowCount": (metric("rowCount"), 10, None),
    "nullValues": (metric("nullValues"), 3, 30),
    "missingValues": (metric("missingValues", arguments={"missingValues": ["n/a", "-", None]}), 5, 50),
    "invalidValues": (metric("invalidValues", arguments={"validValues": ["x", "y"], "pattern": "^[a-z]$"}), 2, 20),
    "duplicateValues": (metric("duplicateValues"), 2, 30),
}
OPERATORS = {  # operator -> (a bound that keeps `n`, one that breaks it)
    "mustBe": lambda n: (n, n + 1),
    "mustNotBe": lambda n: (n + 1, n),
    "mustBeGreaterThan": lambda n: (n - 1, n),
    "mustBeGreaterOrEqualTo": lambda n: (n, n + 1),
    "mustBeLessThan": lambda n: (n + 1, n),
    "mustBeLessOrEqualTo": lambda n: (n, n - 1),
    "mustBeBetween": lambda n: ([n - 1, n], [n + 1, n + 2]),
    "mustNotBeBetween": lambda n: ([n + 1, n + 2], [n, n + 1]),
}
UNITS = {"rows": 1, "percent": 2}
EVERY_RULE = [
    one
    for one in product(METRICS, OPERATORS, UNITS)
    if one[0] != "rowCount" or one[2] == "rows"  # lint refuses it
]


@pytest.fixture(scope="module", params=TYPED)
def of_metrics(request, tmp_path_factory):
    """The verdict of one contract that holds every metric with every operator, kept and broken, in both units."""
    rules = []
    for name, operator, unit in EVERY_RULE:
        rule, bounds = METRICS[name][0], OPERATORS[operator](METRICS[name][UNITS[unit]])
        for side, bound in zip(("kept", "broken"), bounds, strict=True):
            rules.append({"id": f"{name}-{operator}-{unit}-{side}", **rule, "unit": unit, operator: bound})
    document = contract({"name": "a", "logicalType": "string", "quality": rules})
    return judged(document, {"a": CODES}, request.param, tmp_path_factory.mktemp("metrics"))


@pytest.mark.parametrize(("name", "operator", "unit"), EVERY_RULE)
def test_every_metric_with_every_operator(name, operator, unit, of_metrics):
    kept, broken = (result(of_metrics, f"a.quality.{name}-{operator}-{unit}-{side}") for side in ("kept", "broken"))

    assert (kept.outcome, kept.diagnostics["value"]) == (Outcome.PASSED, METRICS[name][UNITS[unit]])
    assert (broken.outcome, broken.diagnostics["value"]) == (Outcome.FAILED, METRICS[name][UNITS[unit]])
    assert broken.reason.startswith(f"got {METRICS[name][UNITS[unit]]}{' %' * (unit == 'percent')}, expected ")


def of_rule(rule: dict, data, way=TABLE, folder=None, **declared):
    """Return the result of one rule of property `a`."""
    document = contract({"name": "a", "quality": [{"id": "rule", **rule}], **declared}, gate={"min_rows": 0})
    return result(judged(document, data, way, folder), "a.quality.rule")


def test_duplicates_tell_all_three_counts():
    found = of_rule(metric("duplicateValues", mustBe=0), {"a": CODES})

    assert {name: found.diagnostics[name] for name in ("keys", "surplus", "rows")} == {
        "keys": 2,
        "surplus": 3,
        "rows": 5,
    }


def test_duplicates_of_several_properties():
    document = contract(
        {"name": "a"},
        {"name": "b"},
        quality=[{"metric": "duplicateValues", "arguments": {"properties": ["a", "b"]}, "mustBe": 0, "id": "rule"}],
    )

    kept = judged(document, {"a": [1, 1, None, None], "b": [1, 2, 3, 3]})
    broken = judged(document, {"a": [1, 1], "b": [2, 2]})

    assert result(kept, "quality.rule").outcome is Outcome.PASSED
    assert result(broken, "quality.rule").outcome is Outcome.FAILED


@pytest.mark.parametrize("way", TYPED)
def test_of_no_rows_counts_are_0_and_percentages_do_not_apply(way, tmp_path):
    nothing = pa.table({"a": pa.array([], pa.string())})

    rows = of_rule(metric("invalidValues", arguments={"pattern": "x"}, mustBe=0), nothing, way, tmp_path)
    percent = of_rule(metric("nullValues", unit="percent", mustBe=0), nothing, way, tmp_path)

    assert (rows.outcome, rows.diagnostics["value"]) == (Outcome.PASSED, 0)
    assert percent.outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("way", TYPED)
def test_of_nothing_but_null_counts_are_numbers_too(way, tmp_path):
    nulls = pa.table({"a": pa.nulls(3, pa.string())})

    found = of_rule(metric("invalidValues", arguments={"pattern": "x"}, mustBe=0), nulls, way, tmp_path)

    assert (found.outcome, found.diagnostics["value"]) == (Outcome.PASSED, 0)


def test_a_percentage_is_exact():
    third = of_rule(metric("nullValues", unit="percent", mustBeLessThan=33.3333), {"a": [None, "x", "y"]})
    nearly = of_rule(metric("nullValues", unit="percent", mustBe=100), {"a": [None] * 99_999 + ["x"]})

    assert third.reason == "got 33.33 %, expected less than 33.3333 %"
    assert nearly.reason == "got 99.999 %, expected 100 %"


@pytest.mark.parametrize("value", [1, 1.5, dt.date(2026, 1, 1)])
def test_a_metric_over_a_column_of_another_type_fails(value):
    found = of_rule(metric("invalidValues", arguments={"pattern": "x"}, mustBe=0), {"a": [value]})

    assert found.outcome is Outcome.FAILED
    assert "expected text" in found.reason


@pytest.mark.parametrize(
    ("severity", "expected"),
    {
        **dict.fromkeys(("warning", "warn", "low", "minor", "trivial", "WARNING"), Outcome.WARNED),
        "info": Outcome.INFORMED,
        **dict.fromkeys(("error", "critical", "whatever"), Outcome.FAILED),
    }.items(),
)
def test_what_a_severity_does(severity, expected):
    assert of_rule(metric("nullValues", mustBe=0, severity=severity), {"a": [None]}).outcome is expected


# --- SQL --------------------------------------------------------------------------------------------------------

DATA = {"a": [1, 2, None], "b c": ["x", "y", "z"]}
SQL = {  # query, operator and bound, outcome, what the reason holds
    "number kept": ("SELECT count(*) FROM {object}", {"mustBe": 3}, Outcome.PASSED, ""),
    "number broken": ("SELECT count(*) FROM t", {"mustBe": 4}, Outcome.FAILED, "got 3, expected 4"),
    "property": ("SELECT max({property}) FROM {table} WHERE \"b c\" <> ''", {"mustBe": 2}, Outcome.PASSED, ""),
    "dollar": ("SELECT max(${column}) FROM ${table}", {"mustBeBetween": [2, 3]}, Outcome.PASSED, ""),
    "boolean": ("SELECT bool_and(a > 0) FROM t", {"mustBe": True}, Outcome.PASSED, ""),
    "true is not 1": ("SELECT bool_and(a > 0) FROM t", {"mustBe": 1}, Outcome.FAILED, "got True, expected 1"),
    "text is no number": ("SELECT '3'", {"mustBe": 3}, Outcome.FAILED, "got '3', expected 3"),
    "number is no text": ("SELECT 3", {"mustBe": "3"}, Outcome.FAILED, "got 3, expected '3'"),
    "decimal": ("SELECT 0.1 + 0.2", {"mustBe": 0.3}, Outcome.PASSED, ""),
    "date": ("SELECT DATE '2026-03-01'", {"mustBeGreaterThan": 1}, Outcome.FAILED, "got 2026-03-01, expected more"),
    "instant": ("SELECT to_timestamp(0)", {"mustBe": 0}, Outcome.FAILED, "got 1970-01-01"),
    "nan": ("SELECT 'nan'::DOUBLE", {"mustBeLessThan": 3}, Outcome.FAILED, "got nan, expected less than 3"),
    "nan is no other": (
        "SELECT 'nan'::DOUBLE",
        {"mustNotBe": 3},
        Outcome.FAILED,
        "got nan, expected anything",
    ),
    "infinity": ("SELECT 'inf'::DOUBLE", {"mustBeGreaterThan": 3}, Outcome.PASSED, ""),
    "list": ("SELECT [1, 2]", {"mustBe": 1}, Outcome.FAILED, "got [1, 2], expected 1"),
    "null": ("SELECT max(a) FROM t WHERE false", {"mustBe": 0}, Outcome.FAILED, "returned NULL"),
    "no row": ("SELECT a FROM t WHERE false", {"mustBe": 0}, Outcome.FAILED, "no row"),
    "two rows": ("SELECT a FROM t", {"mustBe": 0}, Outcome.FAILED, "more than one row"),
    "two columns": ("SELECT 1, 2", {"mustBe": 0}, Outcome.FAILED, "got 2 columns"),
    "common table": ("WITH x AS (SELECT a FROM t) SELECT count(*) FROM x", {"mustBe": 3}, Outcome.PASSED, ""),
    "ends in a comment": ("SELECT 1; -- that is all", {"mustBe": 1}, Outcome.PASSED, ""),
    "other case": ("SELECT COUNT(*) FROM T", {"mustBe": 3}, Outcome.PASSED, ""),
    "no such column": ("SELECT zz FROM t", {"mustBe": 0}, Outcome.COULD_NOT_EVALUATE, "zz"),
    "bad value": (
        "SELECT max(b::INT) FROM (SELECT 'it''s ' || \"b c\" AS b FROM t)",
        {"mustBe": 0},
        Outcome.COULD_NOT_EVALUATE,
        "Conversion Error",
    ),
    "overflow": (
        "SELECT 9223372036854775807::BIGINT + a FROM t WHERE a = 1",
        {"mustBe": 0},
        Outcome.COULD_NOT_EVALUATE,
        "Out of Range",
    ),
}


def sql_rules(name: str) -> dict:
    query, threshold, _, _ = SQL[name]
    return {"id": name.replace(" ", "_"), "type": "sql", "query": query, **threshold}


@pytest.fixture(scope="module", params=TYPED)
def of_sql(request, tmp_path_factory):
    """The verdict of one contract that holds every query beside a rule that none of them may blind."""
    rules = [sql_rules(name) for name in SQL]
    document = contract({"name": "a", "required": True, "quality": rules}, {"name": "b c"})
    return judged(document, DATA, request.param, tmp_path_factory.mktemp("sql"))


@pytest.mark.parametrize("name", SQL)
def test_sql(name, of_sql):
    _, _, outcome, reason = SQL[name]
    found = result(of_sql, f"a.quality.{name.replace(chr(32), chr(95))}")

    assert found.outcome is outcome, found.reason
    assert reason in found.reason


def test_one_bad_query_does_not_blind_the_others(of_sql):
    assert result(of_sql, "a.required").diagnostics["failed"] == 1


def test_an_engine_error_tells_no_value(of_sql):
    told = " ".join(one.reason for one in of_sql.results if one.outcome is Outcome.COULD_NOT_EVALUATE)

    assert "it's" not in told
    assert "s x" not in told


@pytest.mark.parametrize(
    ("query", "error"),
    {
        "SELECT * FROM elsewhere": Refused,
        "SELECT 1; SELECT 2": Refused,
        "DROP TABLE t": Refused,
        "SELECT FROM WHERE": ContractError,
        "SELECT max({property}) FROM t": ContractError,
    }.items(),
)
def test_sql_that_may_not_run(query, error):
    document = contract({"name": "a"}, quality=[{"type": "sql", "query": query, "mustBe": 0}])

    with pytest.raises(error):
        judged(document, {"a": [1]})


def test_prose_and_other_engines():
    rules = [
        {"type": "text", "description": "looks plausible", "id": "prose"},
        {"type": "custom", "engine": "soda", "implementation": "checks for t: []", "id": "soda"},
    ]
    document = contract({"name": "a"}, quality=rules)
    allowed = contract({"name": "a"}, quality=rules, gate={"unsupported": "allow"})

    blocked, passing = judged(document, {"a": [1]}), judged(allowed, {"a": [1]})

    assert result(blocked, "quality.prose").reason == "not checked: prose"
    assert result(blocked, "quality.soda").outcome is Outcome.UNSUPPORTED
    assert blocked.exit_code == 2
    assert result(passing, "quality.soda").outcome is Outcome.NOT_APPLICABLE
    assert "soda" in result(passing, "quality.soda").reason
    assert passing.exit_code == 0


@pytest.mark.parametrize(
    ("query", "classification", "told"),
    [
        ("SELECT max(a) FROM {object}", None, "3"),
        ("SELECT max(a) FROM {object}", "restricted", None),
        ("SELECT count(*) FROM {object} WHERE a > 1", "restricted", "2"),
        ("SELECT max(b) FROM {object}", "restricted", "30"),  # of the other column
        ("SELECT max(a) - max(b) FROM {object}", "restricted", None),
    ],
)
@pytest.mark.parametrize("bound", [1000, 0])
def test_what_sql_finds_is_told_only_where_what_it_names_may_be_shown(query, classification, told, bound, tmp_path):
    rule = {"id": "found", "type": "sql", "query": query, "mustBeLessThan": bound}
    classified = {"classification": classification} if classification else {}
    columns = [{"name": "a", "logicalType": "integer", "quality": [rule]} | classified]
    document = contract(*columns, {"name": "b", "logicalType": "integer"})

    one = result(judged(document, {"a": [1, 2, 3], "b": [10, 20, 30]}, TABLE, tmp_path), "a.quality.found")

    assert one.outcome is (Outcome.PASSED if bound else Outcome.FAILED) or "-" in query
    assert one.diagnostics.get("got") == told
    assert one.diagnostics["expected"] == f"less than {bound}"
    assert "value" in one.diagnostics or told is None
    assert one.outcome is Outcome.PASSED or f"got {told or 'another value'}, expected" in one.reason
