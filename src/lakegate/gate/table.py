"""The batches of a table around one that is judged, where a rule looks at all of them."""

from __future__ import annotations

import dataclasses

from lakegate.gate import state
from lakegate.gate.arrivals import Route
from lakegate.gate.spool import SpooledBatch
from lakegate.lake.interface import Lake


def in_table(lake: Lake, route: Route, batch: SpooledBatch, sequence: int) -> SpooledBatch:
    """Return the batch with the other batches of its table as they stand now; `sequence` is the last settled claim.

    Costs one listing and one document. Raises LakeError.
    """
    standing = state.standing(lake, route.target, route.batching.key)
    others = tuple(one for one in standing if one.batch != batch.key)
    return dataclasses.replace(batch, table=others, sequence=sequence)
