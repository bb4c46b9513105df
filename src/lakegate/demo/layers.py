"""The second half of the demo's story: from raw to the marts, a gate before each table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakegate.config import open_lake
from lakegate.contract.project import Project
from lakegate.demo.nycflights import EDITION, REFERENCE, project
from lakegate.gate.promote import PromotionState
from lakegate.lake.zones import QUARANTINE, segment
from lakegate.reader import Lake
from lakegate.reports.summary import plain
from lakegate.show.batches import STYLES
from lakegate.warehouse.chain import Asked, Chain, Step, opened

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

MONTHS = ("2013-01", "2013-02")  # of the layers: two of the year, so that the demo stays short
FACT, MART = "core/fact_flight", "mart/carrier_delay_daily"
DIMENSIONS = ("core/dim_date", "core/dim_carrier", "core/dim_plane")
FORGOTTEN = "core/dim_airport"  # the dimension that is not there when the first month of flights comes
SEEN_OFTEN = 30  # flights from which on an airline is shown
LATE_PERCENT = 25  # of a carrier's flights, from which on the number is marked
_OWN = ("_lakegate_rules", "_lakegate_file", "_lakegate_row")  # what stands beside a row that was set apart


def to_the_marts(screen: Console, folder: Path) -> list[Step]:
    """Build and promote the tables of `MONTHS` in the lake at `folder`, tell what became of each batch."""
    with opened(open_lake(str(folder), project()), Project(project()), Asked(promote=True)) as chain:
        screen.print("\n[bold]5. Stage and cleanse: each table is one SELECT, with a contract of its own[/]")
        steps = [step for layer in ("stage", "cleanse") for step in _build(screen, folder, chain, _tables(layer))]
        screen.print("\n[bold]6. What a row looks like that was set apart[/]")
        screen.print(
            "The rest of its batch went on. A wind of 1,048 miles an hour, and airports on the far side of the world:"
        )
        for line in rejected_rows(folder, ["cleanse/airports", "cleanse/weather"]):
            screen.print(line)
        screen.print("\n[bold]7. A star in core: no fact before its dimensions[/]")
        steps += _build(screen, folder, chain, [(name, "all") for name in DIMENSIONS] + [(FACT, f"month={MONTHS[0]}")])
        screen.print(f"{FORGOTTEN} was forgotten. Here it comes, and the flights go through:")
        steps += _build(screen, folder, chain, [(FORGOTTEN, "all"), *_months(FACT)])
        screen.print("\n[bold]8. A mart: how late was whom, in January and February?[/]")
        steps += _build(screen, folder, chain, _months(MART))
        chain.publish()
    screen.print(f"Of airlines with at least {SEEN_OFTEN} flights:")
    screen.print(delays(folder))
    return steps


def _tables(layer: str) -> list[tuple[str, str]]:
    """Return the batches of a layer that holds what arrived: an edition of each reference table, months of the rest."""
    reference = [(f"{layer}/{name}", f"edition={EDITION}") for name in REFERENCE]
    return [*reference, *_months(f"{layer}/flights"), *_months(f"{layer}/weather")]


def _months(table: str) -> list[tuple[str, str]]:
    return [(table, f"month={month}") for month in MONTHS]


def _build(screen: Console, folder: Path, chain: Chain, wanted: Iterable[tuple[str, str]]) -> list[Step]:
    """Build and promote batches in this order, and print a line for each."""
    steps = []
    with screen.status("") as status:
        for name, batch in wanted:
            status.update(f"{name} {batch}: building, measuring and judging")
            steps.append(chain.batch(chain.warehouse.table(name), batch))
    screen.print(_table(folder, steps))
    return steps


def _table(folder: Path, steps: Sequence[Step]) -> Table:
    from rich.text import Text

    table = _columns("table", "batch", "rows>", "became", "")
    for step in steps:
        state = step.promotion.state if step.promotion else PromotionState.NOT_READY
        verdict = step.promotion.verdict if step.promotion else None
        known = (verdict and verdict.rows, step.build and step.build.rows)
        rows = next((f"{number:,}" for number in known if number is not None), "")
        table.add_row(step.table, step.batch, rows, Text(state, STYLES[state]), Text(_told(folder, step)))
    return table


def _told(folder: Path, step: Step) -> str:
    """Return why a batch was kept out, or how many of its rows were."""
    if step.exit_code:
        message = str(step.error.message if step.error else step.promotion and step.promotion.message)
        _, waits, what = message.partition("waits for ")
        return plain(waits + what or message)
    rejected = sum(1 for _ in set_apart(folder, step.table, step.batch))
    return f"{rejected:,} set apart" if rejected else ""


def rejected_rows(folder: Path, tables: Sequence[str]) -> Iterator[Text]:
    """Yield the rows of tables that were set apart: the file and row, what it holds, the rules that it broke."""
    from rich.text import Text

    for name in tables:
        for row in set_apart(folder, name):
            held = {column: value for column, value in row.items() if column not in _OWN}
            yield Text(plain(f"{name}, row {row['_lakegate_row']:,} of {row['_lakegate_file']}"), "bold")
            yield Text(plain("  " + ", ".join(f"{column} {_written(value)}" for column, value in held.items())))
            for rule in row["_lakegate_rules"]:
                broken = rule.partition(".")[2] or rule
                value = held.get(broken.partition(".")[0])
                yield Text(plain(f"  broke {broken}{f': {_written(value)}' if value is not None else ''}"), "red")


def _written(value: object) -> str:
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return "null" if value is None else str(value)


def set_apart(folder: Path, table: str, batch: str | None = None) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a table, or of one batch of it, that lie in quarantine by themselves; batches that lie there
    whole are left out.
    """
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for file in sorted((folder / QUARANTINE / table / (segment(batch) if batch else "")).rglob("*.parquet")):
            found = connection.read_parquet(str(file))
            if set(_OWN) <= set(found.columns):
                yield from found.to_arrow_table().to_pylist()


def delays(folder: Path) -> Table:
    """Return how late each airline was in the months that were built, the latest first."""
    from rich.text import Text

    mart = Lake(str(folder)).read(MART).relation()
    rows = mart.aggregate(
        "carrier_name, sum(flights) AS flights, sum(cancelled) AS cancelled, sum(arrived_late) AS late,"
        " sum(arrival_delay_min) / sum(arrived) AS minutes",
        "carrier_name",
    )
    table = _columns("airline", "flights>", "cancelled>", "late>", "mean delay>")
    often = rows.filter(f"flights >= {SEEN_OFTEN}").order("minutes DESC, carrier_name")
    for name, flights, cancelled, late, minutes in often.fetchall():
        percent = 100 * late / flights
        marked = Text(f"{percent:.1f} %", "red" if percent >= LATE_PERCENT else "")
        table.add_row(name, f"{flights:,}", f"{cancelled:,}", marked, f"{minutes:+.1f} min")
    return table


def _columns(*names: str) -> Table:
    """Return an empty table; a name that ends in `>` is of numbers, one that is empty has no head."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in names:
        right = name.endswith(">")
        table.add_column(name.removesuffix(">"), justify="right" if right else "left", overflow="fold")
    return table
