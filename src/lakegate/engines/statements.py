"""What DuckDB is asked for each measure, as a statement of its own that a reader can run. Nothing is run here.

Rows are named, never found: the batch by the name of its object, other datasets by theirs. No value of the data and no
path of the machine stands in a statement, so that equal rows give equal statements.
"""

from __future__ import annotations

from collections.abc import Mapping

from lakegate.checks.table_wide import columns_of
from lakegate.engines import balance, sql, statistics
from lakegate.engines.predicates import Scope, identifier, text
from lakegate.measures import (
    AlreadyThere,
    Distinct,
    Duplicates,
    Imbalance,
    LibraryResult,
    Measure,
    MostCommon,
    Orphans,
    Quantiles,
    RepeatedRows,
    SqlResult,
)
from lakegate.rows import Rows

GLOB = frozenset("*?[]{}")  # a file whose name holds one cannot be named in a list for `read_…`
READERS = {  # by the end of a file's name, without that of its compression
    "parquet": ("read_parquet", "hive_partitioning = false"),
    "csv": ("read_csv", "header = true, types = "),
    "tsv": ("read_csv", "header = true, types = "),
    "json": ("read_json", "columns = "),
    "jsonl": ("read_json", "columns = "),
    "ndjson": ("read_json", "columns = "),
}
COMPRESSED = (".gz", ".zst")


def statement(measure: Measure, relation: str, scope: Scope, others: Mapping[str, Scope]) -> str:
    """Return the query for one measure; empty for what a library of checks does itself.

    `others` says what names mean in the datasets beside the batch. Raises Unmeasurable where the rows do not allow it.
    """
    match measure:
        case RepeatedRows():
            query = sql.repeated_rows(measure, relation, scope)
        case Distinct() | MostCommon() | Quantiles():
            query = statistics.query(measure, relation, scope)
        case Duplicates(key, beside):
            query = sql.duplicates(key, relation, scope)
            if beside is not None:
                query = sql.duplicates_beside(key, relation, identifier(beside), columns_of(key), scope)
        case AlreadyThere(key, beside):
            query = sql.counted(sql.already_there(key, identifier(beside), columns_of(key), scope), relation)
        case Orphans(key, dataset, columns):
            query = sql.orphans(key, relation, identifier(dataset), columns, scope)
        case Imbalance(dataset=dataset):
            query = balance.query(measure, (relation, scope), (identifier(dataset), others.get(dataset, scope)))
        case SqlResult(asked):
            query = asked.strip()
        case LibraryResult():
            query = ""
        case _:  # one of those that a scan computes together
            query = f"SELECT {sql.aggregate(measure, scope)}\nFROM {relation}"
    return query


def opening(rows: Rows, table: str) -> str:
    """Return the statement that finds the batch's files, in their folder, under the name of its object.

    Text is read with the types of the contract. Empty where DuckDB alone reads no such files, or cannot be told their
    names.
    """
    names = [part.name for part in rows.parts]
    ends = {_end(name) for name in names}
    reader = READERS.get(ends.pop()) if len(ends) == 1 else None
    if reader is None or any(GLOB & set(name) for name in names):
        return ""
    function, how = reader
    if how.endswith("= "):
        types = ", ".join(f"{text(name)}: {text(found.name)}" for name, found in rows.types.items())
        how = f"{how}{{{types}}}"
    return f"CREATE VIEW {identifier(table)} AS\nFROM {function}([{', '.join(map(text, names))}], {how})"


def _end(name: str) -> str:
    """Return what a file's name ends in: its format, as far as a name tells."""
    for end in COMPRESSED:
        name = name.removesuffix(end)
    return name.rpartition(".")[2].lower()
