"""A verdict's own files, written once by the gate (PROTOCOL P5)."""

from __future__ import annotations

from lakegate.reports.failures import to_csv
from lakegate.reports.json import of_json, to_json
from lakegate.reports.junit import to_junit
from lakegate.reports.markdown import to_markdown
from lakegate.reports.occasion import Occasion
from lakegate.reports.occasion_json import to_json as occasion_json
from lakegate.reports.page import to_html
from lakegate.verdict import Verdict

RUN = "run.json"
REPORT = "report.json"


def render(verdict: Verdict, occasion: Occasion | None = None) -> dict[str, bytes]:
    """Return the files of a report in the order in which they are written: name -> bytes. None: no occasion is known.

    They are made from what `report.json` tells, so that they can be made again from it and `run.json`.
    """
    report = to_json(verdict).encode()
    told = of_json(report)
    texts = {
        "index.html": to_html(told, occasion),
        "junit.xml": to_junit(told),
        "failures.csv": to_csv(told),
        "summary.md": to_markdown(told),
    }
    first = {RUN: occasion_json(occasion).encode()} if occasion else {}
    return {**first, REPORT: report, **{name: text.encode() for name, text in texts.items()}}
