"""Private folders for copies of what lies in a lake, locked while their process lives: a dead one's can be told.

A folder is made by mode 0700 inside another that is open, and never reached through a symbolic link.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from lakegate.lake import posix

SUFFIX = ".spool"


@contextlib.contextmanager
def private_folder(parent: Path) -> Iterator[Path]:
    """Hand out a private folder in `parent`, removed on the way out. Raises OSError where none can be made."""
    above = os.open(parent, posix.FOLDER & ~os.O_NOFOLLOW)
    try:
        name, folder = make(above)
    finally:
        os.close(above)
    with held(parent / name, folder) as path:
        yield path


@contextlib.contextmanager
def held(path: Path, folder: int) -> Iterator[Path]:
    """Hand out what `make` made at `path`; it is removed and unlocked on the way out."""
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(folder)


def make(parent: int) -> tuple[str, int]:
    """Make a folder in the open folder `parent` and lock it; return its name and itself, open.

    A tidier may remove it before it is locked: another one then.
    """
    while True:
        os.mkdir(name := f"lakegate-{uuid.uuid4().hex}{SUFFIX}", 0o700, dir_fd=parent)
        with contextlib.suppress(FileNotFoundError):
            folder = os.open(name, posix.FOLDER, dir_fd=parent)
            posix.lock(folder, fcntl.LOCK_EX)
            if posix.lstat(parent, name) is not None:
                return name, folder
            os.close(folder)


def clear_dead(parent: Path) -> None:
    """Remove the folders of dead processes of this user in `parent`; what cannot be removed stays."""
    with contextlib.suppress(OSError):
        above = os.open(parent, posix.FOLDER & ~os.O_NOFOLLOW)
        try:
            for name in posix.names(above):
                if name.startswith("lakegate-") and name.endswith(SUFFIX):
                    clear(above, name)
        finally:
            os.close(above)


def clear(parent: int, name: str) -> None:
    """Remove a folder in the open folder `parent` unless its process lives, or it is another user's."""
    facts = posix.lstat(parent, name)
    if facts is None or facts.st_uid != os.geteuid():
        return
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        folder = os.open(name, posix.FOLDER, dir_fd=parent)
        try:
            if posix.lock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
                shutil.rmtree(name, dir_fd=parent)
        finally:
            os.close(folder)
