"""An expectation that the library itself runs: what it needs, where its class is defined, what its answer comes to."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lakegate.checks.interface import (
    Check,
    Found,
    Identity,
    Judgement,
    not_applicable,
    passed,
    share,
    unmeasured,
    violated,
)
from lakegate.contract.expectations import Expectation
from lakegate.contract.model import Action, SchemaObject
from lakegate.measures import LibraryAnswer, LibraryFinding, LibraryResult, Measure, NotMeasured
from lakegate.rows import Location

LIBRARY = "great_expectations"
ONE_COLUMN = ("column", "column_A", "column_B")
COLUMN_LISTS = ("column_list", "column_set")
OF_COLUMNS = ("expect_column_", "expect_multicolumn_", "expect_compound_columns_", "expect_select_column_")
COUNTS = frozenset(
    {
        "element_count",
        "unexpected_count",
        "unexpected_percent",
        "unexpected_percent_total",
        "unexpected_percent_nonmissing",
        "missing_count",
        "missing_percent",
    }
)  # what a result says in numbers of rows; anything else may be a value of the data
LONGEST = 200  # characters of an observed value in a reason


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestExpectation(Check):
    """An expectation that Great Expectations runs. `fields` are the properties it looks at, by logical names."""

    measure: LibraryResult
    expectation: Expectation
    fields: tuple[str, ...]

    def measures(self) -> tuple[Measure, ...]:
        """Return what the library is asked."""
        return (self.measure,)

    def judge(self, found: Found) -> Judgement:
        """Say what the library said. Of no rows, one that counts rows has nothing to say."""
        answer = found.answers[self.measure]
        if isinstance(answer, NotMeasured):
            return unmeasured(answer)
        if not isinstance(answer, LibraryAnswer):
            raise TypeError(f"a library answered {answer!r} to {self.measure}")
        [finding] = answer.findings
        told = self._told(finding, found)
        quoted = told.diagnostics["result"].keys() - COUNTS
        if not quoted:
            return told
        result = {key: value for key, value in told.diagnostics["result"].items() if key in COUNTS}
        discreet = replace(
            told, reason=told.reason and self._reason(finding, {}), diagnostics={**told.diagnostics, "result": result}
        )
        several = any(isinstance(told.diagnostics["result"][key], list | dict) for key in quoted)
        return replace(told, quotes=self.fields, sampled=several, discreet=discreet)

    def _told(self, finding: LibraryFinding, found: Found) -> Judgement:
        result = json.loads(finding.result or "{}")
        counted = share(finding.failed, found.count or 0) if finding.failed is not None else {}
        diagnostics = {"success": finding.success, "result": result} | counted
        if finding.success:
            if finding.failed is not None and not found.count:
                return replace(not_applicable("there are no rows"), diagnostics=diagnostics)
            return passed(diagnostics)
        reason = self._reason(finding, result)
        return Judgement(violated(self.action), reason, diagnostics, self._locations(finding, found))

    def _reason(self, finding: LibraryFinding, result: Mapping[str, Any]) -> str:
        if finding.reason:
            return finding.reason
        said = {name: value for name, value in self.expectation.kwargs.items() if name not in ONE_COLUMN}
        expected = ", ".join(f"{name} {json.dumps(value, default=str)}" for name, value in said.items())
        observed = f"{result['observed_value']!s:.{LONGEST}}" if "observed_value" in result else "another result"
        return f"got {observed}, expected {expected or finding.name}"

    def _locations(self, finding: LibraryFinding, found: Found) -> tuple[Location, ...]:
        """Return where the failing rows stand. A value is told only by the rules of the one property it is of."""
        places = found.rows.locations(finding.rows)
        own = finding.column is not None and self.identity.field is not None
        values = finding.values if own and finding.values else (None,) * len(places)
        return tuple(
            replace(place, column=finding.column, value=value) for place, value in zip(places, values, strict=True)
        )


def guest_check(
    expectation: Expectation, obj: SchemaObject, identity: Identity, action: Action, file: str | None
) -> Check:
    """Return the check of an expectation that the library runs.

    `file` of the project's `expectations/` defines its class; None: it is one of the library's own.
    """
    columns = columns_of(expectation) if file is None else None
    asked = {"type": expectation.type, "kwargs": dict(expectation.kwargs), "file": file}
    text = json.dumps(asked, sort_keys=True, default=str)
    measure = LibraryResult(LIBRARY, text, columns, files=file is not None)
    logical = {prop.physical_name: prop.name for prop in obj.properties}
    fields = tuple(logical.values()) if columns is None else tuple(logical.get(name, name) for name in columns)
    return GuestExpectation(
        identity=replace(identity, library=LIBRARY),
        action=action,
        measure=measure,
        expectation=expectation,
        fields=fields,
    )


def columns_of(expectation: Expectation) -> tuple[str, ...] | None:
    """Return the columns (physical names) that one of the library's own expectations needs; None: all of them.

    All where it is about the table, where a row condition may name any, or where it says no columns.
    """
    kwargs = expectation.kwargs
    if kwargs.get("row_condition") or not expectation.type.startswith(OF_COLUMNS):
        return None
    if expectation.type == "expect_column_to_exist":
        return None  # its place among all columns may be asked
    named = [kwargs[name] for name in ONE_COLUMN if name in kwargs]
    for name in COLUMN_LISTS:
        named += kwargs.get(name) or ()
    columns = tuple(dict.fromkeys(name for name in named if isinstance(name, str)))
    return columns if columns and len(columns) == len(set(map(str, named))) else None


# --- the project's own expectations -------------------------------------------------------------------------------


def file_of(kind: str, files: Mapping[str, bytes]) -> str | None:
    """Return which Python file defines the class of an expectation's type, None where none does. Runs none of them.

    Of several the first by name. A file that cannot be parsed defines nothing.
    """
    found = (name for name in sorted(files) if name.endswith(".py") and kind in _types(files[name]))
    return next(found, None)


def _types(source: bytes) -> Iterator[str]:
    """Yield the types of the classes at the top level of a file, as the library derives them from their names."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield snake(node.name)


def snake(name: str) -> str:
    """Return `ExpectColumnValuesToBePolite` as `expect_column_values_to_be_polite`, by the library's own rule."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()
