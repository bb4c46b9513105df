"""One fused scan answers what each measure alone answers, and both what the measures mean (oracle.py)."""

import datetime as dt
import itertools
import math
import tempfile
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engines import oracle
from engines.batches import as_files, in_memory, measured
from lakegate.measures import (
    CountWhere,
    Distinct,
    Duplicates,
    Maximum,
    Minimum,
    MostCommon,
    RepeatedRows,
    RowCount,
    Sum,
)
from lakegate.predicates import (
    AllOf,
    AnyEntry,
    AnyItem,
    AnyOf,
    Compares,
    Comparison,
    DoesNotMatch,
    IsNaN,
    IsNull,
    LengthOutOfRange,
    Matches,
    Not,
    NotFinite,
    NotIn,
    NotMultipleOf,
    OneOf,
    OutOfRange,
    RepeatsItem,
    SumIs,
    Value,
)

INTS = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)
FLOATS = st.floats() | st.sampled_from([0.1, 0.3, -0.0, 0.0, 1e-20, 1e300, 2.5])
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=4) | st.sampled_from(
    ["x", "it's", '"', "é", "é\n", "🎉🎉"]
)
DECIMALS = st.decimals(-999_999, 999_999, places=2)
DATES = st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1))
NAME = 'o "d'  # a name that would end a quoted one
SCHEMA = pa.schema(
    [
        ("i", pa.int64()),
        ("f", pa.float64()),
        ("s", pa.string()),
        ("b", pa.bool_()),
        ("c", pa.decimal128(18, 2)),
        ("d", pa.date32()),
        ("n", pa.null()),
        ("l", pa.list_(pa.float64())),
        ("t", pa.list_(pa.string())),
        (NAME, pa.struct([("x", pa.int64()), ("y", pa.string())])),
        ("m", pa.map_(pa.string(), pa.int64())),
    ]
)
OF_COLUMN = {
    "i": INTS,
    "f": FLOATS,
    "s": TEXTS,
    "b": st.booleans(),
    "c": DECIMALS,
    "d": DATES,
    "n": st.none(),
    "l": st.lists(st.none() | FLOATS, max_size=3),
    "t": st.lists(st.none() | TEXTS, max_size=3),
    NAME: st.fixed_dictionaries({"x": st.none() | INTS, "y": st.none() | TEXTS}),
    "m": st.lists(st.tuples(TEXTS, st.none() | INTS), max_size=3, unique_by=lambda entry: entry[0]),
}
ROW = st.fixed_dictionaries({name: st.none() | values for name, values in OF_COLUMN.items()})
TABLES = st.lists(ROW, max_size=8) | st.lists(st.just(dict.fromkeys(OF_COLUMN)), max_size=3)


def some(values):
    return st.lists(values, min_size=1, max_size=4).map(tuple)


def bounds(values, value):
    return st.builds(OutOfRange, st.just(value), st.none() | values, st.none() | values, st.booleans(), st.booleans())


FINITE = st.floats(allow_nan=False)
FACTORS = st.sampled_from(list(map(Decimal, ("0.1", "0.25", "3", "1.5", "0.001", "100"))))
PATTERNS = st.sampled_from(["x", "^x$", "^.$", "[é\"']", "a|x$", ""])
LISTED = some(INTS | FINITE | TEXTS | st.booleans())


def about_number(value):
    return (
        bounds(INTS, value)
        | bounds(FINITE, value)
        | st.builds(NotIn, st.just(value), LISTED)
        | st.builds(OneOf, st.just(value), LISTED)
        | st.just(NotFinite(value))
    )


def about_text(value):
    lengths = st.none() | st.integers(0, 3)
    return (
        st.builds(NotIn, st.just(value), LISTED)
        | st.builds(OneOf, st.just(value), LISTED)
        | st.builds(DoesNotMatch, st.just(value), PATTERNS)
        | st.builds(Matches, st.just(value), PATTERNS)
        | st.builds(LengthOutOfRange, st.just(value), lengths, lengths)
    )


V = {name: Value((name,)) for name in OF_COLUMN}
ITEM, KEY, ENTRY = Value((), 1), Value(("key",), 1), Value(("value",), 1)
SIZES = st.none() | st.integers(0, 3)
ALIKE = [(V["i"], Value((NAME, "x"))), (V["s"], Value((NAME, "y"))), (V["f"], V["f"]), (V["d"], V["d"])]
SIMPLE = st.one_of(
    st.sampled_from([IsNaN(V["f"]), IsNaN(V["i"]), IsNaN(V["s"])]),
    st.builds(lambda pair, how: Compares(pair[0], how, pair[1]), st.sampled_from(ALIKE), st.sampled_from(Comparison)),
    st.builds(SumIs, st.just(ALIKE[0]), INTS),
    st.sampled_from([IsNull(value) for value in V.values()]),
    st.sampled_from([IsNull(Value((NAME, "x"))), RepeatsItem(V["l"]), RepeatsItem(V["t"])]),
    about_number(V["i"]),
    about_number(V["f"]),
    about_number(Value((NAME, "x"))),
    about_text(V["s"]),
    about_text(Value((NAME, "y"))),
    bounds(DECIMALS, V["c"]),
    bounds(DATES, V["d"]),
    st.builds(NotMultipleOf, st.sampled_from([V["i"], V["f"], V["c"]]), FACTORS),
    st.builds(NotIn, st.just(V["b"]), LISTED),
    st.builds(OneOf, st.just(V["d"]), some(DATES)),
    st.builds(LengthOutOfRange, st.sampled_from([V["l"], V["m"], V[NAME]]), SIZES, SIZES),
    st.builds(AnyItem, st.just(V["l"]), about_number(ITEM) | st.just(IsNull(ITEM))),
    st.builds(AnyItem, st.just(V["t"]), about_text(ITEM)),
    st.builds(AnyEntry, st.just(V["m"]), about_text(KEY) | bounds(INTS, ENTRY) | st.just(IsNull(ENTRY))),
)
PREDICATES = st.recursive(
    SIMPLE,
    lambda inner: (
        st.builds(Not, inner) | st.builds(AllOf, some(inner)) | st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple))
    ),
    max_leaves=4,
)
MEASURES = st.lists(
    st.builds(CountWhere, PREDICATES)
    | st.builds(Maximum, st.sampled_from([V["i"], V["f"], V["s"], V["c"]]), st.booleans())
    | st.builds(Minimum, st.sampled_from([V["i"], V["f"], V["s"], V["c"]]), st.booleans())
    | st.builds(Sum, st.sampled_from([V["i"], V["c"]]))
    | st.builds(Distinct, st.sampled_from([V[c] for c in "ifsbd"]), LISTED)
    | st.builds(MostCommon, st.sampled_from([V[c] for c in "ifsb"]), LISTED)
    | st.builds(
        RepeatedRows,
        st.lists(st.sampled_from([V[c] for c in "ifsbd"]), min_size=1, max_size=2, unique=True).map(tuple),
        PREDICATES,
    )
    | st.builds(
        Duplicates, st.lists(st.sampled_from([V[c] for c in "ifsbd"]), min_size=1, max_size=2, unique=True).map(tuple)
    )
    | st.just(RowCount()),
    min_size=1,
    max_size=6,
    unique=True,
)


def agree(one, other) -> bool:
    both_nan = isinstance(one, float) and isinstance(other, float) and math.isnan(one) and math.isnan(other)
    return one == other or both_nan


@settings(max_examples=100)
@given(TABLES, MEASURES, st.integers(1, 3), st.booleans())
@example([], [CountWhere(IsNull(V["i"])), Maximum(V["i"]), Duplicates((V["i"],))], 2, False)
@example([{**dict.fromkeys(OF_COLUMN), "f": math.nan}], [CountWhere(Not(OutOfRange(V["f"], 0.0, 1.0)))], 1, True)
@example(
    [{**dict.fromkeys(OF_COLUMN), "f": 0.30000000000004}], [CountWhere(NotMultipleOf(V["f"], Decimal("0.1")))], 1, True
)
@example(
    [dict.fromkeys(OF_COLUMN)] * 3, [CountWhere(NotFinite(V["f"])), CountWhere(DoesNotMatch(V["s"], "x"))], 1, True
)
def test_fused_is_one_by_one_is_what_is_meant(rows, measures, parts, trusted):
    expected = [oracle.answer(measure, rows) for measure in measures]
    table = pa.Table.from_pylist(rows, SCHEMA)
    with tempfile.TemporaryDirectory() as folder:
        cut = [len(rows) * part // parts for part in range(parts + 1)]
        pieces = [table.slice(start, end - start) for start, end in itertools.pairwise(cut)]
        answers = {
            "alone": [measured(in_memory(table), measure)[0] for measure in measures],
            "fused": measured(in_memory(table), *measures),
            "of several files": measured(as_files(Path(folder), *pieces, staged=trusted), *measures),
        }

    for way, found in answers.items():
        assert all(map(agree, found, expected)), (way, measures, found, expected)
