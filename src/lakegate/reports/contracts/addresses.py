"""Whom a contract names and where they are asked; and which of its addresses a browser may follow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from lakegate.reports.contracts.descriptions import Channel, Link, Person, Role

FOLLOWED = ("http", "https", "mailto")
LONGEST = 2000  # characters of an address that is made a link
_MAILBOX = re.compile(r"[^\s@,;:<>()\[\]\\\"'?&/]+@[^\s@,;:<>()\[\]\\\"'?&/]+")


def followed(address: str) -> str:
    """Return an address that a browser may follow, empty where it may not: `javascript:`, a folder, no address.

    A link leaves the site only by the web or by e-mail, and never by what somebody could take for another place.
    """
    if len(address) > LONGEST or not address.isprintable() or re.search(r"[\s\\<>\"{}|^`]", address):
        return ""
    try:
        parts = urlsplit(address)
        known = parts.scheme.lower() in FOLLOWED and (parts.scheme.lower() == "mailto" or bool(parts.hostname))
    except ValueError:
        return ""
    return address if known and "@" not in (parts.netloc or "") else ""


def team(document: Mapping[str, Any]) -> Iterator[Person]:
    """Yield the members of a contract's team who have not left, in its order."""
    for one in (document.get("team") or {}).get("members") or ():
        name = one.get("name") or one.get("username")
        if name and not one.get("dateOut"):
            yield Person(str(name), _text(one.get("role")))


def channels(document: Mapping[str, Any]) -> Iterator[Channel]:
    """Yield where a contract's people are asked, in its order."""
    for one in document.get("support") or ():
        place, url, tool = str(one.get("channel") or ""), str(one.get("url") or ""), _text(one.get("tool"))
        link = followed(url) or followed(place)
        if not link and (mail := next((text for text in (url, place) if _MAILBOX.fullmatch(text)), None)):
            link = followed(f"mailto:{mail}")
        if place or url:
            yield Channel(place or url, tool, link, _text(one.get("scope")), _text(one.get("description")))


def roles(document: Mapping[str, Any]) -> Iterator[Role]:
    """Yield the roles that give access."""
    for one in document.get("roles") or ():
        approvers = [str(one[key]) for key in ("firstLevelApprovers", "secondLevelApprovers") if one.get(key)]
        if one.get("role"):
            yield Role(
                str(one["role"]),
                _text(one.get("access")),
                _text(one.get("description")),
                ", then ".join(approvers) or None,
            )


def links(node: Mapping[str, Any]) -> Iterator[Link]:
    """Yield the authoritative definitions of a part of a contract."""
    for one in node.get("authoritativeDefinitions") or ():
        url = str(one.get("url") or "")
        if url:
            yield Link(str(one.get("description") or url), followed(url), _text(one.get("type")))


def _text(value: object) -> str | None:
    return str(value) if value not in (None, "") else None
