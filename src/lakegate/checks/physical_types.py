"""A contract's physicalType as the engine spells it: `bigint` and `int64` are BIGINT, `varchar(20)` is VARCHAR."""

from __future__ import annotations

import re

# The names that most contracts use; anything else is read by sqlglot, which costs 0.3 s of CPU to import.
KNOWN = {
    "BIGINT": "bigint int8 int64 long",
    "INTEGER": "integer int int4 int32",
    "SMALLINT": "smallint int2 int16 short",
    "TINYINT": "tinyint int1 byte",
    "VARCHAR": "varchar string text utf8",
    "DOUBLE": "double float8 float64",
    "FLOAT": "float float4 float32 real",
    "BOOLEAN": "boolean bool",
    "DATE": "date date32",
    "TIME": "time",
    "TIMESTAMP": "timestamp datetime",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "UUID": "uuid",
    "BLOB": "binary varbinary blob bytes",
}
_BY_NAME = {name: kind for kind, names in KNOWN.items() for name in names.split()} | {k.lower(): k for k in KNOWN}
_DECIMAL = re.compile(r"(?:decimal|numeric)\((\d+), ?(\d+)\)", re.ASCII)
# What a table in memory calls its types (pyarrow). `int8` is one byte here and eight in a contract.
_ARROW = {
    **{f"int{8 * size}": name for size, name in ((1, "TINYINT"), (2, "SMALLINT"), (4, "INTEGER"), (8, "BIGINT"))},
    **{f"uint{8 * size}": name for size, name in ((1, "UTINYINT"), (2, "USMALLINT"), (4, "UINTEGER"), (8, "UBIGINT"))},
    "float": "FLOAT",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
    **dict.fromkeys(("string", "large_string", "string_view"), "VARCHAR"),
    **dict.fromkeys(("binary", "large_binary", "binary_view"), "BLOB"),
    **dict.fromkeys(("date32[day]", "date64[ms]"), "DATE"),
    **dict.fromkeys(("time32[s]", "time32[ms]", "time64[us]"), "TIME"),
    **dict.fromkeys(("timestamp[s]", "timestamp[ms]", "timestamp[us]"), "TIMESTAMP"),
}


def arrow_as_duckdb(found: str) -> str:
    """Return the name of an Arrow type in DuckDB's spelling, as it is where DuckDB has no such type."""
    if re.fullmatch(r"timestamp\[(s|ms|us), tz=.*\]", found):
        return "TIMESTAMP WITH TIME ZONE"
    if decimal := re.fullmatch(r"decimal\d+\((\d+), (\d+)\)", found):
        return f"DECIMAL({decimal[1]},{decimal[2]})"
    return _ARROW.get(found, found)


def arrow_names(expected: str) -> str:
    """Return a regular expression for the names of the Arrow types that `arrow_as_duckdb` spells as `expected`."""
    wanted = expected.replace(" ", "").upper()
    names = [re.escape(name) for name, spelled in _ARROW.items() if spelled.replace(" ", "").upper() == wanted]
    if wanted == "TIMESTAMPWITHTIMEZONE":
        names.append(r"timestamp\[(s|ms|us), tz=.*\]")
    if decimal := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", wanted):
        names.append(rf"decimal\d+\({decimal[1]}, {decimal[2]}\)")
    return "|".join(names) or r"(?!)"


def duckdb_type(declared: str) -> str | None:
    """Return the declared type in DuckDB's spelling, None where it is no type. Lengths of text are dropped."""
    name = declared.strip().lower()
    if decimal := _DECIMAL.fullmatch(name):
        return f"DECIMAL({decimal[1]}, {decimal[2]})"
    return _BY_NAME.get(name) or _parsed(declared)


def _parsed(declared: str) -> str | None:
    import sqlglot
    from sqlglot import exp

    try:
        parsed = exp.DataType.build(declared)
    except (sqlglot.errors.ParseError, sqlglot.errors.TokenError, ValueError):
        return None
    if parsed.is_type(exp.DataType.Type.USERDEFINED, exp.DataType.Type.UNKNOWN):
        return None
    if parsed.is_type(*exp.DataType.TEXT_TYPES):
        return "VARCHAR"
    return parsed.sql(dialect="duckdb").replace("TEXT", "VARCHAR").replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE")
