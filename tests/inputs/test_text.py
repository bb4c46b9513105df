"""INPUTS 24-60: CSV and text. Each test is called by its number in the list."""

from __future__ import annotations

from inputs.world import prop

ID = prop("id", "integer")
NAME = prop("name", "string")


def test_024_a_byte_order_mark_is_accepted(world):
    world.contract(ID, NAME)
    world.arrive({"a.csv": b"\xef\xbb\xbfid,name\n1,x\n"})

    world.assert_ends(0, "is committed")


def test_026_a_latin_1_byte(world):
    world.contract(ID, NAME)
    world.arrive({"a.csv": b"id,name\n1,x\n2,caf\xe9\n"})

    world.assert_ends(1, "a.csv", "line 3", "got the bytes e9", "expected UTF-8")
