"""How soon the board of 3 and of 300 datasets with a thousand batches each is there, in a browser, from a file.

`made` is CPU seconds of Python. In the browser, seconds since the navigation began: `parsed` is DOMContentLoaded, by
when the filters work, `painted` is the first contentful paint. `worst` are 300 of which every batch was blocked: every
bar of every strip is a link. Each run has a fresh browser context.
"""

from __future__ import annotations

import argparse
import dataclasses
import gzip
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from browser import CHROMIUM, FLAGS
from lakegate.reports.board.now import STRIP, DatasetNow, State
from lakegate.reports.board.page import board_page
from reports.board.boards import EVERY_STATE, many, strip

TIMES = """() => {
  const navigation = performance.getEntriesByType("navigation")[0];
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return paint ? [navigation.domContentLoadedEventEnd / 1000, paint.startTime / 1000] : null;
}"""


def blocked(now: DatasetNow) -> DatasetNow:
    """Return the dataset as it would be had every batch been blocked."""
    return dataclasses.replace(now, state=State.BLOCKED, strip=strip(now.dataset, "b" * STRIP))


def opened(browser: Browser, address: str) -> tuple[float, float]:
    """Return seconds to DOMContentLoaded and to the first contentful paint."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(address)
    parsed, painted = page.wait_for_function(TIMES).json_value()
    context.close()
    return parsed, painted


def made(datasets: Sequence[DatasetNow]) -> tuple[str, float]:
    """Return the page, and the CPU seconds it took once its template is read."""
    board_page(datasets[:1])
    began = time.process_time()
    page = board_page(datasets)
    return page, time.process_time() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    if CHROMIUM is None:
        sys.exit("no chromium on the PATH (apt-get install chromium): the board was not measured")
    boards = {"3": EVERY_STATE[:3], "300": many(300), "300, worst": tuple(blocked(now) for now in many(300))}
    print(f"{'the board, medians of ' + str(runs):<26}{'KB':>8}{'KB gzip':>9}{'made':>8}{'parsed':>9}{'painted':>9}")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        for name, datasets in boards.items():
            page, seconds = made(datasets)
            file = Path(folder, f"{len(page)}.html")
            file.write_text(page, encoding="utf-8")
            opened(browser, file.as_uri())  # the first one starts the browser's processes
            parsed, painted = zip(*(opened(browser, file.as_uri()) for _ in range(runs)), strict=True)
            sizes = f"{file.stat().st_size / 1000:8.0f}{len(gzip.compress(file.read_bytes())) / 1000:9.0f}"
            print(f"{name:<26}{sizes}{seconds:8.3f}{statistics.median(parsed):9.3f}{statistics.median(painted):9.3f}")
        browser.close()


if __name__ == "__main__":
    main()
