"""Rules about a whole batch: its columns, its size, its keys, other datasets, and service levels."""

import datetime as dt
import json
from types import SimpleNamespace

import pyarrow as pa
import pytest

from checks.asked import CSV, EVERY_WAY, PARQUET, TABLE, TYPED, contract, judged, result
from lakegate.api import Asked, check, opened
from lakegate.checks.interface import Found, Outcome
from lakegate.checks.structure import MinimumRows, Readable
from lakegate.measures import Fault, NotMeasured, RowCount
from lakegate.rows import Part, Rows

A, B = {"name": "a", "logicalType": "integer"}, {"name": "b", "logicalType": "integer"}


# --- columns and rows -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", EVERY_WAY)
def test_an_undeclared_column(way, tmp_path):
    data = {"a": [1], "b": [2]}

    closed = judged(contract(A), data, way, tmp_path)
    open_ = judged(contract(A, gate={"columns": "open"}), data, way, tmp_path)

    assert result(closed, "columns").outcome is Outcome.FAILED
    assert "'b'" in result(closed, "columns").reason
    assert result(open_, "columns").outcome is Outcome.PASSED
    assert "'b'" in result(open_, "columns").reason
    assert open_.exit_code == 0


@pytest.mark.parametrize("way", [TABLE, PARQUET, CSV])
def test_a_missing_column_and_every_rule_on_it(way, tmp_path):
    required = {**B, "required": True, "logicalTypeOptions": {"minimum": 0}}

    refused = judged(contract(A, required), {"a": [1]}, way, tmp_path)
    allowed = judged(contract(A, B, gate={"missing_columns": "allow"}), {"a": [1]}, way, tmp_path)

    failed = {one.key for one in refused.results if one.outcome is Outcome.FAILED}
    assert failed == {"t.b.columnPresent", "t.b.required", "t.b.minimum"}
    assert result(refused, "b.columnPresent").reason.startswith("got no column 'b'")
    assert result(allowed, "b.columnPresent").outcome is Outcome.NOT_APPLICABLE
    assert allowed.exit_code == 0


def test_an_absent_key_of_json_is_null(tmp_path):
    path = tmp_path / "data.jsonl"
    path.write_text('{"a": 1}\n{"a": 2, "b": 3}\n')

    verdict = check(contract(A, {**B, "required": True}), path)

    assert result(verdict, "b.columnPresent").outcome is Outcome.PASSED
    assert result(verdict, "b.required").diagnostics["failed"] == 1


def test_a_near_name_is_told():
    found = result(judged(contract({"name": "Amount"}), {"amount": [1]}), "Amount.columnPresent")

    assert found.reason == "got no column 'Amount', expected one (the file has 'amount')"


@pytest.mark.parametrize("names", [["a", "a"], ["a", "A"], ["e\u0301", "\u00e9"]], ids=["same", "case", "form"])
def test_twin_columns_of_a_table_are_no_columns(names):
    table = pa.table([[1], [2]], names=names)

    verdict = judged(contract({"name": names[0]}, gate={"columns": "open"}), table)

    assert verdict.exit_code == 1
    assert result(verdict, "readable").outcome is Outcome.FAILED


@pytest.mark.parametrize("way", EVERY_WAY)
@pytest.mark.parametrize(("least", "exit_code"), [(0, 0), (2, 0), (3, 1)])
def test_min_rows(least, exit_code, way, tmp_path):
    verdict = judged(contract(A, gate={"min_rows": least}), {"a": [1, 2]}, way, tmp_path)

    assert verdict.exit_code == exit_code
    assert any(one.type == "minRows" for one in verdict.results) == (least > 0)


@pytest.mark.parametrize("way", TYPED)
def test_no_rows(way, tmp_path):
    nothing = pa.table({"a": pa.array([], pa.int64())})
    rules = {**A, "required": True, "unique": True, "logicalTypeOptions": {"minimum": 0}}

    refused = judged(contract(rules), nothing, way, tmp_path)
    allowed = judged(contract(rules, gate={"min_rows": 0}), nothing, way, tmp_path)

    assert refused.exit_code == 1
    assert result(refused, "minRows").reason == "got 0 rows, expected at least 1 (lakegate.min_rows)"
    assert allowed.exit_code == 0
    of_rows = {result(allowed, f"a.{kind}").outcome for kind in ("required", "unique", "minimum")}
    assert of_rows == {Outcome.NOT_APPLICABLE}


@pytest.mark.parametrize(
    "check",
    [
        MinimumRows(identity=SimpleNamespace(), least=1),
        Readable(identity=SimpleNamespace(), typed=frozenset()),  # where min_rows is 0, the only one that counts
    ],
    ids=["min_rows", "readable"],
)
def test_rows_that_could_not_be_counted_are_no_pass(check):
    lost = NotMeasured(Fault.ENGINE, "the disk is full")
    part = Part("a.parquet", "a.parquet", (), 1)

    judgement = check.judge(Found(Rows((part,)), None, {RowCount(): lost}))

    assert (judgement.outcome, judgement.reason) == (Outcome.COULD_NOT_EVALUATE, "the disk is full")


def test_a_physical_name_is_the_column_and_both_are_told():
    document = contract({"name": "amount", "physicalName": "amt", "logicalType": "integer", "required": True})

    found = result(judged(document, {"amt": [None, 1]}), "amount.required")

    assert (found.outcome, found.name) == (Outcome.FAILED, "amount (column amt) is never null")


def test_text_has_no_physical_type(tmp_path):
    verdict = judged(contract({**A, "physicalType": "bigint"}), {"a": [1]}, CSV, tmp_path)

    assert result(verdict, "a.physicalType").reason == "text has no physical type"


@pytest.mark.parametrize("way", TYPED)
def test_a_physical_type_nobody_knows_is_not_compared(way, tmp_path):
    verdict = judged(contract({**A, "physicalType": "T_AMOUNT"}), {"a": [1]}, way, tmp_path)

    assert result(verdict, "a.physicalType").outcome is Outcome.NOT_APPLICABLE


def test_nan_may_be_allowed():
    nan = {"customProperties": [{"property": "lakegate", "value": {"nan": "allow"}}]}
    document = contract({"name": "a", "logicalType": "number", **nan})

    verdict = judged(document, {"a": [float("nan"), float("inf"), 1.0]})

    assert verdict.exit_code == 0


def test_rows_of_a_nested_column_in_json(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"o": {"n": "x"}}\n{"o": "text"}\n{}\n{"o": {}}\n')
    inner = {"name": "n", "logicalType": "string", "required": True}
    document = contract({"name": "o", "logicalType": "object", "properties": [inner]})

    verdict = check(document, path)

    assert result(verdict, "o.logicalType").diagnostics["failed"] == 1
    assert result(verdict, "o.n.required").diagnostics["failed"] == 1  # `{}` alone: text is no object that lacks it


# --- keys -------------------------------------------------------------------------------------------------------

KEY = ({**A, "primaryKey": True, "primaryKeyPosition": 2}, {**B, "primaryKey": True, "primaryKeyPosition": 1})


@pytest.mark.parametrize("way", EVERY_WAY)
def test_a_primary_key(way, tmp_path):
    kept = judged(contract(*KEY), {"a": [1, 1, 2], "b": [1, 2, 1]}, way, tmp_path)
    broken = judged(contract(*KEY), {"a": [1, 1, None], "b": [1, 1, 1]}, way, tmp_path)

    assert kept.exit_code == 0
    assert result(kept, "primaryKey").name == "every (b, a) occurs once"
    assert result(broken, "primaryKey").diagnostics["rows"] == 2
    assert result(broken, "a.required").diagnostics["failed"] == 1
    assert result(broken, "b.required").outcome is Outcome.PASSED


def test_a_single_primary_key():
    verdict = judged(contract({**A, "primaryKey": True}), {"a": [1, 1, None, None]})

    assert result(verdict, "primaryKey").diagnostics["rows"] == 2
    assert result(verdict, "a.required").diagnostics["failed"] == 2
    assert [place.key for place in result(verdict, "a.required").locations] == [(("a", "null"),)] * 2


# --- relationships ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", EVERY_WAY)
def test_a_reference_to_itself(way, tmp_path):
    document = contract(A, {**B, "relationships": [{"to": "t.a"}]})

    kept = judged(document, {"a": [1, 2, 3], "b": [1, 1, None]}, way, tmp_path)
    broken = judged(document, {"a": [1, 2, 3], "b": [1, 9, None]}, way, tmp_path)

    assert kept.exit_code == 0
    assert result(broken, "b.relationship.t.a").diagnostics["failed"] == 1
    assert [place.row for place in result(broken, "b.relationship.t.a").locations] == [2]


def test_a_composite_reference_to_itself():
    document = contract(
        A, B, {"name": "c"}, {"name": "d"}, relationships=[{"from": ["t.c", "t.d"], "to": ["t.a", "t.b"]}]
    )

    verdict = judged(document, {"a": [1, 2], "b": [1, 2], "c": [1, 2], "d": [2, 2]})

    (found,) = [one for one in verdict.results if one.type == "relationship"]
    assert (found.outcome, found.diagnostics["failed"]) == (Outcome.FAILED, 1)


def test_a_reference_to_a_dataset_that_is_not_there():
    document = contract({**A, "relationships": [{"to": "elsewhere.t.a"}]})

    verdict = judged(document, {"a": [1]})

    assert verdict.exit_code == 5
    assert result(verdict, "a.relationship.elsewhere.t.a").outcome is Outcome.COULD_NOT_EVALUATE


def test_a_reference_of_items_is_not_checked_and_says_so():
    tag = {"name": "tag", "logicalType": "integer", "relationships": [{"to": "t.a"}]}

    verdict = judged(contract(A, {"name": "tags", "logicalType": "array", "items": tag}), {"a": [1], "tags": [[9]]})

    (found,) = [one for one in verdict.results if one.type == "relationship"]
    assert (found.outcome, verdict.exit_code) == (Outcome.UNSUPPORTED, 2)
    assert "items of an array" in found.reason


def test_a_reference_of_a_field():
    inner = {"name": "x", "logicalType": "integer", "relationships": [{"to": "t.a"}]}
    document = contract(A, {"name": "o", "logicalType": "object", "properties": [inner]})

    verdict = judged(document, {"a": [1, 2], "o": [{"x": 1}, {"x": 9}]})

    found = [one for one in verdict.results if one.type == "relationship"]
    assert [one.outcome for one in found] == [Outcome.FAILED], found


def test_a_reference_against_named_files(tmp_path):
    folder = tmp_path / "contracts"
    folder.mkdir()
    child = {**contract({**A, "relationships": [{"to": "parent.p.id"}]}), "id": "child"}
    parent = {**contract(), "id": "parent"}
    parent["schema"] = [{"name": "p", "properties": [{"name": "id", "logicalType": "integer"}]}]
    (folder / "child.odcs.yaml").write_text(json.dumps(child))
    (folder / "parent.odcs.yaml").write_text(json.dumps(parent))
    (tmp_path / "child.csv").write_text("a\n1\n2\n\n")
    (tmp_path / "parent.csv").write_text("id\n1\n")
    beside = {"parent": (tmp_path / "parent.csv",)}

    with opened(Asked(folder / "child.odcs.yaml", beside=beside), needs_lake=False) as (run,):
        verdict = run.judge_files([tmp_path / "child.csv"])

    assert result(verdict, "a.relationship.parent.p.id").diagnostics["failed"] == 1


# --- service levels ---------------------------------------------------------------------------------------------

AS_OF = dt.datetime(2026, 3, 10, tzinfo=dt.UTC)
WHEN = {"name": "when", "logicalType": "timestamp", "logicalTypeOptions": {"timezone": True}}


def level(name: str, age: dt.timedelta | None, *, limit: int = 2, unit: str = "d", as_of: dt.datetime = AS_OF):
    sla = {"property": name, "value": limit, "unit": unit, "element": "t.when"}
    values = pa.array([None if age is None else AS_OF - age], pa.timestamp("us", "UTC"))
    return result(judged(contract(WHEN, sla=(sla,)), {"when": values}, as_of=as_of), f"sla.0.{name}")


HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.mark.parametrize("name", ["freshness", "retention"])
@pytest.mark.parametrize(
    ("age", "outcome"),
    [
        (DAY, Outcome.PASSED),
        (2 * DAY, Outcome.PASSED),
        (2 * DAY + HOUR, Outcome.FAILED),
        (-HOUR, Outcome.PASSED),
    ],
)
def test_service_levels(name, age, outcome):
    assert level(name, age).outcome is outcome


def test_rows_without_any_instant_are_not_fresh_and_not_too_old():
    assert level("freshness", None).reason == "got no newest value, every one is null, expected one of at most 2 d"
    assert level("freshness", None).outcome is Outcome.FAILED
    assert level("retention", None).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("zone", "local", "age"),
    [
        ("Asia/Tokyo", "2026-03-10 06:00:00", "3 h"),  # the 9th, 21:00 in UTC
        ("America/New_York", "2026-03-09 14:00:00", "6 h"),  # 18:00 in UTC, by summer time
        ("America/New_York", "2026-03-07 14:00:00", "2 d 5 h"),
        ("America/New_York", "9999-12-31 23:59:59", ""),
    ],
)
def test_an_age_is_that_of_the_time_in_the_declared_zone(zone, local, age, tmp_path):
    local_time = {"name": "when", "logicalType": "timestamp", "logicalTypeOptions": {"defaultTimezone": zone}}
    sla = {"property": "freshness", "value": 1, "unit": "h", "element": "t.when"}
    document = contract(local_time, sla=(sla,))

    for way, values in ((CSV, [local]), (TABLE, [dt.datetime.fromisoformat(local)])):
        reason = result(judged(document, {"when": values}, way, tmp_path, as_of=AS_OF), "sla.0.freshness").reason
        assert reason.startswith(f"got a newest value {age} old" if age else "the newest value is 2,912,")


def test_a_time_ahead_of_now_warns():
    found = level("freshness", -2 * DAY)

    assert found.outcome is Outcome.WARNED
    assert found.reason == "the newest value is 2 d ahead of 2026-03-10T00:00:00+00:00"


@pytest.mark.parametrize(("unit", "outcome"), [("m", Outcome.FAILED), ("h", Outcome.FAILED), ("month", Outcome.PASSED)])
def test_units_of_service_levels(unit, outcome):
    assert level("freshness", 20 * DAY, unit=unit).outcome is outcome


def test_an_instant_without_a_zone_is_utc():
    assert level("freshness", DAY, as_of=AS_OF.replace(tzinfo=None)).outcome is Outcome.PASSED


@pytest.mark.parametrize("name", ["freshness", "retention"])
@pytest.mark.parametrize("age", [DAY, 3 * DAY, -3 * DAY])
def test_the_moment_of_a_hidden_column_is_told_neither_as_it_is_nor_by_its_age(name, age):
    hidden = {**WHEN, "customProperties": [{"property": "lakegate", "value": {"samples": "never"}}]}
    sla = {"property": name, "value": 2, "unit": "d", "element": "t.when"}
    values = pa.array([AS_OF - age], pa.timestamp("us", "UTC"))

    found = result(judged(contract(hidden, sla=(sla,)), {"when": values}, as_of=AS_OF), f"sla.0.{name}")

    assert found.outcome is level(name, age).outcome
    assert found.diagnostics == {"expected": "at most 2 d"}
    assert "3 d" not in found.reason
    assert (AS_OF - age).date().isoformat() not in found.reason


def test_service_levels_of_text_and_of_things_a_batch_cannot_show():
    levels = (
        {"property": "freshness", "value": 1, "unit": "d", "element": "t.a"},
        {"property": "frequency", "value": 1, "unit": "d"},
        {"property": "latency", "value": 1, "unit": "d", "element": "t.a"},
    )

    verdict = judged(contract({"name": "a"}, sla=levels), {"a": ["secret"]}, as_of=AS_OF)

    assert result(verdict, "sla.0.freshness").outcome is Outcome.FAILED
    assert "secret" not in result(verdict, "sla.0.freshness").reason
    assert result(verdict, "sla.1.frequency").outcome is Outcome.NOT_APPLICABLE
    assert result(verdict, "sla.2.latency").outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("way", ["csv", "jsonl"])
def test_a_bad_cell_under_a_physical_name(way, tmp_path):
    column = {"name": "amount", "physicalName": "amt", "logicalType": "integer", "required": True}

    verdict = judged(contract(column), {"amt": ["1", "x"]} if way == CSV else {"amt": [True, False]}, way, tmp_path)

    assert result(verdict, "amount.logicalType").outcome is Outcome.FAILED
    assert result(verdict, "amount.required").outcome is Outcome.PASSED
