"""What is said of real checks, each with data that breaks it."""

import pyarrow as pa
import pytest

from checks.asked import contract, judged, result
from lakegate.checks.interface import Outcome
from lakegate.reports.sentences import sentence
from reports.verdicts import HOSTILE_CHECK, VERDICTS, check


def column(name="dest", **declared):
    return {"name": name, **declared}


def options(kind, **given):
    return {"logicalType": kind, "logicalTypeOptions": given}


def metric(name, **rule):
    return {"quality": [{"type": "library", "metric": name, **rule}]}


CASES = {
    "required": (column(required=True), ["a", None], "1 of 2 rows (50.0 %) have no dest"),
    "maximum": (column(**options("integer", maximum=4)), [4, 5], "1 of 2 rows (50.0 %) hold a dest of more than 4"),
    "exclusiveMinimum": (
        column(**options("integer", exclusiveMinimum=4)),
        [4, 5],
        "1 of 2 rows (50.0 %) hold a dest of at most 4",
    ),
    "maxLength": (
        column(**options("string", maxLength=1)),
        ["a", "bc"],
        "1 of 2 rows (50.0 %) hold a dest of more than 1 character",
    ),
    "pattern": (
        column(**options("string", pattern="[a-z]+")),
        ["a", "B"],
        "1 of 2 rows (50.0 %) hold a dest that does not match [a-z]+",
    ),
    "format": (
        column(**options("string", format="uuid")),
        ["a", None],
        "1 of 2 rows (50.0 %) hold a dest that is not a valid uuid",
    ),
    "multipleOf": (
        column(**options("integer", multipleOf=2)),
        [1, 2],
        "1 of 2 rows (50.0 %) hold a dest that is not a multiple of 2",
    ),
    "enum": (
        column(logicalType="string", enum=[{"value": "a"}, {"value": "b"}]),
        ["a", "c"],
        "1 of 2 rows (50.0 %) hold a dest that is not one of 'a', 'b'",
    ),
    "unique": (
        column(logicalType="integer", unique=True),
        [1, 1, 1, 2],
        "3 of 4 rows (75.0 %) share their dest with another row: 1 value stands more than once (2 rows too many)",
    ),
    "quality.0.nullValues": (
        column(**metric("nullValues", mustBeLessThan=1)),
        ["a", None],
        "1 of 2 rows (50.0 %) have no dest; got 1, expected less than 1",
    ),
}


@pytest.mark.parametrize("kind", CASES)
def test_a_failed_check_is_told_in_plain_words(kind):
    declared, values, told = CASES[kind]

    found = result(judged(contract(declared), pa.table({"dest": values})), f"dest.{kind}")

    assert found.outcome is Outcome.FAILED
    assert sentence(found) == told


def test_values_stand_in_the_sentence_where_samples_are_asked_for():
    declared = column("id", logicalType="integer", logicalTypeOptions={"maximum": 4})

    told = sentence(result(judged(contract(declared), {"id": [9, 7, 7]}, samples=True), "id.maximum"))

    assert told == "3 of 3 rows (100 %) hold an id of more than 4: 7, 9"


def test_many_values_are_named_in_part():
    found = check(
        "a.relationship",
        Outcome.FAILED,
        diagnostics={
            "failed": 60,
            "total": 100,
            "dataset": "nyc/airports",
            "failing_values": [{"value": f"v{n}", "rows": 9 - n} for n in range(9)],
            "distinct_values": 41,
        },
    )

    assert sentence(found) == (
        "60 of 100 rows (60.0 %) name an a that nyc/airports does not have: "
        "most often v0, v1, v2, v3, v4, v5, v6, v7, and 33 more"
    )


def test_a_check_without_words_of_its_own_says_what_was_got_and_expected():
    assert sentence(check("x", Outcome.FAILED, reason="got 3, expected 0")) == "got 3, expected 0"
    assert sentence(check("x", diagnostics={})) == ""


def test_a_sentence_is_on_one_line_and_prints():
    for told in VERDICTS.values():
        assert all(sentence(one).isprintable() for one in told.results)
    assert len(sentence(HOSTILE_CHECK)) < 1500
