"""Where published pages lie under `references/`. No name of a dataset begins with `_`, so that none is in the way."""

from __future__ import annotations

from lakegate.lake.zones import segment

REFERENCES = "references/"
REPORTS = "references/reports/"
DATASETS = "references/datasets/"
BOARD = "references/index.html"
BOARD_DATA = "references/board.json"
FEED = "references/blocked.atom"
ADDRESS = "references/address.json"  # at which readers open all of this, where somebody has said so
DICTIONARY = "references/dictionary/"  # index.html, dictionary.csv, dictionary.json
MANUALS = "references/manuals/"  # what owners add: of a dataset below its name, else beside; index.html is ours
PENDING = "references/_pending/"  # batches that a gate is at work on: what dies there is published by the next


def dataset(name: str) -> str:
    """Return the folder of a dataset's pages, with its `/`."""
    return f"{DATASETS}{name}/"


def pending(name: str, batch: str) -> str:
    """Return the key that says that a batch is being judged, and is to be published."""
    return f"{PENDING}{name}/{segment(batch)}.json"


def page(name: str) -> str:
    """Return the key of a dataset's page."""
    return f"{dataset(name)}index.html"


def badge(name: str) -> str:
    """Return the key of a dataset's badge."""
    return f"{dataset(name)}badge.svg"


def histories(name: str) -> str:
    """Return the folder of a dataset's history, with its `/`."""
    return f"{dataset(name)}_history/"


def recent(name: str) -> str:
    """Return the key of the document that tells a dataset's last runs, and which pieces are before them."""
    return f"{histories(name)}recent.json"


def piece(name: str, piece_name: str, digest: str) -> str:
    """Return the key of a closed piece's document, which never changes."""
    return f"{histories(name)}{piece_name}.{digest}.json"


def piece_page(name: str, piece_name: str) -> str:
    """Return the key of a closed piece's page."""
    return f"{histories(name)}{piece_name}.html"


def contracts(name: str) -> str:
    """Return the folder of what the contracts say that judged a dataset, with its `/`."""
    return f"{dataset(name)}_contracts/"


def contract(name: str, sha256: str) -> str:
    """Return the key of what one contract says of a dataset."""
    return f"{contracts(name)}{sha256[:12]}.json"


def manuals(name: str) -> str:
    """Return the folder of what an owner adds to a dataset, with its `/`."""
    return f"{MANUALS}{name}/"
