"""What of a Parquet file an Iceberg table can take: its schema, or the columns that keep it out.

pyiceberg takes more than readers of Iceberg understand. An unsigned 64-bit integer becomes a `long`, in which the upper
half of its values is negative; a time zone of a time of day is dropped. Such columns are refused here, by name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lakegate.errors import CouldNotEvaluate, LakeError
from lakegate.lake.interface import Lake

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_MEND = "publish the table with a type that Iceberg has; the batch is committed all the same"


def iceberg_schema(lake: Lake, key: str) -> pa.Schema:
    """Return the columns of the Parquet file at `key`, each of them optional: whether one may be null says a contract.

    Raises:
        CouldNotEvaluate: it is no Parquet, or columns of it have no place in an Iceberg table; they are named.
        LakeError: it is gone.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    name = key.rpartition("/")[2]
    if any(mark in name for mark in "?#"):
        raise CouldNotEvaluate(f"{name!r} cannot stand in an Iceberg table: readers end a path at '?' and '#'")
    filesystem, root = lake.arrow()
    try:
        footer = pq.read_metadata(root + key, filesystem=filesystem)
    except FileNotFoundError as error:
        raise LakeError(f"the committed file {key!r} is gone", hint="restore it") from error
    except (OSError, pa.ArrowInvalid) as error:
        raise CouldNotEvaluate(f"{name!r} cannot be read as Parquet: {error}", hint=_MEND) from error
    schema = footer.schema.to_arrow_schema()
    wrong = [*_names(schema), *(f"{column}: {why}" for field in schema for column, why in _unfit(field, field.name))]
    wrong += _annotated(footer.schema)
    if wrong:
        raise CouldNotEvaluate(
            f"{name!r} has columns that an Iceberg table cannot take: {'; '.join(wrong)}", hint=_MEND
        )
    return pa.schema([field.with_nullable(True) for field in schema])


def _names(schema: pa.Schema) -> Iterator[str]:
    """Yield names that readers which fold case take for one."""
    seen: dict[str, str] = {}
    for name in schema.names:
        if seen.setdefault(name.casefold(), name) is not name:
            yield f"{name}: is {seen[name.casefold()]} to readers that fold case"


def _unfit(field: pa.Field, path: str) -> Iterator[tuple[str, str]]:
    """Yield what keeps a column out, of the column itself and of what is nested in it."""
    import pyarrow as pa

    if field.metadata and b"PARQUET:field_id" in field.metadata:
        yield path, "carries a field id of another table, by which readers would look it up"
    kind = field.type
    if pa.types.is_nested(kind):
        for index in range(kind.num_fields):
            inner = kind.field(index)
            yield from _unfit(inner, f"{path}.{inner.name}")
        return
    if pa.types.is_uint32(kind) or pa.types.is_uint64(kind):
        yield path, f"{kind} has no signed type of the same width; cast it to bigint or decimal"
    elif pa.types.is_float16(kind):
        yield path, "half precision; cast it to float"
    elif pa.types.is_timestamp(kind) and kind.unit != "us":
        yield path, f"{kind}: the bounds that readers prune by are microseconds; cast it to timestamp"
    elif pa.types.is_time(kind) and kind.unit != "us":
        yield path, f"{kind}: Iceberg's time is in microseconds"
    elif pa.types.is_null(kind):
        yield path, "has no type: every value is null"
    elif pa.types.is_decimal(kind) and kind.precision > 38:
        yield path, f"{kind}: Iceberg's decimal has at most 38 digits"


def _annotated(schema: pq.ParquetSchema) -> Iterator[str]:
    """Yield what Arrow's type does not tell: Iceberg's time has no zone, and it has no interval at all."""
    for index in range(len(schema.names)):
        column = schema.column(index)
        logical = json.loads(column.logical_type.to_json())
        if logical.get("Type") == "Time" and logical.get("isAdjustedToUTC"):
            yield f"{column.path}: a time of day with a zone; cast it to time"
        elif logical.get("Type") == "Interval":
            yield f"{column.path}: an interval; write its length as a number"
