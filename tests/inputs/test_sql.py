"""INPUT 13: SQL in a contract that reads files, copies, or stacks statements; and what columns a rule's SQL sees."""

from __future__ import annotations

import pytest

from inputs.world import CONTRACT, prop

ID, NAME = prop("id", "integer"), prop("name", "string")
GOOD = "id,name\n1,a\n2,b\n"


def asking(world, query, **more):
    """A contract with one rule in SQL, which must come to 0."""
    world.contract(ID, NAME, quality=[{"id": "asked", "type": "sql", "query": query, "mustBe": 0}], **more)


@pytest.mark.parametrize(
    ("query", "cause"),
    [
        ("SELECT count(*) FROM read_csv('/etc/passwd')", "table function read_csv('/etc/passwd')"),
        ("SELECT count(*) FROM read_text('/etc/passwd')", "read_text"),
        ("SELECT count(*) FROM 's3://other/key.parquet'", "s3://other/key.parquet"),
        ("SELECT count(*) FROM '/etc/passwd'", "/etc/passwd"),
        ("COPY rows TO '/tmp/rows.csv'", "got a COPY statement"),
        ("SELECT 0; DROP TABLE rows", "got 2 statements"),
        ("SELECT getenv('HOME')", "getenv()"),
        ("SELECT count(*) FROM duckdb_settings()", "duckdb_settings"),
        ("SELECT count(*) FROM other", "the query reads other, expected only rows"),
    ],
)
def test_013_sql_that_reaches_outside(world, query, cause):
    asking(world, query)
    world.arrive({"a.csv": GOOD})

    linted = world.lint()

    assert linted.exit_code == 6, linted.output
    linted.line(f"{CONTRACT}:", "rows.quality.asked", cause)
    world.assert_ends(6, "rows.quality.asked", cause)


@pytest.mark.parametrize(
    ("form", "file", "data"), [("csv", "a.csv", GOOD), ("json", "a.jsonl", '{"id":1,"name":"a"}\n')]
)
def test_a_query_sees_the_columns_that_arrived_and_no_others(world, form, file, data):
    asking(world, "SELECT count(*) FROM (SELECT * FROM {object} EXCEPT SELECT id, name FROM {object})", form=form)
    world.arrive({file: data})

    world.assert_ends(0, "is committed")
