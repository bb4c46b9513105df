"""From rows to a verdict: where failing rows are, and which of their values are told."""

import datetime as dt

import pyarrow as pa
import pytest

from checks.asked import CSV, EVERY_WAY, JSON, TABLE, contract, judged, result
from lakegate.checks.interface import Outcome

ID = {"name": "id", "logicalType": "integer", "primaryKey": True}
BOUNDED = {"name": "a", "logicalType": "integer", "logicalTypeOptions": {"maximum": 4}}
DATA = {"id": [11, 12, 13, 14], "a": [5, 1, 6, 7]}


@pytest.mark.parametrize("way", EVERY_WAY)
def test_the_first_failing_rows_with_their_keys(way, tmp_path):
    places = result(judged(contract(ID, BOUNDED), DATA, way, tmp_path, locations=2), "a.maximum").locations

    assert [(place.row, place.key, place.value) for place in places] == [
        (1, (("id", "11"),), None),
        (3, (("id", "13"),), None),
    ]
    assert {place.file for place in places} == {"" if way == TABLE else f"data.{way}"}
    assert [place.line for place in places] == {CSV: [2, 4], JSON: [1, 3]}.get(way, [None, None])


def test_several_files_in_the_order_they_were_named(tmp_path):
    from lakegate.api import check

    for name, text in {"b.csv": "id,a\n1,9\n2,0\n", "a.csv": "id,a\n3,8\n4,7\n"}.items():
        (tmp_path / name).write_text(text)

    verdict = check(contract(ID, BOUNDED), [tmp_path / "b.csv", tmp_path / "a.csv"])

    places = result(verdict, "a.maximum").locations
    assert [(place.file, place.row, place.line) for place in places] == [
        ("b.csv", 1, 2),
        ("a.csv", 1, 2),
        ("a.csv", 2, 3),
    ]


def test_no_locations_are_asked_for():
    assert result(judged(contract(ID, BOUNDED), DATA, locations=0), "a.maximum").locations == ()


PROTECTED = {
    "show": ({}, "5"),
    "mask": ({"classification": "restricted"}, "*** (1 characters)"),
    "never": ({"customProperties": [{"property": "lakegate", "value": {"samples": "never"}}]}, None),
}


@pytest.mark.parametrize("way", EVERY_WAY)
@pytest.mark.parametrize("rule", PROTECTED)
def test_values_are_told_only_when_asked_and_as_the_property_allows(rule, way, tmp_path):
    declared, told = PROTECTED[rule]
    document = contract(ID, {**BOUNDED, **declared})

    asked = judged(document, DATA, way, tmp_path, samples=True)
    unasked = judged(document, DATA, way, tmp_path)

    assert result(asked, "a.maximum").locations[0].value == told
    assert {place.value for one in unasked.results for place in one.locations} == {None}


@pytest.mark.parametrize("rule", PROTECTED)
@pytest.mark.parametrize("way", [CSV, JSON])
def test_a_cell_that_does_not_convert(way, rule, tmp_path):
    declared, _ = PROTECTED[rule]
    document = contract({"name": "a", "logicalType": "integer", **declared})
    bad = {"a": ["1", "secret"]} if way == CSV else {"a": [1.5]}

    asked = result(judged(document, bad, way, tmp_path, samples=True), "a.logicalType").locations
    unasked = result(judged(document, bad, way, tmp_path), "a.logicalType").locations

    text = "secret" if way == CSV else "1.5"
    told = {"show": text, "mask": f"*** ({len(text)} characters)", "never": None}[rule]
    assert [place.value for place in asked] == [told]
    assert [(place.row, place.value) for place in unasked] == [(2 if way == CSV else 1, None)]


def test_a_key_is_told_by_its_own_rule():
    document = contract({**ID, "classification": "restricted"}, BOUNDED)

    (place, *_) = result(judged(document, DATA), "a.maximum").locations

    assert place.key == (("id", "*** (2 characters)"),)


def test_no_reason_quotes_a_value():
    properties = [
        {
            "name": "s",
            "logicalType": "string",
            "logicalTypeOptions": {"maxLength": 2},
            "enum": [{"value": "x"}],
            "unique": True,
        },
        {
            "name": "d",
            "logicalType": "date",
            "logicalTypeOptions": {"minimum": "2030-01-01"},
            "relationships": [{"to": "t.e"}],
        },
        {"name": "e", "logicalType": "date"},
    ]
    data = {"s": ["secret"] * 2, "d": [dt.date(1999, 9, 9)] * 2, "e": [dt.date(2030, 1, 1)] * 2}

    verdict = judged(contract(*properties), data)

    told = " ".join(f"{one.reason} {one.diagnostics}" for one in verdict.results)
    assert verdict.counts[Outcome.FAILED] == 5
    assert "secret" not in told
    assert "1999" not in told


def test_many_failing_checks_each_have_their_rows():
    rules = [
        {"id": f"r{n}", "metric": "invalidValues", "arguments": {"validValues": [n]}, "mustBe": 0} for n in range(150)
    ]
    document = contract({"name": "a", "logicalType": "integer", "quality": rules})

    verdict = judged(document, {"a": [0, -1]})

    assert [place.row for place in result(verdict, "a.quality.r0").locations] == [2]
    assert {len(result(verdict, f"a.quality.r{n}").locations) for n in range(1, 150)} == {2}


def test_warned_and_informed_rules_name_their_rows_too():
    rules = [{"id": word, "metric": "nullValues", "mustBe": 0, "severity": word} for word in ("info", "warning")]

    verdict = judged(contract({"name": "a", "quality": rules}), {"a": [None, 1]})

    assert [[place.row for place in result(verdict, f"a.quality.{w}").locations] for w in ("info", "warning")] == [
        [1],
        [1],
    ]


def test_every_key_of_a_verdict_is_unique_and_the_same_again():
    document = contract(
        ID, BOUNDED, {"name": "o", "logicalType": "object", "properties": [{"name": "x", "required": True}]}
    )
    table = pa.table({**DATA, "o": [{"x": "1"}] * 4})

    first, second = (judged(document, table) for _ in range(2))

    keys = [one.key for one in first.results]
    assert len(keys) == len(set(keys))
    assert first == second


def test_the_instant_is_pinned_only_where_a_check_reads_it():
    sla = ({"property": "freshness", "value": 1, "unit": "d", "element": "t.when"},)
    when = {"name": "when", "logicalType": "date"}
    now = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)

    with_clock = judged(contract(when, sla=sla), {"when": [dt.date(2026, 3, 1)]}, as_of=now)
    without = judged(contract(when), {"when": [dt.date(2026, 3, 1)]}, as_of=now)

    assert with_clock.context.as_of == now.isoformat()
    assert without.context.as_of is None


NAMED = {"name": "a", "logicalType": "string", "enum": [{"value": "x"}]}
MANY = {"id": list(range(8)), "a": ["b", "c", "b", "x", None, "d", "b", "c"]}


@pytest.mark.parametrize("way", EVERY_WAY)
def test_the_most_frequent_failing_values_are_told_where_samples_are_asked_for(way, tmp_path):
    document = contract(ID, NAMED)

    asked = result(judged(document, MANY, way, tmp_path, samples=True), "a.enum").diagnostics
    unasked = result(judged(document, MANY, way, tmp_path), "a.enum").diagnostics

    assert asked["failing_values"] == [
        {"value": "b", "rows": 3},
        {"value": "c", "rows": 2},
        {"value": "d", "rows": 1},
    ]
    assert asked["distinct_values"] == 3
    assert "failing_values" not in unasked


@pytest.mark.parametrize("rule", ["mask", "never"])
def test_values_of_a_column_that_hides_them_are_never_told_as_frequent(rule):
    hidden = {**NAMED, "customProperties": [{"property": "lakegate", "value": {"samples": rule}}]}

    told = result(judged(contract(ID, hidden), MANY, samples=True), "a.enum").diagnostics

    assert "failing_values" not in told


def test_repeated_keys_and_orphans_have_frequent_values_too():
    document = contract({"name": "a", "logicalType": "integer", "unique": True})

    told = result(judged(document, {"a": [7, 7, 7, 8, 8, 9]}, samples=True), "a.unique").diagnostics

    assert told["failing_values"] == [{"value": "7", "rows": 3}, {"value": "8", "rows": 2}]


def test_at_most_ten_values_are_told_and_all_are_counted():
    told = result(judged(contract(NAMED), {"a": [f"v{n:02}" for n in range(30)]}, samples=True), "a.enum").diagnostics

    assert [one["value"] for one in told["failing_values"]] == [f"v{n:02}" for n in range(10)]
    assert told["distinct_values"] == 30


# --- how many rows hold null -------------------------------------------------------------------------------------


SHOWN = {"name": "shown", "physicalName": "a", "logicalType": "integer"}
UNRULED = {"name": "b", "logicalType": "integer"}


@pytest.mark.parametrize("way", EVERY_WAY)
def test_nulls_of_every_column_are_told_in_whatever_way_it_comes(way, tmp_path):
    data = pa.table({"a": [None, 1, None, 2], "id": [11, 12, 13, 14], "b": pa.array([None] * 4, pa.int64())})

    found = judged(contract(ID, UNRULED, SHOWN), data, way, tmp_path).profile

    assert found.rows == 4
    assert list(found.nulls.items()) == [("id", 0), ("b", 4), ("shown", 2)]


@pytest.mark.parametrize("way", EVERY_WAY)
def test_what_is_told_of_nulls_is_what_required_counts(way, tmp_path):
    data = {"id": [11, 12, 13, 14], "a": [None, 1, None, 2]}

    verdict = judged(contract(ID, {**BOUNDED, "required": True}), data, way, tmp_path)

    assert verdict.profile.nulls["a"] == result(verdict, "a.required").diagnostics["failed"] == 2


def test_a_missing_column_is_told_as_not_counted_and_changes_no_outcome():
    document = contract(ID, UNRULED, gate={"missing_columns": "allow"})

    verdict = judged(document, {"id": [11, 12]})

    assert verdict.profile.nulls == {"id": 0, "b": None}
    assert verdict.passes


@pytest.mark.parametrize("way", EVERY_WAY)
def test_nothing_is_told_of_no_rows(way, tmp_path):
    data = pa.table({"id": pa.array([], pa.int64())})

    verdict = judged(contract(ID, gate={"min_rows": 0}), data, way, tmp_path)

    assert verdict.profile is None


def test_nothing_is_told_of_a_batch_that_cannot_be_read(tmp_path):
    from lakegate.api import check

    (tmp_path / "a.csv").write_bytes(b"id,a\n1,\xff\n")

    assert check(contract(ID, BOUNDED), [tmp_path / "a.csv"]).profile is None
