"""The one primitive that the protocol trusts, proved by asking the store (PROTOCOL, Rules: probe at start)."""

from __future__ import annotations

import contextlib

from lakegate.errors import LakeError, Refused
from lakegate.lake.interface import Lake
from lakegate.lake.zones import probe


def prove_conditional_put(lake: Lake, name: str) -> None:
    """Put one key twice; the second must be told that it stands, and change nothing. `name` is used once.

    Raises:
        Refused: the store overwrote what stood, or says that it did.
        LakeError: it could not be asked.
    """
    key = probe(name)
    lake.put_if_absent(key, b"first", name)  # False here is our own write, its answer lost
    overwritten = lake.put_if_absent(key, b"second", name)
    standing, entry = lake.read(key), lake.stat(key)
    with contextlib.suppress(LakeError):  # who may not delete in the log may promote; the collector tidies
        if entry is not None:
            lake.discard(entry)
    if overwritten or standing != b"first":
        raise Refused(
            f"{lake.uri(key)} was written over: this store does not keep If-None-Match, so two gates could commit one "
            "batch",
            hint="use a store with conditional writes; `lakegate lake doctor` shows what this one does",
        )
