"""What a contract says of its dataset, for readers who know no contract."""

import json
import os
import re
import subprocess
import sys

import pytest

from checks.asked import contract, judged, result
from lakegate.checks.interface import Outcome
from lakegate.reports.contracts.addresses import followed
from lakegate.reports.contracts.description_json import of_json, to_json
from reports.contracts.documents import hostile, of_project, project, told

MARK = "marked-7f3a"


def field(description, path):
    return next(one for one in description.fields if one.path == path)


def test_a_contract_of_the_project_is_told_whole():
    flights = of_project("nyc/flights")

    assert (flights.zone, flights.title, flights.owner) == ("01-raw-data-zone", "nyc/flights", "flight-operations")
    assert flights.upstream == ("nyc/airlines", "nyc/planes", "nyc/airports")
    assert flights.source == "02-transient-zone/nyc/flights/"
    assert flights.about == "One scheduled flight a row; a batch is one month."
    assert flights.batches == "One folder is one batch, named month={month}; it is whole once its _SUCCESS is there."
    assert [one.name for one in flights.support] == ["#flight-operations"]
    tail = field(flights, "tailnum")
    assert (tail.type, tail.title, tail.references) == ("string", "Tail number", ("nyc/planes.tailnum",))
    assert [one.path for one in sorted(flights.fields, key=lambda one: one.key or 99)[:4]] == [
        *("time_hour", "carrier", "flight", "origin")
    ]


def test_what_a_dataset_is_made_of_comes_before_what_it_refers_to():
    assert of_project("core/fact_flight").upstream[0] == "cleanse/flights"


def test_every_rule_of_every_contract_is_a_sentence_that_tells_something():
    sentences = {
        (rule.type, text)
        for one in project()
        for rule in (*one.rules, *(rule for each in one.fields for rule in each.rules))
        for text in (rule.sentence, rule.means)
    }

    assert len(sentences) > 500
    for kind, text in sentences:
        assert kind.islower() or kind not in text, text  # no `rowCount`, no `exclusiveMinimum`
        assert not re.search(r"\b1 (rows|characters|items|days)\b", text), text


def test_sentences_are_plain():
    flights, airports = of_project("nyc/flights"), of_project("nyc/airports")
    rules = {
        rule.key: rule
        for one in (flights, airports)
        for rule in (*one.rules, *(r for f in one.fields for r in f.rules))
    }

    assert rules["flights.primaryKey"].sentence == "every (time_hour, carrier, flight, origin) occurs once"
    assert rules["flights.dep_delay.minimum"].sentence == "dep_delay is at least -120"
    assert rules["airports.dst.enum"].sentence == "dst is one of A, N, U"
    (tail,) = (rule for rule in field(flights, "tailnum").rules if rule.type == "relationship")
    assert (tail.sentence, tail.does) == ("tailnum names a row of nyc/planes (tailnum)", "warn")
    few = rules["flights.dep_time.quality.few_flights_cancelled"]
    assert (few.sentence, few.means) == ("few flights cancelled", "less than 5 % of all rows have no dep_time")
    assert (few.does, few.dimension) == ("warn", "completeness")
    assert few.why.startswith("More than one flight in twenty")
    assert "SELECT" in rules["flights.quality.what_flew_departed"].code


def test_prose_is_told_as_what_nothing_checks():
    (prose,) = (
        one
        for one in told(contract({"name": "a"}, quality=[{"type": "text", "description": "fair"}])).rules
        if one.unchecked
    )

    assert (prose.sentence, prose.unchecked) == ("fair", "prose")


def test_rows_that_may_be_set_apart_are_told():
    gate = {"quarantine": "rows", "max_rejected": "1 percent"}
    rule = {"metric": "rowCount", "mustBeGreaterThan": 5}

    description = told(contract({"name": "a", "required": True}, gate=gate, quality=[rule]))

    assert {one.type: one.does for one in field(description, "a").rules}["required"] == "quarantine"
    assert {one.type: one.does for one in description.rules}["rowCount"] == "fail"  # no row is the one too few
    assert "at most 1 % of the rows may be set apart; of more the whole batch is kept out" in [
        one.sentence for one in description.rules
    ]


def test_types_are_in_words_and_nested_fields_go_by_their_path():
    nested = {
        "name": "o",
        "logicalType": "object",
        "properties": [
            {"name": "tags", "logicalType": "array", "items": {"logicalType": "string"}},
            {
                "name": "m",
                "logicalType": "map",
                "map": {"key": {"logicalType": "string"}, "value": {"logicalType": "integer"}},
            },
            {"name": "at", "logicalType": "timestamp", "logicalTypeOptions": {"timezone": True}},
        ],
    }

    fields = {one.path: one.type for one in told(contract(nested)).fields}

    assert fields == {
        "o": "object",
        "o.tags": "array of string",
        "o.tags[]": "string",
        "o.m": "map of string to integer",
        "o.m{key}": "string",
        "o.m{value}": "integer",
        "o.at": "timestamp with time zone",
    }


# --- personal data ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "marked",
    [
        {"classification": "restricted"},
        {"classification": "PII"},
        {"customProperties": [{"property": "lakegate", "value": {"samples": "never"}}]},
        {"classification": "public", "customProperties": [{"property": "lakegate", "value": {"samples": "mask"}}]},
    ],
)
@pytest.mark.parametrize("where", ["itself", "around", "inside"])
def test_no_example_of_what_is_masked_is_told(marked, where):
    inner = {"name": "b", "logicalType": "string", "examples": [MARK] if where != "inside" else ["open"]}
    outer = {"name": "a", "logicalType": "object", "properties": [inner]}
    if where == "inside":  # an example of the object quotes the field
        outer["examples"] = [{"b": MARK}]
        inner.pop("examples")
        inner |= marked
    else:
        (inner if where == "itself" else outer).update(marked)

    assert MARK not in to_json(told(contract(outer)))


def test_examples_of_what_is_open_are_told():
    prop = {"name": "a", "logicalType": "string", "classification": "public", "examples": ["x", 1, True, None]}

    assert told(contract(prop)).fields[0].examples == ("x", "1", "true")


def test_what_the_contract_itself_allows_is_told_of_classified_fields_too():
    prop = {
        "name": "a",
        "logicalType": "string",
        "classification": "restricted",
        "enum": [{"value": "x", "description": "a kind"}],
        "logicalTypeOptions": {"pattern": "^x$"},
    }

    found = told(contract(prop)).fields[0]

    assert (found.samples, [one.value for one in found.values]) == ("mask", ["x"])
    assert "a matches the pattern ^x$ (x)" in [rule.sentence for rule in found.rules]


# --- people and addresses ---------------------------------------------------------------------------------------


def test_who_left_is_not_told():
    team = {"name": "t", "members": [{"username": "a", "role": "Owner"}, {"username": "b", "dateOut": "2026-01-01"}]}

    assert [(one.name, one.role) for one in told(contract({"name": "a"}) | {"team": team}).team] == [("a", "Owner")]


@pytest.mark.parametrize(
    "address",
    ["https://example.com/a?b=c#d", "http://example.com", "mailto:a@example.com", "HTTPS://example.com/x"],
)
def test_addresses_of_the_web_are_followed(address):
    assert followed(address) == address


@pytest.mark.parametrize(
    "address",
    [
        *("javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\tscript:x", "data:text/html,x"),
        *("file:///etc/passwd", "//example.com", "/x", "x", "", "https:", "https://", "vbscript:x", "https://a\\@b"),
        *("https://example.com@evil.example", "https://e\u202example.com", "https://a b", 'https://a"b', "http://[x"),
        "https://example.com/" + "x" * 5000,
    ],
)
def test_others_are_not(address):
    assert followed(address) == ""


def test_a_mailbox_is_a_link_and_a_script_is_none():
    support = [
        {"channel": "team@example.com", "tool": "email"},
        {"channel": "#help", "tool": "slack", "url": "javascript:alert(1)"},
        {"channel": "web", "url": "https://example.com/help"},
    ]

    urls = [one.url for one in told(contract({"name": "a"}) | {"support": support}).support]

    assert urls == ["mailto:team@example.com", "", "https://example.com/help"]


# --- ways -------------------------------------------------------------------------------------------------------


def test_ways_over_a_bucket_name_it_and_of_a_folder_name_no_machine(tmp_path):
    document = contract(
        {"name": "a"},
        servers=({"server": "to", "type": "s3", "location": "s3://x/warehouse/core/t/", "format": "parquet"},),
        gate={"to": "to"},
    )

    bucket = told(document, zone="warehouse/core", dataset="core/t", lake="s3://lake").ways
    folder = told(document, zone="warehouse/core", dataset="core/t").ways

    assert bucket[0].code == "lakegate paths core/t --lake s3://lake"
    assert "s3://lake/warehouse/core/_gate/_symlink_format_manifest/t/" in [way.code for way in bucket]  # no column
    assert any("spark.read" in way.code for way in bucket)
    assert [way.language for way in folder] == ["shell", "python"]
    assert "s3://" not in "".join(way.code for way in folder)


def ran(*arguments, cwd, lake):
    environment = {**os.environ, "LAKEGATE_LAKE": str(lake)}
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=True, cwd=cwd)
    return done.stdout


@pytest.mark.slow
def test_what_is_shown_runs(tmp_path):
    places = (
        (name, f"s3://x/{zone}/t/t/") for name, zone in (("from", "02-transient-zone"), ("to", "01-raw-data-zone"))
    )
    servers = tuple({"server": name, "type": "s3", "location": at, "format": "csv"} for name, at in places)
    gate = {"from": "from", "to": "to", "batch": {"key": "d={d}"}}
    document = contract({"name": "a", "logicalType": "integer"}, servers=servers, gate=gate)
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts/t.odcs.json").write_text(json.dumps(document))
    lake = tmp_path / "lake"
    drop = lake / "02-transient-zone/t/t/d=1"
    drop.mkdir(parents=True)
    (drop / "a.csv").write_text("a\n1\n2\n")
    (drop / "_SUCCESS").touch()
    lakegate = (sys.executable, "-c", "from lakegate.cli import main; main()")
    ran(*lakegate, "promote", "contracts/t.odcs.json", "--batch", "d=1", cwd=tmp_path, lake=lake)

    shell, python = (way.code for way in told(document, file="contracts/t.odcs.json").ways)
    paths = ran(*lakegate, *shell.split()[1:], cwd=tmp_path, lake=lake)
    rows = ran(sys.executable, "-c", python, cwd=tmp_path, lake=lake)

    assert paths.endswith("a.csv\n")
    assert rows.count("d=1") == 2


# --- the hostile one --------------------------------------------------------------------------------------------


def test_a_hostile_contract_is_told_to_the_letter_and_comes_back():
    description = hostile()

    assert of_json(to_json(description).encode()) == description
    assert len(description.fields[0].description) > 10_000
    assert description.support[0].url == ""


def test_the_same_contract_is_told_in_the_same_bytes():
    assert to_json(hostile()) == to_json(hostile())
    assert json.loads(to_json(of_project("nyc/flights")))["dataset"] == "nyc/flights"


@pytest.mark.parametrize("rule", ["mask", "never"])
def test_a_sample_of_an_object_tells_nothing_that_its_fields_hide(rule):
    hidden = {"logicalType": "string", "customProperties": [{"property": "lakegate", "value": {"samples": rule}}]}
    document = contract(
        {
            "name": "o",
            "logicalType": "object",
            "logicalTypeOptions": {"minProperties": 2},
            "properties": [{"name": "s", **hidden}, {"name": "x", "logicalType": "integer"}],
        },
        {"name": "l", "logicalType": "array", "logicalTypeOptions": {"maxItems": 1}, "items": hidden},
    )

    verdict = judged(document, {"o": [{"s": MARK, "x": None}], "l": [[MARK, "b"]]}, samples=True)

    failed = [result(verdict, "o.minProperties"), result(verdict, "l.maxItems")]
    assert [one.outcome for one in failed] == [Outcome.FAILED, Outcome.FAILED]
    assert MARK not in repr(verdict.results)
