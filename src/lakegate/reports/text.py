"""The verdict for a terminal or a log: failures first, the verdict last, where the eye rests after a long run.

The frame is ASCII without drawn lines, so that a log file shows it as the terminal does; without a terminal rich
writes no colour. Texts are appended as they are, never parsed as rich's markup.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakegate.checks.interface import Outcome
from lakegate.reports.sentences import sentence
from lakegate.reports.summary import (
    Standing,
    brief,
    by_column,
    by_reason,
    command,
    counted,
    extent,
    having,
    judged,
    location_text,
    meaning,
    plain,
    rule_text,
    sections,
    standing,
    tally,
    waiver_of,
    waiver_text,
)
from lakegate.verdict import CheckResult, Verdict

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, Group
    from rich.text import Text

STYLES = {
    Outcome.FAILED: "bold red",
    Outcome.COULD_NOT_EVALUATE: "bold magenta",
    Outcome.UNSUPPORTED: "bold magenta",
    Outcome.WAIVED: "bold yellow",
    Outcome.WARNED: "bold yellow",
    Outcome.SET_APART: "bold yellow",
    Outcome.INFORMED: "bold cyan",
    Outcome.NOT_APPLICABLE: "bold",
    Outcome.PASSED: "bold green",
}
STANDING_STYLES = {
    Standing.PASSED: "bold green",
    Standing.PASSED_WITH_WARNINGS: "bold yellow",
    Standing.WAIVED: "bold yellow",
    Standing.BLOCKED: "bold red",
    Standing.COULD_NOT_EVALUATE: "bold magenta",
}
MOST_NAMES = 8  # checks named under one reason for not being checked; `verbose` names all


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a report. It wraps at the console's width, keeps its indent there and ends without blanks."""

    text: str
    indent: int = 0  # columns
    style: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        """Yield the line as rich prints it."""
        from rich.text import Text

        width = max(options.max_width - self.indent, 1)
        for part in Text(self.text, self.style).wrap(console, width, overflow="fold"):
            part.rstrip()
            yield Text(" " * self.indent) + part


def text_report(verdict: Verdict, *, verbose: bool = False, locations: int = 5) -> Group:
    """Return the report for `rich.console.Console.print`.

    `verbose` names the checks that passed, too, and every one that was not checked. At most `locations` failing rows
    are listed a check.
    """
    from rich.console import Group

    return Group(
        *_head(verdict),
        *_sections(verdict, locations),
        *_not_checked(having(verdict, Outcome.NOT_APPLICABLE), verbose=verbose),
        *_passed(having(verdict, Outcome.PASSED), verbose=verbose),
        *_foot(verdict),
    )


def to_text(verdict: Verdict, *, width: int = 100) -> str:
    """Return the report as plain lines of at most `width` columns."""
    from rich.console import Console

    out = io.StringIO()
    Console(file=out, width=width, color_system=None, force_terminal=False, force_jupyter=False).print(
        text_report(verdict)
    )
    return out.getvalue()


def _head(verdict: Verdict) -> Iterator[Line]:
    """Yield what was judged, by which contract and with what."""
    batch = f"  batch {plain(verdict.batch)}" if verdict.batch is not None else ""
    owner = f", owner {brief(verdict.owner)}" if verdict.owner else ""
    as_of = f", as of {plain(verdict.context.as_of)}" if verdict.context.as_of else ""
    yield Line(f"{plain(verdict.dataset)}{batch}", style="bold")
    yield Line(
        f"contract {plain(verdict.contract_id)} {plain(verdict.contract_version)}"
        f" (sha256 {plain(verdict.contract_sha256[:12])}){owner}"
    )
    yield Line(
        f"{judged(verdict)}, digest {plain(verdict.digest[:12])}, {plain(verdict.engine)}, "
        f"lakegate {plain(verdict.lakegate)}{as_of}"
    )


def _title(outcome: Outcome, title: str, number: int) -> Line:
    """Return a section's title."""
    return Line(f"\n{title.upper()} ({number:,})", style=STYLES[outcome])


def _sections(verdict: Verdict, most: int) -> Iterator[Line]:
    """Yield what does not hold, by section, column and rule."""
    for outcome, title, results in sections(verdict):
        yield _title(outcome, title, len(results))
        for column, group in by_column(results).items():
            yield Line(brief(column) if column is not None else "(all columns)", indent=2, style="bold")
            for result in group:
                yield from _check(result, most)
                if waiver := waiver_of(verdict, result):
                    yield Line(waiver_text(waiver), indent=6)


def _check(result: CheckResult, most: int) -> Iterator[Line]:
    """Yield one check: its sentence, why, and at most `most` failing rows."""
    yield Line(f"{brief(result.name)} [{brief(rule_text(result))}]", indent=4)
    if told := sentence(result):
        yield Line(told, indent=6)
    for location in result.locations[:most]:
        yield Line(location_text(location, result.field), indent=6, style="dim")
    failing = rows[0] if (rows := extent(result)) else len(result.locations)
    shown = min(most, len(result.locations))
    if shown < failing and result.locations:
        yield Line(f"... and {failing - shown:,} more", indent=6, style="dim")


def _not_checked(results: tuple[CheckResult, ...], *, verbose: bool) -> Iterator[Line]:
    """Yield the reasons why checks were not carried out, each told once."""
    if not results:
        return
    yield _title(Outcome.NOT_APPLICABLE, "Not checked, because", len(results))
    for reason, group in by_reason(results).items():
        yield Line(f"{brief(reason)} - {counted(len(group), 'check')}:", indent=2)
        named = group if verbose else group[:MOST_NAMES]
        yield from (Line(brief(result.name), indent=4) for result in named)
        if len(named) < len(group):
            yield Line(f"... and {len(group) - len(named):,} more (--verbose names them)", indent=4)


def _passed(results: tuple[CheckResult, ...], *, verbose: bool) -> Iterator[Line]:
    """Yield the number of passed checks, their names if `verbose`."""
    if not results:
        return
    yield _title(Outcome.PASSED, "Passed", len(results))
    if verbose:
        ran = (f" [run by {result.library}]" if result.library else "" for result in results)
        yield from (Line(f"{brief(result.name)}{by}", indent=2) for result, by in zip(results, ran, strict=True))


def _foot(verdict: Verdict) -> Iterator[Line]:
    """Yield the verdict, what it means and how to judge the batch again."""
    came_to = standing(verdict)
    yield Line(f"\n{came_to.upper()}: {judged(verdict)}; {tally(verdict)}", style=STANDING_STYLES[came_to])
    yield Line(f"exit code {verdict.exit_code}: {meaning(verdict)}")
    if not verdict.passes and (verdict.files or verdict.batch is not None):  # no command names a table in memory
        yield Line(f"again: {plain(command(verdict))}")
