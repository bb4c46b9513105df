"""The count of records agrees with Python's own reading, however the bytes are cut."""

import csv
import io
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakegate.intake.files import BadFile
from lakegate.intake.preflight import Preflight, TextFacts, count_outside, walk


def facts(data: bytes, size: int = 1 << 20, quote: str | None = '"', escape: str | None = '"') -> TextFacts:
    preflight = Preflight(quote, escape)
    for at in range(0, len(data), size):
        preflight.feed(data[at : at + size])
    return preflight.finish()


@given(
    st.lists(
        st.lists(st.text(st.sampled_from('ab,"\n\r\\é'), max_size=5), min_size=2, max_size=3), min_size=1, max_size=6
    ),
    st.integers(1, 7),
    st.sampled_from(["\n", "\r\n"]),
)
def test_records_are_counted_in_pieces_of_any_size(rows, size, newline):
    text = io.StringIO()
    csv.writer(text, lineterminator=newline, quoting=csv.QUOTE_ALL).writerows(rows)
    data = text.getvalue().encode()

    found = facts(data, size)

    assert found.records == len(rows)
    assert found.quoted_newlines == any(mark in cell for row in rows for cell in row for mark in "\r\n")
    assert not found.open_quote
    assert [record.ordinal for record in walk(io.BytesIO(data), '"', '"')] == list(range(len(rows)))
    delimiters = [len(row) - 1 for row in rows]
    assert [record.delimiters for record in walk(io.BytesIO(data), '"', '"', ",")] == delimiters


@pytest.mark.parametrize(("quote", "escape"), ['""', "'\\"])
@given(
    rows=st.lists(st.lists(st.text(st.sampled_from("ab,\"'\n\r\\é"), max_size=5), min_size=1, max_size=3), max_size=6)
)
def test_delimiters_outside_quotes_are_counted(quote, escape, rows):
    text, doubled = io.StringIO(), quote == escape
    csv.writer(
        text,
        quotechar=quote,
        doublequote=doubled,
        escapechar=None if doubled else escape,
        quoting=csv.QUOTE_ALL,
    ).writerows(rows)

    with patch("lakegate.intake.preflight.CHUNK", 7):
        found = count_outside(io.BytesIO(text.getvalue().encode()), ",", quote, escape)

    assert found == sum(max(len(row) - 1, 0) for row in rows)


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize(
    ("data", "records", "opened"),
    [(b'"a\\"\n",1\nb,2', 2, False), (b'"a\\\\"\n1\n', 2, False), (b'"a\\"\n', 1, True)],
)
def test_an_escape_is_seen_across_pieces(data, records, opened, size):
    found = facts(data, size, escape="\\")

    assert found.open_quote == opened
    assert opened or found.records == records


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize(("data", "line"), [(b"a\nb\xff\nc", 2), ("a\né".encode()[:-1], 2), (b"a\n\n\0", 3)])
def test_the_line_of_a_bad_character_is_told(data, line, size):
    with pytest.raises(BadFile) as told:
        facts(data, size)

    assert told.value.line == line
