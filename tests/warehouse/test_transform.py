"""What a transform may be, and what is said of one that may not."""

import hashlib

import pytest

from lakegate.contract.model import LogicalType, Property, SchemaObject
from lakegate.errors import Refused, UsageError
from lakegate.warehouse.transform import read_transform

KEYED = SchemaObject(
    "t", "t", (Property("id", "id", LogicalType.INTEGER, primary_key_position=1), Property("amount", "amount"))
)
KEYLESS = SchemaObject("t", "t", (Property("id", "id"), Property("amount", "amount")))


def read(tmp_path, sql):
    (tmp_path / "t.sql").write_text(sql)
    return read_transform(tmp_path / "t.sql", "t.sql")


def test_the_tables_are_those_of_outside_with_their_lines(tmp_path):
    sql = """-- month by month
WITH own AS (SELECT * FROM "cleanse/flights" WHERE month = $month)
SELECT id FROM own JOIN "nyc/planes" USING (tail) WHERE 'a $text' <> $batch -- and $comment
ORDER BY id;
"""

    found = read(tmp_path, sql)

    assert {(one.name, one.line) for one in found.tables} == {("cleanse/flights", 2), ("nyc/planes", 3)}
    assert found.parameters == ("batch", "month")
    assert found.sha256 == hashlib.sha256(sql.encode()).hexdigest()


def test_parameters_are_filled_in_as_texts(tmp_path):
    found = read(tmp_path, "SELECT id FROM \"a/b\" WHERE m = $month AND t = '$month' ORDER BY id")

    assert found.filled({"month": "it's", "batch": "b"}) == (
        "SELECT id FROM \"a/b\" WHERE m = 'it''s' AND t = '$month' ORDER BY id"
    )


def test_a_parameter_that_is_no_field_of_the_key_is_told_with_the_near_name(tmp_path):
    found = read(tmp_path, 'SELECT id FROM "a/b" WHERE m = $mont ORDER BY id')

    with pytest.raises(UsageError, match=r"t.sql: \$mont is no field of the batch key \(did you mean month"):
        found.filled({"month": "2013-01", "batch": "month=2013-01"})


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT 1 AS id ORDER BY id; SELECT 2 AS id ORDER BY id", "got 2 statements, expected one SELECT"),
        ("", "got 0 statements, expected one SELECT"),
        ("CREATE TABLE t AS SELECT 1 AS id", "got a CREATE statement, expected one SELECT"),
        ("COPY (SELECT 1) TO 'x'", "got a COPY statement, expected one SELECT"),
        ("SELECT id FROM", "cannot be read as SQL"),
        ('SELECT id FROM "a/b"', "has no ORDER BY over columns of its result .*the same bytes"),
        ('SELECT id FROM (SELECT id FROM "a/b" ORDER BY id)', "has no ORDER BY"),
        ('SELECT id, now() AS at FROM "a/b" ORDER BY id', "now.* depends on more than the data .the same inputs"),
        ('SELECT id, random() AS at FROM "a/b" ORDER BY id', "depends on more than the data"),
        ('SELECT id, uuid() AS at FROM "a/b" ORDER BY id', "depends on more than the data"),
        ('SELECT id, current_date AS at FROM "a/b" ORDER BY id', "depends on more than the data"),
        (
            'SELECT id FROM "a/b" USING SAMPLE 10 ORDER BY id',
            "depends on more than the data|cannot be read|no ORDER BY",
        ),
    ],
)
def test_what_is_no_repeatable_select_is_refused(tmp_path, sql, told):
    with pytest.raises(UsageError, match=told):
        read(tmp_path, sql)


@pytest.mark.parametrize(
    "sql", ["SELECT * FROM read_csv('/etc/passwd') ORDER BY ALL", "SELECT getenv('HOME') AS id ORDER BY id"]
)
def test_what_reaches_outside_is_refused(tmp_path, sql):
    with pytest.raises(Refused, match=r"t\.sql: .*a transform reads committed batches"):
        read(tmp_path, sql)


def test_a_path_is_the_name_of_a_dataset_that_nobody_has(tmp_path):
    found = read(tmp_path, "SELECT * FROM '/etc/passwd' ORDER BY ALL")

    assert [one.name for one in found.tables] == ["/etc/passwd"]


@pytest.mark.parametrize("order", ["id", "1", "amount, id DESC", "t.id", "ALL", "id NULLS LAST, amount", "ID"])
def test_an_order_by_the_primary_key_is_total(tmp_path, order):
    read(tmp_path, f'SELECT t.id, amount FROM "a/b" t ORDER BY {order}').check_order(KEYED)


@pytest.mark.parametrize("order", ["amount", "2", "u.id", "id + 1, amount"])
def test_an_order_without_the_primary_key_is_not(tmp_path, order):
    found = read(tmp_path, f'SELECT t.id, amount FROM "a/b" t, "a/c" u ORDER BY {order}, amount')

    with pytest.raises(UsageError, match=r"ORDER BY does not hold id of the primary key.*write ORDER BY id"):
        found.check_order(KEYED)


def test_without_a_primary_key_every_column_orders(tmp_path):
    with pytest.raises(UsageError, match=r"does not hold amount of all columns.*write ORDER BY ALL"):
        read(tmp_path, 'SELECT id, amount FROM "a/b" ORDER BY id').check_order(KEYLESS)
    read(tmp_path, 'SELECT id, amount FROM "a/b" ORDER BY ALL').check_order(KEYLESS)
    read(tmp_path, 'SELECT id, amount FROM "a/b" UNION SELECT 1, 2 ORDER BY amount, id').check_order(KEYLESS)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UsageError, match=r"t.sql: No such file"):
        read_transform(tmp_path / "t.sql", "t.sql")
