"""Everything that a pandera schema checks, one by one, so that a report lists the same results from run to run."""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

LONGEST = 120  # characters of a name: what a long `isin` lists is cut


@dataclass(frozen=True, slots=True)
class Listed:
    """One thing a schema checks: of a column, of the index, or of the whole frame.

    `kind` is `required`, `dtype`, `nullable`, `unique`, `check` and so on; `number` is the check's place in its list.
    `component` is what pandera calls the column or index, `matches` the columns of the data that a pattern means.
    """

    component: str | None  # None: the whole frame
    kind: str
    name: str
    expected: str
    of_index: bool = False
    number: int | None = None
    warns: bool = False  # the model itself only warns of it
    matches: tuple[str, ...] = ()
    absent: bool = False  # the data has no such column
    about_rows: bool = True


def prepared(schema: Any) -> Any:
    """Return a copy of a schema that tells everything: it drops no row, warns of nothing, and counts every failure."""
    schema = copy.deepcopy(schema)
    for part in (schema, *schema.columns.values(), *indexes(schema)):
        if getattr(part, "drop_invalid_rows", False):
            part.drop_invalid_rows = False
        for check in part.checks:
            check.raise_warning = False
            check.n_failure_cases = None
    return schema


def indexes(schema: Any) -> list[Any]:
    """Return the schemas of a frame's index, one for each level; Polars has none."""
    index = getattr(schema, "index", None)
    return [] if index is None else list(getattr(index, "indexes", [index]))


def listed(schema: Any, columns: Collection[str]) -> tuple[Listed, ...]:
    """Return everything that a schema, as its author wrote it, checks of data with these columns. Names are unique."""
    found = [*_of_columns(schema, columns), *_of_indexes(schema), *_of_frame(schema, columns)]
    twins = Counter[str]()
    told = []
    for one in found:
        twins[one.name] += 1
        again = twins[one.name]
        told.append(one if again == 1 else replace(one, name=f"{one.name} #{again}"))
    return tuple(told)


def _of_columns(schema: Any, columns: Collection[str]) -> Iterator[Listed]:
    explicit = {str(name) for name, column in schema.columns.items() if not column.regex}
    for key, column in schema.columns.items():
        name = str(key)
        matches = _matching(name, columns, explicit) if column.regex else (name,) if name in columns else ()
        absent = not matches and not schema.add_missing_columns
        if column.required and not schema.add_missing_columns:
            expected = "a column that matches it" if column.regex else f"a column {name!r}"
            yield Listed(name, "required", f"{name}.required", expected, matches=matches, about_rows=False)
        of_frame = schema.dtype if schema.dtype is not None else column.dtype
        for one in _of_component(column, name, name, of_frame):
            yield replace(one, matches=matches, absent=absent)


def _matching(pattern: str, columns: Collection[str], explicit: Collection[str]) -> tuple[str, ...]:
    return tuple(column for column in columns if re.match(pattern, column) and column not in explicit)


def _of_indexes(schema: Any) -> Iterator[Listed]:
    for level, index in enumerate(indexes(schema)):
        name = "index" if len(indexes(schema)) == 1 else f"index[{level}]"
        component = None if index.name is None else str(index.name)
        if component is not None:
            yield Listed(component, "name", f"{name}.name", f"an index called {component!r}", True, about_rows=False)
        for one in _of_component(index, component, name, index.dtype):
            yield replace(one, of_index=True)


def _of_component(part: Any, component: str | None, name: str, dtype: Any) -> Iterator[Listed]:
    if dtype is not None:
        yield Listed(component, "dtype", f"{name}.dtype", f"type {dtype}", about_rows=False)
    if not part.nullable:
        yield Listed(component, "nullable", f"{name}.nullable", "a value in every row")
    if part.unique:
        yield Listed(component, "unique", f"{name}.unique", "each value once")
    yield from _checks(part, component, f"{name}.")


def _checks(part: Any, component: str | None, prefix: str) -> Iterator[Listed]:
    for number, check in enumerate(part.checks):
        label = _cut(check.error if check.registry_name and check.error else check.name)
        name, expected = prefix + label, _cut(check.error or check.name)
        yield Listed(component, "check", name, expected, number=number, warns=bool(check.raise_warning))


def _cut(words: object) -> str:
    said = str(words)
    return said if len(said) <= LONGEST else said[:LONGEST] + "…"


def _of_frame(schema: Any, columns: Collection[str]) -> Iterator[Listed]:
    if schema.dtype is not None and not schema.columns:  # then pandera holds every column against it, and against null
        every = tuple(columns)
        yield Listed(None, "dtype", "dtype", f"type {schema.dtype} in every column", matches=every, about_rows=False)
        yield Listed(None, "nullable", "nullable", "a value in every cell", matches=every)
    if schema.strict is True:
        yield Listed(None, "strict", "strict", "only the columns of the model", about_rows=False)
    if schema.ordered:
        yield Listed(None, "ordered", "ordered", "the columns in the order of the model", about_rows=False)
    if getattr(schema, "unique_column_names", False):
        yield Listed(None, "column names", "unique_column_names", "each column name once", about_rows=False)
    if schema.unique:
        absent = not {str(name) for name in _flat(schema.unique)} <= set(columns)
        told = ", ".join(str(name) for name in _flat(schema.unique))
        yield Listed(None, "unique", f"unique({told})", f"each combination of {told} once", absent=absent)
    yield from _checks(schema, None, "")


def _flat(names: Any) -> Iterator[Any]:
    for name in names:
        yield from [name] if isinstance(name, str) else _flat(name)
