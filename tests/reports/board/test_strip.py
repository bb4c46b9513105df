from lakegate.reports.board.now import STRIP
from lakegate.reports.board.strip import HEIGHT, STEP, strip
from reports.board.boards import strip as marks


def places(path):
    """Return (first bar, number of bars, height of the line's middle) of each line of a path."""
    found = []
    for line in path.split("M")[1:]:
        start, length = line.split("h")
        x, y = map(float, start.split())
        found.append((x / STEP, (float(length) + 1) / STEP, y))
    return found


def test_the_newest_batch_stands_at_the_end():
    told = strip(marks("a", "pp"))

    assert places(dict(told.paths)["passed"]) == [(STRIP - 2, 2, HEIGHT - 4)]


def test_bars_of_one_standing_side_by_side_are_one_line():
    told = strip(marks("a", "ppwppp"), slots=6)

    assert places(dict(told.paths)["passed"]) == [(0, 2, 16), (3, 3, 16)]
    assert places(dict(told.paths)["passed-with-warnings"]) == [(2, 1, 13)]


def test_what_did_not_come_in_is_a_link_of_its_own():
    told = strip(marks("a", "pbbn"), slots=4)

    assert [(mark.batch, places(path)[0][0]) for mark, path in told.links] == [
        ("dt=2026-11-02", 1),
        ("dt=2026-11-03", 2),
        ("dt=2026-11-04", 3),
    ]
    assert set(dict(told.paths)) == {"passed"}


def test_without_a_report_it_is_no_link():
    import dataclasses

    (mark,) = marks("a", "b")

    told = strip([dataclasses.replace(mark, report="")])

    assert told.links == ()
    assert set(dict(told.paths)) == {"blocked"}


def test_a_waiver_is_no_pass():
    told = strip(marks("a", "pwvbn"))

    assert told.text == "2 of 5 passed, 1 waived, 1 blocked, 1 could not evaluate"


def test_only_the_last_ones_are_shown_and_counted():
    told = strip(marks("a", "b" + "p" * STRIP))

    assert (told.passed, told.total, told.others) == (STRIP, STRIP, "")


def test_without_a_batch_nothing_is_said_and_nothing_drawn_but_the_ground():
    told = strip([])

    assert (told.text, told.paths, told.links) == ("", (), ())
    assert told.ground
