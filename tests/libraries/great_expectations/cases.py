"""Small tables full of edges, and expectations about them with parameters at their edges. One seed, the same cases."""

import datetime as dt
import math
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from random import Random

import pyarrow as pa

from lakegate.contract.expectations import Expectation
from lakegate.contract.model import LogicalType, Property, SchemaObject

TEXTS = (
    "",
    "a", "A", "b", "ab", "aB", "é", "É", "ß", "ss", "😀", "1", "²", "01", "1.0", " a", "a\n", "\n", "x\ny", "null",
    "nan", "None", "3٣", "_", "%", "a_b", "100%", "İ", "\u00a0", "k", "\u212a", "\x0b", "a\\b", "-", "z" * 40,
    "2026-01-31",
)  # fmt: skip
INTEGERS = (0, 1, -1, 2, 3, 7, 100, -5, 2**31, -(2**40), 2**52)
FLOATS = (0.0, -0.0, 1.0, 1.5, -2.25, math.nan, math.inf, -math.inf, 0.1, 0.2, 0.3, 2.0, 3.0, 1e-5, 1e15, -7.5)
DECIMALS = tuple(Decimal(n) / 4 for n in (0, 1, 2, 4, 6, -9, 400, 12, 8, -1))  # of every one there is a float
DATES = tuple(map(dt.date.fromisoformat, ("1970-01-01", "2026-01-31", "2024-02-29", "1582-10-04", "9999-12-31")))
NAIVE = tuple(
    map(dt.datetime.fromisoformat, ("2026-01-31T12:00:00", "2026-01-31T12:00:00.000001", "1969-12-31T23:59:59"))
)
ZONED = tuple(instant.replace(tzinfo=dt.UTC) for instant in NAIVE)


@dataclass(frozen=True)
class Of:
    """A kind of column: what it is declared to be, how it arrives, what may stand in it."""

    logical: LogicalType
    arrow: pa.DataType
    pool: tuple
    options: tuple = ()


KINDS = {
    "text": Of(LogicalType.STRING, pa.string(), TEXTS),
    "integer": Of(LogicalType.INTEGER, pa.int64(), INTEGERS),
    "small": Of(LogicalType.INTEGER, pa.int32(), INTEGERS[:8]),
    "float": Of(LogicalType.NUMBER, pa.float64(), FLOATS),
    "decimal": Of(LogicalType.NUMBER, pa.decimal128(18, 2), DECIMALS),
    "count": Of(LogicalType.NUMBER, pa.int64(), INTEGERS),
    "boolean": Of(LogicalType.BOOLEAN, pa.bool_(), (True, False)),
    "date": Of(LogicalType.DATE, pa.date32(), DATES),
    "naive": Of(LogicalType.TIMESTAMP, pa.timestamp("us"), NAIVE, (("timezone", False),)),
    "instant": Of(LogicalType.TIMESTAMP, pa.timestamp("us"), NAIVE, ()),
    "zoned": Of(LogicalType.TIMESTAMP, pa.timestamp("us", "UTC"), ZONED, (("timezone", True),)),
}
COLUMNS = {kind: (kind, f"{kind}_2") for kind in KINDS} | {
    "text": ("text", "text_2", "text_3"),
    "float": ("float", "float_2", "float_3"),
}
KIND_OF = {name: kind for kind, names in COLUMNS.items() for name in names}
WIDTH = len(KIND_OF)  # columns of every table
NUMBERS = ("integer", "small", "float", "decimal", "count")


def contract() -> SchemaObject:
    """Return the object that every table of the cases keeps."""
    properties = (
        Property(name, name, KINDS[kind].logical, options=dict(KINDS[kind].options)) for name, kind in KIND_OF.items()
    )
    return SchemaObject("t", "t", tuple(properties))


def table(random: Random) -> pa.Table:
    """Return rows: sometimes none, sometimes without any value, mostly a few with repetitions."""
    height = random.choice((0, 1, 2, 3, 5, 8, 12))
    columns = {}
    for name, kind in KIND_OF.items():
        of = KINDS[kind]
        pool = random.sample(of.pool, min(len(of.pool), random.choice((1, 2, 4, 30))))
        nulls = random.choice((0, 0, 0.3, 0.6, 1))
        values = [None if random.random() < nulls else random.choice(pool) for _ in range(height)]
        columns[name] = pa.array(values, of.arrow)
    return pa.table(columns)


def expectations(random: Random, rows: pa.Table, count: int) -> list[Expectation]:
    """Return `count` expectations about a table."""
    makers = list(MAKERS.items())
    found = []
    for _ in range(count):
        type_, make = random.choice(makers)
        found.append(Expectation(type_, make(random, rows)))
    return found


# --- parameters -------------------------------------------------------------------------------------------------


def _mostly(random: Random, kwargs: dict) -> dict:
    """Add a share at the exact boundary of some number of rows, just beyond it, or none."""
    whole = random.randint(1, 12)
    share = random.randint(0, whole) / whole
    said = random.choice((None, None, share, share, math.nextafter(share, 2), math.nextafter(share, -1), 1, 0, 0.9))
    return kwargs if said is None or not 0 <= said <= 1 else kwargs | {"mostly": said}


def _column(random: Random, *kinds: str) -> str:
    return random.choice(COLUMNS[random.choice(kinds or tuple(KINDS))])


def _near(random: Random, rows: pa.Table, column: str):
    """Return a value that stands in the column, or may."""
    of = KINDS[KIND_OF[column]]
    there = [value for value in rows[column].to_pylist() if value is not None]
    return random.choice(there) if there and random.random() < 0.7 else random.choice(of.pool)


def _told(value):
    """Return a value as a suite's JSON would have it."""
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, dt.date) else value


def _set(random: Random, rows: pa.Table, column: str) -> list:
    values = [_told(_near(random, rows, column)) for _ in range(random.choice((0, 1, 2, 4, 8)))]
    values = [value for value in values if not (isinstance(value, float) and not math.isfinite(value))]
    values += [None] * random.choice((0, 0, 0, 1))
    if KIND_OF[column] == "date" and random.random() < 0.5:
        values = [value and dt.date.fromisoformat(value) for value in values]
    odd = {"text": [1, "absent"], "integer": [1.0, 2.5, "1"], "float": [1, 0, 3]}.get(KIND_OF[column], [])
    return values + ([random.choice(odd)] if odd and random.random() < 0.2 else [])


def _bounds(random: Random, pick) -> dict:
    low, high = pick(), pick()
    with suppress(TypeError):
        low, high = sorted((low, high))
    kwargs = {}
    if (which := random.random()) < 0.8:
        kwargs["min_value"] = low
    if which > 0.6:
        kwargs["max_value"] = high
    for side in ("strict_min", "strict_max"):
        if random.random() < 0.3:
            kwargs[side] = random.choice((True, False))
    return kwargs


def _set_of(*kinds):
    def make(random, rows):
        column = _column(random, *kinds)
        return {"column": column, "value_set": _set(random, rows, column)}

    return make


def _between(*kinds):
    def make(random, rows):
        column = _column(random, *kinds)
        return {"column": column} | _bounds(random, lambda: _told(_near(random, rows, column)))

    return make


def _counts(*kinds):
    def make(random, rows):
        return {"column": _column(random, *kinds)} | _bounds(random, lambda: random.randint(0, 6))

    return make


def _shares(random, rows):
    whole = random.randint(1, 8)
    return {"column": _column(random)} | _bounds(random, lambda: random.randint(0, whole) / whole)


REGEXES = (
    "a", "^a", "a$", "^a$", "^$", "$", "", ".", "^.$", "(?s)^.$", "a|b", "^(a|b)$", "(a$|^b)", r"a\Z", r"\Aa",
    "a*?b", "(ab)?", r"\d", r"^\d+$", r"\D", r"\w", r"^\w*$", r"\W", r"\s", r"^\S+$", r"^.{2,3}$", "[a-c]",
    "[^a]", "[^\\d]", r"[\w.]+", "[\\s\\d]", "[^\\W_]", "[\\]]", "-", "[a\\-z]", r"\.", "é", "[é-ß]", "😀",
    "a{2}", "z{30,}", "z{0,3}", r"\n", r"x\ny", r"a\\b", r"\x61", r"(?a)^\w+$", r"\bb", "(?i)k", "a(?=b)",
    r"(a)\1", "[[:alpha:]]", "x{,2}k", "(?m)^y", "(?>a)", "a++", r"a$\n", "(", "(?P<n>k)", "(?:a|)b", "a{3}|z",
    "[^\\S]", "(?s:.)b", r"\u0130", r"\Z", "^", "[\\w-]+@[\\w-]+", r"^(\d{1,3}\.){3}\d{1,3}$",
)  # fmt: skip


def _regex(name, several):
    def make(random, rows):
        pick = [random.choice(REGEXES) for _ in range(random.choice((1, 2, 3)))] if several else random.choice(REGEXES)
        kwargs = {"column": _column(random, "text"), name: pick}
        if name == "regex_list" and several == "match_on" and random.random() < 0.7:
            kwargs["match_on"] = random.choice(("any", "all"))
        return kwargs

    return make


def _pair(*kinds):
    def make(random, rows):
        kind = random.choice(kinds or tuple(KINDS))
        a, b = random.sample(COLUMNS[kind], 2)
        if kind in NUMBERS and random.random() < 0.3:
            b = _column(random, *(other for other in NUMBERS if {other, kind} != {"float", "decimal"}))
        return {"column_A": a, "column_B": b} | _ignoring(
            random, ("both_values_are_missing", "either_value_is_missing", "neither")
        )

    return make


def _ignoring(random, modes):
    mode = random.choice((None, *modes))
    return {} if mode is None else {"ignore_row_if": mode}


def _greater(random, rows):
    more = random.choice(({}, {"or_equal": True}, {"or_equal": False}, {"or_equal": None}))
    return _pair()(random, rows) | more


def _pair_set(random, rows):
    kwargs = _pair("text", "integer", "boolean", "float", "small")(random, rows)
    a, b = kwargs["column_A"], kwargs["column_B"]
    pairs = [[_maybe(random, rows, a), _maybe(random, rows, b)] for _ in range(random.choice((0, 1, 2, 4)))]
    return kwargs | {"value_pairs_set": pairs}


def _maybe(random, rows, column):
    value = _told(_near(random, rows, column))
    return None if random.random() < 0.25 or (isinstance(value, float) and not math.isfinite(value)) else value


PAIR_MODES = ("both_values_are_missing", "either_value_is_missing", "neither")
MODES = ("all_values_are_missing", "any_value_is_missing", "never")


def _compound(random, rows):
    names = random.sample(list(KIND_OF), random.choice((2, 3)))
    return {"column_list": names} | _ignoring(random, MODES)


def _alike(*kinds):
    def make(random, rows):
        kind = random.choice(kinds or tuple(KINDS))
        names = list(COLUMNS[kind])
        if kind in {"integer", "small", "count"}:
            names += random.sample(["integer", "small", "count"], 1)
        return {"column_list": list(dict.fromkeys(names))} | _ignoring(random, MODES)

    return make


def _sum(random, rows):
    kwargs = _alike(*NUMBERS)(random, rows)
    sums = [
        sum(map(float, v))
        for v in zip(*(rows[n].to_pylist() for n in kwargs["column_list"]), strict=True)
        if None not in v
    ]
    finite = [one for one in sums if math.isfinite(one)]
    return kwargs | {"sum_total": random.choice([*finite, 0, 3, 1.5])}


def _quantiles(random, rows):
    column = _column(random, "integer", "float", "small", "count")
    shares = random.sample((0, 0.1, 0.25, 1 / 3, 0.5, 0.75, 0.9, 1), random.choice((1, 2, 3)))
    ranges = []
    for _ in shares:
        ends = sorted(_near(random, rows, column) for _ in range(2))
        ranges.append([None if random.random() < 0.3 or math.isnan(end) else end for end in ends])
    how = random.choice((None, False, "linear", "lower", "higher", "midpoint", "nearest"))
    if how in {"linear", "midpoint"} and any(
        value is not None and math.isinf(value) for value in rows[column].to_pylist()
    ):
        how = "nearest"  # between infinities numpy finds NaN, even where an infinity stands at the very place
    kwargs = {"column": column, "quantile_ranges": {"quantiles": shares, "value_ranges": ranges}}
    return kwargs if how is None else kwargs | {"allow_relative_error": how}


def _exist(random, rows):
    kwargs = {"column": random.choice([*KIND_OF, "absent", "Text"])}
    return kwargs if random.random() < 0.5 else kwargs | {"column_index": random.choice((0, 1, 2, -1, 50, -50, 5))}


def _names(random):
    names = list(KIND_OF)
    match random.random():
        case x if x < 0.3:
            return names
        case x if x < 0.5:
            return names[::-1]
        case x if x < 0.8:
            return names[:-1]
    return [*names, "absent"]


def _in_set(random, rows):
    kwargs = {"column_set": _names(random)}
    return kwargs if random.random() < 0.3 else kwargs | {"exact_match": random.choice((True, False))}


def _common(random, rows):
    ties = random.choice(({}, {"ties_okay": True}, {"ties_okay": False}))
    return _set_of("text", "integer", "float", "boolean", "small")(random, rows) | ties


def _rowwise(make):
    return lambda random, rows: _mostly(random, make(random, rows))


COLUMN = "expect_column_"
MAKERS = {
    f"{COLUMN}distinct_values_to_be_in_set": _set_of(),
    f"{COLUMN}distinct_values_to_contain_set": _set_of(),
    f"{COLUMN}distinct_values_to_equal_set": _set_of(),
    f"{COLUMN}max_to_be_between": _between(*NUMBERS, "date", "naive", "zoned"),
    f"{COLUMN}min_to_be_between": _between(*NUMBERS, "date", "naive", "zoned"),
    f"{COLUMN}mean_to_be_between": _between(*NUMBERS),
    f"{COLUMN}median_to_be_between": _between(*NUMBERS),
    f"{COLUMN}stdev_to_be_between": _between(*NUMBERS),
    f"{COLUMN}sum_to_be_between": _between(*NUMBERS),
    f"{COLUMN}most_common_value_to_be_in_set": _common,
    f"{COLUMN}pair_values_a_to_be_greater_than_b": _rowwise(_greater),
    f"{COLUMN}pair_values_to_be_equal": _rowwise(_pair()),
    f"{COLUMN}pair_values_to_be_in_set": _rowwise(_pair_set),
    f"{COLUMN}proportion_of_non_null_values_to_be_between": _shares,
    f"{COLUMN}proportion_of_unique_values_to_be_between": _shares,
    f"{COLUMN}quantile_values_to_be_between": _quantiles,
    f"{COLUMN}to_exist": _exist,
    f"{COLUMN}unique_value_count_to_be_between": _counts(),
    f"{COLUMN}value_lengths_to_be_between": _rowwise(_counts("text")),
    f"{COLUMN}value_lengths_to_equal": _rowwise(
        lambda random, rows: {"column": _column(random, "text"), "value": random.choice((0, 1, 2, 3, 2.0))}
    ),
    f"{COLUMN}values_to_be_between": _rowwise(_between(*NUMBERS, "date", "naive", "zoned")),
    f"{COLUMN}values_to_be_in_set": _rowwise(_set_of()),
    f"{COLUMN}values_to_not_be_in_set": _rowwise(_set_of()),
    f"{COLUMN}values_to_be_null": _rowwise(lambda random, rows: {"column": _column(random)}),
    f"{COLUMN}values_to_not_be_null": _rowwise(lambda random, rows: {"column": _column(random)}),
    f"{COLUMN}values_to_be_unique": _rowwise(lambda random, rows: {"column": _column(random)}),
    f"{COLUMN}values_to_match_regex": _rowwise(_regex("regex", several=False)),
    f"{COLUMN}values_to_not_match_regex": _rowwise(_regex("regex", several=False)),
    f"{COLUMN}values_to_match_regex_list": _rowwise(_regex("regex_list", several="match_on")),
    f"{COLUMN}values_to_not_match_regex_list": _rowwise(_regex("regex_list", several=True)),
    "expect_compound_columns_to_be_unique": _rowwise(_compound),
    "expect_multicolumn_sum_to_equal": _rowwise(_sum),
    "expect_multicolumn_values_to_be_equal": _rowwise(_alike()),
    "expect_select_column_values_to_be_unique_within_record": _rowwise(_alike()),
    "expect_table_column_count_to_be_between": lambda random, rows: {
        "min_value": random.choice((None, WIDTH, WIDTH + 1, WIDTH - 1, WIDTH - 2)),
        "max_value": random.choice((None, WIDTH, WIDTH + 1, WIDTH + 2, 1)),
    },
    "expect_table_column_count_to_equal": lambda random, rows: {"value": random.choice((WIDTH - 1, WIDTH, WIDTH + 1))},
    "expect_table_columns_to_match_ordered_list": lambda random, rows: {"column_list": _names(random)},
    "expect_table_columns_to_match_set": _in_set,
    "expect_table_row_count_to_be_between": lambda random, rows: _bounds(random, lambda: random.randint(0, 12)),
    "expect_table_row_count_to_equal": lambda random, rows: {"value": random.choice((0, 1, 2, 3, 5, 8, 12))},
}
