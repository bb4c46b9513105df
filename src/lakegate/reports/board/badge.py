"""A dataset's state as a small picture for a README or a wiki: a file without a font, a link or a script."""

from __future__ import annotations

import unicodedata

from lakegate.reports.board.now import DatasetNow, State
from lakegate.reports.site import render
from lakegate.reports.summary import plain

LONGEST = 60  # characters of a dataset's name; the whole of it is the picture's title
PAD = 7  # pixels beside a text
WIDE, USUAL = 11.0, 7.0  # pixels of an ideograph, and of a letter that is not in the table
COLOURS = {  # the ground behind white letters: 4.5 : 1 and more, on pages of any colour
    State.BLOCKED: "#a3211b",
    State.COULD_NOT_EVALUATE: "#5f3a99",
    State.WAIVED: "#7d4a00",
    State.PASSED_WITH_WARNINGS: "#7d4a00",
    State.PASSED: "#17633a",
    State.EMPTY: "#575d64",
}
# Pixels of printable ASCII in 11 px Verdana, which most systems have or imitate; `textLength` fits any other to them.
WIDTHS = dict(
    zip(
        map(chr, range(32, 127)),
        (
            *(3.9, 4.3, 5.0, 9.0, 7.0, 11.8, 8.0, 3.0, 5.0, 5.0, 7.0, 9.0, 4.0, 5.0, 4.0, 5.0),  # blank to /
            *(7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 5.0, 5.0, 9.0, 9.0, 9.0, 6.0),  # 0 to ?
            *(11.0, 7.5, 7.5, 7.7, 8.5, 7.0, 6.3, 8.5, 8.3, 4.6, 5.0, 7.6, 6.1, 9.3, 8.2, 8.7),  # @ to O
            *(6.6, 8.7, 7.6, 7.5, 6.8, 8.1, 7.5, 10.9, 7.5, 6.8, 7.5, 5.0, 5.0, 5.0, 9.0, 7.0),  # P to _
            *(7.0, 6.6, 6.9, 5.7, 6.9, 6.6, 3.9, 6.9, 7.0, 3.0, 3.8, 6.5, 3.0, 10.7, 7.0, 6.7),  # ` to o
            *(6.9, 6.9, 4.7, 5.7, 4.3, 7.0, 6.5, 9.0, 6.5, 6.5, 5.8, 7.0, 5.0, 7.0, 9.0),  # p to ~
        ),
        strict=True,
    )
)


def badge(now: DatasetNow) -> str:
    """Return the picture as SVG: the dataset's name, and its state in its colour and in words."""
    name = now.dataset if len(now.dataset) <= LONGEST else f"{now.dataset[: LONGEST - 1]}…"
    left, right = _width(name), _width(now.state)
    return render(
        "badge.svg.j2",
        name=name,
        now=now,
        colour=COLOURS[now.state],
        pad=PAD,
        left=left,
        right=right,
        split=left + 2 * PAD,
        width=left + right + 4 * PAD,
    )


def _width(text: str) -> int:
    """Return about how many pixels a text takes as it is shown."""
    return round(sum(WIDTHS.get(letter) or _other(letter) for letter in plain(text)))


def _other(letter: str) -> float:
    """Return the pixels of a letter that is not ASCII; a mark upon another takes none."""
    if unicodedata.combining(letter):
        return 0.0
    return WIDE if unicodedata.east_asian_width(letter) in {"W", "F"} else USUAL
