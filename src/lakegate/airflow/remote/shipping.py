"""What a job is sent: the script that starts it, and the project as it is here. Both lie in the lake under their hash.

So a job judges by the contract that the task has, whatever was deployed where it runs.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lakegate.config import SETTINGS, transforms_folder
from lakegate.contract.project import Project
from lakegate.errors import CouldNotEvaluate, UsageError
from lakegate.lake import zones
from lakegate.lake.interface import SMALL, Lake

ENTRY = Path(__file__).with_name("entry.py")  # what a cluster starts
EXPECTATIONS = "expectations"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the time of every file in the zip: the same project is the same bytes


@dataclass(frozen=True, slots=True)
class Shipped:
    """Where the two lie, as addresses that a reader outside the lake finds."""

    entry: str
    project: str
    project_sha256: str


def ship(lake: Lake, project: Project, settings: str | None) -> Shipped:
    """Write the script and the project into the lake, unless they are there. `settings` as for `packed`."""
    entry = ENTRY.read_bytes()
    zipped = packed(project, settings)
    sha256 = hashlib.sha256(zipped).hexdigest()
    script = _put(lake, f"entry-{hashlib.sha256(entry).hexdigest()}.py", entry)
    return Shipped(script, _put(lake, f"project-{sha256}.zip", zipped), sha256)


def packed(project: Project, settings: str | None) -> bytes:
    """Return a project as a zip: its contracts, `expectations/`, the SELECTs of its tables, and its settings.

    `settings` names the file that is `lakegate.toml` there, relative to the root: a cluster has other limits. None: the
    project's own. Raises UsageError where it is not there, or the project is too large to be one.
    """
    root = project.root
    named = root / (settings or SETTINGS)
    if settings is not None and not named.is_file():
        raise UsageError(f"the settings for the cluster are not there: {named}")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
        for file in _files(project):
            _add(zipped, file.relative_to(root).as_posix(), file.read_bytes())
        _add(zipped, SETTINGS, named.read_bytes() if named.is_file() else b"")
    if out.tell() > SMALL:
        raise UsageError(f"the project at {root} is over {SMALL} bytes zipped", hint="what does not belong there?")
    return out.getvalue()


def _files(project: Project) -> Iterator[Path]:
    """Yield the files of a project in a fixed order; hidden ones and what Python makes are left out."""
    folders = {project.folder, project.root / EXPECTATIONS, transforms_folder(project.root)} - {project.root}
    found = {file for folder in folders for file in folder.rglob("*") if file.is_file()}
    if project.folder == project.root:  # a contract beside nothing: the contracts of its folder
        found |= {file for file in project.root.glob("*.odcs.*") if file.is_file()}
    for file in sorted(found):
        steps = file.relative_to(project.root).parts
        if not any(step.startswith(".") or step == "__pycache__" for step in steps):
            yield file


def _add(zipped: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Add a file without its time."""
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    zipped.writestr(entry, data)


def _put(lake: Lake, name: str, data: bytes) -> str:
    """Write a file under its hash; return its address. Raises CouldNotEvaluate where another stands there."""
    key = zones.shipped(name)
    sha256 = hashlib.sha256(data).hexdigest()
    if not lake.put_if_absent(key, data, sha256) and lake.sha256(key) != sha256:
        raise CouldNotEvaluate(f"{key!r} is not what its name says", hint="somebody wrote there; look, and delete it")
    return lake.uri(key)
