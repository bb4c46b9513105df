"""A model out of the project's `expectations/`: what may be loaded, from where, and what went wrong."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType

from lakegate.libraries.home import FOLDER


class NotLoaded(Exception):
    """The model cannot be had. The message is one line, without values of data."""


def split(reference: str) -> tuple[str, str]:
    """Return the file and the name that `expectations/orders.py:Orders` names. Raises NotLoaded."""
    file, _, name = reference.rpartition(":")
    steps = file.split("/")
    inside = steps[0] == FOLDER and len(steps) > 1 and not {"", ".", ".."} & set(steps) and "\\" not in file
    if not (inside and file.endswith(".py") and name.isidentifier()):
        raise NotLoaded(f"got schema {reference!r}, expected {FOLDER}/<file>.py:<name of a model in it>")
    return file, name


def load(reference: str, home: Path | None) -> object:
    """Return the object that a reference names, out of `home`. Runs the file. Raises NotLoaded."""
    file, name = split(reference)
    if home is None:
        raise NotLoaded(f"{file} is not at hand: a table in memory is judged without the project's {FOLDER}/")
    path, folder = (home / file).resolve(), (home / FOLDER).resolve()
    if not path.is_relative_to(folder):
        raise NotLoaded(f"{file} leads out of {FOLDER}/")
    if not path.is_file():
        raise NotLoaded(f"{file} is not there")
    private = f"_lakegate_{hashlib.sha256(str(path).encode()).hexdigest()[:16]}"
    module = sys.modules.get(private) or _run(private, path, home)
    if not hasattr(module, name):
        there = ", ".join(
            one for one in vars(module) if not one.startswith("_") and isinstance(vars(module)[one], type)
        )
        raise NotLoaded(f"{file} has no {name!r}" + (f" (it has {there})" if there else ""))
    return getattr(module, name)


def _run(name: str, path: Path, home: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise NotLoaded(f"{path.name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # annotations written as text are looked up there
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the project's own code may raise anything
        del sys.modules[name]
        words = (str(error).strip().splitlines() or [""])[0]
        raise NotLoaded(f"{place(error, home) or path.name}: {type(error).__name__}: {words}") from None
    return module


def place(error: BaseException, home: Path) -> str:
    """Return `expectations/orders.py:12`, the innermost line of the project that raised; empty where there is none."""
    if isinstance(error, SyntaxError) and error.filename:
        known = [(error.filename, error.lineno)]
    else:
        known = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    root = home.resolve()
    inside = [(Path(file), line) for file, line in known if Path(file).is_relative_to(root)]
    return f"{inside[-1][0].relative_to(root).as_posix()}:{inside[-1][1]}" if inside else ""
