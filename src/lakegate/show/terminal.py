"""The terminal itself: where text goes, how wide it is, what moves while work is going on."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lakegate.gate.protocol import Step
from lakegate.gate.spool import Progress
from lakegate.reports.summary import plain

if TYPE_CHECKING:
    from rich.console import Console

WIDEST = 10_000  # columns of a file or a pipe: there no line wraps
PHASES: dict[str, str] = {Step.SPOOL: "copying from", Step.PLACE: "copying to the zone"}


def console(*, stderr: bool = False) -> Console:
    """Return a console that wraps at the terminal's width, and nowhere where there is none: a cause is one line."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, width=None if stream.isatty() else WIDEST, highlight=False, soft_wrap=False)


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[tuple[Progress, Callable[[str], None]]]:
    """Hand out two tellers, of bytes and of batches: a bar on a terminal, elsewhere a plain line for each batch.

    Both write to stderr. `quiet` tells nothing.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda *_: None, (lambda _: None) if quiet else tell
        return
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar
    from rich.table import Column

    text = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis"))
    with Bar(
        text, BarColumn(), DownloadColumn(), TimeRemainingColumn(), console=console(stderr=True), transient=True
    ) as bar:
        task, batch = bar.add_task("", total=None), ""

        def told(phase: str, what: str, done: int, total: int) -> None:
            doing = f"{PHASES.get(phase, phase)} {plain(what)[:40]}"
            bar.update(task, description=f"{batch} {doing}".strip(), completed=done, total=total or None)

        def announced(line: str) -> None:
            nonlocal batch
            batch = plain(line)
            bar.update(task, description=batch, completed=0, total=None)

        yield told, announced


def tell(text: str) -> None:
    """Write a message to stderr: what stands in it from outside cannot steer a terminal."""
    for line in f"lakegate: {text}".split("\n"):
        sys.stderr.write(plain(line) + "\n")


def write(text: str, output: Path | None = None) -> None:
    """Write text to stdout or a file, ending its last line."""
    text = text if text.endswith("\n") or not text else text + "\n"
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")


def json_text(document: object) -> str:
    """Return a document as JSON that a person can read, too."""
    return json.dumps(document, indent=2)
