"""Links between published pages: from one key of the lake to another, so that they hold wherever it is served.

What leaves the site (a feed's entry, a line on a terminal) needs an absolute one: `public`, where the address is known.
"""

from __future__ import annotations

import posixpath
import re
from urllib.parse import quote, urlsplit

REFERENCES = "references/"


def relative(page: str, key: str) -> str:
    """Return the link that leads from the page at one key to another key, both relative to the lake's root.

    A stored `%2F` becomes `%252F`, and nothing in the key can name a scheme or a host. A key that ends in `/` is a
    folder, of which `index.html` is meant: there may be nobody who serves it.
    """
    wanted = f"{key}index.html" if key.endswith("/") else key
    path = posixpath.relpath(wanted, posixpath.dirname(page) or ".")
    return "./" + quote(path, errors="replace")


def public(address: str, key: str) -> str:
    """Return where readers open what lies at a key below `references/`; `address` is that of `references/` itself.

    A key that ends in `/` is a folder, as in `relative`.
    """
    wanted = f"{key}index.html" if key.endswith("/") else key
    return f"{address}/{quote(wanted.removeprefix(REFERENCES), errors='replace')}"


def site_address(text: object) -> str:
    """Return the address of a site as `public` takes it, without a last `/`; empty for anything that is none.

    It is one of the web with a host, printable ASCII, and holds neither user nor query nor fragment.
    """
    if not isinstance(text, str) or not re.fullmatch(r"[!-~]{1,2000}", text) or re.search(r"[\\<>\"'{}|^`?#@]", text):
        return ""
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return ""
    return text.rstrip("/") if known else ""


def field_anchor(path: str) -> str:
    """Return the id under which a page tells of a column (`Field.path`); behind `#` it is the link to it."""
    return "field-" + quote(path, safe="", errors="replace")
