import json
from pathlib import Path

import pytest

from lakegate.contract.lint import exit_code, lint, render_text, to_json
from lakegate.errors import Severity, UsageError

EXAMPLE = Path(__file__).parent / "examples" / "tealium-events.odcs.yaml"
HEAD = "apiVersion: v3.2.0\nkind: DataContract\nversion: 1.0.0\n"


SUITE = '{"expectations": [{"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}}]}'


def write(folder, name, identity, *properties, more=""):
    lines = [f"  - {line}" for line in (*properties, "{name: id}")]
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([f"{HEAD}id: {identity}", "schema:", "- name: t", "  properties:", *lines, more, ""]))
    return str(path)


@pytest.fixture
def example(tmp_path):
    path = tmp_path / "contracts" / "tealium" / "events.odcs.yaml"
    path.parent.mkdir(parents=True)
    path.write_bytes(EXAMPLE.read_bytes())
    return path


def test_the_example_has_exactly_the_two_findings_its_head_names(example):
    found = lint([str(example)])
    assert [(p.line, p.rule, p.severity) for p in found] == [
        (76, "unknown-reference", Severity.ERROR),
        (98, "missing-file", Severity.ERROR),
    ]
    assert "google-ads" in found[0].message
    assert found[1].found == "expectations/web_events.json"


def test_the_findings_go_with_what_they_miss(example, tmp_path):
    write(tmp_path, "contracts/ads.odcs.yaml", "google-ads")
    ads = tmp_path / "contracts/ads.odcs.yaml"
    ads.write_text(ads.read_text().replace("name: t", "name: campaigns").replace("name: id", "name: campaign_id"))
    (tmp_path / "expectations").mkdir()
    (tmp_path / "expectations/web_events.json").write_text(SUITE)
    found = lint([str(example)])
    assert found == ()
    assert exit_code(found) == 0


def test_all_problems_of_all_files_come_at_once_by_file_and_line(tmp_path):
    write(tmp_path, "contracts/b.odcs.yaml", "b", "{name: x, requird: true}", "{name: x}")
    write(tmp_path, "contracts/deep/a.odcs.yml", "a", "{name: y, logicalType: strng}")
    write(tmp_path, "contracts/.hidden/c.odcs.yaml", "c", "{nope: 1}")
    (tmp_path / "contracts/d.odcs.json").write_text('{"apiVersion": ]}')
    (tmp_path / "contracts/notes.yaml").write_text("a: [")
    found = lint([str(tmp_path)])
    assert [(Path(p.file).name, p.line, p.rule) for p in found] == [
        ("b.odcs.yaml", 8, "unknown-key"),
        ("b.odcs.yaml", 9, "duplicate-name"),
        ("d.odcs.json", 1, "syntax"),
        ("a.odcs.yml", 8, "unknown-value"),
    ]


def test_a_glob_names_files_and_a_file_needs_no_suffix(tmp_path):
    write(tmp_path, "one.yaml", "a", "{name: x, requird: true}")
    assert len(lint([str(tmp_path / "*.yaml"), str(tmp_path / "one.yaml")])) == 1


@pytest.mark.parametrize("path", ["nope.odcs.yaml", "*.nope", "."])
def test_a_path_that_names_no_contract_is_a_usage_error(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="no contract is found"):
        lint([path])


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("other.t.idd", "did you mean id?"),
        ("other.tt.id", "no object tt"),
        ("othr.t.id", "did you mean other?"),
        ("./nope.odcs.yaml#/schema/t/properties/id", "there is no contract"),
        ("https://example.com/x.yaml#/schema/t/properties/id", "not in the project"),
        ("../../outside.odcs.yaml#/schema/t/properties/id", "outside the project"),
        ("broken.id.id", "the contract it refers to is wrong"),
        ("other.t.id", None),
        ("other.odcs.yaml#/schema/t/properties/id", None),
        ("contracts/other.odcs.yaml#/schema/t/properties/id", None),
        ("me.t.id", None),
    ],
)
def test_a_foreign_key_into_another_contract(tmp_path, to, words):
    project = tmp_path / "project"
    write(tmp_path, "outside.odcs.yaml", "outside")
    write(project, "contracts/other.odcs.yaml", "other")
    write(project, "contracts/broken.odcs.yaml", "broken", "{nope: 1}")
    path = write(project, "contracts/me.odcs.yaml", "me", f"{{name: fk, relationships: [{{to: '{to}'}}]}}")
    found = lint([path])
    assert [p.rule for p in found] == (["unknown-reference"] if words else [])
    assert words is None or words in str(found[0])


def test_an_id_is_taken_once(tmp_path):
    path = write(tmp_path, "contracts/a.odcs.yaml", "same")
    write(tmp_path, "contracts/b.odcs.yaml", '"same"')
    (problem,) = lint([path])
    assert (problem.rule, problem.line) == ("duplicate-id", 4)


def test_a_suite_outside_the_project_is_told(tmp_path):
    rule = "{type: custom, engine: pandera, implementation: {schema: '../x.py:Model'}}"
    path = write(tmp_path, "contracts/a.odcs.yaml", "a", f"{{name: x, quality: [{rule}]}}")
    (problem,) = lint([path])
    assert (problem.rule, problem.message) == ("refused-file", "'../x.py' leads out of the project")


def test_the_exit_code_says_who_must_act(tmp_path):
    hint = write(tmp_path, "hint.yaml", "a", "{name: x, logicalType: string, logicalTypeOptions: {pattern: a}}")
    error = write(tmp_path, "error.yaml", "b", "{name: x, nope: 1}")
    refused = write(tmp_path, "refused.yaml", "c", more="servers: [{server: s, type: s3, location: ../../}]")
    assert [exit_code(lint(files)) for files in ([hint], [hint, error], [error, refused])] == [0, 2, 6]


def test_the_text_has_every_field_and_a_count(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "a.odcs.yaml", "a", "{name: x, requird: true}")
    assert render_text(lint(["a.odcs.yaml"]), 1) == (
        "a.odcs.yaml:8:15: error unknown-key: unknown key `requird` in a property (did you mean required?)\n"
        "\n"
        "1 contract: 1 error"
    )
    assert render_text((), 2) == "2 contracts: no problems"


def test_the_json_has_every_field(tmp_path):
    path = write(tmp_path, "a.odcs.yaml", "a", "{name: x, requird: true}")
    told = json.loads(to_json(lint([path])))
    assert told["exitCode"] == 2
    assert told["problems"][0] == {
        "file": path, "line": 8, "column": 15, "severity": "error", "rule": "unknown-key",
        "message": "unknown key `requird` in a property", "path": "schema[0].properties[0].requird",
        "found": "", "expected": "", "hint": "did you mean required?",
    }  # fmt: skip
