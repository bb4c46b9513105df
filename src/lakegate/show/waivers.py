"""Waivers as a person at a terminal sees them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

from lakegate.commands.revocations import Taken
from lakegate.commands.waivers import Given
from lakegate.reports.summary import counted, plain
from lakegate.show.terminal import json_text, write


def given(found: Given, contract: Path, lake: str | None, *, as_json: bool) -> None:
    """Write what was waived, until when, and what comes next."""
    one = found.waiver
    promote = ["promote"] if found.lies else ["quarantine", "release"]
    following = ["lakegate", *promote, str(contract), "--batch", one.batch, *(["--lake", lake] if lake else [])]
    if as_json:
        write(json_text({**json.loads(one.to_json()), "next": following}))
        return
    rules = [f"  {plain(rule)}{_most(one.limits.get(rule))}" for rule in one.rules]
    lines = [
        f"{one.batch!r} of {plain(one.dataset)} is waived by {plain(one.approver)} until {one.expires.isoformat()}",
        *rules,
        f"waiver {one.id}; digest {one.digest[:12]}, contract {one.contract_sha256[:12]}",
        f"next: {plain(shlex.join(following))}",
    ]
    write("\n".join(lines))


def taken(found: Sequence[Taken], *, as_json: bool) -> None:
    """Write which waivers do not hold any more, and who took them back."""
    if as_json:
        write(json_text([{**json.loads(one.waiver.to_json()), "revoked": one.why} for one in found]))
        return
    lines = []
    for one in found:
        waiver = one.waiver
        lines += [
            f"waiver {waiver.id} of {waiver.batch!r} of {plain(waiver.dataset)} lets nothing in: {plain(one.why)}",
            f"  it was given by {plain(waiver.approver)}, until {waiver.expires.isoformat()}: {plain(waiver.reason)}",
        ]
    write("\n".join(lines))


def _most(rows: int | None) -> str:
    return "" if rows is None else f": at most {counted(rows, 'failing row')}"
