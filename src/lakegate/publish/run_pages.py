"""A verdict's own files, written once by the gate (PROTOCOL P5)."""

from __future__ import annotations

from lakegate.reports.json import to_json
from lakegate.reports.page import to_html
from lakegate.verdict import Verdict


def render(verdict: Verdict) -> dict[str, bytes]:
    """Return the files of a report: name -> bytes."""
    return {"report.json": to_json(verdict).encode(), "index.html": to_html(verdict).encode()}
