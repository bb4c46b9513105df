"""A candidate in the transient zone: what a transform made, for the gate to judge. Files first, then the manifest.

Nothing is taken from under a promoter unsaid: whoever has pinned a file that is removed here gets SourceChanged, looks
again from P0, and finds either nothing complete or the new candidate.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from importlib.metadata import version
from pathlib import Path

from lakegate.errors import LakeError, SourceChanged
from lakegate.gate.arrivals import Drop, Route, read_drop
from lakegate.gate.ledger import CommitRecord
from lakegate.lake.interface import CHUNK, Content, Lake
from lakegate.lake.zones import MANIFEST
from lakegate.verdict import BatchFile, batch_digest
from lakegate.version import __version__
from lakegate.warehouse.recipe import Recipe, manifest, recipe_in


def committed_as(record: CommitRecord | None, recipe: Recipe) -> bool:
    """Whether a committed revision was made by a recipe, by the manifest that it came with."""
    texts = [marker.text for marker in record.markers if marker.path == MANIFEST] if record else []
    return any(recipe_in(text) == recipe for text in texts)


def known_to_give(lake: Lake, way: Route, record: CommitRecord, recipe: Recipe) -> bool:
    """Whether a recipe was found to give the bytes that a revision holds, made by another one."""
    noted = lake.read(way.target.made(record.batch, recipe.sha256))
    try:
        return noted is not None and json.loads(noted) == {"recipe": recipe.sha256, "digest": record.digest}
    except ValueError:
        return False


def note(lake: Lake, way: Route, record: CommitRecord, recipe: Recipe) -> None:
    """Remember that a recipe gives the bytes of a committed revision: it need not be tried again."""
    key, standing = way.target.made(record.batch, recipe.sha256), None
    text = json.dumps({"recipe": recipe.sha256, "digest": record.digest}).encode()
    for _ in range(2):  # who is beaten writes over what the other wrote, or leaves it to be tried again
        if lake.replace_if(key, text, standing):
            return
        standing = lake.stat(key)


def proposed_as(lake: Lake, drop: Drop, recipe: Recipe) -> bool:
    """Whether a candidate lies there that was made by a recipe, whole: what it holds is what its manifest says."""
    if drop.manifest is None:
        return False
    text = lake.read(drop.manifest.key)
    if text is None or recipe_in(text) != recipe:
        return False
    promised = {file["path"]: file["sha256"] for file in json.loads(text)["files"]}
    there = dict(drop.files)
    return promised.keys() == there.keys() and all(lake.sha256(there[path].key) == promised[path] for path in promised)


def described(path: Path) -> BatchFile:
    """Return a file that was made, under the name that it has in its batch: by its own content."""
    sha256, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            sha256.update(chunk)
            size += len(chunk)
    return BatchFile(f"part-{sha256.hexdigest()[:12]}.parquet", size, sha256.hexdigest())


def is_committed(record: CommitRecord | None, file: BatchFile) -> bool:
    """Whether a revision holds this file and no other."""
    return record is not None and record.digest == batch_digest([file])


def clear(lake: Lake, drop: Drop, but: BatchFile | None = None) -> None:
    """Take away a candidate, or what is left of one: the marker first. `but` may stay, if it is that file.

    Raises:
        SourceChanged: somebody else writes there, too.
    """
    markers = [entry for entry in (drop.manifest, drop.success) if entry is not None]
    for entry in (*markers, *(entry for _, entry in drop.files)):
        sha256 = lake.sha256(entry.key)
        stays = but is not None and entry.key.endswith(f"/{but.path}") and sha256 == but.sha256
        if sha256 is not None and not stays and not lake.remove(entry, sha256):
            raise SourceChanged(f"{entry.key!r} changed while it was being replaced", hint="does another build run?")


def propose(lake: Lake, way: Route, batch: str, made: tuple[Path, BatchFile], recipe: Recipe) -> None:
    """Put a candidate into the drop of its table, in place of what is left there of others.

    Raises:
        LakeError: it cannot be written; run again. SourceChanged: another build of the same batch runs.
    """
    local, file = made
    content = Content(local, file.size, file.sha256)
    folder = f"{way.source.prefix}{batch}/"
    clear(lake, read_drop(lake, way, batch), but=file)
    lake.place(folder + file.path, content)
    if lake.holds(folder + file.path, content) is None:
        raise LakeError(f"{folder + file.path!r} is not what was written there", hint="run again: it is replaced")
    versions = {"lakegate": __version__, "duckdb": version("duckdb")}
    promised = [{"path": file.path, "size": file.size, "sha256": file.sha256}]
    text = manifest(promised, recipe, versions)
    if not lake.put_if_absent(folder + MANIFEST, text, uuid.uuid4().hex) and lake.read(folder + MANIFEST) != text:
        raise SourceChanged(f"another candidate of {way.dataset} {batch} was written meanwhile", hint="run again")
