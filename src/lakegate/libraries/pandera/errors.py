"""Errors of pandera read: which column, which check, which rows. The two backends tell them differently."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakegate.libraries.pandera.findings import Failed

if TYPE_CHECKING:
    from pandera.errors import SchemaError, SchemaErrors

OUTPUT = "check_output"  # pandera.constants.CHECK_OUTPUT_KEY: the column of a Polars check's answers


def read(raised: SchemaError | SchemaErrors, frame: Any, home: Path | None) -> Iterator[Failed]:
    """Yield every error that pandera raised, lazily or not."""
    for error in getattr(raised, "schema_errors", [raised]):
        yield _read(error, frame, home)


def _read(error: SchemaError, frame: Any, home: Path | None) -> Failed:
    reason = error.reason_code.name if error.reason_code is not None else "SCHEMA_ERROR"
    component, of_index = _component(error)
    column = _column(error, component, frame)
    raised = _exception(error, home) if reason == "CHECK_ERROR" else ""
    got = {
        "WRONG_DATATYPE": _type(frame, column),
        "DATATYPE_COERCION": f"a value of type {_type(frame, column)} that cannot be coerced",
        "COLUMN_NOT_IN_SCHEMA": f"undeclared column {error.failure_cases!r}",
        "COLUMN_NOT_ORDERED": f"column {error.failure_cases!r} out of its place",
        "COLUMN_NOT_IN_DATAFRAME": "none",
    }.get(reason, "")
    number = error.check_index if reason in {"DATAFRAME_CHECK", "CHECK_ERROR"} else None
    positions = () if raised else tuple(_positions(error, len(frame), of_index=of_index))
    return Failed(reason, component, column, of_index, number, positions or None, got, raised)


def _component(error: SchemaError) -> tuple[str | None, bool]:
    """Return the column or index that an error is about, and whether it is an index."""
    schema: Any = error.schema
    reason = error.reason_code.name if error.reason_code is not None else ""
    if reason == "COLUMN_NOT_IN_DATAFRAME":
        return str(error.failure_cases), False
    if hasattr(schema, "columns"):  # the frame's own schema
        return None, False
    of_index = "Index" in type(schema).__name__
    return (None if schema.name is None else str(schema.name)), of_index


def _column(error: SchemaError, component: str | None, frame: Any) -> str | None:
    """Return the column of the data that an error is about."""
    cases: Any = error.failure_cases
    candidates = [error.column_name, component]
    if error.reason_code is not None and error.reason_code.name == "DATATYPE_COERCION" and hasattr(cases, "columns"):
        candidates += list(cases.columns)  # Polars names the column there alone
    return next((str(name) for name in candidates if name is not None and str(name) in list(frame.columns)), None)


def _type(frame: Any, column: str | None) -> str:
    return f"type {frame[column].dtype}" if column is not None else "another type"


def _exception(error: SchemaError, home: Path | None) -> str:
    """Return the class of what a check raised, and where: its words may quote values."""
    told = str(error.failure_cases).partition("(")[0]
    lines = re.findall(r'File "(.+?)", line (\d+)', str(error)) if home is not None else []
    root = home.resolve() if home is not None else Path()
    inside = [f"{Path(f).relative_to(root).as_posix()}:{line}" for f, line in lines if Path(f).is_relative_to(root)]
    return f"{told} at {inside[-1]}" if inside else told


def _positions(error: SchemaError, rows: int, *, of_index: bool) -> list[int]:
    """Return the failing rows, 0-based. The rows of the frame are numbered from 0, so that labels are positions."""
    cases, output = error.failure_cases, error.check_output
    if cases is None or isinstance(cases, str | bool) or of_index:
        return []
    if hasattr(cases, "columns") and type(cases).__module__.startswith("polars"):
        if output is None or OUTPUT not in output.columns or output.height != rows:
            return []  # one answer for all rows
        return [row for row, held in enumerate(output[OUTPUT].to_list()) if held is False]
    if hasattr(output, "index"):  # pandas: the answers themselves, for its failure cases leave nulls out
        held = output if output.ndim == 1 else output.all(axis="columns")
        return _labels(held.index[~held.astype(bool)])
    if hasattr(cases, "columns") and "index" in cases.columns:
        return _labels(cases["index"])
    return []


def _labels(labels: Any) -> list[int]:
    return sorted({int(label) for label in labels if isinstance(label, int) or hasattr(label, "__index__")})
