"""Verdicts, promotions, and where batches stand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from lakegate.api import Failure
from lakegate.commands.batches import Standings
from lakegate.gate.promote import Promotion, PromotionState
from lakegate.gate.protocol import worst
from lakegate.gate.status import BatchStatus
from lakegate.libraries.great_expectations.results import to_gx, validation_results
from lakegate.reader import DataFile
from lakegate.reports.json import to_json
from lakegate.reports.junit import to_junit
from lakegate.reports.markdown import to_markdown
from lakegate.reports.summary import apart_text, counted, plain, tally, waiver_text
from lakegate.reports.text import text_report
from lakegate.show.terminal import WIDEST, console, json_text, tell, write
from lakegate.verdict import Verdict

if TYPE_CHECKING:
    from rich.console import RenderableType

NO_URLS: Mapping[str, str] = MappingProxyType({})
STYLES = {
    PromotionState.COMMITTED: "green",
    PromotionState.ALREADY_COMMITTED: "green",
    PromotionState.QUARANTINED: "red",
    PromotionState.NOT_JUDGED: "red",
    PromotionState.CONFLICT: "red",
    PromotionState.NOT_READY: "yellow",
    PromotionState.PASSED: "green",
}


def exit_code(codes: Iterable[int]) -> int:
    """Return the one exit code of several batches: the gravest, by PROTOCOL's order."""
    return worst(codes)


def failures(found: Sequence[Failure]) -> None:
    """Tell what kept batches from being judged or promoted."""
    for failure in found:
        tell(f"{failure.dataset} {failure.batch}: {failure.error}")


def unpublished(found: Sequence[str]) -> None:
    """Tell which pages do not show yet what became of batches; nothing else is changed by that."""
    for note in dict.fromkeys(found):
        tell(plain(note))


# --- verdicts and promotions --------------------------------------------------------------------------------------


def verdicts(found: Sequence[Verdict], output_format: str, output: Path | None, *, verbose: bool) -> None:
    """Write verdicts to stdout or a file; one document for one verdict, in JSON a list for several."""
    if output_format == "text":
        text = _rendered([_report(verdict, verbose=verbose) for verdict in found], output)
    else:
        text = document(found, output_format)
    write(text, output)


def document(found: Sequence[Verdict], output_format: str, urls: Mapping[str, str] = NO_URLS) -> str:
    """Return verdicts as one document of a machine's format, or of markdown.

    `urls` says by their ids where readers open the reports of those that have one.
    """
    match output_format:
        case "json":
            return to_json(found[0]) if len(found) == 1 else json_text([json.loads(to_json(one)) for one in found])
        case "junit":
            return to_junit(*found, urls=urls)
        case "gx":
            return to_gx(validation_results(*found))
        case _:
            return "\n".join(to_markdown(one, urls.get(one.report_id)) for one in found)


def promotions(
    found: Sequence[Promotion],
    failed: Sequence[Failure],
    output_format: str,
    output: Path | None,
    *,
    verbose: bool,
    notes: Sequence[str] = (),
) -> None:
    """Write what became of batches: a line each, and the whole verdict of what was blocked.

    In JSON a list, of what failed too; JUnit and markdown hold the verdicts, with where readers open their reports.
    `notes` tell of all batches: they go to stderr (`unpublished`), and into JSON with each.
    """
    if output_format == "json":
        text = json_text([*(_promotion(one, notes) for one in found), *map(_failure, failed)])
    elif output_format == "text":
        text = _rendered([part for one in found for part in _told(one, verbose=verbose)], output)
        text = text or ("" if failed else "nothing waits")
    else:
        urls = {one.verdict.report_id: one.url for one in found if one.verdict and one.url}
        text = document([one.verdict for one in found if one.verdict], output_format, urls)
    write(text, output)


def _told(promotion: Promotion, *, verbose: bool) -> Iterator[RenderableType]:
    """Yield a promotion as its line, after the whole verdict where that blocks."""
    from rich.text import Text

    verdict = promotion.verdict
    told = verdict is not None and (verbose or not verdict.passes)
    if verdict is not None and told:
        yield _report(verdict, verbose=verbose)
    checks = f", {tally(verdict)}" if verdict is not None and not told else ""
    yield Text(f"{plain(promotion.message)}{checks}", STYLES[promotion.state])
    for line in conditions(verdict, waivers=not told):
        yield Text(f"  {line}", "yellow")
    if promotion.report:
        yield Text(f"  report: {plain(promotion.url or promotion.report)}")
    for note in promotion.notes:
        yield Text(f"  note: {plain(note)}")


def conditions(verdict: Verdict | None, *, waivers: bool = True) -> Iterator[str]:
    """Yield on which conditions a batch goes on: the rows that were set apart, and who answers for what was waived."""
    if verdict is None:
        return
    if verdict.set_apart is not None:
        yield f"{counted(verdict.set_apart.rows, 'row')}: {apart_text(verdict.set_apart)}"
    for waiver in verdict.waivers if waivers else ():
        yield f"{counted(len(waiver.rules), 'check')} {waiver_text(waiver)}"


def _report(verdict: Verdict, *, verbose: bool) -> RenderableType:
    return text_report(verdict, verbose=verbose, locations=int(verdict.options.get("locations", 5)))


def _rendered(parts: Sequence[RenderableType], output: Path | None) -> str:
    """Return what is shown as text: coloured for a terminal, plain for a file. Lines that wrap nowhere stay whole."""
    from rich.console import Console

    screen = console() if output is None else Console(width=100, highlight=False, color_system=None)
    with screen.capture() as text:
        for part in parts:
            screen.print(part, soft_wrap=True)
    return text.get()


def _promotion(promotion: Promotion, notes: Sequence[str]) -> dict[str, object]:
    return {
        "batch": promotion.batch,
        "state": promotion.state,
        "exitCode": promotion.exit_code,
        "message": promotion.message,
        "slot": promotion.record.slot if promotion.record else None,
        "report": promotion.report,
        "url": promotion.url,
        "notes": [*promotion.notes, *notes],
        "verdict": json.loads(to_json(promotion.verdict)) if promotion.verdict else None,
    }


def _failure(failure: Failure) -> dict[str, object]:
    """Return what kept a batch from being judged, with the keys of a promotion."""
    return {
        "batch": failure.batch,
        "state": "error",
        "exitCode": failure.error.exit_code,
        "message": str(failure.error),
        "slot": None,
        "report": None,
        "url": None,
        "notes": [],
        "verdict": None,
    }


# --- where batches stand ------------------------------------------------------------------------------------------


def standings(found: Sequence[Standings], *, as_json: bool) -> None:
    """Write where batches stand: a table, or JSON. What cannot be told goes to stderr."""
    for one in found:
        if one.problem is not None:
            tell(f"{one.dataset}: {one.problem}")
    rows = [(one.dataset, batch) for one in found for batch in one.batches]
    if as_json:
        write(json_text([{"dataset": dataset, **asdict(batch)} for dataset, batch in rows]))
    elif not rows:
        write("" if any(one.problem for one in found) else "no batch has arrived")
    else:
        write(_table(rows))


def files(found: Sequence[DataFile], *, as_json: bool) -> None:
    """Write committed files: a path or URI a line, as it is, or JSON."""
    write(json_text([asdict(file) for file in found]) if as_json else "".join(f"{file.uri}\n" for file in found))


def _table(rows: Sequence[tuple[str, BatchStatus]]) -> str:
    """Return batches as a table, a line each; on a terminal, which is no wider than it is, long cells wrap."""
    from rich.table import Table
    from rich.text import Text

    table = Table("dataset", "batch", "stands", "files", "bytes", "why", box=None, pad_edge=False)
    for column in table.columns[3:5]:
        column.justify = "right"
    for dataset, batch in rows:
        cells = (dataset, batch.batch, batch.standing, f"{batch.files:,}", f"{batch.size:,}", batch.message)
        table.add_row(*(Text(plain(cell)) for cell in cells))
    screen = console()
    if not screen.is_terminal:
        screen.width = WIDEST
    with screen.capture() as text:
        screen.print(table)
    return "\n".join(line.rstrip() for line in text.get().splitlines())
