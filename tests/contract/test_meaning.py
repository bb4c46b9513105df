"""SEMANTICS and INPUTS, the rows that a contract alone decides."""

import pytest

from lakegate.contract.odcs import from_data, load, parse
from lakegate.errors import ContractError, Refused, Severity


def contract(*properties, **more):
    schema_object = {"name": "t", "properties": [{"name": "id", "logicalType": "string"}, *properties]}
    schema_object |= more.pop("object", {})
    head = {"apiVersion": "v3.2.0", "kind": "DataContract", "id": "x", "version": "1.0.0"}
    return {**head, "schema": [schema_object], **more}


def found(document):
    return [(problem.rule, problem.severity.value) for problem in parse(from_data(document)).problems]


def number(**options):
    return {"name": "n", "logicalType": "number", "logicalTypeOptions": options}


def prop(logical_type, **options):
    return {"name": "p", "logicalType": logical_type, "logicalTypeOptions": options}


def key(name, position):
    return {"name": name, "primaryKey": True, "primaryKeyPosition": position}


def text(**options):
    return {"name": "s", "logicalType": "string", "logicalTypeOptions": options}


def temporal(logical_type, **options):
    return {"name": "d", "logicalType": logical_type, "logicalTypeOptions": options}


def rule(**keys):
    return {"name": "q", "logicalType": "string", "quality": [keys]}


def relationship(to):
    return {"name": "r", "relationships": [{"to": to}]}


def sla(**keys):
    return {"property": "freshness", "value": 1, "unit": "d", "element": "t.id", **keys}


def lakegate(**value):
    return [{"property": "lakegate", "value": value}]


def server(location, **more):
    return [{"server": "raw", "type": "s3", "location": location, **more}]


MEASURE = {"name": "m", "semanticType": "measure"}
SODA = rule(type="custom", engine="soda", implementation="x")

ERRORS = [
    # INPUTS 11: min > max
    (contract(number(minimum=3, maximum=2)), "min-over-max"),
    (contract(number(exclusiveMinimum=2, maximum=2)), "min-over-max"),
    (contract(text(minLength=3, maxLength=2)), "min-over-max"),
    (contract(temporal("date", minimum="2026-01-02", maximum="2026-01-01")), "min-over-max"),
    (contract(temporal("timestamp", minimum="2026-01-02T00:00:00Z", maximum="2026-01-01T00:00:00Z")), "min-over-max"),
    (contract(prop("array", minItems=2, maxItems=1)), "min-over-max"),
    (contract(rule(metric="nullValues", mustBeBetween=[3, 2])), "min-over-max"),
    (contract(temporal("date", minimum="soon")), "unreadable-bound"),
    # INPUTS 12: regexes
    (contract(text(pattern="^(?=a)$")), "pattern"),
    (contract(text(pattern=r"^(a)\1$")), "pattern"),
    (contract(text(pattern="^[$")), "pattern"),
    (contract(rule(metric="invalidValues", mustBe=0, arguments={"pattern": "^(?!a)$"})), "pattern"),
    # INPUTS 55: date formats
    (contract(temporal("date", format="YYYY-MM-dd")), "date-format"),
    (contract(temporal("date", format="yyyy-MM-dd HH:mm")), "date-format"),
    (contract(temporal("time", format="yyyy-MM-dd HH:mm")), "date-format"),
    (contract(temporal("timestamp", format="HH:mm")), "date-format"),
    (contract(temporal("timestamp", defaultTimezone="Europe/Berlim")), "unknown-value"),
    # options that nothing would check
    (contract({"name": "b", "logicalType": "boolean", "logicalTypeOptions": {"minimum": 1}}), "misplaced-key"),
    (contract({"name": "b", "logicalTypeOptions": {"minimum": 1}}), "misplaced-key"),
    (contract(prop("vector", dimensions=3, size=2)), "unknown-key"),
    (contract({**prop("object", required=["a"]), "properties": [{"name": "b"}]}), "unknown-property"),
    # names
    (contract({"name": "id"}), "duplicate-name"),
    (contract({"name": ""}), "empty-name"),
    (contract({"name": "ID"}), "twin-names"),
    (contract({"name": "caf\u00e9"}, {"name": "cafe\u0301"}), "twin-names"),
    (contract({"name": "other", "physicalName": "ID"}), "twin-names"),
    (contract({"name": "_lakegate_line"}), "reserved-name"),
    (contract(key("a", 1), key("b", 1)), "duplicate-key-position"),
    (contract(key("a", 0)), "out-of-bounds"),
    # rules
    (contract(rule(metric="invalidValues", mustBe=0)), "no-argument"),
    (contract(rule(metric="invalidValues", mustBe=0, arguments={"validValues": []})), "empty-list"),
    (contract(rule(metric="invalidValues", mustBe=0, arguments={"validValues": [1], "patern": "^a$"})), "unknown-key"),
    (contract(rule(metric="invalidValues", mustBe=0, arguments={"validValues": "a"})), "wrong-type"),
    (contract(rule(metric="nullValues", mustBe=[1, 2])), "wrong-type"),
    (contract(rule(metric="nullValues", mustBe=0, unit="percents")), "unknown-value"),
    (contract(object={"quality": [{"metric": "nullValues", "mustBe": 0}]}), "no-property"),
    (contract(object={"quality": [{"metric": "duplicateValues", "mustBe": 0}]}), "no-property"),
    (contract(object={"quality": [{"metric": "rowCount", "mustBe": 0, "unit": "percent"}]}), "unit"),
    (contract(rule(metric="duplicateValues", mustBe=0, arguments={"properties": ["idd"]})), "unknown-property"),
    (contract(rule(metric="nullValues", mustBe=0, customProperties=lakegate(scope="table"))), "no-table"),
    (contract(rule(type="sql", query="SELECT 1", mustBe=1, customProperties=lakegate(scope="table"))), "no-table"),
    (contract({"name": "q", "quality": [{"id": "a", "type": "text"}, {"id": "a", "type": "text"}]}), "duplicate-id"),
    # relationships
    (contract(relationship("t.nope")), "unknown-property"),
    (contract(relationship("tt.id")), "unknown-object"),
    (contract(relationship("schema/tt/properties/id")), "unknown-object"),
    (contract(relationship("schema/t")), "reference"),
    (contract(relationship(["t.id", "t.r"])), "reference"),
    (contract(object={"relationships": [{"from": "u.id", "to": "t.id"}]}), "reference"),
    (contract(object={"relationships": [{"from": "t.idd", "to": "t.id"}]}), "unknown-property"),
    (contract(object={"relationships": [{"from": ["t.id", "t.id"], "to": ["t.id", "x.y.id"]}]}), "reference"),
    # service levels
    (contract(slaProperties=[sla(element="t.nope")]), "unknown-property"),
    (contract(slaProperties=[sla(element="tt")]), "unknown-object"),
    (contract(slaProperties=[sla(unit="fortnight")]), "unknown-value"),
    (contract(slaProperties=[sla(value="two")]), "wrong-type"),
    (contract(slaProperties=[{"property": "freshness", "value": 1, "element": "t.id"}]), "missing-key"),
    # servers and the lakegate property
    (contract(customProperties=lakegate(**{"from": "raw"})), "unknown-server"),
    (contract(servers=server("s3://b/raw/") * 2), "duplicate-name"),
    (contract(customProperties=lakegate(on_chang="reject")), "unknown-key"),
    (contract(customProperties=lakegate(columns="opened")), "unknown-value"),
    (contract(customProperties=lakegate() * 2), "duplicate-key"),
    # marks that cannot be told apart
    (contract(customProperties=lakegate(text={"quote": ","})), "bad-dialect"),
    (contract(customProperties=lakegate(text={"nulls": ["a,b"]})), "bad-dialect"),
    (contract(customProperties=lakegate(text={"delimiter": ";", "escape": ";"})), "bad-dialect"),
    (contract(object={"customProperties": lakegate()}), "misplaced-key"),
    (contract({"name": "p", "customProperties": lakegate(action="fail")}), "unknown-key"),
    # INPUTS 19: nothing to check
    ({**contract(), "schema": []}, "nothing-to-check"),
    ({**contract(), "schema": [{"name": "t"}]}, "nothing-to-check"),
    ({**contract(), "schema": [{"name": "t", "quality": [{"type": "text", "description": "d"}]}]}, "nothing-to-check"),
    ({**contract(), "schema": [{"name": "t", "properties": [MEASURE]}]}, "nothing-to-check"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "rule"), ERRORS)
def test_an_error(document, rule):
    assert found(document) == [(rule, "error")]
    with pytest.raises(ContractError) as raised:
        load(document)
    assert raised.value.exit_code == 2


OTHERS = [
    (contract(text(pattern="^[a-z]+$")), None, None),
    *[
        (contract(text(pattern=pattern)), None, None)
        for pattern in ("(?i)^a$", "^(EWR|JFK)$", "^EWR$|^JFK$", r"^[a|b\]|]\|((a|b)|c)$", r"\A(a|b)\z", "^[]|]$")
    ],
    *[
        (contract(text(pattern=pattern)), "unanchored-pattern", Severity.HINT)
        for pattern in ("[a-z]", "^EWR|JFK|LGA$", "^EWR$|JFK", r"^a\$", r"^\[a|b]$")
    ],
    (contract(text(format="emial")), "not-checked", Severity.WARNING),
    (contract(text(format="password")), "not-checked", Severity.HINT),
    (contract(rule(metric="nullValues", mustBe="10")), "never-holds", Severity.HINT),
    (contract(rule(metric="nullValues", mustBe=True)), "never-holds", Severity.HINT),
    (contract(rule(metric="nullValues", mustBeLessThan=120, unit="percent")), "never-holds", Severity.HINT),
    (contract(rule(metric="nullValues", mustBe=0, severity="catastrophic")), "severity", Severity.HINT),
    (contract(rule(description="prose")), "prose", Severity.HINT),
    (contract(rule(type="text", description="prose")), None, None),
    (contract(SODA), "not-run", Severity.WARNING),
    (contract(SODA, customProperties=lakegate(unsupported="allow")), "not-run", Severity.HINT),
    (contract({"name": "e", "logicalType": "integer", "enum": [{"value": "1"}]}), "never-holds", Severity.HINT),
    (contract(slaProperties=[sla(unit="m")]), "ambiguous-unit", Severity.HINT),
    (contract(slaProperties=[{"property": "freshness", "value": 1, "unit": "d"}]), "not-checked", Severity.WARNING),
    (contract(slaProperties=[{"property": "availability", "value": "99%"}]), None, None),
    (contract(slaProperties=[sla(property="freshnes")]), "not-checked", Severity.HINT),
    (contract(slaProperties=[sla(property="latency", element="t.nope")]), "unknown-property", Severity.WARNING),
    (contract({"name": "a", "primaryKeyPosition": 1}), "misplaced-key", Severity.WARNING),
    (contract(prop("object", required=["a"])), None, None),
    (contract(customProperties=lakegate(text={"delimiter": "\t", "nulls": [","]})), None, None),
    (contract(customProperties=lakegate(upstream=[], quarantine="batch")), None, None),
    (contract(customProperties=lakegate(quarantine="batch", max_rejected=5)), "no-effect", Severity.WARNING),
    (contract(customProperties=lakegate(waiver={"allowed": True})), "no-approvers", Severity.WARNING),
    (contract(customProperties=lakegate(waiver={"approvers": ["ana"]})), "no-effect", Severity.WARNING),
    (contract(customProperties=[{"property": "LakeGate", "value": {}}]), "unknown-value", Severity.WARNING),
    (contract(relationship("other.t.id")), None, None),
]  # fmt: skip


@pytest.mark.parametrize(("document", "rule", "severity"), OTHERS)
def test_what_is_no_error_still_loads(document, rule, severity):
    loaded = load(document)
    assert [(p.rule, p.severity) for p in loaded.hints] == ([(rule, severity)] if rule else [])


@pytest.mark.parametrize(
    "servers",
    [
        server("s3://bucket/02-transient-zone/../../secrets/"),  # INPUTS 15
        server("s3://bucket/%2e%2e/x"),
        server("s3://bucket/%252e%252e/x"),
        server("../../"),
        [{"server": "l", "type": "local", "path": "data/../../x", "format": "csv"}],
        server("s3://buc'ket/x"),  # INPUTS 14
        server("s3://bucket/x", endpointUrl='http://host";drop'),
        server("s3://bucket/x", endpointUrl="http://169.254.169.254/latest"),  # INPUTS 16
        server("s3://bucket/x", endpointUrl="http://[fd00:ec2::254]/"),
        server("s3://bucket/x", endpointUrl="http://[::ffff:169.254.169.254]/"),
        server("s3://bucket/x", endpointUrl="http://0xa9fea9fe/"),
        server("s3://bucket/x", endpointUrl="http://2852039166/"),
        server("s3://bucket/x", endpointUrl="http://Metadata.Google.Internal./"),
    ],
)
def test_a_place_that_is_not_safe_is_refused(servers):
    with pytest.raises(Refused) as raised:
        load(contract(servers=servers))
    assert raised.value.exit_code == 6


def test_places_of_a_lake_are_fine():
    assert (
        load(
            contract(servers=server("s3://bucket/01-raw-data-zone/a..b/{model}/", endpointUrl="http://10.0.0.1:7480"))
        ).hints
        == ()
    )


@pytest.mark.parametrize("keyed", [{"primaryKey": True}, {"unique": True}])
def test_a_scope_that_says_nothing_is_told(keyed):
    table = {"customProperties": lakegate(scope="table")}

    assert ("no-key", "warning") in found(contract({"name": "k"}, **table))
    assert ("no-key", "warning") not in found(contract({"name": "k", **keyed}, **table))


def _held_back(location="s3://lake/warehouse/core/t/", form="parquet", **asked):
    servers = [{"server": "w", "type": "s3", "location": location, "format": form}]
    return contract(servers=servers, customProperties=lakegate(**{"to": "w", **asked}))


@pytest.mark.parametrize(
    ("document", "rule"),
    [
        (_held_back(quarantine="rows"), "no-budget"),
        (_held_back("s3://lake/01-raw-data-zone/t/", quarantine="rows", max_rejected="1 percent"), "exact-copies"),
        (_held_back(form="csv", quarantine="rows", max_rejected="1 percent"), "exact-copies"),
        (_held_back(quarantine="rows", max_rejected="1 percent"), None),
        (_held_back(quarantine="rows", max_rejected=20), None),
    ],
)
def test_rows_are_held_back_only_with_a_budget_and_where_no_exact_copy_is_kept(document, rule):
    told = [name for name, severity in found(document) if severity == "error"]

    assert told == ([rule] if rule else [])
