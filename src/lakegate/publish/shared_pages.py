"""The pages that many runs share."""

from __future__ import annotations

import json

from lakegate.errors import LakegateError
from lakegate.lake.interface import Entry, Lake
from lakegate.lake.zones import batch_of
from lakegate.publish.keys import BOARD, REPORTS
from lakegate.reports.index import Entry as Row
from lakegate.reports.index import index_page
from lakegate.reports.summary import Standing

TRIES = 20  # times a page is written again because another run wrote it meanwhile


def publish_index(lake: Lake) -> str:
    """Write `references/index.html` from the reports that are there; return its key.

    The page is a rendering, never truth (PROTOCOL, Rules): written, and written again while newer reports appear.
    """
    for _ in range(TRIES):
        seen = _latest(lake)
        standing = lake.stat(BOARD)
        page = index_page([row for entry in seen if (row := _row(lake, entry))]).encode()
        same = standing is not None and lake.read(BOARD) == page
        if (same or lake.replace_if(BOARD, page, standing)) and _latest(lake) == seen:
            break
    return BOARD


def _latest(lake: Lake) -> tuple[Entry, ...]:
    """Return the newest report of each batch of each dataset."""
    newest: dict[str, Entry] = {}
    for entry in lake.list(REPORTS):
        if entry.key.endswith("/report.json"):
            batch = entry.key.rsplit("/", 2)[0]
            if batch not in newest or newest[batch].modified < entry.modified:
                newest[batch] = entry
    return tuple(newest.values())


def _row(lake: Lake, entry: Entry) -> Row | None:
    """Return a report as one line of the index, None where it cannot be read: one bad file spoils no page."""
    folder = entry.key.removesuffix("/report.json")
    dataset, batch, _ = folder.removeprefix(REPORTS).rsplit("/", 2)
    try:
        report = json.loads(lake.read(entry.key) or b"")
        failed = report["counts"]["failed"]
        path = f"{folder.removeprefix('references/')}/index.html"
        apart = report.get("setApart", {}).get("rejected", 0)
        return Row(dataset, batch_of(batch), Standing(report["outcome"]), report["rows"], failed, path, apart)
    except (LakegateError, ValueError, KeyError, TypeError, AttributeError):
        return None
