"""The demo's story: a year of flights arrives, one spoilt month is caught, mended and let in; then on to the marts."""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from lakegate.api import Asked
from lakegate.checks.interface import Outcome
from lakegate.commands.batches import promoted
from lakegate.demo.layers import to_the_marts
from lakegate.demo.nycflights import DAMAGED_MONTH, arrive, arrive_repaired, project
from lakegate.errors import UsageError
from lakegate.gate.promote import Promotion, PromotionState
from lakegate.lake.layout import create_layout
from lakegate.lake.local import LocalLake
from lakegate.publish.keys import BOARD
from lakegate.reports.summary import extent_text
from lakegate.show.batches import STYLES
from lakegate.show.terminal import console
from lakegate.verdict import CheckResult

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

MARK = ".lakegate-demo"  # stands in a lake that the demo made and may make anew
LIBRARIES = (
    "The analysts keep rules of their own in expectations/nyc: suites of Great Expectations for flights and weather,\n"
    "measured in the same scan, and a model of pandera for the airports: it finds one on the wrong side of the world."
)
ORDER = ("airlines", "airports", "planes", "flights", "weather")  # what others refer to comes first


def play(folder: Path) -> int:
    """Make a lake at `folder`, let everything arrive, promote it, mend what was damaged on the way; return 0.

    Raises UsageError where `folder` holds something that is no lake of the demo, or where the data is not installed.
    """
    screen = console()
    _heading(screen, f"1. A lake in {folder}: a folder for every zone")
    _new_lake(folder)
    _heading(screen, "2. New York's flights of 2013 arrive in 02-transient-zone")
    places: list[str] = []
    with screen.status("writing batches"):
        arrive(folder, places.append, damaged=True)
    screen.print(f"{len(places)} batches of {len(ORDER)} datasets; the flights of April were spoilt on the way.")
    _heading(screen, "3. lakegate promote: each batch is measured, judged, and let in or kept out")
    screen.print(LIBRARIES)
    found = {dataset: _promote(screen, folder, dataset) for dataset in ORDER}
    _heading(screen, "4. April again: repaired, under the same key")
    arrive_repaired(folder)
    again = _promote(screen, folder, "flights", f"month={DAMAGED_MONTH}")
    steps = to_the_marts(screen, folder)
    promotions = [*(one for many in found.values() for one in many), *again]
    _close(screen, folder, [*promotions, *(step.promotion for step in steps if step.promotion)])
    return 0


def _new_lake(folder: Path) -> None:
    """Remove the lake of an earlier demo, and lay out a new one."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).is_file():
        hint = "name another folder with --lake, or remove this one"
        raise UsageError(f"{str(folder)!r} is there already and is no lake of the demo", hint=hint)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).write_text("This lake was made by `lakegate demo`, which makes it anew.\n")
    create_layout(LocalLake(folder), "demo")


def _promote(screen: Console, folder: Path, dataset: str, batch: str | None = None) -> list[Promotion]:
    contract = project() / "contracts" / "nyc" / f"{dataset}.odcs.yaml"
    with screen.status(f"nyc/{dataset}: measuring and judging"):
        found = promoted(batch, Asked(contract, str(folder)))
    screen.print(_table(dataset, found, wide=screen.is_terminal))
    return found


def _table(dataset: str, found: list[Promotion], *, wide: bool) -> Table:
    """Return what became of the batches of a dataset, a line each, with why not all was well; `wide`: as the screen."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=f"nyc/{dataset}", title_justify="left", expand=wide)
    table.add_column("batch", no_wrap=True)
    table.add_column("rows", justify="right", no_wrap=True)
    table.add_column("became", no_wrap=True)
    table.add_column("because", ratio=1 if wide else None)
    for promotion in found:
        verdict = promotion.verdict
        rows = f"{verdict.rows:,}" if verdict and verdict.rows is not None else ""
        warned = bool(verdict and verdict.counts[Outcome.WARNED])
        style = "yellow" if warned and promotion.exit_code == 0 else STYLES[promotion.state]
        state = f"{promotion.state}{', warned' if warned and promotion.exit_code == 0 else ''}"
        table.add_row(promotion.batch, rows, Text(state, style), Text(_because(promotion)))
    return table


def _because(promotion: Promotion) -> str:
    """Return the first reasons why a batch was kept out, or let in with a warning."""
    if promotion.verdict is None:
        return promotion.message if promotion.exit_code else ""
    telling, most = (Outcome.FAILED, 3) if promotion.exit_code else (Outcome.WARNED, 1)
    told = [result for result in promotion.verdict.results if result.outcome is telling]
    reasons = [_reason(result) for result in told[:most]]
    return "\n".join([*reasons, *([f"and {len(told) - most} more"] if len(told) > most else [])])


def _reason(result: CheckResult) -> str:
    subject = f"{result.field}: " if result.field and result.field not in result.name else ""
    return f"{subject}{result.name}: {extent_text(result) or result.reason}"


def _close(screen: Console, folder: Path, found: list[Promotion]) -> None:
    counts = Counter(promotion.state for promotion in found)
    screen.print(
        f"{counts[PromotionState.COMMITTED]} batches committed, "
        f"{counts[PromotionState.QUARANTINED]} quarantined: their bytes and reports stand in the lake."
    )
    contract = os.path.relpath(project() / "contracts" / "nyc" / "flights.odcs.yaml")
    _heading(screen, "Go on with")
    commands = (
        f"status {contract} --lake {folder}",
        f"plan {contract}",
        f"paths mart/carrier_delay_daily --lake {folder}",
    )
    for command in commands:
        screen.print(f"{_program()} {command}", soft_wrap=True, markup=False)
    _heading(screen, "Open this page")
    screen.print(str((folder / BOARD).absolute()), soft_wrap=True, markup=False)


def _program() -> str:
    """Return what to type to run lakegate: its name where the shell finds it, else its path."""
    return "lakegate" if shutil.which("lakegate") else os.path.relpath(sys.argv[0])


def _heading(screen: Console, text: str) -> None:
    screen.print(f"\n[bold]{text}[/]")
