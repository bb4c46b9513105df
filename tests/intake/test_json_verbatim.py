"""Lines that the engine writes back to the letter are read as every other line is."""

import tempfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.batches import open_files, prop
from lakegate.intake.formats import json_lines
from lakegate.intake.formats.json_verbatim import LETTERS, Verbatim, verbatim

PROPERTIES = (
    prop("i", "integer"),
    prop("n", "number"),
    prop("nan", "number", nan_allowed=True),
    prop("d", "number", physical_type="decimal(10, 2)"),
    prop("b", "boolean"),
    prop("s", "string"),
    prop("day", "date"),
    prop("at", "timestamp"),
    prop("o", "object", properties=(prop("x", "integer"),)),
    prop("l", "array", items=prop("items", "string")),
    prop("any"),
)
NAMES = [one.name for one in PROPERTIES]
GOOD = {
    "i": "7",
    "n": "1.5",
    "nan": "2.5",
    "d": "3.25",
    "b": "true",
    "s": '"text"',
    "day": '"2026-01-02"',
    "at": '"2026-01-02 03:04:05"',
    "o": '{"x":1}',
    "l": '["a","b"]',
    "any": '"any"',
    "more": "1",
}
WHOLE = {"n": "5", "nan": "2"}  # as programs write a double that has no fraction
ODD = [
    "null", "0", "-0", "-0.0", "1", "1.0", "1.50", "01", "1e5", "1E400", "-1e-7", "0.1", "9223372036854775807",
    "9223372036854775808", "12345678901234567890.25", "0.1234567890123456789", "123456789.123456789", "NaN", "Infinity",
    "true", "false", "TRUE", '""', '"x"', '"1"', '"a\\u0000b"', '"a\\\\u0000b"', '"\\u00e9"', '"é"', '"\\n"', '"\\/"',
    '"\\ud83d\\ude00"', '"a, "', '"a\\": "', '"2026-02-30"', '"2026-01-02T03:04:05"', "{}", "[]", '{"x":1,"x":2}',
    '{"x":1,}', '{"x":1.0}', '{"x":"1"}', '{"x":[1,2,]}', '["a",1]', '["a", null]', '{"x" : 1}', '"', "nul", "1,", "",
    '"a\\u0001"', '" x "', "1 ", " 1", "[NaN]", '{"x":NaN}', '"}"', '",}"',
]  # fmt: skip
_ODD_LINES = st.builds(
    lambda changed, order, twice, comma, blank: (changed, order, twice, comma, blank),
    st.dictionaries(st.sampled_from([*GOOD, "new"]), st.sampled_from(ODD), max_size=2),
    st.permutations(list(GOOD)) | st.just(list(GOOD)),
    st.sampled_from([None, None, None, *GOOD]),
    st.sampled_from(["", "", "", ","]),
    st.sampled_from(["", "", "", " ", "\t"]),
)


def line(changed: dict[str, str], order, twice, comma: str, blank: str, separators=(",", ":")) -> str:
    """A line of these values."""
    between, after = separators
    values = GOOD | changed
    keys = [*order, *(key for key in values if key not in order), *([twice] if twice else [])]
    return "{" + between.join(f'"{key}"{after}{values[key]}' for key in keys) + comma + "}" + blank


def found(lines: list[str]) -> tuple:
    """Everything that the intake says of these lines."""
    with tempfile.TemporaryDirectory() as folder:
        data = "".join(f"{one}\n" for one in lines).encode()
        opened = open_files(Path(folder), {"a.jsonl": data}, *PROPERTIES)
        rows = opened.rows
        told = (rows.types, rows.unconverted, dict(rows.cells), opened.defects, rows.defects)
        return told, {name: opened.texts(f'"{name}"') for name in NAMES if rows.parts}, opened.lines


@settings(max_examples=40, deadline=None)
@given(
    st.lists(_ODD_LINES, min_size=1, max_size=4),
    st.sampled_from([(",", ":"), (", ", ": ")]),
    st.sampled_from([{}, WHOLE]),
)
def test_a_line_means_the_same_whichever_way_it_is_read(odd, separators, usual):
    plain = line(usual, list(GOOD), None, "", "", separators)
    odd_lines = [line(usual | changed, *rest, separators) for changed, *rest in odd]
    lines = [plain] * (len(odd) + 1) + odd_lines

    quick = found(lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_lines, "verbatim", lambda *_: Verbatim())
        slow = found(lines)

    assert quick == slow


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize("usual", [{}, WHOLE], ids=["fractions", "whole numbers"])
def test_every_odd_value_means_the_same_whichever_way_it_is_read(value, usual, monkeypatch):
    plain = line(usual, list(GOOD), None, "", "")
    odd = [line(usual | {name: value}, list(GOOD), None, "", "") for name in GOOD]
    lines = [plain] * (len(GOOD) + 1) + odd

    quick = found(lines)
    monkeypatch.setattr(json_lines, "verbatim", lambda *_: Verbatim())

    assert quick == found(lines)


KINDS = {"a": "BIGINT", "s": "VARCHAR", "n": "DOUBLE"}


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ('{"a":1,"s":"x","n":1.5}', True),
        ('{"a":null,"s":null,"n":null}', True),
        ('{"a":1,"s":"x"}', False),
        ('{"a":1,"n":1.5,"s":"x"}', False),
        ('{"a":1,"a":1,"s":"x","n":1.5}', False),
        ('{"a":1,"s":"x","n":1.5,"b":1}', False),
        ('{"a":1,"s":"x","n":1.5,}', False),
        ('{"a":"1","s":"x","n":1.5}', False),
        ('{"a":1.0,"s":"x","n":1.5}', False),
        ('{"a":1,"s":1,"n":1.5}', False),
        ('{"a":1,"s":"x","n":1.50}', False),
        ('{"a":1,"s":"x","n":0.12345678901234567890}', False),
        ('{"a":1,"s":"x","n":NaN}', False),
        ('{"a":1,"s":"x","n":Infinity}', False),
        ('{"a":1,"s":"\\u0000","n":1.5}', False),
        ('{"a":1,"s":"x","n":1.5', False),
        ("", False),
    ],
)
@pytest.mark.parametrize("blank", ["", " "])
def test_only_what_is_written_back_to_the_letter_is_plain(text, plain, blank):
    text = text.replace('":', f'":{blank}').replace(',"', f',{blank}"')
    with duckdb.connect() as connection:
        source = f"SELECT '{text}' AS text"
        found = [
            connection.execute(f"SELECT plain FROM ({Verbatim(KINDS, letters).marked(source)})").fetchall()
            for letters in LETTERS
        ]

    assert found == [[(plain and not blank,)], [(plain,)]]


@pytest.mark.parametrize(
    ("lines", "keys", "quick"),
    [
        (['{"a":1}'] * 3, ["a"], True),
        (['{"a": 1}'] * 3, ["a"], True),
        (['{"a":1}', '{"a":01}', '{"b":1}'], ["a"], False),
        (['{"a":1,"A":1}'] * 3, ["a", "A"], False),
        (['{"":1}'] * 3, [""], False),
    ],
)
def test_lines_are_read_so_only_where_most_of_them_can_be(tmp_path, lines, keys, quick):
    (tmp_path / "a.txt").write_text("\n".join(lines))
    with duckdb.connect() as connection:
        found = verbatim(connection, tmp_path / "a.txt", keys, {"a": "BIGINT"})

    assert bool(found.kinds) is quick


@pytest.mark.parametrize(("value", "kind"), [("1.5", "DOUBLE"), ("5", "JSON")])
def test_numbers_that_are_written_without_a_point_stay_json(tmp_path, value, kind):
    (tmp_path / "a.txt").write_text(f'{{"n":{value}}}\n' * 3)
    with duckdb.connect() as connection:
        found = verbatim(connection, tmp_path / "a.txt", ["n"], {"n": "DOUBLE"})

    assert found.kinds == {"n": kind}
