"""Descriptions for the tests of pages: of the project's own contracts, and of one that is hostile."""

import functools
import json
from pathlib import Path

from checks.asked import contract
from lakegate.checks.derive import Neighbours, checks_of
from lakegate.context import surroundings, upstream
from lakegate.contract.odcs import outline
from lakegate.contract.project import Project, contracts_under
from lakegate.contract.source import read
from lakegate.described import described
from lakegate.reports.contracts.describe import Lies, describe
from lakegate.reports.contracts.descriptions import Description

FOLDER = Path(__file__).parents[3] / "contracts"
MARKUP = (
    "<img src=https://example.com/x onerror=document.title='run'></textarea></script>{{ 7 * 7 }}{% raw %}\u202e\x1b"
)


@functools.cache
def project() -> tuple[Description, ...]:
    """Return the descriptions of all contracts of the project."""
    found = []
    for path in contracts_under(FOLDER):
        around = Project.around(path)
        one = around.contract(path)
        waits_for = upstream(one, around)
        found += [described(one, obj, surroundings(one, obj, around), waits_for) for obj in one.schema]
    return tuple(found)


def of_project(dataset: str) -> Description:
    """Return one of them."""
    return next(one for one in project() if one.dataset == dataset)


def told(document: dict, *, zone="01-raw-data-zone", dataset="t/t", **lies) -> Description:
    """Return the description of a contract of one object."""
    loaded = outline(read(json.dumps(document).encode(), "t.odcs.json"))
    obj = loaded.schema[0]
    return describe(loaded, obj, checks_of(loaded, obj, Neighbours({}, {})), Lies(dataset, zone, **lies))


def hostile() -> Description:
    """Return what a contract says that holds markup, controls and templates wherever it may hold text."""
    prop = {
        "name": f"a{MARKUP}",
        "logicalType": "string",
        "businessName": MARKUP,
        "description": f"{MARKUP}{'x' * 10_000}",
        "examples": [MARKUP, "=1+1"],
        "enum": [{"value": MARKUP, "description": MARKUP}, {"value": "@x"}],
        "tags": [MARKUP],
        "classification": "public",
        "quality": [{"type": "text", "description": MARKUP}],
    }
    document = contract(prop, {"name": "=cmd|' /C calc'!A0"}, description=MARKUP, businessName=MARKUP)
    document |= {
        "name": MARKUP,
        "domain": MARKUP,
        "description": {"purpose": MARKUP, "usage": MARKUP, "limitations": MARKUP},
        "team": {"name": MARKUP, "members": [{"username": MARKUP}]},
        "support": [{"channel": MARKUP, "url": "javascript:alert(1)"}],
    }
    return told(document, dataset="t/<b>\u202et")
