"""A dataset between its neighbours, as boxes."""

from itertools import pairwise

import pytest

from lakegate.reports.datasets.lineage_picture import LETTERS, LINES, Neighbour, lineage, wrapped

HERE = Neighbour("core/fact_flight", "warehouse/core")


def many(count, zone="warehouse/stage"):
    return {f"stage/{'very_long_name_' * 4}{number:02}": zone for number in range(count)}


def test_neighbours_stand_in_the_order_of_the_lake():
    zones = {"mart/a": "warehouse/mart", "core/b": "warehouse/core", "nyc/c": "01-raw-data-zone"}

    found = lineage(HERE, ("gone", "mart/a", "core/b", "nyc/c", "nyc/c"), (), zones)

    assert [one.name for one in found.upstream] == ["nyc/c", "core/b", "mart/a", "gone"]
    assert [layer.word for layer in found.wide.layers] == ["Raw", "Core", "Mart", "Elsewhere", "Core"]


@pytest.mark.parametrize("above", [0, 1, 30])
@pytest.mark.parametrize("below", [0, 1, 30])
@pytest.mark.parametrize("side", ["wide", "narrow"])
def test_every_dataset_has_a_box_of_its_own_inside_the_picture(above, below, side):
    up, down = many(above), {name.replace("stage", "mart", 1): "warehouse/mart" for name in many(below)}
    found = lineage(HERE, tuple(up), tuple(down), up | down)
    if not above + below:
        assert found is None
        return

    picture = getattr(found, side)

    assert len(picture.boxes) == above + below + 1
    assert sum(box.here for box in picture.boxes) == 1
    assert picture.arrows.count("-5 -4l5 4l-5 4") == (above + below if side == "wide" else bool(above) + below)
    for box in picture.boxes:
        assert 0 <= box.x <= box.x + box.width <= picture.width
        assert 0 <= box.y <= box.y + box.height <= picture.height + 0.01
    by_place = sorted((box.x, box.y, box.height) for box in picture.boxes)
    for (x, y, height), (to_x, to_y, _) in pairwise(by_place):
        assert x != to_x or y + height <= to_y


def test_what_is_made_of_no_dataset_is_made_of_what_arrives():
    found = lineage(HERE, (), (), {}, "02-transient-zone/nyc/flights/")

    assert [layer.word for layer in found.wide.layers] == ["Arrivals", "Core"]


@pytest.mark.parametrize(
    "name", ["a", "nyc/flights", "x" * 80, "a/" * 40, "stage/some_long_name.with-parts", "é" * 500]
)
def test_a_name_is_broken_into_lines_that_fit(name):
    lines = list(wrapped(name))

    assert all(0 < len(line) <= LETTERS for line in lines)
    assert len(lines) <= LINES
    assert "".join(lines) == name or lines[-1].endswith("…")


def test_a_name_of_80_characters_is_whole():
    assert "".join(wrapped("stage/" + "part_" * 14 + "name")) == "stage/" + "part_" * 14 + "name"


def test_what_does_not_print_is_seen():
    assert list(wrapped("a\u202eb")) == ["a\\u202eb"]
