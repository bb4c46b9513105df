"""Tallies of groups here and in another dataset's rows, compared in one query. Nothing is run here.

Each side is grouped by itself; the two lists of groups are then added up, so that null meets null, and a group that one
side lacks counts 0 there. Whole numbers are added as HUGEINT and decimals as decimals: a sum that needs more digits is
an error of the engine, never a wrong number.
"""

from __future__ import annotations

import re

from lakegate.engines import statistics
from lakegate.engines.predicates import NUMBERS, Scope, Unmeasurable, number, plain, same_family
from lakegate.measures import Imbalance, Sum, Tally
from lakegate.predicates import Value
from lakegate.rows import Kind

WORST = 20  # groups that are named


def query(measure: Imbalance, here: tuple[str, Scope], there: tuple[str, Scope]) -> str:
    """Return the query for `GroupsCompared`: one row a group, those that differ most first, at most `WORST`.

    Its columns: the group's values as one list of text, the tally here, the tally there, whether they differ, how many
    groups there are, how many differ. Each side is a relation and what names mean in it. Raises Unmeasurable where a
    column is missing on either side, or two cannot be compared.
    """
    for ours, theirs in measure.by:
        one, other = here[1].type_of(ours), there[1].type_of(theirs)
        if not same_family(one.kind, other.kind):
            names = f"{'.'.join(ours.path)!r} is {one.name} here, {'.'.join(theirs.path)!r} is {other.name} there"
            raise Unmeasurable(f"groups cannot be compared: {names}")
    wide = _width(measure, here[1], there[1])
    sides = [
        _side(measure.here, [ours for ours, _ in measure.by], here, wide, "{n} AS here, {zero} AS there"),
        _side(measure.there, [theirs for _, theirs in measure.by], there, wide, "{zero} AS here, {n} AS there"),
    ]
    keys = [f"k{place}" for place in range(len(measure.by))]
    listed = f"[{', '.join(f'CAST({key} AS VARCHAR)' for key in keys)}]" if keys else "[]::VARCHAR[]"
    grouped = f" GROUP BY {', '.join(keys)}" if keys else ""
    totals = ", ".join([*keys, f"CAST(sum(here) AS {wide}) AS here", f"CAST(sum(there) AS {wide}) AS there"])
    return (
        f"WITH groups AS (\n  SELECT {totals}\n"
        f"  FROM ({sides[0]}\n    UNION ALL {sides[1]}){grouped}),\n"
        f"compared AS (SELECT *, {_differs(measure)} AS differs, abs(here - there) AS apart FROM groups)\n"
        "SELECT v, here, there, differs, groups, differ FROM (\n"
        f"  SELECT {listed} AS v, here, there, differs, apart, count(*) OVER () AS groups,\n"
        "    count_if(differs) OVER () AS differ FROM compared)\n"
        f"ORDER BY differs DESC, apart DESC, v LIMIT {WORST}"
    )


def _side(tally: Tally, by: list[Value], of: tuple[str, Scope], wide: str, columns: str) -> str:
    """Return the query that tallies the groups of one side.

    Different values are grouped, not counted by COUNT(DISTINCT): groups spill to disk.
    """
    relation, scope = of
    keys = [plain(value, scope.type_of(value)) for value in by]
    values = [number(value, scope) for value in tally.values]
    if tally.kind == "distinct":
        named = [f"{key} AS g{place}" for place, key in enumerate(keys)]
        named += [f"{value} AS v{place}" for place, value in enumerate(values)]
        relation = f"(SELECT DISTINCT {', '.join(named)} FROM {relation})"
        keys = [f"g{place}" for place in range(len(keys))]
        present = " AND ".join(f"v{place} IS NOT NULL" for place in range(len(values)))
        counted = f"coalesce(count_if({present}), 0)"
    else:
        counted = "count(*)" if tally.kind == "rows" else statistics.aggregate(Sum(tally.values[0]), scope)
    told = columns.format(n=f"CAST({counted} AS {wide})", zero=f"CAST(0 AS {wide})")
    selected = ", ".join([*(f"{key} AS k{place}" for place, key in enumerate(keys)), told])
    return f"SELECT {selected} FROM {relation}" + (f" GROUP BY {', '.join(keys)}" if keys else "")


def _width(measure: Imbalance, here: Scope, there: Scope) -> str:
    """Return the type that holds the tallies of both sides."""
    kinds, scale = set(), 0
    for tally, scope in ((measure.here, here), (measure.there, there)):
        found = scope.type_of(tally.values[0]) if tally.kind == "sum" else None
        if found is not None:
            if found.kind not in NUMBERS and found.kind is not Kind.NULL:
                name = ".".join(tally.values[0].path)
                raise Unmeasurable(f"column {name!r}: got type {found.name}, expected a number")
            kinds.add(found.kind)
            digits = re.search(r",\s*(\d+)\)", found.name) if found.kind is Kind.DECIMAL else None
            scale = max(scale, int(digits[1]) if digits else 0)
    if Kind.FLOAT in kinds:
        return "DOUBLE"
    return f"DECIMAL(38, {scale})" if scale else "HUGEINT"


def _differs(measure: Imbalance) -> str:
    """Return the condition under which two tallies differ, in whole numbers only: a fraction would be rounded."""
    if not measure.tolerance:
        return "here <> there"
    over, under = measure.tolerance.as_integer_ratio()
    if measure.percent:
        return f"here <> there AND NOT abs(here - there) * {under * 100} <= {over} * abs(there)"
    return f"here <> there AND NOT abs(here - there) * {under} <= {over}"
