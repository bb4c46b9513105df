"""The embedded engine: DuckDB over Parquet files or an Arrow table, on a connection that can reach nothing else.

INPUTS, threats: the connection may read exactly the files of the run and its configuration is locked, so that neither a
contract's SQL nor a crafted file reaches another file, the network or the environment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from lakegate.engines import connections, key_indexes, predicates, split, statements, statistics
from lakegate.engines.interface import Asked, FailingValues, Wanted
from lakegate.engines.session import Session, cause
from lakegate.engines.split import Split
from lakegate.made import KeySpan, MadeIndex
from lakegate.measures import (
    Answer,
    Fault,
    Measure,
    NotMeasured,
    Orphans,
)
from lakegate.plan import BalancePass, KeyPass, LibraryPass, Plan, QueryPass, ReferencePass, Scan, ValuesPass
from lakegate.predicates import Value
from lakegate.rows import Location, Rows

if TYPE_CHECKING:
    import pyarrow as pa

LOCATED_AT_ONCE = 64  # failing checks whose rows are looked up in one scan


class DuckDB:
    """Computes measures with DuckDB (engines/interface.py). `memory_limit` as DuckDB writes it, `4GB`."""

    def __init__(self, *, memory_limit: str | None = None, workspace: str | None = None) -> None:
        """`workspace` is a local folder into which DuckDB may spill; None keeps everything in memory."""
        self._memory_limit = memory_limit
        self._workspace = workspace

    @property
    def version(self) -> str:
        """`duckdb` and its version."""
        import duckdb

        return f"duckdb {duckdb.__version__}"

    def measure(self, plan: Plan, rows: Rows, others: Mapping[str, Rows], table: str) -> dict[Measure, Answer]:
        """Answer every measure of the plan (engines/interface.py)."""
        if any(defect.blinds for defect in rows.defects):
            blind = NotMeasured(Fault.UNREADABLE, "the batch could not be read")
            return dict.fromkeys(plan.measures, blind)
        answers: dict[Measure, Answer] = {}
        with self._session(rows, others) as session:
            for stage in plan.stages:
                match stage:
                    case Scan(measures):
                        answers |= session.scan(measures)
                    case KeyPass(measure):
                        answers[measure] = session.attempt(lambda m=measure: session.duplicates(m))  # type: ignore[misc]
                    case ValuesPass(measure):
                        of_values = partial(statistics.of_values, measure, session.relation, session.scope)
                        answers[measure] = session.attempt(partial(of_values, session.fetch))
                    case ReferencePass(measure):
                        count = session.orphans if isinstance(measure, Orphans) else session.already_there
                        answers[measure] = session.attempt(partial(count, measure))  # type: ignore[arg-type]
                    case BalancePass(measure):
                        answers[measure] = session.attempt(partial(session.balance, measure))
                    case QueryPass(measure):
                        answers[measure] = session.attempt(lambda m=measure: session.query(m, table))  # type: ignore[misc]
                    case LibraryPass():
                        pass  # a guest's work: `libraries.guests`
        return answers

    def table(self, rows: Rows, columns: Sequence[str] | None) -> pa.Table | NotMeasured:
        """Return the rows as a table (engines/interface.py)."""
        if rows.table is not None:
            return rows.table.select(list(columns)) if columns is not None else rows.table
        with self._session(rows, {}) as session:
            return session.table(columns)

    def locate(
        self, wanted: Sequence[Wanted], rows: Rows, others: Mapping[str, Rows], limit: int
    ) -> dict[Measure, tuple[Location, ...]]:
        """Find the first `limit` failing rows of each measure (engines/interface.py)."""
        if not wanted or limit < 1 or any(defect.blinds for defect in rows.defects):
            return {}
        if split.clash(rows) is not None:  # a file's own `filename` hides the one by which rows are found
            return {}
        found: dict[Measure, tuple[Location, ...]] = {}
        with self._session(rows, others) as session:
            for start in range(0, len(wanted), LOCATED_AT_ONCE):
                found |= session.locate(wanted[start : start + LOCATED_AT_ONCE], limit)
        return found

    def values(
        self, wanted: Sequence[Wanted], rows: Rows, others: Mapping[str, Rows], limit: int
    ) -> dict[Measure, FailingValues]:
        """Find the most frequent values of failing rows (engines/interface.py)."""
        asked = [want for want in wanted if want.show is not None]
        if not asked or limit < 1 or any(defect.blinds for defect in rows.defects):
            return {}
        with self._session(rows, others) as session:
            found = {want.measure: session.attempt(partial(session.values, want, limit)) for want in asked}
        return {measure: told for measure, told in found.items() if isinstance(told, FailingValues)}

    def asked(self, measures: Sequence[Measure], rows: Rows, others: Mapping[str, Rows], table: str) -> Asked:
        """Say what is run (engines/interface.py)."""
        if any(defect.blinds for defect in rows.defects):
            return Asked("", {})
        here, *there = (
            predicates.Scope(one.types, unconverted=frozenset(one.unconverted), disagree=one.disagreements)
            for one in (rows, *others.values())
        )
        beside = dict(zip(others, there, strict=True))
        queries: dict[Measure, str] = {}
        for measure in measures:
            with suppress(predicates.Unmeasurable):
                queries[measure] = statements.statement(measure, predicates.identifier(table), here, beside)
        return Asked(statements.opening(rows, table), queries)

    def key_index(self, name: str, key: tuple[Value, ...], rows: Rows, target: Path) -> MadeIndex | NotMeasured:
        """Write the distinct keys of the rows (engines/interface.py)."""
        if blind := next((defect for defect in rows.defects if defect.blinds), None):
            return NotMeasured(Fault.UNREADABLE, blind.message)
        return key_indexes.write(name, key, rows, target, self._memory_limit, self._workspace)

    def key_span(self, key: tuple[Value, ...], rows: Rows) -> KeySpan | None:
        """Return between which values a key lies (engines/interface.py)."""
        if not rows.parts or any(defect.blinds for defect in rows.defects):
            return None
        with self._session(rows, {}) as session:
            return key_indexes.span(key, rows, session.connection)

    def split(
        self,
        rows: Rows,
        others: Mapping[str, Rows],
        rules: Sequence[tuple[str, Measure]],
        allowed: Callable[[int], bool],
        folder: Path,
    ) -> Split | NotMeasured:
        """Write the rows that break rules apart from the others (engines/interface.py)."""
        import duckdb
        import pyarrow as pa

        if (taken := split.clash(rows)) is not None:
            return NotMeasured(Fault.ENGINE, f"rows cannot be set apart beside a column called {taken!r}")
        try:
            with self._session(rows, others) as session:
                conditions = [session.breaks(measure) for _, measure in rules]
                if unknown := next((one for one in conditions if isinstance(one, NotMeasured)), None):
                    return unknown
                told = [one for one in conditions if isinstance(one, str)]
                each, every = split.mark(session.connection, session.relation, rows.parts, told)
                found = Split({rule: count for (rule, _), count in zip(rules, each, strict=True)}, every)
                if not allowed(every):
                    return found
                pairs = []
                for number, part, where in zip(count(1), rows.parts, split.targets(rows, folder), strict=False):
                    bad = split.broken(session.connection, number)
                    if len(bad["r"]):
                        pairs.append(split.write(part, bad, [rule for rule, _ in rules], where))
        except predicates.Unmeasurable as missing:
            return NotMeasured(Fault.DATA, str(missing))
        except (duckdb.Error, pa.ArrowException) as error:
            reason = cause(error) if isinstance(error, duckdb.Error) else type(error).__name__
            return NotMeasured(Fault.ENGINE, f"rows could not be set apart: {reason}")
        accepted, rejected = tuple(good for good, _ in pairs), tuple(bad for _, bad in pairs)
        return replace(found, rows=split.counted(rejected), accepted=accepted, rejected=rejected)

    @contextmanager
    def _session(self, rows: Rows, others: Mapping[str, Rows]) -> Iterator[Session]:
        every = [rows, *others.values()]
        files = [part.path for each in every for part in each.parts]
        if files:
            trusted = all(part.staged for each in every for part in each.parts)
            connection = connections.locked(
                files, trusted=trusted, memory=self._memory_limit, workspace=self._workspace
            )
        else:
            connection = connections.for_tables()
        try:
            yield Session(connection, rows, others)
        finally:
            connection.close()
