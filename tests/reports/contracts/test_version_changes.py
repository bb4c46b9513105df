"""What changed between two versions of a contract, in sentences: what breaks readers first."""

import dataclasses

import pytest

from checks.asked import contract
from lakegate.reports.contracts.version_changes import changes
from reports.contracts.documents import hostile, of_project, project, told


def between(old, new, **of_contract):
    """The changes between two lists of properties, or of what else a contract says."""
    return changes(told(contract(*old)), told(contract(*new) | of_contract))


A = {"name": "a", "logicalType": "string", "description": "the first"}
B = {"name": "b", "logicalType": "integer"}


def test_nothing_changed():
    assert between([A], [A], version="1.0.1", status="active") == ()
    for one in project():
        assert changes(one, dataclasses.replace(one, contract_version="2", contract_sha256="c" * 64)) == ()


CASES = {
    "added": ([A], [A, B], "1 field added: b"),
    "removed": ([A, B], [A], "1 field removed: b"),
    "renamed, the column stays": ([A], [{**A, "name": "z", "physicalName": "a"}], "z is the new name of a"),
    "renamed, its words stay": ([A], [{**A, "name": "z"}], "z is the new name of a"),
    "type": ([A], [{**A, "logicalType": "integer"}], "the type of a is integer, and was string"),
    "required": ([A], [{**A, "required": True}], "a is never null now"),
    "not required": ([{**A, "required": True}], [A], "a may be null now"),
    "unique": ([A], [{**A, "unique": True}], "every a occurs once now"),
    "key": ([{**A, "primaryKey": True}, B], [A, {**B, "primaryKey": True}], "the primary key is b, and was a"),
    "classified": (
        *([A], [{**A, "classification": "restricted"}], "the classification of a is restricted, and was not given"),
    ),
    "values added": (
        [{**A, "enum": [{"value": 1}]}],
        [{**A, "enum": [{"value": 1}, {"value": 2}]}],
        "a may be 2 as well",
    ),
    "values removed": (
        [{**A, "enum": [{"value": 1}, {"value": 2}]}],
        [{**A, "enum": [{"value": 1}]}],
        "a may no longer be 2",
    ),
    "bound in": (
        *([{**B, "logicalTypeOptions": {"minimum": 1}}], [{**B, "logicalTypeOptions": {"minimum": 10_000}}]),
        "rule tightened: b is at least 10,000; before: b is at least 1",
    ),
    "bound out": (
        *([{**B, "logicalTypeOptions": {"maximum": 1.5}}], [{**B, "logicalTypeOptions": {"maximum": 2.5}}]),
        "rule loosened: b is at most 2.5; before: b is at most 1.5",
    ),
    "rule added": ([B], [{**B, "logicalTypeOptions": {"maximum": 1}}], "rule added: b is at most 1"),
    "rule removed": ([{**B, "logicalTypeOptions": {"maximum": 1}}], [B], "rule removed: b is at most 1"),
    "words": ([A], [{**A, "description": "else"}], "the description of 1 field was rewritten: a"),
}


@pytest.mark.parametrize(("old", "new", "sentence"), CASES.values(), ids=CASES)
def test_one_change_is_told(old, new, sentence):
    assert sentence in between(old, new)


def test_a_rule_that_warns_instead_of_blocking_is_loosened():
    rule = {"id": "few", "metric": "nullValues", "mustBe": 0}

    found = between([{**A, "quality": [rule]}], [{**A, "quality": [{**rule, "severity": "warning"}]}])

    assert found == ("rule loosened: few (no a is null): it warns now, and before it blocks",)


def test_two_that_look_alike_are_no_renamed_one():
    found = between([{**A, "name": "x"}], [{**A, "name": "y"}, {**A, "name": "z"}])

    assert found == ("1 field removed: x", "2 fields added: y, z")


def test_of_what_went_whole_the_outermost_is_named():
    outer = {"name": "o", "logicalType": "object", "properties": [A, B]}

    assert between([outer, A], [A])[0] == "1 field removed: o"


def test_people_levels_and_status_are_told_last():
    found = between(
        [A, B],
        [A],
        status="deprecated",
        team={"name": "new"},
        slaProperties=[{"property": "latency", "value": 2, "unit": "h"}],
    )

    assert found[0] == "1 field removed: b"
    assert "promised now: data is there within 2 hours" in found
    assert "the status is deprecated, and was active" in found
    assert "the owner is new, and was not given" in found


def test_a_hostile_contract_makes_short_plain_sentences():
    for sentence in changes(of_project("nyc/flights"), hostile()):
        assert len(sentence) < 3000
        assert sentence.isprintable()


def test_the_same_two_give_the_same():
    assert changes(of_project("stage/flights"), of_project("cleanse/flights")) == changes(
        of_project("stage/flights"), of_project("cleanse/flights")
    )
