"""The page of a run in a real browser: whatever it tells is text, is reached by keys, and can be copied."""

import dataclasses

import pytest

from browser import IN_A_BROWSER, opened
from lakegate.reports.occasion import Occasion, Since
from lakegate.reports.page import to_html
from reports.test_page import OCCASION
from reports.verdicts import FAILED, HOSTILE, PASSED, VERDICTS, verdict

pytestmark = IN_A_BROWSER

HOSTILE_OCCASION = Occasion(
    HOSTILE,
    since=Since(HOSTILE, HOSTILE.replace("\ud800", ""), 1, still={VERDICTS["hostile"].results[0].key: HOSTILE}),
)
COLUMNS = [
    dataclasses.replace(FAILED[n % 4], key=f"flights.column_{n}", field=f"column_{n}", name=f"column_{n} holds")
    for n in range(40)
]
PAGES = {
    "what changed": to_html(VERDICTS["failed"], OCCASION),
    "hostile occasion": to_html(VERDICTS["hostile"], HOSTILE_OCCASION),
    "waived": to_html(VERDICTS["waived"], OCCASION),
    "rows set apart": to_html(VERDICTS["rows-set-apart"], OCCASION),
    "forty failures": to_html(verdict(*PASSED, *COLUMNS), OCCASION),
    "without a lake": to_html(VERDICTS["files-without-a-lake"]),
}


@pytest.fixture
def address(tmp_path):
    def written(name):
        file = tmp_path / "index.html"
        file.write_text(PAGES[name], encoding="utf-8")
        return file.as_uri()

    return written


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_quiet_accessible_and_fits_a_phone(browser, address, name, scheme):
    where = address(name)

    with opened(browser, where, width=360, color_scheme=scheme) as seen:
        seen.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        faults, width = seen.faults(), seen.width()
        made = seen.page.evaluate("document.querySelectorAll('img, iframe, script[src], [onerror], [style]').length")

    assert (seen.requested, seen.logged, faults) == ([where], [], "")
    assert (width, made) == (360, 0)


def test_without_a_script_a_page_tells_the_same(browser, address):
    where = address("what changed")

    with opened(browser, where) as seen:
        seen.page.evaluate("document.querySelectorAll('button, .ago').forEach(one => one.remove())")
        scripted = seen.page.inner_text("main")
    with opened(browser, where, java_script_enabled=False) as seen:
        plain = seen.page.inner_text("main")

    assert plain.split() == scripted.split()


def test_a_command_is_copied_by_keys_alone(browser, address):
    with opened(browser, address("what changed"), permissions=["clipboard-read", "clipboard-write"]) as seen:
        button = seen.page.get_by_role("button", name="Copy The data is wrong: have it sent again, then")
        button.focus()
        seen.page.keyboard.press("Enter")
        seen.page.get_by_text("Copied").wait_for()
        copied = seen.page.evaluate("navigator.clipboard.readText()")

    assert copied == "lakegate promote contracts/nyc/flights.odcs.yaml --batch month=2013-01"


def test_where_nothing_may_be_copied_the_text_is_selected(browser, address):
    with opened(browser, address("what changed")) as seen:
        seen.page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
        seen.page.get_by_role("button", name="Copy The data is wrong").click()
        seen.page.get_by_text("Selected").wait_for()
        selected = seen.page.evaluate("getSelection().toString()")

    assert selected == "lakegate promote contracts/nyc/flights.odcs.yaml --batch month=2013-01"


def test_a_listed_failure_leads_to_where_it_is_told(browser, address):
    with opened(browser, address("forty failures")) as seen:
        seen.page.get_by_role("navigation", name="What does not hold").get_by_text("column_7 holds").click()
        told = seen.page.inner_text(":target h4")

    assert told == "column_7 holds"
