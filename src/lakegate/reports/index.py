"""`references/index.html`: the latest report of every dataset and batch, what is blocked first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from lakegate.reports.site import render
from lakegate.reports.summary import Standing

ORDER = (
    Standing.BLOCKED,
    Standing.COULD_NOT_EVALUATE,
    Standing.WAIVED,
    Standing.PASSED_WITH_WARNINGS,
    Standing.PASSED,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """The latest report on one batch. All but `path` stands in its report.json, where `standing` is `outcome`."""

    dataset: str
    batch: str
    standing: Standing
    rows: int | None  # None where the batch could not be read
    failed: int  # checks
    path: str  # of the report's page as it is stored, relative to the index
    set_apart: int = 0  # rows held back while `rows` went on

    @property
    def href(self) -> str:
        """The path as a relative link: a stored `%2F` becomes `%252F`, and nothing in it can name a scheme."""
        return quote(self.path, errors="replace")


def index_page(entries: Iterable[Entry]) -> str:
    """Return the page for the entries, in whatever order they come: by standing, dataset and batch."""
    ordered = sorted(entries, key=lambda entry: (ORDER.index(entry.standing), entry.dataset, entry.batch))
    tally = Counter(entry.standing for entry in ordered)
    return render("index.html.j2", entries=ordered, tally=[(word, tally[word]) for word in ORDER if tally[word]])
