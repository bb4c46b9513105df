"""The passes of a plan that libraries of checks run, in this process. Which library it is, is looked up by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from lakegate.engines.interface import Engine
from lakegate.libraries.interface import Guest, Library
from lakegate.measures import Answer, Fault, LibraryResult, Measure, NotMeasured
from lakegate.plan import LibraryPass
from lakegate.rows import Rows

if TYPE_CHECKING:
    import pyarrow as pa

WIDEST = 38  # digits of a DECIMAL that nobody declared
EXTRAS = {"great_expectations": "gx", "pandera": "pandera"}  # library -> the extra that installs it


class Guests(Protocol):
    """Whoever runs the library passes: this process, or a worker."""

    def measure(self, passes: Sequence[LibraryPass], rows: Rows, engine: Engine) -> dict[Measure, Answer]:
        """Answer every measure of the passes. Never raises for one that cannot be answered."""
        ...


def library(name: str) -> Library:
    """Return a library by its name; nothing heavy is loaded before it measures."""
    found: Library = import_module(f"lakegate.libraries.{name}.guest").GUEST
    return found


def versions(passes: Iterable[LibraryPass]) -> tuple[str, ...]:
    """Return the versions of the libraries that the passes ask, as far as they are installed."""
    found = (library(one.library).version for one in passes)
    return tuple(version for version in found if version)


@dataclass(frozen=True, slots=True)
class Here:
    """Runs the passes in this process, one reading of the rows for each library."""

    guest: Guest

    def measure(self, passes: Sequence[LibraryPass], rows: Rows, engine: Engine) -> dict[Measure, Answer]:
        """Answer every measure of the passes (`Guests`)."""
        answers: dict[Measure, Answer] = {}
        for one in passes:
            answers |= self._measured(one, rows, engine)
        return answers

    def _measured(self, asked: LibraryPass, rows: Rows, engine: Engine) -> dict[Measure, Answer]:
        if any(defect.blinds for defect in rows.defects):
            return dict.fromkeys(asked.measures, NotMeasured(Fault.UNREADABLE, "the batch could not be read"))
        guest = library(asked.library)
        if guest.version is None:
            why = f"{asked.library} is not installed: pip install 'lakegate[{EXTRAS[asked.library]}]'"
            return dict.fromkeys(asked.measures, NotMeasured(Fault.MISSING, why))
        answers: dict[Measure, Answer] = {}
        askable: list[LibraryResult] = []
        for measure in asked.measures:
            missing = _missing(measure, rows)
            if missing:
                answers[measure] = NotMeasured(Fault.DATA, missing)
            else:
                askable.append(measure)
        if askable:
            columns = LibraryPass(asked.library, tuple(askable)).columns
            table = engine.table(rows, columns)
            if isinstance(table, NotMeasured):
                answers |= dict.fromkeys(askable, table)
            else:
                answers |= guest.measure(askable, _as_read(table) if rows.text else table, self.guest)
        return answers


def _as_read(table: pa.Table) -> pa.Table:
    """Return a table staged from text as the library would have read it: numbers with a point are doubles.

    The intake keeps what no double holds as DECIMAL(38, s); a model or an expectation of text does not know of that.
    """
    import pyarrow as pa

    for place, column in enumerate(table.schema):
        if pa.types.is_decimal128(column.type) and column.type.precision == WIDEST and column.type.scale:
            table = table.set_column(place, column.name, table.column(place).cast(pa.float64()))
    return table


def _missing(measure: LibraryResult, rows: Rows) -> str:
    """Return which column the data has not (INPUTS 22: a rule on a missing column fails, is never skipped)."""
    for name in measure.columns or ():
        if name in rows.disagreements:
            return rows.disagreements[name]
        if name not in rows.types:
            near = next((one for one in rows.types if one.casefold() == name.casefold()), None)
            return f"the data has no column {name!r}" + (f" (it has {near!r})" if near else "")
    return ""
