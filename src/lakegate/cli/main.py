"""The commands of contracts and batches and the outer door. What they do is in `commands`, what is seen in `show`."""

from __future__ import annotations

import datetime as dt
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lakegate.cli.exchange import export as export_commands
from lakegate.cli.exchange import import_ as import_commands
from lakegate.cli.iceberg import iceberg as iceberg_commands
from lakegate.cli.judging import CONTRACT, JUDGING, MODEL, SUBJECT, asked_of, judged, options, writing
from lakegate.cli.lake import lake as lake_commands
from lakegate.cli.options import LAKE, Ordered, answering
from lakegate.cli.quarantine import quarantine as quarantine_commands
from lakegate.cli.report import report as report_commands
from lakegate.cli.state import state as state_commands
from lakegate.cli.waivers import waive as waive_command
from lakegate.cli.warehouse import build as build_command
from lakegate.cli.warehouse import rebuild as rebuild_command
from lakegate.errors import CouldNotEvaluate, LakegateError, UsageError
from lakegate.version import __version__

if TYPE_CHECKING:
    from lakegate.api import Failure

EPILOG = """\b
Exit codes:
  0  keeps the contract, and committed where asked
  1  the data violates the contract
  2  bad contract or usage, or nothing to check
  3  not ready: the batch is incomplete
  4  conflict: another content is committed under this key
  5  could not evaluate: infrastructure, try again
  6  refused for security"""

DEBUG = "see where with: lakegate --debug COMMAND …"


class Commands(Ordered):
    """The group of all commands: turns our errors into an exit code."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Run a command; every error becomes one message on stderr and its own exit code.

        This is an outer door: an exception that nobody foresaw is 5, never Python's own 1, which would blame the data.
        """
        try:
            return super().invoke(ctx)
        except LakegateError as error:
            self._tell(ctx, error, error)
        except OSError as error:
            from lakegate.commands.batches import unavailable

            self._tell(ctx, unavailable(error), error)
        except KeyboardInterrupt as error:
            self._tell(ctx, CouldNotEvaluate("stopped", hint="the next run ends what this one began"), error)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:  # noqa: BLE001 - the outer door
            told = CouldNotEvaluate(f"this is a mistake of lakegate's own: {type(error).__name__}: {error}", hint=DEBUG)
            self._tell(ctx, told, error)

    def _tell(self, ctx: click.Context, told: LakegateError, cause: BaseException) -> None:
        from lakegate.show.terminal import tell

        if ctx.params.get("debug"):
            traceback.print_exception(cause)
        tell(str(told))
        ctx.exit(told.exit_code)


@click.group(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="lakegate %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def main(debug: bool) -> None:  # noqa: FBT001 - click passes options by name
    """Data contracts that gate a data lake: a batch gets in only if it keeps its contract."""


# --- commands ---------------------------------------------------------------------------------------------------


@main.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What to write."
)
def lint(paths: tuple[str, ...], output_format: str) -> None:
    """Find everything that is wrong in contracts: files, folders or globs.

    All problems of all files at once, each with its file, line and column.
    """
    from lakegate.commands import contracts as commands
    from lakegate.contract import lint as linter
    from lakegate.show import contracts as show

    problems = commands.linted(paths)
    files = len(linter.contract_files(paths))
    with answering(linter.exit_code(problems)):
        show.problems(problems, files, output_format)


@main.command()
@options(*SUBJECT, *writing("gx"), *JUDGING)
def test(contract: Path, **given: Any) -> None:  # noqa: ANN401 - click's options
    """Judge a batch and move nothing.

    With --data any files are judged without a lake; so are those of a `local` server in the contract. The format gx is
    Great Expectations' own: the validation results of each suite that the contract names.
    """
    from lakegate.show import batches as show

    verdicts, failed, code = judged(contract, given)
    with answering(code):
        show.verdicts(verdicts, given["output_format"], given["output"], verbose=given["verbose"])
        show.failures(failed)


@main.command()
@CONTRACT
@LAKE
@MODEL
@click.option("--batch", metavar="KEY", help="Only this batch.")
@click.option("--all", "everything", is_flag=True, help="Every batch that waits.")
@click.option("--only-judge", is_flag=True, help="Write the report and quarantine what fails, but commit nothing.")
@click.option(
    "--by", envvar="LAKEGATE_BY", metavar="NAME", default="", help="Who asks, for the commit record. [env: LAKEGATE_BY]"
)
@click.option(
    "--answer", metavar="NAME", help="Leave what becomes of the batch in the lake, for whoever waits for this job."
)
@options(*writing(), *JUDGING)
def promote(contract: Path, **given: Any) -> None:  # noqa: ANN401 - click's options
    """Judge a batch and move it: into the next zone if it keeps the contract, else into quarantine."""
    from lakegate.commands.answers import answered
    from lakegate.commands.batches import promoted
    from lakegate.show import batches as show
    from lakegate.show.terminal import progress

    batch, name, only_judge = given["batch"], given["answer"], given["only_judge"]
    if (batch is not None) == given["everything"]:
        raise UsageError("expected either --batch KEY or --all", hint="`lakegate status` lists the batches")
    if name is not None and batch is None:
        raise UsageError(f"--answer {name}: it tells of one batch", hint="say --batch KEY")
    asked = replace(asked_of(contract, given), by=given["by"])
    failed: list[Failure] = []
    notes: list[str] = []
    with progress() as (heard, announce):
        told = replace(asked, progress=heard, announce=announce, failed=failed.append, unpublished=notes.append)
        if name is None:
            promotions = promoted(batch, told, only_judge=only_judge)
        else:
            promotions = answered(name, batch, told, only_judge=only_judge)
    codes = [promotion.exit_code for promotion in promotions] + [failure.error.exit_code for failure in failed]
    with answering(show.exit_code(codes)):
        written = (given["output_format"], given["output"])
        show.promotions(promotions, failed, *written, verbose=given["verbose"], notes=notes)
        show.failures(failed)
        show.unpublished(notes)


@main.command()
@CONTRACT
@MODEL
def plan(contract: Path, schema_name: str | None) -> None:
    """Show what would be measured, stage by stage with its SQL. Touches no data."""
    from lakegate.commands.contracts import explained
    from lakegate.show.terminal import write

    text = explained(contract, schema_name)
    with answering(0):
        write(text)


@main.command()
@click.argument("contracts", nargs=-1, metavar="[CONTRACT]...")
@LAKE
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def status(contracts: tuple[str, ...], lake: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's options
    """List batches and where they stand: arrived, waiting, committed, quarantined, conflicted, abandoned.

    Without a CONTRACT: of every contract of the project around the current directory.
    """
    from lakegate.commands import batches as commands
    from lakegate.show import batches as show

    found = commands.standings(contracts, lake)
    with answering(show.exit_code(one.problem.exit_code for one in found if one.problem)):
        show.standings(found, as_json=as_json)


@main.command()
@click.argument("dataset")
@LAKE
@click.option("--batch", "batches", multiple=True, metavar="KEY", help="Only this batch; may be given several times.")
@click.option("--as-of", type=click.DateTime(), metavar="TIME", help="The revisions that were the latest then (UTC).")
@click.option("--json", "as_json", is_flag=True, help="Write JSON, with batch, slot, size and sha256 of each file.")
def paths(dataset: str, lake: str | None, batches: tuple[str, ...], as_of: dt.datetime | None, as_json: bool) -> None:  # noqa: FBT001 - click's options
    """Print exactly the committed files of DATASET, one a line: the latest revision of each batch.

    DATASET is its place under the zone, as in `status`; if it lies in several zones, with the zone before it.
    """
    from lakegate.commands import batches as commands
    from lakegate.show import batches as show

    found = commands.committed(dataset, lake, as_of, batches)
    with answering(0):
        show.files(found.files, as_json=as_json)


main.add_command(report_commands)
main.add_command(quarantine_commands)
main.add_command(waive_command)
main.add_command(build_command)
main.add_command(rebuild_command)
main.add_command(export_commands)
main.add_command(import_commands)
main.add_command(lake_commands)
main.add_command(iceberg_commands)
main.add_command(state_commands)


@main.command()
@click.option("--lake", default="lake", show_default=True, metavar="FOLDER", help="Where to make the lake.")
def demo(lake: str) -> None:
    """See it work: New York's flights of 2013 arrive, and are promoted, warned about or blocked.

    What stands at the demo's lake is made anew.
    """
    from lakegate.demo.story import play

    sys.exit(play(Path(lake)))
