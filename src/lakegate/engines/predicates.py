"""Predicates compiled to SQL (DuckDB's dialect). Text in, text out: nothing is run or opened here.

A compiled predicate is TRUE exactly where the predicate holds, and FALSE or NULL elsewhere; `count_if` and `WHERE`
take both for "no". Only `Not` must tell them apart, and does.

Which SQL is fast was measured (docs/performance.md): `count_if(p)`, never `count(*) FILTER (WHERE p)`, whose cost grows
with the square of the number of checks; `list_position([…], x) IS NULL`, evaluated once per dictionary entry, rather
than a long `NOT IN`.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TypeGuard, assert_never
from zoneinfo import ZoneInfo

from lakegate.engines.bounds import EXACT, compared, equal_to, scale_of
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
    Literal,
    Matches,
    Not,
    NotFinite,
    NotIn,
    NotMultipleOf,
    OneOf,
    OutOfRange,
    Predicate,
    RepeatsItem,
    SumIs,
    Value,
)
from lakegate.rows import UNCONVERTED, Kind, Type

NUMBERS = frozenset({Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT})
INSTANTS = frozenset({Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMP_ZONED})
SIZED = frozenset({Kind.STRING, Kind.ARRAY, Kind.MAP, Kind.OBJECT})


class Unmeasurable(Exception):
    """The data has no such column, or one of another type: a measure over it has no number."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean while a predicate is compiled: the columns, and the items bound by enclosing `AnyItem`s.

    `unconverted` holds the paths (physical names, `udo.page_name`) whose null cells are not all null in the source.
    """

    columns: Mapping[str, Type]
    items: tuple[Type, ...] = ()
    unconverted: frozenset[str] = frozenset()
    disagree: Mapping[str, str] = field(default_factory=dict)  # column -> how the files of the batch differ in it

    def type_of(self, value: Value) -> Type:
        """Return the type at `value`. Raises Unmeasurable where the data has nothing there."""
        if value.depth == 0 and value.path[0] in self.disagree:
            raise Unmeasurable(self.disagree[value.path[0]])
        root = self.columns.get(value.path[0]) if value.depth == 0 else self.items[value.depth - 1]
        rest = value.path[1:] if value.depth == 0 else value.path
        found = root.at(rest) if root else None
        if found is None:
            missing = ".".join(value.path)
            near = ", ".join(name for name in self.columns if name.casefold() == missing.casefold())
            raise Unmeasurable(f"the data has no column {missing!r}" + (f" (it has {near!r})" if near else ""))
        return found

    def binding(self, item: Type) -> Scope:
        """Return the scope inside an `AnyItem` or `AnyEntry` over items of this type."""
        return replace(self, items=(*self.items, item))


def identifier(name: str) -> str:
    """Quote a name so that nothing in it is read as SQL."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """Quote a text literal. NUL cannot stand in SQL text; no text in a file that passed the intake holds one."""
    return "'" + value.replace("'", "''").replace("\0", "") + "'"


def literal(value: Literal) -> str:
    """Write a value as a typed SQL literal."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal():
            return f"{value:f}"
        case float():
            return f"CAST({text(repr(value))} AS DOUBLE)"
        case dt.datetime():
            kind = "TIMESTAMPTZ" if value.tzinfo else "TIMESTAMP"
            return f"{kind} {text(value.isoformat(sep=' '))}"
        case dt.date():
            return f"DATE {text(value.isoformat())}"
        case dt.time():
            return f"TIME {text(value.isoformat())}"
        case str():
            return text(value)
    assert_never(value)


def reference(value: Value) -> str:
    """Write what a value is called in SQL."""
    if value.depth == 0:
        expression, rest = identifier(value.path[0]), value.path[1:]
    else:
        expression, rest = f"x{value.depth}", value.path
    for step in rest:
        expression = f"struct_extract({expression}, {text(step)})"
    return expression


def plain(value: Value, found: Type) -> str:
    """Write a value as what literals are compared with: text of a special type (UUID, an enumeration) becomes text."""
    special = found.kind is Kind.STRING and found.name.upper() not in {"VARCHAR", "STRING", "LARGE_STRING"}
    return f"CAST({reference(value)} AS VARCHAR)" if special else reference(value)


def _beside(value: Literal, found: Type) -> str:
    """Write a literal as what a column's values are compared with: nanoseconds are compared with their like alone.

    A column without time zones is read in the zone that the literal is of, if it is of one, else in UTC.
    """
    if isinstance(value, dt.datetime) and value.tzinfo is not None and found.kind is Kind.TIMESTAMP:
        local = value if isinstance(value.tzinfo, ZoneInfo) else value.astimezone(dt.UTC)
        return literal(local.replace(tzinfo=None))
    if isinstance(value, dt.time) and found.name in {"TIME_NS", "time64[ns]"}:
        return f"CAST({literal(value)} AS TIME_NS)"
    zoned_ns = found.name == "TIMESTAMPTZ_NS" or found.name.startswith("timestamp[ns, tz=")
    return f"CAST({literal(value)} AS TIMESTAMPTZ_NS)" if zoned_ns else literal(value)


def _equal(value: Literal, found: Type) -> str | None:
    """Write a literal that values are looked up among; None where no value of the type can equal it."""
    return equal_to(value, found) if _is_exact(value, found) else _beside(value, found)


def _is_exact(value: Literal, found: Type) -> TypeGuard[int | float | Decimal]:
    """Whether a literal is a number that values of the type are compared with digit by digit."""
    return found.kind in EXACT and isinstance(value, int | float | Decimal) and math.isfinite(value)


def _comparable(value: Literal, kind: Kind) -> bool:
    """Whether equality of the literal with a value of this kind can ever hold (SEMANTICS: compared by type)."""
    match value:
        case bool():
            return kind is Kind.BOOLEAN
        case int() | float() | Decimal():
            return kind in NUMBERS
        case dt.datetime() | dt.date():
            return kind in INSTANTS
        case dt.time():
            return kind is Kind.TIME
        case str():
            return kind is Kind.STRING
    assert_never(value)


def _require(value: Value, scope: Scope, kinds: frozenset[Kind], wants: str) -> Type:
    """Return the value's type if it is one of `kinds`; raises Unmeasurable, telling got and expected, otherwise."""
    found = scope.type_of(value)
    if found.kind not in kinds and found.kind is not Kind.NULL:
        raise Unmeasurable(f"column {'.'.join(value.path)!r}: got type {found.name}, expected {wants}")
    return found


def predicate(p: Predicate, scope: Scope) -> str:
    """Compile a predicate. Raises Unmeasurable where a column is missing or has a type that it cannot be asked of."""
    match p:
        case IsNull(value):
            return _is_null(value, scope)
        case OneOf(value, values):
            return _membership(value, values, scope, inside=True)
        case NotIn(value, values):
            return _membership(value, values, scope, inside=False)
        case OutOfRange():
            return _out_of_range(p, scope)
        case LengthOutOfRange(value, least, most):
            length = _length(value, scope)
            bounds = [f"{length} < {least}"] * (least is not None) + [f"{length} > {most}"] * (most is not None)
            return _any(bounds)
        case DoesNotMatch(value, pattern):
            found = _require(value, scope, frozenset({Kind.STRING}), "text")
            return "false" if found.kind is Kind.NULL else f"NOT regexp_matches({plain(value, found)}, {text(pattern)})"
        case Matches(value, pattern):
            found = _require(value, scope, frozenset({Kind.STRING}), "text")
            return "false" if found.kind is Kind.NULL else f"regexp_matches({plain(value, found)}, {text(pattern)})"
        case NotMultipleOf(value, factor):
            return _not_multiple(value, factor, scope)
        case NotFinite(value):
            found = scope.type_of(value)
            return f"NOT isfinite({reference(value)})" if found.kind is Kind.FLOAT else "false"
        case IsNaN(value):
            return f"isnan({reference(value)})" if scope.type_of(value).kind is Kind.FLOAT else "false"
        case Compares(left, comparison, right):
            return _compares(left, comparison, right, scope)
        case SumIs(values, total):
            return _sum_is(values, total, scope)
        case RepeatsItem(value):
            _require(value, scope, frozenset({Kind.ARRAY}), "an array")
            items = reference(value)
            return f"len(list_filter({items}, lambda y: y IS NOT NULL)) <> len(list_distinct({items}))"
        case AnyItem(array, holds):
            found = _require(array, scope, frozenset({Kind.ARRAY}), "an array")
            return _any_item(reference(array), found.item, holds, scope)
        case AnyEntry(mapped, holds):
            found = _require(mapped, scope, frozenset({Kind.MAP}), "a map")
            nothing = Type(Kind.NULL, "NULL")
            entry = Type(Kind.OBJECT, "entry", (("key", found.key or nothing), ("value", found.item or nothing)))
            return _any_item(f"map_entries({reference(mapped)})", entry, holds, scope)
        case AllOf(predicates):
            return "(" + " AND ".join(f"({predicate(q, scope)})" for q in predicates) + ")"
        case AnyOf(predicates):
            return _any([f"({predicate(q, scope)})" for q in predicates])
        case Not(inner):
            return f"(({predicate(inner, scope)}) IS NOT TRUE)"
    assert_never(p)


def _any(conditions: list[str]) -> str:
    return "(" + " OR ".join(conditions) + ")" if conditions else "false"


def _is_null(value: Value, scope: Scope) -> str:
    """A cell that could not be converted is not null, nor is what would be inside of it."""
    scope.type_of(value)
    around = [".".join(value.path[:end]) for end in range(1, len(value.path) + 1)]
    strange = [path for path in around if path in scope.unconverted]
    if value.depth or not strange:
        return f"{reference(value)} IS NULL"
    paths = f"list_transform({identifier(UNCONVERTED)}, lambda u: u.path)"
    return f"({reference(value)} IS NULL AND list_has_any({paths}, [{', '.join(map(text, strange))}]) IS NOT TRUE)"


def _membership(value: Value, values: tuple[Literal, ...], scope: Scope, *, inside: bool) -> str:
    found = scope.type_of(value)
    name = plain(value, found)
    listed = [sql for v in values if _comparable(v, found.kind) and (sql := _equal(v, found)) is not None]
    if not listed:
        return "false" if inside else f"{name} IS NOT NULL"
    if not inside:
        return f"({name} IS NOT NULL AND list_position([{', '.join(listed)}], {name}) IS NULL)"
    return f"list_position([{', '.join(listed)}], {name}) IS NOT NULL"


def _out_of_range(p: OutOfRange, scope: Scope) -> str:
    bounds = [bound for bound in (p.least, p.most) if bound is not None]
    if not bounds:
        scope.type_of(p.value)
        return "false"
    kinds = NUMBERS if not any(isinstance(b, dt.date | dt.time) for b in bounds) else INSTANTS
    if any(isinstance(b, dt.time) for b in bounds):
        kinds = frozenset({Kind.TIME})
    wants = {NUMBERS: "a number", INSTANTS: "a date or timestamp"}.get(kinds, "a time of day")
    found = _require(p.value, scope, kinds, wants)
    if found.kind is Kind.NULL:
        return "false"
    name = reference(p.value)
    conditions = []
    if p.least is not None:
        conditions.append(_beyond(name, "<=" if p.least_exclusive else "<", p.least, found))
    if p.most is not None:
        above = _beyond(name, ">=" if p.most_exclusive else ">", p.most, found)
        # INPUTS S27: NaN compares as the largest number here; that it is no number is another check's finding.
        conditions.append(f"({above} AND NOT isnan({name}))" if found.kind is Kind.FLOAT else above)
    return _any(conditions)


def _beyond(name: str, sign: str, bound: Literal, found: Type) -> str:
    return compared(name, sign, bound, found) if _is_exact(bound, found) else f"{name} {sign} {_beside(bound, found)}"


def _length(value: Value, scope: Scope) -> str:
    found = _require(value, scope, SIZED, "text, an array, a map or an object")
    name = reference(value)
    match found.kind:
        case Kind.MAP:
            return f"cardinality({name})"
        case Kind.OBJECT if found.name == "JSON":  # nothing is declared of what it holds; null is no field, as below
            return f"len(list_filter(json_extract_string({name}, '$.*'), lambda v: v IS NOT NULL))"
        case Kind.OBJECT:
            fields = [
                f"({reference(Value((*value.path, f), value.depth))} IS NOT NULL)::INTEGER" for f, _ in found.fields
            ]
            return f"CASE WHEN {name} IS NOT NULL THEN {' + '.join(fields) or '0'} END"
        case Kind.NULL:
            return "NULL"
        case _:
            return f"length({plain(value, found)})"


def _not_multiple(value: Value, factor: Decimal, scope: Scope) -> str:
    found = _require(value, scope, NUMBERS, "a number")
    name = reference(value)
    if found.kind is Kind.NULL:
        return "false"
    if found.kind is not Kind.FLOAT:
        return f"{name} % {_least_multiple(factor, scale_of(found))} <> 0"
    # By its shortest decimal form: 0.3 is a multiple of 0.1. What has more decimals than the factor is no multiple of
    # it; what has too many digits for a decimal is divided instead.
    decimals = max(0, -int(factor.as_tuple().exponent))
    exact = f"TRY_CAST(CAST({name} AS VARCHAR) AS DECIMAL(38, {min(decimals, 38)}))"
    rounded = f"CAST(CAST({exact} AS VARCHAR) AS DOUBLE) <> CAST(CAST({name} AS VARCHAR) AS DOUBLE)"
    rough = f"({name} / {factor:f}) <> floor({name} / {factor:f})"
    return f"coalesce({exact} % {factor:f} <> 0 OR {rounded}, {rough})"


def _least_multiple(factor: Decimal, scale: int) -> str:
    """Return the least multiple of `factor` with at most `scale` decimals; numbers of that scale that are multiples of
    the one are multiples of the other. With the column's own scale the engine's remainder stays exact.
    """
    numerator, denominator = factor.as_integer_ratio()
    units = math.lcm(numerator * 10**scale, denominator) // denominator
    return f"{Decimal((0, tuple(map(int, str(units))), -scale)):f}"


def same_family(one: Kind, other: Kind) -> bool:
    """Whether values of two kinds can be compared without a cast that changes them."""
    return one == other or {one, other} <= NUMBERS or Kind.NULL in {one, other}


def number(value: Value, scope: Scope) -> str:
    """Write a value so that NaN is null."""
    name = reference(value)
    return f"CASE WHEN NOT isnan({name}) THEN {name} END" if scope.type_of(value).kind is Kind.FLOAT else name


def _compares(left: Value, comparison: Comparison, right: Value, scope: Scope) -> str:
    here, there = scope.type_of(left), scope.type_of(right)
    if not same_family(here.kind, there.kind):
        names = f"{'.'.join(left.path)!r} is {here.name}, {'.'.join(right.path)!r} is {there.name}"
        raise Unmeasurable(f"types cannot be compared: {names}")
    holds = f"{plain(left, here)} {comparison} {plain(right, there)}"
    floats = [f"NOT isnan({reference(v)})" for v, t in ((left, here), (right, there)) if t.kind is Kind.FLOAT]
    return "(" + " AND ".join([*floats, holds]) + ")"


def _sum_is(values: tuple[Value, ...], total: float, scope: Scope) -> str:
    kinds = {_require(value, scope, NUMBERS, "a number").kind for value in values}
    wide = "DOUBLE" if Kind.FLOAT in kinds else None if Kind.DECIMAL in kinds else "HUGEINT"  # no sum leaves it
    terms = [f"CAST({reference(value)} AS {wide})" if wide else reference(value) for value in values]
    return f"{' + '.join(terms)} = {literal(total)}"


def _any_item(items: str, item: Type | None, holds: Predicate, scope: Scope) -> str:
    inner = scope.binding(item or Type(Kind.NULL, "NULL"))
    return f"len(list_filter({items}, lambda x{len(inner.items)}: {predicate(holds, inner)})) > 0"
