"""`lakegate report …`: what people read. What the commands do stands in `commands.report` and `commands.exchange`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lakegate.cli.judging import JUDGING, SUBJECT, judged, options
from lakegate.cli.options import LAKE, Ordered, answering


@click.group(cls=Ordered)
def report() -> None:
    """Look after the site of reports under references/, and write reports of other tools' kinds."""


@report.command("open")
@click.argument("dataset", required=False)
@LAKE
def open_(*, dataset: str | None, lake: str | None) -> None:
    """Print the address of the board, or of the page of a DATASET: where readers open it, if [reports] says so.

    Else it is where the page lies: in a folder an address that a browser opens, in a bucket one that it does not.
    """
    from lakegate.commands import report as commands
    from lakegate.show.terminal import write

    address = commands.address(dataset, lake)
    with answering(0):
        write(address)


@report.command()
@LAKE
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def rebuild(*, lake: str | None, as_json: bool) -> None:
    """Make the whole site anew from commit records, quarantine records and reports; print what was otherwise.

    Gates publish what they do by themselves: this is for a lake that is older than its site, after somebody changed
    pages by hand, and where the pages are to be read at another address: [reports] in lakegate.toml. It may run beside
    gates. Exit code 5: a dataset's records cannot be read, its pages stand as they stood.
    """
    from lakegate.commands import report as commands
    from lakegate.show import report as show

    done = commands.rebuilt(lake)
    with answering(5 if done.problems else 0):
        show.rebuilt(done, as_json=as_json)


@report.command("data-docs")
@options(*SUBJECT, *JUDGING)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def data_docs(contract: Path, folder: Path, **given: Any) -> None:  # noqa: ANN401 - click's options
    """Judge a batch and write Great Expectations' Data Docs of it into FOLDER, in place of those written there before.

    They are the pages that users of Great Expectations know, with its own renderer, of each suite that the contract
    names. Their paths are printed: the index, then the page of each result. The exit code is the verdict's, as with
    `test`.
    """
    from lakegate.commands import exchange
    from lakegate.show import batches as show
    from lakegate.show.terminal import write

    exchange.check_data_docs(folder)
    verdicts, failed, code = judged(contract, given)
    with answering(code):
        if verdicts:
            write("".join(f"{page}\n" for page in exchange.data_docs(verdicts, folder)))
        show.failures(failed)
