"""The commands that write a contract in the words of other tools."""

from __future__ import annotations

from pathlib import Path

import click

from lakegate.cli.options import Ordered, answering

CONTRACT = click.argument("contract", type=click.Path(path_type=Path))
MODEL = click.option("--schema-name", metavar="NAME", help="Only this schema object of the contract.")
OUTPUT = click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write there instead of stdout."
)


@click.group(cls=Ordered)
def export() -> None:
    """Write a contract in the words of another tool."""


@export.command()
@CONTRACT
@MODEL
@click.option(
    "--backend",
    type=click.Choice(["pandas", "polars"]),
    default="pandas",
    show_default=True,
    help="The frames that the model is for.",
)
@OUTPUT
def pandera(contract: Path, schema_name: str | None, backend: str, output: Path | None) -> None:
    """Write a pandera DataFrameModel as Python source that stands alone.

    What a frame alone cannot be asked (SQL, relationships, freshness, nested values) is a comment in it, and a line on
    stderr.
    """
    from lakegate.commands.exchange import as_pandera
    from lakegate.show.terminal import tell, write

    exported = as_pandera(contract, schema_name, backend)
    with answering(0):
        write(exported.text, output)
        for line in exported.left_out:
            tell(line)
