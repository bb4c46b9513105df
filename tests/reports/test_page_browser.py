"""The pages in a real browser: nothing loaded, nothing logged, no accessibility rule broken, readable on a phone."""

import pytest

from browser import IN_A_BROWSER, opened
from lakegate.reports.page import to_html
from reports.verdicts import VERDICTS

pytestmark = IN_A_BROWSER


PAGES = {name: to_html(VERDICTS[name]) for name in ("failed", "warned", "could-not-evaluate", "unsupported", "hostile")}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_quiet_accessible_and_fits_a_phone(browser, tmp_path, name, scheme):
    file = tmp_path / "index.html"
    file.write_text(PAGES[name], encoding="utf-8")

    with opened(browser, file.as_uri(), width=400, color_scheme=scheme) as seen:
        seen.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        faults, width = seen.faults(), seen.width()
        styled = seen.page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth")

    assert seen.requested == [file.as_uri()]
    assert seen.logged == []
    assert faults == ""
    assert styled != "none"  # the policy lets the page's own style through
    assert width == 400
