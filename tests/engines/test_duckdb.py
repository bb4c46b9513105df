"""The DuckDB engine: what it believes of strangers' files, what its connection can reach, where failing rows are."""

import datetime as dt
import math
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lakegate.engines.session as engine
from checks.asked import contract
from engines.batches import as_files, in_memory, measured
from lakegate import check
from lakegate.engines import connections
from lakegate.engines.duckdb import DuckDB
from lakegate.engines.interface import Wanted
from lakegate.measures import (
    CountWhere,
    DuplicateCounts,
    Duplicates,
    Fault,
    Maximum,
    Minimum,
    NotMeasured,
    Orphans,
    RowCount,
    SqlResult,
)
from lakegate.predicates import DoesNotMatch, IsNull, Not, NotFinite, NotIn, OneOf, OutOfRange, Value
from lakegate.rows import Defect, DefectKind, Rows

A, B = Value(("a",)), Value(("b",))

# --- INPUTS S1: statistics in the footer that lie ---------------------------------------------------------------

TRUTH, LIE = 999_999, 999


@pytest.fixture(params=[2000, 250], ids=["one row group", "many row groups"])
def lying(request, tmp_path) -> Rows:
    """Return a Parquet file whose footer says that `a` ends at 999, though one row holds 999,999."""
    rows = as_files(
        tmp_path,
        pa.table({"a": [*range(LIE + 1), TRUTH], "b": ["x"] * (LIE + 2)}),
        use_dictionary=False,
        compression="none",
        row_group_size=request.param,
    )
    spoil(rows.parts[0].path)
    return rows


def spoil(path: str) -> None:
    with Path(path).open("r+b") as file:
        content = file.read()
        footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
        true, lie = (number.to_bytes(8, "little") for number in (TRUTH, LIE))
        assert content.count(true, footer) >= 1
        file.seek(footer)
        file.write(content[footer:].replace(true, lie))


ASKED = {
    "SELECT max(a) FROM t": TRUTH,
    "SELECT count(*) FROM t WHERE a > 1000": 1,
    "SELECT count_if(a > 1000) FROM t": 1,
    "SELECT count(*) FROM t JOIN (SELECT 999999 AS k) ON a = k": 1,
    "SELECT count(*) FROM t WHERE a IN (SELECT max(a) FROM t)": 1,
    "SELECT count(*) FROM (VALUES (999999)) v(k) WHERE EXISTS (SELECT 1 FROM t WHERE a = k)": 1,
    "SELECT a FROM t ORDER BY a DESC LIMIT 1": TRUTH,
    "SELECT max(a, 2)[1] FROM t": TRUTH,
    "SELECT count(*) FROM (SELECT a, count(*) FROM t GROUP BY a)": LIE + 2,
}


def test_the_engine_alone_believes_the_lie(lying):
    plain = duckdb.connect()
    plain.execute(f"CREATE VIEW t AS FROM '{lying.parts[0].path}'")

    assert plain.execute("SELECT max(a) FROM t").fetchall() == [(LIE,)]
    assert plain.execute("SELECT count_if(a > 1000) FROM t").fetchall() == [(0,)]


@pytest.mark.parametrize("query", ASKED)
def test_no_query_believes_the_lie(query, lying):
    assert measured(lying, SqlResult(query)) == [ASKED[query]]


def test_no_measure_believes_the_lie(lying, tmp_path):
    (tmp_path / "other").mkdir()
    others = {"other": as_files(tmp_path / "other", pa.table({"k": list(range(LIE + 1))}))}
    beyond = CountWhere(OutOfRange(A, most=LIE))
    orphans = Orphans((A,), "other", ("k",))

    answers = measured(lying, Maximum(A), beyond, orphans, others=others)
    located = DuckDB().locate([Wanted(beyond), Wanted(orphans)], lying, others, 5)

    assert answers == [TRUTH, 1, 1]
    assert [[place.row for place in located[asked]] for asked in (beyond, orphans)] == [[LIE + 2], [LIE + 2]]


def test_a_contract_is_not_fooled(lying):
    document = contract({"name": "a", "logicalType": "integer", "logicalTypeOptions": {"maximum": LIE}}, {"name": "b"})

    assert check(document, lying.parts[0].path).exit_code == 1


# --- INPUTS S27, S28, S31, S32: what SQL means by itself ---------------------------------------------------------


@pytest.mark.parametrize("staged", [False, True])
def test_s27_nan_is_not_out_of_range_and_is_found(staged, tmp_path):
    rows = as_files(tmp_path, pa.table({"a": [math.nan, 1.0, math.inf, None, -0.0]}), staged=staged)

    asked = [OutOfRange(A, most=10.0), OutOfRange(A, least=0.0), NotFinite(A), OneOf(A, (0.0,))]

    assert measured(rows, *map(CountWhere, asked)) == [1, 0, 2, 1]


def test_s28_days_do_not_shift_with_the_session(monkeypatch, tmp_path):
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    late = dt.datetime(2026, 3, 1, 23, 30, tzinfo=dt.UTC)
    rows = in_memory(pa.table({"a": [late]}))

    assert measured(rows, SqlResult("SELECT a::DATE = DATE '2026-03-01' FROM t"), Maximum(A)) == [True, late]


MIDNIGHT = 1577836800 * 10**9  # 2020-01-01 in UTC, in nanoseconds
NANOSECONDS = {
    "timestamp": (pa.timestamp("ns"), [MIDNIGHT - 1, MIDNIGHT, MIDNIGHT + 1], dt.datetime(2020, 1, 1)),  # noqa: DTZ001
    "timestamp, a bound with a zone": (
        pa.timestamp("ns"),
        [MIDNIGHT - 1, MIDNIGHT, MIDNIGHT + 1],
        dt.datetime(2020, 1, 1, 9, tzinfo=dt.timezone(dt.timedelta(hours=9))),
    ),
    "with a time zone": (
        pa.timestamp("ns", "UTC"),
        [MIDNIGHT - 1, MIDNIGHT, MIDNIGHT + 1],
        dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    ),
    "time of day": (pa.time64("ns"), [10**9 - 1, 10**9, 10**9 + 1], dt.time(0, 0, 1)),
}


@pytest.mark.parametrize(("kind", "values", "bound"), NANOSECONDS.values(), ids=NANOSECONDS)
@pytest.mark.parametrize("files", [False, True], ids=["table", "files"])
def test_nanoseconds_are_compared_with_bounds(kind, values, bound, files, tmp_path):
    table = pa.table({"a": pa.array(values, kind)})
    rows = as_files(tmp_path, table) if files else in_memory(table)

    asked = (OutOfRange(A, least=bound), OutOfRange(A, most=bound), OneOf(A, (bound,)), NotIn(A, (bound,)))

    assert measured(rows, *map(CountWhere, asked)) == [1, 1, 1, 2]


def test_s31_null_is_in_no_set_and_outside_of_none():
    rows = in_memory(pa.table({"a": ["x", "y", None]}))

    asked = [OneOf(A, ("x",)), Not(OneOf(A, ("x",))), NotIn(A, ("x",)), Not(NotIn(A, ("x",)))]

    assert measured(rows, *map(CountWhere, asked)) == [1, 2, 1, 2]


@pytest.mark.parametrize("staged", [False, True])
def test_s32_of_no_rows_counts_are_0_and_extremes_are_none(staged, tmp_path):
    rows = as_files(tmp_path, pa.table({"a": pa.array([], pa.int64())}), staged=staged)

    asked = [
        RowCount(),
        CountWhere(OutOfRange(A, 1)),
        Maximum(A),
        Duplicates((A,)),
        SqlResult("SELECT bool_and(a > 1) FROM t"),
    ]
    *counts, aggregate = measured(rows, *asked)

    assert counts == [0, 0, None, DuplicateCounts(0, 0, 0)]
    assert aggregate == NotMeasured(Fault.DATA, "the query returned NULL")


@pytest.mark.parametrize("staged", [False, True])
def test_of_nothing_but_null_counts_are_numbers(staged, tmp_path):
    rows = as_files(tmp_path, pa.table({"a": pa.nulls(3, pa.float64()), "b": pa.nulls(3, pa.string())}), staged=staged)

    asked = [OutOfRange(A, 1), NotFinite(A), DoesNotMatch(B, "x"), NotIn(B, ("x",)), IsNull(A)]

    assert measured(rows, *map(CountWhere, asked)) == [0, 0, 0, 0, 3]


# --- extremes ---------------------------------------------------------------------------------------------------

EXTREMES = {
    "date": ([dt.date(2026, 3, 1), None], dt.datetime(2026, 3, 1, tzinfo=dt.UTC)),
    "naive": ([dt.datetime(2026, 3, 1, 1, 2, 3, 456789)], dt.datetime(2026, 3, 1, 1, 2, 3, 456789, dt.UTC)),  # noqa: DTZ001 - a case
    "before 1970": ([dt.datetime(1, 1, 1, tzinfo=dt.UTC)], dt.datetime(1, 1, 1, tzinfo=dt.UTC)),
    "last": ([dt.datetime(9999, 12, 31, 23, 59, 59, 999999)], dt.datetime(9999, 12, 31, 23, 59, 59, 999999, dt.UTC)),  # noqa: DTZ001 - a case
    "time": ([dt.time(1, 2)], dt.time(1, 2)),
    "nulls": (pa.nulls(2, pa.timestamp("us")), None),
    "beyond": (
        pa.array([9 * 10**17], pa.timestamp("us")),
        NotMeasured(Fault.DATA, "got a time before the year 1 or after the year 9999"),
    ),
}


@pytest.mark.parametrize("name", EXTREMES)
def test_extremes_of_times(name):
    values, expected = EXTREMES[name]
    rows = in_memory(pa.table({"a": values}))

    assert measured(rows, Maximum(A), Minimum(A)) == [expected, expected]


# --- keys -------------------------------------------------------------------------------------------------------

KEYS = {
    "text": ({"a": ["x", "x", "é", None, None, "x", "é", "y"]}, DuplicateCounts(2, 3, 5)),
    "floats": ({"a": [0.0, -0.0, math.nan, math.nan, 1.0]}, DuplicateCounts(2, 2, 4)),
    "composite": ({"a": [1, 1, 1, None], "b": ["x", "x", None, "x"]}, DuplicateCounts(1, 1, 2)),
    "unique": ({"a": [1, 2, 3]}, DuplicateCounts(0, 0, 0)),
}


@pytest.mark.parametrize("few", [0, 1_000_000], ids=["hashes first", "exact"])
@pytest.mark.parametrize("name", KEYS)
def test_duplicates_by_hash_and_by_value_are_the_same(name, few, monkeypatch):
    monkeypatch.setattr(engine, "EXACT_UP_TO", few)
    columns, expected = KEYS[name]

    assert measured(in_memory(pa.table(columns)), Duplicates(tuple(Value((c,)) for c in columns))) == [expected]


def test_orphans_are_whole_keys_and_never_null(tmp_path):
    rows = in_memory(pa.table({"a": [1, 1, None, 2], "b": ["x", "y", "x", None]}))
    others = {"other": in_memory(pa.table({"k": [1, None], "l": ["x", "y"]}))}

    composite, single = Orphans((A, B), "other", ("k", "l")), Orphans((A,), "other", ("k",))

    assert measured(rows, composite, single, others=others) == [1, 1]


@pytest.mark.parametrize(
    ("others", "fault", "reason"),
    [
        ({}, Fault.CONTEXT, "no committed rows of other"),
        ({"other": pa.table({"z": [1]})}, Fault.CONTEXT, "other has no column 'k'"),
        ({"other": pa.table({"k": ["1"]})}, Fault.DATA, "types cannot be compared: 'a' is int64, other.k is string"),
    ],
)
def test_orphans_that_cannot_be_counted(others, fault, reason):
    rows = in_memory(pa.table({"a": [1]}))
    others = {name: in_memory(table) for name, table in others.items()}

    (answer,) = measured(rows, Orphans((A,), "other", ("k",)), others=others)

    assert (answer.fault, reason in answer.reason) == (fault, True)


# --- faults stay where they are ---------------------------------------------------------------------------------


def test_one_measure_that_raises_does_not_blind_the_scan(monkeypatch):
    rows = in_memory(pa.table({"a": ["1", "x"], "b": [1, None]}))
    compiled = engine.sql.aggregate
    broken = Maximum(A)
    monkeypatch.setattr(
        engine.sql, "aggregate", lambda m, scope: 'max(CAST("a" AS INTEGER))' if m == broken else compiled(m, scope)
    )

    count, nulls, raised = measured(rows, RowCount(), CountWhere(IsNull(B)), broken)

    assert (count, nulls, raised.fault) == (2, 1, Fault.ENGINE)
    assert raised.reason.startswith("Conversion Error: Could not convert string … ")


def test_a_column_that_differs_between_files_is_not_measured(tmp_path):
    rows = as_files(tmp_path, pa.table({"a": [1], "b": [1]}), pa.table({"a": ["1"], "b": [None]}))

    count, of_a = measured(rows, RowCount(), CountWhere(IsNull(A)))

    assert count == 2
    assert of_a.fault is Fault.DATA
    assert "1.parquet" in of_a.reason


def test_a_batch_that_cannot_be_read_is_not_measured(tmp_path):
    rows = Rows(defects=(Defect(DefectKind.UNREADABLE, "x.csv", "got nothing"),))

    assert [answer.fault for answer in measured(rows, RowCount(), Duplicates((A,)))] == [Fault.UNREADABLE] * 2
    assert DuckDB().locate([Wanted(CountWhere(IsNull(A)))], rows, {}, 5) == {}


# --- the locked connection --------------------------------------------------------------------------------------


@pytest.fixture(params=["files", "tables"])
def locked(request, tmp_path):
    """Return the connection that a run over files, or over a table, gives to a contract's SQL; and a foreign file."""
    own, foreign = tmp_path / "own.parquet", tmp_path / "foreign.parquet"
    pq.write_table(pa.table({"a": [1]}), own)
    pq.write_table(pa.table({"a": [2]}), foreign)
    connection = connections.locked([str(own)], trusted=False) if request.param == "files" else connections.for_tables()
    yield connection, foreign
    connection.close()


OUTSIDE = [
    "SELECT * FROM '{foreign}'",
    "SELECT * FROM read_parquet('{foreign}')",
    "SELECT * FROM read_text('{foreign}')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT count(*) FROM glob('{folder}/*')",
    "COPY (SELECT 1) TO '{folder}/new.csv'",
    "COPY (SELECT 1) TO '{foreign}'",
    "ATTACH '{folder}/new.db' AS other",
    "EXPORT DATABASE '{folder}/out'",
    "INSTALL httpfs",
    "LOAD '{folder}/x.duckdb_extension'",
    "SET enable_external_access = true",
    "SET allowed_paths = ['{foreign}']",
    "SET lock_configuration = false",
    "SET TimeZone = 'Asia/Tokyo'",
    "SET disabled_optimizers = ''",
    "RESET lock_configuration",
    "PRAGMA enable_profiling = 'json'",
    "SELECT * FROM a_python_variable",
]


@pytest.mark.parametrize("statement", OUTSIDE)
def test_the_connection_reaches_nothing_else(statement, locked):
    connection, foreign = locked
    a_python_variable = pa.table({"a": [1]})  # noqa: F841 - the statement must not find it

    with pytest.raises(duckdb.Error):
        connection.execute(statement.format(foreign=foreign, folder=foreign.parent)).fetchall()

    assert sorted(path.name for path in foreign.parent.iterdir()) == ["foreign.parquet", "own.parquet"]


def test_rows_of_other_datasets_in_the_workspace_are_out_of_reach(tmp_path):
    """It spills there, into a folder of its own; what else lies there it cannot read."""
    foreign = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"a": [2]}), foreign)
    connection = connections.locked([], trusted=True, memory="64MB", workspace=str(tmp_path))

    query = "SELECT max(n) FROM (SELECT hash(i) AS n FROM range(12_000_000) t(i) ORDER BY 1 OFFSET 9)"
    assert connection.execute(query).fetchall()
    with pytest.raises(duckdb.PermissionException):
        connection.execute(f"SELECT * FROM read_parquet('{foreign}')")
    connection.close()


def test_what_the_engine_reads_as_no_select_does_not_run():
    (answer,) = measured(in_memory(pa.table({"a": [1]})), SqlResult("CREATE TEMP TABLE x AS SELECT 1"))

    assert answer.fault is Fault.ENGINE
    assert "one SELECT" in answer.reason


def test_one_run_leaves_nothing_to_the_next():
    first = measured(in_memory(pa.table({"secret": [1]})), SqlResult("SELECT count(*) FROM t"))
    (second,) = measured(in_memory(pa.table({"a": [1]})), SqlResult("SELECT max(secret) FROM _lakegate_batch"))

    assert first == [1]
    assert isinstance(second, NotMeasured)


# --- where failing rows are -------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 3])
def test_the_first_rows_in_the_order_of_files_and_rows(limit, tmp_path):
    rows = as_files(
        tmp_path, pa.table({"a": [5, 1, 6], "k": ["x", "y", "z"]}), pa.table({"a": [9, 7, 1], "k": ["u", None, "w"]})
    )
    asked = CountWhere(OutOfRange(A, most=4))

    found = DuckDB().locate([Wanted(asked, (("key", Value(("k",))),), A)], rows, {}, limit)[asked]

    everything = [
        ("0.parquet", 1, (("key", "x"),), "5"),
        ("0.parquet", 3, (("key", "z"),), "6"),
        ("1.parquet", 1, (("key", "u"),), "9"),
    ]
    assert [(place.file, place.row, place.key, place.value) for place in found] == everything[:limit]


def test_rows_of_a_large_table_come_in_its_order():
    rows = in_memory(pa.table({"a": [i % 1000 for i in range(300_000)]}))
    asked, repeated = CountWhere(OutOfRange(A, most=998)), Duplicates((A,))

    found = DuckDB().locate([Wanted(asked), Wanted(repeated)], rows, {}, 3)

    assert [place.row for place in found[asked]] == [1000, 2000, 3000]
    assert [place.row for place in found[repeated]] == [1, 2, 3]


def test_many_failing_checks_are_located_in_batches():
    rows = in_memory(pa.table({"a": list(range(10))}))
    asked = [CountWhere(OutOfRange(A, least=n)) for n in range(1, 200)]

    found = DuckDB().locate([Wanted(one) for one in asked], rows, {}, 1)

    assert [found[one][0].row for one in asked] == [1] * len(asked)


def test_a_null_in_a_key_is_told_as_null():
    rows = in_memory(pa.table({"a": pa.array([None], pa.int64())}))

    (found,) = DuckDB().locate([Wanted(CountWhere(IsNull(A)), (("a", A),))], rows, {}, 1).values()

    assert found[0].key == (("a", "null"),)
