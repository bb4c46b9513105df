"""Make everything downstream of raw and master again, in an empty lake: what was made can always be made again."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence

from lakegate.contract.project import Project
from lakegate.errors import UsageError
from lakegate.gate import ledger
from lakegate.lake.interface import Lake
from lakegate.lake.overlay import Overlay
from lakegate.warehouse.chain import Asked, Step, opened

BEGUN = "warehouse/_gate/rebuild.json"  # of which lake this one is made again


def rebuild(of: Lake, into: Lake, project: Project, asked: Asked) -> list[Step]:
    """Build and promote every batch of every table, from what `of` holds in raw and master; all else lives in `into`.

    One that was killed is gone on with. Raises UsageError where something else is committed in `into`.
    """
    begin(of, into)
    with opened(Overlay(of, into), project, asked) as chain:
        steps = chain.everything()
    return [*steps, *_not_made(of, into, steps)]


def _not_made(of: Lake, into: Lake, steps: Sequence[Step]) -> Iterator[Step]:
    """Yield each batch that is committed in `of`, and that nobody even tried to make again."""
    tried = {(step.table, step.batch) for step in steps}
    for place in ledger.datasets(of):
        missing = (
            ledger.slot_keys(of, place).keys() - ledger.slot_keys(into, place).keys() if place.in_warehouse else ()
        )
        for batch in sorted(missing):
            if (place.dataset, batch) not in tried:
                message = f"{place.dataset} {batch} is committed in the lake, and no SQL over its inputs makes it again"
                hint = "it was made elsewhere, or from inputs that are not there any more"
                yield Step(place.dataset, batch, error=UsageError(message, hint=hint))


def begin(of: Lake, into: Lake) -> None:
    """Claim an empty lake for a rebuild; one that was claimed for the same rebuild goes on.

    Raises:
        UsageError: the two are one lake, or `into` is not empty.
    """
    ours = {"rebuilds": of.uri("warehouse")}
    if ours["rebuilds"] == into.uri("warehouse"):
        raise UsageError("a lake is not rebuilt into itself", hint="name an empty lake: --into FOLDER")
    claimed = into.read(BEGUN)
    if claimed is None:
        held = ledger.datasets(into)
        if held:
            hint = "name an empty lake: --into FOLDER"
            where = into.uri(held[0].prefix.removesuffix("/"))
            raise UsageError(f"{held[0].dataset!r} is committed in {where!r} already", hint=hint)
        into.put_if_absent(BEGUN, json.dumps(ours).encode(), uuid.uuid4().hex)
        claimed = into.read(BEGUN)
    if claimed is None or json.loads(claimed) != ours:
        told = json.loads(claimed or b"{}").get("rebuilds")
        raise UsageError(f"in this lake {told!r} is being rebuilt", hint="name an empty lake: --into FOLDER")
