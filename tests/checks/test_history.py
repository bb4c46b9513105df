"""A number of a batch against those of the batches before it: anomalies planted in a history that is known."""

import datetime as dt
import json
import math

import pyarrow as pa
import pytest

from checks.asked import contract
from lakegate.checks.history import NO_LAKE
from lakegate.checks.interface import Outcome
from lakegate.contract.odcs import load
from lakegate.engines.duckdb import DuckDB
from lakegate.intake.batch import open_table
from lakegate.judge import Options, Subject, judge
from lakegate.past import EarlierBatch, Past

NAN = float("nan")
NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
MONDAY = dt.date(2026, 3, 2)
PASSED, FAILED = Outcome.PASSED, Outcome.FAILED
NOT_APPLICABLE, COULD_NOT = Outcome.NOT_APPLICABLE, Outcome.COULD_NOT_EVALUATE


def rule(measure="rowCount", *, column=None, severity=None, **against):
    bound = {} if {"maxZScore", "maxChange"} & against.keys() else {"maxZScore": 4}
    implementation = {"measure": measure, "against": {"minBatches": 1, **bound, **against}}
    implementation |= {"column": column} if column else {}
    told = {"id": "usual", "type": "custom", "engine": "lakegate", "implementation": implementation}
    return told | ({"severity": severity} if severity else {})


def past(*numbers, number="rowCount", days=(), day=None):
    """Batches b1, b2, … in their order, each with its number."""
    batches = [EarlierBatch(f"b{n}", 1, {number: value}) for n, value in enumerate(numbers, 1)]
    dated = [EarlierBatch(b.batch, b.slot, b.numbers, d) for b, d in zip(batches, days, strict=False)] or batches
    return Past(tuple(dated), day)


def judged(table, quality, before, prop=None):
    document = contract(*(prop or [{"name": name} for name in table]), quality=[quality], gate={"min_rows": 0})
    asked = load(document)
    rows = open_table(pa.table(table))
    subject = Subject(asked, asked.schema[0], "t", "b99", (), past=before)
    return judge(subject, rows, {"t": rows}, DuckDB(), Options(as_of=NOON))


def found(table, quality, before, **more):
    (result,) = [one for one in judged(table, quality, before, **more).verdict.results if one.type == "history"]
    return result


def rows(count):
    return {"a": pa.array(range(count), pa.int64())}


# --- the robust z-score -----------------------------------------------------------------------------------------

USUAL = (100, 102, 98, 101, 99, 100, 103)  # median 100, MAD 1


@pytest.mark.parametrize(
    ("count", "outcome"),
    [(100, PASSED), (105, PASSED), (106, FAILED), (95, PASSED), (94, FAILED), (0, FAILED)],
)
def test_a_number_of_rows_far_from_the_median(count, outcome):
    told = found(rows(count), rule(maxZScore=4), past(*USUAL))

    assert told.outcome is outcome
    assert told.diagnostics["z"] == pytest.approx(0.6745 * abs(count - 100) / 1)
    assert told.diagnostics["median"] == 100
    assert told.diagnostics["numbers"] == list(USUAL)


def test_the_reason_says_what_was_got_and_what_was_expected():
    told = found(rows(106), rule(maxZScore=4), past(*USUAL))

    expected = "a z-score of at most 4 from 100, the median of 7 earlier batches"
    assert told.reason == f"got 106 (a z-score of 4.047), expected {expected}"


def test_one_bad_batch_does_not_move_what_is_usual():
    assert found(rows(100), rule(), past(*USUAL, 1_000_000)).outcome is PASSED


def test_where_more_than_half_are_equal_the_mean_deviation_stands_for_the_median_one():
    before = past(100, 100, 100, 100, 110)  # MAD 0, mean absolute deviation 2

    near, far = found(rows(110), rule(maxZScore=4), before), found(rows(111), rule(maxZScore=4), before)

    assert near.diagnostics["z"] == pytest.approx(10 / (1.253314 * 2))
    assert (near.outcome, far.outcome) == (PASSED, FAILED)


def test_where_all_are_equal_only_the_same_number_passes():
    before = past(*[100] * 7)

    same, other = found(rows(100), rule(maxZScore=1000), before), found(rows(101), rule(maxZScore=1000), before)

    assert (same.outcome, other.outcome) == (PASSED, FAILED)
    assert "they are all equal" in other.reason


# --- percent change ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "outcome"), [(80, PASSED), (79, FAILED), (120, PASSED), (121, FAILED), (100, PASSED)]
)
def test_a_change_from_the_median_in_percent_both_ways(count, outcome):
    told = found(rows(count), rule(maxChange="20 percent"), past(*USUAL))

    assert told.outcome is outcome
    assert told.diagnostics["change"] == count - 100


def test_an_edge_is_compared_as_it_is_written_and_not_as_floats_have_it():
    before = past(0.1, number="max(x)")

    told = found({"x": [0.12]}, rule("max", column="x", maxChange="20 %"), before)

    assert 100 * (0.12 - 0.1) / 0.1 != 20
    assert told.outcome is PASSED


@pytest.mark.parametrize(("count", "outcome"), [(0, PASSED), (1, FAILED)])
def test_of_a_median_of_zero_there_is_no_percentage(count, outcome):
    assert found(rows(count), rule(maxChange="900 percent"), past(0, 0, 0)).outcome is outcome


# --- too little history -----------------------------------------------------------------------------------------


def test_too_little_history_is_shown_and_does_not_block():
    done = judged(rows(5), rule(minBatches=7), past(1, 2, 3))
    (told,) = [one for one in done.verdict.results if one.type == "history"]

    assert told.outcome is NOT_APPLICABLE
    assert told.reason == "too little history: 3 of 7 batches"
    assert done.verdict.exit_code == 0
    assert done.kept == {"rowCount": 5}  # so that history can begin


@pytest.mark.parametrize(("batches", "least"), [({}, 7), ({"batches": 3}, 3)])
def test_how_many_batches_it_takes_where_the_rule_does_not_say(batches, least):
    quality = rule()
    quality["implementation"]["against"] = {"maxZScore": 4, **batches}

    told = found(rows(5), quality, past())

    assert told.reason == f"too little history: 0 of {least} batches"


def test_only_the_last_batches_are_looked_at():
    done = judged(rows(5), rule(batches=3), past(*[1000] * 10, 4, 5, 6))
    (told,) = [one for one in done.verdict.results if one.type == "history"]

    assert told.outcome is PASSED
    assert told.diagnostics["batches"] == ["b11", "b12", "b13"]
    assert done.verdict.context.history == (("b11", 1), ("b12", 1), ("b13", 1))


def test_a_batch_without_the_number_is_not_counted():
    before = past(None, NAN, 5, 6, 5, number="max(a)")

    told = found(rows(6), rule("max", column="a", batches=3), before)

    assert told.diagnostics["batches"] == ["b3", "b4", "b5"]


def test_without_a_lake_it_is_not_applicable():
    told = found(rows(5), rule(), None)

    assert (told.outcome, told.reason) == (NOT_APPLICABLE, NO_LAKE)


# --- the same weekday -------------------------------------------------------------------------------------------

DAYS = [MONDAY - dt.timedelta(days=n) for n in range(21, 0, -1)]
WEEKLY = [10 if day.weekday() < 5 else 2 for day in DAYS]


def test_a_quiet_sunday_is_usual_among_sundays():
    sunday = MONDAY - dt.timedelta(days=1)
    before = past(*WEEKLY[:-1], days=DAYS[:-1], day=sunday)

    among_all, among_sundays = (found(rows(2), rule(sameWeekday=same, maxZScore=2), before) for same in (False, True))

    assert among_all.outcome is FAILED
    assert among_sundays.outcome is PASSED
    assert len(among_sundays.diagnostics["numbers"]) == 2


def test_a_busy_sunday_is_not():
    before = past(*WEEKLY, days=DAYS, day=MONDAY + dt.timedelta(days=6))

    told = found(rows(10), rule(sameWeekday=True, minBatches=3), before)

    assert told.outcome is FAILED
    assert told.diagnostics["numbers"] == [2, 2, 2]


def test_too_few_batches_of_the_weekday():
    told = found(rows(2), rule(sameWeekday=True, minBatches=4), past(*WEEKLY, days=DAYS, day=MONDAY))

    assert told.reason == "too little history: 3 of 4 batches of the same weekday"


def test_a_key_without_a_date_cannot_be_evaluated():
    done = judged(rows(2), rule(sameWeekday=True), past(*WEEKLY, days=DAYS, day=None))

    assert done.verdict.exit_code == 5
    assert [one.outcome for one in done.verdict.results if one.type == "history"] == [COULD_NOT]


# --- every number -----------------------------------------------------------------------------------------------

AT = [dt.datetime(2026, 3, 2, hour, tzinfo=dt.UTC) for hour in (1, 6, 3)]


@pytest.mark.parametrize(
    ("measure", "values", "number"),
    [
        ("nullShare", [1, None, None, 2], 50),
        ("nullShare", [], None),
        ("mean", [1.0, None, NAN, 2.0], 1.5),
        ("mean", pa.array([None, None], pa.float64()), None),
        ("sum", [1, 2, None], 3),
        ("sum", [0.1] * 10, 1),
        ("sum", pa.array([], pa.int64()), None),
        ("min", [3, 1, None], 1),
        ("max", [3.0, NAN], 3),
        ("max", pa.array([None], pa.int64()), None),
        ("distinct", ["a", "b", "a", None], 2),
        ("distinct", pa.array([], pa.string()), None),
        ("freshness", AT, 6),
        ("freshness", pa.array([None], pa.timestamp("us", "UTC")), None),
    ],
)
def test_what_is_measured_and_kept(measure, values, number):
    done = judged({"x": values}, rule(measure, column="x"), past(number or 0, number=f"{measure}(x)"))
    (told,) = [one for one in done.verdict.results if one.type == "history"]

    assert done.kept == {f"{measure}(x)": None if number is None else pytest.approx(number)}
    assert told.outcome is (NOT_APPLICABLE if number is None else PASSED)


def test_an_infinite_number_fails_and_is_never_usual():
    told = found({"x": [math.inf]}, rule("max", column="x"), past(1, 1, 1, number="max(x)"))

    assert told.outcome is FAILED
    assert told.reason == "got inf, expected a finite number"


def test_a_field_inside_an_object_and_a_rule_at_a_property():
    udo = {"name": "udo", "logicalType": "object", "properties": [{"name": "page", "quality": [rule("nullShare")]}]}
    document = load(contract(udo))
    data = open_table(pa.table({"udo": [{"page": "x"}, {"page": None}]}))
    before = past(50, number="nullShare(udo.page)")

    done = judge(Subject(document, document.schema[0], "t", "b", (), past=before), data, {}, DuckDB(), Options())

    assert done.kept == {"nullShare(udo.page)": 50}
    assert done.verdict.exit_code == 0


def test_a_column_that_is_not_there_fails():
    document = load(contract({"name": "a"}, quality=[rule("mean", column="a")], gate={"missing_columns": "allow"}))
    data = open_table(pa.table({"b": [1]}))

    done = judge(Subject(document, document.schema[0], "t", "b", (), past=past(1)), data, {}, DuckDB(), Options())

    assert [one.outcome for one in done.verdict.results if one.type == "history"] == [FAILED]
    assert done.kept == {}


def test_text_has_no_mean():
    assert found({"a": ["x"]}, rule("mean", column="a"), past(1)).outcome is FAILED


def test_the_severity_of_the_rule_is_heard():
    assert found(rows(9), rule(severity="warning"), past(1, 1)).outcome is Outcome.WARNED


def test_a_hidden_property_tells_no_number():
    hidden = {"name": "pay", "customProperties": [{"property": "lakegate", "value": {"samples": "never"}}]}
    quality = rule("mean", column="pay")

    told = found({"pay": [4711]}, quality, past(10, 11, 12, number="mean(pay)"), prop=[hidden])

    assert told.outcome is FAILED
    assert "4711" not in json.dumps({"reason": told.reason, **told.diagnostics})


def test_a_batch_judged_twice_says_the_same_under_the_same_id():
    one, two = (judged(rows(100), rule(), past(*USUAL)).verdict for _ in range(2))
    other = judged(rows(100), rule(), past(*USUAL[1:])).verdict

    assert one == two
    assert one.report_id == two.report_id != other.report_id
