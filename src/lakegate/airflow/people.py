"""Whom a contract names: who owns the data, where they are asked, who is told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lakegate.contract.model import Contract

ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\\\"']+@[^\s@,;:<>()\[\]\\\"']+")  # one mailbox, no header can follow it
CHANNEL = re.compile(r"#?[A-Za-z0-9._-]{1,80}")


def support(contract: Contract) -> Iterator[Mapping[str, Any]]:
    """Yield the entries of `support` that are for telling people something."""
    entries = contract.document.get("support") or ()
    yield from (one for one in entries if isinstance(one, Mapping) and one.get("scope") != "announcements")


def asked_at(contract: Contract) -> tuple[str, ...]:
    """Return where the contract's people are asked, in its order: `#flight-operations (slack)`."""
    found = []
    for one in support(contract):
        place, tool = one.get("channel") or one.get("url"), one.get("tool")
        if place:
            found.append(f"{place} ({tool})" if tool else str(place))
    return tuple(found)


def mail_addresses(contract: Contract) -> tuple[str, ...]:
    """Return who is written to: the addresses of `support`, else those of the team's present members."""
    named = [place for one in support(contract) if one.get("tool") == "email" for place in _places(one)]
    if not named:
        members = (contract.document.get("team") or {}).get("members") or ()
        named = [str(one.get("username") or "") for one in members if not one.get("dateOut")]
    mailboxes = (place.removeprefix("mailto:") for place in named)
    return tuple(dict.fromkeys(place for place in mailboxes if ADDRESS.fullmatch(place)))


def slack_channel(contract: Contract) -> str | None:
    """Return the first Slack channel that `support` names, None where it names none."""
    named = (str(one.get("channel") or "") for one in support(contract) if one.get("tool") == "slack")
    return next((place for place in named if CHANNEL.fullmatch(place)), None)


def _places(one: Mapping[str, Any]) -> Iterator[str]:
    yield from (str(one[key]) for key in ("url", "channel") if one.get(key))
