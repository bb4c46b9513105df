"""A batch split into good and bad rows: each with exactly the rules that it breaks, nothing lost, nothing changed."""

import itertools
import math
import tempfile
from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engines import oracle
from engines.batches import as_files
from engines.test_fused_is_one_by_one import OF_COLUMN, PREDICATES, SCHEMA, TABLES, V
from lakegate.engines import split
from lakegate.engines.duckdb import DuckDB
from lakegate.measures import CountWhere, Duplicates, Orphans, RepeatedRows
from lakegate.predicates import AnyItem, IsNaN, IsNull, NotIn, OutOfRange, Value
from lakegate.rows import Part

KEYS = st.lists(st.sampled_from([V[column] for column in "ifsbd"]), min_size=1, max_size=2, unique=True).map(tuple)
RULES = st.lists(
    st.builds(CountWhere, PREDICATES) | st.builds(Duplicates, KEYS) | st.builds(RepeatedRows, KEYS, PREDICATES),
    min_size=1,
    max_size=6,
    unique=True,
)
NOTHING = dict.fromkeys(OF_COLUMN)


def broken_by(measure, rows):
    """For each row whether it is one of those that a measure counts, in plain Python."""
    match measure:
        case CountWhere(predicate):
            return [oracle.holds(predicate, [row]) for row in rows]
        case Duplicates(key):
            keys = [tuple(oracle.same(oracle.reach(value, [row])) for value in key) for row in rows]
            times = Counter(one for one in keys if None not in one)
            return [times[one] > 1 for one in keys]
        case RepeatedRows(key, among):
            keys = [
                tuple(oracle.nothing(oracle.reach(value, [row])) for value in key)
                if oracle.holds(among, [row])
                else None
                for row in rows
            ]
            times = Counter(one for one in keys if one is not None)
            return [times[one] > 1 for one in keys]
    raise TypeError(measure)


def in_pieces(folder, rows, parts, schema=SCHEMA, **written):
    table = pa.Table.from_pylist(rows, schema)
    cut = [len(rows) * part // parts for part in range(parts + 1)]
    return as_files(folder, *(table.slice(a, b - a) for a, b in itertools.pairwise(cut)), **written)


def divided(rows, measures, folder, others=None, allowed=lambda _: True):
    (target := folder / "apart").mkdir()
    rules = [(f"r{number}", measure) for number, measure in enumerate(measures)]
    found = DuckDB().split(rows, others or {}, rules, allowed, target)
    assert isinstance(found, split.Split), found
    return found


def same_rows(one, other):
    """Whether two lists of rows are equal, where NaN is NaN."""
    return repr(one) == repr(other)


@settings(max_examples=100)
@given(TABLES, RULES, st.integers(1, 3), st.booleans())
@example([], [CountWhere(IsNull(V["i"]))], 2, False)
@example([NOTHING] * 3, [CountWhere(IsNull(V["i"])), Duplicates((V["i"],))], 3, True)
@example([{**NOTHING, "f": math.nan}] * 2, [CountWhere(IsNaN(V["f"])), Duplicates((V["f"],))], 2, True)
@example([{**NOTHING, "f": 0.0}, {**NOTHING, "f": -0.0}], [Duplicates((V["f"],))], 1, True)
@example(
    [{**NOTHING, "l": [1.0, None, 9.0]}], [CountWhere(AnyItem(V["l"], OutOfRange(Value((), 1), 0.0, 5.0)))], 1, True
)
def test_each_row_is_where_it_belongs_with_the_rules_that_it_breaks(rows, measures, parts, trusted):
    breaks = [broken_by(measure, rows) for measure in measures]
    expected = [[f"r{number}" for number, one in enumerate(breaks) if one[at]] for at in range(len(rows))]
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        batch = in_pieces(folder, rows, parts, staged=trusted)
        arrived = {part.name: pq.read_table(part.path).to_pylist() for part in batch.parts}

        found = divided(batch, measures, folder)

        left = arrived | {file.name: pq.read_table(file.local).to_pylist() for file in found.accepted}
        held = {file.name: pq.read_table(file.local).to_pylist() for file in found.rejected}
        places = {file.name: split.Without(file.local).places(range(1, 9)) for file in found.rejected}

    wanted = iter(expected)
    by_file = {name: list(zip(there, wanted, strict=False)) for name, there in arrived.items()}
    for name, there in by_file.items():
        assert same_rows(left[name], [row for row, rules in there if not rules])
        if name in held:
            stood = [number for number, (_, rules) in enumerate(there, 1) if not rules]
            assert [places[name][number + 1] for number in range(len(stood))] == [(row, None) for row in stood]
        told = [
            {**row, split.RULES: rules, split.FILE: name, split.ROW: number}
            for number, (row, rules) in enumerate(there, 1)
            if rules
        ]
        assert same_rows(held.get(name, []), told)
    assert found.rows == sum(map(bool, expected))
    assert found.rules == {f"r{number}": sum(one) for number, one in enumerate(breaks)}


def test_a_row_breaks_more_rules_than_a_mask_has_bits(tmp_path):
    batch = in_pieces(tmp_path, [{"n": number} for number in range(200)], 2, pa.schema([("n", pa.int64())]))
    measures = [CountWhere(OutOfRange(Value(("n",)), most=number)) for number in range(150)]

    found = divided(batch, measures, tmp_path)

    held = [row for file in found.rejected for row in pq.read_table(file.local).to_pylist()]
    assert [(row["n"], len(row[split.RULES])) for row in held] == [(n, min(n, 150)) for n in range(1, 200)]
    assert held[99][split.RULES] == [f"r{number}" for number in range(100)]
    assert found.rules == {f"r{number}": 199 - number for number in range(150)}


def test_orphans_are_set_apart_and_null_references_are_none(tmp_path):
    schema = pa.schema([("k", pa.int64())])
    (there := tmp_path / "there").mkdir()
    parents = as_files(there, pa.table({"id": pa.array([1, 2], pa.int64())}))
    batch = in_pieces(tmp_path, [{"k": 1}, {"k": 3}, {"k": None}, {"k": 2}], 1, schema)

    found = divided(batch, [Orphans((Value(("k",)),), "core/dim", ("id",))], tmp_path, {"core/dim": parents})

    assert pq.read_table(found.accepted[0].local).to_pylist() == [{"k": 1}, {"k": None}, {"k": 2}]
    assert (found.rows, found.rules) == (1, {"r0": 1})


def test_more_than_is_allowed_is_counted_and_not_written(tmp_path):
    batch = in_pieces(tmp_path, [{"n": number} for number in range(10)], 1, pa.schema([("n", pa.int64())]))

    found = divided(batch, [CountWhere(OutOfRange(Value(("n",)), most=6))], tmp_path, allowed=lambda count: count < 3)

    assert found == split.Split({"r0": 3}, 3)
    assert list((tmp_path / "apart").iterdir()) == []


def test_the_same_rows_give_the_same_bytes(tmp_path):
    rows = [{**NOTHING, "i": number, "f": number / 3, "s": f"é{number}"} for number in range(5000)]
    written = []
    for name in ("one", "two"):
        (folder := tmp_path / name).mkdir()
        batch = in_pieces(folder, rows, 2, row_group_size=700)
        found = divided(batch, [CountWhere(OutOfRange(V["i"], least=40, most=4321))], folder)
        written.append([file.local.read_bytes() for file in (*found.accepted, *found.rejected)])

    assert written[0] == written[1]


WRITTEN = {  # what DuckDB writes, as it would be asked for
    "uuid": "uuid()",
    "naive": "TIMESTAMP '9999-12-31 23:59:59.999999'",
    "zoned": "TIMESTAMPTZ '0001-01-01 00:00:00+00'",
    "exact": "TIMESTAMP_NS '2024-01-01 00:00:00.123456789'",
    "day": "DATE '0001-01-01'",
    "time": "TIME '12:34:56.789012'",
    "cents": "1.23::DECIMAL(9,2)",
    "large": "1.23::DECIMAL(38,2)",
    "u64": "18446744073709551615::UBIGINT",
    "small": "(-1)::TINYINT",
    "json": """'{"a": 1}'::JSON""",
    "bytes": r"'\x00\xFF'::BLOB",
    "nested": "[{'a': 1, 'b': [NULL, {'c': DATE '2024-01-01'}]}]",
    "map": "MAP {'k': 1, 'l': NULL}",
    "empty": "[]::INT[]",
    "nothing": "NULL::INT",
}


@pytest.mark.parametrize("value", WRITTEN.values(), ids=WRITTEN.keys())
def test_what_goes_on_keeps_its_type_and_its_value(tmp_path, value):
    path, target = tmp_path / "0.parquet", tmp_path / "out.parquet"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"COPY (SELECT i, {value} AS v FROM range(4) AS t(i)) TO '{path}'")
        part = Part("0.parquet", str(path), (), 4)
        bad = {"r": np.array([1], "int64"), "m0": np.array([1], "uint64")}

        good, held = split.write(part, bad, ["r"], (target, tmp_path / "bad.parquet"))

        before, after = (connection.sql(f"FROM '{one}'") for one in (path, good.local))
        assert after.types == before.types
        shown = "SELECT i, v::VARCHAR FROM '{}' WHERE i <> 1 ORDER BY i"
        assert (
            connection.execute(shown.format(path)).fetchall() == connection.execute(shown.format(good.local)).fetchall()
        )
    assert (good.rows, held.rows) == (3, 1)


def test_rules_of_a_column_of_values(tmp_path):
    schema = pa.schema([("s", pa.string())])
    batch = in_pieces(tmp_path, [{"s": "a"}, {"s": None}, {"s": "x"}], 1, schema)
    column = Value(("s",))

    found = divided(batch, [CountWhere(NotIn(column, ("a",))), CountWhere(IsNull(column))], tmp_path)

    held = pq.read_table(found.rejected[0].local).to_pylist()
    assert [(row["s"], row[split.RULES], row[split.ROW]) for row in held] == [(None, ["r1"], 2), ("x", ["r0"], 3)]
