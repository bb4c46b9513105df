"""How names and texts are written in the SQL that the intake runs."""

from __future__ import annotations


def name(text: str) -> str:
    """Return an identifier."""
    return '"' + text.replace('"', '""') + '"'


def text(value: str) -> str:
    """Return a text literal."""
    return "'" + value.replace("'", "''") + "'"
