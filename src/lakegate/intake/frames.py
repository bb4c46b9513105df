"""Tables of other libraries as Arrow: pandas, polars, DuckDB, and whatever hands out Arrow's C stream.

Nothing is imported that the caller has not imported: which library a table is of is seen by its class. What a library
says is missing becomes null: to pandas NaN is, and it would write a null into Parquet; elsewhere NaN is no number, and
a contract that wants numbers fails on it.
"""

from __future__ import annotations

import datetime as dt
import decimal
import math
import numbers
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from lakegate.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


class Frame(Protocol):
    """A table in memory that Arrow's PyCapsule interface can take over: pyarrow, pandas, polars, DuckDB and others."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Hand out the rows."""


def to_table(data: Any) -> pa.Table:  # noqa: ANN401 - any library's table
    """Return any table in memory as a pyarrow table of types that every engine reads; a pyarrow table as it is.

    A lazy frame and a relation are computed, and what goes wrong then is raised as their library raises it; a reader is
    read to its end. The index of a pandas frame is no column. Raises UsageError for what is no table, and for a column
    that has no single type.
    """
    import pyarrow as pa

    if _is(data, "pandas", "DataFrame"):
        return _readable(_from_pandas(data))
    if _is(data, "polars", "LazyFrame"):
        data = data.collect()
    if _is(data, "polars", "DataFrame"):
        _no_objects(data)
    streams = any(hasattr(data, way) for way in ("__arrow_c_stream__", "__arrow_c_array__"))
    if not streams or any(_is(data, library, "Series") for library in ("pandas", "polars")):
        raise UsageError(
            f"got {type(data).__name__}, expected a table",
            hint="a pyarrow table, a pandas or polars frame, a DuckDB relation, or the paths of files",
        )
    try:
        return _readable(data if isinstance(data, pa.Table) else pa.table(data))
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise UsageError(f"the {type(data).__name__} cannot be read as Arrow: {error}") from None


def _is(data: object, library: str, name: str) -> bool:
    """Whether `data` is of a library's class, or of one derived from it."""
    return any(kind.__name__ == name and kind.__module__.partition(".")[0] == library for kind in type(data).__mro__)


def _no_objects(frame: Any) -> None:  # noqa: ANN401 - polars may not be there
    """Raise UsageError for columns of Python objects: polars hands out their addresses in memory."""
    for name, dtype in frame.schema.items():
        if str(dtype) == "Object":
            raise UsageError(f"the column {name!r} holds Python objects", hint="cast it to a type of polars' own")


def _readable(table: pa.Table) -> pa.Table:
    """Return the table with columns that no engine reads, or each in its own way, as their plain like."""
    for index, field in enumerate(table.schema):
        if (plain := _plain(field.type)) is not None:
            table = table.set_column(index, field.name, _converted(field.name, plain, table.column(index)))
    return table


def _plain(kind: pa.DataType) -> Callable[[pa.ChunkedArray], pa.ChunkedArray] | None:
    """Return what makes a column of this type plain, None where it is."""
    import pyarrow as pa
    from pyarrow import compute
    from pyarrow import types as is_a

    if is_a.is_dictionary(kind):
        return lambda column: _spelled_out(column, kind.value_type)
    if is_a.is_run_end_encoded(kind):
        return compute.run_end_decode  # type: ignore[no-any-return]
    if is_a.is_float16(kind):
        return lambda column: column.cast(pa.float32())
    if is_a.is_decimal256(kind):
        return lambda column: column.cast(pa.decimal128(38, kind.scale))
    return None


def _spelled_out(column: pa.ChunkedArray, values: pa.DataType) -> pa.ChunkedArray:
    """Return a column of categories as the values that they stand for."""
    import pyarrow as pa
    from pyarrow import types as is_a

    plain = pa.large_string() if is_a.is_string_view(values) else values  # polars' texts: Arrow cannot take from them
    return pa.chunked_array([chunk.dictionary.cast(plain).take(chunk.indices) for chunk in column.chunks], plain)


def _converted(name: str, convert: Callable[[Any], pa.Array], column: object) -> pa.Array:
    """Return a converted column. Raises UsageError where its values have no type of Arrow's."""
    import pyarrow as pa

    try:
        return convert(column)
    except (pa.ArrowException, OverflowError, TypeError, ValueError) as error:
        raise UsageError(f"the column {name!r} cannot be read as Arrow: {error}") from None


# --- pandas -----------------------------------------------------------------------------------------------------------


def _from_pandas(frame: pd.DataFrame) -> pa.Table:
    import pyarrow as pa

    names = list(frame.columns)
    for name in names:
        if not isinstance(name, str):
            raise UsageError(f"the column {name!r} has no text for a name", hint="rename it as the contract does")
    columns = [_converted(name, _column, frame.iloc[:, at]) for at, name in enumerate(names)]  # twins have one name
    return pa.table(columns, names=names)


def _column(series: pd.Series[Any]) -> pa.Array:
    """Return one column; what pandas says is missing is null, NaN too: numpy's floats have no other word for it."""
    import pyarrow as pa

    return pa.array(_values(series)) if series.dtype == object else pa.array(series, from_pandas=True)


def _values(series: pd.Series[Any]) -> list[Any]:
    """Return the values of a column of Python objects, None where one is missing.

    Raises UsageError where values are of types that Arrow would bend into one, or refuse.
    """
    import pandas as pd

    missing = (None, pd.NA, pd.NaT)
    values: list[Any] = []
    kinds: dict[str, int] = {}
    for row, value in enumerate(series, start=1):
        gone = any(value is one for one in missing) or (isinstance(value, float) and math.isnan(value))
        values.append(None if gone else value)
        if not gone:
            kinds.setdefault(_kind(value), row)
    if len(kinds) > 1 and set(kinds) not in ({"int", "float"}, {"int", "Decimal"}):
        told = " and ".join(f"{kind} (row {row:,})" for kind, row in list(kinds.items())[:3])
        raise UsageError(
            f"the column {series.name!r} holds values of several types: {told}", hint="give it one, with .astype()"
        )
    return values


_KINDS: Sequence[tuple[type | tuple[type, ...], str]] = (
    (bool, "bool"),
    (decimal.Decimal, "Decimal"),
    (numbers.Integral, "int"),
    (numbers.Real, "float"),
    (str, "str"),
    (dt.date, "date"),
    (dict, "dict"),
)


def _kind(value: object) -> str:
    """Return the kind of a value as far as mixing kinds in a column changes what they mean."""
    if isinstance(value, dt.datetime):
        return "datetime with a zone" if value.tzinfo else "datetime"
    return next((name for kind, name in _KINDS if isinstance(value, kind)), type(value).__name__)
