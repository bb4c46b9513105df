"""The table that a notebook shows: whose page it stands on we do not know, so it brings nothing but itself."""

from html.parser import HTMLParser

import pyarrow as pa
import pytest

import lakegate
from checks.asked import contract
from lakegate.checks.interface import Outcome
from lakegate.reports.notebook import COLOURS, MOST, to_cell
from reports.verdicts import HOSTILE, VERDICTS, check, verdict


class Elements(HTMLParser):
    """Every element with its attributes, and the text between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found, self.text, self.open = [], "", []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("name", VERDICTS)
def test_a_cell_is_text_with_inline_style_and_nothing_else(name):
    elements = Elements(to_cell(VERDICTS[name]))

    assert elements.open == []
    assert {tag for tag, _ in elements.found} <= {"div", "span", "b", "br", "table", "tr", "td"}
    assert {key for _, attributes in elements.found for key in attributes} <= {"style"}
    assert "url(" not in "".join(str(attributes) for _, attributes in elements.found)


def test_hostile_names_are_text_of_characters_that_print():
    elements = Elements(to_cell(VERDICTS["hostile"]))

    assert HOSTILE[:25] in elements.text  # <script>alert(1)</script>
    assert all(character.isprintable() or character == "\n" for character in elements.text)


def test_what_must_be_acted_on_comes_first_and_what_passed_is_counted():
    told = Elements(to_cell(VERDICTS["failed"])).text

    assert told.index("dep_time is at most 2359") < told.index("arr_delay is rarely missing")
    assert "3 passed" in told
    assert "flight is never null" not in told


def test_a_long_list_is_cut_and_counted():
    many = verdict(*(check(f"c{n}", Outcome.FAILED, name=f"rule {n} holds") for n in range(MOST + 3)))

    told = Elements(to_cell(many)).text

    assert f"rule {MOST - 1} holds" in told
    assert f"rule {MOST} holds" not in told
    assert "and 3 checks more" in told


def test_a_verdict_shows_itself():
    found = lakegate.check(contract({"name": "a", "required": True}), pa.table({"a": [1, None]}))

    assert found._repr_html_() == to_cell(found)
    assert "row 2" in found._repr_html_()


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, 0 to 1 (WCAG 2)."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("word", COLOURS)
def test_white_words_can_be_read_on_their_colour(word):
    assert 1.05 / (luminance(COLOURS[word]) + 0.05) >= 5
