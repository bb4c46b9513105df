import io
import re

import pytest
from rich.console import Console

from lakegate.reports.text import text_report
from reports.verdicts import VERDICTS


def printed(name, *, width=80, terminal=False, **how):
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=terminal, color_system="standard" if terminal else None).print(
        text_report(VERDICTS[name], **how)
    )
    return out.getvalue()


@pytest.mark.parametrize("width", [20, 80, 200])
@pytest.mark.parametrize("name", VERDICTS)
def test_a_log_gets_printable_lines_of_the_consoles_width(name, width):
    lines = printed(name, width=width).split("\n")

    assert all(line.isprintable() and line == line.rstrip() for line in lines)
    assert all(len(line) <= width for line in lines)


def test_failures_come_first_and_the_verdict_last():
    text = printed("failed")

    titles = re.findall(r"^[A-Z][A-Z, ]+(?= \(|:)", text, re.MULTILINE)

    assert titles == ["FAILED", "WARNINGS", "FOR INFORMATION", "NOT CHECKED, BECAUSE", "PASSED", "BLOCKED"]


def test_passed_checks_are_counted_and_named_only_when_asked_for():
    assert "flight is never null" not in printed("failed")
    assert "flight is never null" in printed("failed", verbose=True)
    assert "PASSED (3)" in printed("failed")


def test_locations_are_limited_and_the_rest_is_counted():
    text = printed("failed", locations=1)

    assert "flights.csv.gz:1205" in text
    assert "flights.csv.gz:9872" not in text
    assert "... and 28 more" in text


def test_colour_is_ours_and_never_the_datas():
    text = printed("hostile", terminal=True)

    codes = set(re.findall(r"\x1b[^m]*m", text))

    assert codes <= {"\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[1;31m", "\x1b[1;32m", "\x1b[1;33m"}
    assert "[bold red]markup[/]" in re.sub(r"\s+", " ", re.sub(r"\x1b[^m]*m", "", text))


def test_none_is_never_printed():
    assert not any("None" in printed(name, verbose=True) for name in VERDICTS)
