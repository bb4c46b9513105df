"""`lakegate state …`: what is kept of tables beside their commit records. What it does stands in `commands.state`."""

from __future__ import annotations

import click

from lakegate.cli.options import LAKE, Ordered, answering


@click.group(cls=Ordered)
def state() -> None:
    """Look after what is kept of tables beside their commit records: it only saves work, and can be made again."""


@state.command()
@click.argument("contracts", nargs=-1, metavar="[CONTRACT]...")
@LAKE
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def rebuild(*, contracts: tuple[str, ...], lake: str | None, as_json: bool) -> None:
    """Make it anew from the committed data, and say what of it was otherwise.

    That is the indexes of keys that hold across all batches, the number of rows of each batch, and what was measured of
    it. Nothing else is changed, and no gate waits for it: a promotion makes again itself what it misses. Without a
    CONTRACT: of every contract of the project around the current directory.
    """
    from lakegate.commands import state as commands
    from lakegate.show import state as show

    done = commands.rebuilt(contracts, lake)
    with answering(done.exit_code):
        show.rebuilt(done, as_json=as_json)
