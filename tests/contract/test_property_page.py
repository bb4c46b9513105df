"""The pages on the `lakegate` property and on rules of `engine: lakegate` say what their schemas say."""

from importlib.resources import files

from contract.property_page import PAGE, RULE_PAGE, RULE_SCHEMA, render, render_rule


def test_the_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == render(), "run: make docs"


def test_the_page_on_rules_is_current():
    assert RULE_PAGE.read_text(encoding="utf-8") == render_rule(), "run: make docs"


def test_the_published_schema_of_rules_is_the_one_that_is_used():
    used = files("lakegate.contract").joinpath("lakegate-rule.schema.json").read_text("utf-8")
    assert RULE_SCHEMA.read_text(encoding="utf-8") == used
