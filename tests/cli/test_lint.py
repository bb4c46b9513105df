"""`lakegate lint`: where a rule stands that cannot be run, and what machines read."""

from __future__ import annotations

import json

import pytest

from cli.scene import FLIGHTS

HEAD = """\
apiVersion: v3.2.0
kind: DataContract
id: shop-orders
name: shop/orders
version: 1.0.0
status: active
schema:
  - name: orders
    properties:
      - name: id
        logicalType: integer
        quality:
          - id: no_negative
            type: sql
            mustBe: 0
            query: {of_property}
    quality:
      - metric: rowCount
        mustBeGreaterThan: 0
      - type: sql
        query: {of_object}
        mustBe: 0
"""
FINE = "SELECT count(*) FROM {object}"


@pytest.mark.parametrize(
    ("queries", "line", "rule", "told", "exit_code"),
    [
        ({"of_property": "SELECT count(*) FROM read_csv('/etc/passwd')"}, 16, "refused-sql", "read_csv", 6),
        ({"of_property": "SELECT FROM WHERE {property}"}, 16, "bad-sql", "cannot be read as SQL", 2),
        ({"of_object": "SELECT count(*) FROM elsewhere"}, 21, "refused-sql", "reads elsewhere", 6),
        ({"of_object": "SELECT {property} FROM {object}"}, 21, "bad-sql", "there is no property", 2),
        ({"of_object": "DROP TABLE orders"}, 21, "refused-sql", "DROP", 6),
    ],
)
def test_sql_that_may_not_run_is_told_with_its_place(scene, queries, line, rule, told, exit_code):
    texts = {name: json.dumps(queries.get(name, FINE)) for name in ("of_property", "of_object")}
    scene.write("orders.odcs.yaml", HEAD.format(**texts))

    ended = scene.run("lint", "orders.odcs.yaml", "--output-format", "json")

    assert ended.exit_code == exit_code
    (problem,) = json.loads(ended.stdout)["problems"]
    assert (problem["file"], problem["line"], problem["rule"]) == ("orders.odcs.yaml", line, rule)
    assert problem["column"] > 0
    assert told in problem["message"]


def test_sql_is_looked_at_beside_other_mistakes(scene):
    text = HEAD.format(of_property=json.dumps("SELECT count(*) FROM glob('*')"), of_object=json.dumps(FINE))
    scene.write("orders.odcs.yaml", text + "        severty: warning\n")

    ended = scene.run("lint", "orders.odcs.yaml", "--output-format", "json")

    assert {problem["rule"] for problem in json.loads(ended.stdout)["problems"]} == {"refused-sql", "unknown-key"}
    assert ended.exit_code == 6


def test_contracts_without_problems_are_counted(scene):
    ended = scene.run("lint", "contracts")

    assert (ended.exit_code, ended.stdout) == (0, "2 contracts: no problems\n")


def test_all_problems_of_all_files_at_once(scene):
    scene.change(FLIGHTS, lambda doc: doc["schema"][0]["properties"][0].update(logicalTypo="integer"))
    scene.write("contracts/a.odcs.yaml", "kind: DataContract\n")

    ended = scene.run("lint", "contracts")

    assert ended.exit_code == 2
    assert "did you mean logicalType?" in ended.stdout
    assert "contracts/a.odcs.yaml" in ended.stdout
    assert ended.stdout.rstrip().splitlines()[-1].startswith("3 contracts: ")


def test_a_path_without_contracts_is_wrong_usage(scene):
    ended = scene.run("lint", "nowhere")

    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "no contract is found at nowhere" in ended.stderr


def test_names_in_a_contract_cannot_steer_the_terminal(scene):
    scene.change(FLIGHTS, lambda doc: doc.update({"bad\x1b[2J\nkey[bold]": 1}))

    ended = scene.run("lint", "contracts")

    assert ended.exit_code == 2
    assert "\x1b" not in ended.output
    assert r"bad\x1b[2J\nkey[bold]" in ended.stdout
