"""What a contract means where the standard leaves it open: each row of docs/reference/contract-semantics.md, judged.

Rows that the loader and lint answer for have their tests in tests/contract/.
"""

import datetime as dt
import re
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from checks.asked import CSV, JSON, TABLE, contract, judged, result
from lakegate.checks.interface import Outcome

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "contract-semantics.md"
PASSED, WARNED, FAILED = Outcome.PASSED, Outcome.WARNED, Outcome.FAILED
NOT_APPLICABLE, COULD_NOT = Outcome.NOT_APPLICABLE, Outcome.COULD_NOT_EVALUATE


@dataclass(frozen=True)
class Says:
    """What property `a` declares, its values, and what the check `t.<key>` comes to."""

    declared: dict[str, Any]
    values: list
    key: str
    outcome: Outcome
    way: str = TABLE
    gate: dict[str, Any] = field(default_factory=dict)
    sla: tuple = ()
    reason: str = ""


def rule(metric: str, **of_rule: Any) -> dict[str, Any]:
    return {"quality": [{"metric": metric, "id": "r", **of_rule}]}


def sql(query: str, **of_rule: Any) -> dict[str, Any]:
    return {"quality": [{"type": "sql", "query": query, "id": "r", **of_rule}]}


def of(kind: str, **more: Any) -> dict[str, Any]:
    return {"logicalType": kind, **more}


R = "a.quality.r"
NAN = float("nan")
NOON = dt.datetime(2026, 3, 1, 12)  # noqa: DTZ001 - a time without a zone is a case
TEXT_RULE = {"quality": [{"type": "text", "description": "plausible", "id": "r"}]}
CUSTOM_RULE = {"quality": [{"type": "custom", "engine": "soda", "implementation": "x", "id": "r"}]}
NEW_YORK = {"defaultTimezone": "America/New_York", "maximum": "2026-03-01T18:00:00+01:00"}
FIELDS = of("object", properties=[{"name": "x", "logicalType": "integer"}, {"name": "y", "logicalType": "string"}])
THREE_TENTHS = [Decimal("0.3"), Decimal("0.30000000000000001")]  # one double
FRESH = {"property": "freshness", "value": 90, "unit": "m", "element": "t.a"}

ROWS = {
    "`mustBeBetween`, `mustNotBeBetween`": [
        Says(rule("nullValues", mustBeBetween=[1, 2]), [None], R, PASSED),
        Says(rule("nullValues", mustBeBetween=[0, 1]), [None], R, PASSED),
        Says(rule("nullValues", mustNotBeBetween=[1, 2]), [None], R, FAILED),
    ],
    "`mustBe` with text or boolean": [
        Says(sql("SELECT '10'", mustBe=10), [1], R, FAILED),
        Says(sql("SELECT '10'", mustBe="10"), [1], R, PASSED),
        Says(sql("SELECT true", mustBe=True), [1], R, PASSED),
        Says(sql("SELECT 1", mustBe=True), [1], R, FAILED),
    ],
    "unit `percent`": [
        Says(rule("nullValues", unit="percent", mustBe=50), [None, 1], R, PASSED),
        Says(rule("nullValues", unit="percent", mustBe=0), [], R, NOT_APPLICABLE, gate={"min_rows": 0}),
    ],
    "`duplicateValues`, rows": [Says(rule("duplicateValues", mustBe=1), [5, 5, 5, 7, None, None], R, PASSED)],
    "`duplicateValues`, percent": [
        Says(rule("duplicateValues", unit="percent", mustBe=50), [5, 5, 5, 7], R, PASSED),
    ],
    "`unique`, `primaryKey`": [
        Says({"unique": True}, [1, None, None], "a.unique", PASSED),
        Says({"primaryKey": True}, [1, None], "a.required", FAILED),
        Says({"primaryKey": True}, [1, 1], "primaryKey", FAILED),
    ],
    "`missingValues`": [
        Says(rule("missingValues", arguments={"missingValues": ["-"]}, mustBe=2), ["-", None, "x"], R, PASSED),
    ],
    "`invalidValues`": [
        Says(rule("invalidValues", arguments={"validValues": ["x"]}, mustBe=0), ["x", None], R, PASSED),
        Says(rule("invalidValues", arguments={"validValues": ["x"]}, mustBe=1), ["x", ""], R, PASSED),
        Says(
            rule("invalidValues", arguments={"validValues": ["x", "Y"], "pattern": "^[a-z]$"}, mustBe=1),
            ["x", "Y"],
            R,
            PASSED,
        ),
    ],
    "`pattern`": [
        Says(of("string", logicalTypeOptions={"pattern": "b"}), ["abc"], "a.pattern", PASSED),
        Says(of("string", logicalTypeOptions={"pattern": "^abc$"}), ["abc\n"], "a.pattern", FAILED),
    ],
    "`enum`": [
        Says({"enum": [{"value": 1}]}, [1, None], "a.enum", PASSED),
        Says({"enum": [{"value": 1}]}, ["1"], "a.enum", FAILED),
    ],
    "`severity`": [
        Says(rule("nullValues", mustBe=0, severity="minor"), [None], R, WARNED),
        Says(rule("nullValues", mustBe=0, severity="info"), [None], R, Outcome.INFORMED),
        Says(rule("nullValues", mustBe=0, severity="urgent"), [None], R, FAILED),
    ],
    "`sql`": [
        Says(sql("SELECT NULL", mustBe=0), [1], R, FAILED, reason="the query returned NULL"),
        Says(sql("SELECT a FROM t WHERE a > 1", mustBe=0), [1], R, FAILED, reason="the query returned no row"),
        Says(sql("SELECT 1 FROM t", mustBe=1), [1, 2], R, FAILED, reason="one row with one column"),
        Says(sql("SELECT nothing FROM t", mustBe=1), [1], R, COULD_NOT),
    ],
    "`text`, `schedule`, `scheduler`": [Says(TEXT_RULE, [1], R, NOT_APPLICABLE, reason="not checked: prose")],
    "custom rule of an engine lakegate does not have": [
        Says(CUSTOM_RULE, [1], R, Outcome.UNSUPPORTED, reason="not checked, because engine 'soda'"),
        Says(CUSTOM_RULE, [1], R, NOT_APPLICABLE, gate={"unsupported": "allow"}, reason="not checked"),
    ],
    "`physicalType`": [
        Says({"physicalType": "bigint"}, [1], "a.physicalType", PASSED),
        Says({"physicalType": "varchar"}, [1], "a.physicalType", FAILED),
        Says(
            {"physicalType": "bigint"}, [1], "a.physicalType", NOT_APPLICABLE, CSV, reason="text has no physical type"
        ),
    ],
    "`time`, `map`, `vector`": [
        Says(of("time"), [dt.time(1)], "a.logicalType", PASSED),
        Says(of("vector", logicalTypeOptions={"dimensions": 2}), [[1.0, 2.0]], "a.dimensions", PASSED),
        Says(of("vector", logicalTypeOptions={"dimensions": 2}), [[1.0]], "a.dimensions", FAILED),
        Says(of("vector", logicalTypeOptions={"dimensions": 1}), [["x"]], "a.logicalType", FAILED),
    ],
    "logicalType `integer`": [
        Says(of("integer"), [2**62], "a.logicalType", PASSED),
        Says(of("integer", logicalTypeOptions={"format": "i32"}), [2**31], "a.format", FAILED),
    ],
    "logicalType `number`, NaN, inf": [
        Says(of("number"), [NAN, 1.0], "a.logicalType", FAILED),
        Says(of("number"), [float("-inf")], "a.logicalType", FAILED),
        Says(of("number", required=True), [NAN], "a.required", PASSED),
    ],
    "bounds, `enum` and listed values of a `number`": [
        Says(of("number", logicalTypeOptions={"maximum": 0.3}), THREE_TENTHS[:1], "a.maximum", PASSED),
        Says(of("number", logicalTypeOptions={"maximum": 0.3}), THREE_TENTHS, "a.maximum", FAILED),
        Says(of("number", logicalTypeOptions={"maximum": 0.3}), list(map(str, THREE_TENTHS)), "a.maximum", FAILED, CSV),
        Says(of("number", logicalTypeOptions={"maximum": 0.3}), [0.1 + 0.2], "a.maximum", FAILED),
        Says(of("number", enum=[{"value": 0.3}]), THREE_TENTHS, "a.enum", FAILED),
        Says(of("number", enum=[{"value": 0.3}]), [0.3], "a.enum", PASSED),
        Says(of("integer", logicalTypeOptions={"minimum": 0.5}), ["9" * 38, "0"], "a.minimum", FAILED, CSV),
        Says(of("number", logicalTypeOptions={"maximum": 1000}), ["0." + "3" * 37], "a.maximum", PASSED, CSV),
    ],
    "`boolean` over integers, `date` over timestamps, `object` over anything else": [
        Says(of("boolean"), [1, 0], "a.logicalType", FAILED),
        Says(of("date"), [NOON], "a.logicalType", FAILED),
        Says(of("object", properties=[{"name": "x"}]), ["x"], "a.logicalType", FAILED),
    ],
    "`timestamp`": [
        Says(of("timestamp", logicalTypeOptions={"timezone": True}), [NOON], "a.logicalType", FAILED),
        Says(
            of("timestamp", logicalTypeOptions={"timezone": True}),
            ["2026-03-01T12:00:00"],
            "a.logicalType",
            FAILED,
            CSV,
        ),
        Says(of("timestamp"), ["2026-03-01T12:00:00"], "a.logicalType", PASSED, CSV),
        *[
            Says(of("timestamp", logicalTypeOptions=NEW_YORK), [NOON + after], "a.maximum", outcome, TABLE)
            for after, outcome in ((dt.timedelta(0), PASSED), (dt.timedelta(seconds=1), FAILED))
        ],
    ],
    "`format` of dates": [
        Says(of("date", logicalTypeOptions={"format": "dd/MM/yyyy"}), ["31/01/2026"], "a.logicalType", PASSED, CSV),
        Says(of("date", logicalTypeOptions={"format": "dd/MM/yyyy"}), ["2026-01-31"], "a.logicalType", FAILED, CSV),
    ],
    "`format` of strings (email, uuid, uri, hostname, ipv4, ipv6), `multipleOf`, min/max items, properties, length": [
        Says(of("string", logicalTypeOptions={"format": "ipv4"}), ["256.0.0.1"], "a.format", FAILED, way)
        for way in (TABLE, CSV, JSON)
    ]
    + [
        Says(of("object", logicalTypeOptions={"minProperties": 1}), [{"x": 1}], "a.minProperties", PASSED, JSON),
        Says(of("object", logicalTypeOptions={"minProperties": 1}), [{"x": None}], "a.minProperties", FAILED, JSON),
        Says(
            of("object", logicalTypeOptions={"maxProperties": 1}), [{"x": 1, "y": 2}], "a.maxProperties", FAILED, JSON
        ),
    ],
    "text of numbers in CSV and JSON": [
        Says(of("integer"), ["007"], "a.logicalType", FAILED, CSV),
        Says(of("integer"), ["1"], "a.logicalType", FAILED, JSON),
        Says(of("integer"), [1.0], "a.logicalType", PASSED, JSON),
        Says(of("integer"), [1.5], "a.logicalType", FAILED, JSON),
        Says(of("number"), ["1,000"], "a.logicalType", FAILED, CSV),
    ],
    "a declared column is missing": [
        Says({"physicalName": "gone"}, [1], "a.columnPresent", FAILED),
        Says({"physicalName": "gone"}, [1], "a.columnPresent", NOT_APPLICABLE, gate={"missing_columns": "allow"}),
        Says(FIELDS, [{"x": 1}], "a.y.logicalType", FAILED, reason="got no field 'y' in 'a'"),
        Says(FIELDS, [{"x": 1, "Y": "z"}], "a.y.logicalType", FAILED, reason="it has 'Y'"),
        Says(FIELDS, [{"x": 1}], "a.y.logicalType", NOT_APPLICABLE, gate={"missing_columns": "allow"}),
        Says(FIELDS, [{"x": 1}], "a.y.logicalType", PASSED, JSON),
        Says(FIELDS, [None], "a.y.logicalType", NOT_APPLICABLE),
    ],
    "an undeclared column": [
        Says({"physicalName": "gone"}, [1], "columns", FAILED),
        Says(
            {"physicalName": "gone"}, [1], "columns", PASSED, gate={"columns": "open"}, reason="undeclared and allowed"
        ),
    ],
    "relationships": [
        Says({"relationships": [{"to": "t.a"}]}, [1, None], "a.relationship.t.a", PASSED),
        Says({"relationships": [{"to": "gone.t.a"}]}, [1], "a.relationship.gone.t.a", COULD_NOT),
    ],
    "freshness, retention, `m`": [
        Says(of("timestamp"), [NOON - dt.timedelta(minutes=90)], "sla.0.freshness", PASSED, sla=(FRESH,)),
        Says(of("timestamp"), [NOON - dt.timedelta(minutes=91)], "sla.0.freshness", FAILED, sla=(FRESH,)),
        Says(of("timestamp"), [NOON + dt.timedelta(days=2)], "sla.0.freshness", WARNED, sla=(FRESH,)),
        Says(of("timestamp"), [None], "sla.0.freshness", FAILED, sla=(FRESH,)),
    ],
    "an empty batch": [
        Says({"required": True}, [], "minRows", FAILED),
        Says({"required": True}, [], "a.required", NOT_APPLICABLE, gate={"min_rows": 0}),
        Says(rule("nullValues", mustBe=0), [], R, PASSED, gate={"min_rows": 0}),
    ],
}

# Answered for before there is data, or by how text is read: tests/contract/, tests/intake/, and the tests named.
ELSEWHERE = {
    "the value that a sample of a rule of the whole object quotes",  # publish/test_told_of_persons.py, test_verdict.py
    "the most frequent failing values",  # test_judge.py
    "the nulls of a column that no rule asks for",  # test_judge.py, intake/test_nulls.py
    "freshness, retention of a classified property",  # test_batch_rules.py
    "the number of a `sql` rule over classified properties",  # test_quality_rules.py, contract/test_sql_quoting.py
    "`frequency`, `schedule`, `latency` of slaProperties, in Airflow",  # airflow/test_schedules.py, test_dags.py
    "when the next batch is due, on pages",  # reports/test_promises.py
    "`examples` of a classified property, on pages",  # reports/test_describe.py
    "a sample of an object, array or map",  # the same
    "`enum`, patterns, bounds and SQL of a classified property, on pages",  # the same
    "several operators on one rule",
    "`primaryKeyPosition`",  # test_batch_rules.py
    "`scope: table` at the contract",  # test_tables.py
    "`scope: table` at a `rowCount`",  # test_tables.py
    "`scope: table` at a `duplicateValues`",  # test_tables.py
    "`scope: table` at any other rule",  # contract/test_meaning.py
    "a table-wide rule, and files that are no batch of a lake",  # test_tables.py
    "`physicalName`",  # test_batch_rules.py
    "`semanticType: measure`",  # below
    "a reference to another contract's property",
    "`rule:`",
    "`format: json` without `delimiter`",
    "`''` in CSV",
    "custom rule of `greatExpectations`",  # inputs/test_expectations.py, libraries/great_expectations/
    "custom rule of `pandera`",  # the same, libraries/pandera/
    "custom rule of `lakegate`: history",  # test_history.py, inputs/test_history.py
    "too little history",  # the same
    "a history without spread",  # test_history.py
    "`sameWeekday`",  # the same, contract/test_own_rules.py
    "custom rule of `lakegate`: reconciliation",  # test_reconciliation.py, inputs/test_history.py
    "severity of an expectation",  # inputs/test_expectations.py
    "nothing to check, or everything filtered out",  # test_verdict.py
    "`quarantine: rows`",  # gate/test_set_apart.py
    "`action: quarantine` of a rule or relationship",  # the same
    "a rule that only warns, where rows are set apart",  # the same
    "`max_rejected`",  # the same
    "a key that stands twice, where rows are set apart",  # the same
    "a row whose parent in its own batch is set apart",  # the same
    "`waiver`",  # gate/test_waiver.py, commands/test_waivers.py
    "what can be waived",  # the same
    "a waiver, and rows set apart",  # gate/test_waiver.py
    "the limits of a waiver",  # the same
    "`waiver.approvers`",  # the same, contract/test_meaning.py
    "`waiver.max_days`",  # the same
    "a waiver that is revoked",  # gate/test_revocation.py, commands/test_revocations.py
    "waivers are there, and none holds",  # the same, inputs/test_lake.py
    "a waived batch, seen by others",  # commands/test_waivers.py
    "who is told when a gate blocks",  # airflow/test_notifications.py
    "`upstream`",  # warehouse/test_recipe.py, warehouse/test_build.py
}


@pytest.mark.parametrize(
    "says",
    [pytest.param(one, id=f"{row[:40]}-{number}") for row, each in ROWS.items() for number, one in enumerate(each)],
)
def test_the_row(says, tmp_path):
    document = contract({"name": "a", **says.declared}, gate=says.gate, sla=says.sla)

    verdict = judged(document, {"a": says.values}, says.way, tmp_path, as_of=NOON)

    found = result(verdict, says.key)
    assert found.outcome is says.outcome, found
    assert says.reason in found.reason


def test_semantic_type_measure():
    document = contract({"name": "a"}, {"name": "margin", "semanticType": "measure", "required": True})

    verdict = judged(document, {"a": [1]})

    assert verdict.exit_code == 0
    assert not [one for one in verdict.results if one.field == "margin"]


def test_every_row_of_the_page_has_its_test():
    (table,) = re.findall(r"^\| point .*?(?=\n\n)", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)
    points = {line.split("|")[1].strip() for line in table.splitlines()[2:]}

    assert points == ROWS.keys() | ELSEWHERE
