"""What a library of checks can do as a guest. A new library is one package with this face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from lakegate.measures import Answer, LibraryResult, Measure

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Guest:
    """What a library is given beside the rows.

    `home` is a private folder in which the project's `expectations/` lies as it was pinned when the run began; None
    where nothing asks for it. `limit` failing rows are named for each finding.
    """

    home: Path | None
    limit: int


class Library(Protocol):
    """Runs checks of a library on rows."""

    @property
    def version(self) -> str | None:
        """The library's name and version, `great_expectations 1.24.1`; None where it is not installed."""
        ...

    def measure(self, asked: Sequence[LibraryResult], table: pa.Table, guest: Guest) -> dict[Measure, Answer]:
        """Answer everything asked of the rows; what the library cannot evaluate is `NotMeasured`. Never raises for it.

        `table` holds the columns asked for under their physical names, in the order of files and rows.
        """
        ...
