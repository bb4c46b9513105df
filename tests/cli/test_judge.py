"""`lakegate test`: files of every format, with and without a lake; it moves nothing, and machines can read it."""

from __future__ import annotations

import gzip
import io
import json
import xml.etree.ElementTree as ET

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli.scene import BAD, FLIGHTS, GOOD, HEADER, PLANES

WITH = ("--with", "nyc/planes=planes.csv")


@pytest.fixture
def planes(scene):
    scene.write("planes.csv", "tailnum\nN1\nN2\n")
    return scene


def as_json_lines(text):
    _, *rows = text.split()
    cells = (row.split(",") for row in rows)
    return "".join(json.dumps({"id": int(i), "tailnum": t, "delay": float(d)}) + "\n" for i, t, d in cells)


def as_parquet(text):
    _, *rows = text.split()
    ids, tails, delays = zip(*(row.split(",") for row in rows), strict=True)
    table = pa.table({"id": [int(i) for i in ids], "tailnum": tails, "delay": [float(d) for d in delays]})
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


GOOD_FILES = {
    "rows.csv": GOOD,
    "rows.csv.gz": gzip.compress(GOOD.encode()),
    "rows.jsonl": as_json_lines(GOOD),
    "rows.jsonl.gz": gzip.compress(as_json_lines(GOOD).encode()),
    "rows.parquet": as_parquet(GOOD),
}
BAD_ROW = HEADER + "1,N1,2\n7,N9,1\n"
BAD_FILES = {
    "rows.csv": BAD_ROW,
    "rows.csv.gz": gzip.compress(BAD_ROW.encode()),
    "rows.jsonl": as_json_lines(BAD_ROW),
    "rows.parquet": as_parquet(BAD_ROW),
}
SERVER = {"jsonl": "json", "parquet": "parquet"}


def with_format(scene, name):
    """Let the contract say in what the files are written."""
    form = SERVER.get(name.removesuffix(".gz").rpartition(".")[2], "csv")
    scene.change(FLIGHTS, lambda doc: [server.update(format=form) for server in doc["servers"]])


@pytest.mark.parametrize("name", GOOD_FILES)
def test_files_of_every_format_pass(planes, name):
    with_format(planes, name)
    planes.write(name, GOOD_FILES[name])

    ended = planes.run("test", FLIGHTS, "--data", name, *WITH)

    assert ended.exit_code == 0, ended.output
    assert "PASSED: 2 rows in 1 file; 14 passed" in ended.stdout


@pytest.mark.parametrize("name", BAD_FILES)
def test_files_of_every_format_are_found_out(planes, name):
    with_format(planes, name)
    planes.write(name, BAD_FILES[name])

    ended = planes.run("test", FLIGHTS, "--data", name, *WITH)

    assert ended.exit_code == 1
    assert "1 of 2 rows (50.0 %) name a tailnum that nyc/planes does not have" in ended.stdout


def test_several_files_are_one_batch(planes):
    planes.write("a.csv", GOOD)
    planes.write("b.csv", GOOD)

    ended = planes.run("test", FLIGHTS, "--data", "a.csv", "--data", "b.csv", *WITH)

    assert ended.exit_code == 1
    assert "2 keys stand more than once" in ended.stdout
    assert "b.csv:2" in ended.stdout


def test_reference_data_may_come_in_several_files(planes):
    planes.write("rows.csv", GOOD)
    planes.write("one.csv", "tailnum\nN1\n")
    planes.write("two.csv", "tailnum\nN2\n")

    ended = planes.run(
        "test", FLIGHTS, "--data", "rows.csv", "--with", "nyc/planes=one.csv", "--with", "nyc/planes=two.csv"
    )

    assert ended.exit_code == 0


def two_objects(doc):
    (first,) = doc["schema"]
    doc["schema"] = [first, {"name": "gates", "properties": [{"name": "gate", "logicalType": "string"}]}]


def test_a_contract_with_several_objects_is_told_whose_files(planes):
    planes.change(FLIGHTS, two_objects)
    planes.write("gates.csv", "gate\nA1\n")

    unsaid = planes.run("test", FLIGHTS, "--data", "gates.csv")
    said = planes.run("test", FLIGHTS, "--data", "gates.csv", "--schema-name", "gates")
    typo = planes.run("test", FLIGHTS, "--data", "gates.csv", "--schema-name", "gate")

    assert (unsaid.exit_code, said.exit_code, typo.exit_code) == (2, 0, 2)
    assert "several objects: flights, gates (say whose files" in unsaid.stderr
    assert "did you mean gates?" in typo.stderr


def local(doc, path):
    del doc["customProperties"][0]["value"]["from"], doc["customProperties"][0]["value"]["to"]
    doc["servers"] = [{"server": "here", "type": "local", "path": path, "format": "csv"}]


@pytest.mark.parametrize("path", ["data/rows.csv", "data", "data/*.csv"])
@pytest.mark.parametrize("words", [(), ("--server", "here")])
def test_a_local_server_needs_no_lake(planes, path, words):
    planes.change(PLANES, lambda doc: local(doc, path))
    planes.write("data/rows.csv", "tailnum\nN1\n")

    ended = planes.run("test", PLANES, *words)

    assert ended.exit_code == 0, ended.output
    assert "PASSED: 1 row in 1 file" in ended.stdout


def test_a_local_server_without_files_is_no_pass(planes):
    planes.change(PLANES, lambda doc: local(doc, "data/*.csv"))

    ended = planes.run("test", PLANES)

    assert ended.exit_code == 2
    assert "no file lies at 'data/*.csv' (server here)" in ended.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--data", "nope.csv"), "File 'nope.csv' does not exist"),
        (("--data", "."), "File '.' is a directory"),
        (("--data", "planes.csv", "--server", "trasient"), "did you mean transient?"),
        (("--server", "trasient"), "no local server 'trasient'"),
        (("--data", "planes.csv", "--with", "nyc/plane=planes.csv"), "did you mean nyc/planes?"),
        (("--data", "planes.csv", "--with", "nyc/planes=nope.csv"), "nope.csv is no file"),
        (("--data", "planes.csv", "--with", "nyc/planes"), "expected DATASET=FILE"),
        (("--data", "planes.csv", "--batch", "part=1"), "--batch part=1 lies in the lake"),
        (("--data", "planes.csv", "--schema-name", "flihgts"), "did you mean flights?"),
        (("--data", "planes.csv", "--output-format", "xml"), "'xml' is not one of"),
        (("--data", "planes.csv", "--as-of", "yesterday"), "does not match the format"),
        (("--lake", "lakes", "--batch", "part=1"), "did you mean lake?"),
        (("--batch", "part=1"), "no lake is named"),
        (("--lake", "lake", "--batch", "1"), "'1' is not of the form 'part={part}'"),
        (("--lake", "lake"), "no batch of nyc/flights waits to be judged"),
    ],
)
def test_wrong_usage_is_told_and_is_never_a_pass(planes, words, told):
    ended = planes.run("test", FLIGHTS, *words)

    assert ended.exit_code == 2, ended.output
    assert told in " ".join(ended.stderr.split())
    assert ended.stdout == ""


def test_a_contract_that_is_not_there(planes):
    ended = planes.run("test", "contracts/nyc/flihgts.odcs.yaml", "--data", "planes.csv")

    assert ended.exit_code == 2
    assert "contracts/nyc/flihgts.odcs.yaml cannot be read" in ended.stderr


# --- on a lake ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("--batch", "part=1"), ()], ids=["named", "all"])
@pytest.mark.parametrize("content", [GOOD, BAD], ids=["good", "bad"])
def test_judging_in_a_lake_changes_nothing(scene, content, words):
    scene.planes("N1", "N2")
    scene.arrive("part=1", content)
    before = scene.tree()

    ended = scene.judge(*words)

    assert ended.exit_code == (0 if content == GOOD else 1)
    assert scene.tree() == before


def test_a_batch_that_is_not_ready_does_not_hide_the_verdict_on_another(scene):
    scene.planes("N1", "N2")
    scene.arrive("part=1", complete=False)
    scene.arrive("part=2")

    ended = scene.judge()

    assert ended.exit_code == 3
    assert "PASSED: 2 rows in 1 file" in ended.stdout
    assert "'part=1' is not ready" in ended.stderr


def test_the_lake_may_come_from_the_settings(scene):
    scene.write("lakegate.toml", 'lake = "lake"\n')
    scene.planes("N1", "N2")
    scene.arrive("part=1")

    assert scene.run("test", FLIGHTS, "--batch", "part=1").exit_code == 0


# --- what machines read -----------------------------------------------------------------------------------------


@pytest.fixture
def two(scene):
    """One good batch and one bad one."""
    scene.planes("N1", "N2")
    scene.arrive("part=1")
    scene.arrive("part=2", BAD)
    return scene


def test_one_verdict_is_one_json_document(two):
    told = json.loads(two.judge("--batch", "part=2", "--output-format", "json").stdout)

    assert (told["dataset"], told["batch"], told["exitCode"]) == ("nyc/flights", "part=2", 1)


def test_several_verdicts_are_a_json_list(two):
    told = json.loads(two.judge("--output-format", "json").stdout)

    assert [(one["batch"], one["exitCode"]) for one in told] == [("part=1", 0), ("part=2", 1)]


def test_several_verdicts_are_one_junit_document(two):
    root = ET.fromstring(two.judge("--output-format", "junit").stdout.encode())  # noqa: S314 -- our own

    assert [suite.get("name") for suite in root] == ["nyc/flights part=1", "nyc/flights part=2"]
    assert (root.get("tests"), root.get("failures")) == ("28", "4")


def test_several_verdicts_are_sections_of_one_markdown_page(two):
    told = two.judge("--output-format", "markdown").stdout

    assert [line for line in told.splitlines() if line.startswith("#")] == [
        "### PASSED: `nyc/flights`",
        "### BLOCKED: `nyc/flights`",
    ]


def test_the_output_file_holds_the_document_and_stdout_nothing(two):
    ended = two.judge("--output-format", "json", "--output", "verdict.json")

    assert (ended.exit_code, ended.stdout) == (1, "")
    assert len(json.loads((two.root / "verdict.json").read_text())) == 2


# --- what is told of rows -----------------------------------------------------------------------------------------


def test_values_are_told_only_on_request_and_never_of_what_is_classified(scene):
    scene.change(FLIGHTS, lambda doc: doc["schema"][0]["properties"][1].update(classification="restricted"))
    scene.planes("N1")
    scene.arrive("part=1", HEADER + "1,SECRET,-333\n")

    silent = scene.judge("--batch", "part=1").stdout
    asked = scene.judge("--batch", "part=1", "--samples").stdout

    assert "-333" not in silent
    assert "SECRET" not in silent + asked
    assert "*** (6 characters)" in asked
    assert "-333.0" in asked


@pytest.mark.parametrize(("words", "places"), [((), 5), (("--locations", "2"), 2), (("--locations", "0"), 0)])
def test_so_many_rows_are_named_per_check(scene, words, places):
    scene.planes("N1")
    scene.arrive("part=1", HEADER + "".join(f"{n},N1,-200\n" for n in range(9)))

    told = json.loads(scene.judge("--batch", "part=1", "--output-format", "json", *words).stdout)

    (failed,) = [check for check in told["checks"] if check["result"] == "failed"]
    assert len(failed["locations"]) == places


def test_verbose_lists_what_passed(two):
    short, long = (two.judge("--batch", "part=1", *words).stdout for words in ((), ("--verbose",)))

    assert "every id occurs once" not in short
    assert "every id occurs once" in long


def test_freshness_is_judged_at_the_time_asked_for(scene):
    scene.change(PLANES, lambda doc: doc["schema"][0]["properties"].append({"name": "at", "logicalType": "timestamp"}))
    sla = [{"property": "freshness", "value": 2, "unit": "h", "element": "planes.at"}]
    scene.change(PLANES, lambda doc: doc.update(slaProperties=sla))
    scene.write("p.csv", "tailnum,at\nN1,2013-01-01T12:00:00\n")

    fresh, stale = (
        scene.run("test", PLANES, "--data", "p.csv", "--as-of", at).exit_code
        for at in ("2013-01-01T13:00:00", "2013-01-01T15:00:00")
    )

    assert (fresh, stale) == (0, 1)


ESCAPES = "\x1b[2J[bold]\u202e"


def test_names_from_outside_cannot_steer_the_terminal(scene):
    scene.change(
        PLANES, lambda doc: doc["schema"][0]["properties"][0].update(name=f"t{ESCAPES}", physicalName="tailnum")
    )
    scene.change(PLANES, lambda doc: doc["team"].update(name=f"o{ESCAPES}"))
    scene.write(f"p{ESCAPES}.csv", "tailnum\nN1\nN1\n")

    ended = scene.run("test", PLANES, "--data", f"p{ESCAPES}.csv", "--samples", "-v")
    typo = scene.run("test", PLANES, "--data", f"p{ESCAPES}.csv", "--server", ESCAPES)

    assert (ended.exit_code, typo.exit_code) == (1, 2)
    for text in (ended.output, typo.output):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert r"t\x1b[2J[bold]\u202e occurs once" in ended.stdout  # markup is text


def test_a_violated_key_that_is_null_is_not_called_none(scene):
    scene.planes("N1")
    scene.arrive("part=1", HEADER + "x,N1,-300\n")

    assert "None" not in scene.judge("--batch", "part=1").stdout
