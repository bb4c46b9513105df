"""Batches of the lake's own sources, of any size, with known defects: `python -m lakegate.demo.sources --help`.

Row n of a batch is a function of the seed, the batch and n: the same whatever the size, the same bytes every time.
Rows are made as they are written, so that memory does not grow with them.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import functools
import hashlib
import io
import json
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lakegate.demo.defects import ADS, BUDGET, EVENTS, Defect, defect, placed
from lakegate.demo.workbook import workbook
from lakegate.errors import LakegateError, UsageError

CAMPAIGNS = 40  # events name the first 40 campaigns; ads and budgets have one campaign a row
FIRST_DAY = dt.date(2026, 3, 1)
DROP = {  # where each dataset's batches arrive
    EVENTS: "02-transient-zone/tealium/events",
    ADS: "02-transient-zone/google/ads",
    BUDGET: "04-user-drop-zone/marketing/google/campaign_budget",
}
ADS_COLUMNS = ("date", "campaign_id", "campaign_name", "impressions", "clicks", "cost")
BUDGET_COLUMNS = ("campaign_id", "month", "budget", "currency", "owner")
UNKNOWN_CAMPAIGN = "1000000000"
_SHEET = "Budget"
_THEMES = ("brand", "spring-sale", "outlet", "newsletter", "retargeting")
_MARKETS = ("de", "fr", "gb", "us")
_PAGES = ("home", "category", "product", "cart", "checkout")
_EVENTS_PER_CHUNK = 1_000  # some 0.5 MB of text, compressed as one


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch of one file. `planted` maps each defect to the rows that hold it, counted from 1 without the header."""

    dataset: str
    key: str
    file: str
    rows: int
    planted: Mapping[Defect, tuple[int, ...]]
    content: Callable[[], Iterator[bytes]] = field(repr=False)  # makes the file's bytes, anew on each call

    def write(self, lake: Path) -> Path:
        """Write the batch where its dataset arrives, its `_SUCCESS` last; return the file."""
        folder = lake / DROP[self.dataset] / self.key
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "_SUCCESS").unlink(missing_ok=True)
        with (folder / self.file).open("wb") as file:
            file.writelines(self.content())
        (folder / "_SUCCESS").touch()
        return folder / self.file


def events(hour: dt.datetime, rows: int, seed: int = 0, defects: Mapping[Defect, int] | None = None) -> Batch:
    """Return an hour of tealium/events: JSON lines in gzip. A naive `hour` is in UTC. Raises UsageError as `placed`."""
    start = (hour.astimezone(dt.UTC) if hour.tzinfo else hour).replace(minute=0, second=0, microsecond=0, tzinfo=None)
    where = placed(EVENTS, rows, defects or {})

    def content() -> Iterator[bytes]:
        lines = (json.dumps(_event(seed, start, n, where.get(n)), separators=(",", ":")) + "\n" for n in range(rows))
        return _gz(lines)

    key = f"dt={start:%Y-%m-%d}/hour={start:%H}"
    return Batch(EVENTS, key, "events.jsonl.gz", rows, _planted(where), content)


def ads(day: dt.date, rows: int = CAMPAIGNS, seed: int = 0, defects: Mapping[Defect, int] | None = None) -> Batch:
    """Return a day of google/ads: CSV, one campaign a row. Raises UsageError as `placed`."""
    where = placed(ADS, rows, defects or {})

    def content() -> Iterator[bytes]:
        yield _csv(ADS_COLUMNS)
        for n in range(rows):
            yield _csv(_ad(seed, day, n, where.get(n)).values())

    return Batch(ADS, f"dt={day}", "ads.csv", rows, _planted(where), content)


def budget(month: dt.date, rows: int = CAMPAIGNS, seed: int = 0, defects: Mapping[Defect, int] | None = None) -> Batch:
    """Return a month of google/campaign_budget: a workbook, one campaign a row; needs openpyxl (extra `excel`).

    Raises UsageError as `placed`.
    """
    where = placed(BUDGET, rows, defects or {})

    def content() -> Iterator[bytes]:
        lines = (tuple(_budget(seed, month, n, where.get(n)).values()) for n in range(rows))
        yield workbook(_SHEET, BUDGET_COLUMNS, lines)

    return Batch(BUDGET, f"month={month:%Y-%m}", "campaign_budget.xlsx", rows, _planted(where), content)


def campaign_id(n: int) -> str:
    """Return the id of campaign `n`, from 0: ten digits, as text."""
    return str(2_100_000_000 + 7 * n)


def campaign_name(n: int) -> str:
    """Return the name of campaign `n`, which is what `utm_campaign` says."""
    return f"{_THEMES[n % 5]}-{_MARKETS[n // 5 % 4]}-{n:03}"


@functools.lru_cache(maxsize=10_000)
def visitor_id(n: int) -> str:
    """Return the hashed id of visitor `n`: a SHA-256 in hex."""
    return hashlib.sha256(f"visitor-{n}".encode()).hexdigest()


def _numbers(*what: object) -> list[int]:
    """Return eight numbers below 2**32 that hang on nothing but `what`."""
    digest = hashlib.blake2b("/".join(map(str, what)).encode(), digest_size=32).digest()
    return [int.from_bytes(digest[i : i + 4], "big") for i in range(0, 32, 4)]


def _event_id(seed: int, start: dt.datetime, n: int) -> str:
    text = hashlib.blake2b(f"event/{seed}/{start}/{n}".encode(), digest_size=16).hexdigest()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-8{text[17:20]}-{text[20:]}"  # a UUID of version 4


def _event(seed: int, start: dt.datetime, n: int, wrong: Defect | None) -> dict[str, Any]:
    """Return event `n` of an hour, with what is `wrong`."""
    moment, kind, visitor, paid, attributed, campaign, page, cents = _numbers("events", seed, start, n)
    of_purchase = wrong in {Defect.PURCHASE_WITHOUT_VALUE, Defect.NEGATIVE_ORDER_VALUE}
    share = 99 if of_purchase else kind % 100
    event_type = next(name for name, end in _SHARES if share < end)
    at = start + dt.timedelta(milliseconds=moment % 3_600_000)
    if wrong is Defect.EVENT_AHEAD_OF_HOUR:
        at += dt.timedelta(hours=1)
    page_name = "checkout" if event_type == "purchase" else _PAGES[page % len(_PAGES)]
    event: dict[str, Any] = {
        "event_id": _event_id(seed, start, n - (wrong is Defect.DUPLICATE_EVENT)),
        "event_time": at.isoformat(timespec="milliseconds") + "Z",
        "event_type": "hover" if wrong is Defect.UNKNOWN_EVENT_TYPE else event_type,
        "visitor_id": f"ann{n}@example.com" if wrong is Defect.VISITOR_NOT_HASHED else visitor_id(visitor % 50_000),
    }
    udo: dict[str, Any] = {"page_name": "x" * 401 if wrong is Defect.PAGE_NAME_TOO_LONG else page_name}
    if event_type == "purchase" and wrong is not Defect.UNKNOWN_EVENT_TYPE:
        value = (500 + cents % 49_500) / 100
        udo["order_id"] = f"O{start:%Y%m%d%H}-{n}"
        if wrong is not Defect.PURCHASE_WITHOUT_VALUE:
            event["order_value"] = -value if wrong is Defect.NEGATIVE_ORDER_VALUE else value
    if attributed % 100 < 40 or wrong is Defect.EVENT_OF_UNKNOWN_CAMPAIGN:
        number = campaign % CAMPAIGNS
        event["campaign_id"] = UNKNOWN_CAMPAIGN if wrong is Defect.EVENT_OF_UNKNOWN_CAMPAIGN else campaign_id(number)
        udo |= {"utm_source": "google", "utm_campaign": campaign_name(number), "gclid": f"Cj0{paid:08x}{n:x}"}
    domain = None if wrong is Defect.DOMAIN_MISSING else "shop.example.com"
    event["udo"] = udo
    event["dom"] = {"domain": domain, "pathname": f"/{page_name}", "title": f"{page_name.title()} | Example shop"}
    return event


_SHARES = (("view", 70), ("link", 90), ("add_to_cart", 97), ("purchase", 100))  # percent of events, summed up


def _ad(seed: int, day: dt.date, n: int, wrong: Defect | None) -> dict[str, str]:
    """Return what campaign `n` did on a day, with what is `wrong`. Money is text with two decimals."""
    seen, rate, price, *_ = _numbers("ads", seed, day, n)
    impressions = 1_500 + seen % 50_000
    clicks = impressions * (5 + rate % 75) // 1_000
    cents = clicks * (10 + price % 190)
    number = n - (wrong is Defect.DUPLICATE_CAMPAIGN_DAY)
    unknown = str(int(UNKNOWN_CAMPAIGN) + n)  # another one in each row, or they would be duplicates, too
    return {
        "date": str(day + dt.timedelta(days=wrong is Defect.AD_OF_ANOTHER_DAY)),
        "campaign_id": unknown if wrong is Defect.AD_OF_UNKNOWN_CAMPAIGN else campaign_id(number),
        "campaign_name": campaign_name(number),
        "impressions": "1,234" if wrong is Defect.THOUSANDS_MARK else str(impressions),
        "clicks": str(impressions + 1 if wrong is Defect.CLICKS_ABOVE_IMPRESSIONS else clicks),
        "cost": "-1.00" if wrong is Defect.COST_BELOW_ZERO else f"{cents // 100}.{cents % 100:02}",
    }


def _budget(seed: int, month: dt.date, n: int, wrong: Defect | None) -> dict[str, str | int | None]:
    """Return what campaign `n` may spend in a month, with what is `wrong`."""
    amount, who, *_ = _numbers("budget", seed, f"{month:%Y-%m}", n)
    planned: dict[Defect | None, str | int | None] = {Defect.BUDGET_OF_TEXT: "1,000 EUR", Defect.BUDGET_MISSING: None}
    owner = ("ann", "ben", "cleo")[who % 3]
    return {
        "campaign_id": campaign_id(n - (wrong is Defect.DUPLICATE_BUDGET)),
        "month": f"{month:%Y-%m}",
        "budget": planned.get(wrong, 1_000 + 50 * (amount % 400)),
        "currency": "Euro" if wrong is Defect.UNKNOWN_CURRENCY else "EUR",
        "owner": owner if wrong is Defect.OWNER_IS_NO_ADDRESS else f"{owner}@example.com",
    }


def _gz(lines: Iterable[str]) -> Iterator[bytes]:
    """Compress lines as they come; no time of day gets in."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)  # 31: with gzip's header
    held: list[str] = []
    for line in lines:
        held.append(line)
        if len(held) == _EVENTS_PER_CHUNK:
            yield packer.compress("".join(held).encode())
            held.clear()
    yield packer.compress("".join(held).encode())
    yield packer.flush()


def _csv(values: Iterable[str]) -> bytes:
    """Return one record of CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(values)
    return text.getvalue().encode()


def _planted(where: Mapping[int, Defect]) -> dict[Defect, tuple[int, ...]]:
    """Return the rows of each defect, counted from 1."""
    return {
        each: tuple(n + 1 for n, held in where.items() if held is each) for each in Defect if each in where.values()
    }


def _counted(text: str) -> tuple[Defect, int]:
    """Read `name=3`. Raises UsageError where it is not of that form or names no defect."""
    name, _, count = text.partition("=")
    if not count.isdecimal():
        raise UsageError(f"got --defect {text}, expected a defect and a count: {name or 'cost_below_zero'}=3")
    return defect(name), int(count)


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    listed = "\n".join(f"  {each.name.lower():27}{each.dataset}: {each.what}" for each in Defect)
    parser = argparse.ArgumentParser(
        prog="python -m lakegate.demo.sources",
        description="Write batches of tealium/events, google/ads and google/campaign_budget into a lake.",
        epilog="defects:\n" + listed,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--lake", type=Path, required=True, help="the lake's folder")
    parser.add_argument("--days", type=int, default=1, help="days of ads and events (1)")
    parser.add_argument("--from", dest="first", type=dt.date.fromisoformat, default=FIRST_DAY, help=f"({FIRST_DAY})")
    parser.add_argument("--hours", type=int, default=24, help="hours of events a day (24)")
    parser.add_argument("--events", type=int, default=1_000, help="events an hour (1000)")
    parser.add_argument("--campaigns", type=int, default=CAMPAIGNS, help=f"rows of ads and budgets ({CAMPAIGNS})")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other rows (0)")
    parser.add_argument("--defect", action="append", default=[], help="NAME=COUNT, into the dataset's first batch")
    return parser.parse_args(words)


def _batches(asked: argparse.Namespace) -> Iterator[Batch]:
    """Yield what is asked for, budgets first: the others look their campaigns up there."""
    wanted = dict(map(_counted, asked.defect))

    def once(dataset: str) -> dict[Defect, int]:
        return {each: wanted.pop(each) for each in list(wanted) if each.dataset == dataset}

    if asked.campaigns < CAMPAIGNS or not 1 <= asked.hours <= 24 or asked.days < 1 or asked.events < 1:
        raise UsageError(
            "a size is out of range",
            hint=f"--campaigns {CAMPAIGNS} or more, --hours 1 to 24, --days and --events 1 or more",
        )
    days = [asked.first + dt.timedelta(days=n) for n in range(asked.days)]
    for month in dict.fromkeys(day.replace(day=1) for day in days):
        yield budget(month, asked.campaigns, asked.seed, once(BUDGET))
    for day in days:
        yield ads(day, asked.campaigns, asked.seed, once(ADS))
        for hour in range(asked.hours):
            start = dt.datetime.combine(day, dt.time(hour), tzinfo=dt.UTC)
            yield events(start, asked.events, asked.seed, once(EVENTS))


def main(words: Sequence[str] | None = None) -> int:
    """Write what the command line asks for, tell each batch and what was planted; return the exit code."""
    asked = _arguments(words)
    try:
        for batch in _batches(asked):
            batch.write(asked.lake)
            sys.stdout.write(f"{DROP[batch.dataset]}/{batch.key}/{batch.file}: {batch.rows:,} rows\n")
            for each, rows in batch.planted.items():
                sys.stdout.write(f"  {each.name.lower()} in rows {', '.join(map(str, rows))}; rule {each.rule}\n")
    except LakegateError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
