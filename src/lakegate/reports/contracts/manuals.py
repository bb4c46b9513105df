"""The page of References: manuals and explanatory files that owners put beside their datasets, and how to add one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lakegate.reports.datasets.told import Manual
from lakegate.reports.site import render

FOLDER = "references/manuals/"
PAGE = f"{FOLDER}index.html"
_UNITS = ("bytes", "KB", "MB", "GB", "TB")


@dataclass(frozen=True, slots=True)
class Shelf:
    """The files of one dataset; `dataset` is empty for those of none."""

    dataset: str
    files: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class File:
    """One file. `name` is its path below the folder of its dataset, `size` in words."""

    name: str
    key: str
    size: str
    modified: str


def manuals_page(manuals: Mapping[str, Sequence[Manual]]) -> str:
    """Return the page: what is about the whole lake first, then by dataset, each by name.

    `manuals` are files by dataset, empty for those of none. Without a file the page says how to add one.
    """
    shelves = [_shelf(name, manuals[name]) for name in sorted(manuals) if manuals[name]]
    return render(
        "manuals.html.j2",
        page=PAGE,
        folder=FOLDER,
        shelves=shelves,
        files=sum(len(shelf.files) for shelf in shelves),
    )


def size_in_words(size: int) -> str:
    """Return a number of bytes for people: `1 byte`, `12 KB`, `3.4 MB`; of 1,000 each."""
    if size < 1000:
        return f"{size} byte{'' if size == 1 else 's'}"
    number, unit = float(size), 0
    while number >= 999.5 and unit < len(_UNITS) - 1:
        number, unit = number / 1000, unit + 1
    return f"{number:.1f} {_UNITS[unit]}" if number < 9.95 else f"{number:,.0f} {_UNITS[unit]}"


def _shelf(dataset: str, manuals: Sequence[Manual]) -> Shelf:
    return Shelf(dataset, tuple(sorted(_files(dataset, manuals), key=lambda file: (file.name.casefold(), file.name))))


def _files(dataset: str, manuals: Sequence[Manual]) -> Iterator[File]:
    folder = f"{FOLDER}{dataset}/" if dataset else FOLDER
    for one in manuals:
        yield File(one.key.removeprefix(folder), one.key, size_in_words(one.size), one.modified)
