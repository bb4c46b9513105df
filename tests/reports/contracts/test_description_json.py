"""A description in the lake: the same bytes for the same value, and back exactly."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakegate.errors import LakeError
from lakegate.reports.contracts.description_json import of_json, to_json
from lakegate.reports.contracts.descriptions import Description, Field, Link, Listed, Person, Rule, Way

BARE = Description("nyc/flights", "01-raw-data-zone", "flights", "nyc-flights", "1.0.0", "ab" * 32, "nyc/flights")


def few(one):
    return st.lists(one, max_size=2).map(tuple)


TEXTS = few(st.text(max_size=9))
RULES = st.from_type(Rule)
FIELDS = st.builds(
    Field, rules=few(RULES), values=few(st.from_type(Listed)), links=few(st.from_type(Link)), tags=TEXTS, examples=TEXTS
)
DESCRIPTIONS = st.builds(
    Description,
    fields=few(FIELDS),
    rules=few(RULES),
    fresh_for=st.none() | st.integers(0, 2**40),
    levels=few(st.tuples(st.text(max_size=9), st.text(max_size=9))),
    team=few(st.from_type(Person)),
    ways=few(st.from_type(Way)),
    upstream=TEXTS,
    about=st.none() | st.text(),
)


@given(DESCRIPTIONS)
def test_any_description_comes_back_exactly(description):
    text = to_json(description)

    assert of_json(text.encode()) == description
    assert to_json(of_json(text.encode())) == text


def test_keys_are_sorted_and_what_nobody_said_is_left_out():
    assert list(json.loads(to_json(BARE))) == [
        *("contract_id", "contract_sha256", "contract_version", "dataset", "model", "schemaVersion", "title", "zone")
    ]


def test_fields_of_later_versions_are_passed_over():
    later = json.loads(to_json(BARE)) | {"schemaVersion": "1.7", "mood": "good"}

    assert of_json(json.dumps(later).encode()) == BARE


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"schemaVersion": "1.0"}',
        b'{"schemaVersion": "1.0", "dataset": 1}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_description_says_so(content):
    with pytest.raises(LakeError, match="no description"):
        of_json(content)


def test_a_version_that_means_other_things_is_not_guessed_at():
    later = json.loads(to_json(dataclasses.replace(BARE, title="x"))) | {"schemaVersion": "2.0"}

    with pytest.raises(LakeError, match=r"version '2\.0'"):
        of_json(json.dumps(later).encode())
