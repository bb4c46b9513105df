"""Hold what we say of an expectation against what Great Expectations says of the same rows.

python -m libraries.great_expectations.differential --cases 20000 --seed 7
"""

import argparse
import datetime as dt
import math
import sys
from collections import Counter
from dataclasses import dataclass, field
from random import Random

import pandas as pd
import pyarrow as pa

from lakegate.checks.expectations.translate import translated
from lakegate.checks.interface import Found, Identity
from lakegate.contract.expectations import Expectation
from lakegate.contract.model import Action, SchemaObject
from lakegate.engines.duckdb import DuckDB
from lakegate.intake.types import table_types
from lakegate.measures import NotMeasured, RowCount
from lakegate.plan import plan
from lakegate.rows import Rows
from libraries.great_expectations import cases
from libraries.great_expectations.oracle import Said, asked_of_pandas, version

AT_ONCE = 150  # expectations of one table
COMPARED = (
    "element_count",
    "unexpected_count",
    "unexpected_percent",
    "missing_count",
    "missing_percent",
    "unexpected_percent_total",
    "unexpected_percent_nonmissing",
    "observed_value",
    "details",
)
ROUNDED = ("mean", "stdev", "sum", "quantile", "median")  # of floats: summed in another order
CLOSE = 1e-12


@dataclass
class Tally:
    """What a run came to. `left` are expectations that the library itself must run; `beyond` those that pandas cannot
    answer of such data, and measures can (docs/reference/expectations.md).
    """

    equal: Counter = field(default_factory=Counter)
    left: Counter = field(default_factory=Counter)
    beyond: Counter = field(default_factory=Counter)
    different: list = field(default_factory=list)

    @property
    def compared(self) -> int:
        return sum(self.equal.values()) + len(self.different)


def ours(obj: SchemaObject, rows: pa.Table, expectations: list[Expectation]) -> list[Said | None]:
    """Return what the translated checks say of a table, None where the library must run itself."""
    identity = Identity("t.e", "quality", "e", "e", "t")
    checks = [translated(one, obj, identity, Action.FAIL) for one in expectations]
    held = Rows(table=rows, table_types=table_types(rows))
    answers = DuckDB().measure(plan(check for check in checks if check), held, {}, obj.name)
    found = Found(held, int(answers[RowCount()]), answers)
    return [check and _said(check, found) for check in checks]


def _said(check, found: Found) -> Said:
    faults = [a for a in (found.answers[m] for m in check.measures()) if isinstance(a, NotMeasured)]
    if faults:
        return Said(False, {}, faults[0].reason)
    judgement = check.judge(found)
    return Said(judgement.diagnostics["success"], dict(judgement.diagnostics["result"]))


def run(count: int, seed: int) -> Tally:
    """Compare at least `count` answers."""
    tally, random = Tally(), Random(seed)
    obj = cases.contract()
    while tally.compared < count:
        rows = cases.table(random)
        asked = cases.expectations(random, rows, AT_ONCE)
        compare(obj, rows, asked, tally)
    return tally


def compare(obj: SchemaObject, rows: pa.Table, asked: list[Expectation], tally: Tally) -> None:
    """Add what both say of a table to the tally."""
    mine = ours(obj, rows, asked)
    both = [(one, said) for one, said in zip(asked, mine, strict=True) if said is not None]
    tally.left.update(one.type for one, said in zip(asked, mine, strict=True) if said is None)
    theirs = asked_of_pandas(rows.to_pandas(), [one for one, _ in both])
    for (one, said), expected in zip(both, theirs, strict=True):
        if beyond(one, said, expected, rows):
            tally.beyond[one.type] += 1
        elif why := difference(one, said, expected):
            tally.different.append((one, why, said, expected, rows))
        else:
            tally.equal[one.type] += 1


# What pandas raises where a column of Python objects (dates, decimals, booleans) holds a null.
BEYOND = (
    "float() argument must be a string or a real number, not 'NoneType'",
    "not supported between instances of",
    "decimal.InvalidOperation",
)
OBJECTS = {"decimal", "date", "boolean"}


def beyond(one: Expectation, mine: Said, theirs: Said, rows: pa.Table) -> bool:
    """Whether the library's pandas cannot answer what we can: it compares and sums no objects among which is a null."""
    if mine.error or not theirs.error or not any(said in theirs.error for said in BEYOND):
        return False
    names = [one.kwargs.get(key) for key in ("column", "column_A", "column_B")]
    held = [name for name in [*names, *one.kwargs.get("column_list", ())] if name]
    return any(cases.KIND_OF[name] in OBJECTS for name in held) and any(rows[name].null_count for name in held)


def difference(one: Expectation, mine: Said, theirs: Said) -> str:
    """Return in what two answers differ, nothing where they are the same."""
    if mine.error or theirs.error:
        return f"error: ours {mine.error}, theirs {theirs.error}"
    rounded = any(f"_{word}" in one.type for word in ROUNDED)
    for key in COMPARED:
        if key not in mine.result and key not in theirs.result:
            continue
        if key == "observed_value" and "most_common" in one.type:
            same = _as_set(mine.result[key]) == _as_set(theirs.result[key])
        elif key == "details" and "most_common" in one.type:
            continue  # counts of our own
        else:
            same = _same(mine.result.get(key), theirs.result.get(key), rounded=rounded)
        if not same:
            return f"{key}: ours {mine.result.get(key)!r}, theirs {theirs.result.get(key)!r}"
    if mine.success != theirs.success and not (rounded and _on_a_bound(one, mine)):
        return f"success: ours {mine.success}, theirs {theirs.success}"
    return ""


def _as_set(values) -> set:
    return {str(float(v)) if isinstance(v, int | float) else v for v in (_plain(one) for one in values)}


def _on_a_bound(one: Expectation, mine: Said) -> bool:
    """Whether the observed number is so close to a bound that the order of a sum decides."""
    observed = mine.result.get("observed_value")
    bounds = [one.kwargs[name] for name in ("min_value", "max_value") if one.kwargs.get(name) is not None]
    if not isinstance(observed, int | float) or float(observed).is_integer():
        return False
    return any(math.isclose(observed, bound, rel_tol=CLOSE) for bound in bounds)


def _plain(value):
    if hasattr(value, "item") and not isinstance(value, list):
        value = value.item()
    if value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, list) and value and all(_plain(one) is None for one in value):
        return [None]  # of no number the library says NaN, once or twice for each quantile
    return value.isoformat() if isinstance(value, dt.date) else value


def _same(mine, theirs, *, rounded: bool) -> bool:
    mine, theirs = _plain(mine), _plain(theirs)
    if isinstance(mine, dict) and isinstance(theirs, dict):
        return mine.keys() == theirs.keys() and all(_same(mine[k], theirs[k], rounded=rounded) for k in mine)
    if isinstance(mine, list | tuple) and isinstance(theirs, list | tuple):
        return len(mine) == len(theirs) and all(_same(a, b, rounded=rounded) for a, b in zip(mine, theirs, strict=True))
    if theirs is not None and type(theirs).__name__ == "Decimal":
        theirs = float(theirs)
    if isinstance(mine, str) and isinstance(theirs, float):  # what JSON cannot hold is text
        mine = float(mine)
    if mine is None or theirs is None or isinstance(mine, bool | str) or isinstance(theirs, bool | str):
        return mine == theirs
    return mine == theirs or (rounded and math.isclose(mine, theirs, rel_tol=CLOSE, abs_tol=1e-12))


def told(tally: Tally, limit: int = 10) -> str:
    """Return the first differences for a person."""
    lines = [f"{len(tally.different)} of {tally.compared} differ"]
    for one, why, mine, theirs, rows in tally.different[:limit]:
        kwargs = dict(one.kwargs)
        names = [n for n in rows.column_names if n in str([kwargs.get(k) for k in ("column", "column_A", "column_B")])]
        names = kwargs.get("column_list") or [n for n in names if n in kwargs.values()]
        held = {n: rows[n].to_pylist() for n in names if n in rows.column_names}
        lines.append(f"{one.type} {kwargs}\n  {why}\n  success {mine.success} / {theirs.success}\n  {held}")
    return "\n".join(lines)


def main() -> int:
    """Run and report; 1 where something differs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tally = run(options.cases, options.seed)
    print(f"great_expectations {version()}, {DuckDB().version}: {tally.compared:,} answers compared")  # noqa: T201
    print("\n".join(f"{n:8,}  {type_}" for type_, n in sorted(tally.equal.items())))  # noqa: T201
    print(f"{sum(tally.left.values()):,} left to the library, {sum(tally.beyond.values()):,} it cannot answer")  # noqa: T201
    print(told(tally))  # noqa: T201
    return 1 if tally.different else 0


if __name__ == "__main__":
    sys.exit(main())
