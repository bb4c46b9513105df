"""What whoever keeps the lake sees at a terminal: what was set, what was found out, what is garbage."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from lakegate.lake.setup import Proof
from lakegate.lake.store import Finding, Need
from lakegate.operate import Examined, Made
from lakegate.reports.summary import plain
from lakegate.show import console, write

if TYPE_CHECKING:
    from rich.console import RenderableType

PROOFS = {Proof.YES: "green", Proof.STOOD: "green", Proof.PLANNED: "", Proof.NO: "red"}
MARKS = {"ok": "green", "FAILS": "bold red", "better": "yellow", "unknown": "yellow", "": ""}


def changes(made: Made, *, as_json: bool) -> None:
    """Write what became of each setting: a table, and below it what went wrong."""
    if as_json:
        write(_json({"lake": made.lake, "changes": [asdict(one) for one in made.changes]}))
        return
    rows = [
        ((one.setting, ""), (one.before, ""), (one.now, ""), (one.proof.value, PROOFS[one.proof]))
        for one in made.changes
    ]
    table = _table(("setting", "before", "now", "proved"), rows)
    notes = _list([(one.setting, one.note) for one in made.changes if one.note])
    _print([_head(made.lake), table, *notes])


def findings(found: Examined, *, as_json: bool) -> None:
    """Write what was found out: a table, below it what to do, and the end that a promotion would have."""
    if as_json:
        told = [asdict(one) for one in found.findings]
        write(_json({"lake": found.lake, "exitCode": found.exit_code, "findings": told}))
        return
    rows = [((mark(one), MARKS[mark(one)]), (one.what, ""), (one.got, ""), (one.means, "")) for one in found.findings]
    table = _table(("", "what", "found", "for the gate"), rows)
    advice = [
        (one.what, f"expected {one.expected}; {one.advice}" if one.expected else one.advice)
        for one in found.findings
        if one.held is not True and one.advice
    ]
    ends = {0: "Promotions are accepted.", 6: "Promotions are refused (exit code 6)."}
    _print([_head(found.lake), table, *_list(advice), "", ends.get(found.exit_code, "Promotions fail (exit code 5).")])


def mark(finding: Finding) -> str:
    """Return the one word that a finding is seen by; empty for what is only told."""
    if finding.held is True:
        return "ok"
    if finding.need is Need.INFORMATION:
        return ""
    if finding.held is None:
        return "unknown"
    return "FAILS" if finding.need is Need.MUST else "better"


def _head(lake: str) -> str:
    return f"{plain(lake)}\n"


def _list(lines: Iterable[tuple[str, str]]) -> list[RenderableType]:
    """Return lines under a table, each with what it is about; none where there are none."""
    from rich.padding import Padding
    from rich.text import Text

    told = [Padding(Text.assemble((f"{what}: ", "bold"), plain(text)), (0, 0, 0, 2)) for what, text in lines]
    return ["", *told] if told else []


def _table(head: Sequence[str], rows: Iterable[Sequence[tuple[str, str]]]) -> RenderableType:
    """Return rows of (text, style) as a table; long cells wrap."""
    from rich.table import Table
    from rich.text import Text

    table = Table(*head, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(*(Text(plain(text), style) for text, style in row))
    return table


def _print(parts: Sequence[RenderableType]) -> None:
    """Write parts one below the other, as wide as the terminal; no line ends in blanks."""
    screen = console()
    with screen.capture() as text:
        for part in parts:
            screen.print(part)
    write("\n".join(line.rstrip() for line in text.get().splitlines()))


def _json(document: object) -> str:
    return json.dumps(document, indent=2)
