"""Tallies of groups on two sides, held against Python's own counting."""

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.batches import as_files, in_memory
from lakegate.engines.duckdb import DuckDB
from lakegate.measures import Fault, GroupsCompared, Imbalance, NotMeasured, Tally
from lakegate.plan import BalancePass, Plan
from lakegate.predicates import Value

K, N, M = Value(("k",)), Value(("n",)), Value(("m",))
TALLIES = {"rows": Tally("rows"), "sum": Tally("sum", (N,)), "distinct": Tally("distinct", (N, M))}
ROW = st.tuples(
    st.sampled_from([None, "a", "b", "null", ""]),
    st.none() | st.integers(-(2**62), 2**62) | st.integers(0, 2),
    st.sampled_from([None, 1, 2]),
)
SIDE = st.lists(ROW, max_size=12)


def table(rows):
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    kinds = (pa.string(), pa.int64(), pa.int64())
    return pa.table({name: pa.array(c, t) for name, c, t in zip("knm", columns, kinds, strict=True)})


def compared(here, there, measure) -> GroupsCompared | NotMeasured:
    answers = DuckDB().measure(Plan((BalancePass(measure),)), here, {"in": there} if there else {}, "t")
    return answers[measure]


def tallied(rows, kind, *, grouped):
    """What Python counts, by group."""
    groups = defaultdict(list)
    for key, n, m in rows:
        groups[key if grouped else ()].append((n, m))
    count = {
        "rows": len,
        "sum": lambda each: sum(n for n, _ in each if n is not None),
        "distinct": lambda each: len({pair for pair in each if None not in pair}),
    }[kind]
    return {key: count(each) for key, each in groups.items()}


@pytest.mark.parametrize("grouped", [True, False])
@pytest.mark.parametrize("kind", TALLIES)
@given(SIDE, SIDE)
def test_every_group_is_counted_as_python_counts_it(kind, grouped, here, there):
    ours, theirs = (tallied(rows, kind, grouped=grouped) for rows in (here, there))
    measure = Imbalance(TALLIES[kind], TALLIES[kind], "in", ((K, K),) if grouped else (), Fraction(0))

    found = compared(in_memory(table(here)), in_memory(table(there)), measure)

    keys = ours.keys() | theirs.keys()
    differ = {key: (ours.get(key, 0), theirs.get(key, 0)) for key in keys if ours.get(key, 0) != theirs.get(key, 0)}
    assert found.groups == (len(keys) if grouped else 1)
    assert found.differ == len(differ)
    assert {one.values[0] if grouped else (): (one.here, one.there) for one in found.worst} == differ
    apart = [abs(one.here - one.there) for one in found.worst]
    assert apart == sorted(apart, reverse=True)


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.fractions(0, 200, max_denominator=1000), st.booleans())
def test_a_tolerance_is_exact(here, there, tolerance, percent):
    sides = [in_memory(pa.table({"n": pa.array([n], pa.decimal128(20, 2))})) for n in map(Decimal, (here, there))]
    measure = Imbalance(Tally("sum", (N,)), Tally("sum", (N,)), "in", (), tolerance, percent)

    found = compared(*sides, measure)

    bound = tolerance * there / 100 if percent else tolerance
    assert found.differ == (abs(here - there) > bound)


def test_columns_called_otherwise_and_inside_objects_over_files(tmp_path):
    here = as_files(tmp_path, pa.table({"k": ["a"]}), pa.table({"k": ["b"]}))
    there = in_memory(pa.table({"udo": [{"page": "a"}, {"page": "c"}]}))

    found = compared(
        here, there, Imbalance(Tally("rows"), Tally("rows"), "in", ((K, Value(("udo", "page"))),), Fraction(0))
    )

    assert [(one.values, one.here, one.there) for one in found.worst] == [(("b",), 1, 0), (("c",), 0, 1)]


def test_names_are_quoted_and_instants_need_no_time_zone_database():
    odd = Value(('he said "k"',))
    noon = pa.array([0, None], pa.timestamp("us", "Europe/Berlin"))
    rows = in_memory(pa.table({odd.path[0]: noon}))
    other = in_memory(pa.table({odd.path[0]: noon[:1]}))

    found = compared(rows, other, Imbalance(Tally("rows"), Tally("rows"), "in", ((odd, odd),), Fraction(0)))

    assert [one.values for one in found.worst] == [(None,)]


@pytest.mark.parametrize(
    ("there", "fault"),
    [
        (None, Fault.CONTEXT),
        (pa.table({"x": [1]}), Fault.CONTEXT),
        (pa.table({"k": [1], "n": [1]}), Fault.DATA),
        (pa.table({"k": ["a"], "n": ["1"]}), Fault.DATA),
    ],
)
def test_what_cannot_be_compared(there, fault):
    here = in_memory(pa.table({"k": ["a"], "n": [1]}))
    measure = Imbalance(Tally("sum", (N,)), Tally("sum", (N,)), "in", ((K, K),), Fraction(0))

    assert compared(here, in_memory(there) if there else None, measure).fault is fault
