"""SQL in contracts (INPUTS 13, and its threats): what is let through, what is refused, and that the engine agrees."""

import os

import duckdb
import pytest
import sqlglot
from hypothesis import event, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from contract.hostile_sql import LET_THROUGH, NO_RULE, REFUSED, Marked
from lakegate.contract import engine_reading, vetting
from lakegate.contract.sql_words import HARMLESS, NOT_PURE
from lakegate.contract.vetting import Vetted, fill, vet
from lakegate.errors import ContractError, Refused

TABLES = frozenset({"planes"})


def fuzzed(examples: int) -> int:
    """How many examples a fuzz test tries: LAKEGATE_EXAMPLES asks for another number."""
    return int(os.environ.get("LAKEGATE_EXAMPLES", examples))


def vetted(query: str) -> Vetted:
    return vet(query, table="flights", column="tail", tables=TABLES, where="rule")


@pytest.mark.parametrize("query", LET_THROUGH)
def test_let_through(query):
    found = vetted(query)

    assert found.tables == (("planes",) if "planes" in query else ())


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


# --- the engine's own reading -----------------------------------------------------------------------------------


@pytest.mark.parametrize("query", REFUSED)
def test_the_engines_reading_alone_refuses_it(query):
    """Two layers, each alone enough: what sqlglot refuses, the engine's own tree refuses as well."""
    try:
        read = engine_reading.tables(query, "rule")
    except (Refused, ContractError):
        return
    scoped = '"x.csv"' in query  # which common table a name means where, sqlglot's layer tells
    assert scoped or read - {"flights", "planes"}


def test_every_harmless_function_is_one_of_the_engine_and_depends_on_its_arguments_alone():
    with duckdb.connect() as connection:
        told = connection.execute("SELECT lower(function_name), list(stability) FROM duckdb_functions() GROUP BY ALL")
        known = dict(told.fetchall())

    assert sorted(HARMLESS - set(known)) == []
    assert {name: known[name] for name in HARMLESS if set(known[name]) - {None, "CONSISTENT"}} == {}
    assert HARMLESS.isdisjoint(NOT_PURE)


def test_what_a_parser_would_read_otherwise_is_read_by_the_engine(monkeypatch):
    """Were sqlglot fooled, the engine's own reading would still refuse."""
    monkeypatch.setattr(vetting, "_vet_statement", lambda *_: ["flights"])
    for query in ("SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM 'x.csv'", "SELECT getvariable('x')"):
        with pytest.raises(Refused):
            vetted(query)


def test_a_column_called_like_a_session_word_is_named_with_its_table():
    with pytest.raises(ContractError) as error:
        vetted("SELECT count(*) FROM flights WHERE user = 'x'")

    assert "{object}.user" in str(error.value)
    assert vetted("SELECT count(*) FROM flights WHERE flights.user = 'x'").sql


# --- nothing reaches out ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    marked = Marked(tmp_path_factory.mktemp("marked"))
    yield marked
    marked.close()


@pytest.mark.parametrize("query", LET_THROUGH)
def test_what_is_let_through_runs_and_reaches_nothing(query, world):
    assert world.reached(vetted(query).sql) is None


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM 'x.csv'",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM secrets",
        "SELECT * FROM _lakegate_batch",
        "SELECT getvariable('mark')",
        "SELECT * FROM 'https://127.0.0.1:1/x.csv'",
        "SELECT count(*) FROM glob('/etc/*')",
        'SELECT * FROM "x.parquet"',
    ],
)
def test_that_reaching_out_would_be_seen(query, world):
    assert world.reached(query)


PIECES = st.sampled_from(
    """SELECT FROM WHERE WITH RECURSIVE AS UNION ALL flights planes tail "flights" '/etc/passwd' "/etc/passwd" secrets
    'x.csv' "x.csv" read_csv( read_text( glob( count( count_if( max( ( ) , ; * = > 1 'a' NULL NOT IN EXISTS x y
    COPY TO INTO ATTACH SET PRAGMA -- /* */ E' $$ ' " {object} {property} VALUES LATERAL JOIN ON USING main . ::
    INT lambda : [ ] DESCRIBE SUMMARIZE PIVOT TABLE SHOW getenv( getvariable( query( query_table( secrets
    GROUP BY ORDER LIMIT OFFSET QUALIFY WINDOW OVER COLUMNS( EXCLUDE REPLACE unnest( TABLESAMPLE""".split()  # noqa: SIM905 - words
)


@st.composite
def mutants(draw):
    """A query of the lists with pieces of hostile ones put in, taken out, or in place of its words."""
    words = draw(st.sampled_from(LET_THROUGH + REFUSED)).split()
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(words)))
        words[place : place + draw(st.integers(0, 2))] = draw(st.lists(PIECES, max_size=3))
    return " ".join(words)


@pytest.mark.slow
@given(mutants())
@settings(max_examples=fuzzed(400))
def test_no_mutated_text_reaches_out(world, query):
    event(assert_reaches_nothing(world, query))


def _trees() -> list[exp.Expr]:
    """The trees of all queries of the lists that sqlglot can read."""
    texts = (fill(query, "flights", "tail", "rule") for query in LET_THROUGH + REFUSED)
    trees = [tree for text in texts for tree in sqlglot.parse(text, dialect="duckdb") if tree]
    return [tree for tree in trees if not isinstance(tree, exp.Command)]


TREES = _trees()
PARTS = [node for tree in TREES for node in tree.walk()]
HOSTILE = [node for node in PARTS if isinstance(node, exp.Table | exp.Anonymous | exp.Func | exp.Subquery | exp.CTE)]


def _functions() -> list[str]:
    with duckdb.connect() as connection:
        told = connection.execute("SELECT DISTINCT function_name FROM duckdb_functions() ORDER BY ALL").fetchall()
    return [name for (name,) in told if name.isidentifier()]


FUNCTIONS = _functions()
TEXTS = st.sampled_from(["x.csv", "/etc/passwd", "secrets", "mark", "HOME", "SELECT * FROM secrets"])
ARGUMENTS = TEXTS.map(exp.Literal.string) | st.builds(exp.column, st.just("tail"))


@st.composite
def grown(draw):
    """A query's tree with nodes in whose place stand nodes of other queries, or a call of any function there is."""
    tree = draw(st.sampled_from(TREES)).copy()
    for _ in range(draw(st.integers(1, 3))):
        places = [node for node in tree.walk() if node.parent is not None]
        if not places:
            break
        place = places[draw(st.integers(0, len(places) - 1))]
        calls = exp.Anonymous(this=draw(st.sampled_from(FUNCTIONS)), expressions=draw(st.lists(ARGUMENTS, max_size=2)))
        alike = [node for node in PARTS if type(node) is type(place)]
        place.replace(draw(st.sampled_from(alike + HOSTILE)).copy() if draw(st.booleans()) else calls)
    return tree


@pytest.mark.slow
@given(grown())
@settings(max_examples=fuzzed(400))
def test_no_mutated_tree_reaches_out(world, tree):
    try:
        query = tree.sql(dialect="duckdb")
    except (ValueError, AttributeError, TypeError, KeyError):
        return  # no tree that sqlglot can write

    event(assert_reaches_nothing(world, query))


@pytest.mark.slow
def test_every_function_there_is_reaches_nothing(world):
    """Each function of the engine, as a value and as a table, over what it could read."""
    for name in FUNCTIONS:
        for arguments in ("", "'x.csv'", "'mark'"):
            for form in ("SELECT {}({})", "SELECT count(*) FROM {}({})"):
                assert_reaches_nothing(world, form.format(name, arguments))


def assert_reaches_nothing(world, query):
    """Return what the vetting came to."""
    try:
        found = vetted(query)
    except (Refused, ContractError) as error:
        return type(error).__name__
    assert world.reached(found.sql) is None
    return "let through"
