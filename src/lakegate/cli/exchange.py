"""`lakegate export …` and `lakegate import …`: contracts to and from the forms of other tools."""

from __future__ import annotations

from pathlib import Path

import click

from lakegate.cli.options import Ordered, answering

OUTPUT = click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write there instead of stdout."
)
MODEL = click.option("--schema-name", metavar="NAME", help="Only this schema object of the contract.")
FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(cls=Ordered)
def export() -> None:
    """Write a contract in the form of another tool."""


@click.group("import", cls=Ordered)
def import_() -> None:
    """Write a contract of what another tool holds."""


@export.command("great-expectations")
@click.argument("contract", type=FILE)
@MODEL
@OUTPUT
def export_suite(contract: Path, schema_name: str | None, output: Path | None) -> None:
    """Write the suite of Great Expectations that equals a contract.

    What no expectation says equally is not in it, and is listed on stderr with the reason.
    """
    from lakegate.commands import exchange as commands
    from lakegate.show.terminal import tell, write

    made = commands.exported_suite(contract, schema_name)
    with answering(0):
        write(made.text, output)
        for note in made.notes:
            tell(note)


@export.command()
@click.argument("contract", type=FILE)
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
    from lakegate.commands import exchange as commands
    from lakegate.show.terminal import tell, write

    made = commands.exported_model(contract, schema_name, backend)
    with answering(0):
        write(made.text, output)
        for note in made.notes:
            tell(note)


@import_.command("great-expectations")
@click.argument("suite", type=FILE)
@OUTPUT
def import_suite(suite: Path, output: Path | None) -> None:
    """Write the contract that equals a suite of Great Expectations, a JSON file.

    What the standard has no equal for stays an expectation that the library is asked for. What was decided on the way
    is told on stderr.
    """
    from lakegate.commands import exchange as commands
    from lakegate.show.terminal import tell, write

    made = commands.imported_suite(suite)
    with answering(0):
        write(made.text, output)
        for note in made.notes:
            tell(note)
