"""The command line: arguments in, an exit code out. A command loads what it needs, so that --help answers at once."""

from lakegate.cli.main import main

__all__ = ["main"]
