"""The verdict as a notebook shows it below a cell: one small table, what must be acted on first.

A notebook asks the verdict itself, by `_repr_html_`, and a verdict knows no report: `api`, which hands verdicts out,
tells the class of this function (`Verdict.notebook`). All style is inline, for the page is not ours: there are no
scripts, no classes that collide, no sheet that a notebook would strip. Text and lines take the notebook's own colours,
light or dark; only the words for an outcome bring theirs.
"""

from __future__ import annotations

from lakegate.checks.interface import Outcome
from lakegate.reports.site import render
from lakegate.reports.summary import Standing, sections, standing
from lakegate.verdict import Verdict

MOST = 12  # checks in the table; the rest are counted
RED, PURPLE, OCHRE, GREEN, GREY = (
    "#b42318",
    "#6941c6",
    "#93520b",
    "#067647",
    "#475467",
)  # under white text: 5:1 and more
COLOURS: dict[Outcome | Standing, str] = {
    Standing.BLOCKED: RED,
    Standing.COULD_NOT_EVALUATE: PURPLE,
    Standing.PASSED_WITH_WARNINGS: OCHRE,
    Standing.WAIVED: OCHRE,
    Standing.PASSED: GREEN,
    Outcome.FAILED: RED,
    Outcome.COULD_NOT_EVALUATE: PURPLE,
    Outcome.UNSUPPORTED: PURPLE,
    Outcome.WARNED: OCHRE,
    Outcome.WAIVED: OCHRE,
    Outcome.SET_APART: OCHRE,
    Outcome.INFORMED: GREY,
}


def to_cell(verdict: Verdict) -> str:
    """Return the table as a piece of HTML. Like every report it is a pure function of the verdict."""
    told = [result for _, _, results in sections(verdict) for result in results]
    return render(
        "cell.html.j2",
        verdict=verdict,
        standing=standing(verdict),
        told=told[:MOST],
        more=max(len(told) - MOST, 0),
        colours={str(word): colour for word, colour in COLOURS.items()},
    )
