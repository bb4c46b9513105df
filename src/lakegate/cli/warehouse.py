"""`lakegate build` and `rebuild`: tables of the warehouse. What they do stands in `commands.warehouse`."""

from __future__ import annotations

import click

from lakegate.cli.options import LAKE, answering
from lakegate.errors import UsageError

JSON = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


@click.command()
@click.argument("table", required=False)
@LAKE
@click.option("--batch", metavar="KEY", help="Only this batch.")
@click.option(
    "--all", "everything", is_flag=True, help="Every batch that the inputs allow; without TABLE of all tables."
)
@click.option("--promote", is_flag=True, help="Let the gate judge and commit each batch before the next is built.")
@click.option("--again", is_flag=True, help="Build what is up to date, too.")
@click.option("--dry-run", is_flag=True, help="Show what a batch would be made of, and do nothing.")
@JSON
def build(  # noqa: PLR0913 - click passes an argument for each option
    *,
    table: str | None,
    lake: str | None,
    batch: str | None,
    everything: bool,
    promote: bool,
    again: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Make batches of warehouse tables by the SELECTs in dags/sql, and propose them to the gate.

    TABLE is its place, core/fact_flight; its SELECT is dags/sql/core/fact_flight.sql. What was made of the same inputs
    by the same SQL is up to date, and is not built again.
    """
    from lakegate.commands import warehouse as commands
    from lakegate.show import warehouse as show
    from lakegate.show.batches import exit_code, unpublished
    from lakegate.show.terminal import progress

    if (batch is not None) == everything or (batch is not None and table is None):
        raise UsageError("expected TABLE --batch KEY, TABLE --all, or --all", hint="`--all` builds what is out of date")
    if dry_run:
        if table is None or batch is None:
            raise UsageError("--dry-run shows one batch", hint="say TABLE --batch KEY")
        work, seen = commands.looked(table, batch, lake)
        with answering(0):
            show.looked(work, seen, as_json=as_json)
    notes: list[str] = []
    with progress() as (heard, announce):
        asked = commands.Asked(promote, again, progress=heard, announce=announce, unpublished=notes.append)
        steps = commands.built(commands.Wanted(table, batch), lake, asked)
    with answering(exit_code(step.exit_code for step in steps)):
        show.steps(steps, as_json=as_json)
        unpublished(notes)


@click.command()
@LAKE
@click.option(
    "--into", required=True, metavar="FOLDER or s3://BUCKET", help="An empty lake, or a rebuild to go on with."
)
@JSON
def rebuild(*, lake: str | None, into: str, as_json: bool) -> None:
    """Make the whole warehouse again from raw and master data, in an empty lake.

    Raw and master are read where they are; nothing is written to the lake that is rebuilt. A rebuild that was stopped
    goes on.
    """
    from lakegate.commands import warehouse as commands
    from lakegate.show import warehouse as show
    from lakegate.show.batches import exit_code, unpublished
    from lakegate.show.terminal import progress

    notes: list[str] = []
    with progress() as (heard, announce):
        asked = commands.Asked(progress=heard, announce=announce, unpublished=notes.append)
        steps = commands.rebuilt(lake, into, asked)
    with answering(exit_code(step.exit_code for step in steps)):
        show.steps(steps, as_json=as_json)
        unpublished(notes)
