"""Expectations of the whole table: how many rows, which columns, and queries for rows that should not be."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from itertools import zip_longest
from string import Formatter
from typing import Any

from lakegate.checks.expectations.asked import Asked, Bounds, Untranslatable
from lakegate.checks.interface import (
    Check,
    Found,
    Judgement,
    Outcome,
    not_applicable,
    rows_told,
    unmeasured,
    violated,
)
from lakegate.contract.vetting import vet
from lakegate.measures import Measure, NotMeasured, RowCount, SqlResult
from lakegate.rows import RESERVED


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsCounted(Check):
    """The number of rows lies within bounds."""

    bounds: Bounds

    def measures(self) -> tuple[Measure, ...]:
        """Return the row count."""
        return (RowCount(),)

    def judge(self, found: Found) -> Judgement:
        """Hold the row count against the bounds."""
        answer = found.answers[RowCount()]
        if isinstance(answer, NotMeasured):
            return unmeasured(answer)
        return _counted(int(answer), self.bounds, self, "rows")  # type: ignore[arg-type]


def _counted(count: int, bounds: Bounds, check: Check, what: str) -> Judgement:
    success = bounds.hold(count)
    result = {"observed_value": count}
    diagnostics = {"success": success, "result": result, "expected": f"{bounds} {what}", "unit": what, **bounds.band()}
    if success:
        return Judgement(Outcome.PASSED, "", diagnostics)
    return Judgement(violated(check.action), f"got {count:,} {what}, expected {bounds}", diagnostics)


def rows_between(asked: Asked) -> Check:
    """`expect_table_row_count_to_be_between`."""
    least, most = asked.whole("min_value"), asked.whole("max_value")
    if least is not None and most is not None and least > most:
        raise Untranslatable
    bounds = Bounds(least, most, asked.flag("strict_min"), asked.flag("strict_max"))
    return RowsCounted(identity=asked.identity, action=asked.action, bounds=bounds)


def rows_equal(asked: Asked) -> Check:
    """`expect_table_row_count_to_equal`."""
    return RowsCounted(identity=asked.identity, action=asked.action, bounds=_exactly(asked))


def _exactly(asked: Asked) -> Bounds:
    value = asked.whole("value")
    if value is None:
        raise Untranslatable
    return Bounds(value, value)


# --- columns ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class OfColumns(Check):
    """What is asked of the names of the columns. A file that has other columns than the first fails it."""

    def measures(self) -> tuple[Measure, ...]:
        """Return the row count: of a batch that cannot be read the columns are not known."""
        return (RowCount(),)

    def judge(self, found: Found) -> Judgement:
        """Look at the columns of the data, those that the intake adds left out."""
        if found.count is None:
            return not_applicable("not measured: the batch could not be read")
        names = {part.name: _names(name for name, _ in part.types) for part in found.rows.parts}
        first = next(iter(names), "")
        for file, columns in names.items():
            if set(columns) != set(names[first]):
                return Judgement(Outcome.FAILED, f"got other columns in {file} than in {first}, expected the same")
        return self.of(_names(found.rows.types))

    @abstractmethod
    def of(self, columns: list[str]) -> Judgement:
        """Judge the names of the columns, in their order."""


def _names(names: Any) -> list[str]:  # noqa: ANN401 - any iterable of names
    return [name for name in names if not name.startswith(RESERVED)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnsCounted(OfColumns):
    """The number of columns lies within bounds."""

    bounds: Bounds

    def of(self, columns: list[str]) -> Judgement:
        """Count."""
        return _counted(len(columns), self.bounds, self, "columns")


def columns_between(asked: Asked) -> Check:
    """`expect_table_column_count_to_be_between`."""
    bounds = Bounds(asked.whole("min_value"), asked.whole("max_value"))
    return ColumnsCounted(identity=asked.identity, action=asked.action, bounds=bounds)


def columns_equal(asked: Asked) -> Check:
    """`expect_table_column_count_to_equal`."""
    return ColumnsCounted(identity=asked.identity, action=asked.action, bounds=_exactly(asked))


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnThere(OfColumns):
    """A column is there, at a place (from 0, from the end where it is negative) where one is asked for."""

    column: str
    index: int | None

    def of(self, columns: list[str]) -> Judgement:
        """Look the column up. A place of 0 is none to the library: then the column may stand anywhere."""
        place = self.index or None
        at = columns[place] if place is not None and -len(columns) <= place < len(columns) else None
        success = at == self.column if place is not None else self.column in columns
        expected = f"a column {self.column!r}" + (f" at {place}" if place is not None else "")
        diagnostics = {"success": success, "result": {}, "expected": expected}
        if success:
            return Judgement(Outcome.PASSED, "", diagnostics)
        got = repr(at) if at is not None else "no such column" if self.column not in columns else "it elsewhere"
        return Judgement(violated(self.action), f"got {got}, expected {expected}", diagnostics)


def column_there(asked: Asked) -> Check:
    """`expect_column_to_exist`."""
    column = asked.kwargs.get("column")
    if not isinstance(column, str) or not column:
        raise Untranslatable
    index = asked.whole("column_index")
    return ColumnThere(identity=asked.identity, action=asked.action, column=column, index=index)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnsInOrder(OfColumns):
    """The columns are the listed ones, in their order."""

    listed: tuple[str, ...]

    def of(self, columns: list[str]) -> Judgement:
        """Compare both lists place by place."""
        expected = f"the columns {', '.join(self.listed)}"
        if columns == list(self.listed):
            result: dict[str, Any] = {"observed_value": columns}
            return Judgement(Outcome.PASSED, "", {"success": True, "result": result, "expected": expected})
        pairs = list(enumerate(zip_longest(self.listed, columns)))
        mismatched = [
            {"Expected Column Position": place, "Expected": listed, "Found": found}
            for place, (listed, found) in pairs
            if listed != found
        ]
        result = {"observed_value": columns, "details": {"mismatched": mismatched}}
        diagnostics = {"success": False, "result": result, "expected": expected}
        return Judgement(violated(self.action), f"got {', '.join(columns)}, expected {expected}", diagnostics)


def columns_in_order(asked: Asked) -> Check:
    """`expect_table_columns_to_match_ordered_list`."""
    return ColumnsInOrder(identity=asked.identity, action=asked.action, listed=_listed(asked, "column_list"))


def _listed(asked: Asked, name: str) -> tuple[str, ...]:
    listed = asked.kwargs.get(name)
    if not isinstance(listed, list | tuple) or not all(isinstance(one, str) for one in listed):
        raise Untranslatable
    return tuple(listed)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnsInSet(OfColumns):
    """The columns are the listed ones in any order; without `exact` there may be more."""

    listed: frozenset[str]
    exact: bool

    def of(self, columns: list[str]) -> Judgement:
        """Compare both sets."""
        more, missing = sorted(set(columns) - self.listed), sorted(self.listed - set(columns))
        mismatched = ({"unexpected": more} if more else {}) | ({"missing": missing} if missing else {})
        success = not (missing or (more and self.exact))
        result: dict[str, Any] = {"observed_value": sorted(set(columns))}
        result |= {"details": {"mismatched": mismatched}} if mismatched else {}
        expected = f"{'exactly' if self.exact else 'at least'} the columns {', '.join(sorted(self.listed))}"
        diagnostics = {"success": success, "result": result, "expected": expected}
        if success:
            return Judgement(Outcome.PASSED, "", diagnostics)
        got = ([f"no {', '.join(missing)}"] if missing else []) + ([f"also {', '.join(more)}"] if more else [])
        return Judgement(violated(self.action), f"got {' and '.join(got)}, expected {expected}", diagnostics)


def columns_in_set(asked: Asked) -> Check:
    """`expect_table_columns_to_match_set`."""
    listed = frozenset(_listed(asked, "column_set"))
    exact = asked.kwargs.get("exact_match", True)
    if not isinstance(exact, bool):
        raise Untranslatable
    return ColumnsInSet(identity=asked.identity, action=asked.action, listed=listed, exact=exact)


# --- a query for rows that should not be ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRowsFound(Check):
    """A query of the contract's own finds no row."""

    query: SqlResult

    def measures(self) -> tuple[Measure, ...]:
        """Return the number of rows found."""
        return (self.query,)

    def judge(self, found: Found) -> Judgement:
        """Fail by the first row."""
        answer = found.answers[self.query]
        if isinstance(answer, NotMeasured):
            return unmeasured(answer)
        count = int(answer)  # type: ignore[arg-type]
        diagnostics = {"success": not count, "result": {"observed_value": count}, "expected": "no row"}
        if not count:
            return Judgement(Outcome.PASSED, "", diagnostics)
        return Judgement(violated(self.action), f"got {rows_told(count)}, expected no row", diagnostics)


def no_rows_found(asked: Asked) -> Check:
    """`unexpected_rows_expectation`: its query as the contract's own SQL, vetted. Raises ContractError or Refused."""
    query = asked.kwargs.get("unexpected_rows_query")
    if not isinstance(query, str):
        raise Untranslatable
    try:
        parts = list(Formatter().parse(query.rstrip("; \t\r\n\x0b\x0c")))
    except ValueError:
        raise Untranslatable from None
    if not any(name == "batch" for _, name, _, _ in parts) or any(
        name not in {None, "batch"} or spec or convert for _, name, spec, convert in parts
    ):
        raise Untranslatable
    table = '"' + asked.obj.name.replace('"', '""') + '"'
    sql = "".join(text + (table if name else "") for text, name, _, _ in parts)
    vetted = vet(sql, table=asked.obj.name, column=None, tables=frozenset(), where=asked.identity.key)
    counted = SqlResult(f"SELECT count(*) FROM (\n{vetted.sql}\n)")  # noqa: S608 - vetted; it may end in a comment
    return NoRowsFound(identity=asked.identity, action=asked.action, query=counted)
