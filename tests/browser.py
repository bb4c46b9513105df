"""Pages in a real browser: Debian's Chromium, driven by playwright, with whatever it logs and asks for written down.

A test module that uses the fixture `browser` (tests/conftest.py) says `pytestmark = IN_A_BROWSER`.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
IN_A_BROWSER = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None and os.environ.get("CI") != "true",
        reason="no chromium on the PATH (apt-get install chromium); with CI=true this is a failure",
    ),
]


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser of playwright's synchronous kind; ended with the block.

    Until then asyncio takes the thread for one with a running loop: no `asyncio.run` inside the block.
    """
    from playwright.sync_api import sync_playwright

    assert CHROMIUM, "CI=true and no chromium on the PATH"
    with sync_playwright() as p:
        started = p.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield started
        started.close()


@dataclass(frozen=True)
class Opened:
    """A page that has been opened, what it wrote to the console or raised, and every address it asked for."""

    page: Any
    logged: list[str] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)

    def faults(self) -> str:
        """Which rules of accessibility the page breaks as it stands now (axe-core); "" for none."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page)
        return found.generate_report() if found.violations_count else ""

    def width(self) -> int:
        """How wide the page is in CSS pixels; more than its window where it has to be scrolled sideways."""
        return self.page.evaluate("document.documentElement.scrollWidth")


@contextmanager
def opened(browser, address: str, *, width: int = 1280, height: int = 800, **options: Any) -> Iterator[Opened]:
    """A page in a window of its own, without cookies or cache of any other.

    Args:
        browser: the fixture of that name.
        address: a URL, or the `as_uri()` of a file.
        width: of the window, in CSS pixels; a phone has 360 to 400.
        height: of the window, in CSS pixels.
        options: more for playwright's `new_context`: `color_scheme="dark"`, `java_script_enabled=False`, ….
    """
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    seen = Opened(context.new_page())
    seen.page.on("console", lambda message: seen.logged.append(message.text))
    seen.page.on("pageerror", lambda error: seen.logged.append(str(error)))
    context.on("request", lambda request: seen.requested.append(request.url))
    try:
        seen.page.goto(address)
        yield seen
    finally:
        context.close()
