"""The verdict as one self-contained HTML page, for whoever asks why a batch was blocked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lakegate.checks.interface import Outcome
from lakegate.lake import zones
from lakegate.reports.next_steps import next_steps
from lakegate.reports.occasion import Occasion, Since
from lakegate.reports.site import render
from lakegate.reports.summary import Standing, counted, having, headline, sections, standing
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
LISTED = 4  # checks that do not hold; more of them are listed before each is told
FORMATS = (  # files of the same folder (`publish.run_pages`): name, what it is
    ("failures.csv", "CSV", "where the failing rows are"),
    ("report.json", "JSON", "everything, for programs"),
    ("junit.xml", "JUnit", "for build servers"),
    ("summary.md", "Markdown", "for a pull request"),
)


@dataclass(frozen=True, slots=True)
class Changed:
    """What changed, as a reader is told it. `tags` says it of each check that does not hold, by its key."""

    summary: str  # behind the name of the last batch that passed, where there is one
    tags: Mapping[str, str]
    mended: tuple[str, ...]  # names of checks


def to_html(verdict: Verdict, occasion: Occasion | None = None) -> str:
    """Return the page, a pure function of the verdict and its occasion (None: not known). It reads no clock."""
    folder = None if verdict.batch is None else zones.report(verdict.dataset, verdict.batch, verdict.report_id)
    told = tuple(sections(verdict))
    return render(
        "page.html.j2",
        verdict=verdict,
        occasion=occasion,
        since=occasion.since if occasion else None,
        changed=changed(verdict, occasion.since if occasion else None),
        page=folder and f"{folder}index.html",
        folder=folder,
        dataset_page=f"references/datasets/{verdict.dataset}/",
        formats=FORMATS,
        standing=standing(verdict),
        headline=headline(verdict),
        sections=told,
        listed=sum(len(results) for _, _, results in told) > LISTED,
        numbers={result.key: number for number, result in enumerate(verdict.results, 1)},
        counts=[(outcome, number) for outcome in TONES if (number := verdict.counts[outcome])],
        tones=TONES,
        steps=next_steps(verdict),
        not_checked=having(verdict, Outcome.NOT_APPLICABLE),
        passed=having(verdict, Outcome.PASSED),
    )


def changed(verdict: Verdict, since: Since | None) -> Changed | None:
    """Return what changed in words, None where it is not known."""
    if since is None:
        return None
    still = {key: f"still so since {batch}" for key, batch in since.still.items()}
    tags = dict.fromkeys(since.new, "new") | still
    names = {result.key: result.name for result in verdict.results}
    mended = tuple(names[key] for key in since.mended if key in names)
    numbers = ((len(since.new), "new"), (len(since.still), "still so"), (len(mended), "mended"))
    said = ", ".join(f"{number:,} {word}" for number, word in numbers if number) or "nothing changed"
    if not since.passed:
        return Changed(f"No batch of the dataset is known to have passed before: {said}.", tags, mended)
    between = f" ({counted(since.runs, 'run')} blocked in between)" if since.runs else ""
    return Changed(f"the last batch that passed{between}: {said}.", tags, mended)
