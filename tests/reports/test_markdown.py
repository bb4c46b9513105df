import re

import pytest
from markdown_it import MarkdownIt

from lakegate.checks.interface import Outcome
from lakegate.reports.markdown import MOST_ROWS, to_markdown
from reports.verdicts import VERDICTS, check, verdict


def rendered(markdown):
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown)


@pytest.mark.parametrize("name", VERDICTS)
def test_texts_from_outside_are_inert(name):
    html = rendered(to_markdown(VERDICTS[name]))

    assert set(re.findall(r"<([a-z0-9]+)", html)) <= {
        *("h3", "p", "code", "table", "thead", "tbody", "tr", "th", "td", "ul", "li")
    }
    assert "@everyone" not in re.sub(r"<code>.*?</code>", "", html)


@pytest.mark.parametrize("name", ["failed", "hostile"])
def test_every_row_of_the_table_has_all_its_cells(name):
    html = rendered(to_markdown(VERDICTS[name]))

    told = [r for r in VERDICTS[name].results if r.outcome not in {Outcome.PASSED, Outcome.NOT_APPLICABLE}]
    assert html.count("<td>") == 5 * len(told)


def test_a_long_table_is_cut_and_says_so():
    failed = [check(f"c{n}.unique", Outcome.FAILED, reason="got 2, expected 1") for n in range(MOST_ROWS + 3)]

    text = to_markdown(verdict(*failed))

    assert text.count("| failed |") == MOST_ROWS
    assert "... and 3 checks more." in text
