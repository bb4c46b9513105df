"""A contract's physicalType as the engine spells it: `bigint` and `int64` are BIGINT, `varchar(20)` is VARCHAR."""

from __future__ import annotations

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


def duckdb_type(declared: str) -> str | None:
    """Return the declared type in DuckDB's spelling, None where it is no type. Lengths of text are dropped."""
    known = _BY_NAME.get(declared.strip().lower())
    return known or _parsed(declared)


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
