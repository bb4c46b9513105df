import json
from importlib.resources import files
from pathlib import Path

import jsonschema_rs
import pytest

SCHEMA = json.loads(files("lakegate.contract").joinpath("lakegate-property.schema.json").read_text("utf-8"))


def described(node):
    for key, child in node.get("properties", {}).items():
        yield key, child.get("description")
        yield from described(child)


def test_the_schema_for_editors_is_the_one_that_validates():
    published = Path(__file__).parents[2] / "docs" / "schemas" / "lakegate-property.schema.json"
    assert json.loads(published.read_text("utf-8")) == SCHEMA


@pytest.mark.parametrize("level", ["contract", "property", "rule"])
def test_every_key_is_described(level):
    text = dict(described(SCHEMA["$defs"][level]))
    missing = {key for key, words in text.items() if not words} - {"late_after", "quiet_for"}
    assert text
    assert not missing


def test_the_schema_stands_on_its_own():
    validator = jsonschema_rs.validator_for(SCHEMA)
    assert validator.is_valid({"from": "a", "batch": {"late_after": "6h"}})
    assert validator.is_valid({"samples": "mask"})
    assert not validator.is_valid({"samples": "mask", "from": "a"})
