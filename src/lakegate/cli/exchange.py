"""`lakegate export …` and `lakegate import …`: contracts to and from the forms of other tools."""

from __future__ import annotations

import click

from lakegate.cli.options import Ordered


@click.group(cls=Ordered)
def export() -> None:
    """Write a contract in the form of another tool."""


@click.group("import", cls=Ordered)
def import_() -> None:
    """Write a contract of what another tool holds."""
