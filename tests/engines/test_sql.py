"""Predicates and measures as SQL text: what goes in and what comes out, names and literals that try to be SQL."""

import datetime as dt
from decimal import Decimal

import duckdb
import pytest

from lakegate.engines import predicates, sql
from lakegate.measures import CountWhere, Duplicates, Maximum, Minimum, RowCount
from lakegate.predicates import (
    AllOf,
    AnyEntry,
    AnyItem,
    AnyOf,
    DoesNotMatch,
    IsNull,
    LengthOutOfRange,
    Not,
    NotFinite,
    NotIn,
    NotMultipleOf,
    OneOf,
    OutOfRange,
    RepeatsItem,
    Value,
)
from lakegate.rows import Kind, Type

TEXT, INT, FLOAT = Type(Kind.STRING, "VARCHAR"), Type(Kind.INTEGER, "BIGINT"), Type(Kind.FLOAT, "DOUBLE")
SCOPE = predicates.Scope(
    {
        "s": TEXT,
        "i": INT,
        "f": FLOAT,
        "b": Type(Kind.BOOLEAN, "BOOLEAN"),
        "d": Type(Kind.DATE, "DATE"),
        "dec": Type(Kind.DECIMAL, "DECIMAL(18,2)"),
        "z": Type(Kind.TIMESTAMP_ZONED, "TIMESTAMP WITH TIME ZONE"),
        "u": Type(Kind.STRING, "UUID"),
        "n": Type(Kind.NULL, "NULL"),
        "o": Type(Kind.OBJECT, "STRUCT", (("name", TEXT),)),
        "tags": Type(Kind.ARRAY, "VARCHAR[]", item=TEXT),
        "m": Type(Kind.MAP, "MAP", key=TEXT, item=INT),
        "cell": INT,
    },
    unconverted=frozenset({"cell"}),
)
S, INTEGER, F, DEC = Value(("s",)), Value(("i",)), Value(("f",)), Value(("dec",))
ITEM = Value((), 1)

PREDICATES = [
    (IsNull(S), '"s" IS NULL'),
    (IsNull(Value(("o", "name"))), "struct_extract(\"o\", 'name') IS NULL"),
    (OneOf(S, ("a", "it's")), "list_position(['a', 'it''s'], \"s\") IS NOT NULL"),
    (NotIn(S, ("a",)), '("s" IS NOT NULL AND list_position([\'a\'], "s") IS NULL)'),
    (NotIn(S, (1, True)), '"s" IS NOT NULL'),  # no text equals a number
    (OneOf(S, (1,)), "false"),
    (NotIn(INTEGER, (1, "1", True)), '("i" IS NOT NULL AND list_position([1], "i") IS NULL)'),
    (
        NotIn(Value(("u",)), ("x",)),
        '(CAST("u" AS VARCHAR) IS NOT NULL AND list_position([\'x\'], CAST("u" AS VARCHAR)) IS NULL)',
    ),
    (OutOfRange(S), "false"),  # open on both sides: of no type in particular
    (OutOfRange(INTEGER, 1, 9), '("i" < 1 OR "i" > 9)'),
    (OutOfRange(INTEGER, 1, None, least_exclusive=True), '("i" <= 1)'),
    (OutOfRange(F, None, 0.5, most_exclusive=True), '(("f" >= CAST(\'0.5\' AS DOUBLE) AND NOT isnan("f")))'),
    (OutOfRange(INTEGER, 0.5, 9.5), '("i" < 1 OR "i" > 9)'),  # numbers that the column can hold
    (OutOfRange(INTEGER, 0.5, 9.5, True, True), '("i" <= 0 OR "i" >= 10)'),
    (OutOfRange(DEC, 0.3, Decimal("7.125")), '("dec" < 0.3 OR "dec" > 7.12)'),
    (OutOfRange(DEC, -0.3, 10**16), '("dec" < -0.3 OR false)'),
    (OutOfRange(DEC, -(10.0**16), -(10**20)), '(false OR "dec" IS NOT NULL)'),
    (NotIn(DEC, (1, 2.5, 0.125, 10**20)), '("dec" IS NOT NULL AND list_position([1, 2.5], "dec") IS NULL)'),
    (NotIn(INTEGER, (2.5,)), '"i" IS NOT NULL'),
    (OneOf(INTEGER, (2.0, 2.5)), 'list_position([2], "i") IS NOT NULL'),
    (OutOfRange(Value(("d",)), dt.date(2026, 3, 1)), "(\"d\" < DATE '2026-03-01')"),
    (OutOfRange(Value(("n",)), 1), "false"),
    (OutOfRange(INTEGER), "false"),
    (LengthOutOfRange(S, 1, 2), '(length("s") < 1 OR length("s") > 2)'),
    (LengthOutOfRange(Value(("m",)), 1), '(cardinality("m") < 1)'),
    (
        LengthOutOfRange(Value(("o",)), 1),
        '(CASE WHEN "o" IS NOT NULL THEN (struct_extract("o", \'name\') IS NOT NULL)::INTEGER END < 1)',
    ),
    (DoesNotMatch(S, "^it's$"), "NOT regexp_matches(\"s\", '^it''s$')"),
    (NotMultipleOf(INTEGER, Decimal("0.1")), '"i" % 1 <> 0'),
    (NotMultipleOf(INTEGER, Decimal("1.5")), '"i" % 3 <> 0'),
    (NotMultipleOf(Value(("dec",)), Decimal("0.125")), '"dec" % 0.25 <> 0'),
    (NotFinite(F), 'NOT isfinite("f")'),
    (NotFinite(INTEGER), "false"),
    (AnyItem(Value(("tags",)), IsNull(ITEM)), 'len(list_filter("tags", lambda x1: x1 IS NULL)) > 0'),
    (
        AnyEntry(Value(("m",)), OutOfRange(Value(("value",), 1), 0)),
        "len(list_filter(map_entries(\"m\"), lambda x1: (struct_extract(x1, 'value') < 0))) > 0",
    ),
    (RepeatsItem(Value(("tags",))), 'len(list_filter("tags", lambda y: y IS NOT NULL)) <> len(list_distinct("tags"))'),
    (AllOf((IsNull(S), IsNull(INTEGER))), '(("s" IS NULL) AND ("i" IS NULL))'),
    (AnyOf((IsNull(S), IsNull(INTEGER))), '(("s" IS NULL) OR ("i" IS NULL))'),
    (AnyOf(()), "false"),
    (Not(OneOf(S, ("a",))), "((list_position(['a'], \"s\") IS NOT NULL) IS NOT TRUE)"),
    (
        IsNull(Value(("cell",))),
        (
            '("cell" IS NULL AND list_has_any(list_transform("_lakegate_unconverted", lambda u: u.path), '
            "['cell']) IS NOT TRUE)"
        ),
    ),
]


@pytest.mark.parametrize(("predicate", "expected"), PREDICATES)
def test_a_predicate_as_sql(predicate, expected):
    assert predicates.predicate(predicate, SCOPE) == expected


MEASURES = [
    (RowCount(), "count(*)"),
    (CountWhere(IsNull(S)), 'coalesce(count_if("s" IS NULL), 0)'),
    (Maximum(INTEGER), 'max("i")'),
    (Minimum(Value(("z",))), 'epoch_us(min("z"))'),
]


@pytest.mark.parametrize(("measure", "expected"), MEASURES)
def test_a_measure_as_sql(measure, expected):
    assert sql.aggregate(measure, SCOPE) == expected


def test_a_measure_that_needs_a_pass_of_its_own_is_no_aggregate():
    with pytest.raises(ValueError, match="pass of its own"):
        sql.aggregate(Duplicates((S,)), SCOPE)


UNMEASURABLE = [
    (IsNull(Value(("gone",))), "no column 'gone'"),
    (IsNull(Value(("S",))), "it has 's'"),
    (IsNull(Value(("o", "gone"))), "no column 'o.gone'"),
    (OutOfRange(S, 1), "got type VARCHAR, expected a number"),
    (OutOfRange(INTEGER, dt.date(2026, 1, 1)), "expected a date or timestamp"),
    (OutOfRange(INTEGER, dt.time(1)), "expected a time of day"),
    (DoesNotMatch(INTEGER, "x"), "expected text"),
    (LengthOutOfRange(INTEGER, 1), "expected text, an array, a map or an object"),
    (NotMultipleOf(S, Decimal(1)), "expected a number"),
    (RepeatsItem(S), "expected an array"),
    (AnyItem(S, IsNull(ITEM)), "expected an array"),
    (AnyEntry(S, IsNull(Value(("key",), 1))), "expected a map"),
    (AnyItem(Value(("tags",)), OutOfRange(ITEM, 1)), "got type VARCHAR, expected a number"),
]


@pytest.mark.parametrize(("predicate", "reason"), UNMEASURABLE)
def test_what_the_data_cannot_be_asked(predicate, reason):
    with pytest.raises(predicates.Unmeasurable, match=reason):
        predicates.predicate(predicate, SCOPE)


LITERALS = [
    True,
    False,
    0,
    -(2**63),
    2**100,
    0.1,
    -0.0,
    1e300,
    Decimal("0.10"),
    Decimal("1E+3"),
    dt.date(1, 1, 1),
    dt.datetime(2026, 3, 1, 12, 0, 0, 1),  # noqa: DTZ001 - a time without a zone is a case
    dt.time(23, 59, 59, 999999),
    "",
    "it's",
    "'; DROP TABLE t; --",
    "\\'",
    "ü🎉\n\t",
]


@pytest.mark.parametrize("value", LITERALS)
def test_a_literal_is_read_back_as_what_it_was(value):
    ((back,),) = duckdb.connect().execute(f"SELECT {predicates.literal(value)}").fetchall()

    assert back == value
    assert str(back) == str(value) or isinstance(value, Decimal)


def test_an_instant_is_read_back_as_what_it_was():
    instant = dt.datetime(2026, 3, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=2)))

    assert duckdb.connect().execute(f"SELECT epoch_us({predicates.literal(instant)})").fetchall() == [
        (int(instant.timestamp()) * 1_000_000,)
    ]


HOSTILE = [
    '"; drop table x; --',
    "it's",
    'a"b',
    "select",
    "ü🎉",
    "a b",
    "{object}",
    "$1",
    "x1",
    "a.b",
    "\n",
    "\\",
    "%s",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_only_a_name(name):
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE x ({predicates.identifier(name)} INTEGER)")
    connection.execute("INSERT INTO x VALUES (NULL), (3)")
    scope = predicates.Scope({name: INT})
    asked = [sql.aggregate(m, scope) for m in (CountWhere(IsNull(Value((name,)))), Maximum(Value((name,))))]

    assert connection.execute(sql.fused(asked, "x")).fetchall() == [(1, 3)]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_field_is_only_a_field(name):
    scope = predicates.Scope({"o": Type(Kind.OBJECT, "STRUCT", ((name, INT),))})
    asked = sql.aggregate(Maximum(Value(("o", name))), scope)
    row = f"(SELECT struct_pack({predicates.identifier(name)} := 3) AS o)"

    assert duckdb.connect().execute(sql.fused([asked], row)).fetchall() == [(3,)]


def test_the_fused_scan_is_one_query():
    assert sql.fused(["count(*)", "max(a)"], '"t"') == 'SELECT\n  count(*),\n  max(a)\nFROM "t"'
