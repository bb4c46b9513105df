"""Where published pages lie under `references/`. No name of a dataset begins with `_`, so that none is in the way."""

from __future__ import annotations

from lakegate.lake.zones import segment

REFERENCES = "references/"
REPORTS = "references/reports/"
DATASETS = "references/datasets/"
BOARD = "references/index.html"
BOARD_DATA = "references/board.json"
FEED = "references/blocked.atom"
DICTIONARY = "references/dictionary/"  # index.html, dictionary.csv, dictionary.json
MANUALS = "references/manuals/"  # what owners add: of a dataset below its name, else beside; index.html is ours
PENDING = "references/_pending/"  # batches that a gate is at work on: what dies there is published by the next


def dataset(name: str) -> str:
    """Return the folder of a dataset's pages, with its `/`."""
    return f"{DATASETS}{name}/"


def pending(name: str, batch: str) -> str:
    """Return the key that says that a batch is being judged, and is to be published."""
    return f"{PENDING}{name}/{segment(batch)}.json"
