"""What every engine can do. A new engine is one module with this face; it knows measures and no check."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from lakegate.engines.split import Split
from lakegate.made import KeySpan, MadeIndex
from lakegate.measures import Answer, Measure, NotMeasured
from lakegate.plan import Plan
from lakegate.predicates import Value
from lakegate.rows import Location, Rows

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Wanted:
    """Failing rows to find. `key` names the columns that identify a row as (name, value), `show` the value to quote.

    `show` None: no value leaves the engine.
    """

    measure: Measure
    key: tuple[tuple[str, Value], ...] = ()
    show: Value | None = None


@dataclass(frozen=True, slots=True)
class FailingValues:
    """The values of failing rows, as texts: how many differ, and those that stand in the most rows, with how many."""

    distinct: int
    first: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What an engine runs, for a reader who runs it, too: without a value of the data or a path of the machine.

    `opening` finds the batch's rows, in the folder of its files, under the name that `queries` ask; empty where the
    engine alone cannot. A measure that is not computed has no query.
    """

    opening: str
    queries: Mapping[Measure, str]


class Engine(Protocol):
    """Computes measures over rows. `others` holds the rows of the other datasets that measures name."""

    @property
    def version(self) -> str:
        """The engine's name and version, `duckdb 2.0.0`: what it answers may depend on it."""
        ...

    def measure(self, plan: Plan, rows: Rows, others: Mapping[str, Rows], table: str) -> dict[Measure, Answer]:
        """Answer every measure of the plan but those of its library passes (`libraries`).

        One that cannot be computed is answered `NotMeasured`. Never raises for it.
        `table` is what the contract's own SQL calls the batch.
        """
        ...

    def table(self, rows: Rows, columns: Sequence[str] | None) -> pa.Table | NotMeasured:
        """Return the rows as a table of these columns (physical names; None: all that arrived), in their own order.

        What could not be converted is null in it.
        """
        ...

    def locate(
        self, wanted: Sequence[Wanted], rows: Rows, others: Mapping[str, Rows], limit: int
    ) -> dict[Measure, tuple[Location, ...]]:
        """Find the first `limit` failing rows of each measure, in the order of files and rows."""
        ...

    def values(
        self, wanted: Sequence[Wanted], rows: Rows, others: Mapping[str, Rows], limit: int
    ) -> dict[Measure, FailingValues]:
        """Find the `limit` values that stand in the most failing rows; a measure without a value to quote has none."""
        ...

    def asked(self, measures: Sequence[Measure], rows: Rows, others: Mapping[str, Rows], table: str) -> Asked:
        """Say what is run for measures over a batch that is called `table`."""
        ...

    def key_index(self, name: str, key: tuple[Value, ...], rows: Rows, target: Path) -> MadeIndex | NotMeasured:
        """Write the distinct keys of the rows, without those that hold a null, to `target` as Parquet, sorted.

        Equal rows give equal bytes.
        """
        ...

    def key_span(self, key: tuple[Value, ...], rows: Rows) -> KeySpan | None:
        """Return between which values the key's first column lies, None where that cannot be told."""
        ...

    def split(
        self,
        rows: Rows,
        others: Mapping[str, Rows],
        rules: Sequence[tuple[str, Measure]],
        allowed: Callable[[int], bool],
        folder: Path,
    ) -> Split | NotMeasured:
        """Write the rows that `rules` (key, measure of its failing rows) count apart from the others, into `folder`.

        One scan finds them. Where so many rows are not `allowed` to be set apart, nothing is written. The rows are
        Parquet parts. Equal rows give equal bytes, in the order in which they arrived.
        """
        ...
