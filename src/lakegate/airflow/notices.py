"""What a gate has to tell somebody, and how it reads in an e-mail, in Slack and in a log. Pure: values in, text out.

A notice holds counts, rules and names, never a value of the data. Whatever comes from a contract or an uploader is text
in every medium: it is escaped here, and nowhere rendered as a template.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from lakegate.reports.summary import brief, counted, plain

SUBJECT = 150  # characters
SHOWN = 10  # failed rules that are named; the report holds all
SLACK = 2900  # characters of one block, of which Slack takes 3000


@dataclass(frozen=True, slots=True)
class Failed:
    """One rule that does not hold. `rows` that broke it, None where it is not about rows."""

    rule: str
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What happened to which batch, whose it is, what to do, and where to look."""

    what: str  # `nyc/weather month=2014-02 was not let in`
    why: str = ""
    then: str = ""  # what to do next
    failed: Sequence[Failed] = ()
    rows: int | None = None  # of the batch
    owner: str | None = None
    ask: Sequence[str] = ()  # where the contract's people are asked
    links: Mapping[str, str] = field(default_factory=dict)  # words -> address


def subject(notice: Notice) -> str:
    """Return one line: no line break and no control character is left of what others wrote."""
    return plain(notice.what)[:SUBJECT]


def text(notice: Notice) -> str:
    """Return the notice as plain text, every text of others on the line where it belongs."""
    lines = [subject(notice), *(line for line in (_line(notice.why), *_rules(notice)) if line), *_people(notice)]
    links = [f"{words}: {address}" for words, address in notice.links.items() if address]
    return "\n".join([*lines, *([notice.then] if notice.then else []), *links])


def html(notice: Notice) -> str:
    """Return the notice as the body of an e-mail: no script, no image, nothing that is fetched."""
    rules = "".join(f"<li>{escape(line)}</li>" for line in _rules(notice))
    parts = [
        f"<h2>{escape(subject(notice))}</h2>",
        f"<p>{escape(_line(notice.why))}</p>" if notice.why else "",
        f"<ul>{rules}</ul>" if rules else "",
        f"<p>{escape(notice.then)}</p>" if notice.then else "",
        "".join(f"<p>{escape(line)}</p>" for line in _people(notice)),
        "".join(
            f'<p><a href="{escape(address)}">{escape(words)}</a></p>'
            for words, address in notice.links.items()
            if address
        ),
    ]
    return "\n".join(part for part in parts if part)


def blocks(notice: Notice) -> list[dict[str, Any]]:
    """Return the notice as Slack's blocks: what others wrote is `plain_text`, only our links are marked up."""
    body = "\n".join(part for part in (_line(notice.why), *(f"• {line}" for line in _rules(notice))) if part)
    links = " · ".join(f"<{slack(address)}|{slack(words)}>" for words, address in notice.links.items() if address)
    plain = [body, notice.then, "\n".join(_people(notice))]
    return [
        {"type": "header", "text": {"type": "plain_text", "text": subject(notice), "emoji": False}},
        *(
            {"type": "section", "text": {"type": "plain_text", "text": part[:SLACK], "emoji": False}}
            for part in plain
            if part
        ),
        *([{"type": "section", "text": {"type": "mrkdwn", "text": links[:SLACK]}}] if links else []),
    ]


def slack(words: str) -> str:
    """Return words as Slack's markup takes them for text: nobody is called by `<!channel>` or `<@U1>`."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _rules(notice: Notice) -> Iterator[str]:
    """Yield a line for each rule that failed: `weather.hour.maximum: 3 of 8,708 rows`."""
    for one in notice.failed[:SHOWN]:
        of = f" of {counted(notice.rows, 'row')}" if notice.rows is not None else " rows"
        yield _line(one.rule) + (f": {one.rows:,}{of}" if one.rows is not None else "")
    if len(notice.failed) > SHOWN:
        yield f"and {counted(len(notice.failed) - SHOWN, 'rule')} more"


def _people(notice: Notice) -> Iterator[str]:
    """Yield whose the data is, and where they are asked."""
    if notice.owner:
        yield f"Owner: {_line(notice.owner)}"
    if notice.ask:
        yield f"Ask: {', '.join(map(_line, notice.ask))}"


def _line(words: str) -> str:
    return brief(words, 300)
