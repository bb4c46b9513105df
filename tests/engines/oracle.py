"""What measures mean, row by row in plain Python: slow, obvious, and independent of any engine."""

import math
import operator
import re
from collections import Counter
from decimal import Decimal

from lakegate.measures import (
    CountWhere,
    Distinct,
    DistinctCounts,
    DuplicateCounts,
    Duplicates,
    Maximum,
    Minimum,
    MostCommon,
    MostCommonValues,
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
)


def answer(measure, rows):  # noqa: PLR0911 - one `case` a measure
    """Return the answer to a measure over rows, each a dict."""
    match measure:
        case RowCount():
            return len(rows)
        case CountWhere(predicate):
            return sum(holds(predicate, [row]) for row in rows)
        case Maximum(value) | Minimum(value):
            found = [reach(value, [row]) for row in rows]
            there = present(found) if measure.numbers_only else [one for one in found if one is not None]
            return extreme(there, isinstance(measure, Maximum))
        case Sum(value):
            return sum(present(reach(value, [row]) for row in rows))
        case Distinct(value, listed):
            different = set(map(same, present(reach(value, [row]) for row in rows)))
            return DistinctCounts(len(different), among(different, listed))
        case MostCommon(value, listed):
            counts = Counter(map(same, present(reach(value, [row]) for row in rows)))
            first = {one for one, n in counts.items() if n == max(counts.values())}
            return MostCommonValues(len(first), among(first, listed), tuple(sorted(first)[:20]))
        case RepeatedRows(key, where):
            keys = [tuple(map(nothing, (reach(value, [row]) for value in key))) for row in rows if holds(where, [row])]
            return sum(n for n in Counter(keys).values() if n > 1)
        case Duplicates(key):
            keys = [tuple(same(reach(value, [row])) for value in key) for row in rows]
            repeated = [n for one, n in Counter(k for k in keys if None not in k).items() if n > 1]
            return DuplicateCounts(len(repeated), sum(repeated) - len(repeated), sum(repeated))
    raise TypeError(measure)


def present(values):
    return [one for one in values if one is not None and not is_nan(one)]


def nothing(value):
    return None if is_nan(value) else same(value)


def among(values, listed):
    return sum(any(equal(value, one) for one in listed) for value in values)


def extreme(values, largest):
    """NaN is larger than every other number, as databases order it."""
    if not values:
        return None
    nans = [one for one in values if is_nan(one)]
    rest = [one for one in values if not is_nan(one)]
    if largest:
        return nans[0] if nans else max(rest)
    return min(rest) if rest else nans[0]


def reach(value, bound):
    """Return what a value is in a row (`bound[0]`) or in the item bound at its depth; None inside of None."""
    found = bound[value.depth]
    for step in value.path:
        found = None if found is None else found[step]
    return found


def holds(predicate, bound) -> bool:  # noqa: C901, PLR0911, PLR0912 - one `case` a predicate
    match predicate:
        case AllOf(parts):
            return all(holds(part, bound) for part in parts)
        case AnyOf(parts):
            return any(holds(part, bound) for part in parts)
        case Not(inner):
            return not holds(inner, bound)
        case IsNull(value):
            return reach(value, bound) is None
        case AnyItem(array, inner):
            return any(holds(inner, [*bound, item]) for item in reach(array, bound) or ())
        case AnyEntry(mapped, inner):
            entries = ({"key": key, "value": value} for key, value in reach(mapped, bound) or ())
            return any(holds(inner, [*bound, entry]) for entry in entries)
        case Compares(left, comparison, right):
            one, other = reach(left, bound), reach(right, bound)
            how = {
                Comparison.EQUAL: operator.eq,
                Comparison.GREATER: operator.gt,
                Comparison.GREATER_OR_EQUAL: operator.ge,
            }
            return len(present([one, other])) == 2 and how[comparison](one, other)
        case SumIs(values, total):
            numbers = [reach(value, bound) for value in values]
            return len(present(numbers)) == len(values) and sum(numbers) == total
    found = reach(predicate.array if hasattr(predicate, "array") else predicate.value, bound)
    if found is None:
        return False
    match predicate:
        case OneOf(_, values):
            return any(equal(found, one) for one in values)
        case NotIn(_, values):
            return not any(equal(found, one) for one in values)
        case OutOfRange(_, least, most, least_exclusive, most_exclusive):
            if is_nan(found):
                return False
            low = least is not None and (found <= least if least_exclusive else found < least)
            return low or (most is not None and (found >= most if most_exclusive else found > most))
        case LengthOutOfRange(_, least, most):
            fields = [one for one in found.values() if one is not None] if isinstance(found, dict) else found
            return (least is not None and len(fields) < least) or (most is not None and len(fields) > most)
        case DoesNotMatch(_, pattern):
            return re.search(pattern.replace("$", r"\Z"), found) is None
        case Matches(_, pattern):
            return re.search(pattern.replace("$", r"\Z"), found) is not None
        case IsNaN():
            return is_nan(found)
        case NotMultipleOf(_, factor):
            return math.isfinite(found) and not multiple(found, factor)
        case NotFinite():
            return isinstance(found, float) and not math.isfinite(found)
        case RepeatsItem():
            items = [same(one) for one in found if one is not None]
            return len(items) != len(set(items))
    raise TypeError(predicate)


def multiple(number, factor) -> bool:
    exact = Decimal(str(number))
    top, bottom = exact.as_integer_ratio()
    over, under = factor.as_integer_ratio()
    return (top * under) % (bottom * over) == 0


def equal(found, listed) -> bool:
    """Compared by type: '1' is not 1, true is not 1; numbers of all types compare by value."""
    number = (int, float, Decimal)
    if (
        isinstance(found, bool)
        or isinstance(listed, bool)
        or not (isinstance(found, number) and isinstance(listed, number))
    ):
        return type(found) is type(listed) and found == listed
    return found == listed or (is_nan(found) and is_nan(listed))


def same(value):
    """Return a value so that what a database calls one value is one: all NaN, -0.0 and 0.0."""
    if is_nan(value):
        return "NaN"
    if isinstance(value, list):
        return tuple(map(same, value))
    return value


def is_nan(value) -> bool:
    return isinstance(value, float) and math.isnan(value)
