"""INPUTS 1-23: contracts. Each test is called by its number in the list; 13 stands in test_sql.py."""

from __future__ import annotations

import json
import shutil

import pytest

from inputs.world import CONTRACT, prop

ID = prop("id", "integer")
GOOD = "id\n1\n2\n"
HEAD = "apiVersion: v3.2.0\nkind: DataContract\nid: in-rows\nversion: 1.0.0\nstatus: active\n"
SCHEMA = "schema: [{name: rows, properties: [{name: id, logicalType: integer}]}]\n"
WAY = """servers:
  - {server: transient, type: s3, location: 's3://example-lake/02-transient-zone/in/rows/', format: csv}
  - {server: raw, type: s3, location: 's3://example-lake/01-raw-data-zone/in/rows/', format: csv}
customProperties:
  - {property: lakegate, value: {from: transient, to: raw}}
"""


def ends(world, text, exit_code, *cause):
    """Lint a text and try to promote by it: both end so, one line tells the cause and the place, the bytes stay."""
    world.write(CONTRACT, text)
    world.arrive({"a.csv": GOOD})

    linted = world.lint()

    assert linted.exit_code == exit_code, linted.output
    linted.line(f"{CONTRACT}:", *cause)
    world.assert_ends(exit_code, *cause)


def test_001_a_duplicate_key(world):
    ends(world, HEAD + "status: draft\n" + SCHEMA + WAY, 2, ":6:1:", "error duplicate-key", "status")


def test_002_an_alias_bomb(world):
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{one}: &{one} [{', '.join([f'*{before}'] * 9)}]\n" for before, one in zip("abcdefgh", "bcdefghi", strict=True)
    )
    ends(world, HEAD + SCHEMA + bomb, 6, "alias")


def test_003_a_self_reference(world):
    ends(world, HEAD + SCHEMA + WAY + "description: &d {usage: *d}\n", 2, ":12:25:", "self-reference")


def test_004_nesting_5000_deep(world):
    ends(world, HEAD + "description: " + "[" * 5000 + "]" * 5000 + "\n" + SCHEMA, 2, ":6:", "deep")


def test_005_a_python_tag(world):
    ends(world, HEAD + SCHEMA + WAY + "name: !!python/object/apply:os.system [id]\n", 6, ":12:", "python/object")


def test_006_several_documents(world):
    ends(world, HEAD + SCHEMA + WAY + "---\n" + HEAD, 2, ":12:", "document")


def test_007_an_unquoted_version(world):
    ends(world, HEAD.replace("1.0.0", "1.10") + SCHEMA + WAY, 2, ":4:10:", "version", "1.10")


def test_008_no_stays_text_and_is_no_boolean(world):
    ends(world, HEAD + SCHEMA.replace("integer}", "integer, required: NO}") + WAY, 2, ":6:", "required", "NO")


def test_008_no_as_a_value_gets_a_hint_to_quote_it(world):
    country = "{name: id, logicalType: string, enum: [{value: NO}, {value: SE}]}"
    world.write(CONTRACT, HEAD + f"schema: [{{name: rows, properties: [{country}]}}]\n" + WAY)
    world.arrive({"a.csv": "id\nNO\n"})

    linted = world.lint()

    assert linted.exit_code == 0
    linted.line(f"{CONTRACT}:6:", "hint", "got NO", "write 'NO'")
    world.assert_ends(0, "is committed")


@pytest.mark.parametrize(
    ("wrong", "near"),
    [("requird: true", "required"), ("quality: [{metric: nullValue, mustBe: 0}]", "nullValues")],
)
def test_009_an_unknown_key_or_rule_gets_the_near_name(world, wrong, near):
    ends(world, HEAD + SCHEMA.replace("integer}", f"integer, {wrong}}}") + WAY, 2, ":6:", f"did you mean {near}?")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (HEAD + SCHEMA.replace("integer", "int") + WAY, (":6:", "int", "did you mean")),
        (HEAD.replace("v3.2.0", "v9.9.9") + SCHEMA + WAY, (":1:13:", "v9.9.9")),
    ],
    ids=["type", "apiVersion"],
)
def test_010_an_unknown_type_or_version_of_the_standard(world, text, cause):
    ends(world, text, 2, *cause)


def test_011_min_above_max(world):
    ends(
        world,
        HEAD + SCHEMA.replace("integer}", "integer, logicalTypeOptions: {minimum: 9, maximum: 1}}") + WAY,
        2,
        ":6:",
        "minimum",
        "maximum",
    )


@pytest.mark.parametrize("pattern", ["a(?=b)", "(a)\\\\1", "((a{1000}){1000}){1000}"])
def test_012_a_regular_expression_that_re2_refuses(world, pattern):
    world.contract(prop("id", "string", logicalTypeOptions={"pattern": pattern.replace("\\\\", "\\")}))
    world.arrive({"a.csv": GOOD})

    linted = world.lint()

    assert linted.exit_code == 2, linted.output
    linted.line(f"{CONTRACT}:", "pattern", "RE2")
    world.assert_ends(2, "pattern", "RE2")


def test_012_what_backtracks_elsewhere_without_end_is_harmless_in_re2(world):
    world.contract(prop("id", "string", logicalTypeOptions={"pattern": "^(a+)+$"}))
    world.arrive({"a.csv": "id\n" + "a" * 100_000 + "b\n"})

    world.assert_ends(1, "that does not match ^(a+)+$", also=[("a.csv:2",)])


@pytest.mark.parametrize(
    "server",
    [
        {"location": 's3://bucket"; x/02-transient-zone/in/rows/'},
        {"endpointUrl": 'https://s3.example.com" --profile x'},
        {"location": "s3://example-lake/../../etc/"},
        {"location": "../../"},
        {"endpointUrl": "http://169.254.169.254/latest/meta-data"},
        {"endpointUrl": "http://[fd00:ec2::254]/"},
        {"endpointUrl": "http://metadata.google.internal/"},
        {"location": "http://169.254.169.254/02-transient-zone/in/rows/"},
        {"endpointUrl": "http://user@2852039166/"},
        {"endpointUrl": "http://0xa9fea9fe/"},
    ],
    ids=lambda server: next(iter(server.values())),
)
def test_014_to_016_a_place_that_is_an_attack(world, server):
    world.contract(ID, server=server)
    world.arrive({"a.csv": GOOD})

    linted = world.lint()

    assert linted.exit_code == 6, linted.output
    linted.line(f"{CONTRACT}:", "error refused-", *server.values())
    world.assert_ends(6, f"{CONTRACT}:", "refused-", *server.values())


def test_017_a_column_with_an_injection_in_its_name_works(world):
    name = '"; drop table x; --'
    quoted = '"' + name.replace('"', '""') + '"'
    world.contract(prop(name, "integer", required=True, unique=True, enum=[{"value": 1}, {"value": 2}]))
    world.arrive({"a.csv": f"{quoted}\n1\n2\n"})
    world.assert_ends(0, "is committed")

    world.arrive({"a.csv": f"{quoted}\n1\n1\n9\n"}, "b2")
    ended = world.promote("b2")

    assert ended.exit_code == 1
    assert {key.rpartition(".")[2] for key in ended.checks()} == {"unique", "enum"}


def test_018_html_in_a_description_is_escaped(world):
    html = "<img src=x onerror=alert(1)>"
    world.contract(prop("id", "integer", description=html), description={"purpose": html}, name=html)
    world.arrive({"a.csv": GOOD})

    world.assert_ends(0, "is committed")

    pages = list((world.lake / "references").rglob("*.html"))
    assert len(pages) == 5  # the run, its dataset, the board, the dictionary, the manuals
    assert all("<img" not in page.read_text() for page in pages)
    assert sum("&lt;img src=x onerror=alert(1)&gt;" in page.read_text() for page in pages) >= 3


def test_019_a_contract_with_no_rules(world):
    text = HEAD + WAY
    world.write(CONTRACT, text)
    world.arrive({"a.csv": GOOD})

    linted = world.lint()

    assert linted.exit_code == 2
    linted.line(f"{CONTRACT}:", "error", "no")
    world.assert_ends(2)


def test_020_a_contract_that_changes_during_the_run(world):
    """The bytes read at the start are judged: the record names them."""
    import hashlib

    from lakegate.api import Asked
    from lakegate.commands.batches import promoted

    first = world.contract(ID).read_bytes()
    world.arrive({"a.csv": GOOD})

    def change(*_):
        world.contract(prop("id", "integer", enum=[{"value": 99}]))

    [done] = promoted("b1", Asked(world.root / CONTRACT, str(world.lake), progress=change))

    assert (done.exit_code, done.record.contract_sha256) == (0, hashlib.sha256(first).hexdigest())
    assert (world.root / CONTRACT).read_bytes() != first
    world.assert_kept(0)


def test_021_the_same_version_with_other_rules(world):
    world.contract(ID)
    world.arrive({"a.csv": GOOD})
    world.assert_ends(0, "is committed")

    world.contract(prop("id", "integer", required=True))
    world.arrive({"a.csv": "id\n7\n"}, "b2")
    world.sent = {key: data for key, data in world.sent.items() if key[0] == "b2"}
    world.assert_ends(
        2, "rules-changed", "version 1.0.0 of in-rows committed 'b1' under other rules", "raise `version`", batch="b2"
    )

    world.contract(prop("id", "integer", required=True), version="1.1.0")
    world.assert_ends(0, "is committed", batch="b2")


def test_021_a_version_that_committed_nothing_may_still_change(world):
    world.contract(ID)
    world.arrive({"a.csv": GOOD})
    world.assert_ends(0, "is committed")
    world.contract(ID, version="2.0.0")
    world.assert_ends(0, "is already committed")

    world.contract(prop("id", "integer", required=True), version="2.0.0")
    world.arrive({"a.csv": GOOD}, "b2")

    world.assert_ends(0, "is committed", batch="b2")


def test_021_what_only_describes_may_change_within_a_version(world):
    world.contract(ID)
    world.arrive({"a.csv": GOOD})
    world.assert_ends(0, "is committed")

    file = world.contract(prop("id", "integer", description="now described"), team={"name": "others"})
    file.write_text("# a comment\n" + file.read_text())
    world.arrive({"a.csv": GOOD}, "b2")

    world.assert_ends(0, "is committed", batch="b2")


def test_022_a_rule_on_a_missing_column_fails_and_is_never_skipped(world):
    world.contract(ID, prop("price", "number", required=True), gate={"missing_columns": "allow"})
    world.arrive({"a.csv": GOOD})

    ended = world.assert_ends(1, "price")

    assert "rows.price.required" in ended.checks()


def test_023_a_rule_whose_engine_raises_is_no_pass(world):
    rule = {"id": "boom", "type": "sql", "query": "SELECT sum(id * 9223372036854775807) FROM {object}", "mustBe": 0}
    world.contract(ID, quality=[rule])
    world.arrive({"a.csv": GOOD})

    ended = world.assert_ends(5, "Out of Range Error")

    assert ended.checks("could not evaluate") == ["rows.quality.boom"]
    assert not (world.lake / "02-transient-zone/_quarantine/in").exists()
    shutil.rmtree(world.lake / "references/reports")


def test_every_contract_here_is_read_from_the_file_that_the_message_names(world):
    world.contract(ID)

    assert json.loads((world.root / CONTRACT).read_text())["id"] == "in-rows"
