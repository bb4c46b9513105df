"""What the commands of `lakegate report` do, as values: where the site lies, and what became of it anew."""

from __future__ import annotations

from pathlib import Path

from lakegate.config import open_lake
from lakegate.contract.findings import near
from lakegate.contract.project import Project
from lakegate.errors import UsageError
from lakegate.publish import documents, keys
from lakegate.publish.rebuild import Rebuilt, rebuild


def rebuilt(lake: str | None) -> Rebuilt:
    """Make the site of a lake anew. Raises what `publish.rebuild` and `config.open_lake` raise."""
    return rebuild(open_lake(lake, Project.around(Path.cwd()).root))


def address(dataset: str | None, lake: str | None) -> str:
    """Return where the board or the page of a dataset lies.

    Raises UsageError where nothing is published, or not that dataset, and what `config.open_lake` raises.
    """
    store = open_lake(lake, Project.around(Path.cwd()).root)
    key = keys.BOARD if dataset is None else keys.page(dataset)
    known = documents.board(store)
    if dataset is not None and dataset not in known:
        hint = near(dataset, known) or "see `lakegate report open` for the board, `lakegate report rebuild` to make it"
        raise UsageError(f"no page of {dataset!r} is published", hint=hint)
    if store.stat(key) is None:
        raise UsageError("no site is published in this lake", hint="run `lakegate report rebuild`")
    found = store.uri(key)
    return Path(found).as_uri() if Path(found).is_absolute() else found
