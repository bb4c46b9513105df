"""`lakegate waive`: somebody answers for a batch, or takes that back (`commands.waivers`, `.revocations`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from lakegate.cli.judging import CONTRACT, MODEL
from lakegate.cli.options import LAKE, answering
from lakegate.errors import UsageError


@click.command()
@CONTRACT
@LAKE
@MODEL
@click.option("--batch", metavar="KEY", required=True, help="This batch, as it was judged last.")
@click.option("--approver", metavar="NAME", required=True, help="Who answers for it, as the contract names them.")
@click.option("--reason", metavar="TEXT", required=True, help="Why; it stands in the report.")
@click.option("--revoke", multiple=True, metavar="ID|all", help="Take this waiver back; may be repeated.")
@click.option("--expires", metavar="TIME", help="Until when it holds: a date or an instant (UTC).")
@click.option("--days", type=click.IntRange(min=1), metavar="N", help="Or for so many days from now.")
@click.option("--rule", "rules", multiple=True, metavar="KEY", help="Only this failed check; may be repeated.")
@click.option("--limit", "limits", multiple=True, metavar="RULE=ROWS", help="Let in so many failing rows of it.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def waive(contract: Path, batch: str, **given: Any) -> None:  # noqa: ANN401 - click's options
    """Let a batch in although checks failed: these bytes, under this contract, until then. Judges and moves nothing.

    It has to be judged first, and the contract has to allow it. What is wrong with the batch itself, and what cannot be
    read, nobody can waive; nor can who brought the batch.

    With --revoke, take waivers of it back before it is promoted: any approver may, and whoever gave the waiver.
    """
    from lakegate.api import Asked
    from lakegate.commands import waivers as commands
    from lakegate.show import waivers as show

    if given["revoke"]:
        _revoke(contract, batch, given)
        return
    until = _until(given["expires"], given["days"])
    limits = _limits(given["limits"])
    approval = commands.Approval(given["approver"], given["reason"], until, given["rules"] or None, limits)
    done = commands.given(batch, approval, Asked(contract, given["lake"], given["schema_name"]))
    with answering(0):
        show.given(done, contract, given["lake"], as_json=given["as_json"])


def _revoke(contract: Path, batch: str, given: Mapping[str, Any]) -> None:
    """Take waivers back. Raises UsageError where something is said that only a waiver has."""
    from lakegate.api import Asked
    from lakegate.commands import revocations as commands
    from lakegate.show import waivers as show

    named = {"--expires": "expires", "--days": "days", "--rule": "rules", "--limit": "limits"}
    if extra := [option for option, name in named.items() if given[name]]:
        raise UsageError(f"{extra[0]} says nothing beside --revoke", hint="a waiver is taken back as a whole")
    asked = Asked(contract, given["lake"], given["schema_name"])
    done = commands.revoke(batch, given["revoke"], given["approver"], given["reason"], asked)
    with answering(0):
        show.taken(done, as_json=given["as_json"])


def _until(expires: str | None, days: int | None) -> dt.datetime:
    """Return the instant at which a waiver ends, UTC. Raises UsageError where it is not said, or said twice."""
    if (expires is None) == (days is None):
        raise UsageError("expected either --expires TIME or --days N", hint="a waiver ends")
    if days is not None:
        try:
            return dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
        except OverflowError:
            raise UsageError(f"--days {days} is beyond the calendar", hint="say a number of days") from None
    try:
        instant = dt.datetime.fromisoformat(expires or "")
    except ValueError:
        hint = "write 2026-12-01 or 2026-12-01T18:00:00Z"
        raise UsageError(f"--expires {expires} is neither a date nor an instant", hint=hint) from None
    return instant if instant.tzinfo else instant.replace(tzinfo=dt.UTC)


def _limits(given: tuple[str, ...]) -> dict[str, int]:
    """Read `--limit RULE=ROWS`. Raises UsageError where it is not of this form, or a rule has two."""
    found: dict[str, int] = {}
    for one in given:
        rule, _, rows = one.rpartition("=")
        if not rule or not (rows.isascii() and rows.isdecimal()):
            raise UsageError(f"--limit {one}: expected RULE=ROWS")
        if rule in found:
            raise UsageError(f"--limit {one}: {rule} has a limit already")
        found[rule] = int(rows)
    return found
