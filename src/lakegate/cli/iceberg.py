"""`lakegate iceberg …`: the Iceberg tables that show committed batches. What they do stands in `commands.iceberg`."""

from __future__ import annotations

import click

from lakegate.cli.options import LAKE, Ordered, answering

CONTRACTS = click.argument("contracts", nargs=-1, metavar="[CONTRACT]...")
JSON = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


@click.group(cls=Ordered)
def iceberg() -> None:
    """Warehouse tables in an Iceberg catalogue: promote registers each batch, these look and mend."""


@iceberg.command()
@CONTRACTS
@LAKE
@JSON
def status(*, contracts: tuple[str, ...], lake: str | None, as_json: bool) -> None:
    """List how far each Iceberg table is behind what is committed. Changes nothing.

    Without a CONTRACT: of every contract of the project around the current directory.
    """
    from lakegate.commands import iceberg as commands
    from lakegate.show import iceberg as show

    found = commands.compared(contracts, lake)
    with answering(found.exit_code):
        show.standings(found, as_json=as_json)


@iceberg.command()
@CONTRACTS
@LAKE
@JSON
def sync(*, contracts: tuple[str, ...], lake: str | None, as_json: bool) -> None:
    """Bring each Iceberg table to exactly the latest committed revisions: what a killed run or a lost catalogue left.

    Without a CONTRACT: of every contract of the project around the current directory. Again is harmless.
    """
    from lakegate.commands import iceberg as commands
    from lakegate.show import iceberg as show

    done = commands.synced(contracts, lake)
    with answering(done.exit_code):
        show.changes(done, as_json=as_json)
