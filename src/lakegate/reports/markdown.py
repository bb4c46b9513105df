"""The verdict as a short summary in Markdown, for a pull request or a task's log.

Texts from the data or the contract stand in code spans, in which neither links, mentions nor HTML mean anything.
"""

from __future__ import annotations

import re

from lakegate.checks.interface import Outcome
from lakegate.reports.sentences import sentence
from lakegate.reports.summary import (
    brief,
    by_reason,
    counted,
    having,
    judged,
    location_text,
    meaning,
    sections,
    standing,
    tally,
)
from lakegate.verdict import CheckResult, Verdict

MOST_ROWS = 50  # rows of the table; a pull request is no place for two thousand


def to_markdown(verdict: Verdict, url: str | None = None) -> str:
    """Return the verdict as Markdown (GitHub's dialect): headline, what does not hold, what was not checked.

    `url` is where readers open the report: the summary leaves the site, so that nothing in it can be relative.
    """
    about = f"batch {_code(verdict.batch)}, " if verdict.batch is not None else ""
    told = f"`{verdict.report_id}`"
    owner = f", owner {_code(verdict.owner)}" if verdict.owner else ""
    lines = [
        f"### {standing(verdict).upper()}: {_code(verdict.dataset)}",
        "",
        f"{about}contract {_code(verdict.contract_id)} {_code(verdict.contract_version)}{owner}",
        "",
        f"{judged(verdict)}; {tally(verdict)}. {meaning(verdict)}",
        *_waivers(verdict),
        *_table(verdict),
        *_not_checked(having(verdict, Outcome.NOT_APPLICABLE)),
        "",
        f"Exit code {verdict.exit_code}, report {f'[{told}](<{url}>)' if url else told}.",
    ]
    return "\n".join(lines) + "\n"


def _waivers(verdict: Verdict) -> list[str]:
    """Return who let what failed pass, until when and why; no lines where nobody did."""
    told = [
        f"- {counted(len(one.rules), 'check')} waived by {_code(one.approver)} until {_code(one.expires)}, because "
        f"{_code(one.reason)} (waiver `{one.id}`)"
        for one in verdict.waivers
    ]
    return ["", *told] if told else []


def _table(verdict: Verdict) -> list[str]:
    """Return the table of what does not hold, first things first; no lines where everything does."""
    rows = [
        f"| {outcome} | {_code(result.field, cell=True) if result.field else ''} | {_code(result.name, cell=True)} "
        f"| {_code(sentence(result), cell=True)} | {_first_place(result)} |"
        for outcome, _, results in sections(verdict)
        for result in results
    ]
    if not rows:
        return []
    head = ["", "| outcome | column | check | why | first at |", "|---|---|---|---|---|"]
    more = ["", f"... and {counted(len(rows) - MOST_ROWS, 'check')} more."] if len(rows) > MOST_ROWS else []
    return [*head, *rows[:MOST_ROWS], *more]


def _first_place(result: CheckResult) -> str:
    """Return the first failing row as a cell."""
    return _code(location_text(result.locations[0], result.field), cell=True) if result.locations else ""


def _not_checked(results: tuple[CheckResult, ...]) -> list[str]:
    """Return the list of reasons why checks were not carried out."""
    if not results:
        return []
    reasons = (
        f"- {_code(brief(reason))}: {_code(group[0].name) if len(group) == 1 else counted(len(group), 'check')}"
        for reason, group in by_reason(results).items()
    )
    return ["", f"Not checked ({len(results):,}), because:", "", *reasons]


def _code(text: str, *, cell: bool = False) -> str:
    """Return the text as a code span that nothing in it can end; in a table's `cell` a bar is escaped too."""
    shown = brief(text) or " "
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    span = f"{fence}{pad}{shown}{pad}{fence}"
    return span.replace("|", "\\|") if cell else span
