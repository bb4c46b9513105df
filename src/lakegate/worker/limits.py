"""What a worker may use. The kernel holds it to that; what it cannot see, the intake counts."""

from __future__ import annotations

import resource
from dataclasses import dataclass, field

from lakegate.intake.budget import Budget

GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """The table `[limits]` of `lakegate.toml`. `memory` in bytes, of which the engine is given half; times in seconds.

    `wall_seconds` counts from the moment on which everything has arrived.
    """

    memory: int = 4 * GIB
    cpu_seconds: int = 3600
    wall_seconds: int = 7200
    budget: Budget = field(default_factory=Budget)

    @property
    def engine_memory(self) -> str:
        """The engine's half, as DuckDB writes it."""
        return f"{self.memory // 2 // (1 << 20)}MiB"

    @property
    def staging_memory(self) -> str:
        """What staging text is given: rows wait for their turn to be written in all that it has, up to a quarter."""
        return f"{min(self.memory // 2, GIB) // (1 << 20)}MiB"

    def apply(self) -> None:
        """Hold this process to the limits, for good. Memory is held to where the system counts it (Linux)."""
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _lower(resource.RLIMIT_DATA, self.memory)
        _lower(resource.RLIMIT_CPU, self.cpu_seconds, then=5)  # SIGXCPU, which tells why; then SIGKILL


def _lower(kind: int, most: int, *, then: int = 0) -> None:
    """Set a limit, and a last one `then` later, unless a lower one holds already."""
    _, hard = resource.getrlimit(kind)
    last = most + then if hard == resource.RLIM_INFINITY else min(most + then, hard)
    resource.setrlimit(kind, (min(most, last), last))
