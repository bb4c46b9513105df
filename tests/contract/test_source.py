import pytest

from lakegate.contract.source import MAX_BYTES, read


def rules(text):
    return [problem.rule for problem in read(text.encode(), "c.yaml").problems]


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9)
)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a: 1\nb: 2\na: 3\n", "duplicate-key"),  # INPUTS 1
        (BOMB, "refused-alias-bomb"),  # INPUTS 2
        ("a: &a [*a]", "self-reference"),  # INPUTS 3
        ("[" * 5000, "too-deep"),  # INPUTS 4
        ("{a: " * 5000, "too-deep"),
        ('a: !!python/object/apply:os.system ["x"]', "refused-tag"),  # INPUTS 5
        ("a: !own 1", "tag"),
        ("---\na: 1\n---\nb: 2\n", "several-documents"),  # INPUTS 6
        ("a: *b", "unknown-anchor"),
        ("? [a]\n: 1", "complex-key"),
        ("a: [", "syntax"),
        ("a: \x01", "syntax"),
        ("", "empty"),
        ("a: .inf", "not-finite"),
        ("a: NO", "ambiguous-text"),  # INPUTS 8
    ],
)
def test_text_that_is_no_contract(text, rule):
    assert rules(text) == [rule]


def test_a_duplicate_key_names_both_places():
    problem = read(b"id: x\nname: y\n  \nid: z\n", "c.yaml").problems[0]
    assert (problem.line, problem.column) == (4, 1)
    assert "line 1, column 1" in problem.message


def test_the_value_of_a_duplicate_key_is_dropped_whole():
    assert read(b"a: 1\na: {b: [1, {c: 2}]}\nd: 3\n", "c").data == {"a": 1, "d": 3}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("on", "on"),
        ("yes", "yes"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("12", 12),
        ("0o14", 12),
        ("0x1F", 31),
        ("014", 14),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2024-01-01", "2024-01-01"),
        ("1.10", 1.1),
        ("-1e3", -1000.0),
        ("'12'", "12"),
        ('"true"', "true"),
        ("!!str 12", "12"),
        ("1.4.0", "1.4.0"),
        ("1" * 5000, "1" * 5000),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text, value):
    data = read(f"a: {text}\n".encode(), "c").data
    assert data == {"a": value}
    assert type(data["a"]) is type(value)


def test_json_is_read_too():
    assert read(b'{"a": [1, true, null, "x"], "b": {"c": 1.5}}', "c.json").data == {
        "a": [1, True, None, "x"],
        "b": {"c": 1.5},
    }


def test_every_key_and_value_has_its_place():
    source = read("é: ü\nlist:\n  - name: one\n    deep: {x: 1}\n  - two\n".encode(), "c")
    assert source.keys[("list",)] == (2, 1)
    assert source.values[("list", 0, "name")] == (3, 11)
    assert source.place(("list", 0, "deep", "x"), at_key=True) == (4, 12)
    assert source.place(("list", 1)) == (5, 5)
    assert source.place(("list", 1, "missing", 3)) == (5, 5)


def test_what_an_alias_repeats_stands_where_the_alias_stands():
    source = read(b"a: &x {k: 1}\nb: *x\n", "c")
    assert source.data == {"a": {"k": 1}, "b": {"k": 1}}
    assert source.data["a"] is not source.data["b"]
    assert source.values[("b", "k")] == (2, 4)


def test_a_number_keeps_its_text():
    assert read(b"version: 1.10\n", "c").raw[("version",)] == "1.10"


def test_a_byte_that_is_not_utf8_is_told_with_its_line():
    problem = read(b"a: 1\nb: \xff\n", "c").problems[0]
    assert (problem.rule, problem.line, problem.found) == ("encoding", 2, "byte 0xff")


def test_a_byte_order_mark_is_read_over():
    assert read(b"\xef\xbb\xbfa: 1", "c").data == {"a": 1}


def test_a_text_beyond_the_cap_is_not_parsed():
    assert read(b"#" * (MAX_BYTES + 1), "c").problems[0].rule == "too-large"
