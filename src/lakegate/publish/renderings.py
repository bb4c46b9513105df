"""How shared pages and documents are written: PROTOCOL's rule for renderings, once for all of them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from lakegate.errors import CouldNotEvaluate, LakeError, OutcomeUnknown
from lakegate.lake.interface import Entry, Lake

TRIES = 200  # rounds; sixteen publishers at once need some twenty
LONGEST = 0.5  # seconds between two of them
PATIENCE = 8  # rounds in a row in which something is gone that a page is made from, or nobody wrote and we may not

Wait: TypeAlias = Callable[[float], None]


class Unreadable(CouldNotEvaluate):
    """A document is not what it should be, or is gone: the whole can be made again from the lake."""


class Moved(Unreadable):
    """A document is gone: another has replaced it since it was named, or somebody took it away."""


def differs(lake: Lake, standing: Entry | None, data: bytes) -> bool:
    """Whether what stands there is something else; nothing is read where the size tells."""
    return standing is None or standing.size != len(data) or lake.read(standing.key) != data


def write_all(
    lake: Lake, keys: Iterable[str], make: Callable[[frozenset[str]], Mapping[str, bytes]], wait: Wait = time.sleep
) -> tuple[str, ...]:
    """Write renderings under some keys, and return those that were otherwise before.

    `make` reads what they are made from, and makes those that it is asked for. It is called after the keys were looked
    at: what is written then replaces nothing newer. Where another wrote meanwhile it is looked at again, and made
    again; so it is where what they are made from was replaced (`Moved`).

    Raises LakeError, also where a key can be written by nobody, OutcomeUnknown where others write all the time, and
    what `make` raises.
    """
    left, written, gone, stuck = frozenset(keys), list[str](), 0, 0
    for attempt in range(TRIES):
        seen = {key: lake.stat(key) for key in sorted(left)}
        try:
            made, gone = make(left), 0
        except Moved:
            gone += 1
            if gone == PATIENCE:
                raise
            _wait(wait, gone)
            continue
        lost = set()
        for key in sorted(left):
            if not differs(lake, seen[key], made[key]):
                continue
            if lake.replace_if(key, made[key], seen[key]):
                written.append(key)
            else:
                lost.add(key)
        left = frozenset(lost)
        if not left:
            return tuple(written)
        stuck = stuck + 1 if all(lake.stat(key) == seen[key] for key in left) else 0
        if stuck == PATIENCE:
            raise LakeError(f"{min(left)!r} cannot be written", hint="look what stands there: it is no plain file")
        _wait(wait, attempt)
    raise OutcomeUnknown(f"{min(left)!r} is written by others all the time", hint="run `lakegate report rebuild`")


def _wait(wait: Wait, attempt: int) -> None:
    """Wait a moment by chance, so that not all come again at once."""
    wait(random.uniform(0, min(LONGEST, 0.02 * 2**attempt)))  # noqa: S311 - no secret
