"""SQL in contracts (INPUTS 13, and its threats): what is let through, what is refused, and that the engine agrees."""

import re

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakegate.contract.vetting import Vetted, fill, vet
from lakegate.engines.connections import locked
from lakegate.errors import ContractError, Refused

TABLES = frozenset({"planes"})


def vetted(query: str) -> Vetted:
    return vet(query, table="flights", column="tail", tables=TABLES, where="rule")


LET_THROUGH = [
    "SELECT count(*) FROM flights",
    "SELECT count(*) FROM FLIGHTS;",
    "FROM flights SELECT count(*)",
    "SELECT count(*) FROM {object} WHERE {property} IS NULL -- a comment",
    'SELECT count_if("tail" IS NULL) FROM "flights"',
    "SELECT count(*) FROM flights JOIN planes USING (tail)",
    "SELECT count(*) FROM flights WHERE tail NOT IN (SELECT tail FROM planes)",
    "WITH late AS (SELECT * FROM flights), later AS (SELECT * FROM late) SELECT count(*) FROM Later",
    "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT count(*) FROM n",
    "SELECT (SELECT max(tail) FROM planes) = (SELECT max(tail) FROM flights)",
    "SELECT 1 UNION SELECT 2",
    "SELECT max(n) FROM (SELECT count(*) OVER (PARTITION BY tail) AS n FROM flights)",
    "SELECT sum(len(list_filter([1, 2], lambda x: x > 1))) FROM flights",
    "SELECT ';' FROM flights; -- the end",
    "SELECT count(*) FROM flights WHERE tail = 'read_csv(''/etc/passwd'')'",
]

REFUSED = [
    "DROP TABLE flights",
    "DELETE FROM flights",
    "INSERT INTO flights VALUES (1)",
    "UPDATE flights SET tail = 1",
    "CREATE TABLE x AS SELECT 1",
    "COPY flights TO 'x.csv'",
    "COPY (SELECT 1) TO 'x.csv'",
    "ATTACH 'x.db'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA database_list",
    "SET threads = 1",
    "CALL pragma_version()",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE flights",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM parquet_metadata('x')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM '/etc/passwd'",
    'SELECT * FROM "s3://bucket/key.parquet"',
    "SELECT count(*) FROM flights, 'x.csv'",
    "SELECT * FROM main.flights",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_settings",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM query('SELECT 1')",
    "SELECT getenv('HOME')",
    "SELECT getvariable('x')",
    "SELECT nextval('s')",
    "SELECT ?",
    "SELECT $1",
    'WITH "x.csv" AS (SELECT * FROM "x.csv") SELECT count(*) FROM "x.csv"',  # the inner one is the file
    'SELECT * FROM "x.csv", (WITH "x.csv" AS (SELECT 1) SELECT * FROM "x.csv")',  # the name ends with its query
    'WITH a AS (SELECT * FROM "x.csv"), "x.csv" AS (SELECT 1) SELECT * FROM a',  # named before it was written
]

NO_RULE = [
    "",
    "-- nothing",
    "SELECT FROM WHERE",
    "SELECT count(*) FROM flights WHERE day > now()",
    "SELECT count(*) FROM flights WHERE day > current_date",
    "SELECT random()",
    "EXPORT DATABASE 'x'",
    "SELECT count(*) FROM flights WHERE day > get_current_timestamp()",
    "SELECT uuid()",
    "SELECT " + "(" * 20_000 + "1" + ")" * 20_000,
]


@pytest.mark.parametrize("query", LET_THROUGH)
def test_let_through(query):
    found = vetted(query)

    assert found.tables == (("planes",) if "planes" in query else ())
    assert runs(found.sql) is None


@pytest.mark.parametrize("query", REFUSED)
def test_refused_for_security(query):
    with pytest.raises(Refused) as error:
        vetted(query)

    assert str(error.value).startswith("rule: ")
    assert error.value.exit_code == 6


@pytest.mark.parametrize("query", NO_RULE, ids=lambda query: query[:30])
def test_no_rule_of_this_data(query):
    with pytest.raises(ContractError) as error:
        vetted(query)

    assert error.value.exit_code == 2


@pytest.mark.parametrize("word", ["object", "table", "model", "schema"])
@pytest.mark.parametrize("form", ["{%s}", "${%s}", "${ %s }"])
def test_placeholders_of_the_object(form, word):
    assert fill(form % word, 'a"b', None, "rule") == '"a""b"'
    assert fill(form % word.upper(), "t", None, "rule") == '"t"'


def test_a_placeholder_of_a_property_where_there_is_none():
    with pytest.raises(ContractError, match="there is no property"):
        fill("SELECT {property}", "t", None, "rule")


def test_a_hostile_name_stays_a_name():
    hostile = '"; DROP TABLE flights; --'

    assert vet("SELECT max({property}) FROM {object}", table=hostile, column=hostile, tables=TABLES, where="rule").sql


# --- the engine agrees ------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    """SELECT FROM WHERE WITH RECURSIVE AS UNION ALL flights planes tail "flights" '/etc/passwd' "/etc/passwd"
    'x.csv' "x.csv" read_csv( read_text( glob( count( count_if( max( ( ) , ; * = > 1 'a' NULL NOT IN EXISTS x y
    COPY TO INTO ATTACH SET PRAGMA -- /* */ E' $$ ' " {object} {property} VALUES LATERAL JOIN ON USING main . ::
    INT lambda : [ ] DESCRIBE SUMMARIZE PIVOT TABLE SHOW getenv( getvariable( query(""".split()  # noqa: SIM905 - words
)


@st.composite
def mutants(draw):
    """A query that is let through with pieces of hostile ones put in, taken out, or in place of its words."""
    words = draw(st.sampled_from(LET_THROUGH + REFUSED)).split()
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(words)))
        words[place : place + draw(st.integers(0, 2))] = draw(st.lists(PIECES, max_size=3))
    return " ".join(words)


@pytest.mark.slow
@settings(max_examples=400)
@given(mutants())
def test_what_is_let_through_touches_no_file(query):
    try:
        found = vetted(query)
    except (Refused, ContractError):
        return

    assert runs(found.sql) != "touched a file"


def runs(query: str) -> str | None:
    """Run a vetted query where it would be run; return what went wrong, None where nothing did."""
    connection = locked([], trusted=True)
    data = pa.table({"tail": ["N1", None], "day": [1, 2]})
    try:
        connection.register("flights", data)
        connection.register("planes", data)
        statements = connection.extract_statements(query)
        if [one.type for one in statements] != [duckdb.StatementType.SELECT]:
            return "no SELECT"
        connection.sql(query).limit(1).fetchall()
    except duckdb.Error as error:
        outside = isinstance(error, duckdb.PermissionException | duckdb.IOException | duckdb.HTTPException)
        return "touched a file" if outside or re.search("[Ff]ile", str(error)) else "another error"
    finally:
        connection.close()
    return None


def test_that_touching_a_file_would_be_seen():
    assert runs("SELECT * FROM '/etc/passwd.csv'") == "touched a file"
    assert runs("SELECT * FROM read_text('/etc/passwd')") == "touched a file"
    assert runs("SELECT zz FROM flights") == "another error"
