"""Expectations of Great Expectations, as a contract's rule or a suite file holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Expectation:
    """One expectation, in the words of Great Expectations 1.24. `index` is its place in its suite, 0 where it is alone.

    `kwargs` holds what was said and no defaults.
    """

    type: str  # `expect_column_values_to_not_be_null`
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    index: int = 0
    severity: str | None = None  # critical, warning, info
    id: str | None = None
    notes: str | None = None
    description: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def document(self) -> dict[str, Any]:
        """The expectation as a suite's JSON has it."""
        told = {"id": self.id, "notes": self.notes, "description": self.description, "severity": self.severity}
        said = {key: value for key, value in told.items() if value is not None}
        return {"type": self.type, "kwargs": dict(self.kwargs), "meta": dict(self.meta), **said}
