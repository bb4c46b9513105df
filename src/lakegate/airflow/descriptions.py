"""What a DAG says of its contract: plain text and Markdown. A contract's text is data, no markup, no template."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from lakegate.airflow.headings import Heading, Way

TAG_LENGTH = 100  # characters; Airflow refuses longer ones
LINE_LENGTH = 500  # characters of a description, which the list of DAGs shows in one line
LINKED = ("http", "https", "mailto")
# Whatever Markdown, HTML or Jinja could read as more than text; written as a number it is text in all of them.
_MARKS = re.compile(r"[\\`*_{}\[\]()#+\-.!|<>~&\"'$%:@=^/]")
_ZONES = {"01-raw-data-zone": "raw", "03-master-data-zone": "master", "04-user-drop-zone": "user-drop"}


def plain(text: str, most: int = LINE_LENGTH) -> str:
    """Return a text in one line of at most so many characters, without control characters."""
    words = " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())
    return words if len(words) <= most else words[: most - 1] + "…"


def literal(text: object) -> str:
    """Return a text as Markdown that shows it to the letter, in one line."""
    return _MARKS.sub(lambda mark: f"&#{ord(mark[0])};", plain(str(text), 4000))


def tags(heading: Heading) -> list[str]:
    """Return the tags of a contract's DAG: its own, its domain, and zone and source of its datasets."""
    places = [part for way in heading.ways for part in (_zone(way), way.dataset.split("/")[0])]
    words = ("lakegate", *places, heading.domain, *heading.tags)
    return list(dict.fromkeys(plain(word, TAG_LENGTH) for word in words if word))


def document(heading: Heading, ways: Iterable[Way]) -> str:
    """Return what the DAG's page says: purpose, people, service levels, and each dataset with its rules in words."""
    return "\n\n".join(_sections(heading, ways)) + "\n"


def _sections(heading: Heading, ways: Iterable[Way]) -> Iterator[str]:
    """Yield the parts of the page."""
    for title, text in (("", heading.purpose), ("Limits: ", heading.limitations), ("Use: ", heading.usage)):
        if text:
            yield f"{title}{literal(text)}"
    yield "\n".join(f"- **{title}** {told}" for title, told in _facts(heading))
    for way in ways:
        yield f"### {literal(way.dataset)}"
        yield f"from {literal(way.source)} to {literal(way.target)}"
        if way.rules:
            yield "\n".join(f"- {literal(rule)}" for rule in way.rules)


def _facts(heading: Heading) -> Iterator[tuple[str, str]]:
    """Yield what is known of a contract, as Markdown."""
    yield "Contract", f"{literal(heading.id)} {literal(heading.version)}"
    for title, text in (
        ("Status", heading.status),
        ("Domain", heading.domain),
        ("Data product", heading.product),
        ("Team", heading.owner),
    ):
        if text:
            yield title, literal(text)
    if heading.support:
        yield "Support", ", ".join(_asked(where, tool) for where, tool in heading.support)
    if heading.sla:
        yield "Service levels", "; ".join(literal(one) for one in heading.sla)
    if heading.upstream:
        yield "Waits for", ", ".join(literal(one) for one in heading.upstream)
    if heading.waiving.allowed:
        who = ", ".join(literal(one) for one in heading.waiving.approvers) or "whoever may approve"
        yield "A failed batch may be waived by", who


def _asked(where: str, tool: str) -> str:
    """Return where people are asked; an address of the web or of e-mail is a link."""
    shown = literal(f"{where} ({tool})" if tool else where)
    try:
        linked = urlsplit(where).scheme in LINKED and not re.search(r"[\s<>\\{}]", where)
    except ValueError:
        linked = False
    return f"[{shown}](<{where}>)" if linked else shown


def _zone(way: Way) -> str:
    """Return the zone or layer that a dataset goes to, in one word."""
    zone = way.target.split("/")[0]
    return way.target.split("/")[1] if zone == "warehouse" else _ZONES.get(zone, zone)
