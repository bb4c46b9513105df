"""Look at a batch as a promotion would, and move nothing: complete, pin, spool (PROTOCOL P1-P3), and then judge."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from lakegate.errors import NotReady
from lakegate.gate.arrivals import Route, near_batch, read_drop, read_markers
from lakegate.gate.protocol import findings, normal, waits_for
from lakegate.gate.spool import Progress, SpooledBatch, Watch, batch_of, spooled
from lakegate.lake.interface import Lake


@contextlib.contextmanager
def spooled_batch(
    lake: Lake,
    route: Route,
    key: str,
    spool: Path,
    now: dt.datetime,
    progress: Progress,
    watch: Watch,
) -> Iterator[SpooledBatch]:
    """Hand out an arrived batch on private disk; it is removed on the way out.

    Raises:
        NotReady: nothing has arrived under this key, or not all of it.
        SourceChanged: a file changed while it was read.
        Refused: a file or a name is unsafe.
    """
    drop = read_drop(lake, route, key)
    markers = read_markers(lake, drop)
    waiting = markers.unreadable or waits_for(markers.arrived, route.batching, now)
    if waiting:
        raise NotReady(
            f"{key!r} is not ready: {waiting}", hint=near_batch(lake, route, drop) or "see `lakegate status`"
        )
    named = None if markers.promised is None else {promise.path for promise in markers.promised}
    files = [(path, entry) for path, entry in drop.files if named is None or normal(path) in named]
    with spooled(lake, files, spool, progress, watch) as copies:
        wrong = findings([file.seen for file in copies], markers.promised)
        yield batch_of(route.dataset, key, copies, wrong, markers.origin)
