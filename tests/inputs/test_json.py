"""INPUTS 71-77: JSON. Each test is called by its number in the list; those without one are S29 and its kin."""

from __future__ import annotations

import json

import pytest

import lakegate
from inputs.world import CONTRACT, prop

ID = prop("id", "integer")
NAME = prop("name", "string")
PRICE = prop("price", "number")


def committed(world, *columns):
    """The committed rows, read back as a consumer does."""
    rows = lakegate.Lake(world.lake).read("in/rows", contract=world.root / CONTRACT).relation()
    return rows.select(*columns).fetchall()


@pytest.mark.parametrize(
    ("lines", "cause", "place"),
    [
        pytest.param('{"id":1}\n{"id":2,"id":3}\n', "got a key twice, expected each once", "a.jsonl:2", id="71"),
        pytest.param('{"id":1,"price":NaN}\n', "got a value that is no number", "a.jsonl:1", id="72"),
        pytest.param('{"id":1,"udo":{"a":[NaN]}}\n', "got a value that is no object", "a.jsonl:1", id="72, inside"),
        pytest.param('{"id":1}\n{"id":2', "got no valid JSON, expected one object", "a.jsonl:2", id="74"),
        pytest.param('{"id":1}\n{"id":2,"na', "got no valid JSON, expected one object", "a.jsonl:2", id="74, cut"),
        pytest.param('{"id":1}\n\n{"id":2}\n', "got a blank line, expected an object", "a.jsonl:2", id="a blank line"),
        pytest.param('{"id":1,}\n', "got a comma before a closing bracket, expected none", "a.jsonl:1", id="a comma"),
        pytest.param('{"id":1} x\n', "got no valid JSON", "a.jsonl:1", id="text behind"),
        pytest.param('{"id":1}{"id":2}\n', "got no valid JSON", "a.jsonl:1", id="two in a line"),
        pytest.param("{'id':1}\n", "got no valid JSON", "a.jsonl:1", id="single quotes"),
        pytest.param('{"id":1} // one\n', "got no valid JSON", "a.jsonl:1", id="a comment"),
        pytest.param("1\n", "got JSON of type number, expected an object", "a.jsonl:1", id="a number"),
        pytest.param('[{"id":1}]\n', "got JSON of type array, expected an object", "a.jsonl:1", id="77"),
        pytest.param('{"id":1,"name":"\\ud800"}\n', "got no valid JSON", "a.jsonl:1", id="half a surrogate"),
    ],
)
def test_071_to_077_a_line_that_is_no_object(world, lines, cause, place):
    world.contract(ID, NAME, PRICE, prop("udo", "object"), form="json")
    world.arrive({"a.jsonl": lines})

    world.assert_ends(1, cause, also=[(place,)])


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        pytest.param(f'{{"id":{10**40}}}', "got a value that is no integer", id="73, 10^40"),
        pytest.param('{"id":"1"}', "got a value that is no integer", id="75, text"),
        pytest.param('{"id":1.5}', "got a value that is no integer", id="75, a fraction"),
        pytest.param('{"id":true}', "got a value that is no integer", id="75, true"),
        pytest.param('{"id":[1]}', "got a value that is no integer", id="75, an array"),
        pytest.param('{"name":1}', "got a value that is no string", id="75, a number"),
        pytest.param('{"price":"1.5"}', "got a value that is no number", id="75, a number as text"),
        pytest.param('{"price":1e400}', "got a value that is no number", id="1e400"),
    ],
)
def test_073_and_075_a_value_of_another_type(world, line, cause):
    world.contract(ID, NAME, PRICE, form="json")
    world.arrive({"a.jsonl": f'{{"id":0}}\n{line}\n'})

    world.assert_ends(1, cause, also=[("a.jsonl:2",)])


def test_073_an_integer_beyond_2_to_the_64_where_the_width_is_declared(world):
    world.contract(prop("id", "integer", logicalTypeOptions={"format": "u64"}), form="json")
    world.arrive({"a.jsonl": f'{{"id":{2**64 - 1}}}\n{{"id":{2**64}}}\n'})

    world.assert_ends(1, "18446744073709551615", "1 of 2 rows", also=[("a.jsonl:2",)])


def test_073_an_integer_of_any_width_stays_exact(world):
    world.contract(ID, form="json")
    world.arrive({"a.jsonl": f'{{"id":{2**64}}}\n{{"id":1.0}}\n{{"id":-0}}\n'})

    world.assert_ends(0, "is committed")
    assert committed(world, "id") == [(2**64,), (1,), (0,)]


@pytest.mark.parametrize("depth", [2_000, 100_000])
def test_076_json_2000_deep(world, depth):
    world.contract(ID, prop("udo", "object"), form="json")
    world.arrive({"a.jsonl": '{"id":1,"udo":' + '{"a":' * depth + "1" + "}" * depth + "}\n"})

    world.assert_ends(6, "a.jsonl", "nested", "900", "line 1")


def test_076_json_100_deep_is_read(world):
    world.contract(ID, prop("udo", "object"), form="json")
    world.arrive({"a.jsonl": '{"id":1,"udo":' + '{"a":' * 100 + "1" + "}" * 100 + "}\n"})

    world.assert_ends(0, "is committed")


def test_077_lines_where_an_array_is_declared(world):
    world.contract(ID, form="json", server={"delimiter": "array"})
    world.arrive({"a.json": '{"id":1}\n{"id":2}\n'})

    world.assert_ends(1, "a.json: unreadable")


def test_077_an_array_where_it_is_declared(world):
    world.contract(ID, form="json", server={"delimiter": "array"})
    world.arrive({"a.json": '[{"id":1},\n {"id":2}]'})

    world.assert_ends(0, "is committed")
    assert committed(world, "id") == [(1,), (2,)]


@pytest.mark.parametrize(
    "udo",
    [{"properties": [prop("x", "integer")]}, {}],
    ids=["declared", "open"],
)
def test_a_nested_key_that_stands_twice(world, udo):
    world.contract(ID, prop("udo", "object", **udo), form="json")
    world.arrive({"a.jsonl": '{"id":1,"udo":{"x":1}}\n{"id":2,"udo":{"x":1,"x":2}}\n'})

    world.assert_ends(1, "got a value that is no object", also=[("a.jsonl:2",)])


def test_a_key_that_stands_twice_deep_inside(world):
    world.contract(ID, prop("tags", "array", items=prop("tag", "object")), form="json")
    world.arrive({"a.jsonl": '{"id":1,"tags":[{"x":{"y":1}}]}\n{"id":2,"tags":[{"x":{"y":1,"y":2}}]}\n'})

    world.assert_ends(1, also=[("a.jsonl:2",)])


def test_decimals_that_no_double_holds_are_told(world):
    world.contract(ID, PRICE, form="json")
    rows = ('{"id":1,"price":12345678901234567890.123456789}', '{"id":2,"price":0.30000000000000004}')
    world.arrive({"a.jsonl": "\n".join(rows)})

    world.assert_ends(1, "got a value that is no number", "1 of 2 rows", also=[("a.jsonl:1",)])


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        (prop("x", "object", properties=[PRICE]), {"price": "?"}),
        (prop("x", "array", items=PRICE), [1.5, "?"]),
        (prop("x", "map", map={"key": prop("key", "string"), "value": PRICE}), {"a": "?"}),
        (prop("x", "array", items=prop("one", "object", properties=[PRICE])), [{"price": "?"}]),
    ],
    ids=["object", "array", "map", "an object in an array"],
)
def test_decimals_inside_that_no_double_holds_are_told(world, declared, value):
    long = json.dumps({"id": 2, "x": value}).replace('"?"', "0.12345678901234567891")
    world.contract(ID, declared, form="json")
    world.arrive({"a.jsonl": json.dumps({"id": 1, "x": value}).replace('"?"', "0.30000000000000004") + "\n" + long})

    world.assert_ends(1, "got a value that is no number", "1 of 2 rows", also=[("a.jsonl:2",)])


@pytest.mark.parametrize(
    ("declared", "good", "bad", "path"),
    [
        (prop("x"), "1", "NaN", "x"),
        (prop("x"), '{"a":1}', '{"a":1,"a":2}', "x"),
        (prop("x", "array"), '[{"a":1}]', '[{"a":1,"a":2}]', "x[]"),
        (prop("x", "vector", logicalTypeOptions={"dimensions": 2}), "[1.5,2]", '[1.5,"abc"]', "x[]"),
        (prop("x", "vector", logicalTypeOptions={"dimensions": 2}), "[1.5,2]", "[1.5,0.12345678901234567891]", "x[]"),
    ],
    ids=["NaN", "a key twice", "a key twice in an item", "text in a vector", "a decimal in a vector"],
)
def test_a_value_that_no_property_types_is_not_passed_over(world, declared, good, bad, path):
    world.contract(ID, declared, form="json")
    world.arrive({"a.jsonl": f'{{"id":1,"x":{good}}}\n{{"id":2,"x":{bad}}}\n'})

    world.assert_ends(1, f"got a value of '{path}' that cannot be read", also=[("a.jsonl:2",)])


def test_what_json_may_hold(world):
    name = 'é "quoted" \\ \u2028 end'
    world.contract(ID, NAME, form="json")
    world.arrive({"a.jsonl": b"\xef\xbb\xbf" + json.dumps({"id": 1, "name": name}).encode() + b'\r\n{"id": 2}'})

    world.assert_ends(0, "is committed")
    assert committed(world, "name") == [(name,), (None,)]


def test_a_nul_escaped_in_a_string(world):
    world.contract(ID, NAME, form="json")
    world.arrive({"a.jsonl": '{"id":1,"name":"a\\u0000b"}\n'})

    world.assert_ends(1, also=[("a.jsonl:1",)])
