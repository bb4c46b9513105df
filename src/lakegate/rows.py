"""What an engine measures: the rows of a batch, their types, and what the intake could not turn into rows.

The intake makes `Rows` from native files, an engine reads them. Both know this page and not each other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

# Columns the intake adds to the rows it stages from text. A contract's column may not begin so.
RESERVED = "_lakegate_"
UNCONVERTED = "_lakegate_unconverted"  # STRUCT(path VARCHAR, text VARCHAR)[], null in a clean row

# DuckDB's optimizers that skip row groups, or answer outright, by what a Parquet footer says of them: off wherever a
# file is read that the intake did not write itself (INPUTS S1).
BELIEVERS = ("statistics_propagation", "filter_pushdown", "filter_pullup", "join_filter_pushdown", "top_n")


class Kind(StrEnum):
    """The kinds of value that the standard tells apart (ODCS logicalType), as found in the data."""

    STRING = "string"
    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    TIMESTAMP = "timestamp"
    TIMESTAMP_ZONED = "timestamp with time zone"
    OBJECT = "object"
    ARRAY = "array"
    MAP = "map"
    BINARY = "binary"
    NULL = "null"  # a column in which nothing has a type: every value is null
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Type:
    """A column's type as found in the data. `name` is the source's own word (`BIGINT`, `struct<a: int64>`)."""

    kind: Kind
    name: str
    fields: tuple[tuple[str, Type], ...] = ()  # of an object: (physical name, type)
    item: Type | None = None  # of an array; of a map: the value
    key: Type | None = None  # of a map
    size: int | None = None  # of an array of fixed size: items

    def at(self, path: tuple[str, ...]) -> Type | None:
        """Return the type at `path` inside this one, None where there is none.

        A step is a field's name, `[]` for the items of an array, `{key}` and `{value}` for those of a map.
        """
        if not path:
            return self
        step, rest = path[0], path[1:]
        inside = {"[]": self.item, "{value}": self.item, "{key}": self.key}.get(step) or dict(self.fields).get(step)
        return inside.at(rest) if inside else None


Nulls = tuple[tuple[tuple[str, ...], int], ...]
"""How many rows hold null in a column, or in a field of its objects, by physical names: ((`udo`, `page_name`), 3)."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where a row, or a cell of it, stands in what arrived. Numbers are 1-based."""

    file: str  # path relative to the batch, as the uploader called it
    row: int | None = None  # record number in the file, the header not counted
    line: int | None = None  # physical line, text formats only
    column: str | None = None
    key: tuple[tuple[str, str], ...] = ()  # (property name, value as text) of the primary key
    value: str | None = None  # the original text; set only when samples are asked for


class DefectKind(StrEnum):
    """What is wrong with a file before any rule of the contract is asked."""

    UNREADABLE = "unreadable"  # the file, or its rest, cannot be opened as its format: nothing in it was measured
    MALFORMED_RECORD = "malformed record"  # a record that is no row: too short, too long, no JSON object
    DUPLICATE_COLUMN = "duplicate column"
    NO_HEADER = "no header"  # the header is missing, or holds no declared column
    ENCODING = "encoding"
    ARRIVAL = "arrival"  # the batch is not what its manifest promised
    PARTITION = "partition"  # a folder `column=value` says otherwise than the file
    ROW_COUNT = "row count"  # the reader and the independent row counter disagree


@dataclass(frozen=True, slots=True)
class Defect:
    """Something in a file that could not become rows. `count` records are concerned, `locations` names the first."""

    kind: DefectKind
    file: str
    message: str  # got …, expected …
    count: int = 1
    locations: tuple[Location, ...] = ()

    @property
    def blinds(self) -> bool:
        """Whether the rows cannot be measured at all because of it."""
        return self.kind not in {DefectKind.MALFORMED_RECORD, DefectKind.ARRIVAL, DefectKind.PARTITION}


class Records(Protocol):
    """Where the rows of a part stand in the file that arrived: records that are no rows lie between them."""

    def places(self, rows: Collection[int]) -> Mapping[int, tuple[int, int | None]]:
        """Return, for rows of the part (1-based), the record's number in the file and the line on which it begins.

        The line is None where lines mean nothing. May read the file again.
        """


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a batch as rows. `path` is a local Parquet file: the file itself, or what was staged of it."""

    name: str  # path relative to the batch, as the uploader called it
    path: str
    types: tuple[tuple[str, Type], ...]  # columns in the file's own order, under their physical names
    rows: int
    staged: bool = False  # True: the intake wrote `path`, and its statistics are believed
    text: bool = False  # True: what arrived is text, so that the types are the contract's; `path` holds UNCONVERTED
    records: Records | None = None  # None: row n of `path` is record n of the file, and lines mean nothing
    nulls: Nulls = ()  # of the columns in which they were counted; a cell that did not convert is no null


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one batch of one dataset: Parquet parts, or one table in memory.

    `unconverted` counts, per property path in physical names (`udo.page_name`, `tags[]`), cells that are not null in
    the source but could not be read as the declared type; they are null in the rows, and an engine must not count them
    as null.
    `cells` holds the first locations of each. Everything is measured over all parts together.
    """

    parts: tuple[Part, ...] = ()
    table: pa.Table | None = None
    table_types: tuple[tuple[str, Type], ...] = ()
    table_nulls: Nulls = ()
    unconverted: Mapping[str, int] = field(default_factory=dict)
    cells: Mapping[str, tuple[Location, ...]] = field(default_factory=dict)
    defects: tuple[Defect, ...] = ()

    @property
    def types(self) -> dict[str, Type]:
        """Column -> type, of the table or of the first part (that parts agree is a check of its own)."""
        return dict(self.table_types if self.table is not None else self.parts[0].types if self.parts else ())

    @property
    def nulls(self) -> dict[tuple[str, ...], int]:
        """How many rows hold null, by path; a path of which not every part tells is left out."""
        nulls = [part.nulls for part in self.parts] if self.table is None else [self.table_nulls]
        told = [dict(one) for one in nulls]
        first = told[0] if told else {}
        return {path: sum(one[path] for one in told) for path in first if all(path in one for one in told)}

    @property
    def height(self) -> int:
        """How many rows there are by the files' own word: good for choosing a way, not for a verdict."""
        return self.table.num_rows if self.table is not None else sum(part.rows for part in self.parts)

    def locations(self, positions: Iterable[int]) -> tuple[Location, ...]:
        """Return where rows stand in what arrived; positions are 0-based over all parts together."""
        found = []
        for position in positions:
            if self.table is not None:
                found.append(Location("", position + 1))
                continue
            row = position + 1
            for part in self.parts:
                if row <= part.rows:
                    place = part.records.places([row])[row] if part.records else (row, None)
                    found.append(Location(part.name, *place))
                    break
                row -= part.rows
        return tuple(found)

    @property
    def disagreements(self) -> dict[str, str]:
        """Columns whose type is not the same in all parts, and how they differ (INPUTS S21)."""
        differ: dict[str, str] = {}
        if len(self.parts) > 1:
            first = self.parts[0]
            for part in self.parts[1:]:
                here, there = dict(first.types), dict(part.types)
                for name in sorted(here.keys() | there.keys()):
                    one, other = here.get(name), there.get(name)
                    if one != other and name not in differ:
                        is_, was = other.name if other else "absent", one.name if one else "absent"
                        differ[name] = f"column {name!r} is {is_} in {part.name}, but {was} in {first.name}"
        return differ

    @property
    def text(self) -> bool:
        """Whether some of what arrived is text, whose types are the contract's own."""
        return any(part.text for part in self.parts)


def unread(rows: Rows) -> str:
    """Return why not every record and cell became a value, the first reasons; empty where all did."""
    told = [f"{defect.file}: {defect.message}" for defect in rows.defects]
    told += [f"{count} cells of {column} do not convert" for column, count in rows.unconverted.items()]
    return "; ".join(told[:3])
