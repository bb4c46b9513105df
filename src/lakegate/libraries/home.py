"""The project's `expectations/` as a worker has it: pinned files in a private folder, out of which Python is loaded."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

FOLDER = "expectations"


@contextmanager
def importable(home: Path) -> Iterator[None]:
    """Let modules of `home/expectations` import one another, and forget them afterwards.

    The folder stands last, so that a file of the project never takes the place of an installed library.
    """
    folder, before = str((home / FOLDER).resolve()), sys.dont_write_bytecode
    sys.path.append(folder)
    sys.dont_write_bytecode = True  # what is pinned stays as it is
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.dont_write_bytecode = before
        sys.path.remove(folder)
        for name in [name for name, module in sys.modules.items() if _inside(module, folder)]:
            del sys.modules[name]


def _inside(module: ModuleType, folder: str) -> bool:
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and file.startswith(folder + os.sep)
