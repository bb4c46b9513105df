"""What the commands of `lakegate report` do, as values: where the site lies, and what became of it anew."""

from __future__ import annotations

from pathlib import Path

from lakegate.config import open_lake, reports_url
from lakegate.contract.findings import near
from lakegate.contract.project import Project
from lakegate.errors import UsageError
from lakegate.publish import documents, keys
from lakegate.publish.rebuild import Rebuilt, rebuild
from lakegate.reports.site.links import public


def rebuilt(lake: str | None) -> Rebuilt:
    """Make the site of a lake anew, to be read where the settings say.

    Raises what `publish.rebuild`, `config.open_lake` and `config.reports_url` raise.
    """
    root = Project.around(Path.cwd()).root
    return rebuild(open_lake(lake, root), url=reports_url(root))


def address(dataset: str | None, lake: str | None) -> str:
    """Return where readers open the board or the page of a dataset; where nobody has said that, where it lies.

    Raises UsageError where nothing is published, or not that dataset, and what `config.open_lake` raises.
    """
    root = Project.around(Path.cwd()).root
    store = open_lake(lake, root)
    key = keys.BOARD if dataset is None else keys.page(dataset)
    known = documents.board(store)
    if dataset is not None and dataset not in known:
        hint = near(dataset, known) or "see `lakegate report open` for the board, `lakegate report rebuild` to make it"
        raise UsageError(f"no page of {dataset!r} is published", hint=hint)
    if store.stat(key) is None:
        raise UsageError("no site is published in this lake", hint="run `lakegate report rebuild`")
    if at := reports_url(root) or documents.address(store):
        return public(at, key)
    found = store.uri(key)
    return Path(found).as_uri() if Path(found).is_absolute() else found
