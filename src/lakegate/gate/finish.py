"""P9 and P10: what is done once a batch is committed. Nothing here may report failure: what fails becomes a note."""

from __future__ import annotations

import json
from collections.abc import Iterable

from lakegate.errors import LakegateError
from lakegate.gate import state
from lakegate.gate.arrivals import Drop, Route, read_drop
from lakegate.gate.ledger import CommitRecord, Marker
from lakegate.gate.manifests import write_manifest
from lakegate.gate.protocol import normal
from lakegate.lake.interface import Lake
from lakegate.made import Made


def seal(lake: Lake, route: Route, record: CommitRecord) -> list[str]:
    """P9: protect what was committed, list it for other engines, and keep what the contract's version asks.

    Return what was not done, and why.
    """
    target, notes = route.target, []
    try:
        if route.rules_sha256 and record.contract_sha256 == route.contract_sha256:  # it was committed by this contract
            told = {"rules_sha256": route.rules_sha256, "contract_sha256": route.contract_sha256, "batch": record.batch}
            key = target.rules(route.contract_id, route.contract_version)
            lake.put_if_absent(key, json.dumps(told, sort_keys=True).encode() + b"\n", record.write_id)
    except LakegateError as error:
        notes.append(f"the rules of version {route.contract_version} were not kept: {error}")
    try:
        lake.seal((target.commit(record.batch, record.slot), *(file.key for file in record.files)))
    except LakegateError as error:
        notes.append(f"slot {record.slot} was not sealed: {error}")
    try:
        write_manifest(lake, target, record.batch)
    except LakegateError as error:
        notes.append(f"the manifest for Athena, Trino and Spark was not written: {error}")
    return notes


def keep(lake: Lake, route: Route, record: CommitRecord, made: Made) -> list[str]:
    """P9: keep what was made beside the verdict, so that later batches need not read this one. Return what was not.

    What is not kept is made again from the data when it is needed.
    """
    if not (route.sequenced or made.indexes or made.measured):
        return []
    try:
        state.keep(lake, route.target, state.of_record(record), made)
    except LakegateError as error:
        return [f"what later batches look at was not kept, it is made again then: {error}"]
    return []


def clean(lake: Lake, route: Route, drop: Drop, record: CommitRecord, markers: Iterable[Marker]) -> list[str]:
    """P10: delete what was committed from the drop, marker first. Return what was not deleted, and why.

    Where something has arrived meanwhile all is left: what is committed may be part of the newer arrival, for an
    uploader may send only the files that changed. The next run looks at it as a whole.
    """
    try:
        newer = set(read_drop(lake, route, drop.batch).pins) - set(drop.pins)
    except LakegateError as error:
        return [f"the source was not cleaned: {error}"]
    if newer:
        path, _ = min(newer)
        return [f"the source was not cleaned: {path!r} has arrived since, the next run looks at all of it"]
    came = record.arrived or record.files
    shas = {file.path: file.sha256 for file in came} | {marker.path: marker.sha256 for marker in markers}
    notes = []
    for path, entry in (*drop.markers, *drop.files):
        sha256 = shas.get(normal(path))
        try:
            if sha256 is not None and not lake.remove(entry, sha256):
                notes.append(f"{entry.key!r} was not deleted: other bytes stand there than were committed")
        except LakegateError as error:
            notes.append(f"{entry.key!r} was not deleted: {error}")
    return notes
