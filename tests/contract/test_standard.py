import pytest

from lakegate.contract.odcs import parse
from lakegate.contract.source import read

HEAD = "apiVersion: v3.2.0\nkind: DataContract\nid: x\nversion: 1.0.0\n"


def problems(text, head=HEAD):
    return parse(read((head + text).encode(), "c.yaml")).problems


def schema(properties="", quality="", relationships=""):
    lines = ["schema:", "- name: t", "  properties:", "  - {name: id, logicalType: string}"]
    lines += [f"  - {line}" for line in properties.split("\n") if line]
    lines += ["  quality:", *(f"  - {line}" for line in quality.split("\n"))] if quality else []
    lines += ["  relationships:", *(f"  - {line}" for line in relationships.split("\n"))] if relationships else []
    return "\n".join(lines) + "\n"


def test_a_property_needs_no_logical_type():
    assert problems(schema("{name: b, physicalType: int}")) == ()


@pytest.mark.parametrize(
    ("text", "line", "rule", "words"),
    [
        (schema("{name: b, requird: true}"), 9, "unknown-key", ["requird", "did you mean required?"]),  # INPUTS 9
        (schema("{name: b, logicalType: strin}"), 9, "unknown-value", ["strin", "did you mean string?"]),  # INPUTS 10
        (schema("{name: b, required: NO}"), 9, "wrong-type", ["'NO'", "true or false"]),  # INPUTS 8
        (schema("{name: b, logicalType: string, logicalTypeOptions: {minLenght: 1}}"), 9, "unknown-key", ["minLength"]),
        (schema("{name: b, logicalType: string, items: {}}"), 9, "misplaced-key", ["logicalType: array"]),
        (schema("{name: b, logicalType: map}"), 9, "missing-key", ["`map`"]),
        (schema("{name: b, enum: [a]}"), 9, "wrong-type", ["{value: a}"]),
        (schema("{name: b, relationships: [{to: nope}]}"), 9, "pattern", ["object.property", "<contract id>"]),
        (schema("{name: b, relationships: [{from: a.b, to: t.id}]}"), 9, "from-at-property", ["remove it"]),
        (
            schema(quality="{metric: nullValue, mustBe: 1}"),
            10,
            "unknown-value",
            ["unknown metric", "nullValues, missingValues", "did you mean nullValues?"],
        ),
        (
            schema(quality="{metric: rowCount, mustBe: 1, mustBeLessThan: 2}"),
            10,
            "several-operators",
            ["several operators on one rule: mustBe, mustBeLessThan; exactly one is allowed"],
        ),
        (schema(quality="{metric: rowCount}"), 10, "no-operator", ["mustBeBetween"]),
        (schema(quality="{metric: rowCount, mustBeLessThan: '5'}"), 10, "wrong-type", ["remove the quotes"]),
        (schema(quality="{type: text, description: d, mustBe: 3}"), 10, "misplaced-key", ["type: sql"]),
        (schema() + "team: {nme: x}\n", 9, "unknown-key", ["nme", "did you mean name?"]),
        (schema() + "servers: [{server: a, type: s3, format: csv}]\n", 9, "missing-key", ["`location`", "server"]),
        (schema() + "servers: [{server: a, type: kafkaa}]\n", 9, "unknown-value", ["did you mean kafka?"]),
    ],
)
def test_the_grammar_is_told_as_a_person_would(text, line, rule, words):
    found = [problem for problem in problems(text) if problem.rule == rule]
    assert [problem.line for problem in found] == [line]
    assert all(word in str(found[0]) for word in words), str(found[0])


def test_one_typo_in_an_operator_makes_no_second_message_about_the_metric():
    found = problems(schema(quality="{metric: rowCount, mustBeLessTan: 2}"))
    assert [problem.rule for problem in found] == ["no-operator", "unknown-key"]
    assert all("did you mean mustBeLessThan?" in problem.hint for problem in found)


def test_an_unquoted_version_is_told_with_its_own_text():  # INPUTS 7
    (problem,) = problems(schema(), head=HEAD.replace("1.0.0", "1.10"))
    assert (problem.rule, problem.line, problem.column) == ("wrong-type", 4, 10)
    assert "quote it: '1.10'" in problem.hint


def test_what_the_grammar_finds_does_not_hide_what_is_wrong_with_the_meaning():
    text = schema(
        "{name: b, requird: true}\n{name: c, logicalType: string, logicalTypeOptions: {minLength: 3, maxLength: 2}}",
        quality="{metric: rowCount}\n{metric: duplicateValues, mustBe: 0, arguments: {properties: [nope]}}",
    )
    assert [p.rule for p in problems(text)] == ["unknown-key", "min-over-max", "no-operator", "unknown-property"]


@pytest.mark.parametrize(
    ("head", "rule"),
    [
        ("apiVersion: v2.2.2\nkind: DataContract\nid: x\nversion: 1.0.0\n", "api-version"),  # INPUTS 10
        ("apiVersion: v4.0.0\nkind: DataContract\nid: x\nversion: 1.0.0\n", "api-version"),
        ("apiVersion: 3.1\nkind: DataContract\nid: x\nversion: 1.0.0\n", "api-version"),
        ("apiVersion: v3.2.0\nkind: DataProduct\nid: x\nversion: 1.0.0\n", "kind"),
        ("apiVersion: [v3.2.0]\nkind: {}\nid: x\nversion: 1.0.0\n", "api-version"),
    ],
)
def test_other_kinds_and_versions_are_refused(head, rule):
    assert rule in [problem.rule for problem in problems(schema(), head=head)]


def test_a_document_without_its_identity_lacks_every_key_of_it():
    missing = [p.message.split("`")[1] for p in problems(schema(), head="") if p.rule == "missing-key"]
    assert missing == ["apiVersion", "id", "kind", "version"]


@pytest.mark.parametrize("text", ["[]", "3", "null", "text", "{}"])
def test_any_document_at_all_is_an_error_and_no_crash(text):
    parsed = parse(read(text.encode(), "c.yaml"))
    assert parsed.contract is None
    assert parsed.problems
