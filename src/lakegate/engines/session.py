"""One locked connection of DuckDB with the rows of a batch and of other datasets at hand, and what is asked of them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from lakegate.checks.table_wide import columns_of
from lakegate.engines import balance, key_indexes, predicates, sql
from lakegate.engines.interface import FailingValues, Wanted
from lakegate.measures import (
    AlreadyThere,
    Answer,
    CountWhere,
    DuplicateCounts,
    Duplicates,
    Fault,
    GroupDiffers,
    GroupsCompared,
    Imbalance,
    Maximum,
    Measure,
    Minimum,
    NotMeasured,
    Orphans,
    RepeatedRows,
    SqlResult,
)
from lakegate.predicates import Value
from lakegate.rows import Location, Rows, Type

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

Told = TypeVar("Told")
EXACT_UP_TO = 2_000_000  # rows; below, grouping by the key costs less than loading numpy to sort hashes
SHOWN = 200  # characters of a sample value
ZONED = frozenset({"TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"})


class Session:
    """One locked connection with the batch and the other datasets at hand."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, rows: Rows, others: Mapping[str, Rows]) -> None:
        """Put the batch at hand at once; a dataset of ``others`` only once a measure asks for it."""
        self.connection = connection
        self.rows = rows
        self.others = others
        self.scope = predicates.Scope(rows.types, unconverted=frozenset(rows.unconverted), disagree=rows.disagreements)
        self.relation = self._relation(rows, "_lakegate_batch")

    def _relation(self, rows: Rows, name: str) -> str:
        """Return what the rows are called in a FROM clause."""
        if rows.table is not None:
            self.connection.register(name, rows.table)
            return predicates.identifier(name)
        return sql.parquet([part.path for part in rows.parts], union=bool(rows.disagreements))

    def fetch(self, query: str) -> list[tuple[Any, ...]]:
        """Run a query and return all its rows."""
        return self.connection.execute(query).fetchall()

    def attempt(self, compute: Callable[[], Told]) -> Told | NotMeasured:
        """Return what `compute` answers, or why it could not."""
        import duckdb

        try:
            return compute()
        except predicates.Unmeasurable as missing:
            return NotMeasured(Fault.DATA, str(missing))
        except duckdb.Error as error:
            return NotMeasured(Fault.ENGINE, cause(error))

    def scan(self, measures: tuple[Measure, ...]) -> dict[Measure, Answer]:
        """Compute measures in one scan. If that fails, each alone, so that one bad rule does not blind the others."""
        answers: dict[Measure, Answer] = {}
        compiled: dict[Measure, str] = {}
        for measure in measures:
            try:
                compiled[measure] = sql.aggregate(measure, self.scope)
            except predicates.Unmeasurable as missing:
                answers[measure] = NotMeasured(Fault.DATA, str(missing))
        together = self.attempt(lambda: answers.update(self._fused(compiled)))
        if isinstance(together, NotMeasured):
            for measure, expression in compiled.items():
                alone = self.attempt(lambda m=measure, e=expression: self._fused({m: e})[m])  # type: ignore[misc]
                answers[measure] = alone
        return answers

    def _fused(self, compiled: dict[Measure, str]) -> dict[Measure, Answer]:
        if not compiled:
            return {}
        (cells,) = self.fetch(sql.fused(list(compiled.values()), self.relation))
        return {measure: self._cell(measure, cell) for measure, cell in zip(compiled, cells, strict=True)}

    def _cell(self, measure: Measure, cell: Any) -> Answer:  # noqa: ANN401 - what a database returns
        if isinstance(measure, Maximum | Minimum) and self.scope.type_of(measure.value).kind in predicates.INSTANTS:
            return None if cell is None else _instant(cell)
        answer: Answer = cell
        return answer

    def duplicates(self, measure: Duplicates | RepeatedRows) -> Answer:
        """Count duplicates exactly. In a large batch hashes first: no repeated hash proves that every key is unique."""
        if isinstance(measure, RepeatedRows):
            ((count,),) = self.fetch(sql.repeated_rows(measure, self.relation, self.scope))
            return int(count)
        if isinstance(measure, Duplicates) and measure.beside is not None:
            keys = self._elsewhere(measure.key, measure.beside)
            if isinstance(keys, NotMeasured):
                return keys
            query = sql.duplicates_beside(measure.key, self.relation, keys, columns_of(measure.key), self.scope)
            return DuplicateCounts(*self.fetch(query)[0])
        where = ""
        if self.rows.height > EXACT_UP_TO:
            repeated = self._repeated_hashes(measure)
            if not repeated:
                return DuplicateCounts(0, 0, 0)
            where = sql.among_hashes(measure.key, repeated, self.scope)
        ((keys, surplus, rows),) = self.fetch(sql.duplicates(measure.key, self.relation, self.scope, where=where))
        return DuplicateCounts(keys, surplus, rows)

    def _repeated_hashes(self, measure: Duplicates) -> list[int]:
        """Return the 64-bit hashes that more than one key has: 8 bytes a row, sorted, neighbours compared."""
        import numpy as np

        query = sql.key_hashes(measure.key, self.relation, self.scope)
        hashes = np.asarray(self.connection.execute(query).fetchnumpy()["h"])
        hashes.sort()
        again = hashes[1:] == hashes[:-1]
        return [int(h) for h in np.unique(hashes[1:][again])] if again.any() else []

    def orphans(self, measure: Orphans) -> Answer:
        """Count the rows whose key is not in the other dataset."""
        parent = self._parent(measure)
        if isinstance(parent, NotMeasured):
            return parent
        query = sql.orphans(measure.key, self.relation, parent, measure.columns, self.scope)
        ((count,),) = self.fetch(query)
        return int(count)

    def already_there(self, measure: AlreadyThere) -> Answer:
        """Count the rows whose key stands in another batch of the table."""
        keys = self._elsewhere(measure.key, measure.beside)
        if isinstance(keys, NotMeasured):
            return keys
        condition = sql.already_there(measure.key, keys, columns_of(measure.key), self.scope)
        ((count,),) = self.fetch(sql.counted(condition, self.relation))
        return int(count)

    def _elsewhere(self, key: tuple[Value, ...], beside: str) -> str | NotMeasured:
        """Return the relation over the keys of the table's other batches, or why they cannot be compared with."""
        rows = self.others.get(beside)
        if rows is None:
            return NotMeasured(Fault.CONTEXT, "the keys of the table's other batches are not at hand")
        there = key_indexes.Elsewhere(key, columns_of(key), rows, key_indexes.comparable)
        return key_indexes.relation(there, self.relation, self.scope)

    def _parent(self, measure: Orphans) -> str | NotMeasured:
        """Return the other dataset's relation, or why it cannot be compared with."""
        rows = self.others.get(measure.dataset)
        if rows is None or any(defect.blinds for defect in rows.defects):
            return NotMeasured(Fault.CONTEXT, f"no committed rows of {measure.dataset} to compare with")
        there = rows.types
        if missing := next((column for column in measure.columns if column not in there), None):
            return NotMeasured(Fault.CONTEXT, f"{measure.dataset} has no column {missing!r}")
        if rows.table is None:
            found = key_indexes.Elsewhere(measure.key, measure.columns, rows, _one_family, measure.dataset)
            return key_indexes.relation(found, self.relation, self.scope)
        for value, column in zip(measure.key, measure.columns, strict=True):
            here = self.scope.type_of(value)
            if not _one_family(here, there[column]):
                reason = f"{'.'.join(value.path)!r} is {here.name}, {measure.dataset}.{column} is {there[column].name}"
                return NotMeasured(Fault.DATA, f"types cannot be compared: {reason}")
        return self._relation(rows, f"_lakegate_{measure.dataset}")

    def balance(self, measure: Imbalance) -> Answer:
        """Compare the tallies of groups with those of the other dataset."""
        rows = self.others.get(measure.dataset)
        if rows is None or any(defect.blinds for defect in rows.defects):
            reason = "the manifest names no batch of it that is committed, and none of the same key is"
            return NotMeasured(Fault.CONTEXT, f"nothing to compare with in {measure.dataset}: {reason}")
        relation = self._relation(rows, f"_lakegate_{measure.dataset}")
        scope = predicates.Scope(rows.types, unconverted=frozenset(rows.unconverted), disagree=rows.disagreements)
        try:
            for value in (*(theirs for _, theirs in measure.by), *measure.there.values):
                scope.type_of(value)
        except predicates.Unmeasurable as missing:
            return NotMeasured(Fault.CONTEXT, f"{measure.dataset}: {missing}")
        found = self.fetch(balance.query(measure, (self.relation, self.scope), (relation, scope)))
        worst = (GroupDiffers(tuple(values), here, there) for values, here, there, differs, *_ in found if differs)
        groups, differ = found[0][-2:] if found else (0, 0)
        return GroupsCompared(groups, differ, tuple(worst))

    def table(self, columns: Sequence[str] | None) -> pa.Table | NotMeasured:
        """Return the rows as an Arrow table, in the order of files and rows."""
        import duckdb

        names = sql.ARRIVED if columns is None else ", ".join(map(predicates.identifier, columns)) or "NULL"
        try:
            return self.connection.sql(f"SELECT {names} FROM {self.relation}").to_arrow_table()
        except duckdb.Error as error:
            return NotMeasured(Fault.ENGINE, cause(error))

    def query(self, measure: SqlResult, table: str) -> Answer:
        """Run a vetted query over views of the batch and of the datasets that it names."""
        views = {table: self.relation}
        for name, dataset in measure.datasets:
            rows = self.others.get(dataset)
            if rows is None:
                return NotMeasured(Fault.CONTEXT, f"no committed rows of {dataset} to ask")
            views[name] = self._relation(rows, f"_lakegate_{dataset}")
        for name, relation in views.items():
            view = f"CREATE OR REPLACE TEMP VIEW {predicates.identifier(name)} AS SELECT {sql.ARRIVED} FROM {relation}"
            self.connection.execute(view)
        return self._single_cell(measure.query)

    def _single_cell(self, query: str) -> Answer:
        """Return the one cell of a query. That it is one SELECT is read once more, by the parser that will run it."""
        import duckdb

        statements = self.connection.extract_statements(query)
        if [one.type for one in statements] != [duckdb.StatementType.SELECT]:
            return NotMeasured(Fault.ENGINE, "the engine reads the query as something else than one SELECT")
        result = self.connection.sql(query)
        if len(result.columns) != 1:
            return _not_one_cell(f"{len(result.columns)} columns")
        zoned = str(result.types[0]) in ZONED
        if zoned:
            result = result.project(f"epoch_us({predicates.identifier(result.columns[0])})")
        cells = result.limit(2).fetchall()
        if len(cells) > 1:
            return _not_one_cell("more than one row")
        if not cells or cells[0][0] is None:
            return NotMeasured(Fault.DATA, "the query returned NULL" if cells else "the query returned no row")
        return _instant(cells[0][0]) if zoned else cells[0][0]

    def locate(self, wanted: Sequence[Wanted], limit: int) -> dict[Measure, tuple[Location, ...]]:
        """Find failing rows: of all predicates in one scan, of keys in a narrow pass each."""
        source = self.relation if self.rows.parts else sql.numbered(self.relation)
        simple = [(want, want.measure.predicate) for want in wanted if isinstance(want.measure, CountWhere)]
        found: dict[Measure, tuple[Location, ...]] = {}
        if simple:
            picks = [sql.first_rows(predicates.predicate(p, self.scope), self._row(want), limit) for want, p in simple]
            (cells,) = self.fetch(sql.fused(picks, source))
            found |= {want.measure: self._locations(want, cell) for (want, _), cell in zip(simple, cells, strict=True)}
        for want in wanted:
            condition = self._key_condition(want.measure)
            if condition is not None:
                ((cell,),) = self.fetch(sql.first_rows_where(condition, self._row(want), source, limit))
                found[want.measure] = self._locations(want, cell)
        return found

    def values(self, want: Wanted, limit: int) -> FailingValues | NotMeasured:
        """Find the values of failing rows that are the most frequent, in a narrow pass over the column."""
        condition = self.breaks(want.measure)
        if isinstance(condition, NotMeasured) or want.show is None:
            return NotMeasured(Fault.CONTEXT, "there is no value to quote")
        shown = sql.shown(want.show, self.scope, SHOWN)
        found = self.fetch(sql.most_rows(condition, shown, self.relation, limit))
        return FailingValues(found[0][2] if found else 0, tuple((str(value), count) for value, count, _ in found))

    def breaks(self, measure: Measure) -> str | NotMeasured:
        """Return the condition under which a row is one of those that a measure counts."""
        if isinstance(measure, CountWhere):
            return predicates.predicate(measure.predicate, self.scope)
        condition = self._key_condition(measure)
        return condition or NotMeasured(Fault.CONTEXT, f"{type(measure).__name__} names no rows here")

    def _key_condition(self, measure: Measure) -> str | None:
        """Return the condition under which a row's key fails; None for a measure that is about no key."""
        match measure:
            case Duplicates(key, None):
                return sql.repeated(key, self.relation, self.scope)
            case Duplicates(key, str(beside)):
                there = self._key_condition(AlreadyThere(key, beside)) or "false"
                return f"({sql.repeated(key, self.relation, self.scope)}) OR ({there})"
            case AlreadyThere(key, beside):
                keys = self._elsewhere(key, beside)
                return sql.already_there(key, keys, columns_of(key), self.scope) if isinstance(keys, str) else None
            case RepeatedRows():
                return sql.repeated_row(measure, self.relation, self.scope)
            case Orphans(key, _, columns):
                parent = self._parent(measure)
                return None if isinstance(parent, NotMeasured) else sql.orphan(key, parent, columns, self.scope)
            case _:
                return None

    def _row(self, want: Wanted) -> list[str]:
        """Return the expressions of a location, ordered by file and row first."""
        names = [part.path for part in self.rows.parts]
        file = f"list_position([{', '.join(map(predicates.text, names))}], filename)" if names else "1"
        row = "file_row_number + 1" if names else sql.ROW_NUMBER
        key = [sql.shown(value, self.scope, SHOWN) for _, value in want.key]
        show = sql.shown(want.show, self.scope, SHOWN) if want.show else "NULL::VARCHAR"
        return [file, row, show, *key]

    def _locations(self, want: Wanted, cells: Sequence[Mapping[str, Any]] | None) -> tuple[Location, ...]:
        found = [tuple(cell.values()) for cell in cells or ()]
        if not self.rows.parts:
            return tuple(self._location(want, "", (row, None), texts) for _, row, *texts in found)
        places: dict[int, Mapping[int, tuple[int, int | None]]] = {}
        for number in {file for file, *_ in found}:
            records, rows = self.rows.parts[number - 1].records, [row for file, row, *_ in found if file == number]
            places[number] = records.places(rows) if records else {row: (row, None) for row in rows}
        return tuple(
            self._location(want, self.rows.parts[file - 1].name, places[file][row], texts)
            for file, row, *texts in found
        )

    def _location(self, want: Wanted, name: str, place: tuple[int, int | None], texts: Sequence[Any]) -> Location:
        show, *key = texts
        told = ("null" if value is None else str(value) for value in key)
        named = tuple((column, text) for (column, _), text in zip(want.key, told, strict=True))
        return Location(name, *place, key=named, value=show)


def _one_family(here: Type, there: Type) -> bool:
    return predicates.same_family(here.kind, there.kind)


def _instant(microseconds: int) -> Answer:
    """Return an instant as Python has it. Fetching it as TIMESTAMPTZ would ask for a time zone database."""
    try:
        return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=microseconds)
    except OverflowError:
        return NotMeasured(Fault.DATA, "got a time before the year 1 or after the year 9999")


def _not_one_cell(got: str) -> NotMeasured:
    return NotMeasured(Fault.DATA, f"the query must return one row with one column, got {got}")


def cause(error: duckdb.Error) -> str:
    """Return the engine's own word in one line, without the values it quotes: they may be personal data.

    An error of the query's text quotes that text and no value.
    """
    import duckdb

    first = str(error).strip().splitlines()[0]
    if isinstance(error, duckdb.BinderException | duckdb.CatalogException | duckdb.ParserException):
        return first
    return re.sub(r"""(["'])(?:.*\1|.*$)""", "…", first)
