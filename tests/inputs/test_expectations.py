"""Rules that name suites and models: they block, their Python is held like a stranger's, and what was pinned counts."""

import json

import pytest

from inputs.world import prop

ROWS = "id,name\n1,a\n2,b\n"
SUITE = "expectations/rows.json"
NOT_NULL = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "name"}}
MODEL = """
import pandera.pandas as pa

class Rows(pa.DataFrameModel):
    id: int = pa.Field(gt=0)
"""


def suite(*expectations):
    return json.dumps({"name": "rows", "expectations": list(expectations)})


def custom(engine, **implementation):
    return {"id": "custom", "type": "custom", "engine": engine, "implementation": implementation}


@pytest.fixture
def columns():
    return prop("id", "integer"), prop("name", "string")


@pytest.fixture
def with_suite(world, columns):
    world.write(SUITE, suite(NOT_NULL))
    world.contract(*columns, quality=[custom("greatExpectations", suite=SUITE)])
    return world


@pytest.fixture
def with_model(world, columns):
    world.write("expectations/rows.py", MODEL)
    world.contract(*columns, quality=[custom("pandera", schema="expectations/rows.py:Rows")])
    return world


def test_a_suite_lets_in_what_keeps_it(with_suite):
    with_suite.arrive({"rows.csv": ROWS})

    ended = with_suite.assert_ends(0)

    (check,) = [check for check in ended.report["checks"] if check["suite"] == SUITE]
    assert (check["outcome"], check["field"]) == ("passed", "name")
    assert check["key"] == "rows.quality.custom.name.expect_column_values_to_not_be_null"
    assert [file["path"] for file in ended.report["context"]["files"]] == [SUITE]


def test_a_suite_keeps_out_what_breaks_it_and_says_where(with_suite):
    with_suite.arrive({"rows.csv": "id,name\n1,a\n2,\n"})

    ended = with_suite.assert_ends(1, "rows.csv:3")

    assert ended.checks() == ["rows.quality.custom.name.expect_column_values_to_not_be_null"]


def test_a_suite_that_changes_is_a_contract_that_changes(with_suite):
    with_suite.arrive({"rows.csv": ROWS})
    with_suite.assert_ends(0)
    with_suite.write(SUITE, suite())
    with_suite.arrive({"rows.csv": "id,name\n3,\n"}, "b2")

    assert with_suite.promote("b2").exit_code == 2  # an empty suite: nothing would be checked

    with_suite.write(SUITE, suite(NOT_NULL | {"kwargs": {"column": "name", "mostly": 0}}))
    ended = with_suite.promote("b2")
    assert ended.exit_code == 2
    ended.line("rules-changed", "raise `version`")


def test_another_suite_may_change(with_suite):
    with_suite.write("expectations/other.json", suite(NOT_NULL))
    with_suite.arrive({"rows.csv": ROWS})
    with_suite.assert_ends(0)
    with_suite.write("expectations/other.json", suite())
    with_suite.arrive({"rows.csv": "id,name\n3,c\n"}, "b2")

    with_suite.assert_ends(0, batch="b2")


def test_a_model_keeps_out_what_breaks_it_and_says_where(with_model):
    with_model.arrive({"rows.csv": "id,name\n1,a\n-2,b\n"})

    ended = with_model.assert_ends(1, "rows.csv:3")

    assert [key for key in ended.checks() if "greater_than" in key]


def test_a_models_python_sees_no_credentials_and_writes_only_its_own_folder(with_model, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    seen = "import os\nassert 'AWS_SECRET_ACCESS_KEY' not in os.environ\nassert 'worker-' in os.getcwd()\n"
    with_model.write("expectations/rows.py", seen + MODEL)
    with_model.arrive({"rows.csv": ROWS})

    with_model.assert_ends(0)


@pytest.mark.parametrize(
    ("planted", "told", "settings"),
    [
        ("import os; os._exit(0)", "without an answer", ""),
        ("raise SystemExit(0)", "could not evaluate", ""),
        ("import nothing_of_that_name", "could not evaluate", ""),
        ("while True: pass", "took longer than", "[limits]\nwall_seconds = 8\n"),
    ],
)
def test_python_that_fails_is_never_a_pass(with_model, planted, told, settings):
    with_model.write("lakegate.toml", settings)
    with_model.write("expectations/rows.py", planted + "\n" + MODEL)
    with_model.arrive({"rows.csv": ROWS})

    with_model.assert_ends(5, told)


def test_a_sibling_may_be_imported(with_model):
    with_model.write("expectations/limits.py", "LEAST = 5\n")
    with_model.write("expectations/rows.py", "from limits import LEAST\n" + MODEL.replace("gt=0", "ge=LEAST"))
    with_model.arrive({"rows.csv": ROWS})

    with_model.assert_ends(1, "greater_than_or_equal_to(5)")


@pytest.mark.parametrize(
    ("schema", "exit_code", "told"),
    [
        ("../rows.py:Rows", 6, "leads out of the project"),
        ("/etc/rows.py:Rows", 6, "leads out of the project"),
        ("lake/02-transient-zone/in/rows/b1/rows.py:Rows", 2, "expectations/"),
        ("expectations/rows.py", 2, "expectations/orders.py:Orders"),
        ("expectations/row.py:Rows", 2, "did you mean rows.py?"),
    ],
)
def test_python_comes_from_expectations_and_from_nowhere_else(with_model, columns, schema, exit_code, told):
    with_model.contract(*columns, quality=[custom("pandera", schema=schema)])
    with_model.arrive({"rows.csv": ROWS, "rows.py": MODEL})

    assert with_model.lint().exit_code == exit_code
    with_model.lint().line(told)
    assert with_model.promote().exit_code == exit_code
    with_model.assert_kept(exit_code)


def test_an_expectation_that_nobody_defines_is_told(world, columns):
    rule = custom("greatExpectations", type="expect_column_values_to_be_polite", kwargs={"column": "name"})
    world.contract(*columns, quality=[rule])

    ended = world.lint()

    assert ended.exit_code == 2
    ended.line("unknown-expectation", "expect_column_values_to_be_polite")


def test_a_rule_at_a_property_is_about_its_column(world):
    rule = custom("greatExpectations", type="expect_column_values_to_not_be_null")
    world.contract(prop("id", "integer"), prop("name", "string", quality=[rule]))
    world.arrive({"rows.csv": "id,name\n1,\n"})

    assert world.assert_ends(1).checks() == ["rows.name.quality.custom"]


def test_the_severity_of_an_expectation_is_heard_unless_the_rule_says_its_own(world, columns):
    world.write(SUITE, suite(NOT_NULL | {"severity": "warning"}))
    world.contract(*columns, quality=[custom("greatExpectations", suite=SUITE)])
    world.arrive({"rows.csv": "id,name\n1,\n"})

    assert len(world.assert_ends(0).checks("warned")) == 1

    world.contract(
        *columns, quality=[custom("greatExpectations", suite=SUITE) | {"severity": "error"}], version="2.0.0"
    )
    world.arrive({"rows.csv": "id,name\n2,\n"}, "b2")
    assert world.promote("b2").exit_code == 1


@pytest.mark.parametrize("condition", ["@pd.io.common.os.system('true') == 0", "name.__class__ == 1"])
def test_a_condition_that_reaches_outside_the_rows_is_refused(world, columns, condition):
    rule = NOT_NULL | {"kwargs": {"column": "name", "row_condition": condition, "condition_parser": "pandas"}}
    world.contract(*columns, quality=[custom("greatExpectations", **rule)])
    world.arrive({"rows.csv": ROWS})

    assert world.lint().exit_code == 6
    world.assert_ends(6, "reaches outside the rows")
