"""What `lakegate iceberg` tells: a line for each table, what went wrong on stderr."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from lakegate.catalogs.iceberg import Change, Standing
from lakegate.commands.iceberg import Tables
from lakegate.reports.summary import plain
from lakegate.show.terminal import json_text, tell, write


def standings(found: Tables[Standing], *, as_json: bool) -> None:
    """Write how many batches of each table are registered, and which are not as they are committed."""
    _problems(found)
    if as_json:
        write(json_text([{**asdict(one), "behind": one.behind} for one in found.told]))
        return
    for one in found.told:
        parts = {"missing": one.missing, "outdated": one.outdated, "unknown": one.unknown}
        write(f"{plain(one.table)}: {len(one.registered)} registered{_named(parts)}")


def changes(done: Tables[Change], *, as_json: bool) -> None:
    """Write what was done to each table."""
    _problems(done)
    if as_json:
        write(json_text([asdict(one) for one in done.told]))
        return
    for one in done.told:
        parts = {"added": one.added, "replaced": one.replaced, "removed": one.removed}
        write(f"{plain(one.table)}: {_named(parts)[2:] or 'is as committed'}")


def _named(parts: Mapping[str, Sequence[str]]) -> str:
    """Return `, 2 missing (b1, b2)` for each part that is not empty; ten batches are named, the rest counted."""
    told = ""
    for what, batches in parts.items():
        if batches:
            more = ", …" if len(batches) > 10 else ""
            told += f", {len(batches)} {what} ({plain(', '.join(batches[:10]))}{more})"
    return told


def _problems(found: Tables[Change] | Tables[Standing]) -> None:
    for dataset, problem in found.problems:
        tell(f"{dataset}: {problem}")
