"""Types as found in the data, told in the standard's kinds: from DuckDB and from Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakegate.rows import Kind, Type

if TYPE_CHECKING:
    import pyarrow as pa

_INTEGERS = ("tinyint", "smallint", "integer", "bigint", "hugeint", "bignum")
_DUCKDB_KINDS = {
    "varchar": Kind.STRING,
    "uuid": Kind.STRING,
    "enum": Kind.STRING,
    **dict.fromkeys((*_INTEGERS, *(f"u{name}" for name in _INTEGERS)), Kind.INTEGER),
    "decimal": Kind.DECIMAL,
    "float": Kind.FLOAT,
    "double": Kind.FLOAT,
    "boolean": Kind.BOOLEAN,
    "date": Kind.DATE,
    "time": Kind.TIME,
    "time_ns": Kind.TIME,
    "timestamp": Kind.TIMESTAMP,
    "timestamp_s": Kind.TIMESTAMP,
    "timestamp_ms": Kind.TIMESTAMP,
    "timestamp_ns": Kind.TIMESTAMP,
    "timestamp with time zone": Kind.TIMESTAMP_ZONED,
    "timestamptz_ns": Kind.TIMESTAMP_ZONED,
    "blob": Kind.BINARY,
    "null": Kind.NULL,
}


def duckdb_type(found: Any) -> Type:  # noqa: ANN401 - duckdb's type class has no importable name without duckdb
    """Return a `DuckDBPyType` as a `Type`; what the standard has no kind for is `OTHER`."""
    name = str(found).strip('"')
    if found.id == "struct":
        return Type(Kind.OBJECT, name, fields=tuple((field, duckdb_type(inner)) for field, inner in found.children))
    if found.id in ("list", "array"):
        children = dict(found.children)
        return Type(Kind.ARRAY, name, item=duckdb_type(children["child"]), size=children.get("size"))
    if found.id == "map":
        children = dict(found.children)
        return Type(Kind.MAP, name, key=duckdb_type(children["key"]), item=duckdb_type(children["value"]))
    return Type(_DUCKDB_KINDS.get(found.id, Kind.OTHER), name)


def table_types(table: pa.Table) -> tuple[tuple[str, Type], ...]:
    """Return the columns of a table in memory and their types, in the table's order."""
    return tuple((column.name, arrow_type(column.type)) for column in table.schema)


def arrow_type(found: pa.DataType) -> Type:  # noqa: PLR0911 - one a family of types
    """Return an Arrow type as a `Type`; a dictionary is what its values are."""
    from pyarrow import types as is_a  # 0.4 s of CPU, only for tables in memory

    name = str(found)
    if is_a.is_dictionary(found):
        return arrow_type(found.value_type)
    if is_a.is_struct(found):
        return Type(Kind.OBJECT, name, fields=tuple((inner.name, arrow_type(inner.type)) for inner in found))
    if is_a.is_map(found):
        return Type(Kind.MAP, name, key=arrow_type(found.key_type), item=arrow_type(found.item_type))
    if is_a.is_fixed_size_list(found):
        return Type(Kind.ARRAY, name, item=arrow_type(found.value_type), size=found.list_size)
    if hasattr(found, "value_type"):  # every other kind of list
        return Type(Kind.ARRAY, name, item=arrow_type(found.value_type))
    if is_a.is_timestamp(found):
        return Type(Kind.TIMESTAMP_ZONED if found.tz else Kind.TIMESTAMP, name)
    tests = (
        (is_a.is_string, Kind.STRING),
        (is_a.is_large_string, Kind.STRING),
        (is_a.is_string_view, Kind.STRING),
        (is_a.is_integer, Kind.INTEGER),
        (is_a.is_decimal, Kind.DECIMAL),
        (is_a.is_floating, Kind.FLOAT),
        (is_a.is_boolean, Kind.BOOLEAN),
        (is_a.is_date, Kind.DATE),
        (is_a.is_time, Kind.TIME),
        (is_a.is_binary, Kind.BINARY),
        (is_a.is_large_binary, Kind.BINARY),
        (is_a.is_binary_view, Kind.BINARY),
        (is_a.is_fixed_size_binary, Kind.BINARY),
        (is_a.is_null, Kind.NULL),
    )
    return Type(next((kind for test, kind in tests if test(found)), Kind.OTHER), name)
