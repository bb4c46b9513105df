"""Rules of `engine: lakegate`: what lint says of them."""

import json
from decimal import Decimal

import pytest

from lakegate.contract.lint import lint
from lakegate.contract.odcs import from_data, parse
from lakegate.contract.own_rules import HistoryRule, Measured, Reconciliation, Side, Tallied, date_field, own_rule

PROPERTIES = [
    {"name": "a", "logicalType": "integer"},
    {"name": "x", "logicalType": "number"},
    {"name": "name", "logicalType": "string"},
    {"name": "day", "logicalType": "date"},
    {"name": "margin", "semanticType": "measure"},
    {"name": "udo", "logicalType": "object", "properties": [{"name": "page", "logicalType": "string"}]},
    {"name": "tags", "logicalType": "array", "items": {"logicalType": "string"}},
]


def document(implementation, *, key=None, **more):
    rule = {"type": "custom", "engine": "lakegate", "implementation": implementation}
    gate = {"batch": {"key": key}} if key else {}
    return {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": "x",
        "version": "1.0.0",
        "schema": [{"name": "t", "properties": PROPERTIES, "quality": [rule]}],
        "customProperties": [{"property": "lakegate", "value": gate}],
        **more,
    }


def history(measure="rowCount", **more):
    against = more.pop("against", {"maxZScore": 4})
    return {"measure": measure, "against": against, **more}


def balance(measure="rows", **more):
    return {"reconcile": "cleanse/t", "measure": measure, **more}


@pytest.mark.parametrize(
    ("implementation", "rule", "told"),
    [
        (history("rowcount"), "unknown-value", "did you mean rowCount?"),
        ({**history(), "agianst": 1}, "unknown-key", "did you mean against?"),
        ({"measure": "rowCount"}, "missing-key", "`against` is missing"),
        (history(against={}), "no-bound", "got none, expected maxZScore or maxChange"),
        (history(against={"maxZScore": 4, "maxChange": "1 percent"}), "no-bound", "got maxZScore and maxChange"),
        (history(against={"maxZscore": 4}), "unknown-key", "did you mean maxZScore?"),
        (history(against={"maxZScore": "4"}), "wrong-type", "expected a number"),
        (history(against={"maxZScore": 0}), "out-of-bounds", ""),
        (history(against={"maxChange": 20}), "wrong-type", "expected text"),
        (history(against={"maxChange": "20 %%"}), "pattern", ""),
        (history(against={"maxZScore": 4, "batches": 0}), "out-of-bounds", ""),
        (history(against={"maxZScore": 4, "batches": 3, "minBatches": 4}), "never-holds", "never applies"),
        (history(against={"maxZScore": 4, "sameWeekday": "yes"}), "wrong-type", "true or false"),
        (history(column="a"), "misplaced-key", "rows are counted of no column"),
        (history("mean"), "no-property", "mean looks at a property"),
        (history("mean", column="b"), "unknown-property", "t has no property b"),
        (history("mean", column="nam"), "unknown-property", "did you mean name?"),
        (history("mean", column="name"), "wrong-type", "mean cannot be asked of name"),
        (history("freshness", column="a"), "wrong-type", "expected date or timestamp"),
        (history("nullShare", column="margin"), "unknown-property", "computed"),
        (history("nullShare", column="udo.pag"), "unknown-property", ""),
        (balance("row"), "unknown-value", "did you mean rows?"),
        ({"reconcil": "cleanse/t", "measure": "rows"}, "unknown-key", "did you mean reconcile?"),
        (balance("sum"), "no-property", "sum looks at a property"),
        (balance("sum", column="name"), "wrong-type", "sum cannot be asked of name"),
        (balance("sum", column=["a", "x"]), "wrong-type", "a sum is of one column"),
        (balance("distinct", column=["a", "b"]), "unknown-property", "no property b"),
        (balance(by=["b"]), "unknown-property", "no property b"),
        (balance(by=[{"a": "b", "x": "y"}]), "out-of-bounds", ""),
        (balance(tolerance=-1), "out-of-bounds", ""),
        (balance(tolerance="much"), "pattern", ""),
        (balance(theirs={}), "missing-key", "`measure`"),
        ({**balance(), "reconcile": "../../secrets"}, "refused-path", "leaves the project"),
        ({**balance(), "reconcile": "/etc/secrets"}, "refused-path", "leaves the project"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(implementation, rule, told):
    problems = parse(from_data(document(implementation))).problems

    assert rule in [one.rule for one in problems], problems
    assert any(told in str(one) for one in problems), [str(one) for one in problems]
    assert all("implementation" in one.path for one in problems)


@pytest.mark.parametrize(
    "implementation",
    [
        history(),
        history("mean", column="x", against={"maxChange": "20 percent"}),
        history("nullShare", column="udo.page"),
        history("nullShare", column="tags"),
        history("freshness", column="day", against={"maxZScore": 3.5, "batches": 1}),
    ],
)
def test_what_is_right(implementation):
    assert parse(from_data(document(implementation))).problems == ()


def test_items_of_an_array_have_no_one_value():
    tags = {
        **PROPERTIES[-1],
        "items": {
            "logicalType": "string",
            "quality": [{"type": "custom", "engine": "lakegate", "implementation": history("distinct")}],
        },
    }
    asked = document(history()) | {"schema": [{"name": "t", "properties": [tags]}]}

    assert [one.rule for one in parse(from_data(asked)).problems] == ["misplaced-rule"]


@pytest.mark.parametrize(
    ("template", "field"),
    [
        ("dt={date}", "date"),
        ("{dt}", "dt"),
        ("dt={ds}/hour={hour}", "ds"),
        ("f-{flight_date}.csv", "flight_date"),
        ("part={part}", None),
        ("month={update}", None),
        (None, None),
    ],
)
def test_which_field_of_a_key_is_a_date(template, field):
    assert date_field(template) == field


def test_the_same_weekday_needs_a_date_in_the_key():
    asked = history(against={"maxZScore": 4, "sameWeekday": True})

    assert [one.rule for one in parse(from_data(document(asked, key="part={part}"))).problems] == ["no-date"]
    assert parse(from_data(document(asked, key="dt={date}"))).problems == ()


def test_what_a_rule_of_history_says():
    asked = history("mean", against={"maxChange": "0.5 %", "batches": 3, "sameWeekday": True})

    assert own_rule(asked, "x") == HistoryRule(Measured.MEAN, "x", 3, 3, True, None, Decimal("0.5"))
    assert own_rule(history(against={"maxZScore": 4, "batches": 9.0}), None).batches.__class__ is int
    assert own_rule(history(), "x") == HistoryRule(Measured.ROW_COUNT, None, 28, 7, False, 4, None)


def test_what_a_reconciliation_says():
    asked = balance("sum", column="n", theirs={"measure": "rows"}, by=["a", {"m": "month"}], tolerance="1 percent")
    same = balance("distinct", column=["a", "b"], tolerance=0.1)

    assert own_rule(asked, None) == Reconciliation(
        "cleanse/t", Side(Tallied.SUM, ("n",)), Side(Tallied.ROWS), (("a", "a"), ("m", "month")), Decimal(1), True
    )
    keys = Side(Tallied.DISTINCT, ("a", "b"))
    assert own_rule(same, None) == Reconciliation("cleanse/t", keys, keys, (), Decimal("0.1"), False)


# --- the other side ---------------------------------------------------------------------------------------------


def linted(tmp_path, implementation):
    folder = tmp_path / "contracts"
    folder.mkdir()
    there = {**document(history()), "id": "there", "name": "cleanse/t"}
    (folder / "there.odcs.yaml").write_text(json.dumps(there))
    here = folder / "here.odcs.yaml"
    here.write_text(json.dumps(document(implementation)))
    return [(one.rule, str(one)) for one in lint([str(here)])]


@pytest.mark.parametrize(
    ("implementation", "rule", "told"),
    [
        ({**balance(), "reconcile": "cleanse/s"}, "unknown-dataset", "no contract of the project goes by cleanse/s"),
        (balance(by=[{"a": "b"}]), "unknown-property", "t has no property b"),
        (balance(theirs={"measure": "sum", "column": "name"}), "wrong-type", "sum cannot be asked of name"),
        (balance(theirs={"measure": "sum"}), "no-property", "sum looks at a property of t"),
    ],
)
def test_the_other_contract_is_asked_too(tmp_path, implementation, rule, told):
    ((found, text),) = linted(tmp_path, implementation)

    assert found == rule
    assert told in text


def test_a_reconciliation_that_is_right(tmp_path):
    assert linted(tmp_path, balance("sum", column="a", theirs={"measure": "rows"}, by=["name", "day"])) == []


def test_sums_of_floats_are_hinted_at(tmp_path):
    assert [rule for rule, _ in linted(tmp_path, balance("sum", column="x"))] == ["rounded"]
