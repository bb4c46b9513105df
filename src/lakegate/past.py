"""The committed batches before the one that is judged, and the numbers that were kept of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EarlierBatch:
    """The latest revision of one committed batch. `numbers` by their names (`contract.own_rules`), null where there
    was none; `day` is the date in its key, None where the key holds none.
    """

    batch: str
    slot: int
    numbers: Mapping[str, float | None]
    day: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What came before the judged batch, in the order of the batch keys; the batch itself is never among it.

    `day` is the date in the judged batch's own key, None where that holds none.
    """

    batches: tuple[EarlierBatch, ...] = ()
    day: dt.date | None = None
