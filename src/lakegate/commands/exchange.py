"""Contracts in the words of other tools."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lakegate.api import Asked, opened
from lakegate.checks.derive import checks_of
from lakegate.errors import UsageError
from lakegate.libraries.pandera.model import source_of


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written, and a line for each rule that the other tool has no words for."""

    text: str
    left_out: tuple[str, ...]


def as_pandera(contract: Path, schema_name: str | None, backend: str) -> Exported:
    """Return an object of a contract as the source of a pandera model.

    Raises UsageError where the contract has several objects and none is named, and what `load` raises.
    """
    with opened(Asked(contract, schema_name=schema_name), needs_lake=False) as runs:
        if len(runs) != 1:
            names = ", ".join(run.obj.name for run in runs)
            raise UsageError(f"{contract}: the contract has several objects: {names}", hint="say which: --schema-name")
        (run,) = runs
        checks = checks_of(run.contract, run.obj, run.around.neighbours)
        source, model = source_of(run.contract, run.obj, checks, backend)
    return Exported(source, tuple(f"not in the model: {one.key}: {one.why}" for one in model.unsaid))
