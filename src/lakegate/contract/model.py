"""The contract as one frozen value, whatever version of the Open Data Contract Standard it was written in.

Names are the standard's (ODCS 3.2, https://bitol-io.github.io/open-data-contract-standard/), in Python's spelling.
Keys that lakegate does not use are kept in `Contract.document`, normalised to 3.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from lakegate.errors import Problem

Scalar = str | int | float | bool | Decimal | None


class LogicalType(StrEnum):
    """ODCS 3.2 logicalType."""

    STRING = "string"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIME = "time"
    NUMBER = "number"
    INTEGER = "integer"
    OBJECT = "object"
    ARRAY = "array"
    BOOLEAN = "boolean"
    MAP = "map"
    VECTOR = "vector"


class Operator(StrEnum):
    """ODCS quality operators; a rule holds exactly one. Both ends of the between operators are inclusive."""

    MUST_BE = "mustBe"
    MUST_NOT_BE = "mustNotBe"
    GREATER = "mustBeGreaterThan"
    GREATER_OR_EQUAL = "mustBeGreaterOrEqualTo"
    LESS = "mustBeLessThan"
    LESS_OR_EQUAL = "mustBeLessOrEqualTo"
    BETWEEN = "mustBeBetween"
    NOT_BETWEEN = "mustNotBeBetween"


@dataclass(frozen=True, slots=True)
class Threshold:
    """What a measured number is held against. `bound` is a pair for the between operators, else one scalar."""

    operator: Operator
    bound: Scalar | tuple[float | int | Decimal, float | int | Decimal]


class Action(StrEnum):
    """What a failed rule does: the `lakegate` property of a rule, else what its severity says (SEMANTICS)."""

    FAIL = "fail"
    WARN = "warn"
    INFO = "info"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class Quality:
    """One entry of a `quality` list. `index` is its place in that list."""

    index: int
    type: str  # library, sql, text, custom
    id: str | None = None
    name: str | None = None
    description: str | None = None
    dimension: str | None = None
    metric: str | None = None  # library: rowCount, nullValues, missingValues, invalidValues, duplicateValues
    arguments: Mapping[str, Any] = field(default_factory=dict)
    threshold: Threshold | None = None
    unit: str | None = None  # rows (also when None) or percent
    query: str | None = None  # sql
    engine: str | None = None  # custom
    implementation: Mapping[str, Any] | str | None = None
    action: Action = Action.FAIL
    graded: bool = False  # whether the rule says its severity, or its action; else those of a suite are heard
    scope: str = "batch"  # batch, table: the `lakegate` property of a rule


@dataclass(frozen=True, slots=True)
class Relationship:
    """A foreign key. `columns` are property names of this object, `to` as many in the other one, in the same order.

    `reference` is what the contract says of the other side before its property: `object` in the same contract, a
    contract's id and an object, or a file reference (SEMANTICS: a reference to another contract's property).
    """

    columns: tuple[str, ...]
    reference: str
    to: tuple[str, ...]
    action: Action = Action.FAIL  # the `lakegate` property of the relationship; the standard has no severity here


@dataclass(frozen=True, slots=True)
class Property:
    """A column, or a field of one. Nested: `properties` of an object, `items` of an array, `key`, `value` of a map."""

    name: str
    physical_name: str  # the column's name in the data; `name` where the contract says nothing
    logical_type: LogicalType | None = None
    physical_type: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)  # logicalTypeOptions, as written
    required: bool = False
    unique: bool = False
    primary_key_position: int | None = None  # 1-based; None: not in the primary key
    enum: tuple[Scalar, ...] | None = None
    semantic_type: str = "column"  # column, measure, dimension; for a measure no column is expected
    classification: str | None = None
    description: str | None = None
    business_name: str | None = None
    relationships: tuple[Relationship, ...] = ()
    quality: tuple[Quality, ...] = ()
    properties: tuple[Property, ...] = ()
    items: Property | None = None
    key: Property | None = None
    value: Property | None = None
    nan_allowed: bool = False
    samples: str = "show"  # show, mask, never: what an opt-in sample may tell; `mask` when classified


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """A table, file or topic of the contract: what one dataset looks like."""

    name: str
    physical_name: str
    properties: tuple[Property, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    quality: tuple[Quality, ...] = ()
    description: str | None = None
    business_name: str | None = None

    def find(self, name: str) -> Property | None:
        """Return the top-level property called `name`, None where there is none."""
        return next((p for p in self.properties if p.name == name), None)

    @property
    def primary_key(self) -> tuple[Property, ...]:
        """The properties of the primary key in their declared order; empty where there is none."""
        keyed = [p for p in self.properties if p.primary_key_position is not None]
        return tuple(sorted(keyed, key=lambda p: p.primary_key_position or 0))


@dataclass(frozen=True, slots=True)
class Server:
    """A named place. `location` is a URI (`s3://bucket/02-transient-zone/nyc/flights/`) or, for type local, a path."""

    name: str
    type: str
    location: str
    format: str | None = None  # csv, json, parquet, …
    delimiter: str | None = None  # csv: the separator; json: new_line or array
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class SlaProperty:
    """One entry of slaProperties. `element` is `object.property`, or None."""

    property: str
    value: Scalar
    unit: str | None = None
    element: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Batching:
    """How arrivals are cut into batches (lakegate.batch). `key` is a template, `dt={date}/hour={hour}`."""

    by: str = "folder"  # folder, file
    key: str | None = None
    complete: str = "success"  # manifest, success, quiet
    late_after: str | None = None  # a duration, `6h`
    quiet_for: str = "5m"  # complete: quiet — no file younger than this


@dataclass(frozen=True, slots=True)
class TextDialect:
    """How text is written (lakegate.text). Nothing is ever sniffed: what is not declared is the default here."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    encoding: str = "utf-8"
    nulls: tuple[str, ...] = ()  # further tokens for null; an unquoted empty field always is
    decimal: str = "."


@dataclass(frozen=True, slots=True)
class Sheet:
    """Which sheet of a workbook is read (lakegate.sheet). `name` None: the only one that can be seen."""

    name: str | None = None
    header_row: int = 1  # 1-based row of the sheet that holds the names of the columns


@dataclass(frozen=True, slots=True)
class Budget:
    """How many rows of a batch may be held back (lakegate.max_rejected)."""

    amount: Decimal
    unit: str  # percent of all rows, 0-100; rows

    def allows(self, rejected: int, rows: int) -> bool:
        """Whether so many rows of all may be held back."""
        return rejected <= (self.amount * rows / 100 if self.unit == "percent" else self.amount)

    def __str__(self) -> str:
        """`1 percent`, `20 rows`."""
        return f"{self.amount.normalize():f} {self.unit}"


@dataclass(frozen=True, slots=True)
class Waiving:
    """Who may let a failed batch pass (lakegate.waiver). Nobody may where it is not `allowed`."""

    allowed: bool = False
    approvers: tuple[str, ...] = ()  # empty: whoever may approve where it is asked for
    max_days: int | None = None  # after which a waiver expires at the latest


@dataclass(frozen=True, slots=True)
class Gate:
    """The `lakegate` custom property of a contract: what the standard has no word for."""

    from_server: str | None = None
    to_server: str | None = None
    batch: Batching = Batching()
    on_change: str | None = None  # reject, new_revision; None: what the zone that it goes to asks
    columns: str = "closed"  # closed, open
    missing_columns: str = "refuse"  # refuse, allow
    min_rows: int = 1
    unsupported: str = "refuse"  # refuse, allow
    scope: str = "batch"  # batch, table: where `primaryKey` and `unique` hold
    quarantine: str = "batch"  # batch, rows: what is held back where a rule about rows fails
    max_rejected: Budget | None = None  # with `quarantine: rows`
    upstream: tuple[str, ...] = ()  # datasets of which a batch must be committed before
    waiver: Waiving = Waiving()
    text: TextDialect = TextDialect()
    sheet: Sheet = Sheet()


@dataclass(frozen=True, slots=True)
class Contract:
    """One data contract. `sha256` is that of the file's bytes; `hints` are what lint would say beside errors."""

    id: str
    version: str
    api_version: str
    name: str | None
    status: str | None
    schema: tuple[SchemaObject, ...]
    servers: tuple[Server, ...]
    sla: tuple[SlaProperty, ...]
    gate: Gate
    document: Mapping[str, Any]
    sha256: str
    path: str | None = None
    owner: str | None = None  # the team's name, else its first owner
    domain: str | None = None
    description: str | None = None
    hints: tuple[Problem, ...] = ()

    def server(self, name: str) -> Server | None:
        """Return the server called `name`, None where there is none."""
        return next((s for s in self.servers if s.name == name), None)

    def object(self, name: str) -> SchemaObject | None:
        """Return the schema object called `name`, None where there is none."""
        return next((o for o in self.schema if o.name == name), None)
