"""The page on the command line is what the command line says of itself."""

from __future__ import annotations

from cli.reference import PAGE, render
from lakegate.cli import main


def test_the_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == render(), "run: make docs"


def test_every_command_stands_on_it():
    assert [f"\n## {name}\n" in render() for name in main.commands] == [True] * len(main.commands)
