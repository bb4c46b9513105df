import contextlib
import copy
import datetime as dt
import hashlib
import json
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lakegate.contract.model import Action, LogicalType, Operator, Relationship, Sheet, Threshold
from lakegate.contract.odcs import load, parse
from lakegate.contract.source import read
from lakegate.errors import ContractError, LakegateError, Refused, UsageError

EXAMPLE = Path(__file__).parent / "examples" / "tealium-events.odcs.yaml"


def contract(*properties, **more):
    head = {"apiVersion": "v3.2.0", "kind": "DataContract", "id": "x", "version": "1.0.0"}
    return {**head, "schema": [{"name": "t", "properties": list(properties) or [{"name": "id"}]}], **more}


def lakegate(**value):
    return [{"property": "lakegate", "value": value}]


def test_the_example_becomes_the_model():
    loaded = load(EXAMPLE)
    (events,) = loaded.schema
    assert (loaded.id, loaded.version, loaded.name, loaded.owner) == (
        "tealium-events",
        "1.4.0",
        "tealium/events",
        "web-analytics",
    )
    assert loaded.sha256 == hashlib.sha256(EXAMPLE.read_bytes()).hexdigest()
    assert loaded.path == str(EXAMPLE)
    assert loaded.server("raw").location.startswith("s3://unit-datalake-prod-01/01-raw-data-zone/")
    assert (loaded.gate.from_server, loaded.gate.to_server, loaded.gate.batch.key) == (
        "transient",
        "raw",
        "dt={date}/hour={hour}",
    )
    assert [p.name for p in events.primary_key] == ["event_id"]
    assert events.find("event_type").enum == ("view", "link", "add_to_cart", "purchase")
    assert events.find("visitor_id").samples == "mask"
    assert events.find("udo").properties[0].options == {"maxLength": 400}
    assert events.find("campaign_id").relationships == (
        Relationship(("campaign_id",), "google-ads.campaigns", ("campaign_id",)),
    )
    assert events.find("order_value").quality[0].action is Action.WARN
    assert events.quality[0].threshold == Threshold(Operator.BETWEEN, (1000, 5000000))
    assert loaded.sla[0].element == "events.event_time"


def test_a_document_is_the_same_contract_as_its_file():
    document = yaml.safe_load(EXAMPLE.read_text("utf-8"))
    from_file, from_data = load(EXAMPLE), load(document)
    assert from_data.schema == from_file.schema
    assert from_data.gate == from_file.gate
    assert [p.message for p in from_data.hints] == [p.message for p in from_file.hints]


def test_what_is_found_in_a_document_stands_in_no_line():
    document = yaml.safe_load(EXAMPLE.read_text("utf-8"))
    document["schema"][0]["quality"].append({"type": "custom", "engine": "soda", "implementation": "x"})
    assert {p.line for p in load(document).hints} == {0}


def test_the_sha_of_a_document_is_that_of_its_canonical_json():
    document = contract()
    again = dict(reversed(document.items()))
    assert load(document).sha256 == load(again).sha256
    assert (
        load(document).sha256
        == hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    )
    assert load(contract(name="a")).sha256 != load(document).sha256


def test_a_document_may_hold_dates_and_decimals():
    prop = {"name": "n", "logicalType": "number", "logicalTypeOptions": {"minimum": Decimal("1.5")}}
    loaded = load(contract(prop, contractCreatedTs=dt.datetime(2026, 1, 1, tzinfo=dt.UTC)))
    assert loaded.schema[0].properties[0].options == {"minimum": 1.5}


def deep():
    document = nested = contract()
    for _ in range(5000):
        nested["description"] = nested = {}
    return document


@pytest.mark.parametrize(
    "document", [{"a": object()}, {"a": float("nan")}, {("a",): 1}, deep(), {"description": {"usage": [[[1]]] * 3}}, {}]
)
def test_a_document_that_is_no_contract_is_told(document):
    with pytest.raises(ContractError):
        load(document)


def test_a_document_that_refers_to_itself_is_told():
    document = contract()
    document["description"] = document
    with pytest.raises(ContractError, match="no plain data"):
        load(document)


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match=r"nope\.yaml cannot be read"):
        load(tmp_path / "nope.yaml")


def test_a_bomb_in_a_file_is_refused(tmp_path):
    (tmp_path / "c.yaml").write_text('a: !!python/name:os.system ""')
    with pytest.raises(Refused):
        load(tmp_path / "c.yaml")


@pytest.mark.parametrize(
    ("severity", "action"),  # SEMANTICS: severity
    [
        *((word, Action.WARN) for word in ("warning", "warn", "low", "minor", "trivial", "Warning")),
        ("info", Action.INFO),
        *((word, Action.FAIL) for word in ("error", "critical", "high", "whatever")),
        (None, Action.FAIL),
    ],
)
def test_severity_says_what_a_failed_rule_does(severity, action):
    rule = {"metric": "rowCount", "mustBe": 1} | ({"severity": severity} if severity else {})
    assert load(contract(schema=[{"name": "t", "quality": [rule]}])).schema[0].quality[0].action is action


def test_the_lakegate_property_of_a_rule_goes_before_its_severity():
    rule = {"metric": "rowCount", "mustBe": 1, "severity": "info", "customProperties": lakegate(action="fail")}
    assert load(contract(schema=[{"name": "t", "quality": [rule]}])).schema[0].quality[0].action is Action.FAIL


def test_the_primary_key_is_in_its_declared_order_then_in_the_documents():
    keys = [("a", None), ("b", 2), ("c", -1), ("d", 1)]
    properties = [{"name": n, "primaryKey": True} | ({"primaryKeyPosition": p} if p else {}) for n, p in keys]
    loaded = load(contract(*properties, {"name": "e"}))
    assert [p.name for p in loaded.schema[0].primary_key] == ["d", "b", "a", "c"]
    assert [p.primary_key_position for p in loaded.schema[0].primary_key] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("classification", "samples", "shown"),
    [
        (None, None, "show"),
        ("public", None, "show"),
        ("Internal", None, "show"),
        ("restricted", None, "mask"),
        ("PII", None, "mask"),
        ("top-secret", None, "mask"),
        ("confidential", "show", "show"),
        ("public", "never", "never"),
    ],
)
def test_what_samples_may_tell_follows_from_the_classification(classification, samples, shown):
    prop = {"name": "p"} | ({"classification": classification} if classification else {})
    prop |= {"customProperties": lakegate(samples=samples)} if samples else {}
    assert load(contract(prop)).schema[0].properties[0].samples == shown


def test_nan_is_allowed_where_the_property_says_so():
    properties = ({"name": "a", "customProperties": lakegate(nan="allow")}, {"name": "b"})
    assert [p.nan_allowed for p in load(contract(*properties)).schema[0].properties] == [True, False]


def test_nested_types_keep_their_parts():
    vector = {"name": "v", "logicalType": "vector", "logicalTypeOptions": {"dimensions": 3}}
    array = {"name": "a", "logicalType": "array", "items": {"logicalType": "integer"}}
    mapping = {
        "name": "m",
        "logicalType": "map",
        "map": {"key": {"logicalType": "string"}, "value": {"logicalType": "time"}},
    }
    loaded = load(contract(vector, array, mapping)).schema[0]
    assert loaded.find("v").logical_type is LogicalType.VECTOR
    assert loaded.find("a").items.logical_type is LogicalType.INTEGER
    assert (loaded.find("m").key.logical_type, loaded.find("m").value.logical_type) == (
        LogicalType.STRING,
        LogicalType.TIME,
    )


def test_the_gates_property_is_read_whole():
    value = {
        "batch": {"by": "file", "complete": "quiet", "quiet_for": "10m", "late_after": "6h"},
        "on_change": "new_revision",
        "columns": "open",
        "missing_columns": "allow",
        "min_rows": 0,
        "unsupported": "allow",
        "text": {"delimiter": ";", "nulls": ["NA"], "decimal": ","},
        "quarantine": "batch",
        "max_rejected": "0.5 %",
        "waiver": {"allowed": True},
        "sheet": "one",
    }
    gate = load(contract(customProperties=lakegate(**value))).gate
    assert (gate.batch.by, gate.batch.complete, gate.batch.quiet_for, gate.batch.late_after) == (
        "file",
        "quiet",
        "10m",
        "6h",
    )
    assert (gate.on_change, gate.columns, gate.missing_columns, gate.min_rows) == ("new_revision", "open", "allow", 0)
    assert (gate.text.delimiter, gate.text.nulls, gate.text.decimal, gate.text.quote) == (";", ("NA",), ",", '"')
    assert gate.sheet == Sheet("one")
    assert (str(gate.max_rejected), gate.waiver.allowed) == ("0.5 percent", True)


def test_references_by_id_and_by_name_are_one():
    by_id = {"to": "schema/u_id/properties/k_id/properties/z_id"}
    by_name = {"from": "schema/t_id/properties/a_id", "to": "u.k.z"}
    k = {"name": "k", "id": "k_id", "logicalType": "object", "properties": [{"name": "z", "id": "z_id"}]}
    t = [{"name": "a", "id": "a_id"}, {"name": "b", "relationships": [by_id]}]
    schema = [
        {"name": "t", "id": "t_id", "properties": t, "relationships": [by_name]},
        {"name": "u", "id": "u_id", "properties": [k]},
    ]
    loaded = load(contract(schema=schema))
    assert loaded.schema[0].relationships == (Relationship(("a",), "u", ("k.z",)),)
    assert loaded.schema[0].properties[1].relationships == (Relationship(("b",), "u", ("k.z",)),)


def test_keys_that_are_not_used_are_kept():
    assert load(contract(tenant="acme", price={"priceAmount": 1})).document["price"] == {"priceAmount": 1}


# --- any mutation of the example is a contract or one of our own errors ------------------------------------------

DOCUMENT = read(EXAMPLE.read_bytes(), "example").data
WORDS = ["", "t", "a.b", "schema/x/properties/y", "NO", "v3.0.2", "^(?=", "\x00", "🙂", "../..", "http://["]
JUNK = st.one_of(
    st.none() | st.booleans() | st.integers(-3, 10**20) | st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(WORDS),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["name", "to", "value", "x"]), st.text(max_size=3), max_size=2),
)


def paths(node, path=()):
    yield path
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, child in items:
        yield from paths(child, (*path, step))


PATHS = [path for path in paths(DOCUMENT) if path]


def holder(document, path):
    """The object or list that holds the last step of `path`, None where an earlier mutation took it away."""
    node = document
    for step in path[:-1]:
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            return None
    fits = isinstance(node, dict) or (isinstance(node, list) and isinstance(path[-1], int) and path[-1] < len(node))
    return node if fits else None


@settings(max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(PATHS), JUNK, st.booleans()), min_size=1, max_size=3))
def test_a_mutated_contract_raises_nothing_but_our_own_errors(mutations):
    document = copy.deepcopy(DOCUMENT)
    for path, junk, remove in mutations:
        node = holder(document, path)
        if node is not None and remove and isinstance(node, dict):
            node.pop(path[-1], None)
        elif node is not None:
            node[path[-1]] = junk
    with contextlib.suppress(LakegateError):
        load(document)


@settings(max_examples=100)
@given(st.integers(0, len(EXAMPLE.read_bytes())), st.binary(max_size=4), st.integers(0, 6))
def test_a_mutated_text_is_read_without_a_crash(at, junk, cut):
    content = EXAMPLE.read_bytes()
    parsed = parse(read(content[:at] + junk + content[at + cut :], "c.yaml"))
    assert parsed.contract is not None or parsed.problems
