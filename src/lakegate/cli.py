"""The command line: arguments in, text and an exit code out. What is done stands in `run`, what is shown in `show`."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lakegate.errors import CouldNotEvaluate, LakegateError, UsageError
from lakegate.version import __version__

if TYPE_CHECKING:
    from lakegate.api import Asked
    from lakegate.gate.spool import Progress

EPILOG = """\b
Exit codes:
  0  keeps the contract, and committed where asked
  1  the data violates the contract
  2  bad contract or usage, or nothing to check
  3  not ready: the batch is incomplete
  4  conflict: another content is committed under this key
  5  could not evaluate: infrastructure, try again
  6  refused for security"""


class Commands(click.Group):
    """The group of all commands: lists them in the order of the work, and turns our errors into an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the commands in the order in which a person meets them."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Run a command; every error of ours becomes one message on stderr and its own exit code."""
        try:
            return super().invoke(ctx)
        except LakegateError as error:
            self._tell(ctx, error)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            self._tell(ctx, CouldNotEvaluate(f"{where}{error.strerror or error}"))

    def _tell(self, ctx: click.Context, error: LakegateError) -> None:
        if ctx.params.get("debug"):
            raise error
        click.echo(f"lakegate: {error}", err=True)
        ctx.exit(error.exit_code)


@click.group(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="lakegate %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def main(debug: bool) -> None:  # noqa: FBT001 - click passes options by name
    """Data contracts that gate a data lake: a batch gets in only if it keeps its contract."""


# --- options that several commands share ------------------------------------------------------------------------

CONTRACT = click.argument("contract", type=click.Path(path_type=Path))
LAKE = click.option("--lake", envvar="LAKEGATE_LAKE", metavar="FOLDER", help="The lake. [env: LAKEGATE_LAKE]")
MODEL = click.option("--schema-name", metavar="NAME", help="Only this schema object of the contract.")
WITH = click.option(
    "--with",
    "beside",
    multiple=True,
    metavar="DATASET=FILE",
    help="Rows of another dataset that the contract looks at, instead of its committed batches.",
)
JUDGING: Sequence[Callable[[Callable[..., None]], Callable[..., None]]] = (
    click.option(
        "--output-format",
        type=click.Choice(["text", "json", "junit", "markdown"]),
        default="text",
        show_default=True,
        help="What to write. A machine format is all there is on stdout.",
    ),
    click.option("--output", type=click.Path(path_type=Path), help="Write there instead of stdout."),
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
    click.option("-v", "--verbose", is_flag=True, help="List what passed, too."),
)


def judging(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of every command that judges."""
    for option in reversed(JUDGING):
        command = option(command)
    return command


def _asked(contract: Path, given: dict[str, Any], progress: Progress) -> Asked:
    from lakegate.api import Asked
    from lakegate.judge import Options

    as_of = given["as_of"]
    options = Options(
        fail_on=given["fail_on"],
        locations=given["locations"],
        samples=given["samples"],
        as_of=as_of.replace(tzinfo=dt.UTC) if as_of else None,
    )
    return Asked(contract, given["lake"], given["schema_name"], _beside(given["beside"]), options, progress)


def _beside(given: tuple[str, ...]) -> dict[str, tuple[Path, ...]]:
    """Read `--with DATASET=FILE`, which may name a dataset several times."""
    named: dict[str, tuple[Path, ...]] = {}
    for pair in given:
        dataset, equals, file = pair.partition("=")
        if not (dataset and equals and file):
            raise UsageError(f"--with {pair}: expected DATASET=FILE")
        named[dataset] = (*named.get(dataset, ()), Path(file))
    return named


# --- commands ---------------------------------------------------------------------------------------------------


@main.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def lint(paths: tuple[str, ...], output_format: str) -> None:
    """Find everything that is wrong in contracts: files, folders or globs.

    All problems of all files at once, each with its file, line and column.
    """
    from lakegate import commands
    from lakegate.contract import lint as linter

    problems = commands.linted(paths)
    files = len(linter.contract_files(paths))
    click.echo(linter.to_json(problems) if output_format == "json" else linter.render_text(problems, files))
    sys.exit(linter.exit_code(problems))


@main.command()
@CONTRACT
@LAKE
@MODEL
@WITH
@click.option("--batch", metavar="KEY", help="Only this batch. Without: all that wait.")
@click.option("--data", multiple=True, type=click.Path(path_type=Path), metavar="FILE", help="Judge files, no lake.")
@click.option("--server", metavar="NAME", help="Judge what lies at this `local` server of the contract.")
@judging
def test(contract: Path, **given: Any) -> None:  # noqa: ANN401 - click's options
    """Judge a batch and move nothing.

    With --data any files are judged without a lake; so are those of a `local` server in the contract.
    """
    from lakegate import commands, show

    wanted = commands.Wanted(given["batch"], tuple(given["data"]), given["server"])
    with show.progress() as progress:
        verdicts = commands.judged(wanted, _asked(contract, given, progress))
    show.verdicts(verdicts, given["output_format"], given["output"], verbose=given["verbose"])
    sys.exit(show.exit_code(verdict.exit_code for verdict in verdicts))


@main.command()
@CONTRACT
@LAKE
@MODEL
@WITH
@click.option("--batch", metavar="KEY", help="Only this batch.")
@click.option("--all", "everything", is_flag=True, help="Every batch that waits.")
@judging
def promote(contract: Path, **given: Any) -> None:  # noqa: ANN401 - click's options
    """Judge a batch and move it: into the next zone if it keeps the contract, else into quarantine."""
    from lakegate import commands, show

    if (given["batch"] is not None) == given["everything"]:
        raise UsageError("expected either --batch KEY or --all", hint="`lakegate status` lists the batches")
    with show.progress() as progress:
        promotions = commands.promoted(given["batch"], _asked(contract, given, progress))
    show.promotions(promotions, given["output_format"], given["output"], verbose=given["verbose"])
    sys.exit(show.exit_code(promotion.exit_code for promotion in promotions))


@main.command()
@CONTRACT
@MODEL
def plan(contract: Path, schema_name: str | None) -> None:
    """Show what would be measured, stage by stage with its SQL. Touches no data."""
    from lakegate import commands

    click.echo(commands.explained(contract, schema_name))


@main.command()
@click.argument("contracts", nargs=-1, metavar="[CONTRACT]...")
@LAKE
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def status(contracts: tuple[str, ...], lake: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's options
    """List batches and where they stand: arrived, waiting, committed, quarantined, conflicted.

    Without a CONTRACT: of every contract of the project around the current directory.
    """
    from lakegate import commands, show

    show.standings(commands.standings(contracts, lake), as_json=as_json)


@main.command()
@click.argument("dataset")
@LAKE
def paths(dataset: str, lake: str | None) -> None:
    """Print exactly the committed files of DATASET, one a line.

    DATASET is its place under the zone, as in `status`; if it lies in several zones, with the zone before it.
    """
    from lakegate import commands

    for path in commands.committed_paths(dataset, lake):
        click.echo(path)


@main.command()
@click.option("--lake", default="lake", show_default=True, metavar="FOLDER", help="Where to make the lake.")
def demo(lake: str) -> None:
    """See it work: New York's flights of 2013 arrive, and are promoted, warned about or blocked.

    What stands at the demo's lake is made anew.
    """
    from lakegate.demo.story import play

    sys.exit(play(Path(lake)))
