"""The plan: every measure once, one scan, and a pass of its own only for what needs one."""

from checks.asked import contract
from lakegate.checks.derive import Neighbours, checks_of
from lakegate.contract.odcs import load
from lakegate.engines.explain import declared, explain
from lakegate.measures import CountWhere, RowCount
from lakegate.plan import KeyPass, QueryPass, ReferencePass, Scan, plan
from lakegate.predicates import IsNull, Value


def planned(*properties, **of_object):
    loaded = load(contract(*properties, **of_object))
    checks = checks_of(loaded, loaded.schema[0], Neighbours({}, {"other": "x/other"}))
    return plan(checks), checks, loaded.schema[0]


def test_rows_are_always_counted_first():
    found, _, _ = planned({"name": "a"})

    assert found.stages == (Scan((RowCount(),)),)


def test_what_several_checks_ask_is_measured_once():
    rules = [{"metric": "nullValues", "mustBe": 0, "id": "x"}, {"metric": "nullValues", "unit": "percent", "mustBe": 0}]

    found, _, _ = planned({"name": "a", "required": True, "quality": rules})

    assert found.stages == (Scan((RowCount(), CountWhere(IsNull(Value(("a",)))))),)


def test_keys_references_and_queries_have_passes_of_their_own():
    rules = [{"type": "sql", "query": "SELECT count(*) FROM {object}", "mustBeGreaterThan": 0}]

    found, checks, obj = planned(
        {"name": "a", "unique": True, "primaryKey": True, "relationships": [{"to": "t.b"}]},
        {"name": "b"},
        quality=rules,
    )
    told = explain(found, checks, declared(obj.properties), "the batch")

    assert [type(stage) for stage in found.stages] == [Scan, KeyPass, ReferencePass, QueryPass]
    assert len(found.measures) == len(set(found.measures)) == 5
    assert told.count("FROM the batch") == 3
    assert 'SELECT count(*) FROM "t"' in told


def test_two_thousand_checks_are_one_scan():
    properties = [
        {"name": f"c{n}", "required": True, "logicalTypeOptions": {"maxLength": 9}, "logicalType": "string"}
        for n in range(1000)
    ]

    found, _, _ = planned(*properties)

    assert [type(stage) for stage in found.stages] == [Scan]
    assert len(found.measures) == 2001
