"""Links between published pages: from one key of the lake to another, so that they hold wherever it is served."""

from __future__ import annotations

import posixpath
from urllib.parse import quote


def relative(page: str, key: str) -> str:
    """Return the link that leads from the page at one key to another key, both relative to the lake's root.

    A stored `%2F` becomes `%252F`, and nothing in the key can name a scheme or a host. A key that ends in `/` is a
    folder, of which `index.html` is meant: there may be nobody who serves it.
    """
    wanted = f"{key}index.html" if key.endswith("/") else key
    path = posixpath.relpath(wanted, posixpath.dirname(page) or ".")
    return "./" + quote(path, errors="replace")


def field_anchor(path: str) -> str:
    """Return the id under which a page tells of a column (`Field.path`); behind `#` it is the link to it."""
    return "field-" + quote(path, safe="", errors="replace")
