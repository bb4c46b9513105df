"""The files of a project's `expectations/`, as they stand when a run begins: suites, and Python that libraries load.

INPUTS, threats: Python is loaded from the project's own folder only, never from the lake. What a run uses is read once,
so that a file that changes meanwhile changes nothing (INPUTS 20).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lakegate.contract.findings import near
from lakegate.errors import ContractError, Problem, Refused, Severity

FOLDER = "expectations"
MAX_BYTES = 16 << 20  # of everything that is pinned


@dataclass(frozen=True, slots=True)
class ExpectationFiles:
    """Pinned files, by their path below the project's root with `/` (`expectations/flights.json`)."""

    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def python(self) -> dict[str, bytes]:
        """The Python files: what a library loads may import any of them."""
        return {name: content for name, content in self.files.items() if name.endswith(".py")}

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of each file."""
        return {name: hashlib.sha256(content).hexdigest() for name, content in sorted(self.files.items())}

    def written(self, home: Path) -> Path:
        """Write the files below `home`, an existing folder, and return it."""
        for name, content in self.files.items():
            file = home / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        return home


NO_FILES = ExpectationFiles()


def check_name(name: str) -> None:
    """Raise Refused where a name that a contract says leads out of the project."""
    steps = name.split("/")
    if os.path.isabs(name) or "\\" in name or ".." in steps or any(ord(character) < 32 for character in name):  # noqa: PTH117
        raise Refused(
            f"{name!r} leads out of the project", hint=f"name a file below {FOLDER}/, relative to the project's root"
        )


def pinned(root: Path, names: Iterable[str], *, python: bool) -> ExpectationFiles:
    """Read the files that rules name, and with `python` every Python file of the folder.

    Raises:
        Refused: a name leads out of the project, or a file is a link or no plain file.
        ContractError: a file is not there, lies elsewhere, or there is too much of them.
    """
    wanted = dict.fromkeys(names)
    for name in wanted:
        check_name(name)
    if python:
        wanted |= dict.fromkeys(python_files(root))
    found: dict[str, bytes] = {}
    size = 0
    for name in wanted:
        found[name] = _content(root, name)
        size += len(found[name])
        if size > MAX_BYTES:
            raise _wrong(f"the files of {FOLDER}/ are more than {MAX_BYTES:,} bytes", name, "keep data elsewhere")
    return ExpectationFiles(found)


def python_files(root: Path) -> tuple[str, ...]:
    """Return the Python files of the folder by their path below `root`; hidden folders and caches are left out."""
    found = []
    for where, folders, files in os.walk(root / FOLDER):
        folders[:] = sorted(name for name in folders if name[0] not in "._")
        below = Path(where).relative_to(root).as_posix()
        found += [f"{below}/{name}" for name in sorted(files) if name.endswith(".py") and name[0] != "."]
    return tuple(found)


def _content(root: Path, name: str) -> bytes:
    """Return the bytes of a file; no step on the way to it is a link."""
    steps = name.split("/")
    if steps[0] != FOLDER:
        raise _wrong(f"{name} is not in the project's {FOLDER}/", name, f"move it to {FOLDER}/")
    path = root / FOLDER
    for step in ("", *steps[1:]):
        path = path / step
        if path.is_symlink():
            raise Refused(f"{path.relative_to(root)} is a link", hint=f"{FOLDER}/ holds plain files only")
    if not path.exists():
        folder = path.parent
        there = sorted(one.name for one in folder.iterdir()) if folder.is_dir() else []
        raise _wrong("the file that the rule names is not there", name, near(path.name, there))
    if not path.is_file():
        raise Refused(f"{name} is no plain file")
    try:
        return path.read_bytes()
    except OSError as error:
        raise _wrong(f"{name} cannot be read: {error.strerror}", name, "") from error


def _wrong(message: str, name: str, hint: str) -> ContractError:
    expected = f"a file below {FOLDER}/ at the project's root"
    return ContractError((Problem("", 0, 0, Severity.ERROR, "missing-file", message, "", name, expected, hint),))
