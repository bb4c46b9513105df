"""What a person at a terminal sees: progress on stderr, verdicts and promotions on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from lakegate.commands import Standings
from lakegate.gate.promote import Promotion, PromotionState
from lakegate.gate.protocol import worst
from lakegate.gate.spool import Progress
from lakegate.reports.json import to_json
from lakegate.reports.junit import to_junit
from lakegate.reports.markdown import to_markdown
from lakegate.reports.summary import plain, tally
from lakegate.reports.text import text_report
from lakegate.verdict import Verdict

if TYPE_CHECKING:
    from rich.console import Console

STYLES = {
    PromotionState.COMMITTED: "green",
    PromotionState.ALREADY_COMMITTED: "green",
    PromotionState.QUARANTINED: "red",
    PromotionState.NOT_JUDGED: "red",
    PromotionState.CONFLICT: "red",
    PromotionState.NOT_READY: "yellow",
}


def exit_code(codes: Iterable[int]) -> int:
    """Return the one exit code of several batches: the gravest, by PROTOCOL's order."""
    return worst(codes)


def console(*, stderr: bool = False) -> Console:
    """Return a console that wraps at the terminal's width, and at 100 characters where there is none."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, width=None if stream.isatty() else 100, highlight=False, soft_wrap=False)


@contextmanager
def progress() -> Iterator[Progress]:
    """Hand out a teller of progress: a bar on a terminal, nothing elsewhere (what is done is told when it is done)."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Bar(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def told(phase: str, file: str, done: int, total: int) -> None:
            bar.update(task, description=f"{phase} {plain(file)[:40]}", completed=done, total=total or None)

        yield told


def verdicts(found: Sequence[Verdict], output_format: str, output: Path | None, *, verbose: bool) -> None:
    """Write verdicts to stdout or a file; one document for one verdict, in JSON a list for several."""
    if output_format == "text" and output is None:
        screen = console()
        for verdict in found:
            screen.print(text_report(verdict, verbose=verbose, locations=_locations(verdict)))
        return
    _write(document(found, output_format, verbose=verbose), output)


def document(found: Sequence[Verdict], output_format: str, *, verbose: bool) -> str:
    """Return verdicts as one document of a format."""
    match output_format:
        case "json":
            return to_json(found[0]) if len(found) == 1 else _json_list(found)
        case "junit":
            return "\n".join(map(to_junit, found))
        case "markdown":
            return "\n".join(map(to_markdown, found))
        case _:
            return _plain_text(found, verbose=verbose)


def _json_list(found: Sequence[Verdict]) -> str:
    return json.dumps([json.loads(to_json(verdict)) for verdict in found], indent=2, ensure_ascii=False)


def _plain_text(found: Sequence[Verdict], *, verbose: bool) -> str:
    screen = console()
    with screen.capture() as text:
        for verdict in found:
            screen.print(text_report(verdict, verbose=verbose, locations=_locations(verdict)))
    return text.get()


def _locations(verdict: Verdict) -> int:
    return int(verdict.options.get("locations", 5))


def _write(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
    else:
        output.write_text(text, encoding="utf-8")


def promotions(found: Sequence[Promotion], output_format: str, output: Path | None, *, verbose: bool) -> None:
    """Write what became of batches: a line each, and the whole verdict of what was blocked."""
    if output_format == "json":
        _write(json.dumps([_as_json(promotion) for promotion in found], indent=2, ensure_ascii=False), output)
        return
    if output_format != "text" or output is not None:
        judged = [promotion.verdict for promotion in found if promotion.verdict]
        _write(document(judged, output_format, verbose=verbose), output)
        return
    screen = console()
    for promotion in found:
        if promotion.verdict and (verbose or not promotion.verdict.passes):
            screen.print(text_report(promotion.verdict, verbose=verbose, locations=_locations(promotion.verdict)))
        screen.print(line(promotion))
    if not found:
        screen.print("nothing waits")


def line(promotion: Promotion) -> str:
    """Return what became of one batch as one line of rich markup."""
    from rich.markup import escape

    style = STYLES[promotion.state]
    checks = f", {tally(promotion.verdict)}" if promotion.verdict else ""
    notes = "".join(f"\n  note: {escape(plain(note))}" for note in promotion.notes)
    report = f"\n  report: {escape(plain(promotion.report))}index.html" if promotion.report else ""
    return f"[{style}]{promotion.state}[/] {escape(plain(promotion.message))}{checks}{report}{notes}"


def _as_json(promotion: Promotion) -> dict[str, object]:
    return {
        "batch": promotion.batch,
        "state": promotion.state,
        "exitCode": promotion.exit_code,
        "message": promotion.message,
        "slot": promotion.record.slot if promotion.record else None,
        "report": promotion.report,
        "notes": list(promotion.notes),
        "verdict": json.loads(to_json(promotion.verdict)) if promotion.verdict else None,
    }


def standings(found: Sequence[Standings], *, as_json: bool) -> None:
    """Write where batches stand: a table, or JSON."""
    if as_json:
        rows = [{"dataset": one.dataset, **asdict(batch)} for one in found for batch in one.batches]
        _write(json.dumps(rows, indent=2, ensure_ascii=False), None)
        return
    from rich.table import Table

    table = Table("dataset", "batch", "stands", "files", "bytes", "why", box=None, pad_edge=False)
    for one in found:
        for batch in one.batches:
            cells = (one.dataset, batch.batch, batch.standing, str(batch.files), f"{batch.size:,}", batch.message)
            table.add_row(*(plain(str(cell)) for cell in cells))
    console().print(table if table.row_count else "no batch has arrived")
