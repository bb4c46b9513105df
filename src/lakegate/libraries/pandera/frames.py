"""Frames of pandas and Polars made of an Arrow table, as a model of either sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

EXACT = 2**53  # the integers that a double holds one by one end here


def pandas_frame(table: pa.Table) -> pd.DataFrame:
    """Return the rows as pandas has them, numbered from 0.

    A column of integers with nulls becomes doubles, as everywhere in pandas, unless a double would round one of them:
    then it is pandas' nullable Int64.
    """
    import pandas as pd

    bare = table.replace_schema_metadata(None)  # what pandas once wrote there would make a column the index
    frame: pd.DataFrame = bare.to_pandas()
    for column in bare.column_names:
        values = bare.column(column)
        if _rounded(values):
            unsigned = str(values.type).startswith("u")
            frame[column] = values.to_pandas(
                types_mapper=lambda _, u=unsigned: pd.UInt64Dtype() if u else pd.Int64Dtype()
            )
    return frame


def _rounded(values: pa.ChunkedArray) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not (pa.types.is_integer(values.type) and values.null_count):
        return False
    extremes: dict[str, Any] = pc.min_max(values).as_py()
    return any(bound is not None and abs(bound) > EXACT for bound in extremes.values())


def polars_frame(table: pa.Table) -> pl.DataFrame:
    """Return the rows as an eager frame: of a lazy one pandera checks the schema alone, and passes any data."""
    import polars as pl

    frame = pl.from_arrow(table)
    if not isinstance(frame, pl.DataFrame):
        raise TypeError(f"polars made a {type(frame).__name__} of a table, expected a DataFrame")
    return frame
