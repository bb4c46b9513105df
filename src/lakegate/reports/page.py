"""The verdict as one self-contained HTML page, for whoever asks why a batch was blocked."""

from __future__ import annotations

from lakegate.checks.interface import Outcome
from lakegate.reports.occasion import Occasion
from lakegate.reports.site import render
from lakegate.reports.summary import Standing, having, sections, standing
from lakegate.verdict import Verdict

# Outcome -> class in style.css. Colour only repeats what the words say.
TONES = {
    Outcome.FAILED: Standing.BLOCKED.slug,
    Outcome.COULD_NOT_EVALUATE: Standing.COULD_NOT_EVALUATE.slug,
    Outcome.UNSUPPORTED: Standing.COULD_NOT_EVALUATE.slug,
    Outcome.WARNED: Standing.PASSED_WITH_WARNINGS.slug,
    Outcome.WAIVED: Standing.WAIVED.slug,
    Outcome.SET_APART: Standing.PASSED_WITH_WARNINGS.slug,
    Outcome.INFORMED: "neutral",
    Outcome.NOT_APPLICABLE: "neutral",
    Outcome.PASSED: Standing.PASSED.slug,
}


def to_html(verdict: Verdict, occasion: Occasion | None = None) -> str:
    """Return the page. Like every report it is a pure function of the verdict, and names no clock but `as_of`."""
    return render(
        "page.html.j2",
        verdict=verdict,
        occasion=occasion,
        standing=standing(verdict),
        sections=tuple(sections(verdict)),
        tones=TONES,
        not_checked=having(verdict, Outcome.NOT_APPLICABLE),
        passed=having(verdict, Outcome.PASSED),
    )
