"""How shared pages and documents are written: PROTOCOL's rule for renderings, once for all of them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from lakegate.errors import OutcomeUnknown
from lakegate.lake.interface import Entry, Lake

TRIES = 200  # rounds; sixteen publishers at once need some twenty
LONGEST = 0.5  # seconds between two of them

Wait: TypeAlias = Callable[[float], None]


def differs(lake: Lake, standing: Entry | None, data: bytes) -> bool:
    """Whether what stands there is something else; nothing is read where the size tells."""
    return standing is None or standing.size != len(data) or lake.read(standing.key) != data


def write_all(
    lake: Lake, keys: Iterable[str], make: Callable[[frozenset[str]], Mapping[str, bytes]], wait: Wait = time.sleep
) -> tuple[str, ...]:
    """Write renderings under some keys, and return those that were otherwise before.

    `make` reads what they are made from, and makes those that it is asked for. It is called after the keys were looked
    at: what is written then replaces nothing newer. Where another wrote meanwhile it is looked at again, and made
    again. Raises LakeError, OutcomeUnknown where others write all the time, and what `make` raises.
    """
    left, written = frozenset(keys), list[str]()
    for attempt in range(TRIES):
        seen = {key: lake.stat(key) for key in sorted(left)}
        made = make(left)
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
        wait(random.uniform(0, min(LONGEST, 0.02 * 2**attempt)))  # noqa: S311 - so that not all come again at once
    raise OutcomeUnknown(f"{min(left)!r} is written by others all the time", hint="run `lakegate report rebuild`")
