"""What a person sees of the state that is kept of tables."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from lakegate.reports.summary import plain
from lakegate.show.terminal import json_text, tell, write

if TYPE_CHECKING:
    from lakegate.commands.state import Rebuilding


def rebuilt(done: Rebuilding, *, as_json: bool) -> None:
    """Write a line for each table, below it a line for each thing that was otherwise."""
    for name, problem in done.problems:
        tell(f"{name}: {problem}")
    if as_json:
        write(json_text({"exitCode": done.exit_code, "tables": [asdict(one) for one in done.tables]}))
        return
    if not done.tables and not done.problems:
        write("nothing is kept of any table: no contract has a rule that looks at all batches")
    for one in done.tables:
        batches = f"{one.batches:,} batch{'' if one.batches == 1 else 'es'}"
        found = len(one.differences)
        told = f"{found:,} thing{'' if found == 1 else 's'} {'was' if found == 1 else 'were'} otherwise"
        write(plain(f"{one.dataset}: {batches}, {told if found else 'all as it was'}"))
        for difference in one.differences:
            write(plain(f"  {difference.batch}: {difference.what}"))
