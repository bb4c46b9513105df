from hypothesis import given
from hypothesis import strategies as st

from lakegate.reports.changes import since
from lakegate.reports.datasets.runs import PastRun, RunState
from lakegate.reports.occasion import Since
from lakegate.reports.summary import Standing

STANDINGS = {
    RunState.COMMITTED: Standing.PASSED,
    RunState.PASSED: Standing.PASSED,
    RunState.HELD: Standing.BLOCKED,
    RunState.CONFLICT: Standing.BLOCKED,
    RunState.UNDECIDED: Standing.COULD_NOT_EVALUATE,
}


def run(batch: str, state: RunState = RunState.HELD, *failing: str, rows: int | None = 10) -> PastRun:
    report = f"references/reports/d/{batch}/1/"
    return PastRun(f"id-{batch}", batch, batch, STANDINGS[state], state, "", rows, failing=failing, report=report)


GOOD, HELD, UNDECIDED = RunState.COMMITTED, RunState.HELD, RunState.UNDECIDED


def test_without_a_history_everything_that_fails_is_new():
    assert since({"a": "", "b": ""}, "1", (), holding={"c"}) == Since(new=("a", "b"))


def test_a_check_that_held_in_the_batch_before_is_new_and_the_last_batch_that_passed_is_named():
    found = since(["a"], "2", [run("1", GOOD)])

    assert found == Since(passed="1", report="references/reports/d/1/1/", new=("a",))


def test_a_check_still_fails_since_the_first_batch_of_the_row():
    recent = [run("4", HELD, "a", "b"), run("3", HELD, "a"), run("2", GOOD), run("1", HELD, "a")]

    found = since(["a", "b"], "5", recent)

    assert found.still == {"a": "3", "b": "4"}
    assert (found.passed, found.runs, found.new) == ("2", 2, ())


def test_a_batch_that_is_judged_again_unchanged_still_fails_since_itself():
    assert since(["a"], "2", [run("2", HELD, "a"), run("1", GOOD)]).still == {"a": "2"}


def test_a_warning_goes_on_through_batches_that_came_in():
    recent = [run("2", GOOD, "a"), run("1", GOOD, "a"), run("0", GOOD)]

    assert since(["a"], "3", recent).still == {"a": "1"}


def test_what_failed_and_holds_now_is_mended_and_what_was_not_checked_is_not():
    recent = [run("1", HELD, "a", "b", "c")]

    found = since(["c"], "2", recent, holding={"a"})

    assert found.mended == ("a",)
    assert found.still == {"c": "1"}


def test_what_was_mended_before_is_not_mended_again():
    assert since([], "3", [run("2", GOOD), run("1", HELD, "a")], holding={"a"}).mended == ()


def test_a_run_that_could_not_tell_breaks_no_row():
    recent = [
        run("5", UNDECIDED),
        run("4", HELD, "readable", rows=None),
        run("3", RunState.CONFLICT),
        run("2", HELD, "a"),
        run("1", GOOD),
    ]

    found = since(["a"], "6", recent)

    assert found.still == {"a": "2"}
    assert (found.passed, found.runs) == ("1", 4)
    assert since([], "6", recent, holding={"a"}).mended == ("a",)


def test_a_batch_that_passed_and_was_not_let_in_yet_is_not_the_last_that_passed_before_itself():
    recent = [run("2", RunState.PASSED), run("1", GOOD)]

    assert since(["a"], "2", recent).passed == "1"
    assert since(["a"], "3", recent).passed == "2"


KEYS = st.sets(st.sampled_from("abcd"))
RUNS = st.lists(
    st.builds(
        lambda batch, state, keys, rows: run(batch, state, *sorted(keys), rows=rows),
        st.sampled_from("123456"),
        st.sampled_from(RunState),
        KEYS,
        st.sampled_from([None, 0, 10]),
    ),
    max_size=8,
)


@given(KEYS, KEYS, RUNS)
def test_every_failing_check_is_new_or_still_failing_and_what_is_mended_holds_and_failed_before(failing, holding, past):
    found = since(sorted(failing), "9", past, holding=holding - failing)

    assert set(found.new) | set(found.still) == failing
    assert not set(found.new) & set(found.still)
    assert set(found.mended) <= holding - failing
    for key, batch in found.still.items():
        assert any(one.batch == batch and key in one.failing for one in past)
    for key in found.mended:
        assert any(key in one.failing for one in past)
    assert found.passed in {"", *(one.batch for one in past if not one.blocks)}


@given(KEYS, RUNS)
def test_the_run_before_decides_alone_whether_a_check_is_new_where_it_told_everything(failing, past):
    before = run("8", HELD, "a", "b")

    found = since(sorted(failing), "9", [before, *past])

    assert set(found.still) == failing & {"a", "b"}
