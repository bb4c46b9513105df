"""Options of the commands that judge, and what they say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lakegate.cli.options import LAKE
from lakegate.errors import UsageError

if TYPE_CHECKING:
    from lakegate.api import Asked, Failure
    from lakegate.verdict import Verdict

CONTRACT = click.argument("contract", type=click.Path(path_type=Path))
MODEL = click.option("--schema-name", metavar="NAME", help="Only this schema object of the contract.")
WITH = click.option(
    "--with",
    "beside",
    multiple=True,
    metavar="DATASET=FILE",
    help="Rows of another dataset that the contract looks at, instead of its committed batches.",
)
Option = Callable[[Callable[..., None]], Callable[..., None]]
SUBJECT: Sequence[Option] = (
    CONTRACT,
    LAKE,
    MODEL,
    WITH,
    click.option("--batch", metavar="KEY", help="Only this batch. Without: all that wait."),
    click.option(
        "--data",
        multiple=True,
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Judge this file, no lake; may be given several times.",
    ),
    click.option(
        "--server",
        metavar="NAME",
        help="Judge what lies at this `local` server; with --data, how the files are written.",
    ),
)
JUDGING: Sequence[Option] = (
    click.option("--samples", is_flag=True, help="Quote failing values; classified properties stay masked."),
    click.option(
        "--locations",
        type=click.IntRange(min=0),
        default=5,
        show_default=True,
        metavar="N",
        help="Failing rows to name per check.",
    ),
    click.option(
        "--fail-on",
        type=click.Choice(["error", "warning"]),
        default="error",
        show_default=True,
        help="From which severity on a rule blocks.",
    ),
    click.option("--as-of", type=click.DateTime(), metavar="TIME", help="Judge freshness at this time (UTC), not now."),
)


def writing(*more: str) -> Sequence[Option]:
    """Return the options of a command that writes verdicts; `more` are formats beside those that all have."""
    return (
        click.option(
            "--output-format",
            type=click.Choice(["text", "json", "junit", "markdown", *more]),
            default="text",
            show_default=True,
            help="What to write. A machine format is all there is on stdout.",
        ),
        click.option(
            "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write there instead of stdout."
        ),
        click.option("-v", "--verbose", is_flag=True, help="List what passed, too."),
    )


def options(*listed: Option) -> Option:
    """Add options to a command, in the order in which they are listed."""

    def added(command: Callable[..., None]) -> Callable[..., None]:
        for option in reversed(listed):
            command = option(command)
        return command

    return added


def asked_of(contract: Path, given: dict[str, Any]) -> Asked:
    """Return what the shared options say. Raises UsageError where what they name cannot be."""
    from lakegate.api import Asked
    from lakegate.judge import Options

    output, as_of = given.get("output"), given["as_of"]
    if output is not None and not output.parent.is_dir():
        raise UsageError(f"--output {output}: the folder {output.parent} is not there", hint="make it first")
    options = Options(
        fail_on=given["fail_on"],
        locations=given["locations"],
        samples=given["samples"],
        as_of=as_of.replace(tzinfo=dt.UTC) if as_of else None,
    )
    return Asked(contract, given["lake"], given["schema_name"], _beside(given.get("beside", ())), options)


def judged(contract: Path, given: dict[str, Any]) -> tuple[list[Verdict], list[Failure], int]:
    """Judge what the options name: the verdicts, what could not be judged, and the exit code of both."""
    from lakegate.commands import batches as commands
    from lakegate.show import batches as show
    from lakegate.show.terminal import progress

    wanted = commands.Wanted(given["batch"], tuple(given["data"]), given["server"])
    asked = asked_of(contract, given)
    failed: list[Failure] = []
    with progress() as (heard, announce):
        told = replace(asked, progress=heard, announce=announce, failed=failed.append)
        verdicts = commands.judged(wanted, told)
    codes = [verdict.exit_code for verdict in verdicts] + [failure.error.exit_code for failure in failed]
    return verdicts, failed, show.exit_code(codes)


def _beside(given: tuple[str, ...]) -> dict[str, tuple[Path, ...]]:
    """Read `--with DATASET=FILE`, which may name a dataset several times."""
    named: dict[str, tuple[Path, ...]] = {}
    for pair in given:
        dataset, equals, file = pair.partition("=")
        if not (dataset and equals and file):
            raise UsageError(f"--with {pair}: expected DATASET=FILE")
        if not Path(file).is_file():
            raise UsageError(f"--with {pair}: {file} is no file")
        named[dataset] = (*named.get(dataset, ()), Path(file))
    return named
