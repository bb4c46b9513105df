"""What every engine can do. A new engine is one module with this face; it knows measures and no check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

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

    def key_index(self, name: str, key: tuple[Value, ...], rows: Rows, target: Path) -> MadeIndex | NotMeasured:
        """Write the distinct keys of the rows, without those that hold a null, to `target` as Parquet, sorted.

        Equal rows give equal bytes.
        """
        ...

    def key_span(self, key: tuple[Value, ...], rows: Rows) -> KeySpan | None:
        """Return between which values the key's first column lies, None where that cannot be told."""
        ...
