"""Make docs/reference/checks.md from the code: `python docs/reference/checks.py` (tests/test_docs.py)."""  # noqa: INP001 - a script

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lakegate.checks.derive import Neighbours, checks_of
from lakegate.checks.interface import Check
from lakegate.contract.odcs import load
from lakegate.measures import CountWhere, Measure
from lakegate.predicates import AllOf, AnyEntry, AnyItem, AnyOf, Not, Predicate

HERE = Path(__file__).parent
EXAMPLE, PAGE = HERE / "every-check.odcs.yaml", HERE / "checks.md"

HEAD = """# Every check

What a contract can assert, in the order of [every-check.odcs.yaml](every-check.odcs.yaml), which holds each of them.
The page is made by `python docs/reference/checks.py` from the code that derives and measures them. How each point is
meant where the standard leaves it open: [what a contract means](contract-semantics.md).

A check names the measures it needs and judges their answers; all that one scan can compute is computed in one scan. The
predicates inside `CountWhere` are named by what is wrong: the rows counted are the failing ones, and the report names
the first of them.
"""


def page() -> str:
    """Return the page's text."""
    contract = load(EXAMPLE)
    seen: dict[tuple[str, str], Check] = {}
    for check in checks_of(contract, contract.schema[0], Neighbours({}, {})):
        seen.setdefault((check.identity.category, check.identity.type.partition(".")[0]), check)
    return "\n".join([HEAD, *_sections(seen)])


def _sections(seen: dict[tuple[str, str], Check]) -> Iterator[str]:
    titles = {
        "batch": "The batch as a whole",
        "schema": "The schema",
        "quality": "Lists of `quality`",
        "servicelevel": "`slaProperties`",
    }
    for category, title in titles.items():
        yield f"## {title}\n"
        yield "| check | asserts, for example | measures | which means |"
        yield "|---|---|---|---|"
        for (where, kind), check in seen.items():
            if where == category:
                measures = ", ".join(f"`{_told(m)}`" for m in check.measures()) or "none"
                cells = (f"`{kind}`", check.identity.name, measures, _meaning(check))
                yield "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
        yield ""


def _meaning(check: Check) -> str:
    """Return the first sentence that the code says of a check; of one that counts rows, which rows it counts."""
    counted = [m.predicate for m in check.measures() if isinstance(m, CountWhere)]
    found = type(check if not counted or isinstance(counted[0], AllOf | AnyOf) else counted[0])
    text = re.sub(r"\s*\((?:SEMANTICS|lakegate)[^)]*\)", "", found.__doc__ or "")
    sentence = " ".join(text.split()).partition(". ")[0].rstrip(".")
    return f"{sentence}."


def _told(measure: Measure) -> str:
    """Return a measure's name, of a count its predicate's too."""
    name = type(measure).__name__
    return f"{name}({_predicate(measure.predicate)})" if isinstance(measure, CountWhere) else name


def _predicate(predicate: Predicate) -> str:
    match predicate:
        case AllOf(parts) | AnyOf(parts):
            inner = ", ".join(map(_predicate, parts))
        case Not(part):
            inner = _predicate(part)
        case AnyItem(_, part) | AnyEntry(_, part):
            inner = _predicate(part)
        case _:
            return type(predicate).__name__
    return f"{type(predicate).__name__}({inner})"


if __name__ == "__main__":
    PAGE.write_text(page())
