import shlex
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from lakegate.checks.interface import Outcome
from lakegate.reports.summary import brief, by_column, command, counted, location_text, meaning, plain, share
from lakegate.rows import Location
from reports.verdicts import HOSTILE, VERDICTS, check


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 10, "0 %"),
        (10, 10, "100 %"),
        (1, 1_000_000, "<0.01 %"),
        (1, 10_000, "0.01 %"),
        (29, 27_004, "0.11 %"),
        (1, 3, "33.3 %"),
        (999, 1000, "99.9 %"),
        (9_996, 10_000, "99.96 %"),
        (99_999, 100_000, ">99.99 %"),
        (999_999_999_999_999_999, 10**18, ">99.99 %"),
    ],
)
def test_a_share_is_never_rounded_to_nothing_or_all(part, whole, text):
    assert share(part, whole) == text


def test_what_does_not_print_is_shown_as_its_escape():
    shown = plain("a\x1b[31m\r\n\u2028\u202e\u200b\u00a0\ud800\x00z ä 漢")

    assert shown == r"a\x1b[31m\r\n\u2028\u202e\u200b\xa0\ud800\x00z ä 漢"


def test_plain_text_is_legal_in_xml_and_utf8():
    assert ET.fromstring(f"<a>{plain(HOSTILE).replace('&', '').replace('<', '').replace('>', '')}</a>").text  # noqa: S314
    assert plain(HOSTILE).encode()


def test_a_long_text_is_cut_and_says_so():
    assert brief("v" * 1234, 10) == "vvvvvvvvvv... (1,234 characters)"
    assert brief("v" * 10, 10) == "vvvvvvvvvv"


@pytest.mark.parametrize(("number", "text"), [(0, "0 rows"), (1, "1 row"), (27_004, "27,004 rows")])
def test_numbers_agree_with_their_noun(number, text):
    assert counted(number, "row") == text


@pytest.mark.parametrize(
    ("location", "text"),
    [
        (Location("a.csv"), "a.csv"),
        (Location("a.parquet", 3), "a.parquet row 3"),
        (Location("a.csv", 1204, 1205, "c"), "a.csv:1205  row 1,204"),
        (Location("a.csv", 3, 4, "other"), "a.csv:4  row 3  column other"),
        (Location("a.csv", line=4, key=(("id", "7"), ("day", "1"))), "a.csv:4  key id=7, day=1"),
        (Location("a.csv", line=4, value=""), 'a.csv:4  value ""'),
    ],
)
def test_a_location_tells_what_is_known_and_nothing_else(location, text):
    assert location_text(location, "c") == text


def test_columns_keep_their_rules_together_and_the_whole_object_comes_first():
    results = [check("b.unique"), check("a.unique"), check("b.required"), check("rowCount")]

    groups = {column: [result.type for result in group] for column, group in by_column(results).items()}

    assert groups == {None: ["rowCount"], "b": ["unique", "required"], "a": ["unique"]}
    assert list(groups) == [None, "b", "a"]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("failed", "lakegate test contracts/nyc/flights.odcs.yaml --batch month=2013-01"),
        ("files-without-a-lake", "lakegate test contracts/flights.odcs.yaml --data 'a b.csv' --data c.csv"),
        ("warnings-block", "lakegate test contracts/nyc/flights.odcs.yaml --batch month=2013-01 --fail-on warning"),
    ],
)
def test_the_command_judges_the_same_again(name, line):
    assert command(VERDICTS[name]) == line


def test_the_command_names_the_datasets_that_stood_beside():
    verdict = replace(VERDICTS["files-without-a-lake"], options={"with": {"nyc/airports": "sha256"}})

    assert command(verdict).endswith(" --data c.csv --with nyc/airports=FILE")


def test_the_command_is_quoted():
    assert shlex.split(command(VERDICTS["hostile"]))[4] == HOSTILE.replace("\ud800", "")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("all-passed", "the gate opens"),
        ("warned", "the gate opens"),
        ("failed", "violates its contract: the gate stays shut. Trying again changes nothing"),
        ("warnings-block", "--fail-on warning"),
        ("nothing-applied", "No check could be applied"),
        ("no-checks", "Nothing was checked"),
        ("unsupported", "1 rule cannot be checked here"),
        ("could-not-evaluate", "1 check could not be evaluated"),
    ],
)
def test_the_meaning_says_what_comes_next(name, words):
    assert words in meaning(VERDICTS[name])


def test_could_not_evaluate_is_never_told_as_a_violation():
    assert VERDICTS["could-not-evaluate"].counts[Outcome.FAILED] == 0
    assert "violates" not in meaning(VERDICTS["could-not-evaluate"])
