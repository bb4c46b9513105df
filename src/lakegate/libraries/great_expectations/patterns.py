r"""Patterns that Python, which the library asks, and RE2, which runs a contract's, read alike.

The two differ in much (`\d` is any script's digit to Python), so that only what is plainly the same goes over: literal
characters, classes of them, groups, alternatives, counts. `$` is the end of the text to us; to Python a line feed may
stand behind it, which is `\n?$` here, and `\Z` is the end.
"""

from __future__ import annotations

import re

_COUNT = r"(?:[*+?]|\{\d{1,3}(?:,\d{0,3})?\})\??"  # RE2 counts to 1,000
_ESCAPED = r"\\[.^$*+?()\[\]{}|/\\\-&~#@!%,:;=<>'\" ntr]"
_LITERAL = r"[^\\.^$*+?()\[\]{}|]"
_CLASS = rf"\[\^?(?:(?:{_ESCAPED}|[^\\\[\]\-&~|])(?:-(?:{_ESCAPED}|[^\\\[\]\-&~|]))?)+-?\]"
_TOKEN = re.compile(rf"(?:\((?:\?:)?|\)(?:{_COUNT})?|\||\^|(?:{_LITERAL}|{_ESCAPED}|\.|{_CLASS})(?:{_COUNT})?)")


def for_python(pattern: str) -> str | None:
    """Return what Python finds where RE2 finds `pattern`; None where that cannot be told."""
    if pattern.endswith(r"\n?$"):
        body, end = pattern[:-4], "$"
    else:
        body, end = (pattern[:-1], r"\Z") if _ends(pattern) else (pattern, "")
    return body + end if _plain(body) else None


def for_re2(pattern: str) -> str | None:
    """Return what RE2 finds where Python finds `pattern`; None where that cannot be told."""
    if pattern.endswith(r"\Z"):
        body, end = pattern[:-2], "$"
    else:
        body, end = (pattern[:-1], r"\n?$") if _ends(pattern) else (pattern, "")
    return body + end if _plain(body) else None


def _ends(pattern: str) -> bool:
    r"""Whether a pattern ends in an anchor, not in `\$`."""
    return re.search(r"(?<!\\)(?:\\\\)*\$$", pattern) is not None


def _plain(body: str) -> bool:
    """Whether a pattern without its last anchor is read alike by both."""
    place = 0
    while place < len(body):
        token = _TOKEN.match(body, place)
        if token is None:
            return False
        place = token.end()
    try:
        re.compile(body)
    except re.error:
        return False
    return True
