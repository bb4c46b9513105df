"""Rules about the batch's shape: it can be read, has the declared columns, and they have the declared types."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lakegate.checks.interface import (
    Check,
    Found,
    Judgement,
    Outcome,
    not_applicable,
    passed,
    rows_told,
    share,
    unmeasured,
)
from lakegate.checks.physical_types import arrow_as_duckdb
from lakegate.contract.model import LogicalType
from lakegate.measures import CountWhere, Measure, NotMeasured, RowCount
from lakegate.predicates import Predicate, Value
from lakegate.rows import RESERVED, Kind, Location, Type

# SEMANTICS: which kinds found in the data keep a declared logicalType. Nothing is cast to fit.
KEEPS: dict[LogicalType, frozenset[Kind]] = {
    LogicalType.STRING: frozenset({Kind.STRING}),
    LogicalType.INTEGER: frozenset({Kind.INTEGER}),
    LogicalType.NUMBER: frozenset({Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT}),
    LogicalType.BOOLEAN: frozenset({Kind.BOOLEAN}),
    LogicalType.DATE: frozenset({Kind.DATE}),
    LogicalType.TIME: frozenset({Kind.TIME}),
    LogicalType.TIMESTAMP: frozenset({Kind.TIMESTAMP, Kind.TIMESTAMP_ZONED}),
    LogicalType.OBJECT: frozenset({Kind.OBJECT}),
    LogicalType.ARRAY: frozenset({Kind.ARRAY}),
    LogicalType.MAP: frozenset({Kind.MAP}),
    LogicalType.VECTOR: frozenset({Kind.ARRAY}),
}
UNTYPED = "JSON in which every key stands once, and numbers in a vector"  # of a value that no property types


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable(Check):
    """Every file can be read as its format, and every record in it is a row. Never waived, never a warning.

    `typed` are the paths, as `rows.Rows.unconverted` spells them, whose cells a check of their own type tells: any
    other cell that could not be read is told here, so that none is passed over.
    """

    typed: frozenset[str]

    def measures(self) -> tuple[Measure, ...]:
        """The rows: what cannot be counted was not read."""
        return (RowCount(),)

    def judge(self, found: Found) -> Judgement:
        """Fail by the first defects."""
        defects, cells = found.rows.defects, found.rows.cells
        told = [f"{defect.file}: {defect.kind}: {defect.message}" for defect in defects]
        places = [place for defect in defects for place in defect.locations]
        failed = sum(defect.count for defect in defects)
        for path, count in found.rows.unconverted.items():
            if path not in self.typed:
                told.append(f"got a value of {path!r} that cannot be read, expected {UNTYPED}")
                places += [replace(place, value=None) for place in cells.get(path, ())]  # it may be classified
                failed += count
        if not told:
            counted, held = found.answers[RowCount()], found.rows.table is not None or found.rows.parts
            return unmeasured(counted) if held and isinstance(counted, NotMeasured) else passed()
        more = f"; and {len(told) - 5} more" if len(told) > 5 else ""
        return Judgement(Outcome.FAILED, "; ".join(told[:5]) + more, {"failed": failed}, tuple(places))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredColumns(Check):
    """No file holds a column that the contract does not declare (SEMANTICS: an undeclared column).

    `declared` are physical names. With `open_` they are told and allowed.
    """

    declared: frozenset[str]
    open_: bool

    def judge(self, found: Found) -> Judgement:
        """Compare every part's columns with the declared ones."""
        if _blind(found):
            return not_applicable("not measured: the batch could not be read")
        parts = [(part.name, dict(part.types)) for part in found.rows.parts] or [("", found.rows.types)]
        extra = {
            name: file
            for file, types in parts
            for name in types
            if name not in self.declared and not name.startswith(RESERVED)
        }
        if not extra:
            return passed()
        told = ", ".join(repr(name) for name in extra)
        if self.open_:
            return Judgement(
                Outcome.PASSED, f"undeclared and allowed (columns: open): {told}", {"columns": list(extra)}
            )
        places = tuple(Location(file, column=name) for name, file in extra.items() if file)
        reason = (
            f"got undeclared column{'s' if len(extra) > 1 else ''} {told}, expected only what the contract declares"
        )
        return Judgement(Outcome.FAILED, reason, {"columns": list(extra)}, places)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnPresent(Check):
    """A declared column is there in every file (SEMANTICS: a declared column is missing)."""

    column: str  # physical name
    may_be_absent: bool

    def judge(self, found: Found) -> Judgement:
        """Look the column up in every part."""
        if _blind(found):
            return not_applicable("not measured: the batch could not be read")
        parts = [(part.name, dict(part.types)) for part in found.rows.parts] or [("", found.rows.types)]
        missing = [(file, types) for file, types in parts if self.column not in types]
        if not missing:
            return passed()
        if self.may_be_absent:
            return not_applicable("the column is absent, and missing_columns: allow")
        file, types = missing[0]
        near = [name for name in types if name.casefold() == self.column.casefold()]
        reason = f"got no column {self.column!r}" + (f" in {file}" if file else "")
        reason += f", expected one (the file has {near[0]!r})" if near else ", expected one"
        return Judgement(Outcome.FAILED, reason, {}, tuple(Location(file) for file, _ in missing if file))


@dataclass(frozen=True, slots=True, kw_only=True)
class HasLogicalType(Check):
    """A property's values have its logicalType: the column's type in typed formats, every cell's form in text.

    `path` leads from the column inward as `rows.Type.at` reads it; `told` is that path as `rows.Rows.unconverted`
    spells it. `not_finite` is set for a number that may not be NaN or infinite. A field that the objects of a typed
    format lack is told here: only columns have a check that they are present.
    """

    logical_type: LogicalType
    zoned: bool | None  # of a timestamp: True demands an offset, False none, None takes either
    dimensions: int | None  # of a vector
    path: tuple[str, ...]
    told: str
    value: Value | None
    not_finite: Predicate | None
    may_be_absent: bool

    def measures(self) -> tuple[Measure, ...]:
        """Return the count of values that are NaN or infinite."""
        return (CountWhere(self.not_finite),) if self.not_finite else ()

    def judge(self, found: Found) -> Judgement:
        """Fail by a column of another type, by a cell that does not convert, or by a value that is no number."""
        if _blind(found):
            return not_applicable("not measured: the batch could not be read")
        if self.path[0] in found.rows.disagreements:
            return Judgement(Outcome.FAILED, found.rows.disagreements[self.path[0]])
        column = found.rows.types.get(self.path[0])
        actual = column.at(self.path[1:]) if column else None
        if actual is None:
            return self._absent(column)
        if actual.kind is Kind.NULL:
            return not_applicable("every value is null")
        expected = self._expected()
        if not self._keeps(actual):
            reason = f"got type {actual.name}, expected {expected}"
            return Judgement(Outcome.FAILED, reason, {"found_type": actual.name, "expected_type": expected})
        return self._cells(found, actual, expected)

    def _absent(self, column: Type | None) -> Judgement:
        if column is None:
            return not_applicable("the column is absent: see the check that it is present")
        around = column.at(self.path[1:-1])
        if around is None or around.kind is not Kind.OBJECT:
            return not_applicable("what would hold it is absent, or no object: see its own check")
        if self.may_be_absent:
            return not_applicable("the field is absent, and missing_columns: allow")
        reason = f"got no field {self.path[-1]!r} in {self.told.rpartition('.')[0]!r}, expected one"
        near = [name for name, _ in around.fields if name.casefold() == self.path[-1].casefold()]
        return Judgement(Outcome.FAILED, reason + (f" (it has {near[0]!r})" if near else ""))

    def _cells(self, found: Found, actual: Type, expected: str) -> Judgement:
        strange = found.rows.unconverted.get(self.told, 0)
        if self.not_finite and actual.kind is Kind.FLOAT:
            answer = found.answers[CountWhere(self.not_finite)]
            if isinstance(answer, NotMeasured):
                return unmeasured(answer)
            strange += int(answer)  # type: ignore[arg-type]
        diagnostics = share(strange, found.count or 0) | {"found_type": actual.name, "expected_type": expected}
        if not strange:
            return passed(diagnostics)
        reason = f"got a value that is no {self.logical_type}, expected {expected}"
        return Judgement(Outcome.FAILED, reason, diagnostics, found.rows.cells.get(self.told, ()))

    def _keeps(self, actual: Type) -> bool:
        if self.logical_type is LogicalType.INTEGER and actual.kind is Kind.DECIMAL:
            return actual.name.replace(" ", "").endswith(",0)")  # DECIMAL(38,0): how some warehouses write integers
        if self.logical_type is LogicalType.TIMESTAMP and self.zoned is not None:
            return actual.kind is (Kind.TIMESTAMP_ZONED if self.zoned else Kind.TIMESTAMP)
        if self.logical_type is LogicalType.VECTOR and actual.item:
            return actual.kind is Kind.ARRAY and actual.item.kind in KEEPS[LogicalType.NUMBER]
        return actual.kind in KEEPS[self.logical_type]

    def _expected(self) -> str:
        if self.logical_type is LogicalType.TIMESTAMP and self.zoned is not None:
            return f"timestamp {'with' if self.zoned else 'without'} time zone"
        return str(self.logical_type) + (f" of {self.dimensions} numbers" if self.dimensions else "")

    def failing(self) -> Measure | None:
        """Return the count of values that are NaN or infinite; cells that do not convert have their own places."""
        return CountWhere(self.not_finite) if self.not_finite else None

    def subject(self) -> Value | None:
        """Return the value whose type is declared."""
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class HasPhysicalType(Check):
    """A column of a typed format has its physicalType (SEMANTICS). `expected` None: it cannot be read as a type."""

    declared: str
    expected: str | None  # in the engine's spelling, `DECIMAL(18,2)`, `VARCHAR`
    path: tuple[str, ...]

    def judge(self, found: Found) -> Judgement:
        """Compare the type's name."""
        if _blind(found):
            return not_applicable("not measured: the batch could not be read")
        if found.rows.text:
            return not_applicable("text has no physical type")
        if self.expected is None:
            return not_applicable(f"{self.declared!r} cannot be read as a type of Parquet")
        column = found.rows.types.get(self.path[0])
        actual = column.at(self.path[1:]) if column else None
        if actual is None:
            return not_applicable("the column is absent: see the check that it is present")
        diagnostics = {"found_type": actual.name, "expected_type": self.declared}
        name = arrow_as_duckdb(actual.name) if found.rows.table is not None else actual.name
        if name.replace(" ", "").upper() == self.expected.replace(" ", "").upper():
            return passed(diagnostics)
        return Judgement(Outcome.FAILED, f"got type {actual.name}, expected {self.declared}", diagnostics)


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimumRows(Check):
    """The batch holds at least `least` rows (lakegate.min_rows; SEMANTICS: an empty batch)."""

    least: int

    def measures(self) -> tuple[Measure, ...]:
        """Return the row count."""
        return (RowCount(),)

    def judge(self, found: Found) -> Judgement:
        """Compare the row count. A batch without a single file has no rows, and nothing that could count them."""
        rows, count = found.rows, found.answers[RowCount()]
        if rows.table is None and not rows.parts and not rows.defects:
            reason = f"got no files, expected at least {rows_told(self.least)} (lakegate.min_rows)"
            return Judgement(Outcome.FAILED, reason)
        if isinstance(count, NotMeasured):
            return unmeasured(count)
        diagnostics = {"value": found.count, "unit": "rows", "expected": f"at least {self.least}", "low": self.least}
        if self.least == 0 and found.count == 0:
            return not_applicable("no rows, and min_rows: 0")
        if found.count is not None and found.count >= self.least:
            return passed(diagnostics)
        reason = f"got {rows_told(found.count or 0)}, expected at least {self.least} (lakegate.min_rows)"
        return Judgement(Outcome.FAILED, reason, diagnostics)


def _blind(found: Found) -> bool:
    return found.count is None
