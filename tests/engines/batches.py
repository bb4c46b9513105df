"""Rows for an engine to measure: tables in memory, and the same as Parquet files of one batch."""

import pyarrow as pa
import pyarrow.parquet as pq

from lakegate.engines.duckdb import DuckDB
from lakegate.intake.types import table_types
from lakegate.measures import Answer, Measure
from lakegate.plan import KeyPass, Plan, QueryPass, ReferencePass, Scan, ValuesPass
from lakegate.rows import Part, Rows


def in_memory(table: pa.Table) -> Rows:
    """Return a table as it is."""
    return Rows(table=table, table_types=table_types(table))


def as_files(folder, *tables: pa.Table, staged: bool = False, **written) -> Rows:
    """Write each table as one Parquet part. `staged`: trusted, as if the intake had written it."""
    parts = []
    for number, table in enumerate(tables):
        path = folder / f"part-{number}.parquet"
        pq.write_table(table, path, **written)
        parts.append(Part(f"{number}.parquet", str(path), table_types(table), table.num_rows, staged))
    return Rows(tuple(parts))


def staging(measure: Measure) -> KeyPass | ValuesPass | ReferencePass | QueryPass | Scan:
    """Return the stage that one measure needs."""
    kinds = {"Duplicates": KeyPass, "Orphans": ReferencePass, "SqlResult": QueryPass, "RepeatedRows": KeyPass}
    kinds |= dict.fromkeys(("Distinct", "MostCommon", "Quantiles"), ValuesPass)
    return kinds.get(type(measure).__name__, lambda m: Scan((m,)))(measure)


def measured(rows: Rows, *measures: Measure, others=None) -> list[Answer]:
    """Return what the engine answers to each measure, one scan for all that one scan can compute."""
    scanned = tuple(m for m in measures if isinstance(staging(m), Scan))
    passes = tuple(staging(m) for m in measures if m not in scanned)
    answers = DuckDB().measure(Plan((Scan(scanned), *passes)), rows, others or {}, "t")
    return [answers[m] for m in measures]
