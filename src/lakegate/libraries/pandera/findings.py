"""What pandera raised, put to the things that its schema checks: no failure is lost, nothing unchecked passes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lakegate.checks.pandera_model import Note
from lakegate.libraries.pandera.listing import Listed
from lakegate.measures import LibraryFinding

if TYPE_CHECKING:
    import pyarrow as pa

# What pandera calls the reason of an error (`SchemaErrorReason`, by name) -> the kind of thing that failed.
KINDS = {
    "COLUMN_NOT_IN_DATAFRAME": "required",
    "INVALID_COLUMN_NAME": "required",
    "WRONG_DATATYPE": "dtype",
    "DATATYPE_COERCION": "dtype",
    "SERIES_CONTAINS_NULLS": "nullable",
    "SERIES_CONTAINS_DUPLICATES": "unique",
    "DUPLICATES": "unique",
    "COLUMN_NOT_IN_SCHEMA": "strict",
    "COLUMN_NOT_ORDERED": "ordered",
    "DUPLICATE_COLUMN_LABELS": "column names",
    "WRONG_FIELD_NAME": "name",
    "DATAFRAME_CHECK": "check",
    "CHECK_ERROR": "check",
}
GOT = {"nullable": "null", "unique": "a value more than once", "required": "none"}


@dataclass(frozen=True, slots=True)
class Failed:
    """One error of pandera. `positions` are the failing rows (0-based), None where rows are not what fails."""

    reason: str  # a name of `SchemaErrorReason`
    component: str | None  # the column or index, None: the whole frame
    column: str | None  # the column of the data, where it is about one
    of_index: bool
    number: int | None  # of a check: its place in its list
    positions: tuple[int, ...] | None
    got: str = ""  # a type or a name, never a value
    raised: str = ""  # the exception of a check, and where

    @property
    def kind(self) -> str:
        """What kind of thing failed, as `Listed` has it."""
        return KINDS.get(self.reason, self.reason.lower())


def fits(failed: Failed, listed: Listed) -> bool:
    """Whether an error is about this thing."""
    if (failed.kind, failed.of_index) != (listed.kind, listed.of_index):
        return False
    if failed.component != listed.component and failed.column not in listed.matches:
        return False
    return failed.number == listed.number


@dataclass(frozen=True, slots=True)
class Telling:
    """What findings are told with: the rows as they arrived, how many failing ones are named, what cut pandera short.

    `located` False: rows of the frame are no longer rows of the table, so that none can be named.
    """

    table: pa.Table
    limit: int
    located: bool = True
    cut: str = ""  # why pandera ended before its checks; empty where it did not
    unordered: bool = False  # whether a column that is not the model's keeps pandera from looking at the order
    other_index: bool = False  # whether the frame's index has another shape than the model's
    broken: frozenset[str] = frozenset()  # columns that are absent or of another type


def findings(listed: Sequence[Listed], failed: Sequence[Failed], telling: Telling) -> tuple[LibraryFinding, ...]:
    """Return a finding for each thing checked, and one of its own for every error that is about none of them."""
    told = [_finding(one, [error for error in failed if fits(error, one)], telling) for one in listed]
    lost = [error for error in failed if not any(fits(error, one) for one in listed)]
    return (*told, *_unlisted(lost, {one.name for one in listed}, telling))


def _finding(one: Listed, errors: Sequence[Failed], telling: Telling) -> LibraryFinding:
    notes = ([Note.ROWS] if one.about_rows else []) + ([Note.WARNS] if one.warns else [])
    column = one.component if one.component in telling.table.column_names and not one.of_index else None
    if not errors:
        skipped = _skipped(one, telling)
        if skipped:
            return _told(one.name, column, [*notes, Note.NOT_CHECKED], skipped, success=False)
        return _told(one.name, column, notes, "", success=True)
    raised = next((error for error in errors if error.raised), None)
    column = next((error.column for error in errors if error.column), column)
    if raised is not None:
        if _touches(one, telling):
            why = (
                "its column is absent or of another type" if one.component else "a column is absent or of another type"
            )
            return _told(one.name, column, [*notes, Note.NOT_CHECKED], why, success=False)
        return _told(one.name, column, [*notes, Note.RAISED], f"the check raised {raised.raised}", success=False)
    other = GOT.get(one.kind, "another value" if one.component else "rows that break it")
    got = next((error.got for error in errors if error.got), other)
    finding = _told(one.name, column, notes, f"got {got}, expected {one.expected}", success=False)
    return _located(finding, errors, telling)


def _skipped(one: Listed, telling: Telling) -> str:
    """Return why pandera did not come to a thing that did not fail; empty where it did."""
    if telling.cut:
        return telling.cut
    if one.absent:
        return "the column is absent" if one.component else "a column of it is absent"
    if one.of_index and telling.other_index:
        return "the frame has another index"
    if one.kind == "ordered" and telling.unordered:
        return "a column that is not the model's stands between"
    return ""


def _touches(one: Listed, telling: Telling) -> bool:
    """Whether a check that raised looked at a column whose own failure is told."""
    if one.component is None:
        return bool(telling.broken)
    return not telling.broken.isdisjoint({one.component, *one.matches})


def _unlisted(lost: Iterable[Failed], taken: set[str], telling: Telling) -> Iterator[LibraryFinding]:
    for error in lost:
        name = ".".join(filter(None, [error.column or error.component, error.reason.lower()]))
        again, base = 2, name
        while name in taken:
            name, again = f"{base} #{again}", again + 1
        taken.add(name)
        if error.raised:
            yield _told(name, error.column, [Note.RAISED], f"pandera raised {error.raised}", success=False)
            continue
        why = f"got {error.got or 'another frame'}, expected what the model declares"
        yield _located(_told(name, error.column, [], why, success=False), [error], telling)


def _told(name: str, column: str | None, notes: Sequence[Note], reason: str, *, success: bool) -> LibraryFinding:
    result = json.dumps({"notes": [str(note) for note in notes]})
    return LibraryFinding(name, success, column, reason=reason, result=result)


def _located(finding: LibraryFinding, errors: Sequence[Failed], telling: Telling) -> LibraryFinding:
    known = [error.positions for error in errors if error.positions is not None]
    if not known:
        return finding
    rows = sorted({row for positions in known for row in positions})
    finding = replace(finding, failed=len(rows))
    if not telling.located:
        return finding
    first = tuple(row for row in rows if row < telling.table.num_rows)[: telling.limit]
    return replace(finding, rows=first, values=_values(telling.table, finding.column, first))


def _values(table: pa.Table, column: str | None, rows: Sequence[int]) -> tuple[str | None, ...]:
    """Return what stands in a column of the rows as they arrived, as text."""
    if column is None or column not in table.column_names:
        return ()
    found: list[Any] = [table.column(column)[row].as_py() for row in rows]
    return tuple(None if value is None else str(value) for value in found)
