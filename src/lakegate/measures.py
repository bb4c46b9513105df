"""What an engine can be asked: a closed set of small frozen values. Checks name them, engines compute them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from lakegate.predicates import Literal, Predicate, Value

# --- measures ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RowCount:
    """Rows of the batch. Answer: int."""


@dataclass(frozen=True, slots=True)
class CountWhere:
    """Rows for which the predicate is true. Answer: int."""

    predicate: Predicate


@dataclass(frozen=True, slots=True)
class Maximum:
    """The largest non-null value. Answer: Literal, or None where every value is null or there are no rows.

    NaN is larger than every other number; with `numbers_only` it is left out, as null is.
    """

    value: Value
    numbers_only: bool = False


@dataclass(frozen=True, slots=True)
class Minimum:
    """The smallest non-null value. Answer: Literal, or None where every value is null or there are no rows.

    NaN is larger than every other number; with `numbers_only` it is left out, as null is.
    """

    value: Value
    numbers_only: bool = False


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of the numbers, nulls and NaN left out. Answer: int, Decimal or float; 0 where there is none."""

    value: Value


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of the numbers, nulls and NaN left out. Answer: float, or None where there is none."""

    value: Value


@dataclass(frozen=True, slots=True)
class StandardDeviation:
    """The deviation of a sample (divided by n - 1), nulls and NaN left out. Answer: float, or None of less than two
    numbers.
    """

    value: Value


@dataclass(frozen=True, slots=True)
class Quantiles:
    """What stands at `shares` (0 to 1) of the numbers in their order, nulls and NaN left out. Answer: `SeveralValues`,
    as many as `shares`, or None where there is no number.

    `between` says what is taken where a share falls between two numbers: nearest, lower, higher, midpoint, linear.
    """

    value: Value
    shares: tuple[float, ...]
    between: str = "nearest"


@dataclass(frozen=True, slots=True)
class Distinct:
    """How many different values there are, nulls and NaN left out, and how many of `listed` are among them, compared
    by type. Answer: `DistinctCounts`.
    """

    value: Value
    listed: tuple[Literal, ...] = ()


@dataclass(frozen=True, slots=True)
class MostCommon:
    """The values that stand in the most rows, nulls and NaN left out, and how many of `listed` are among them.
    Answer: `MostCommonValues`.
    """

    value: Value
    listed: tuple[Literal, ...] = ()


@dataclass(frozen=True, slots=True)
class RepeatedRows:
    """Rows whose key stands in more than one of the rows for which `among` is true. In a key null equals null, and NaN
    is null. Answer: int.
    """

    key: tuple[Value, ...]
    among: Predicate


@dataclass(frozen=True, slots=True)
class Duplicates:
    """How often keys repeat; a key that holds a null is left out. Answer: `DuplicateCounts`.

    With `beside`, the keys of a table's other batches (`AlreadyThere`), a key that stands there repeats, too: all of
    its rows are surplus.
    """

    key: tuple[Value, ...]
    beside: str | None = None


@dataclass(frozen=True, slots=True)
class AlreadyThere:
    """Rows whose key stands in other batches of the table; one that holds a null is left out. Answer: int.

    `beside` names those keys among the other datasets' rows. Their columns are called as the parts of `key` are, a
    field of an object by its path: `udo.id`.
    """

    key: tuple[Value, ...]
    beside: str


@dataclass(frozen=True, slots=True)
class Orphans:
    """Rows whose key is not in another dataset's committed batches; a null in the key is no orphan. Answer: int."""

    key: tuple[Value, ...]
    dataset: str  # `nyc/planes`; the batch itself where it equals the dataset measured
    columns: tuple[str, ...]  # physical names there, in the order of `key`


@dataclass(frozen=True, slots=True)
class SqlResult:
    """The one cell of a vetted query over the batch and datasets that the contract names. Answer: Literal."""

    query: str  # placeholders replaced: the batch is called by its object's name
    datasets: tuple[tuple[str, str], ...] = ()  # (table name in the query, dataset)


@dataclass(frozen=True, slots=True)
class Tally:
    """What is counted of each group of rows: `rows`; the `sum` of one column's numbers, nulls and NaN left out; the
    number of `distinct` values of columns together, without those that hold a null.
    """

    kind: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Imbalance:
    """Groups of rows of which a tally here differs from one there. A group that one side lacks has 0 there; null is a
    group. Answer: `GroupsCompared`.
    """

    here: Tally
    there: Tally
    dataset: str  # the other rows' name
    by: tuple[tuple[Value, Value], ...]  # what rows are grouped by, (here, there)
    tolerance: Fraction  # a difference up to this is none
    percent: bool = False  # of the tally there, 0-100


@dataclass(frozen=True, slots=True)
class LibraryResult:
    """What a library of checks says of the rows, as a guest of the engine. Answer: `LibraryAnswer`."""

    library: str  # `great_expectations`, `pandera`
    asked: str  # JSON, in the library's own words
    columns: tuple[str, ...] | None  # physical names of what it needs, in their order; None: every column
    files: bool = False  # whether it loads Python of the project's `expectations/`


Measure = (
    RowCount
    | CountWhere
    | Maximum
    | Minimum
    | Sum
    | Mean
    | StandardDeviation
    | Quantiles
    | Distinct
    | MostCommon
    | RepeatedRows
    | Duplicates
    | AlreadyThere
    | Orphans
    | SqlResult
    | Imbalance
    | LibraryResult
)


# --- answers ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DuplicateCounts:
    """Three ways to count duplicates: 5, 5, 5, 7 has one repeated key, two surplus rows, three rows concerned."""

    keys: int
    surplus: int
    rows: int


@dataclass(frozen=True, slots=True)
class SeveralValues:
    """More than one value, in the order in which they were asked for."""

    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class DistinctCounts:
    """How many different values there are, and how many of the listed ones are among them."""

    values: int
    listed: int


@dataclass(frozen=True, slots=True)
class MostCommonValues:
    """How many values share the first place, how many of the listed ones do, and the first 20 of them in order."""

    values: int
    listed: int
    first: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class GroupDiffers:
    """A group whose tallies differ: its values as text, null as None."""

    values: tuple[str | None, ...]
    here: int | float | Decimal
    there: int | float | Decimal


@dataclass(frozen=True, slots=True)
class GroupsCompared:
    """How many groups there are on either side, how many differ, and the 20 that differ most."""

    groups: int
    differ: int
    worst: tuple[GroupDiffers, ...]


@dataclass(frozen=True, slots=True)
class LibraryFinding:
    """One thing that a library checked. `rows` are the first failing rows (0-based, over all parts of the batch)."""

    name: str  # what the library calls it: `expect_column_values_to_be_unique`, `greater_than(0)`
    success: bool
    column: str | None = None  # physical name; None: it is about no single column
    failed: int | None = None  # failing rows; None where rows are not what fails
    rows: tuple[int, ...] = ()
    values: tuple[str | None, ...] = ()  # the failing values as text, as many as `rows`, or none
    reason: str = ""  # got …, expected …, without values of the data
    result: str = ""  # JSON: the library's own result


@dataclass(frozen=True, slots=True)
class LibraryAnswer:
    """What a library said: at least one finding, passed ones included."""

    findings: tuple[LibraryFinding, ...]


class Fault(StrEnum):
    """Why a measure has no number."""

    DATA = "data"  # the column is missing or has another type: the check fails
    UNREADABLE = "unreadable"  # the batch cannot be read at all: told once, by its own check
    CONTEXT = "context"  # another dataset that is not there
    ENGINE = "engine"  # the engine raised: could not evaluate
    MISSING = "missing"  # the library that should answer is not installed


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """The answer where there is no number. Never zero, never null."""

    fault: Fault
    reason: str


Answer = (
    Literal
    | DuplicateCounts
    | SeveralValues
    | DistinctCounts
    | MostCommonValues
    | GroupsCompared
    | LibraryAnswer
    | NotMeasured
    | None
)
