r"""What every report tells, whatever its format: where the batch stands, what comes next, and the words for it.

Nothing here knows a format. Texts from the data or the contract go through `plain` or `brief` before they are printed,
because a column may be named `\x1b[2J`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from enum import StrEnum

from lakegate.checks.interface import Outcome
from lakegate.rows import Location
from lakegate.verdict import CheckResult, SetApart, Verdict, Waived

LONGEST = 300  # characters of a text from outside in one place of a report; the JSON report holds all of it


class Standing(StrEnum):
    """What a verdict comes to, in the words of a reader who has no exit code."""

    PASSED = "passed"
    PASSED_WITH_WARNINGS = "passed with warnings"
    WAIVED = "waived"  # it violates its contract, and somebody answers for letting it in
    BLOCKED = "blocked"
    COULD_NOT_EVALUATE = "could not evaluate"

    @property
    def slug(self) -> str:
        """The word as one token, for class names."""
        return self.value.replace(" ", "-")


# The order in which reports tell the outcomes: what must be acted on first, what is fine last.
SECTIONS: tuple[tuple[Outcome, str], ...] = (
    (Outcome.FAILED, "Failed"),
    (Outcome.COULD_NOT_EVALUATE, "Could not evaluate"),
    (Outcome.UNSUPPORTED, "Unsupported"),
    (Outcome.WAIVED, "Waived"),
    (Outcome.WARNED, "Warnings"),
    (Outcome.SET_APART, "Rows set apart"),
    (Outcome.INFORMED, "For information"),
)


def standing(verdict: Verdict) -> Standing:
    """Return what the verdict comes to."""
    if verdict.exit_code == 5:
        return Standing.COULD_NOT_EVALUATE
    if not verdict.passes:
        return Standing.BLOCKED
    if verdict.waivers:
        return Standing.WAIVED
    counts = verdict.counts
    return Standing.PASSED_WITH_WARNINGS if counts[Outcome.WARNED] or counts[Outcome.SET_APART] else Standing.PASSED


def headline(verdict: Verdict) -> str:
    """Return the verdict in one sentence: `month=2013-01 stays out: 4 of 62 checks failed, 1 warned`."""
    counts, number = verdict.counts, len(verdict.results)
    subject = "The files" if verdict.batch is None else brief(verdict.batch)
    if not number:
        return f"{subject}: nothing was checked."
    told = [
        (counts[Outcome.FAILED], "failed"),
        (counts[Outcome.COULD_NOT_EVALUATE], "could not be evaluated"),
        (counts[Outcome.UNSUPPORTED], "cannot be checked here"),
        (counts[Outcome.WAIVED], "failed and was waived" if counts[Outcome.WAIVED] == 1 else "failed and were waived"),
        (counts[Outcome.WARNED], "warned"),
    ]
    first, *rest = [(count, word) for count, word in told if count] or [(0, "")]
    of = f"{first[0]:,} of {counted(number, 'check')} {first[1]}"
    parts = [of, *(f"{count:,} {word}" for count, word in rest)] if first[0] else []
    verb = "goes on" if verdict.passes else "stays out"
    if verdict.batch is None:
        verb = "go on" if verdict.passes else "stay out"
    if parts:
        return f"{subject} {verb}: {', '.join(parts)}."
    if counts[Outcome.NOT_APPLICABLE] == number:
        return f"{subject} {verb}: none of {counted(number, 'check')} could be applied."
    held = counts[Outcome.PASSED]
    return f"{subject} {verb}: {'all' if held == number else f'{held:,} of'} {counted(number, 'check')} hold."


def meaning(verdict: Verdict) -> str:
    """Return what the exit code means for this batch and what to do next (INPUTS, exit codes)."""
    counts = verdict.counts
    match verdict.exit_code:
        case 0:
            return _opens(verdict)
        case 5:
            return (
                f"{counted(counts[Outcome.COULD_NOT_EVALUATE], 'check')} could not be evaluated, so nothing is known "
                "about the batch: the gate stays shut and nothing was decided about the data. "
                "See to the cause, then run it again."
            )
        case 2 if not verdict.results:
            return (
                "Nothing was checked, and nothing checked is no pass: the gate stays shut. "
                "Give the contract a rule, or take the filter away."
            )
        case 2:
            return (
                f"{counted(counts[Outcome.UNSUPPORTED], 'rule')} cannot be checked here, so the contract cannot be "
                "promised: the gate stays shut. Install the rule's engine, take the rule out, or set "
                "unsupported: allow in the contract."
            )
        case _ if counts[Outcome.FAILED]:
            why = "The batch violates its contract"
        case _ if counts[Outcome.WARNED]:
            why = "Warnings block, as asked for by --fail-on warning"
        case _:
            why = "No check could be applied to the batch, and nothing checked is no pass"
    return f"{why}: the gate stays shut. Trying again changes nothing: mend the data or the contract."


def _opens(verdict: Verdict) -> str:
    """Return why the gate opens."""
    if verdict.waivers:
        return "The batch violates its contract, and what failed was waived: the gate opens."
    if verdict.set_apart:
        return "What goes on keeps its contract: the gate opens. The rows set apart are held back in quarantine."
    return "The batch keeps its contract: the gate opens."


def blocks(verdict: Verdict, result: CheckResult) -> bool:
    """Whether this very check keeps the gate shut."""
    if result.outcome is Outcome.WARNED:
        return verdict.options.get("fail_on") == "warning"
    return result.outcome in {Outcome.FAILED, Outcome.COULD_NOT_EVALUATE, Outcome.UNSUPPORTED}


def having(verdict: Verdict, outcome: Outcome) -> tuple[CheckResult, ...]:
    """Return the results of that outcome, in the contract's order."""
    return tuple(result for result in verdict.results if result.outcome is outcome)


def sections(verdict: Verdict) -> Iterator[tuple[Outcome, str, tuple[CheckResult, ...]]]:
    """Yield (outcome, title, results) of the outcomes in `SECTIONS` that occurred; never an empty one."""
    for outcome, title in SECTIONS:
        if results := having(verdict, outcome):
            yield outcome, title, results


def by_column(results: Iterable[CheckResult]) -> dict[str | None, list[CheckResult]]:
    """Group results by property path in order of first appearance; rules of the whole object come first, as None."""
    groups: dict[str | None, list[CheckResult]] = {}
    for result in sorted(results, key=lambda result: result.field is not None):
        groups.setdefault(result.field, []).append(result)
    return groups


def by_reason(results: Iterable[CheckResult]) -> dict[str, list[CheckResult]]:
    """Group results by their reason, in order of first appearance: forty checks without rows are told once."""
    groups: dict[str, list[CheckResult]] = {}
    for result in results:
        groups.setdefault(result.reason or "no reason given", []).append(result)
    return groups


def tally(verdict: Verdict) -> str:
    """Return the number of checks by outcome (`12 passed, 1 failed`); outcomes that did not occur are left out."""
    told = (f"{number:,} {tally_word(outcome)}" for outcome, number in verdict.counts.items() if number)
    return ", ".join(told) or "no checks"


def tally_word(outcome: Outcome) -> str:
    """Return the outcome as it reads behind a number of checks, which is no number of rows."""
    return "set rows apart" if outcome is Outcome.SET_APART else outcome


def waiver_of(verdict: Verdict, result: CheckResult) -> Waived | None:
    """Return the waiver that lets a check pass, None where none does."""
    return next((waiver for waiver in verdict.waivers if result.key in waiver.rules), None)


def waiver_text(waiver: Waived) -> str:
    """Return who waived it, until when and why: `waived by maria until 2026-12-01T00:00:00+00:00: late feed`."""
    return f"waived by {brief(waiver.approver)} until {plain(waiver.expires)}: {brief(waiver.reason, 1000)}"


def row_count(verdict: Verdict) -> str:
    """Return the number of rows in words."""
    return "rows unknown" if verdict.rows is None else counted(verdict.rows, "row")


def judged(verdict: Verdict) -> str:
    """Return how many rows in how many files were judged, in words; a table in memory has no files.

    Where rows were set apart: `27,004 rows in 1 file: 27,002 go on, 2 set apart (0.01 %) by 3 rules`.
    """
    if (apart := verdict.set_apart) is not None:
        return f"{counted(apart.rows, 'row')} in {counted(len(verdict.files), 'file')}: {apart_text(apart)}"
    return f"{row_count(verdict)} in {counted(len(verdict.files), 'file')}" if verdict.files else row_count(verdict)


def apart_text(apart: SetApart) -> str:
    """Return how many rows go on and how many were set apart: `27,002 go on, 2 set apart (<0.01 %) by 3 rules`."""
    part = share(apart.rejected, apart.rows)
    by = counted(len(apart.rules), "rule")
    return f"{apart.accepted:,} go on, {apart.rejected:,} set apart ({part}) by {by}"


def extent(result: CheckResult) -> tuple[int, int] | None:
    """Return (failing rows, all rows) of a check that judged row by row, None for any other."""
    failed, total = result.diagnostics.get("failed"), result.diagnostics.get("total")
    return (failed, total) if isinstance(failed, int) and isinstance(total, int) and 0 < failed <= total else None


def extent_text(result: CheckResult) -> str:
    """Return the extent in words (`29 of 27,004 rows (0.11 %)`), empty where there is none."""
    if (rows := extent(result)) is None:
        return ""
    failed, total = rows
    return f"{failed:,} of {counted(total, 'row')} ({share(failed, total)})"


def rule_text(result: CheckResult) -> str:
    """Return the kind of rule, the author's id for it, and the library that ran it itself."""
    named = f", id {result.quality_id}" if result.quality_id is not None else ""
    ran = f", run by {result.library}" if result.library is not None else ""
    return f"{result.type}{named}{ran}"


def place(location: Location) -> str:
    """Return where a row stands: `file:line` where the line is known (editors open it), else file and row."""
    if location.line is not None:
        return f"{location.file}:{location.line}"
    return location.file if location.row is None else f"{location.file} row {location.row:,}".lstrip()


def location_text(location: Location, field: str | None = None) -> str:
    """Return a location on one line, without what is unknown; a column that is the check's own `field` goes unsaid."""
    parts = [plain(place(location))]
    if location.line is not None and location.row is not None:
        parts.append(f"row {location.row:,}")
    if location.column is not None and location.column != field:
        parts.append(f"column {brief(location.column)}")
    if location.key:
        parts.append("key " + ", ".join(f"{brief(name)}={brief(value)}" for name, value in location.key))
    if location.value is not None:
        parts.append(f'value "{brief(location.value)}"')
    return "  ".join(parts)


def command(verdict: Verdict) -> str:
    """Return the command that judges the same batch again, quoted for a POSIX shell.

    A contract that came from no file is named by its dataset's place under `contracts/`, where a project keeps it.
    Which files stood for other datasets is not known any more: `FILE`.
    """
    words = ["lakegate", "test", verdict.contract_file or f"contracts/{verdict.dataset}.odcs.yaml"]
    if verdict.batch is not None:
        words += ["--batch", verdict.batch]
    else:
        words += [word for file in verdict.files for word in ("--data", file.path)]
    words += [word for name in verdict.options.get("with", ()) for word in ("--with", f"{name}=FILE")]
    if verdict.options.get("fail_on") == "warning":
        words += ["--fail-on", "warning"]
    return shlex.join(words)


def share(part: int, whole: int) -> str:
    """Return `part` of `whole` (> 0) in percent; what is neither nothing nor all is never rounded to either."""
    if part in (0, whole):
        return "100 %" if part else "0 %"
    percent = 100 * part / whole
    if percent < 0.01:
        return "<0.01 %"
    if percent > 99.99:
        return ">99.99 %"
    return f"{percent:.2f} %" if percent < 10 or percent > 99.9 else f"{percent:.1f} %"


def counted(number: int, noun: str) -> str:
    """Return the number with its noun, in the plural where it is not one: `27,004 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def duration(seconds: float) -> str:
    """Return a time in words: `0.25 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def plain(text: str) -> str:
    r"""Return `text` on one line with every character that does not print as itself written as its escape.

    Terminal escapes, line separators, direction overrides, zero-width and unusual blanks and lone surrogates become
    visible (`\x1b`, `\n`, `\u202e`); so does what XML refuses.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def brief(text: str, most: int = LONGEST) -> str:
    """Return `plain(text)`, cut after `most` characters with the full length told."""
    return plain(text) if len(text) <= most else f"{plain(text[:most])}... ({len(text):,} characters)"
