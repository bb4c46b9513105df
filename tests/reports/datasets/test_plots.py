"""From numbers over runs to coordinates and words."""

import re

import pytest

from lakegate.reports.datasets.plot_scale import label, scale, shown
from lakegate.reports.datasets.plots import EDGE, HEIGHT, MARKED, TOP, WIDTH, plot, rows_plot
from lakegate.reports.datasets.runs import Measured, PastRun, RunState
from lakegate.reports.datasets.series import Sentences, null_shares, series_of
from lakegate.reports.summary import Standing
from reports.datasets.tellings import description

KEY = "flights.dep_delay.mean"


def run(place, measured=None, *, failing=(), standing=Standing.PASSED, state=RunState.COMMITTED, rows=10, **more):
    at = f"2026-01-{place + 1:02}T00:00:00.000Z"
    numbers = {KEY: measured} if measured else {}
    report = f"references/reports/d/b{place}/{place:012x}/"
    told = {"rows": rows, "failing": failing, "measured": numbers, "report": report} | more
    return PastRun(f"{place:012x}", f"b{place}", at, standing, state, "told", **told)


def drawn(runs, **more):
    (series,) = series_of(runs, Sentences(more.pop("known", None)))
    return plot(series, runs, tips=more.pop("tips", 0))


def numbers(*values, low=None, high=None, unit="value"):
    return [run(place, Measured(value, low, high, unit)) for place, value in enumerate(values)]


# --- scales -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "bounds", "unit", "expected"),
    [
        ((3.2, 4.9), (), "percent", (0, 5)),  # shares stand on 0
        ((27_004, 24_951), (), "rows", (0, 30_000)),
        ((27_004, 24_951), (20_000, 40_000), "rows", (0, 40_000)),
        ((0.0, 0.0), (), "percent", (0, 1)),
        ((0.1, 0.2), (3,), "percent", (0, 3)),
        ((0.1, 0.2), (90,), "percent", (0, 0.2)),  # a bound far away would press the line flat
        ((100.0, 101.0), (), "value", (100, 101)),
        ((1.0, 101.0), (), "value", (0, 125)),
        ((-3.0, 0.0), (-10, 10), "value", (-10, 10)),
        ((7.0,), (), "value", (6, 8)),
        ((-5.0, -4.0), (), "rows", (-5, 0)),
    ],
)
def test_a_scale_holds_its_numbers_and_ends_at_round_marks(values, bounds, unit, expected):
    found = scale(values, bounds, unit)

    assert (found.low, found.high) == pytest.approx(expected, abs=1e-9)
    assert all(found.holds(value) for value in values)


def test_one_number_far_from_all_others_does_not_press_them_flat():
    values = [2.0, 2.1, 1.9, 2.2, 2.0, 1.8, 2.1, 2.0, 1.9, 99.0]

    found = scale(values, (), "percent")

    assert found.high < 5
    assert found.height(99.0) == 1.0
    assert not found.holds(99.0)


def test_a_spike_above_nothing_but_noughts_is_drawn_whole():
    assert scale([0.0] * 30 + [12.5], (), "percent").holds(12.5)


@pytest.mark.parametrize("values", [(1e308, -1e308), (5e-324, 0.0), (1e300, 1e300), (1e15, 1e15 + 1), (-1e-310,)])
@pytest.mark.parametrize("unit", ["value", "percent"])
def test_no_number_is_too_large_or_too_small_for_a_scale(values, unit):
    found = scale(values, (), unit)

    assert found.low < found.high
    assert all(0 <= found.height(value) <= 1 for value in values)


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (27_004.0, "rows", "27,004"),
        (3.1945624, "percent", "3.19 %"),
        (0.00001, "percent", "1e-05 %"),
        (0.0, "percent", "0 %"),
        (5.5, "hours", "5.5 h"),
        (12_345.678, "value", "12,346"),
        (1234.5, "value", "1,234.5"),
        (-0.25, "value", "-0.25"),
        (1e20, "value", "1e+20"),
    ],
)
def test_numbers_read_well(value, unit, told):
    assert shown(value, unit) == told


def test_an_axis_has_short_numbers():
    assert label(1_200_000.0, "rows") == "1.2 M"
    assert label(40_000.0, "rows") == "40,000"


# --- pictures ---------------------------------------------------------------------------------------------------


def test_the_newest_run_stands_at_the_right_and_the_largest_number_on_top():
    found = drawn(numbers(0.0, 5.0, 10.0, unit="rows"))

    left, middle, right = EDGE, WIDTH / 2, WIDTH - EDGE
    assert found.line == f"M{left} {TOP + HEIGHT}L{middle:g} {TOP + HEIGHT / 2:g}L{right} {TOP}"
    assert (found.top, found.bottom, found.last) == ("10", "0", "10")


def test_the_line_has_a_gap_where_nothing_was_measured():
    runs = numbers(1.0, 2.0, 3.0, 4.0, 5.0, unit="rows")
    runs[1] = run(1)
    runs[3] = run(3)

    found = drawn(runs)

    assert found.line.count("M") == 3
    assert found.line.count("h0") == 3  # each alone: a dot
    assert "not measured in 2 of 5 runs" in found.told


def test_a_rule_that_the_last_run_did_not_measure_has_no_last_number():
    assert drawn([*numbers(1.0, 2.0), run(2)]).last == ""


def test_a_threshold_that_changed_is_a_step():
    runs = [*numbers(1.0, 2.0, high=5.0, unit="percent")]
    runs += [run(place, Measured(2.0, None, 8.0, "percent")) for place in (2, 3)]

    found = drawn(runs)

    assert found.bounds.count("M") == 1
    assert len(re.findall(r"H", found.bounds)) == 2
    assert found.band.count("z") == 2
    assert "allowed: at most 8 %" in found.told


def test_of_a_rule_that_allows_one_number_only_there_is_a_line_and_no_area():
    found = drawn(numbers(0.0, 2.0, high=0.0, low=0.0, unit="rows"))

    assert found.band == ""
    assert found.bounds


def test_runs_in_which_it_did_not_hold_are_marked_by_what_became_of_them():
    runs = [
        run(0, Measured(1.0, None, 0.5)),
        run(1, Measured(2.0), failing=(KEY,), standing=Standing.BLOCKED, state=RunState.HELD),
        run(2, Measured(2.0), failing=(KEY,), standing=Standing.WAIVED),
        run(3, Measured(2.0), failing=(KEY,), standing=Standing.PASSED_WITH_WARNINGS),
        run(4, Measured(2.0), failing=(KEY,), standing=Standing.COULD_NOT_EVALUATE, state=RunState.UNDECIDED),
    ]

    found = drawn(runs)

    assert [mark.slug for mark in found.marks] == ["blocked", "waived", "passed-with-warnings", "could-not-evaluate"]
    assert found.marks[0].text == "b1: 2, blocked"
    assert found.marks[0].report == runs[1].report
    assert "broken in 4 of 5 runs, last in b4" in found.told
    assert found.slug == "could-not-evaluate"


def test_a_rule_that_only_warns_is_never_marked_as_having_kept_a_batch_out():
    blocked = {"failing": (KEY,), "standing": Standing.BLOCKED, "state": RunState.HELD}

    found = drawn([run(0, Measured(1.0)), run(1, Measured(2.0), **blocked)], known=description())

    assert [mark.slug for mark in found.marks] == ["passed-with-warnings"]


def test_a_number_that_was_cut_off_is_marked_as_beyond():
    runs = numbers(*([2.0, 2.1, 1.9, 2.2] * 5), unit="percent")
    runs.append(run(20, Measured(99.0, None, 5.0, "percent"), failing=(KEY,), standing=Standing.BLOCKED))

    (mark,) = drawn(runs).marks

    assert mark.beyond
    assert mark.y == TOP
    assert "99 %" in mark.text


def test_all_runs_say_what_they_are_or_none_does():
    runs = numbers(*map(float, range(50)))

    assert len(drawn(runs, tips=50).tips) == 50
    assert drawn(runs, tips=49).tips == ()


def test_a_rule_that_never_holds_marks_its_newest_runs_only():
    runs = [run(p % 28, Measured(float(p)), failing=(KEY,), standing=Standing.BLOCKED) for p in range(100)]

    assert len(drawn(runs).marks) == MARKED


def test_rows_are_marked_where_a_batch_was_kept_out_or_waived():
    runs = [
        run(0, rows=100),
        run(1, rows=3, standing=Standing.BLOCKED, state=RunState.HELD),
        run(2, rows=None, standing=Standing.BLOCKED, state=RunState.HELD),
        run(3, rows=90, standing=Standing.WAIVED),
    ]

    found = rows_plot(runs, tips=10)

    assert [mark.slug for mark in found.marks] == ["blocked", "waived"]
    assert "not measured in 1 of 4 runs" in found.told
    assert rows_plot([run(0, rows=None)], tips=10) is None


# --- which rules come first -------------------------------------------------------------------------------------


def test_a_rule_that_is_broken_now_comes_before_one_that_was_and_one_that_moves():
    steady, moving = Measured(1.0), [Measured(float(n)) for n in (1, 2, 3)]
    measured = [{"steady": steady, "moving": moving[n], "was": steady, "now": steady} for n in range(3)]
    failing = [("was",), (), ("now", "unmeasured")]
    runs = [
        PastRun(str(n), f"b{n}", "", Standing.PASSED, RunState.COMMITTED, "", failing=failing[n], measured=measured[n])
        for n in range(3)
    ]

    found = [series.key for series in series_of(runs, Sentences(None))]

    assert found == ["now", "unmeasured", "was", "moving", "steady"]


def test_a_part_of_a_rule_is_told_by_the_rule_and_its_own_key():
    words = Sentences(description())

    assert words.of("flights.usual")[0] == "volume as usual"
    assert words.of("flights.usual.amount.greater_than(0)")[0] == "volume as usual: amount.greater_than(0)"
    assert words.of("other.thing")[0] == "other.thing"


def test_numbers_in_a_unit_that_is_no_longer_used_are_not_drawn_with_the_others():
    runs = [run(0, Measured(500.0, unit="rows")), run(1, Measured(5.0, unit="percent"))]

    (series,) = series_of(runs, Sentences(None))

    assert series.values == (None, 5.0)


def test_a_number_far_from_the_others_is_cut_off_only_where_a_mark_says_so():
    values = [1.0, 1.1, 1.2, 1.0, 1.1, 1.2, 1.0, 40.0]

    assert scale(values, (), "percent").high < 2
    assert scale(values, (), "percent", whole=True).holds(40)


# --- how many rows hold null ------------------------------------------------------------------------------------


def nulls(*counts, rows=100):
    return [run(place, rows=rows, nulls=told) for place, told in enumerate(counts)]


def test_a_null_share_is_of_the_rows_that_arrived():
    (series,) = null_shares([run(0, rows=90, set_apart=10, nulls={"a": 5})])

    assert (series.field, series.unit, series.values) == ("a", "percent", (5.0,))


def test_what_was_not_counted_is_a_gap_and_so_is_a_run_without_rows():
    (series,) = null_shares([run(0, rows=100), run(1, rows=None), *nulls({"a": 1}), run(3, rows=0, nulls={"a": 0})])

    assert series.values == (None, None, 1.0, None)


def test_the_column_that_left_its_usual_share_comes_first_then_the_one_that_moved_most():
    still, wild, gone = (50, 50, 50, 50), (0, 80, 40, 41), (2, 3, 2, 60)
    runs = nulls(*({"still": still[n], "wild": wild[n], "gone": gone[n]} for n in range(4)))

    assert [series.field for series in null_shares(runs)] == ["gone", "wild", "still"]
