"""`lakegate quarantine …`: what is held back. What it does stands in `commands.quarantine`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from lakegate.cli.judging import CONTRACT, JUDGING, MODEL, WITH, asked_of, options, writing
from lakegate.cli.options import LAKE, Ordered, answering

BATCH = click.option("--batch", metavar="KEY", required=True, help="Of this batch.")
JSON = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


@click.group(cls=Ordered)
def quarantine() -> None:
    """See what is held back, whole batches and rows set apart, and bring it before the gate again."""


@quarantine.command("list")
@click.argument("contracts", nargs=-1, metavar="[CONTRACT]...")
@LAKE
@JSON
def list_(*, contracts: tuple[str, ...], lake: str | None, as_json: bool) -> None:
    """List what is held back: of which batch, how much, by which rules, since when, and where it stands.

    Without a CONTRACT: of every contract of the project around the current directory.
    """
    from lakegate.commands import quarantine as commands
    from lakegate.show import quarantine as show

    found = commands.listed(contracts, lake)
    with answering(found.exit_code):
        show.held(found, as_json=as_json)


@quarantine.command()
@CONTRACT
@LAKE
@MODEL
@BATCH
@click.option("--samples", is_flag=True, help="Show the rows' values; classified properties stay masked.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, metavar="N", help="Rows to show.")
@JSON
def show(
    *,
    contract: Path,
    lake: str | None,
    schema_name: str | None,
    batch: str,
    samples: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Show the rows set apart from a batch: where each arrived, and the rules that it broke."""
    from lakegate.api import Asked
    from lakegate.commands import quarantine as commands
    from lakegate.judge import Options
    from lakegate.show import quarantine as show

    asked = Asked(contract, lake, schema_name, options=Options(samples=samples))
    found = commands.shown(batch, asked, limit)
    with answering(0):
        show.rows(found, as_json=as_json)


@quarantine.command()
@CONTRACT
@LAKE
@MODEL
@WITH
@BATCH
@options(*writing(), *JUDGING)
def replay(contract: Path, batch: str, **given: Any) -> None:  # noqa: ANN401 - click's options
    """Judge what is held back by the contract as it is now, and move nothing: the exit code is the verdict's.

    A batch that was not let in is judged as it was kept. Rows set apart are judged together with the rows that went on,
    as `release` would propose them.
    """
    from lakegate.commands import release as commands
    from lakegate.show import quarantine as show
    from lakegate.show.terminal import progress

    asked = asked_of(contract, given)
    with progress() as (heard, _):
        done = commands.replayed(batch, replace(asked, progress=heard))
    with answering(done.verdict.exit_code):
        show.replayed(done, given["output_format"], given["output"], verbose=given["verbose"])


@quarantine.command()
@CONTRACT
@LAKE
@MODEL
@BATCH
@options(*writing(), *JUDGING)
def release(contract: Path, batch: str, **given: Any) -> None:  # noqa: ANN401 - click's options
    """Bring what is held back before the gate again: it is judged afresh, and let in if it keeps the contract.

    A batch that was not let in is put under the drop again if it does not lie there any more. Rows set apart are
    proposed again together with the rows that went on, as a new revision. Reports and records stay as they are.
    """
    from lakegate.commands import release as commands
    from lakegate.show import batches as show
    from lakegate.show.terminal import progress

    asked = asked_of(contract, given)
    notes: list[str] = []
    with progress() as (heard, announce):
        told = replace(asked, progress=heard, announce=announce, unpublished=notes.append)
        promotions = commands.released(batch, told)
    with answering(show.exit_code(one.exit_code for one in promotions)):
        written = (given["output_format"], given["output"])
        show.promotions(promotions, (), *written, verbose=given["verbose"], notes=notes)
        show.unpublished(notes)
