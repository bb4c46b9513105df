"""Settings: which lake. From the command line, the environment or `lakegate.toml`, never from a contract."""

from __future__ import annotations

import tomllib
from pathlib import Path

from lakegate.contract.findings import near
from lakegate.errors import UsageError
from lakegate.lake.interface import Lake
from lakegate.lake.local import LocalLake
from lakegate.lake.local_store import LocalStore
from lakegate.lake.store import Store

SETTINGS = "lakegate.toml"


def open_lake(address: str | None, root: Path) -> Lake:
    """Return the lake at `address`, else the one that `lakegate.toml` in `root` names (relative to that file).

    Raises UsageError where none is named, where it is not there, or where it is of a kind that we do not know.
    """
    named = _named(address, root)
    if "://" in named:
        raise UsageError(f"the lake {named!r} is no folder", hint="this version works on a local folder")
    folder = Path(named).expanduser()
    if not folder.is_dir():
        beside = [one.name for one in folder.parent.glob("*") if one.is_dir()]
        raise UsageError(f"the lake {str(folder)!r} is no folder", hint=near(folder.name, beside) or "make it first")
    return LocalLake(folder)


def open_store(address: str | None, root: Path) -> Store:
    """Return the store under a lake, which need not be there yet; it is named as for `open_lake`."""
    named = _named(address, root)
    if "://" in named:
        raise UsageError(f"the lake {named!r} is no folder", hint="this version works on a local folder")
    return LocalStore(Path(named).expanduser())


def _named(address: str | None, root: Path) -> str:
    """Return the address of the lake. Raises UsageError where none is named."""
    named = address or _named_in(root / SETTINGS)
    if named is None:
        hint = f'say --lake FOLDER, set LAKEGATE_LAKE, or write lake = "FOLDER" into {root / SETTINGS}'
        raise UsageError("no lake is named", hint=hint)
    return named


def _named_in(settings: Path) -> str | None:
    try:
        found = tomllib.loads(settings.read_text()).get("lake")
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{settings} cannot be read: {error}") from None
    if found is not None and not isinstance(found, str):
        raise UsageError(f"{settings}: lake: got {found!r}, expected text")
    return found if found is None or "://" in found else str(settings.parent / found)
