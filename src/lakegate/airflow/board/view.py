"""The page of gates as text: values in, HTML out, in the style of the reports."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING
from urllib.parse import quote

from lakegate.airflow.board.access import Approval
from lakegate.airflow.board.gates import Gate, State
from lakegate.reports.site import environment

if TYPE_CHECKING:
    from jinja2 import Environment

TONES = {  # State -> class in style.css. Colour only repeats what the words say.
    State.BLOCKED: "blocked",
    State.UNKNOWN: "could-not-evaluate",
    State.WAITING: "passed-with-warnings",
    State.ARRIVED: "passed-with-warnings",
    State.COMMITTED: "passed",
    State.EMPTY: "neutral",
}
ACTED_ON = (State.BLOCKED, State.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Row:
    """A gate with what Airflow knows of it. `dag_id` None: Airflow has no such DAG."""

    gate: Gate
    dag_id: str | None = None
    approvals: Sequence[Approval] = ()

    @property
    def contract(self) -> str:
        """The contract's page, relative to the page of gates."""
        return f"contracts/{quote(self.gate.contract_id or '', safe='')}"

    @property
    def report(self) -> str:
        """The page of the report behind the state, empty where there is none."""
        return _page(self.gate.report)

    @property
    def last_report(self) -> str:
        """The page of the report on the last batch that is in."""
        return _page(self.gate.last_report)

    @property
    def dag(self) -> str:
        """The DAG's page in Airflow."""
        return f"../dags/{quote(self.dag_id or '', safe='')}"


@dataclass(frozen=True, slots=True)
class Told:
    """What the page says: the rows in lake order, or the one `problem` for which there are none."""

    rows: Sequence[Row]
    at: dt.datetime  # UTC
    problem: str = ""


def board(told: Told, theme: str | None = None) -> str:
    """Return the page of gates. `theme` is that of the page around it, `light` or `dark`; None: the reader's own."""
    tally = Counter(row.gate.state for row in told.rows)
    zones = groupby(told.rows, key=lambda row: row.gate.zone)
    return (
        _environment(theme)
        .get_template("board.html.j2")
        .render(
            told=told,
            tally=[(state, TONES[state], tally[state]) for state in State if tally[state]],
            acted_on=[row for state in ACTED_ON for row in told.rows if row.gate.state is state],
            zones=[(zone, list(rows)) for zone, rows in zones if zone],
            tones=TONES,
            ago=lambda since: ago(told.at - since),
        )
    )


def notice(title: str, sentence: str, link: Mapping[str, str] | None = None) -> str:
    """Return a page of one sentence. `link`: the words of a link -> where it leads."""
    return _environment().get_template("notice.html.j2").render(title=title, sentence=sentence, links=link or {})


def ago(past: dt.timedelta) -> str:
    """Return a span of time in the one unit that a reader needs: `3 days`."""
    seconds = max(past.total_seconds(), 0)
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        number = int(seconds // size)
        if number:
            return f"{number} {unit}{'s' if number > 1 else ''}"
    return "less than a minute"


def _page(report: str) -> str:
    return quote(f"{report}index.html") if report else ""


@cache
def _environment(theme: str | None = None) -> Environment:
    return environment("lakegate.airflow.board", "templates", theme)
