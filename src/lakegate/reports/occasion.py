"""The occasion of a verdict: what is no function of the batch, and stands beside its report in `run.json`.

A report is the same whenever it is made again (PROTOCOL, context); when that was first, how long it took and what had
changed since the batch before are not. They are written once, with the report.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Since:
    """What changed since the last batch that passed. Of a check that does not hold, and of one that does again.

    `passed` is that batch, empty where none ever did; `runs` is how many runs blocked since. `new` are keys of checks
    that hold no more with this run, `still` maps those that held no more before to the batch in which that began,
    `mended` are keys of those that hold again.
    """

    passed: str = ""
    report: str = ""  # of that batch: its folder, with its `/`
    runs: int = 0
    new: tuple[str, ...] = ()
    still: Mapping[str, str] = dataclasses.field(default_factory=dict)
    mended: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Occasion:
    """When a verdict was reached first, and how."""

    at: str  # ISO 8601, UTC, with milliseconds
    seconds: float | None = None  # from the first byte read to the verdict
    judging: float | None = None  # of these, since everything had arrived
    since: Since | None = None  # None where the history could not be read
