"""Who brought a batch, as far as the lake tells: whoever did may not be the one who waives what is wrong with it.

Each place that could name somebody is asked, and all the names count. None of them is proof: a name left out or made up
is not found out here, only who may write into a drop decides that.
"""

from __future__ import annotations

from collections.abc import Iterable

from lakegate.gate import quarantine
from lakegate.gate.arrivals import Drop, Route
from lakegate.gate.ledger import Marker
from lakegate.gate.protocol import manifest_uploaders
from lakegate.lake.interface import Lake
from lakegate.lake.zones import USER_DROP


def uploaders(lake: Lake, route: Route, drop: Drop, markers: Iterable[Marker]) -> tuple[str, ...]:
    """Return the names of who brought what lies under the drop, sorted.

    That is whose folder of the user drop zone it is, whom the manifest names, and whom the lake names for each file.
    Raises SourceChanged where something of it is gone.
    """
    named = {route.source.path.split("/")[0]} if route.source.zone == USER_DROP else set()
    for marker in markers:
        named.update(manifest_uploaders(marker.text.encode()) if marker.text else ())
    for _, entry in (*drop.files, *drop.markers):
        named.update(lake.brought_by(entry))
    return tuple(sorted(name for name in named if name.strip()))


def also_before(lake: Lake, route: Route, batch: str, digest: str, named: Iterable[str]) -> tuple[str, ...]:
    """Return `named` and who brought the same bytes when they were judged before: what is released from quarantine lies
    under the drop by another hand.
    """
    judged = quarantine.judgements_of(lake, route.dataset, batch)
    return tuple(sorted({*named, *(name for one in judged if one.digest == digest for name in one.uploaders)}))
