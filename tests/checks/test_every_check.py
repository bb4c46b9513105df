"""Every check with data that keeps it and data that breaks it, over every way the data can come."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import pyarrow as pa
import pytest

from checks.asked import CSV, EVERY_WAY, JSON, TYPED, contract, judged, result
from lakegate.checks.interface import Outcome
from lakegate.verdict import Verdict

NAN, INF = float("nan"), float("inf")
DAY, NEXT = dt.date(2026, 3, 1), dt.date(2026, 3, 2)
NOON = dt.datetime(2026, 3, 1, 12)  # noqa: DTZ001 - a time without a zone is a case
NOON_UTC = NOON.replace(tzinfo=dt.UTC)
TEXTS = (*TYPED, JSON)  # where a column may hold any text, or a value of several parts
ITEM = {"name": "item"}
D = Decimal


@dataclass(frozen=True)
class Case:
    """What a property `a` declares, and values that keep and break it. `failed` of the bad rows fail."""

    check: str  # what follows `t.a.` in the check's key; a part of `a` begins with `[]`, `.` or `{`
    declared: dict[str, Any]
    good: Any
    bad: Any
    failed: int | None = 1  # None: the check counts no rows
    ways: tuple[str, ...] = EVERY_WAY

    def key(self, number: int) -> str:
        return f"a{number}{'' if self.check[0] in '[.{' else '.'}{self.check}"


def typed(kind: str, check: str, options: dict | None = None, **declared: Any):
    """Return the start of a case: a property of a logicalType."""
    return (
        check,
        {"logicalType": kind, **({"logicalTypeOptions": options} if options else {}), **declared},
    )


def texts(form: str, good: list[str], bad: list[str]) -> Case:
    return Case(*typed("string", "format", {"format": form}), [*good, None], [*bad, None], failed=len(bad))


def struct(*values, **fields):
    return pa.array(values, pa.struct(list(fields.items())))


def mapping(*values, value=None):
    return pa.array(values, pa.map_(pa.string(), value or pa.int64()))


NAMED = {"properties": [{"name": "name", "logicalType": "string", "required": True}]}
OBJECTS = {"items": {"name": "item", "logicalType": "object", **NAMED}}
KEYED = {
    "map": {
        "key": {"logicalType": "string", "logicalTypeOptions": {"pattern": "^[a-z]+$"}},
        "value": {"logicalType": "integer", "logicalTypeOptions": {"minimum": 0}},
    }
}

OF_PRESENCE_AND_KEYS = {
    "required": Case("required", {"logicalType": "integer", "required": True}, [1, 2], [1, None, None], 2),
    "unique": Case("unique", {"logicalType": "integer", "unique": True}, [1, 2, None, None], [5, 5, 5, 7], 3),
    "unique text": Case("unique", {"logicalType": "string", "unique": True}, ["a", "A", "a "], ["é", "é", "x"], 2),
    "enum": Case(
        "enum",
        {"logicalType": "string", "enum": [{"value": "x"}, {"value": "it's"}]},
        ["x", "it's", None],
        ["X", ""],
        2,
        TEXTS,
    ),
    "enum of integers": Case(
        "enum", {"logicalType": "integer", "enum": [{"value": 1}, {"value": 2}]}, [1, 2, None], [1, 3]
    ),
    "enum of numbers": Case(
        "enum", {"logicalType": "number", "enum": [{"value": 0.1}, {"value": 2}]}, [0.1, 2.0], [0.1, 0.3]
    ),
    "enum of dates": Case("enum", {"logicalType": "date", "enum": [{"value": "2026-03-01"}]}, [DAY, None], [DAY, NEXT]),
    "enum is compared by type": Case(
        "enum", {"logicalType": "string", "enum": [{"value": 1}]}, pa.array([None], pa.string()), ["1"]
    ),
}

OF_TYPES = {
    "string": Case(*typed("string", "logicalType"), ["x"], [1], None, TYPED),
    "date": Case(*typed("date", "logicalType"), [DAY], ["2026-02-30"], 1, (CSV, JSON)),
    "date over timestamps": Case(*typed("date", "logicalType"), [DAY], [NOON], None, TYPED),
    "timestamp": Case(*typed("timestamp", "logicalType"), [NOON], [DAY], None, TYPED),
    "timestamp in text": Case(*typed("timestamp", "logicalType"), [NOON], ["2026-03-01T25:00:00"], 1, (CSV, JSON)),
    "zoned": Case(*typed("timestamp", "logicalType", {"timezone": True}), [NOON_UTC], [NOON], None, TYPED),
    "zoned text": Case(*typed("timestamp", "logicalType", {"timezone": True}), [NOON_UTC], [NOON], 1, (CSV, JSON)),
    "naive": Case(*typed("timestamp", "logicalType", {"timezone": False}), [NOON], [NOON_UTC], None, TYPED),
    "time": Case(*typed("time", "logicalType"), [dt.time(23, 59)], ["24:00"], 1, (CSV, JSON)),
    "time column": Case(*typed("time", "logicalType"), [dt.time(23, 59)], ["23:59"], None, TYPED),
    "integer": Case(*typed("integer", "logicalType"), [1, -(2**63)], [1.5], None, TYPED),
    "integer text": Case(*typed("integer", "logicalType"), [1, -(2**63)], ["1e3", "0x1F", "1.5"], 3, (CSV, JSON)),
    "integer as decimal": Case(
        *typed("integer", "logicalType"), pa.array([D(1)], pa.decimal128(38, 0)), [D("1.5")], None, TYPED
    ),
    "number": Case(*typed("number", "logicalType"), [1.5, -0.0, None], [NAN, INF, -INF, 1.0], 3, TYPED),
    "number of decimals": Case(*typed("number", "logicalType"), [D("1.50")], ["1.50"], None, TYPED),
    "number text": Case(*typed("number", "logicalType"), [1.5, 2], ["1,000", "NaN", "1_0"], 3, (CSV,)),
    "boolean": Case(*typed("boolean", "logicalType"), [True, None], [1, 0], None, TYPED),
    "boolean text": Case(*typed("boolean", "logicalType"), [True, False], [1, 0], 2, (CSV, JSON)),
    "object": Case(
        *typed("object", "logicalType", **NAMED), struct({"name": "x"}, name=pa.string()), ["{}"], None, TYPED
    ),
    "object text": Case(*typed("object", "logicalType", **NAMED), [{"name": "x"}], ["x"], 1, (JSON,)),
    "array": Case(*typed("array", "logicalType", items=ITEM), [["x"]], ["x"], None, TYPED),
    "array text": Case(*typed("array", "logicalType", items=ITEM), [["x"]], ["x"], 1, (JSON,)),
    "map": Case(*typed("map", "logicalType", **KEYED), mapping([("k", 1)]), [["k"]], None, TYPED),
    "vector": Case(*typed("vector", "logicalType", {"dimensions": 2}), [[1.0, 2.0]], [["1", "2"]], None, TYPED),
    "items": Case(
        *typed("array", "[].logicalType", items={"name": "item", "logicalType": "number"}),
        [[1.0]],
        [[1.0, NAN]],
        1,
        TYPED,
    ),
    "items in text": Case(
        *typed("array", "[].logicalType", items={"name": "item", "logicalType": "integer"}), [[1]], [["1"]], 1, (JSON,)
    ),
    "physicalType": Case("physicalType", {"physicalType": "bigint"}, [1], ["1"], None, TYPED),
    "physicalType decimal": Case(
        "physicalType",
        {"physicalType": "decimal(18, 2)"},
        pa.array([D("1.50")], pa.decimal128(18, 2)),
        [1.5],
        None,
        TYPED,
    ),
    "physicalType timestamp": Case("physicalType", {"physicalType": "timestamptz"}, [NOON_UTC], [NOON], None, TYPED),
    "physicalType date": Case("physicalType", {"physicalType": "date"}, [DAY], [NOON], None, TYPED),
    "physicalType varchar": Case("physicalType", {"physicalType": "varchar(20)"}, ["x"], [1], None, TYPED),
}

OF_TEXT = {
    "minLength": Case(*typed("string", "minLength", {"minLength": 2}), ["ab", "éé", None], ["a", "🎉"], 2),
    "maxLength": Case(*typed("string", "maxLength", {"maxLength": 2}), ["ab", "🎉🎉", None], ["abc"]),
    "pattern": Case(*typed("string", "pattern", {"pattern": "^[a-z]+$"}), ["ab", None], ["ab\n", "A", "1"], 3, TEXTS),
    "pattern is searched": Case(*typed("string", "pattern", {"pattern": "b"}), ["abc"], ["ac"]),
    "pattern with a quote": Case(*typed("string", "pattern", {"pattern": "^'\\d$"}), ["'1"], ["1"]),
    "email": texts("email", ["a.b+c@example.com"], ["a@b", "a b@example.com", "@example.com"]),
    "uuid": texts("uuid", ["123E4567-e89b-12d3-a456-426614174000"], ["123e4567e89b12d3a456426614174000", "x"]),
    "uri": texts("uri", ["https://example.com/a?b=%20#c", "urn:isbn:1"], ["example.com", "http://a b", "http://a%2"]),
    "hostname": texts("hostname", ["example.com", "a-b.c"], ["-a.com", "a_b.com", "a..b", "a" * 64 + ".com"]),
    "ipv4": texts("ipv4", ["192.0.2.255", "10.0.0.0"], ["192.0.2.256", "1.2.3", "1.2.3.04"]),
    "ipv6": texts(
        "ipv6", ["2001:db8::1", "::", "::ffff:192.0.2.1", "1:2:3:4:5:6:7:8"], ["1::2::3", "1:2:3:4:5:6:7", "g::"]
    ),
}


def integer(form: str, good: list[int], bad: list[int], kind: pa.DataType) -> Case:
    return Case(*typed("integer", "format", {"format": form}), pa.array(good, kind), pa.array(bad, kind), len(bad))


OF_NUMBERS = {
    "minimum": Case(*typed("integer", "minimum", {"minimum": 3}), [3, 4, None], [2, 3]),
    "maximum": Case(*typed("number", "maximum", {"maximum": 0.3}), [0.3, -1.0, None], [0.30001, 0.1]),
    "maximum and nan": Case(*typed("number", "maximum", {"maximum": 1}), [NAN, 1.0], [INF, NAN], 1, TYPED),
    "minimum and -0.0": Case(*typed("number", "minimum", {"minimum": 0}), [-0.0, 0.0], [-1e-9, 0.0]),
    "exclusiveMinimum": Case(*typed("integer", "exclusiveMinimum", {"exclusiveMinimum": 3}), [4], [3, 4]),
    "exclusiveMaximum": Case(*typed("number", "exclusiveMaximum", {"exclusiveMaximum": 3}), [2.9], [3.0, 2.0]),
    "minimum of a decimal": Case(*typed("number", "minimum", {"minimum": 0.1}), [D("0.10")], [D("0.09")], 1, TYPED),
    "minimum of a date": Case(*typed("date", "minimum", {"minimum": "2026-03-02"}), [NEXT], [DAY]),
    "maximum of a timestamp": Case(
        *typed("timestamp", "maximum", {"maximum": "2026-03-01T11:00:00"}), [NOON - dt.timedelta(hours=1)], [NOON]
    ),
    "maximum of an instant": Case(
        *typed("timestamp", "maximum", {"maximum": "2026-03-01T13:00:00+01:00", "timezone": True}),
        [NOON_UTC],
        [NOON_UTC + dt.timedelta(seconds=1)],
    ),
    "minimum of a time": Case(*typed("time", "minimum", {"minimum": "08:00:00"}), [dt.time(8)], [dt.time(7, 59)]),
    "multipleOf": Case(
        *typed("number", "multipleOf", {"multipleOf": 0.1}), [0.3, 0.7, -1.1, 0.0, None], [0.35, 0.30000000000004], 2
    ),
    "multipleOf of integers": Case(*typed("integer", "multipleOf", {"multipleOf": 5}), [5, 0, -10, None], [5, 7]),
    "multipleOf of decimals": Case(
        *typed("number", "multipleOf", {"multipleOf": 0.25}), [D("0.75")], [D("0.70")], 1, TYPED
    ),
    "multipleOf of a large number": Case(
        *typed("number", "multipleOf", {"multipleOf": 2}), [2e30, 4.0], [3.0, 1e-20], 2
    ),
    "i8": integer("i8", [-128, 127], [-129, 128], pa.int16()),
    "u8": integer("u8", [0, 255], [-1, 256], pa.int16()),
    "i16": integer("i16", [-(2**15), 2**15 - 1], [-(2**15) - 1, 2**15], pa.int32()),
    "u16": integer("u16", [0, 2**16 - 1], [-1, 2**16], pa.int32()),
    "i32": integer("i32", [-(2**31), 2**31 - 1], [-(2**31) - 1, 2**31], pa.int64()),
    "u32": integer("u32", [0, 2**32 - 1], [-1, 2**32], pa.int64()),
    "i64": Case(*typed("integer", "format", {"format": "i64"}), [-(2**63), 2**63 - 1], pa.array([2**63], pa.uint64())),
    "u64": Case(*typed("integer", "format", {"format": "u64"}), [0, 2**63 - 1], [-1]),
    "f32": Case(*typed("number", "format", {"format": "f32"}), [3.4e38, -1.0], [3.5e38, -3.5e38], 2),
}

TAGS = {"items": {"name": "tag", "logicalType": "string"}}
OF_PARTS = {
    "minItems": Case(*typed("array", "minItems", {"minItems": 1}, **TAGS), [["x"], None], [[], ["x"]], 1, TEXTS),
    "maxItems": Case(*typed("array", "maxItems", {"maxItems": 1}, **TAGS), [["x"], None], [["x", None]], 1, TEXTS),
    "uniqueItems": Case(
        *typed("array", "uniqueItems", {"uniqueItems": True}, **TAGS),
        [["x", "y"], [None, None], [], None],
        [["x", "y", "x"]],
        1,
        TEXTS,
    ),
    "item pattern": Case(
        *typed(
            "array",
            "[].pattern",
            items={"name": "tag", "logicalType": "string", "logicalTypeOptions": {"pattern": "^x"}},
        ),
        [["x"], [], None, [None]],
        [["x", "y"], ["x"]],
    ),
    "item required": Case(
        *typed("array", "[].required", items={"name": "tag", "logicalType": "string", "required": True}),
        [["x"], [], None],
        [["x", None]],
    ),
    "item enum": Case(
        *typed("array", "[].enum", items={"name": "tag", "logicalType": "string", "enum": [{"value": "x"}]}),
        [["x", None]],
        [["y"]],
    ),
    "field required": Case(
        *typed("object", ".name.required", **NAMED),
        struct({"name": "x"}, None, name=pa.string()),
        struct({"name": None}, name=pa.string()),
        1,
        TEXTS,
    ),
    "required": Case(
        *typed("object", "required.name", {"required": ["name"]}, properties=[{"name": "name"}]),
        struct({"name": "x"}, None, name=pa.string()),
        struct({"name": None}, name=pa.string()),
        1,
        TEXTS,
    ),
    "minProperties": Case(
        *typed("object", "minProperties", {"minProperties": 2}),
        struct({"x": 1, "y": 2}, None, x=pa.int64(), y=pa.int64()),
        struct({"x": 1, "y": None}, x=pa.int64(), y=pa.int64()),
        1,
        TYPED,
    ),
    "maxProperties": Case(
        *typed("object", "maxProperties", {"maxProperties": 1}),
        struct({"x": 1, "y": None}, None, x=pa.int64(), y=pa.int64()),
        struct({"x": 1, "y": 2}, x=pa.int64(), y=pa.int64()),
        1,
        TYPED,
    ),
    "objects in arrays": Case(
        *typed("array", "[].name.required", **OBJECTS),
        pa.array([[{"name": "x"}], [], None, [None]], pa.list_(pa.struct([("name", pa.string())]))),
        pa.array([[{"name": "x"}, {"name": None}]], pa.list_(pa.struct([("name", pa.string())]))),
    ),
    "map keys": Case(
        *typed("map", "{key}.pattern", **KEYED), mapping([("k", 1)], [], None), mapping([("k", 1), ("K", 1)]), 1, TYPED
    ),
    "map values": Case(
        *typed("map", "{value}.minimum", **KEYED),
        mapping([("k", 1), ("m", None)], None),
        mapping([("k", -1)]),
        1,
        TYPED,
    ),
    "dimensions": Case(*typed("vector", "dimensions", {"dimensions": 2}), [[1.0, 2.0], None], [[1.0]], 1, TEXTS),
    "dimensions of a fixed list": Case(
        *typed("vector", "dimensions", {"dimensions": 2}),
        pa.array([[1.0, 2.0], None], pa.list_(pa.float32(), 2)),
        pa.array([[1.0, 2.0, 3.0]], pa.list_(pa.float32(), 3)),
        1,
        TYPED,
    ),
    "items of a fixed list": Case(
        *typed(
            "array", "[].minimum", items={"name": "n", "logicalType": "number", "logicalTypeOptions": {"minimum": 0}}
        ),
        pa.array([[1.0, 2.0], None], pa.list_(pa.float32(), 2)),
        pa.array([[1.0, -1.0]], pa.list_(pa.float32(), 2)),
        1,
        TYPED,
    ),
}

GROUPS = (OF_PRESENCE_AND_KEYS, OF_TYPES, OF_TEXT, OF_NUMBERS, OF_PARTS)
CASES = [case for group in GROUPS for case in group.values()]
EACH = [
    pytest.param(number, way, id=f"{case.check}-{number}-{way}")
    for number, case in enumerate(CASES)
    for way in case.ways
]
ROWS = 6  # at least as many as any case has values


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """Judge every case of a way at once, each as a column of its own: (way, good or bad) -> verdict."""

    @cache
    def of(way: str, side: str) -> Verdict:
        columns = {f"a{number}": case for number, case in enumerate(CASES) if way in case.ways}
        properties = [{"name": name, **case.declared} for name, case in columns.items()]
        table = pa.table({name: column(case, getattr(case, side)) for name, case in columns.items()})
        return judged(contract(*properties), table, way, tmp_path_factory.mktemp(way))

    return of


def column(case: Case, values: Any) -> pa.Array:
    """Return the values of a case, made as long as all others by nulls, or by a value where no null may be."""
    values = values if isinstance(values, pa.Array) else pa.array(values)
    more = values[:1] if case.check == "required" else pa.nulls(1, values.type)
    return pa.concat_arrays([values, *[more] * (ROWS - len(values))])


@pytest.mark.parametrize(("number", "way"), EACH)
def test_kept(number: int, way: str, verdicts):
    found = result(verdicts(way, "good"), CASES[number].key(number))

    assert (found.outcome, found.reason) in {(Outcome.PASSED, ""), (Outcome.NOT_APPLICABLE, "every value is null")}


@pytest.mark.parametrize(("number", "way"), EACH)
def test_broken(number: int, way: str, verdicts):
    found = result(verdicts(way, "bad"), CASES[number].key(number))

    assert found.outcome is Outcome.FAILED, found
    assert found.reason.startswith("got ")
    assert ", expected " in found.reason
    assert found.diagnostics.get("failed") == CASES[number].failed
