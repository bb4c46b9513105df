"""Where failing rows stand, as CSV for a spreadsheet: a line for each location that the report holds."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from lakegate.reports.summary import plain, sections
from lakegate.rows import Location
from lakegate.verdict import CheckResult, Verdict

HEADER = ("outcome", "check", "rule", "field", "file", "row", "line", "column", "key", "value")
FORMULAS = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the begin of a formula


def to_csv(verdict: Verdict) -> str:
    """Return the locations of what does not hold, in the order of the report: UTF-8, RFC 4180, a header always.

    What is unknown or not told is empty. A cell that a spreadsheet would take for a formula begins with `'`.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    for _, _, results in sections(verdict):
        for result in results:
            writer.writerows([defused(cell) for cell in _cells(result, at)] for at in result.locations)
    return out.getvalue()


def defused(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula, and that prints as it is."""
    bare = text.lstrip(" \u00a0\n\v\f")
    return plain(f"'{text}" if bare.startswith(FORMULAS) else text)


def _cells(result: CheckResult, at: Location) -> Iterator[str]:
    """Yield the cells of one location."""
    yield from (result.outcome, result.key, result.name, result.field or "", at.file)
    yield from ("" if number is None else str(number) for number in (at.row, at.line))
    yield at.column or ""
    yield ", ".join(f"{name}={value}" for name, value in at.key)
    yield at.value or ""
