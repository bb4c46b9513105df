"""The folders of a lake, made by a small `_README.md` in each: a bucket has no empty folders."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lakegate.errors import UsageError
from lakegate.lake.interface import Lake

PURPOSES = {
    "01-raw-data-zone": "Exact copies in native format, immutable, kept for ever. Only the gate writes here. Read it "
    "through `lakegate paths`: what is not in a commit record under `_gate/commits` is not committed.",
    "02-transient-zone": "Arrivals wait here for the gate: `<source>/<dataset>/<batch>/`. Names with `_` in front are "
    "the gate's own: `_quarantine`, `_candidates`, `_tmp`.",
    "02-transient-zone/01-athena": "Query results, a folder a user.",
    "02-transient-zone/02-glue": "Temporary files of jobs.",
    "03-master-data-zone": "Reference data, let in by the gate.",
    "04-user-drop-zone": "Files made by hand, a folder a user, on their way through the gate.",
    "data/user": "Sandbox, unmanaged.",
    "log/emr": "Logs of EMR.",
    "log/hadoop": "Logs of Hadoop.",
    "log/glue": "Logs of Glue.",
    "log/gate": "One line of JSON per gate run.",
    "warehouse/stage": "First layer: the raw zone with types.",
    "warehouse/cleanse": "Second layer: cleaned and conformed.",
    "warehouse/core": "Third layer: facts and dimensions.",
    "warehouse/mart": "Last layer: what is made for one audience.",
    "references": "Dictionaries, manuals and the gate's published reports.",
}
USER_PURPOSES = {
    "02-transient-zone/01-athena": "Query results of {user}.",
    "04-user-drop-zone": "Files made by {user}, a folder a dataset, on their way through the gate.",
}
_USER = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._@=+,-]{0,62}[A-Za-z0-9])?")


def create_layout(lake: Lake, write_id: str, users: Sequence[str] = ()) -> tuple[str, ...]:
    """Create what is missing of the lake's layout and return the keys that were written; nothing is overwritten.

    Raises UsageError for a user's name that can be no folder.
    """
    return tuple(key for key, text in _files(users).items() if lake.put_if_absent(key, text.encode(), write_id))


def missing(lake: Lake, users: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the keys that `create_layout` would write."""
    return tuple(key for key in _files(users) if lake.stat(key) is None)


def _files(users: Sequence[str]) -> dict[str, str]:
    """Return the text of every README by its key."""
    folders = PURPOSES | {
        f"{folder}/{check_user(user)}": purpose.format(user=user)
        for user in users
        for folder, purpose in USER_PURPOSES.items()
    }
    files = {f"{folder}/_README.md": f"# {folder}\n\n{purpose}\n" for folder, purpose in folders.items()}
    contents = "".join(f"| `{folder}` | {purpose} |\n" for folder, purpose in PURPOSES.items())
    files["README.md"] = f"# This lake\n\nKept by lakegate.\n\n| folder | what it holds |\n|---|---|\n{contents}"
    return files


def check_user(user: str) -> str:
    """Return a user's name that can be a folder; names with `_` in front are the gate's own. Else UsageError."""
    if _USER.fullmatch(user) is None:
        raise UsageError(
            f"{user!r} cannot be a user's folder", hint="letters and digits, . _ @ = + , - between them, at most 64"
        )
    return user
