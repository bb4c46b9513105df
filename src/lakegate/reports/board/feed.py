"""`references/blocked.atom`: the runs that kept a batch out, as an Atom feed (RFC 4287): nobody need come and look.

It knows no clock, so that it is the same whenever it is made. An entry's id is of dataset, batch and run, and stays.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from xml.etree import ElementTree as ET

from lakegate.reports.board.now import BlockedRun, DatasetNow
from lakegate.reports.site.links import public, relative
from lakegate.reports.site.zones import zone_word
from lakegate.reports.summary import Standing, brief, plain

PAGE = "references/blocked.atom"
ENTRIES = 100  # the newest of all datasets
ATOM = "http://www.w3.org/2005/Atom"
SPACE = uuid.UUID("5f7c2f0e-8a3b-5c64-9d0a-3f1f5b0a6e21")  # of our ids: drawn once, never changed
NEVER = "1970-01-01T00:00:00Z"  # a feed must say when it changed; one in which nothing ever happened says this


def feed(datasets: Iterable[DatasetNow], address: str = "") -> str:
    """Return the feed of the newest runs that blocked.

    `address` is where readers open `references/`. Where it is not known links are relative to the feed, which by RFC
    3986 means to where it was fetched from; ids are the same in either case.
    """
    found = [(now, run) for now in datasets for run in now.blocked]
    found.sort(key=lambda one: (one[1].at, one[0].zone, one[0].dataset, one[1].batch, one[1].id), reverse=True)
    shown = found[:ENTRIES]
    root = ET.Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    _text(root, "id", _urn("feed"))
    _text(root, "title", "Batches that were blocked")
    _text(root, "updated", shown[0][1].at if shown else NEVER)
    _text(ET.SubElement(root, "author"), "name", "lakegate")
    if address:  # 4.2.7.2: the place that this very feed has, which only who knows the address can tell
        _link(root, "self", PAGE, address, "application/atom+xml")
    _link(root, "alternate", "references/index.html", address)
    root.extend([_entry(now, run, address) for now, run in shown])
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _entry(now: DatasetNow, run: BlockedRun, address: str) -> ET.Element:
    """Return the entry of one run."""
    entry = ET.Element("entry")
    _text(entry, "id", _urn(now.dataset, run.batch, run.id))
    _text(entry, "title", _title(now.dataset, run))
    _text(entry, "published", run.at)
    _text(entry, "updated", run.at)
    _text(entry, "summary", _summary(now, run))
    _link(entry, "alternate", run.report or f"references/datasets/{now.dataset}/", address)
    for term in (run.standing, zone_word(now.zone), *([now.domain] if now.domain else ())):
        ET.SubElement(entry, "category", {"term": brief(term)})
    return entry


def _title(dataset: str, run: BlockedRun) -> str:
    """Return what happened in few words: `nyc/flights month=2013-01 is blocked`."""
    unknown = run.standing is Standing.COULD_NOT_EVALUATE
    match unknown, run.resolved:
        case False, False:
            what = "is blocked"
        case False, True:
            what = "was blocked, and came in since"
        case True, False:
            what = "could not be evaluated"
        case _:
            what = "could not be evaluated, and came in since"
    return f"{dataset} {brief(run.batch, 160)} {what}"


def _summary(now: DatasetNow, run: BlockedRun) -> str:
    """Return why, and whom to ask."""
    owner = f"Owner: {brief(now.owner, 160)}." if now.owner else "No owner is named."
    why = brief(run.message, 600)
    return f"{why}{'' if why.endswith('.') else '.'} {owner}" if why else owner


def _urn(*parts: str) -> str:
    """Return an id that is the same for the same parts, and for no others."""
    return uuid.uuid5(SPACE, ascii(parts)).urn


def _text(parent: ET.Element, name: str, text: str) -> None:
    """Add an element that holds a text."""
    ET.SubElement(parent, name).text = plain(text)


def _link(parent: ET.Element, rel: str, key: str, address: str, kind: str = "text/html") -> None:
    """Add a link to a page."""
    href = public(address, key) if address else relative(PAGE, key)
    ET.SubElement(parent, "link", {"rel": rel, "type": kind, "href": href})
