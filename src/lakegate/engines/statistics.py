"""Measures of a column's numbers and values compiled to SQL: sums in the fused scan, groups and ranks in passes of
their own. NaN is left out everywhere, as null is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, assert_never

from lakegate.engines.predicates import INSTANTS, NUMBERS, Scope, Unmeasurable, number, predicate
from lakegate.measures import (
    Answer,
    Distinct,
    DistinctCounts,
    Mean,
    MostCommon,
    MostCommonValues,
    Quantiles,
    SeveralValues,
    StandardDeviation,
    Sum,
)
from lakegate.predicates import Literal, OneOf, Value
from lakegate.rows import Kind, Type

SHOWN = 20  # values that share the first place

Fetch = Callable[[str], list[tuple[Any, ...]]]


def aggregate(measure: Sum | Mean | StandardDeviation, scope: Scope) -> str:
    """Compile a measure that one scan can compute beside others. Raises Unmeasurable of what is no number.

    Floats are summed with compensation: what is left of rounding does not depend on the order. An infinity cannot be
    summed so, and needs not to be.
    """
    found = _numbers(measure.value, scope)
    x = number(measure.value, scope)
    if found.kind is Kind.NULL:
        return "coalesce(max(NULL), 0)" if isinstance(measure, Sum) else "max(NULL)"
    match measure:
        case Sum():
            return f"coalesce({_either('sum', x, found)}, 0)"
        case Mean():
            return _either("avg", x, found)
        case StandardDeviation():
            return f"stddev_samp(CAST({x} AS DOUBLE))"
    assert_never(measure)


def _either(function: str, x: str, found: Type) -> str:
    if found.kind is not Kind.FLOAT:
        return f"{function}({x})"
    return f"CASE WHEN count_if(isinf({x})) > 0 THEN {function}({x}) ELSE f{function}({x}) END"


def _numbers(value: Value, scope: Scope) -> Type:
    found = scope.type_of(value)
    if found.kind not in NUMBERS and found.kind is not Kind.NULL:
        raise Unmeasurable(f"column {'.'.join(value.path)!r}: got type {found.name}, expected a number")
    return found


# --- passes over the values of one column -----------------------------------------------------------------------


def of_values(measure: Distinct | MostCommon | Quantiles, relation: str, scope: Scope, fetch: Fetch) -> Answer:
    """Compute a measure that needs a pass of its own; `fetch` runs a query."""
    match measure:
        case Distinct():
            ((values, listed),) = fetch(distinct(measure, relation, scope))
            return DistinctCounts(values, listed)
        case MostCommon():
            ((values, listed, first),) = fetch(most_common(measure, relation, scope))
            return MostCommonValues(values, listed, tuple(first or ()))
        case Quantiles():
            return _quantiles(measure, relation, scope, fetch)
    assert_never(measure)


def query(measure: Distinct | MostCommon | Quantiles, relation: str, scope: Scope) -> str:
    """Return the query that is shown for a measure; of quantiles the one that follows the count of the numbers."""
    match measure:
        case Distinct():
            return distinct(measure, relation, scope)
        case MostCommon():
            return most_common(measure, relation, scope)
        case Quantiles():
            return ranked(measure.value, [], relation, scope)
    assert_never(measure)


def distinct(measure: Distinct, relation: str, scope: Scope) -> str:
    """Return the query for `DistinctCounts`."""
    listed = _listed(measure, scope)
    groups = f"SELECT {number(measure.value, scope)} AS v FROM {relation} GROUP BY v HAVING v IS NOT NULL"
    return f"SELECT count(*), coalesce(count_if({listed}), 0)\nFROM ({groups})"


def most_common(measure: MostCommon, relation: str, scope: Scope) -> str:
    """Return the query for `MostCommonValues`. Instants are not shown: they would ask for a time zone database."""
    x, kind = number(measure.value, scope), scope.type_of(measure.value).kind
    shown = f"min(v, {SHOWN})" if kind not in INSTANTS else f"list(CAST(v AS VARCHAR))[:{SHOWN}]"
    groups = f"SELECT {x} AS v, count(*) AS n FROM {relation} GROUP BY v HAVING v IS NOT NULL"
    first = f"SELECT v FROM ({groups}) QUALIFY n = max(n) OVER ()"
    return f"SELECT count(*), coalesce(count_if({_listed(measure, scope)}), 0), {shown}\nFROM ({first})"


def _listed(measure: Distinct | MostCommon, scope: Scope) -> str:
    """Return the condition under which a group's value `v` is listed."""
    found = scope.type_of(measure.value)
    inner = Scope({"v": found})
    return f"coalesce({predicate(OneOf(Value(('v',)), measure.listed), inner)}, false)"


def ranked(value: Value, ranks: Sequence[int], relation: str, scope: Scope) -> str:
    """Return the query for the numbers at `ranks` (from 0), as (rank, number)."""
    _numbers(value, scope)
    x = number(value, scope)
    order = f"SELECT {x} AS v, row_number() OVER (ORDER BY v) - 1 AS r FROM {relation} WHERE {x} IS NOT NULL"
    return f"SELECT r, v\nFROM ({order})\nWHERE r IN ({', '.join(map(str, ranks)) or '…'})"


def _quantiles(measure: Quantiles, relation: str, scope: Scope, fetch: Fetch) -> Answer:
    _numbers(measure.value, scope)
    ((count,),) = fetch(f"SELECT count({number(measure.value, scope)}) FROM {relation}")
    if not count:
        return None
    at = [share * (count - 1) for share in measure.shares]
    ranks = sorted({rank for place in at for rank in (math.floor(place), math.ceil(place))})
    numbers: dict[int, Any] = dict(fetch(ranked(measure.value, ranks, relation, scope)))
    found = (_between(place, numbers, measure.between) for place in at)
    return SeveralValues(tuple(found))


def _between(place: float, numbers: dict[int, Any], how: str) -> Literal:
    """Return what stands at a place between two ranks."""
    low, high = numbers[math.floor(place)], numbers[math.ceil(place)]
    part = place - math.floor(place)
    match how:
        case "lower":
            return low  # type: ignore[no-any-return]
        case "higher":
            return high  # type: ignore[no-any-return]
        case "nearest":
            return numbers[round(place)]  # type: ignore[no-any-return] # a half goes to the even rank
    if isinstance(low, Decimal):
        low, high = float(low), float(high)
    if part == 0:
        return low  # type: ignore[no-any-return]
    if how == "midpoint":
        return (low + high) / 2  # type: ignore[no-any-return]
    return low + (high - low) * part if part < 0.5 else high - (high - low) * (1 - part)  # type: ignore[no-any-return]
