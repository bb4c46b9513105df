"""The parts of a workbook, walked before openpyxl reads them: it drops rows and cells that stand out of order.

A parser is asked, and no pattern: the same cells can be written with other prefixes, quotes and encodings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from lakegate.intake.files import unreadable

ROWS, COLUMNS = 1 << 20, 1 << 14  # of the largest sheet there is
_CELL = re.compile("([A-Za-z]{1,3})([0-9]{1,7})")


@dataclass(slots=True)
class Part:
    """One member of the archive, fed to it in pieces. What it says holds for a part that is a worksheet."""

    name: str
    merged: dict[str, None] = field(default_factory=dict)  # ranges of cells, each once
    formulas: bool = False
    broken: bool = False  # no XML: a picture, or damaged
    _row: int = 0
    _column: int = 0
    _parser: Any = None

    def feed(self, piece: bytes, *, last: bool = False) -> None:
        """Take the next piece. Raises `BadFile` for a document type, and for rows or cells out of order."""
        if self.broken:
            return
        if self._parser is None:
            self._parser = expat.ParserCreate(namespace_separator=" ")
            self._parser.StartDoctypeDeclHandler = self._doctype
            self._parser.StartElementHandler = self._element
        try:
            self._parser.Parse(piece, last)
        except (expat.ExpatError, LookupError, ValueError):  # the latter two of an encoding that it cannot read
            self.broken = True
        if last or self.broken:
            self._parser = None  # ten thousand members are not to keep one each

    def _doctype(self, *_: object) -> None:
        raise unreadable(f"got {self.name} with a document type, expected none")

    def _element(self, tag: str, attributes: dict[str, str]) -> None:
        """Note what an element says, whatever its prefix."""
        match tag.rpartition(" ")[2]:
            case "c":
                self._cell(attributes.get("r"))
            case "row":
                self._next_row(attributes.get("r"))
            case "f":
                self.formulas = True
            case "mergeCell":
                self.merged[attributes.get("ref", "")] = None

    def _next_row(self, number: str | None) -> None:
        row = int(number) if number is not None and number.isdecimal() else self._row + 1
        if not self._row < row <= ROWS:
            raise unreadable(f"got row {row} behind row {self._row} in {self.name}, expected every row once, in order")
        self._row, self._column = row, 0

    def _cell(self, place: str | None) -> None:
        column, row = self._column + 1, self._row
        if place is not None:
            found = _CELL.fullmatch(place)
            if not found:
                raise unreadable(f"got a cell called {place!r} in {self.name}, expected one like A1")
            column, row = _number(found[1]), int(found[2])
        if row != self._row or not self._column < column <= COLUMNS:
            told = f"got the cell {place} in row {self._row} of {self.name}"
            raise unreadable(f"{told}, expected the cells of every row once, in order")
        self._column = column


def _number(letters: str) -> int:
    """Return the number of a column: A is 1, AA is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
