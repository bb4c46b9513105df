"""The statement for Athena: types, names and marks. What Spark makes of it: gate/test_manifests_spark.py."""

import pytest

from checks.asked import contract
from reports.contracts.documents import told

AT = "s3://lake/01-raw-data-zone/_gate/_symlink_format_manifest/t/t/"


def statement(*columns, file_format="parquet", gate=None, **server):
    """The statement over a dataset of these columns, None where there is none."""
    there = {"server": "to", "type": "s3", "location": "s3://x/01-raw-data-zone/t/t/", "format": file_format, **server}
    document = contract(*columns, servers=(there,), gate={"to": "to", **(gate or {})})
    ways = told(document, lake="s3://lake").ways
    found = [way.code for way in ways if way.language == "sql"]
    assert bool(found) != (AT in [way.code for way in ways])  # without a table: where the lists lie
    return found[0] if found else None


def column(prop):
    """How Parquet's one column is declared, None where it is left out."""
    made = statement({"name": "beside", "logicalType": "string"}, {"name": "a", **prop})
    line = next((line for line in made.splitlines() if line.startswith("  `a` ")), None)
    assert (line is None) == made.startswith("-- left out, for a name or type that Athena has not: a\n")
    return line and line.removeprefix("  `a` ")


def test_it_is_whole():
    made = statement({"name": "id", "logicalType": "integer"}, {"name": "name", "logicalType": "string"})

    assert made == (
        "CREATE EXTERNAL TABLE t_t (\n  `id` bigint,\n  `name` string\n)\nPARTITIONED BY (`batch` string)\n"
        "ROW FORMAT SERDE 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'\n"
        "STORED AS INPUTFORMAT 'org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat'\n"
        "OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'\n"
        f"LOCATION '{AT}';\n\n-- once, and after new batches\nMSCK REPAIR TABLE t_t;"
    )


@pytest.mark.parametrize(
    ("prop", "expected"),
    [
        ({"logicalType": "integer"}, "bigint"),
        ({"logicalType": "integer", "physicalType": "int"}, "int"),
        ({"logicalType": "integer", "logicalTypeOptions": {"format": "u64"}}, None),
        ({"logicalType": "number"}, "double"),
        ({"logicalType": "number", "physicalType": "decimal(10, 2)"}, "decimal(10,2)"),
        ({"logicalType": "timestamp", "logicalTypeOptions": {"timezone": True}}, "timestamp"),
        ({"logicalType": "time"}, None),
        ({"logicalType": "string", "physicalType": "uuid"}, None),
        ({"logicalType": "array", "items": {"name": "i", "logicalType": "date"}}, "array<date>"),
        (
            {
                "logicalType": "object",
                "properties": [{"name": "x", "logicalType": "number"}, {"name": "y", "logicalType": "time"}],
            },
            "struct<`x`:double>",
        ),
    ],
)
def test_types(prop, expected):
    assert column(prop) == expected


def test_a_name_that_athena_has_not_is_left_out_and_ends_no_statement():
    hostile = "x\n; DROP TABLE t_t; --"
    names = [hostile, "batch", "A", "a", "fine"]

    made = statement(*({"name": name, "logicalType": "string"} for name in names))

    assert made.startswith("-- left out, for a name or type that Athena has not: batch, A, a, 1 more\nCREATE")
    assert "DROP" not in made
    assert "(\n  `fine` string\n)" in made


def test_text_is_taken_by_place_with_the_marks_of_the_contract():
    made = statement(
        {"name": "id", "logicalType": "integer"},
        file_format="csv",
        delimiter="tab",
        gate={"text": {"quote": "'", "escape": "\\"}},
    )

    assert "  `id` string\n" in made
    assert r"WITH SERDEPROPERTIES ('separatorChar' = '\t', 'quoteChar' = '\'', 'escapeChar' = '\\')" in made
    assert "TBLPROPERTIES ('skip.header.line.count' = '1');" in made
    assert made.startswith("-- columns are taken by their place")


@pytest.mark.parametrize(
    "given",
    [
        {"file_format": "json"},
        {"file_format": "csv", "encoding": "cp1252"},  # it would be read as UTF-8
        {"file_format": "csv", "gate": {"columns": "open"}},  # whatever stands between would shift the rest
    ],
)
def test_what_athena_would_read_otherwise_than_we_gets_no_table(given):
    assert statement({"name": "id", "logicalType": "string"}, **given) is None


def test_a_column_of_text_that_cannot_be_named_cannot_be_left_out():
    assert statement({"name": "batch", "logicalType": "string"}, file_format="csv") is None
