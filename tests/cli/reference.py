"""The page on the command line, from the command line's own words.

`make docs` writes docs/reference/cli.md.
"""

from __future__ import annotations

import inspect
from pathlib import Path

import click

from lakegate.cli import main

PAGE = Path(__file__).parents[2] / "docs/reference/cli.md"
HEAD = """\
# Command line

Each command ends with one of [seven exit codes](exit-codes.md). Verdicts go to stdout, messages and progress to stderr:
a bar on a terminal, elsewhere a plain line where each batch of several begins and ends.
Made from `lakegate --help` (`make docs`).
"""


def render():
    """Return the whole page."""
    context = click.Context(main, info_name="lakegate")
    return "\n".join([HEAD, options_of(main, context), *sections(main, context, "##")])


def sections(group, context, level):
    """Return a section for each command of a group."""
    return [section(group.get_command(context, name), name, context, level) for name in group.list_commands(context)]


def section(command, name, parent, level):
    """Return one command: its usage, what it does, its options; of a group its commands, too."""
    context = click.Context(command, info_name=name, parent=parent)
    usage = " ".join(command.collect_usage_pieces(context))
    text = escaped(inspect.cleandoc(command.help or ""))
    head = f"{level} {name}\n\n```\n{context.command_path} {usage}\n```\n\n{text}\n\n{options_of(command, context)}"
    return "\n".join([head, *sections(command, context, f"{level}#")] if isinstance(command, click.Group) else [head])


def options_of(command, context):
    """Return a table of the options, without `--help`."""
    records = [option.get_help_record(context) for option in command.params if isinstance(option, click.Option)]
    rows = [f"| `{escaped(names)}` | {escaped(told)} |" for names, told in filter(None, records)]
    return "\n".join(["| option | |", "|---|---|", *rows, ""]) if rows else ""


def escaped(text):
    """Return text in which Markdown sees no HTML and no cell's end."""
    return text.replace("|", "\\|").replace("<", "&lt;").strip()


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
