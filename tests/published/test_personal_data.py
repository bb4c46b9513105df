"""No byte that is published holds what a classified column holds, by default and with samples."""

import base64
import html
import re
from urllib.parse import quote

import pytest

from published.world import MARKS


def hidings(mark):
    """Return how a mark may stand in a file."""
    number = f"{int(mark):,}" if mark.isdigit() else mark
    plain = mark.encode()
    return {
        plain,
        number.encode(),
        mark.upper().encode(),
        quote(mark, safe="").encode(),
        html.escape(mark).encode(),
        mark.replace("-", "\\u002d").encode(),
        base64.b64encode(plain).rstrip(b"=")[:-1],
        plain.hex().encode(),
        mark.encode("utf-16-le"),
    }


@pytest.mark.parametrize("column", MARKS)
def test_no_published_byte_holds_a_mark(world, column):
    wanted = re.compile(b"|".join(re.escape(one) for one in hidings(MARKS[column])))

    found = {
        path: content[max(0, hit.start() - 80) : hit.end() + 40]
        for path, content in world.published().items()
        for hit in [wanted.search(content)]
        if hit and not re.search(rb"[0-9a-f]{20}$", content[: hit.start()][-20:])  # a digit of a digest
    }

    assert found == {}


def test_the_marks_are_in_the_data_that_was_judged(world):
    kept = b"".join(file.read_bytes() for file in (world.lake / "02-transient-zone").rglob("*.json"))

    assert [column for column, mark in MARKS.items() if mark.encode() not in kept] == []
