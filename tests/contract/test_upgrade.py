import pytest

from lakegate.contract.model import LogicalType, Operator
from lakegate.contract.odcs import load, parse
from lakegate.contract.source import read
from lakegate.contract.upgrade import VERSIONS
from lakegate.errors import ContractError, Severity


def contract(version="v3.0.2", **more):
    properties = [{"name": "id", "logicalType": "integer", **more.pop("prop", {})}]
    schema = [{"name": "t", "properties": properties, **more.pop("object", {})}]
    return {"apiVersion": version, "kind": "DataContract", "id": "x", "version": "1.0.0", "schema": schema, **more}


def hinted(loaded):
    return [problem.message for problem in loaded.hints if problem.rule == "older-version"]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_loads_into_one_model(version):
    loaded = load(contract(version))
    assert loaded.api_version == version
    assert loaded.schema[0].properties[0].logical_type is LogicalType.INTEGER
    assert loaded.hints == ()


@pytest.mark.parametrize(
    ("options", "new"),
    [
        ({"minimum": 3, "exclusiveMinimum": True}, {"exclusiveMinimum": 3}),
        ({"minimum": 3, "exclusiveMinimum": False}, {"minimum": 3}),
        ({"maximum": 3, "exclusiveMaximum": True}, {"exclusiveMaximum": 3}),
        ({"exclusiveMaximum": True}, {}),
    ],
)
def test_a_boolean_exclusive_bound_becomes_the_bound(options, new):
    loaded = load(contract(prop={"logicalTypeOptions": options}))
    assert dict(loaded.schema[0].properties[0].options) == new
    assert len(hinted(loaded)) == 1


@pytest.mark.parametrize(
    ("rule", "metric", "operator", "bound", "arguments"),
    [
        ({"rule": "duplicateCount", "mustBeLessThan": 10}, "duplicateValues", Operator.LESS, 10, {}),
        ({"type": "library", "rule": "nullValues", "mustBe": 0}, "nullValues", Operator.MUST_BE, 0, {}),
        ({"rule": "notNull"}, "nullValues", Operator.MUST_BE, 0, {}),
        ({"rule": "unique"}, "duplicateValues", Operator.MUST_BE, 0, {}),
        ({"rule": "validValues", "validValues": [1]}, "invalidValues", Operator.MUST_BE, 0, {"validValues": [1]}),
        ({"rule": "rowCount", "mustBeGreaterThanOrEqualTo": 1}, "rowCount", Operator.GREATER_OR_EQUAL, 1, {}),
    ],
)
def test_a_rule_becomes_a_metric(rule, metric, operator, bound, arguments):
    loaded = load(contract(prop={"quality": [rule]}))
    quality = loaded.schema[0].properties[0].quality[0]
    assert (quality.type, quality.metric, dict(quality.arguments)) == ("library", metric, arguments)
    assert (quality.threshold.operator, quality.threshold.bound) == (operator, bound)
    assert any("rule" in message for message in hinted(loaded))


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"rule": "duplicateCont", "mustBe": 0}, "did you mean duplicateCount?"),
        ({"rule": "validValues", "validValues": [1], "mustBeLessThan": 3}, "write metric: invalidValues"),
    ],
)
def test_a_rule_whose_meaning_is_not_known_is_an_error(rule, words):
    with pytest.raises(ContractError, match=words.replace("?", r"\?")):
        load(contract(prop={"quality": [rule]}))


def test_a_team_that_is_a_list_has_an_owner():
    team = [{"name": "Ann", "role": "steward"}, {"username": "bob", "role": "Data Owner", "since": 2020}]
    loaded = load(contract(team=team))
    assert loaded.owner == "bob"
    assert loaded.document["team"]["members"][0]["username"] == "Ann"
    assert hinted(loaded) == ["`team` is a list"]


def test_the_default_element_of_service_levels_is_written_out():
    sla = [
        {"property": "freshness", "value": 1, "unit": "d"},
        {"property": "retention", "value": 3, "unit": "y", "element": "t"},
    ]
    loaded = load(contract(slaDefaultElement="t.id", slaProperties=sla))
    assert [entry.element for entry in loaded.sla] == ["t.id", "t"]
    assert "slaDefaultElement" not in loaded.document


@pytest.mark.parametrize(
    ("version", "pattern", "logical_type"),
    [
        ("v3.0.2", "yyyy-MM-dd HH:mm:ss", LogicalType.TIMESTAMP),
        ("v3.0.2", "HH:mm:ss", LogicalType.TIME),
        ("v3.0.2", "yyyy-MM-dd", LogicalType.DATE),
    ],
)
def test_a_date_of_3_0_with_a_time_of_day_is_a_timestamp(version, pattern, logical_type):
    prop = {"logicalType": "date", "logicalTypeOptions": {"format": pattern}}
    assert load(contract(version, prop=prop)).schema[0].properties[0].logical_type is logical_type


def test_what_holds_other_properties_has_the_type_they_imply():
    document = contract()
    document["schema"][0]["properties"] = [
        {"name": "tags", "items": {"logicalType": "string"}},
        {"name": "udo", "properties": [{"name": "page"}]},
    ]
    loaded = load(document)
    assert [p.logical_type for p in loaded.schema[0].properties] == [LogicalType.ARRAY, LogicalType.OBJECT]
    assert len(hinted(loaded)) == 2


def test_keys_that_3_0_left_open_are_hints_there_and_errors_later():
    support = [{"channel": "#a", "url": "https://example.com", "level": 2}]
    assert [problem.rule for problem in load(contract(support=support)).hints] == ["unknown-key"]
    with pytest.raises(ContractError, match="unknown key `level`"):
        load(contract("v3.1.0", support=support))


def test_a_hint_stands_at_the_key_that_is_old():
    text = "apiVersion: v3.0.2\nkind: DataContract\nid: x\nversion: 1.0.0\n"
    text += "schema:\n- name: t\n  quality:\n  - type: library\n    rule: rowCount\n    mustBe: 3\n"
    (problem,) = parse(read(text.encode(), "c.yaml")).problems
    assert (problem.line, problem.column, problem.severity) == (9, 5, Severity.HINT)


def test_the_document_given_is_not_changed():
    document = contract(team=[{"username": "a"}])
    load(document)
    assert document["team"] == [{"username": "a"}]
