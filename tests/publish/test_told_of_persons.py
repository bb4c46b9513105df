"""No file of a run's folder tells a value of a classified column, whatever went wrong, asked for samples or not."""

import base64
import dataclasses
import html
import re
from urllib.parse import quote

import pytest

from checks.asked import CSV, JSON, PARQUET, contract, judged
from lakegate.checks.interface import Outcome
from lakegate.publish.run_pages import render

MARK = "qzmark"
NUMBER = 918273645
NEVER = {"customProperties": [{"property": "lakegate", "value": {"samples": "never"}}]}
HIDDEN = {"classified": {"classification": "restricted"}, "never": NEVER}


def columns(hidden):
    """Columns that hide their values, with every kind of rule that a value can break."""
    text = {
        "logicalType": "string",
        "unique": True,
        "enum": [{"value": "a"}],
        "logicalTypeOptions": {"pattern": "[0-9]", "maxLength": 2, "format": "uuid"},
        "quality": [
            {"type": "library", "metric": "invalidValues", "arguments": {"validValues": ["a"]}, "mustBe": 0},
            {"type": "library", "metric": "duplicateValues", "mustBe": 0},
            {"type": "sql", "query": "SELECT max(mail) FROM {object}", "mustBe": "a"},
            {"type": "sql", "query": "SELECT sum(CAST(mail AS INTEGER)) FROM {object}", "mustBe": 0},
        ],
    }
    number = {
        "logicalType": "integer",
        "logicalTypeOptions": {"maximum": 4, "multipleOf": 2},
        "quality": [{"type": "sql", "query": "SELECT max(pay) FROM {object}", "mustBe": 4}],
    }
    key = {"logicalType": "string", "primaryKey": True}
    return contract(
        {"name": "id", **key, **hidden}, {"name": "mail", **text, **hidden}, {"name": "pay", **number, **hidden}
    )


ROWS = {"id": [MARK, MARK, MARK + "3"], "mail": [MARK, MARK, f"{MARK}<2>"], "pay": [NUMBER, NUMBER, NUMBER]}
LETTERS = f"id,mail,pay\n{MARK},{MARK},{MARK}\n"
BROKEN = {
    "cells that do not convert": LETTERS,
    "a record too long": f"id,mail,pay\n1,a,2\n2,{MARK},2,{MARK}\n",
    "an open quote": f'id,mail,pay\n1,"{MARK},2\n',
    "no text": f"id,mail,pay\n1,{MARK}\udcff,2\n",
}


def hidings(mark):
    """Return how a mark may stand in a file."""
    plain = mark.encode()
    listed = {f"{int(mark):,}"} if mark.isdigit() else {html.escape(mark), quote(mark), mark.upper()}
    return {plain, plain.hex().encode(), base64.b64encode(plain)[:-2], *(one.encode() for one in listed)}


def leaked(verdict):
    files = render(dataclasses.replace(verdict, batch="day=1"))
    wanted = re.compile(b"|".join(re.escape(one) for mark in (MARK, str(NUMBER)) for one in hidings(mark)))
    return {
        name: data[max(hit.start() - 80, 0) : hit.end() + 40]
        for name, data in files.items()
        for hit in wanted.finditer(data)
    }


@pytest.mark.parametrize("samples", [False, True])
@pytest.mark.parametrize("way", [PARQUET, CSV, JSON])
@pytest.mark.parametrize("rule", HIDDEN)
def test_rules_that_values_break_tell_none_of_them(rule, way, samples, tmp_path):
    verdict = judged(columns(HIDDEN[rule]), ROWS, way, tmp_path, samples=samples)

    assert verdict.counts[Outcome.FAILED] >= 8
    assert leaked(verdict) == {}


@pytest.mark.parametrize("samples", [False, True])
@pytest.mark.parametrize("what", BROKEN)
def test_text_that_cannot_be_read_is_not_quoted(what, samples, tmp_path):
    from lakegate.api import check
    from lakegate.judge import Options

    file = tmp_path / "data.csv"
    file.write_bytes(BROKEN[what].encode("utf-8", "surrogateescape"))

    verdict = check(columns(HIDDEN["classified"]), str(file), options=Options(samples=samples))

    assert not verdict.passes
    assert leaked(verdict) == {}


def test_the_same_values_are_told_where_nothing_hides_them(tmp_path):
    assert leaked(judged(columns({}), ROWS, CSV, tmp_path, samples=True)).keys() >= {"report.json", "index.html"}
