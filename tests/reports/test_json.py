import dataclasses
import datetime as dt
import json
import re
from decimal import Decimal
from pathlib import Path

import jsonschema_rs
import pytest

from lakegate.checks.interface import Outcome
from lakegate.reports.json import of_json, to_json
from lakegate.reports.page import to_html
from lakegate.verdict import Context
from reports.verdicts import HOSTILE, VERDICTS, check, verdict

SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "verdict.schema.json"


@pytest.fixture(scope="module")
def schema():
    return jsonschema_rs.Draft202012Validator(json.loads(SCHEMA.read_text()))


@pytest.mark.parametrize("name", VERDICTS)
def test_every_verdict_has_the_published_shape(schema, name):
    document = json.loads(to_json(VERDICTS[name]))

    assert [f"{error.instance_path}: {error.message}" for error in schema.iter_errors(document)] == []


def test_the_earlier_batches_stand_in_the_context(schema):
    compared = dataclasses.replace(VERDICTS["failed"], context=Context(history=(("dt=2026-03-01", 2),)))

    document = json.loads(to_json(compared))

    assert document["context"]["history"] == [{"batch": "dt=2026-03-01", "slot": 2}]
    assert schema.is_valid(document)
    assert "dt=2026-03-01 (slot 2)" in to_html(compared)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(schemaVersion="2.0"),
        lambda d: d.update(surprise=1),
        lambda d: d.pop("digest"),
        lambda d: d.update(rows="27004"),
        lambda d: d["checks"][0].update(result="ok"),
        lambda d: d["checks"][0].pop("qualityId"),
        lambda d: d["checks"][3]["locations"][0].update(row=0),
        lambda d: d["counts"].pop("unsupported"),
    ],
)
def test_the_schema_refuses_another_shape(schema, change):
    document = json.loads(to_json(VERDICTS["failed"]))
    change(document)

    assert not schema.is_valid(document)


@pytest.mark.parametrize(
    ("name", "result", "outcome", "exit_code"),
    [
        ("all-passed", "passed", "passed", 0),
        ("warned", "warning", "passed with warnings", 0),
        ("warnings-block", "failed", "blocked", 1),
        ("failed", "failed", "blocked", 1),
        ("zero-rows", "failed", "blocked", 1),
        ("nothing-applied", "failed", "blocked", 1),
        ("no-checks", "error", "blocked", 2),
        ("unsupported", "error", "blocked", 2),
        ("could-not-evaluate", "error", "could not evaluate", 5),
    ],
)
def test_the_words_for_the_whole_run_follow_the_exit_code(name, result, outcome, exit_code):
    document = json.loads(to_json(VERDICTS[name]))

    assert (document["result"], document["outcome"], document["exitCode"]) == (result, outcome, exit_code)


def test_a_checks_result_speaks_the_words_of_datacontract_cli():
    every = verdict(*(check(f"c.{outcome.name}", outcome) for outcome in Outcome))

    words = {c["outcome"]: c["result"] for c in json.loads(to_json(every))["checks"]}

    assert words == {
        "passed": "passed",
        "warned": "warning",
        "informed": "info",
        "rows set apart": "warning",
        "waived": "warning",
        "failed": "failed",
        "not applicable": "skipped",
        "could not evaluate": "error",
        "unsupported": "error",
    }


def test_measured_values_stay_exact():
    measured = {
        "decimal": Decimal("0.10"),
        "nan": float("nan"),
        "inf": float("-inf"),
        "day": dt.date(2013, 1, 31),
        "many": (1, 2.5, None, True),
    }

    written = json.loads(to_json(verdict(check("c", diagnostics=measured))))["checks"][0]["diagnostics"]

    assert written == {
        "decimal": "0.10",
        "nan": "nan",
        "inf": "-inf",
        "day": "2013-01-31",
        "many": [1, 2.5, None, True],
    }


def test_hostile_texts_come_back_whole():
    hostile = VERDICTS["hostile"]

    document = json.loads(to_json(hostile))

    assert to_json(hostile).isascii()
    assert document["checks"][0]["locations"][0]["value"] == HOSTILE.replace("\ud800", "\ufffd")
    assert document["checks"][0]["locations"][2]["value"] == "v" * 5000


@pytest.mark.parametrize("name", VERDICTS)
def test_a_verdict_read_back_is_the_same_document(name):
    written = to_json(VERDICTS[name])

    again = to_json(of_json(written.encode()))

    if name == "hostile":  # half a surrogate pair is no character: a text without it has another id
        written, again = (re.sub(r'"reportId": "\w+"', "", text) for text in (written, again))
    assert again == written


def test_everything_that_an_id_is_made_of_comes_back():
    context = Context("2013-02-01T06:00:00Z", {"a": (("1", 1),)}, {"expectations/a.json": "0" * 64}, (("1", 2),), 7)
    told = dataclasses.replace(VERDICTS["waived"], context=context, incident="once", min_rows=0, opening="CREATE")

    back = of_json(to_json(told).encode())

    assert back.report_id == told.report_id
    assert (back.min_rows, back.opening, back.incident, back.waivers) == (0, "CREATE", "once", told.waivers)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(schemaVersion="1.3"),
        lambda d: d.update(schemaVersion="2.4"),
        lambda d: d.update(schemaVersion="new"),
        lambda d: d.pop("digest"),
        lambda d: d.update(checks=None),
        lambda d: d["checks"][0].update(outcome="fine"),
        lambda d: d["files"][0].update(surprise=1),
    ],
)
def test_what_is_no_report_or_says_too_little_is_refused(change):
    document = json.loads(to_json(VERDICTS["failed"]))
    change(document)

    with pytest.raises(
        ValueError, match=r"no report\.json|expected 1\.4 to 1\.5|not a valid Outcome|invalid literal|unpack"
    ):
        of_json(json.dumps(document).encode())


def test_a_report_without_nulls_is_read_as_it_was_written_before_1_5():
    document = json.loads(to_json(VERDICTS["all-passed"]))
    document.update(schemaVersion="1.4")

    back = of_json(json.dumps(document).encode())

    assert back == of_json(to_json(VERDICTS["all-passed"]).encode())
    assert back.profile is None


def test_columns_come_back_in_the_order_of_the_contract():
    back = of_json(to_json(VERDICTS["failed"]).encode())

    assert list(back.profile.nulls.items()) == list(VERDICTS["failed"].profile.nulls.items())
