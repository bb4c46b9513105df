"""The pages in a real browser: nothing loaded, nothing logged, no accessibility rule broken, readable on a phone."""

import os
import shutil

import pytest

from lakegate.checks.interface import Outcome
from lakegate.reports.index import Entry, index_page
from lakegate.reports.page import to_html
from lakegate.reports.summary import standing
from reports.verdicts import VERDICTS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None and os.environ.get("CI") != "true",
        reason="no chromium on the PATH (apt-get install chromium); with CI=true this is a failure",
    ),
]


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    assert CHROMIUM, "CI=true and no chromium on the PATH"
    with sync_playwright() as p:
        started = p.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield started
        started.close()


def index_of_all():
    return index_page(
        Entry(v.dataset, v.batch or "files", standing(v), v.rows, v.counts[Outcome.FAILED], f"reports/{name}")
        for name, v in VERDICTS.items()
    )


PAGES = {name: to_html(VERDICTS[name]) for name in ("failed", "warned", "could-not-evaluate", "unsupported", "hostile")}
PAGES["index"] = index_of_all()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_quiet_accessible_and_fits_a_phone(browser, tmp_path, name, scheme):
    from axe_playwright_python.sync_playwright import Axe

    file = tmp_path / "index.html"
    file.write_text(PAGES[name], encoding="utf-8")
    context = browser.new_context(color_scheme=scheme, viewport={"width": 400, "height": 800}, bypass_csp=False)
    page, logged, requested = context.new_page(), [], []
    page.on("console", lambda message: logged.append(message.text))
    page.on("pageerror", lambda error: logged.append(str(error)))
    page.on("request", lambda request: requested.append(request.url))

    page.goto(file.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = Axe().run(page)
    styled = page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth")
    width = page.evaluate("document.documentElement.scrollWidth")
    context.close()

    assert requested == [file.as_uri()]
    assert logged == []
    assert found.violations_count == 0, found.generate_report()
    assert styled != "none"  # the policy lets the page's own style through
    assert width == 400
