"""JSON lines and arrays: INPUTS 71-77, S29; JSON keeps its types."""

import datetime as dt
import gzip
import io
import json
import tempfile
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.batches import open_files, prop
from lakegate.errors import Refused
from lakegate.intake.files import BadFile
from lakegate.intake.formats.json_doubt import DEEPEST
from lakegate.intake.formats.json_elements import count_elements

naive = dt.datetime.fromisoformat
NONE = object()


@pytest.mark.parametrize("value", ["9007199254740993.0", "9.007199254740993e15"])
def test_an_integer_whose_double_is_another_one_is_told(tmp_path, value):
    opened = open_files(tmp_path, {"a.jsonl": f'{{"c": {value}}}'.encode()}, prop("c", "integer"))

    assert opened.column("c") == [None]
    assert opened.rows.unconverted == {"c": 1}


@pytest.mark.parametrize(
    ("logical_type", "value", "expected"),
    [
        ("integer", "1", 1),
        ("integer", "1.0", 1),
        ("integer", "-0", 0),
        ("integer", "18446744073709551616", 2**64),
        ("integer", "999999999999999.0", 999999999999999),
        ("integer", "1.5", NONE),
        ("integer", '"1"', NONE),
        ("integer", "true", NONE),
        ("number", "1.5", 1.5),
        ("number", "1", 1.0),
        ("number", "1e5", 1e5),
        ("number", '"1.5"', NONE),
        ("number", "NaN", NONE),
        ("number", "Infinity", NONE),
        ("boolean", "false", False),
        ("boolean", '"false"', NONE),
        ("boolean", "0", NONE),
        ("string", '"a\\u0041\\n\\"b\\""', 'aA\n"b"'),
        ("string", '""', ""),
        ("string", "1", NONE),
        ("string", "{}", NONE),
        ("date", '"2026-01-02"', dt.date(2026, 1, 2)),
        ("date", '"2026-02-30"', NONE),
        ("timestamp", '"2026-01-02T03:04:05"', naive("2026-01-02T03:04:05")),
        ("timestamp", "1767225600", NONE),
        (None, '"text"', "text"),
        (None, "[1]", "[1]"),
        ("object", "[]", NONE),
        ("array", "{}", NONE),
        ("array", '["a",1]', ["a", "1"]),
        ("integer", "null", None),
    ],
)
def test_json_keeps_its_types(tmp_path, logical_type, value, expected):
    opened = open_files(tmp_path, {"a.jsonl": f'{{"c": {value}}}'.encode()}, prop("c", logical_type))

    assert opened.column("c") == [None if expected is NONE else expected]
    assert opened.rows.unconverted == ({"c": 1} if expected is NONE else {})
    assert [cell.value for cell in opened.rows.cells.get("c", ())] == ([value] if expected is NONE else [])


def test_nested_properties_are_checked_where_they_stand(tmp_path):
    udo = prop(
        "udo",
        "object",
        physical_name="u d o",
        properties=(
            prop("page", "string", physical_name="page_name"),
            prop("sizes", "array", items=prop("items", "array", items=prop("items", "integer"))),
        ),
    )
    attrs = prop("attrs", "map", key=prop("key", "string"), value=prop("value", "number"))
    data = b"""{"u d o":{"page_name":"home","sizes":[[1,2],[],null],"other":1},"attrs":{"a":1.5,"b":null}}
{"u d o":{"page_name":7,"sizes":[[1,"2"],3]},"attrs":{"a":"x","b":true}}
{"u d o":null,"attrs":{}}
{"u d o":"text","attrs":[1]}
"""

    opened = open_files(tmp_path, {"a.jsonl": data}, udo, attrs)

    assert opened.column("u d o")[:3] == [
        {"page_name": "home", "sizes": [[1, 2], [], None]},
        {"page_name": None, "sizes": [[1, None], None]},
        None,
    ]
    assert opened.column("attrs") == [{"a": 1.5, "b": None}, {"a": None, "b": None}, {}, None]
    assert opened.rows.unconverted == {
        "u d o.page_name": 1,
        "u d o.sizes[]": 1,
        "u d o.sizes[][]": 1,
        "attrs{value}": 2,
        "u d o": 1,
        "attrs": 1,
    }
    assert [(cell.line, cell.value) for cell in opened.rows.cells["attrs{value}"]] == [(2, '"x"'), (2, "true")]
    assert opened.rows.types["u d o"].at(("sizes", "[]", "[]")).kind == "integer"


def test_lines_that_are_no_object_are_counted_and_every_other_is_measured(tmp_path):
    data = b'{"id":1}\n\n{"id":2\n[3]\n4\n{"id":5,"id":5}\n{"id":6,}\n{"id":7,"s":",}"}\n   \n{"id":8} x\n{"id":9'

    opened = open_files(tmp_path, {"a.jsonl": data}, prop("id", "integer"))

    told = {defect.message: [where.line for where in defect.locations] for defect in opened.rows.defects}
    assert told == {
        "got a blank line, expected an object": [2],
        "got no valid JSON, expected one object": [3, 9, 10, 11],
        "got JSON of type array, expected an object": [4],
        "got JSON of type number, expected an object": [5],
        "got a key twice, expected each once": [6],
        "got a comma before a closing bracket, expected none": [7],
    }
    assert (opened.column("id"), opened.lines) == ([1, 7], [1, 8])


def test_a_comma_before_a_bracket_is_no_fault_inside_a_string(tmp_path):
    data = b'{"s": ",}", "l": ["a","b"]}\n{"s": ",}", "l": ["a","b",]}\n'

    opened = open_files(tmp_path, {"a.jsonl": data}, prop("s", "string"), prop("l", "array"))

    assert opened.column("l") == [["a", "b"]]
    assert opened.defects == [("malformed record", "got a comma before a closing bracket, expected none")]


def test_an_absent_key_is_null_and_undeclared_keys_are_named(tmp_path):
    data = b'{"id":1,"ID":2}\n{"id":2,"extra":[1]}\n{}\n'

    opened = open_files(tmp_path, {"a.jsonl": data}, prop("id", "integer"), prop("name", "string"))

    assert opened.column("id") == [1, 2, None]
    assert opened.column("name") == [None, None, None]
    assert opened.names == ["id", "name", "ID", "extra"]


@pytest.mark.parametrize(
    ("name", "data", "reader"),
    [
        ("a.jsonl.gz", gzip.compress(b'{"id":1}\n{"id":2}\n', mtime=0), {}),
        ("a.json", b'{"id":1}\r\n{"id":2}\r\n', {"delimiter": "new_line"}),
        ("a.json", b'\xef\xbb\xbf{"id":1}\n{"id":2}', {}),
        ("a.json", b'[{"id":1},\n  {"id":2}]\n', {"delimiter": "array"}),
        ("a.json", b'[\n{\n"id":1},{"id":2}]', {"delimiter": "array"}),
    ],
)
def test_lines_and_arrays(tmp_path, name, data, reader):
    opened = open_files(tmp_path, {name: data}, prop("id", "integer"), **reader)

    assert opened.defects == []
    assert opened.column("id") == [1, 2]


@pytest.mark.parametrize(
    ("case", "data", "reader", "kind"),
    [
        ("77 an array where lines are declared", b'[{"id":1},{"id":2}]', {}, "malformed record"),
        ("lines where an array is declared", b'{"id":1}\n{"id":2}', {"delimiter": "array"}, "unreadable"),
        ("a truncated array", b'[{"id":1},{"id"', {"delimiter": "array"}, "unreadable"),
        ("an array of numbers", b"[1]", {"delimiter": "array"}, "malformed record"),
        ("two arrays", b'[{"id":1}] [{"id":2}]', {"delimiter": "array"}, "unreadable"),
        ("an object behind an array", b'[{"id":1}]{"id":2}', {"delimiter": "array"}, "unreadable"),
        ("more behind an array", b'[{"id":1}],{"id":2}]', {"delimiter": "array"}, "unreadable"),
        ("a number behind an array", b'[{"id":1}] 5', {"delimiter": "array"}, "unreadable"),
        ("a control character", b'{"id":"\x01"}\n', {}, "unreadable"),
        ("not UTF-8", b'{"id":"\xff"}\n', {}, "encoding"),
    ],
)
def test_other_shapes_are_defects(tmp_path, case, data, reader, kind):
    opened = open_files(tmp_path, {"a.json": data}, prop("id", "integer"), **reader)

    assert [found for found, _ in opened.defects] == [kind]


_VALUES = st.fixed_dictionaries(
    {
        "i": st.none() | st.integers(-(2**63), 2**63 - 1),
        "s": st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6),
        "f": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "b": st.none() | st.booleans(),
        "l": st.none() | st.lists(st.none() | st.integers(-9, 9), max_size=3),
    }
)


@pytest.mark.slow
@settings(max_examples=25)
@given(st.lists(_VALUES, min_size=1, max_size=8), st.booleans())
def test_what_python_writes_comes_back(rows, ascii_only):
    data = "\n".join(json.dumps(row, ensure_ascii=ascii_only) for row in rows).encode()
    props = [
        prop("i", "integer"),
        prop("s", "string"),
        prop("f", "number"),
        prop("b", "boolean"),
        prop("l", "array", items=prop("items", "integer")),
    ]

    with tempfile.TemporaryDirectory() as folder:
        opened = open_files(Path(folder), {"a.jsonl": data}, *props)

        assert opened.defects == []
        assert opened.rows.unconverted == {}
        for name in "isfbl":
            assert opened.column(name) == [row[name] for row in rows]


NESTED = st.recursive(
    st.none() | st.integers() | st.text(st.sampled_from('a\\"[]{},\u00e9\n')),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.sampled_from('k"[,}\\')), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(NESTED, min_size=1, max_size=5), st.integers(1, 9), st.sampled_from([None, 1]))
def test_elements_are_counted_in_pieces_of_any_size(elements, size, indent):
    data = json.dumps(elements, indent=indent, ensure_ascii=False).encode()

    with patch("lakegate.intake.formats.json_elements.CHUNK", size):
        assert count_elements(io.BytesIO(data)) == len(elements)


@pytest.mark.parametrize("more", [b"[]", b"{}", b" 5", b"]", b',{"id": 1}', b"x", b'"]"'])
def test_what_stands_behind_an_array_is_seen(more):
    with pytest.raises(BadFile, match="behind the end of the array"):
        count_elements(io.BytesIO(b'[{"id": 1}, {"id": [2]}]\n' + more + b"\n"))


def test_an_array_without_end_is_seen_however_deep():
    with pytest.raises(BadFile, match="no end"):
        count_elements(io.BytesIO(b"[" * 3_000_000))


@pytest.mark.parametrize("kind", ["object", None])
def test_json_of_the_greatest_depth_is_read_and_one_level_more_is_refused(tmp_path, kind):
    def nested(levels):
        return ('{"c": ' + '{"a":' * (levels - 1) + "1" + "}" * levels).encode() + b"\n"

    (tmp_path / "whole").mkdir()
    whole = open_files(tmp_path / "whole", {"a.jsonl": nested(DEEPEST)}, prop("c", kind))

    assert (whole.rows.unconverted, whole.defects) == ({}, [])
    with pytest.raises(Refused, match="more than 900 levels deep"):
        open_files(tmp_path, {"a.jsonl": nested(DEEPEST + 1)}, prop("c", kind))
