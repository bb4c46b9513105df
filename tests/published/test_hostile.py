"""What comes from outside is text, wherever it is shown: nothing executes, nothing is evaluated, no request leaves."""

import pytest

from browser import IN_A_BROWSER, opened

pytestmark = IN_A_BROWSER


def pages(world):
    """Every page of the lake."""
    return sorted((world.lake / "references").rglob("*.html"))


def test_no_page_runs_asks_or_says_anything(browser, world):
    loud = {}
    for file in pages(world):
        with opened(browser, file.as_uri()) as seen:
            seen.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            elements = seen.page.evaluate(
                "[...document.querySelectorAll('img, iframe, object, embed, link:not([rel=alternate]), form[action], "
                "base, [onerror], [onload], [onclick], [style]')].map(one => one.outerHTML.slice(0, 200))"
            )
            if seen.logged or seen.requested != [file.as_uri()] or elements:
                loud[file.relative_to(world.lake).as_posix()] = (seen.logged, seen.requested[1:], elements)
    assert loud == {}


def test_no_link_leads_into_a_script(browser, world):
    led = set()
    for file in pages(world):
        with opened(browser, file.as_uri()) as seen:
            links = seen.page.locator("a")
            led |= set(
                links.evaluate_all("all => all.map(one => new URL(one.getAttribute('href'), location).protocol)")
            )

    assert led <= {"file:", "https:", "http:", "mailto:"}


def test_no_template_is_evaluated_and_no_text_is_turned_around(world):
    for path, content in world.published().items():
        if path.endswith((".html", ".atom", ".svg", ".md", ".csv", ".xml")):
            text = content.decode()
            assert "1337" not in text, path
            assert not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"), path


@pytest.mark.parametrize("page", ["index.html", "datasets/wild/table/index.html", "dictionary/index.html"])
def test_hostile_texts_are_there_to_be_read(browser, world, page):
    with opened(browser, (world.lake / "references" / page).as_uri()) as seen:
        text = seen.page.evaluate("document.body.textContent")

    assert "<img src=x onerror=alert(1)>" in text
