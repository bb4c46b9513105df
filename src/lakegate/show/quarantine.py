"""What is held back, its rows, and what the gate would say of it now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from lakegate.commands.quarantine import CONFLICTED, ROWS, HeldBack, Listed, RowsApart
from lakegate.commands.release import Replayed
from lakegate.reports.summary import brief, plain
from lakegate.show.batches import verdicts
from lakegate.show.terminal import WIDEST, console, json_text, tell, write

if TYPE_CHECKING:
    from lakegate.gate.ledger import Rejected
    from lakegate.verdict import Verdict


def held(found: Listed, *, as_json: bool) -> None:
    """Write what is held back: a table, below it where each stands; or JSON. What cannot be told goes to stderr."""
    for name, problem in found.problems:
        tell(f"{name}: {problem}")
    if as_json:
        write(json_text([asdict(one) for one in found.held]))
        return
    if not found.held:
        write("" if found.problems else "nothing is held back")
        return
    rows = [(one.dataset, one.batch, _what(one), _rules(one.rules), one.at[:19]) for one in found.held]
    _table(("dataset", "batch", "held back", "rules", "since (UTC)"), rows)
    lines = []
    for one in found.held:
        places = [
            f"{word} {plain(text)}" for word, text in (("in", one.where), ("report", one.url or one.report)) if text
        ]
        lines.append(f"{plain(one.dataset)} {plain(one.batch)}: {', '.join(places) or plain(one.message)}\n")
    write("\n" + "".join(lines))


def rows(found: RowsApart, *, as_json: bool) -> None:
    """Write rows that were set apart: how many by which rule, then a table; or JSON."""
    if as_json:
        write(json_text(asdict(found)))
        return
    write(
        plain(
            f"{found.dataset} {found.batch}: {found.total:,} of {found.of:,} rows are set apart from slot {found.slot}"
        )
        + "\n"
        + "".join(f"  {plain(rule)}: {count:,}\n" for rule, count in found.rules.items())
        + "\n"
    )
    columns = list(dict.fromkeys(name for row in found.rows for name in row.values))
    keyed = any(row.key for row in found.rows)
    head = ("file", "row", *(["key"] if keyed else []), "rules", *columns)
    _table(
        [*map(plain, head)],
        [
            (
                row.file,
                f"{row.row:,}",
                *([", ".join(f"{name}={text}" for name, text in row.key)] if keyed else []),
                ", ".join(row.rules),
                *(_cell(row.values[name]) if name in row.values else "" for name in columns),
            )
            for row in found.rows
        ],
        right=(1,),
    )
    if (more := found.total - len(found.rows)) > 0:
        write(f"{more:,} more: --limit {found.total}")


def replayed(done: Replayed, output_format: str, output: Path | None, *, verbose: bool) -> None:
    """Write the verdict as `test` does; in text, after it what became of the rows that had been set apart."""
    verdicts([done.verdict], output_format, output, verbose=verbose)
    if output_format == "text" and done.was is not None:
        write(compared(done.was, done.verdict))


def compared(was: Rejected, verdict: Verdict) -> str:
    """Return how many rows were set apart, and how many would be now."""
    before = f"{was.rows:,} of {was.rows_in:,} rows were set apart"
    if not verdict.passes:
        return f"{before}; now all of it would be held back, as told above"
    now = verdict.set_apart.rejected if verdict.set_apart else 0
    return f"{before}; now {now:,} would be" if now else f"{before}; now all would go on"


def _what(one: HeldBack) -> str:
    """Return how much is held back."""
    if one.kind == ROWS:
        return f"{one.rows:,} of {one.of:,} rows"
    files = f"{one.files:,} file{'' if one.files == 1 else 's'}"
    return f"conflict, {files}" if one.kind == CONFLICTED else f"the batch, {files}"


def _cell(value: str | None) -> str:
    return "null" if value is None else brief(value)


def _rules(rules: Mapping[str, int | None]) -> str:
    """Return rules with the rows that broke them."""
    return ", ".join(rule if count is None else f"{rule} ({count:,})" for rule, count in rules.items())


def _table(head: Sequence[str], found: Iterable[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Write a table; on a terminal, which is no wider than it is, long cells wrap."""
    from rich.table import Table
    from rich.text import Text

    table = Table(*head, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in table.columns:
        column.overflow = "fold"
    for number in right:
        table.columns[number].justify = "right"
    for cells in found:
        table.add_row(*(Text(plain(cell)) for cell in cells))
    screen = console()
    if not screen.is_terminal:
        screen.width = WIDEST
    with screen.capture() as text:
        screen.print(table)
    write("\n".join(line.rstrip() for line in text.get().splitlines()))
