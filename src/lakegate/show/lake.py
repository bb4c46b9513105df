"""What whoever keeps the lake sees at a terminal: what was set, what was found out, what is garbage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from lakegate.commands.lake import Collected, Examined, Fate, Made, Tidied
from lakegate.lake.setup import Proof
from lakegate.lake.store import Finding, Need
from lakegate.reports.summary import plain
from lakegate.show.terminal import WIDEST, console, json_text, tell, write

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

PROOFS = {Proof.YES: "green", Proof.STOOD: "green", Proof.PLANNED: "", Proof.NO: "red"}
FATES = {Fate.FOUND: "", Fate.DELETED: "green", Fate.KEPT: "yellow", Fate.FAILED: "red"}
MARKS = {"ok": "green", "FAILS": "bold red", "better": "yellow", "unknown": "yellow", "": ""}


def changes(made: Made, *, as_json: bool) -> None:
    """Write what became of each setting: a table, and below it what went wrong."""
    if as_json:
        write(json_text({"lake": made.lake, "changes": [asdict(one) for one in made.changes]}))
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
        write(json_text({"lake": found.lake, "exitCode": found.exit_code, "findings": told}))
        return
    rows = [
        ((mark(one), MARKS[mark(one)]), (one.what, ""), (one.got, ""), (one.means, "dim")) for one in found.findings
    ]
    table = _table(("", "what", "found", "for the gate"), rows)
    table.columns[1].no_wrap = True
    ends = {0: "Promotions are accepted.", 6: "Promotions are refused (exit code 6)."}
    _print(
        [
            _head(found.lake),
            table,
            *_list(_advice(found.findings)),
            "",
            ends.get(found.exit_code, "Promotions fail (exit code 5)."),
        ]
    )


def _advice(found: Iterable[Finding]) -> list[tuple[str, str]]:
    """Return what to do, each thing once, with all that it is about."""
    about: dict[str, list[str]] = {}
    for one in found:
        if one.held is not True and one.need is not Need.INFORMATION:
            about.setdefault(f"expected {one.expected}; {one.advice}", []).append(one.what)
    return [(", ".join(names).replace(", rights: ", ", "), text) for text, names in about.items()]


def garbage(tidied: Tidied, *, as_json: bool) -> None:
    """Write what may go or went, a line each, below it what did not; a sum at the end."""
    for name, problem in tidied.problems:
        tell(f"{name}: {problem}")
    if as_json:
        write(json_text({"lake": tidied.lake, "garbage": [_piece(one) for one in tidied.found]}))
        return
    if not tidied.found:
        write(f"{plain(tidied.lake)}: no garbage")
        return
    rows = [
        (
            (one.garbage.what, ""),
            (one.garbage.where, ""),
            (_bytes(one.garbage.size), ""),
            (f"{one.garbage.modified:%Y-%m-%d %H:%M}", ""),
            (one.garbage.why if one.fate is Fate.FOUND else one.fate.value, FATES[one.fate]),
        )
        for one in tidied.found
    ]
    table = _table(("what", "where", "bytes", "last changed", "why" if _is_dry(tidied) else ""), rows)
    notes = _list([(one.garbage.where, one.note) for one in tidied.found if one.note])
    _print([_head(tidied.lake), table, *notes, "", _sum(tidied)])


def _sum(tidied: Tidied) -> str:
    """Return how much there is of each fate, and what to do next."""
    told = []
    for fate in Fate:
        of_it = [one.garbage for one in tidied.found if one.fate is fate]
        if of_it:
            size = sum(one.size or 0 for one in of_it)
            told.append(f"{len(of_it)} {fate} ({_bytes(size)} bytes)")
    then = ". Nothing was deleted: say --delete." if _is_dry(tidied) else "."
    return ", ".join(told) + then


def _is_dry(tidied: Tidied) -> bool:
    """Whether something could go and was only looked at."""
    return any(one.fate is Fate.FOUND for one in tidied.found)


def _bytes(size: int | None) -> str:
    return "?" if size is None else f"{size:,}"


def _piece(one: Collected) -> dict[str, object]:
    """Return one piece of garbage as JSON tells it."""
    found = one.garbage
    return {
        "what": found.what,
        "where": found.where,
        "why": found.why,
        "files": found.files,
        "bytes": found.size,
        "modified": found.modified.isoformat(),
        "fate": one.fate,
        "note": one.note,
    }


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


def _table(head: Sequence[str], rows: Iterable[Sequence[tuple[str, str]]]) -> Table:
    """Return rows of (text, style) as a table; long cells wrap."""
    from rich.table import Table
    from rich.text import Text

    table = Table(*head, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in table.columns:
        column.overflow = "fold"  # a key that is cut short is no key
    for row in rows:
        table.add_row(*(Text(plain(text), style) for text, style in row))
    return table


def _print(parts: Sequence[RenderableType]) -> None:
    """Write parts one below the other, as wide as the terminal, elsewhere unwrapped; no line ends in blanks."""
    screen = console()
    if not screen.is_terminal:
        screen.width = WIDEST
    with screen.capture() as text:
        for part in parts:
            screen.print(part)
    write("\n".join(line.rstrip() for line in text.get().splitlines()))
