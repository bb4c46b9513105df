"""The statement that makes a table in Athena over a dataset's lists of files (docs/adr/0009), in Hive's words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from lakegate.checks.physical_types import duckdb_type
from lakegate.contract.dialect import mark
from lakegate.contract.model import Contract, LogicalType, Property, SchemaObject, Server, TextDialect

PARTITION = "batch"  # the column that the lists' folders give
TEXT = ("csv", "tsv")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_LISTS = """ROW FORMAT SERDE '{serde}'
{properties}STORED AS INPUTFORMAT 'org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat'
OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION '{lists}'"""
_HEADER = "TBLPROPERTIES ('skip.header.line.count' = '1')"
_LOGICAL = {
    LogicalType.STRING: "string",
    LogicalType.INTEGER: "bigint",
    LogicalType.NUMBER: "double",
    LogicalType.BOOLEAN: "boolean",
    LogicalType.DATE: "date",
    LogicalType.TIMESTAMP: "timestamp",
}
_PHYSICAL = {
    "BIGINT": "bigint",
    "INTEGER": "int",
    "SMALLINT": "smallint",
    "TINYINT": "tinyint",
    "VARCHAR": "string",
    "DOUBLE": "double",
    "FLOAT": "float",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    "BLOB": "binary",
}


def statements(contract: Contract, obj: SchemaObject, dataset: str, lists: str, server: Server | None) -> str | None:
    """Return what makes the table and finds its batches; None for files that no table of Athena's reads as we do.

    `lists` is the address of the folder of the lists, `server` says how the files are written. Columns of Parquet are
    found by name, and have the contract's types; those of text by their place, and are all text.
    """
    file_format = (server.format or "").lower() if server else ""
    columns = [prop for prop in obj.properties if prop.semantic_type != "measure"]
    if not columns or re.search(r"['\\]", lists):
        return None
    table = re.sub(r"[^a-z0-9]+", "_", dataset.lower()).strip("_")
    if file_format == "parquet":
        told = _of_parquet(table, columns, lists)
    elif file_format in TEXT and server is not None:
        told = _of_text(table, columns, lists, contract, server)
    else:
        told = None
    return f"{told};\n\n-- once, and after new batches\nMSCK REPAIR TABLE {table};" if told else None


def _of_parquet(table: str, columns: Sequence[Property], lists: str) -> str | None:
    """Return the statement over Parquet. A column that Athena cannot have is left out, and named where it is safe."""
    found = {prop.physical_name: hive_type(prop) for prop in columns}
    told = [f"  `{name}` {kind}" for name, kind in found.items() if kind and _fits(name, found)]
    if not told:
        return None
    missing = len(found) - len(told)
    named = [name for name, kind in found.items() if _NAME.fullmatch(name) and not (kind and _fits(name, found))]
    left = f"-- left out, for a name or type that Athena has not: {', '.join([*named, *_more(missing - len(named))])}\n"
    serde = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    return (left if missing else "") + _create(table, told, _LISTS.format(serde=serde, properties="", lists=lists))


def _of_text(table: str, columns: Sequence[Property], lists: str, contract: Contract, server: Server) -> str | None:
    """Return the statement over text with a header, None where its columns would not be those of the contract."""
    text = contract.gate.text
    names = [prop.physical_name for prop in columns]
    encoding = (server.encoding or text.encoding).lower().replace("_", "-")
    plain = encoding in ("utf-8", "utf8", "ascii", "us-ascii")
    if not plain or contract.gate.columns == "open" or not all(_fits(name, names) for name in names):
        return None
    tabs = (server.format or "").lower() == "tsv" and text.delimiter == TextDialect().delimiter
    delimiter = mark(server.delimiter) if server.delimiter else ("\t" if tabs else mark(text.delimiter))
    marks = {"separatorChar": delimiter, "quoteChar": text.quote}
    if text.escape != text.quote:
        marks["escapeChar"] = text.escape
    told = ", ".join(f"'{name}' = '{_quoted(found)}'" for name, found in marks.items())
    lines = _LISTS.format(
        serde="org.apache.hadoop.hive.serde2.OpenCSVSerde",
        properties=f"WITH SERDEPROPERTIES ({told})\n",
        lists=lists,
    )
    head = "-- columns are taken by their place: right where the header of every file has this order\n"
    return f"{head}{_create(table, [f'  `{name}` string' for name in names], lines)}\n{_HEADER}"


def _create(table: str, columns: Iterable[str], lines: str) -> str:
    told = ",\n".join(columns)
    return f"CREATE EXTERNAL TABLE {table} (\n{told}\n)\nPARTITIONED BY (`{PARTITION}` string)\n{lines}"


def _quoted(found: str) -> str:
    return {"\t": "\\t", "'": "\\'", "\\": "\\\\"}.get(found, found)


def _fits(name: str, names: Iterable[str]) -> bool:
    """Whether a column can have this name: Athena knows no capitals, and the partition has a name of its own."""
    alike = [other for other in names if other.lower() == name.lower()]
    return bool(_NAME.fullmatch(name)) and name.lower() != PARTITION and len(alike) == 1


def _more(number: int) -> list[str]:
    return [f"{number} more"] if number else []


def hive_type(prop: Property) -> str | None:
    """Return the type of a column, None where Hive and Athena have none: a time of day, half of an unsigned number."""
    match prop.logical_type:
        case LogicalType.OBJECT:
            inner = [(one.physical_name, hive_type(one)) for one in prop.properties]
            told = [f"`{name}`:{kind}" for name, kind in inner if kind and _NAME.fullmatch(name)]
            return f"struct<{','.join(told)}>" if told else None
        case LogicalType.ARRAY:
            item = hive_type(prop.items) if prop.items else None
            return f"array<{item}>" if item else None
        case LogicalType.MAP:
            key, value = (hive_type(one) if one else None for one in (prop.key, prop.value))
            return f"map<{key},{value}>" if key and value else None
        case LogicalType.VECTOR:
            return "array<double>"
        case _:
            return _scalar(prop)


def _scalar(prop: Property) -> str | None:
    """Return the type of a value that holds no others; the physical one, where the contract says it."""
    if prop.physical_type is not None:
        declared = duckdb_type(prop.physical_type) or ""
        decimal = re.fullmatch(r"DECIMAL\((\d+), ?(\d+)\)", declared)
        return f"decimal({decimal[1]},{decimal[2]})" if decimal else _PHYSICAL.get(declared)
    if prop.options.get("format") == "u64" or prop.logical_type is None:
        return None
    return _LOGICAL.get(prop.logical_type)
