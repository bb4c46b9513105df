"""Random contracts and the rows they meet: what is right by a hair, and wrong by one."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

import pyarrow as pa

UTC = dt.UTC
TEXTS = ["", "a", "b", "A1", "ab", "éa", "日本", "a\nb", "A1\n", "1", "10", "true", "x@y.zz", "x@y", "1.2.3.4", "null"]
INTEGERS = [0, 1, -1, 2, 3, 10, 100, 2**31, -(2**31), 2**53 + 1, 2**63 - 1]
FLOATS = [0.0, -0.0, 0.1, 0.3, 0.30000000000000004, 1.0, -1.5, 2.5, 1e22, 1e300, 5e-324, math.nan, math.inf, -math.inf]
DECIMALS = [Decimal(text) for text in ("0.00", "0.10", "0.30", "1.00", "-1.50", "2.55", "99999.99")]
DAYS = [dt.date(1969, 12, 31), dt.date(2020, 1, 1), dt.date(2020, 1, 2), dt.date(2024, 2, 29), dt.date(9999, 12, 31)]
TIMES = [dt.time(0), dt.time(12, 30), dt.time(23, 59, 59, 999999)]
STAMPS = [
    dt.datetime(1969, 12, 31, 23, 59, 59, 999999),  # noqa: DTZ001 - without a zone
    dt.datetime(2020, 1, 1),  # noqa: DTZ001
    dt.datetime(2020, 1, 1, 0, 0, 0, 1),  # noqa: DTZ001
    dt.datetime(2024, 2, 29, 12),  # noqa: DTZ001
]

NANOSECOND = 1577836800 * 10**9  # 2020-01-01 in nanoseconds

# What a column may be: an Arrow type, and values to fill it with.
COLUMNS: dict[str, list[tuple[pa.DataType, list[Any]]]] = {
    "string": [(pa.string(), TEXTS), (pa.large_string(), TEXTS), (pa.dictionary(pa.int32(), pa.string()), TEXTS)],
    "integer": [
        (pa.int64(), INTEGERS),
        (pa.int8(), [0, 1, -1, 2, 10, 100]),
        (pa.uint64(), [0, 1, 2, 3, 2**63]),
        (pa.decimal128(20, 0), [Decimal(0), Decimal(1), Decimal(3), Decimal(10)]),
    ],
    "number": [
        (pa.float64(), FLOATS),
        (pa.float32(), [0.0, -0.0, 0.5, 1.0, 2.5, math.nan, math.inf]),
        (pa.decimal128(9, 2), DECIMALS),
        (pa.decimal128(38, 17), [Decimal("0.1"), Decimal("0.30000000000000001"), Decimal("0.29999999999999999")]),
        (pa.int32(), [0, 1, -1, 3]),
    ],
    "boolean": [(pa.bool_(), [True, False])],
    "date": [(pa.date32(), DAYS)],
    "time": [(pa.time64("us"), TIMES), (pa.time32("s"), [dt.time(0), dt.time(12, 30)])],
    "timestamp": [(pa.timestamp(unit), STAMPS) for unit in ("us", "ns")]
    + [(pa.timestamp("us", tz), [one.replace(tzinfo=UTC) for one in STAMPS]) for tz in ("UTC", "Asia/Tokyo")]
    + [(pa.timestamp("ns", "UTC"), [one.replace(tzinfo=UTC) for one in STAMPS])]
    + [(pa.timestamp("ns"), [NANOSECOND - 1, NANOSECOND, NANOSECOND + 1])],
    "array": [(pa.list_(pa.int64()), [[], [1], [1, 1], [1, None]])],
    "object": [(pa.struct([("a", pa.int64())]), [{"a": 1}, {"a": None}])],
    "nothing": [(pa.null(), [None])],
    "binary": [(pa.binary(), [b"", b"a"])],
}
OPTIONS: dict[str, list[dict[str, Any]]] = {
    "string": [{"minLength": 1}, {"maxLength": 2}, {"minLength": 1, "maxLength": 3}]
    + [{"pattern": pattern} for pattern in ("^a", "a$", "^[A-Z][0-9]$", r"\d", "a.b", "(?i)^A", r"^\w+$", "é|1", "b")]
    + [{"format": name} for name in ("email", "ipv4", "uuid", "uri", "hostname", "ipv6")],
    "integer": [
        {"minimum": 0},
        {"maximum": 10},
        {"exclusiveMinimum": 0},
        {"exclusiveMaximum": 3},
        {"multipleOf": 2},
        {"minimum": 1, "maximum": 3},
        {"format": "i8"},
        {"format": "u64"},
        {"minimum": -1, "exclusiveMinimum": -1},
    ],
    "number": [
        {"minimum": 0},
        {"maximum": 1},
        {"minimum": 0.1},
        {"exclusiveMaximum": 0.3},
        {"exclusiveMinimum": -1.5},
        {"multipleOf": 0.1},
        {"multipleOf": 0.5},
        {"multipleOf": 3},
        {"format": "f32"},
        {"maximum": 2.55},
    ],
    "date": [{"minimum": "2020-01-01"}, {"exclusiveMinimum": "2020-01-01"}, {"exclusiveMaximum": "2020-01-02"}],
    "time": [{"minimum": "12:30:00"}, {"exclusiveMaximum": "12:30:00"}],
    "timestamp": [
        {"minimum": "2020-01-01T00:00:00Z"},
        {"exclusiveMinimum": "2020-01-01T00:00:00Z"},
        {"maximum": "2020-01-01T00:00:00Z"},
        {"exclusiveMaximum": "2020-01-01T09:00:00+09:00"},
        {"minimum": "2020-01-01T00:00:00"},
        {"exclusiveMaximum": "2020-01-01T00:00:00"},
        {"timezone": True},
        {"timezone": False},
    ],
    "array": [{"minItems": 1}, {"maxItems": 1}],
    "boolean": [],
    "object": [],
}
LISTS: dict[str, list[list[Any]]] = {
    "string": [["a", "b"], ["", "ab", "日本"], ["1", "true"]],
    "integer": [[1, 2, 3], [0, -1], [2**53 + 1]],
    "number": [[0, 1], [0.1, 0.3], [0.0, 1.5, 2.55], [1, 0.30000000000000004]],
    "boolean": [[True]],
    "date": [["2020-01-01", "2024-02-29"]],
    "time": [["00:00:00"]],
    "timestamp": [["2020-01-01T00:00:00Z"]],
}
PHYSICAL = {"string": "varchar", "integer": "bigint", "number": "double", "boolean": "boolean", "date": "date"}
OPERATORS = ("mustBe", "mustNotBe", "mustBeGreaterThan", "mustBeGreaterOrEqualTo", "mustBeLessThan")
OPERATORS += ("mustBeLessOrEqualTo", "mustBeBetween", "mustNotBeBetween")


@dataclass(frozen=True)
class Case:
    """A contract as a document, and rows."""

    contract: dict[str, Any]
    table: pa.Table


def case(random: Random) -> Case:
    """Return a contract of a few columns and rows that nearly keep it."""
    names = ["a", "B b", "ç", "class"][: random.choice([1, 1, 2, 3])]
    kinds = [random.choice(list(OPTIONS)) for _ in names]
    properties = [_property(random, name, kind) for name, kind in zip(names, kinds, strict=True)]
    if random.random() < 0.2:
        for position, prop in enumerate(properties, start=1):
            prop |= {"primaryKey": True, "primaryKeyPosition": position}
    obj: dict[str, Any] = {"name": "rows of it", "properties": properties}
    if random.random() < 0.2:
        obj["quality"] = [_object_rule(random, names)]
    gate = {
        "columns": random.choice(["closed", "closed", "open"]),
        "missing_columns": random.choice(["refuse", "allow"]),
        "min_rows": random.choice([0, 1, 1, 3]),
    }
    contract = {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": "random",
        "version": "1.0.0",
        "status": "active",
        "schema": [obj],
        "customProperties": [{"property": "lakegate", "value": gate}],
    }
    return Case(contract, _table(random, names, kinds))


def _property(random: Random, name: str, kind: str) -> dict[str, Any]:
    prop: dict[str, Any] = {"name": name, "logicalType": kind}
    if random.random() < 0.25:
        prop = {"name": f"told_{name[0]}", "physicalName": name, "logicalType": kind}
    if OPTIONS[kind] and random.random() < 0.5:
        prop["logicalTypeOptions"] = random.choice(OPTIONS[kind])
    prop |= {key: True for key in ("required", "unique") if random.random() < 0.2}
    if kind in PHYSICAL and random.random() < 0.05:
        prop["physicalType"] = PHYSICAL[kind]
    if kind in LISTS and random.random() < 0.15:
        prop["enum"] = [{"value": one} for one in random.choice(LISTS[kind])]
    if kind == "number" and random.random() < 0.4:
        prop["customProperties"] = [{"property": "lakegate", "value": {"nan": "allow"}}]
    if random.random() < 0.3:
        prop["quality"] = [_rule(random, kind)]
    return prop


def _rule(random: Random, kind: str) -> dict[str, Any]:
    metric = random.choice(["nullValues", "missingValues", "invalidValues", "duplicateValues"])
    rule: dict[str, Any] = {"metric": metric} | _threshold(random)
    if metric == "missingValues" and kind in LISTS and random.random() < 0.7:
        rule["arguments"] = {"missingValues": [*random.choice(LISTS[kind]), None]}
    if metric == "invalidValues":
        if kind == "string" and random.random() < 0.5:
            rule["arguments"] = {"pattern": "^[a-z]+$", "validValues": ["a", "b", "ab", "1"]}
        else:
            rule["arguments"] = {"validValues": random.choice(LISTS.get(kind, [["a"]]))}
    return rule


def _object_rule(random: Random, names: list[str]) -> dict[str, Any]:
    if random.random() < 0.5:
        return {"metric": "rowCount"} | _threshold(random, percent=False)
    return {"metric": "duplicateValues", "arguments": {"properties": names}} | _threshold(random)


def _threshold(random: Random, *, percent: bool = True) -> dict[str, Any]:
    operator, bound = random.choice(OPERATORS), random.choice([0, 0, 1, 2, 5])
    said: dict[str, Any] = {operator: [bound, bound + 2] if "Between" in operator else bound}
    if percent and random.random() < 0.4:
        at = random.choice([0, 25, 33.3, 50, 100])
        said = {operator: [at, at + 10] if "Between" in operator else at, "unit": "percent"}
    if random.random() < 0.25:
        said["severity"] = random.choice(["warning", "info", "error"])
    return said


def _table(random: Random, names: list[str], kinds: list[str]) -> pa.Table:
    rows = random.choice([0, 1, 2, 3, 4, 6])
    columns: dict[str, pa.Array] = {}
    for name, kind in zip(names, kinds, strict=True):
        if random.random() < 0.04:
            continue
        wrong = random.random() < 0.08
        arrow, pool = random.choice(COLUMNS[random.choice(list(COLUMNS)) if wrong else kind])
        few = random.sample(pool, min(len(pool), random.choice([1, 2, 4, 9])))
        nulls = random.choice([0, 0, 0.3, 0.3, 1 if random.random() < 0.3 else 0])
        values = [None if random.random() < nulls else random.choice(few) for _ in range(rows)]
        columns[name] = pa.array(values, arrow)
    if random.random() < 0.08:
        columns[random.choice(["more", "A", "ç"])] = pa.array([1] * rows, pa.int64())
    if not columns:
        columns["more"] = pa.array([1] * rows, pa.int64())
    return pa.table(columns)
