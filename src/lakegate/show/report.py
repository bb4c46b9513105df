"""What a person sees of the site of reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakegate.reports.summary import counted, plain
from lakegate.show.terminal import json_text, tell, write

if TYPE_CHECKING:
    from lakegate.publish.rebuild import Rebuilt

SHOWN = 20  # keys of what was otherwise, of each of which there is a line


def rebuilt(done: Rebuilt, *, as_json: bool) -> None:
    """Write what was otherwise than it should be, a line each, then how much there is in all."""
    for problem in done.problems:
        tell(plain(problem))
    if as_json:
        told = {"datasets": done.datasets, "runs": done.runs, "written": done.written, "problems": done.problems}
        write(json_text(told))
        return
    for key in done.written[:SHOWN]:
        write(plain(key))
    if len(done.written) > SHOWN:
        write(f"and {len(done.written) - SHOWN:,} more")
    found = f"{len(done.written):,} written" if done.written else "all as it was"
    write(f"{counted(done.datasets, 'dataset')}, {counted(done.runs, 'run')}: {found}")
