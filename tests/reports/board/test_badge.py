import dataclasses
import xml.etree.ElementTree as ET

import pytest

from lakegate.reports.board.badge import COLOURS, LONGEST, badge
from lakegate.reports.board.now import State
from reports.board.boards import EVENTS

SVG = "{http://www.w3.org/2000/svg}"


def parsed(text):
    return ET.fromstring(text)  # noqa: S314 - ours


def drawn(**values):
    return parsed(badge(dataclasses.replace(EVENTS, **values)))


def luminance(colour):
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("state", State)
def test_it_says_dataset_and_state_in_words(state):
    root = drawn(state=state)

    assert [text.text for text in root.iter(f"{SVG}text")] == ["tealium/events", state]
    assert root.findtext(f"{SVG}title") == root.get("aria-label") == f"tealium/events: {state}"
    assert root.get("role") == "img"


@pytest.mark.parametrize("colour", [*COLOURS.values(), "#3a3f45"])
def test_white_letters_are_legible(colour):
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5


def test_every_state_has_its_colour():
    assert set(COLOURS) == set(State)


@pytest.mark.parametrize("name", ["a", "tealium/events", "数据/旅客", "é" * 10, "W" * 200])
def test_texts_stand_in_their_halves(name):
    root = drawn(dataset=name)

    width, half = float(root.get("width")), root.find(f"{SVG}path").get("d")
    split = float(half.split("H")[1].split("V")[0])
    (left, right) = root.iter(f"{SVG}text")
    assert float(left.get("x")) + float(left.get("textLength")) < split
    assert split < float(right.get("x"))
    assert float(right.get("x")) + float(right.get("textLength")) < width


def test_a_long_name_is_cut_and_told_in_the_title():
    root = drawn(dataset="x" * 200)

    assert len(next(root.iter(f"{SVG}text")).text) == LONGEST
    assert "x" * 200 in root.findtext(f"{SVG}title")


def test_wide_letters_take_more_room():
    assert float(drawn(dataset="旅客旅客").get("width")) > float(drawn(dataset="abcd").get("width"))


def test_what_strangers_wrote_is_text_and_nothing_is_loaded():
    text = badge(dataclasses.replace(EVENTS, dataset='"><script>alert(1)</script>\u202e{{ 7 * 7 }}'))

    root = parsed(text)
    assert {element.tag for element in root.iter()} == {
        f"{SVG}{tag}" for tag in ("svg", "title", "rect", "path", "g", "text")
    }
    assert "\u202e" not in text
    assert text.count("http") == 1  # the name of the format
