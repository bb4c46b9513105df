"""Measures compiled to SQL: the fused scan, narrow passes over keys, where failing rows are. Nothing is run here."""

from __future__ import annotations

from typing import assert_never

from lakegate.engines import statistics
from lakegate.engines.predicates import (
    INSTANTS,
    Scope,
    Unmeasurable,
    identifier,
    number,
    predicate,
    reference,
    text,
)
from lakegate.measures import (
    AlreadyThere,
    CountWhere,
    Distinct,
    Duplicates,
    Imbalance,
    LibraryResult,
    Maximum,
    Mean,
    Measure,
    Minimum,
    MostCommon,
    Orphans,
    Quantiles,
    RepeatedRows,
    RowCount,
    SqlResult,
    StandardDeviation,
    Sum,
)
from lakegate.predicates import Value
from lakegate.rows import RESERVED

ARRIVED = f"COLUMNS(lambda name: NOT starts_with(name, {text(RESERVED)}))"
"""The columns that arrived, without those that the intake put beside them."""


def aggregate(measure: Measure, scope: Scope) -> str:
    """Compile a measure that one scan can compute beside others. Raises Unmeasurable as `predicate` does.

    The extremes of a date or timestamp come as microseconds since 1970 in UTC: no time zone database is asked.
    """
    match measure:
        case RowCount():
            return "count(*)"
        case CountWhere(p):
            return f"coalesce(count_if({predicate(p, scope)}), 0)"  # NULL where the predicate is NULL in every row
        case Maximum(value) | Minimum(value):
            measured = number(value, scope) if measure.numbers_only else _measured(value, scope)
            extreme = f"{'max' if isinstance(measure, Maximum) else 'min'}({measured})"
            return f"epoch_us({extreme})" if scope.type_of(value).kind in INSTANTS else extreme
        case Sum() | Mean() | StandardDeviation():
            return statistics.aggregate(measure, scope)
        case Quantiles() | Distinct() | MostCommon() | RepeatedRows():
            raise ValueError(f"{measure} needs a pass of its own")
        case Duplicates() | AlreadyThere() | Orphans() | SqlResult() | Imbalance() | LibraryResult():
            raise ValueError(f"{measure} needs a pass of its own")
    assert_never(measure)


def _measured(value: Value, scope: Scope) -> str:
    scope.type_of(value)
    return reference(value)


def parquet(paths: list[str], *, union: bool = False) -> str:
    """Return the relation over exactly these files. The intake gives them names that no glob pattern touches."""
    by_name = ", union_by_name = true" if union else ""
    return f"read_parquet([{', '.join(map(text, paths))}], hive_partitioning = false{by_name})"


def fused(aggregates: list[str], relation: str) -> str:
    """Return the one scan that computes all of `aggregates` over `relation`."""
    return "SELECT\n  " + ",\n  ".join(aggregates) + f"\nFROM {relation}"


def key_list(key: tuple[Value, ...], scope: Scope) -> list[str]:
    """Return the columns of a key. Raises Unmeasurable where one is missing."""
    return [_measured(value, scope) for value in key]


def duplicates(key: tuple[Value, ...], relation: str, scope: Scope, *, where: str = "") -> str:
    """Return the query for `DuplicateCounts`: repeated keys, surplus rows, rows concerned. Null keys are left out."""
    columns = key_list(key, scope)
    present = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    return (
        "SELECT count(*), coalesce(sum(n - 1), 0)::BIGINT, coalesce(sum(n), 0)::BIGINT\n"
        f"FROM (SELECT count(*) AS n FROM {relation}\n"
        f"      WHERE {present}{where} GROUP BY {', '.join(columns)} HAVING count(*) > 1)"
    )


def key_hash(key: tuple[Value, ...], scope: Scope) -> str:
    """Return a 64-bit hash of the key; rows with equal keys have equal hashes."""
    return f"hash({', '.join(key_list(key, scope))})"


def key_hashes(key: tuple[Value, ...], relation: str, scope: Scope) -> str:
    """Return the query for the hash of every key without a null, as the column `h`."""
    present = " AND ".join(f"{column} IS NOT NULL" for column in key_list(key, scope))
    return f"SELECT {key_hash(key, scope)} AS h FROM {relation} WHERE {present}"


def orphan(key: tuple[Value, ...], parent: str, columns: tuple[str, ...], scope: Scope) -> str:
    """Return the condition under which a row's key is not among the rows of the relation `parent`."""
    here = key_list(key, scope)
    present = " AND ".join(f"{column} IS NOT NULL" for column in here)
    there = ", ".join(identifier(column) for column in columns)
    known = " AND ".join(f"{identifier(column)} IS NOT NULL" for column in columns)
    return f"{present} AND {_row(here)} NOT IN (SELECT DISTINCT {there} FROM {parent} WHERE {known})"


def already_there(key: tuple[Value, ...], keys: str, columns: tuple[str, ...], scope: Scope) -> str:
    """Return the condition under which a row's key is among those of the relation `keys`, which hold no null."""
    here = key_list(key, scope)
    present = " AND ".join(f"{column} IS NOT NULL" for column in here)
    return f"{present} AND {_row(here)} IN (SELECT {', '.join(map(identifier, columns))} FROM {keys})"


def counted(condition: str, relation: str) -> str:
    """Return the query that counts the rows for which a condition is true that asks another relation."""
    return f"SELECT count(*) FROM {relation}\nWHERE {condition}"


def duplicates_beside(key: tuple[Value, ...], relation: str, keys: str, columns: tuple[str, ...], scope: Scope) -> str:
    """Return the query for `DuplicateCounts` where a key among those of the relation `keys` repeats, too."""
    here = [f"k{number}" for number in range(len(key))]
    named = ", ".join(f"{column} AS {name}" for column, name in zip(key_list(key, scope), here, strict=True))
    present = " AND ".join(f"{column} IS NOT NULL" for column in key_list(key, scope))
    there = f"{_row(here)} IN (SELECT {', '.join(map(identifier, columns))} FROM {keys})"
    return (
        "SELECT count(*), coalesce(sum(CASE WHEN there THEN n ELSE n - 1 END), 0)::BIGINT, "
        "coalesce(sum(n), 0)::BIGINT\n"
        f"FROM (SELECT n, {there} AS there FROM (SELECT {named}, count(*) AS n FROM {relation}\n"
        f"      WHERE {present} GROUP BY ALL))\nWHERE there OR n > 1"
    )


def columns_of(columns: list[str], relation: str) -> str:
    """Return the query for some columns of all rows."""
    return f"SELECT {', '.join(columns)} FROM {relation}"


def _row(columns: list[str]) -> str:
    return columns[0] if len(columns) == 1 else f"({', '.join(columns)})"


def distinct_keys(key: tuple[Value, ...], columns: tuple[str, ...], relation: str, scope: Scope) -> str:
    """Return the query for the distinct keys without a null, in their order, under these names."""
    here, names = key_list(key, scope), list(map(identifier, columns))
    named = ", ".join(f"{column} AS {name}" for column, name in zip(here, names, strict=True))
    present = " AND ".join(f"{column} IS NOT NULL" for column in here)
    return f"SELECT DISTINCT {named} FROM {relation} WHERE {present} ORDER BY {', '.join(names)}"


def orphans(key: tuple[Value, ...], relation: str, parent: str, columns: tuple[str, ...], scope: Scope) -> str:
    """Return the query that counts the rows whose key is not in `parent`."""
    return f"SELECT count(*) FROM {relation}\nWHERE {orphan(key, parent, columns, scope)}"


def repeated(key: tuple[Value, ...], relation: str, scope: Scope) -> str:
    """Return the condition under which a row's key stands in more than one row."""
    columns = ", ".join(key_list(key, scope))
    present = " AND ".join(f"{column} IS NOT NULL" for column in key_list(key, scope))
    row = f"({columns})" if len(key) > 1 else columns
    return f"{present} AND {row} IN (SELECT {columns} FROM {relation} GROUP BY {columns} HAVING count(*) > 1)"


def repeated_rows(measure: RepeatedRows, relation: str, scope: Scope) -> str:
    """Return the query that counts the rows of `RepeatedRows`."""
    keys = ", ".join(number(value, scope) for value in measure.key)
    among = predicate(measure.among, scope)
    groups = f"SELECT count(*) AS n FROM {relation}\n      WHERE {among} GROUP BY {keys} HAVING count(*) > 1"
    return f"SELECT coalesce(sum(n), 0)::BIGINT\nFROM ({groups})"


def repeated_row(measure: RepeatedRows, relation: str, scope: Scope) -> str:
    """Return the condition under which a row is one of `RepeatedRows`. A key is compared as one: null equals null."""
    among = predicate(measure.among, scope)
    key = _struct([number(value, scope) for value in measure.key])
    groups = f"SELECT {key} AS k FROM {relation} WHERE {among} GROUP BY k HAVING count(*) > 1"
    return f"({among}) AND {key} IN ({groups})"


def among_hashes(key: tuple[Value, ...], hashes: list[int], scope: Scope) -> str:
    """Return what narrows a query to keys with one of these hashes; nothing where they are too many to list."""
    if len(hashes) > 10_000:
        return ""
    return f" AND {key_hash(key, scope)} IN ({', '.join(map(str, hashes))})"


# --- where failing rows are -------------------------------------------------------------------------------------

ROW_NUMBER = "_lakegate_row"


def numbered(relation: str) -> str:
    """Return a table in memory with its rows numbered from 1."""
    return f"(SELECT *, row_number() OVER () AS {ROW_NUMBER} FROM {relation})"


def shown(value: Value, scope: Scope, characters: int) -> str:
    """Return a value as text of at most `characters`, NULL where the data has no such column."""
    try:
        return f"left(CAST({_measured(value, scope)} AS VARCHAR), {characters})"
    except Unmeasurable:
        return "NULL::VARCHAR"


def first_rows(condition: str, columns: list[str], limit: int) -> str:
    """Return the aggregate that keeps the first rows, ordered by `columns`, for which the condition is true."""
    return f"min(CASE WHEN {condition} THEN {_struct(columns)} END, {limit})"


def first_rows_where(condition: str, columns: list[str], relation: str, limit: int) -> str:
    """Return the query for the same, where the condition asks another relation: an aggregate cannot hold that."""
    first = f"SELECT {_struct(columns)} AS c FROM {relation} WHERE {condition} ORDER BY c LIMIT {limit}"
    return f"SELECT list(c) FROM ({first})"


def most_rows(condition: str, value: str, relation: str, limit: int) -> str:
    """Return the query for the values of the rows for which the condition is true: those of the most rows first.

    Its columns: the value as text, its rows, how many different values there are. Null is no value.
    """
    found = f"SELECT {value} AS v FROM {relation} WHERE {condition}"
    return (
        "SELECT v, count(*) AS n, count(*) OVER () AS differ\n"
        f"FROM ({found})\nWHERE v IS NOT NULL GROUP BY v ORDER BY n DESC, v LIMIT {limit}"
    )


def _struct(columns: list[str]) -> str:
    return "{" + ", ".join(f"c{number}: {column}" for number, column in enumerate(columns)) + "}"
