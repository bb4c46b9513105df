"""What was proved of a text once need not be proved again: answers by sha256, in a folder of the user's own.

Vetting a query costs 0.3 s of CPU, nearly all of it to import its parser; asking RE2 whether it runs a pattern 0.1 s.
An answer read back costs nothing. Only what was let through is remembered. A folder that somebody else could write to
is not believed, and a proof is of exactly these facts: the texts, and the code that judged them.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import stat
import tempfile
from pathlib import Path
from typing import Any


def judges(*modules: str) -> tuple[str, ...]:
    """Return what tells one version of some modules from another: file, size and time of change. Imports nothing."""
    facts = []
    for module in modules:
        found = importlib.util.find_spec(module)
        if found is not None and found.origin is not None:
            file = os.stat(found.origin)  # noqa: PTH116 - one call, no Path
            facts.append(f"{found.origin} {file.st_size} {file.st_mtime_ns}")
    return tuple(facts)


def recall(kind: str, facts: tuple[str, ...]) -> Any:
    """Return the answer that was remembered for these facts, None where there is none that may be believed."""
    folder = _folder()
    try:
        if not _own(folder):
            return None
        return json.loads((folder / _name(kind, facts)).read_bytes())
    except (OSError, ValueError):
        return None


def remember(kind: str, facts: tuple[str, ...], answer: object) -> None:
    """Remember an answer (plain data). What cannot be written is proved again next time."""
    folder = _folder()
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _own(folder):
            return
        with tempfile.NamedTemporaryFile("w", dir=folder, delete=False) as file:
            json.dump(answer, file)
        os.replace(file.name, folder / _name(kind, facts))  # noqa: PTH105 - atomic, by name


def _folder() -> Path:
    """Return where proofs lie: `LAKEGATE_CACHE`, else `lakegate` in the user's cache folder (XDG)."""
    named = os.environ.get("LAKEGATE_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - may have no home
    return Path(named) if named else Path(base, "lakegate")


def _own(folder: Path) -> bool:
    """Whether the folder is ours and nobody else may write to it."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022


def _name(kind: str, facts: tuple[str, ...]) -> str:
    digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
    return f"{kind}-{digest}.json"
