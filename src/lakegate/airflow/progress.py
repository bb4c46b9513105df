"""How far a batch is, in a task's log: a few lines, not one for each piece of a file."""

from __future__ import annotations

import time
from collections.abc import Callable

EVERY = 10.0  # seconds between two lines
MB = 1_000_000  # bytes


class Logged:
    """Takes progress (`gate.spool.Progress`), and writes of it what a log can bear."""

    def __init__(self, write: Callable[..., None], clock: Callable[[], float] = time.monotonic) -> None:
        """`write` is a logger's method; `clock` counts seconds."""
        self._write, self._clock = write, clock
        self._last = clock()

    def __call__(self, phase: str, name: str, done: int, total: int) -> None:
        """Write a line where the last one is long ago. `done` and `total` in bytes, 0 where they mean nothing."""
        now = self._clock()
        if now - self._last < EVERY:
            return
        self._last = now
        far = f", {done / MB:,.1f} of {total / MB:,.1f} MB" if total else ""
        self._write("%s %s%s", phase, name, far)
