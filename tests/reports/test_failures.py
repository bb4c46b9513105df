import csv
import io

import pytest

from lakegate.reports.failures import HEADER, defused, to_csv
from reports.verdicts import VERDICTS


def rows_of(name):
    return list(csv.reader(io.StringIO(to_csv(VERDICTS[name]), newline="")))


def test_each_location_is_a_line_in_the_order_of_the_report():
    header, first, *rest = rows_of("failed")

    assert tuple(header) == HEADER
    assert first == [
        *("failed", "flights.dep_time.maximum", "dep_time is at most 2359", "dep_time", "flights.csv.gz"),
        *("1204", "1205", "dep_time", "flight=1545, origin=EWR", "2400"),
    ]
    assert len(rest) == 5


def test_a_verdict_without_failing_rows_is_a_header():
    assert rows_of("all-passed") == [list(HEADER)]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u00a0=1", "\n=1"])
def test_what_a_spreadsheet_takes_for_a_formula_is_defused(text):
    assert defused(text).startswith("'")


@pytest.mark.parametrize("text", ["", "a=1", "1-2", "x@y.z", "'=1"])
def test_any_other_cell_is_as_it_was(text):
    assert defused(text) == text


def test_no_cell_of_a_hostile_report_is_a_formula_or_leaves_its_line():
    text = to_csv(VERDICTS["hostile"])

    assert all(line.isprintable() for line in text.split("\r\n"))
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows_of("hostile") for cell in row)
    assert "'=HYPERLINK" in text
