"""`lakegate lake …`: the commands of whoever keeps the lake. What they do stands in `commands.lake`."""

from __future__ import annotations

import click

from lakegate.cli.options import LAKE, Ordered, answering

JSON = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


@click.group(cls=Ordered)
def lake() -> None:
    """Set a lake up, find out what its store really does, tidy it."""


@lake.command()
@LAKE
@click.option("--user", "users", multiple=True, metavar="NAME", help="Make this user's folders, too. Repeatable.")
@click.option("--create", is_flag=True, help="Make the bucket if it is not there. (A folder is made unasked.)")
@click.option("--object-lock", is_flag=True, help="Switch Object Lock on: it cannot be switched off again.")
@click.option("--kms-key", metavar="ARN", help="Encrypt with this key. Without: the store encrypts by itself.")
@click.option(
    "--expire-quarantine", type=click.IntRange(min=1), metavar="DAYS", help="Delete what was quarantined after DAYS."
)
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@JSON
def init(  # noqa: PLR0913 - click passes an argument for each option
    *,
    lake: str | None,
    users: tuple[str, ...],
    create: bool,
    object_lock: bool,
    kms_key: str | None,
    expire_quarantine: int | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Make a lake: its folders and, of a bucket, its settings. What stands already is kept.

    Each setting is proved by a write, and taken back where the store cannot keep it (then the exit code is 5).
    """
    from lakegate.commands import lake as commands
    from lakegate.lake.store import Setup
    from lakegate.show import lake as show

    setup = Setup(users, object_lock, kms_key, expire_quarantine)
    made = commands.set_up(lake, setup, create=create, dry_run=dry_run)
    with answering(made.exit_code):
        show.changes(made, as_json=as_json)


@lake.command()
@LAKE
@JSON
def doctor(*, lake: str | None, as_json: bool) -> None:
    """Find out what a store really does, and what the caller may do in it.

    Writes a few small objects under log/gate/_probe/ and deletes them again. Exit code 0: promotions are accepted. 5:
    the store cannot be reached, or the caller lacks a right. 6: promote refuses this store.
    """
    from lakegate.commands import lake as commands
    from lakegate.show import lake as show

    found = commands.examined(lake)
    with answering(found.exit_code):
        show.findings(found, as_json=as_json)


@lake.command()
@click.argument("contracts", nargs=-1, metavar="[CONTRACT]...")
@LAKE
@click.option(
    "--grace",
    default="24h",
    show_default=True,
    metavar="TIME",
    help="What is younger may be a live run's: 90s, 6h, 2d.",
)
@click.option("--delete", is_flag=True, help="Delete it. Without: only list it.")
@JSON
def gc(*, contracts: tuple[str, ...], lake: str | None, grace: str, delete: bool, as_json: bool) -> None:
    """List what nobody needs any more, or with --delete remove it: what killed and beaten runs left.

    Revisions that no commit record names (their slot is burned first, so that a late run cannot commit them), temporary
    files, probes, unfinished uploads. Committed data is never touched. Without a CONTRACT: of every contract of the
    project around the current directory.
    """
    from lakegate.commands import lake as commands
    from lakegate.gate.protocol import duration
    from lakegate.show import lake as show

    found = commands.tidied(lake, contracts, duration(grace), delete=delete)
    with answering(found.exit_code):
        show.garbage(found, as_json=as_json)
