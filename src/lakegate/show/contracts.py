"""What is wrong in contracts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lakegate.contract import lint
from lakegate.errors import Problem
from lakegate.reports.summary import plain
from lakegate.show.terminal import write


def problems(found: Sequence[Problem], files: int, output_format: str) -> None:
    """Write what is wrong in contracts, `files` of which were looked at."""
    if output_format == "json":
        write(lint.to_json(found))
    else:
        write(lint.render_text([_inert(problem) for problem in found], files))


def _inert(problem: Problem) -> Problem:
    return replace(
        problem,
        file=plain(problem.file),
        message=plain(problem.message),
        found=plain(problem.found),
        expected=plain(problem.expected),
        hint=plain(problem.hint),
    )
