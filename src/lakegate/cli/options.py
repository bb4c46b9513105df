"""What several modules of the command line share: the option that names the lake, groups, how an answer ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

LAKE = click.option(
    "--lake",
    envvar="LAKEGATE_LAKE",
    metavar="FOLDER or s3://BUCKET",
    help="The lake: a folder or a whole bucket. [env: LAKEGATE_LAKE]",
)


class Ordered(click.Group):
    """A group that lists its commands in the order of the work."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the commands in the order in which a person meets them."""
        return list(self.commands)


@contextmanager
def answering(exit_code: int) -> Iterator[None]:
    """Write the answer inside, then exit with its code, also where nobody reads to the end (`| head`)."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(exit_code)
