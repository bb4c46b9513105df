"""`lakegate quarantine`: planted rows and batches are listed, shown, judged again and let go, each counted exactly."""

import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli.scene import BAD, FLIGHTS, GOOD
from table_scene import contract, propose

DROP = "02-transient-zone/nyc/flights/part=1"
QUARANTINE = "02-transient-zone/_quarantine"


@pytest.fixture
def ready(scene):
    scene.planes("N1", "N2")
    return scene


def quarantine(scene, verb, *words, contract=FLIGHTS):
    return scene.run("quarantine", verb, contract, "--lake", "lake", *words)


def listed(scene, contract=FLIGHTS):
    return json.loads(quarantine(scene, "list", "--json", contract=contract).stdout)


def sha(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


# --- whole batches ------------------------------------------------------------------------------------------------


@pytest.fixture
def held(ready):
    """A batch that was not let in: two rows break three rules, a fourth warns of none."""
    ready.arrive("part=1", BAD)
    assert ready.promote("--batch", "part=1").exit_code == 1
    return ready


def test_nothing_is_held_back(ready):
    ready.arrive("part=1")
    assert ready.promote("--batch", "part=1").exit_code == 0

    assert quarantine(ready, "list").stdout == "nothing is held back\n"
    assert listed(ready) == []


def test_a_batch_that_was_not_let_in_is_listed_with_the_rows_that_broke_each_rule(held):
    (one,) = listed(held)

    assert (one["dataset"], one["batch"], one["kind"], one["files"]) == ("nyc/flights", "part=1", "batch", 1)
    assert {key.partition("flights.")[2]: rows for key, rows in one["rules"].items()} == {
        "id.logicalType": 1,
        "primaryKey": 2,
        "tailnum.relationship.nyc-planes.planes.tailnum": 1,
        "delay.minimum": 1,
    }
    assert one["where"].startswith(str(held.lake / QUARANTINE / "nyc/flights/part%3D1"))
    assert Path(one["report"]).is_file()


def test_the_list_is_a_table_and_says_where_to_look(held):
    text = quarantine(held, "list").stdout

    assert "nyc/flights  part=1  the batch, 1 file" in text
    assert "report " in text.splitlines()[-1]


def test_without_a_contract_the_whole_project_is_listed_and_what_cannot_be_told_is_said(held):
    held.write("contracts/nyc/broken.odcs.yaml", "kind: DataContract\n")

    found = held.run("quarantine", "list", "--lake", "lake")

    assert found.exit_code == 2
    assert "part=1" in found.stdout
    assert "broken.odcs.yaml" in found.stderr


def test_what_was_mended_is_not_held_back_any_more(held):
    held.arrive("part=1", GOOD)
    assert held.promote("--batch", "part=1").exit_code == 0

    assert listed(held) == []
    assert quarantine(held, "release", "--batch", "part=1").exit_code == 2


def test_a_batch_is_judged_again_by_the_contract_as_it_is_now_and_nothing_is_moved(held):
    before = held.tree()
    blocked = quarantine(held, "replay", "--batch", "part=1")
    held.change(FLIGHTS, loosen)
    passed = quarantine(held, "replay", "--batch", "part=1", "--output-format", "json")

    assert (blocked.exit_code, passed.exit_code) == (1, 0)
    assert "FAILED (4)" in blocked.stdout
    assert json.loads(passed.stdout)["rows"] == 3
    assert held.tree() == before


@pytest.mark.parametrize("lies", ["all", "a part", "nothing"])
def test_a_batch_is_released_whether_it_lies_under_the_drop_still_or_not(held, lies):
    drop = held.lake / DROP
    if lies != "all":
        (drop / "_SUCCESS").unlink()
    if lies == "nothing":
        (drop / "rows.csv").unlink()
    held.change(FLIGHTS, loosen)

    released = quarantine(held, "release", "--batch", "part=1")

    assert released.exit_code == 0, released.output
    assert "is committed as slot 1" in released.stdout
    (record,) = held.records()
    assert (held.lake / record["files"][0]["key"]).read_text() == BAD
    assert not drop.exists() or not list(drop.iterdir())
    assert listed(held) == []


def test_a_batch_that_breaks_its_contract_still_is_held_back_again(held):
    (held.lake / DROP / "rows.csv").unlink()
    (held.lake / DROP / "_SUCCESS").unlink()

    released = quarantine(held, "release", "--batch", "part=1")

    assert released.exit_code == 1
    assert held.records() == []
    assert len(listed(held)) == 1


def test_what_is_released_is_not_mixed_with_what_has_arrived_since(held):
    folder = held.arrive("part=1", GOOD, name="more.csv", complete=False)
    before = {file.name: file.read_text() for file in folder.iterdir()}

    released = quarantine(held, "release", "--batch", "part=1")

    assert released.exit_code == 2
    assert "something else of 'part=1' has arrived" in released.stderr
    assert {file.name: file.read_text() for file in folder.iterdir()} == before


def test_what_a_manifest_promised_is_asked_again(ready):
    promised = {"path": "rows.csv", "sha256": "0" * 64}
    ready.arrive("part=1", complete=False)
    manifest = ready.write(f"lake/{DROP}/_MANIFEST.json", json.dumps({"files": [promised]}))
    assert ready.promote("--batch", "part=1").exit_code == 1
    manifest.unlink()
    (ready.lake / DROP / "rows.csv").unlink()

    replayed = quarantine(ready, "replay", "--batch", "part=1")
    released = quarantine(ready, "release", "--batch", "part=1")

    assert (replayed.exit_code, released.exit_code) == (1, 1)
    assert "by the manifest" in replayed.stdout
    assert ready.records() == []


def test_a_batch_whose_manifest_was_not_kept_is_neither_judged_nor_released(ready):
    ready.arrive("part=1", BAD, complete=False)
    manifest = ready.write(f"lake/{DROP}/_MANIFEST.json", json.dumps({"files": [{"path": "rows.csv"}]}))
    assert ready.promote("--batch", "part=1").exit_code == 1
    (record,) = (ready.lake / QUARANTINE / "_gate").rglob("*.json")
    rewritten(record, lambda document: document.pop("markers"))  # as an older version wrote it
    manifest.unlink()

    for verb in ("replay", "release"):
        ended = quarantine(ready, verb, "--batch", "part=1")
        assert ended.exit_code == 2
        assert "the manifest of 'part=1' was not kept" in ended.stderr


def test_quarantined_bytes_that_were_changed_are_neither_judged_nor_released(held):
    (kept,) = (held.lake / QUARANTINE).rglob("rows.csv")
    kept.chmod(0o644)
    kept.write_text(GOOD)
    (held.lake / DROP / "rows.csv").unlink()

    for verb in ("replay", "release"):
        ended = quarantine(held, verb, "--batch", "part=1")
        assert ended.exit_code == 5
        assert "digest" in ended.stderr
    assert held.records() == []


def test_a_conflict_is_listed_while_it_lies_there_and_nothing_of_it_is_kept(ready):
    ready.arrive("part=1")
    assert ready.promote("--batch", "part=1").exit_code == 0
    ready.arrive("part=1", GOOD + "3,N1,4\n")
    assert ready.promote("--batch", "part=1").exit_code == 4

    assert [(one["kind"], one["files"], one["where"]) for one in listed(ready)] == [("conflict", 1, "")]
    assert quarantine(ready, "replay", "--batch", "part=1").exit_code == 2
    assert quarantine(ready, "release", "--batch", "part=1").exit_code == 4
    (ready.lake / DROP / "rows.csv").unlink()
    (ready.lake / DROP / "_SUCCESS").unlink()
    assert listed(ready) == []


@pytest.mark.parametrize("verb", ["show", "replay", "release"])
def test_where_nothing_is_held_back_the_command_says_what_to_do(ready, verb):
    ended = quarantine(ready, verb, "--batch", "part=7")

    assert ended.exit_code == 2
    assert "nothing of 'part=7' of nyc/flights is held back" in ended.stderr
    assert "lakegate quarantine list" in ended.stderr


def test_of_a_whole_batch_there_are_no_rows_to_show(held):
    ended = quarantine(held, "show", "--batch", "part=1")

    assert ended.exit_code == 2
    assert "all of it is held back" in ended.stderr
    assert "`lakegate quarantine replay CONTRACT --batch part=1`" in ended.stderr


# --- rows set apart -----------------------------------------------------------------------------------------------

FACT = "contracts/fact.odcs.yaml"
CANDIDATE = "02-transient-zone/_candidates/core/fact/b1"
PROPERTIES = [
    {"name": "key", "physicalName": "id", "logicalType": "integer", "primaryKey": True, "required": True},
    {"name": "amount", "logicalType": "integer", "logicalTypeOptions": {"minimum": 0}},
    {
        "name": "mail",
        "logicalType": "string",
        "logicalTypeOptions": {"pattern": "^m[^4]"},
        "classification": "restricted",
    },
    {
        "name": "who",
        "logicalType": "object",
        "properties": [{"name": "name", "logicalType": "string", "classification": "personal"}],
    },
]
ARRIVED = (
    pa.table(
        {
            "id": list(range(1, 9)),
            "amount": [1, -2, 3, -4, 5, 6, None, 8],
            "mail": [f"m{number}@example.com" for number in range(1, 9)],
            "who": [{"name": f"n{number}"} for number in range(1, 9)],
            "extra": list("abcdefgh"),
        }
    ),
    pa.table(
        {
            "id": [9, 10],
            "amount": [9, 10],
            "mail": ["m9@example.com", None],
            "who": [{"name": "n9"}, None],
            "extra": ["i", "j"],
        }
    ),
)
MINIMUM, PATTERN = "fact.amount.minimum", "fact.mail.pattern"
BROKEN = {1: [MINIMUM], 3: [MINIMUM, PATTERN]}  # rows of the first file, from 0


@pytest.fixture
def apart(scene):
    """A committed batch of two files, from the first of which two rows were set apart."""
    contract(scene.root, PROPERTIES, scope="batch", columns="open", quarantine="rows", max_rejected="20 percent")
    propose(scene.lake, "b1", *ARRIVED)
    (scene.lake / CANDIDATE / "_SUCCESS").unlink()
    manifest = {
        "files": [{"path": f"part-{number}.parquet"} for number in range(2)],
        "inputs": [{"dataset": "stage/in", "batch": "b1", "slot": 1}],
        "sql_sha256": "a" * 64,
        "made_by": "test",
    }
    (scene.lake / CANDIDATE / "_MANIFEST.json").write_text(json.dumps(manifest))
    ended = scene.run("promote", FACT, "--batch", "b1", "--lake", "lake")
    assert ended.exit_code == 0, ended.output
    return scene


def record_of(scene, slot=1):
    return scene.lake / f"warehouse/core/_gate/commits/fact/b1/{slot:06}.json"


def allow(minimum):
    """Return what lets the contract take amounts from a minimum on, and every address."""

    def change(document):
        document["version"] = f"1.{-minimum}.0"
        amount, mail = document["schema"][0]["properties"][1:3]
        amount["logicalTypeOptions"] = {"minimum": minimum}
        mail.pop("logicalTypeOptions")

    return change


def strict(document):
    """Let the contract hold back one row at most."""
    document["version"] = "1.0.1"
    document["customProperties"][0]["value"]["max_rejected"] = "1 rows"


def test_rows_set_apart_are_listed_with_the_numbers_of_the_record(apart):
    (one,) = listed(apart, FACT)

    assert (one["dataset"], one["batch"], one["kind"], one["rows"], one["of"]) == ("core/fact", "b1", "rows", 2, 10)
    assert one["rules"] == {MINIMUM: 2, PATTERN: 1}
    assert [file.name.partition(".rejected-")[0] for file in Path(one["where"]).iterdir()] == ["part-0.parquet"]
    text = quarantine(apart, "list", contract=FACT).stdout
    assert "core/fact  b1     2 of 10 rows  fact.amount.minimum (2), fact.mail.pattern (1)" in text


def test_each_row_is_shown_with_its_place_its_rules_and_its_key(apart):
    found = json.loads(quarantine(apart, "show", "--batch", "b1", "--json", contract=FACT).stdout)

    assert (found["total"], found["of"], found["slot"]) == (2, 10, 1)
    assert [(row["file"], row["row"], row["rules"], row["key"], row["values"]) for row in found["rows"]] == [
        ("part-0.parquet", 2, BROKEN[1], [["key", "2"]], {}),
        ("part-0.parquet", 4, BROKEN[3], [["key", "4"]], {}),
    ]


def test_values_are_shown_only_when_asked_for_and_as_the_contract_allows(apart):
    def never(document):
        document["schema"][0]["properties"][2]["customProperties"] = [
            {"property": "lakegate", "value": {"samples": "never"}}
        ]

    plain = quarantine(apart, "show", "--batch", "b1", contract=FACT).stdout
    samples = quarantine(apart, "show", "--batch", "b1", "--samples", contract=FACT).stdout
    asked = json.loads(quarantine(apart, "show", "--batch", "b1", "--samples", "--json", contract=FACT).stdout)
    apart.change(FACT, never)
    hidden = json.loads(quarantine(apart, "show", "--batch", "b1", "--samples", "--json", contract=FACT).stdout)

    for text in (plain, samples):
        assert "m2@" not in text
        assert "n2" not in text
    assert "-2" not in plain
    assert "-2" in samples
    assert asked["rows"][0]["values"] == {
        "id": "2",
        "amount": "-2",
        "mail": "*** (14 characters)",
        "who": "*** (14 characters)",  # something in it is classified
        "extra": "*** (1 characters)",  # the contract says nothing of it
    }
    assert "mail" not in hidden["rows"][0]["values"]


def test_of_many_rows_the_first_are_shown_and_the_others_counted(apart):
    text = quarantine(apart, "show", "--batch", "b1", "--limit", "1", contract=FACT).stdout

    assert "part-0.parquet    2  key=2" in text
    assert "key=4" not in text
    assert "1 more: --limit 2" in text


def test_rows_are_judged_with_those_that_went_on_and_nothing_is_moved(apart):
    before, original, told, numbers = apart.tree(), (apart.root / FACT).read_bytes(), [], []
    for change in (lambda _: None, allow(-2), allow(-4)):
        apart.write(FACT, original)
        apart.change(FACT, change)
        ended = quarantine(apart, "replay", "--batch", "b1", contract=FACT)
        assert ended.exit_code == 0, ended.output
        told.append(ended.stdout.splitlines()[-1])
        machine = quarantine(apart, "replay", "--batch", "b1", "--output-format", "json", contract=FACT)
        numbers.append(json.loads(machine.stdout)["rows"])

    assert told == [
        "2 of 10 rows were set apart; now 2 would be",
        "2 of 10 rows were set apart; now 1 would be",
        "2 of 10 rows were set apart; now all would go on",
    ]
    assert numbers == [8, 9, 10]
    assert apart.tree() == before


def test_where_more_rows_would_be_held_back_than_may_be_replay_says_so(apart):
    apart.change(FACT, strict)

    ended = quarantine(apart, "replay", "--batch", "b1", contract=FACT)

    assert ended.exit_code == 1
    assert "2 of 10 rows were set apart; now all of it would be held back" in ended.stdout


def test_rows_that_are_released_make_a_new_revision_of_what_arrived(apart):
    apart.change(FACT, allow(-4))

    released = quarantine(apart, "release", "--batch", "b1", contract=FACT)

    assert released.exit_code == 0, released.output
    record = json.loads(record_of(apart, 2).read_text())
    assert (record["replaces"], record["rows"], record["rejected"]) == (1, 10, None)
    tables = [pq.read_table(apart.lake / file["key"], partitioning=None) for file in record["files"]]
    assert tables == list(ARRIVED)
    (marker,) = record["markers"]
    manifest = json.loads(marker["text"])
    assert (manifest["inputs"], manifest["made_by"]) == ([{"dataset": "stage/in", "batch": "b1", "slot": 1}], "test")
    assert manifest["files"][0]["sha256"] == record["files"][0]["sha256"]
    assert listed(apart, FACT) == []
    assert not list((apart.lake / "02-transient-zone/_candidates/core/fact").rglob("*.parquet"))


def test_a_release_that_was_killed_on_the_way_is_done_again(apart, monkeypatch):
    apart.change(FACT, allow(-4))
    with monkeypatch.context() as patched:
        patched.setattr("lakegate.commands.release.promoted", lambda *_: [])
        assert quarantine(apart, "release", "--batch", "b1", contract=FACT).exit_code == 0
    drop = apart.lake / CANDIDATE
    (drop / "_MANIFEST.json").unlink()
    (drop / "part-1.parquet").unlink()

    released = quarantine(apart, "release", "--batch", "b1", contract=FACT)

    assert released.exit_code == 0, released.output
    assert json.loads(record_of(apart, 2).read_text())["rows"] == 10


def test_rows_that_break_their_rules_still_are_set_apart_again_and_can_be_released_again(apart):
    again = quarantine(apart, "release", "--batch", "b1", contract=FACT)
    (one,) = listed(apart, FACT)
    apart.change(FACT, allow(-4))
    at_last = quarantine(apart, "release", "--batch", "b1", contract=FACT)

    assert (again.exit_code, at_last.exit_code) == (0, 0)
    assert (one["kind"], one["rows"], one["rules"]) == ("rows", 2, {MINIMUM: 2, PATTERN: 1})
    found = [json.loads(record_of(apart, slot).read_text()) for slot in (1, 2, 3)]
    assert [record["rows"] for record in found] == [8, 8, 10]
    assert [record["replaces"] for record in found] == [None, 1, 2]
    assert pq.read_table(apart.lake / found[2]["files"][0]["key"], partitioning=None) == ARRIVED[0]
    assert listed(apart, FACT) == []


def test_a_release_that_is_not_let_in_leaves_the_committed_revision_as_it_is(apart):
    apart.change(FACT, strict)

    released = quarantine(apart, "release", "--batch", "b1", contract=FACT)

    assert released.exit_code == 1
    assert not record_of(apart, 2).exists()
    assert [one["kind"] for one in listed(apart, FACT)] == ["batch", "rows"]
    apart.change(FACT, allow(-4))
    assert quarantine(apart, "release", "--batch", "b1", contract=FACT).exit_code == 0
    assert listed(apart, FACT) == []


def test_rows_whose_dimension_came_late_go_on_by_the_same_contract(scene):
    scene.planes("N1", "N2")
    known = {"to": "nyc-planes.planes.tailnum"}
    quarantined = {"property": "lakegate", "value": {"action": "quarantine"}}
    tailnum = {"name": "tailnum", "relationships": [{**known, "customProperties": [quarantined]}]}
    contract(scene.root, [{"name": "id", "primaryKey": True}, tailnum], scope="batch", max_rejected="2 rows")
    propose(scene.lake, "b1", {"id": [1, 2, 3, 4], "tailnum": ["N1", "N9", None, "N9"]})
    assert scene.run("promote", FACT, "--batch", "b1", "--lake", "lake").exit_code == 0
    (held,) = listed(scene, FACT)

    before = quarantine(scene, "replay", "--batch", "b1", contract=FACT).stdout.splitlines()[-1]
    scene.planes("N9", part="2")
    after = quarantine(scene, "replay", "--batch", "b1", contract=FACT).stdout.splitlines()[-1]
    released = quarantine(scene, "release", "--batch", "b1", contract=FACT)

    assert (held["rows"], held["of"], list(held["rules"].values())) == (2, 4, [2])
    assert before == "2 of 4 rows were set apart; now 2 would be"
    assert after == "2 of 4 rows were set apart; now all would go on"
    assert released.exit_code == 0, released.output
    (file,) = json.loads(record_of(scene, 2).read_text())["files"]
    assert pq.read_table(scene.lake / file["key"], partitioning=None)["id"].to_pylist() == [1, 2, 3, 4]


def test_rows_are_not_released_where_a_revision_may_not_be_replaced(apart):
    apart.change(FACT, lambda document: document["customProperties"][0]["value"].update(on_change="reject"))

    released = quarantine(apart, "release", "--batch", "b1", contract=FACT)

    assert released.exit_code == 2
    assert "on_change: reject" in released.stderr


@pytest.mark.parametrize("damaged", ["rejected", "committed"])
def test_files_that_are_not_what_the_record_says_are_not_used(apart, damaged):
    record = json.loads(record_of(apart).read_text())
    file = apart.lake / (record["rejected"] if damaged == "rejected" else record)["files"][0]["key"]
    file.chmod(0o644)
    file.write_bytes(file.read_bytes() + b"\0")

    for verb in ("replay", "release", *(["show"] if damaged == "rejected" else [])):
        ended = quarantine(apart, verb, "--batch", "b1", contract=FACT)
        assert ended.exit_code == 5
        assert "sha256" in ended.stderr


def test_rows_that_do_not_add_up_are_not_judged(apart):
    rewritten(record_of(apart), lambda document: document["rejected"].update(rows_in=11))

    ended = quarantine(apart, "replay", "--batch", "b1", contract=FACT)

    assert ended.exit_code == 5
    assert "got 10 rows, expected the 11" in ended.stderr


def loosen(document):
    """Let the contract take what BAD holds."""
    document["version"] = "1.1.0"
    document["schema"][0]["properties"] = [
        {"name": name, "logicalType": "string"} for name in ("id", "tailnum", "delay")
    ]


def rewritten(file, change):
    """Change a record where it stands, which only a test does."""
    document = json.loads(file.read_text())
    change(document)
    file.chmod(0o644)
    file.write_text(json.dumps(document))
