"""Suites as contracts and contracts as suites: the same verdict on the same rows, told by the library itself."""

import json
import re

import pyarrow as pa
import pytest
import yaml
from click.testing import CliRunner

from lakegate import check
from lakegate.cli import main
from lakegate.contract.expectations import suite as read
from lakegate.contract.lint import lint
from lakegate.errors import Severity
from lakegate.libraries.great_expectations.guest import GUEST
from lakegate.libraries.great_expectations.importing import contract_of
from lakegate.libraries.great_expectations.patterns import for_python, for_re2
from lakegate.libraries.interface import Guest
from lakegate.measures import LibraryAnswer, LibraryResult


def expectation(kind, severity=None, **kwargs):
    return {"type": kind, "kwargs": kwargs, "meta": {}, **({"severity": severity} if severity else {})}


def suite(*expectations):
    return {"name": "flights", "expectations": list(expectations)}


def imported(tmp_path, *expectations):
    """The file of the contract that equals a suite; lint finds no error in it."""
    given = tmp_path / "suite.json"
    given.write_text(json.dumps(suite(*expectations)))
    made = tmp_path / "flights.odcs.yaml"
    ended = CliRunner().invoke(main, ["import", "great-expectations", str(given), "--output", str(made)])
    assert ended.exit_code == 0, ended.output
    assert [problem for problem in lint([str(made)]) if problem.severity is Severity.ERROR] == []
    return made


def exported(contract):
    """The suite that equals a contract, and what was told to be left out."""
    ended = CliRunner().invoke(main, ["export", "great-expectations", str(contract)])
    assert ended.exit_code == 0, ended.output
    return json.loads(ended.stdout), ended.stderr


def holds(expectations, table):
    """Whether the library says that every expectation holds; one that it cannot evaluate does not."""
    asked = {
        LibraryResult("great_expectations", json.dumps({**each, "file": None}), None): each for each in expectations
    }
    answers = GUEST.measure(list(asked), table, Guest(None, 0)).values()
    return all(isinstance(answer, LibraryAnswer) and answer.findings[0].success for answer in answers)


# What both sides are asked about: every kind of value that makes one of the rules below hold, or not.
TABLES = {
    "whole": pa.table({"x": [1, 2, 3], "y": ["a", "b", "c"]}),
    "twice": pa.table({"x": [1, 1, 3], "y": ["a", "a", "c"]}),
    "far": pa.table({"x": [1, 200, -7], "y": ["a", "b", "c"]}),
    "edge": pa.table({"x": [0, 10, 5], "y": ["a", "b", "c"]}),
    "nulls": pa.table({"x": pa.array([1, None, None, 3]), "y": pa.array(["a", None, None, "b"])}),
    "one null": pa.table({"x": pa.array([*range(19), None]), "y": [str(n) for n in range(20)]}),
    "all null": pa.table({"x": pa.array([None, None], pa.int64()), "y": pa.array([None, None], pa.string())}),
    "none": pa.table({"x": pa.array([], pa.int64()), "y": pa.array([], pa.string())}),
    "fractions": pa.table({"x": [0.5, 9.75], "y": ["a", "b"]}),
    "text": pa.table({"x": ["AA", "BB"], "y": ["a", "b"]}),
    "short text": pa.table({"x": ["A", ""], "y": ["a", "b"]}),
    "long text": pa.table({"x": ["AAAA", "Grüße"], "y": ["a", "b"]}),
    "line feed": pa.table({"x": ["AA\n", "BB"], "y": ["a", "b"]}),
    "other digits": pa.table({"x": ["٣٣", "AA"], "y": ["a", "b"]}),
    "more columns": pa.table({"x": [1, 2], "y": ["a", "b"], "z": [1, 2]}),
    "fewer columns": pa.table({"y": ["a", "b"]}),
}
X = {"column": "x"}
SAID = {  # what the standard says equally
    "nulls": expectation("expect_column_values_to_not_be_null", **X),
    "few nulls": expectation("expect_column_values_to_not_be_null", **X, mostly=0.95),
    "half": expectation("expect_column_values_to_not_be_null", **X, mostly=0.5),
    "unique": expectation("expect_column_values_to_be_unique", **X),
    "set of numbers": expectation("expect_column_values_to_be_in_set", **X, value_set=[1, 2, 3]),
    "set of texts": expectation("expect_column_values_to_be_in_set", **X, value_set=["AA", "BB"]),
    "between": expectation("expect_column_values_to_be_between", **X, min_value=0, max_value=10),
    "strictly": expectation("expect_column_values_to_be_between", **X, min_value=0, strict_min=True, max_value=9.75),
    "at least": expectation("expect_column_values_to_be_between", **X, min_value=0.5),
    "lengths": expectation("expect_column_value_lengths_to_be_between", **X, min_value=1, max_value=4),
    "length": expectation("expect_column_value_lengths_to_equal", **X, value=2),
    "regex": expectation("expect_column_values_to_match_regex", **X, regex="^[A-Z]{2}$"),
    "whole regex": expectation("expect_column_values_to_match_regex", **X, regex=r"^[A-Z]{2}\Z"),
    "rows": expectation("expect_table_row_count_to_be_between", min_value=3, max_value=4),
    "few rows": expectation("expect_table_row_count_to_be_between", max_value=2),
    "some rows": expectation("expect_table_row_count_to_be_between", min_value=1),
    "three rows": expectation("expect_table_row_count_to_equal", value=3),
    "together": expectation(
        "expect_compound_columns_to_be_unique", column_list=["x", "y"], ignore_row_if="any_value_is_missing"
    ),
    "columns": expectation("expect_table_columns_to_match_set", column_set=["x", "y"], exact_match=True),
    "exists": expectation("expect_column_to_exist", **X),
}
OF_TEXT = {"lengths", "length", "regex", "whole regex", "set of texts"}  # no text is no reason there to fail
NUMBERS = {name for name, table in TABLES.items() if "x" in table.column_names and table["x"].type != pa.string()}


def passes(contract, table):
    """Whether a contract holds; of no rows there may be nothing to say, as with a suite."""
    return check(contract, table).passes


@pytest.mark.parametrize("name", SAID)
def test_the_contract_of_an_expectation_says_what_the_library_says(tmp_path, name):
    contract = imported(tmp_path, SAID[name])

    ours = {each: passes(contract, table) for each, table in TABLES.items()}

    theirs = {each: holds([SAID[name]], table) for each, table in TABLES.items()}
    assert "type: custom" not in contract.read_text()
    assert True in theirs.values()
    assert False in theirs.values()
    if name in OF_TEXT:  # the contract demands text, too
        assert {each for each in NUMBERS if ours[each]} <= {"all null"}
        ours, theirs = ({k: v for k, v in each.items() if k not in NUMBERS} for each in (ours, theirs))
    assert ours == theirs


def test_a_suite_comes_back_as_it_was(tmp_path):
    given = [
        SAID["nulls"],
        SAID["unique"],
        SAID["strictly"],
        expectation("expect_column_values_to_match_regex", column="code", regex="^[A-Z]{2}$"),
        expectation("expect_column_value_lengths_to_be_between", column="code", max_value=2),
        expectation("expect_column_values_to_be_in_set", "warning", column="code", value_set=["AA", "1e3", "on", "no"]),
        expectation("expect_column_values_to_not_be_null", "info", column="note", mostly=0.95),
        expectation("expect_column_to_exist", column="extra"),
        SAID["rows"],
        SAID["together"],
    ]

    back, _ = exported(imported(tmp_path, *given))

    assert sorted(back["expectations"], key=json.dumps) == sorted(given, key=json.dumps)


def test_a_suite_of_all_columns_comes_back(tmp_path):
    back, _ = exported(imported(tmp_path, SAID["columns"], SAID["nulls"]))

    assert sorted(back["expectations"], key=json.dumps) == sorted([SAID["columns"], SAID["nulls"]], key=json.dumps)


def test_the_library_reads_an_exported_suite(tmp_path):
    from lakegate.libraries.great_expectations.guest import quiet

    back, _ = exported(imported(tmp_path, *(SAID[name] for name in ("nulls", "between", "rows"))))

    with quiet():
        from great_expectations import ExpectationSuite

        read = ExpectationSuite(**back)
    assert [each.expectation_type for each in read.expectations] == [each["type"] for each in back["expectations"]]


CUSTOM = [
    expectation("expect_column_median_to_be_between", "info", **X, max_value=3),
    expectation("expect_column_values_to_be_polite", **X, tone="mild"),
    expectation("expect_column_values_to_be_in_set", **X, value_set=[1], mostly=0.9),  # of the rows that are not null
    expectation("expect_column_values_to_not_be_null", **X, row_condition="y > 1", condition_parser="pandas"),
    expectation("expect_column_values_to_be_between", **X, min_value="2020-01-01"),
    expectation("expect_column_values_to_be_between", **X, min_value={"$PARAMETER": "least"}),
    expectation("expect_column_values_to_be_between", **X, min_value=5, max_value=1),  # raises there, always
    expectation("expect_column_values_to_be_in_set", **X, value_set=[]),
    expectation("expect_column_values_to_be_in_set", **X, value_set=[1, "a"]),
    expectation("expect_column_values_to_match_regex", **X, regex=r"^\d+$"),  # any script's digits there
    expectation("expect_column_values_to_match_regex", **X, regex="^(?!a)"),
    expectation("expect_compound_columns_to_be_unique", column_list=["x", "y"]),  # counts keys with a null there
    expectation("expect_table_row_count_to_be_between", min_value=1, strict_min=True),
    expectation("expect_column_to_exist", **X, column_index=0),
    expectation("expect_table_columns_to_match_set", column_set=["x"], exact_match=False),
    expectation("expect_column_values_to_be_between", "warning", **X, min_value=1),
]


@pytest.mark.parametrize("said", CUSTOM, ids=lambda said: said["type"])
def test_what_the_standard_has_no_equal_for_stays_with_the_library(tmp_path, said):
    [obj] = yaml.safe_load(imported(tmp_path, said).read_text())["schema"]

    kept = {key: value for key, value in said.items() if key in ("type", "kwargs")}
    severity = {"severity": said["severity"]} if "severity" in said else {}
    assert obj == {
        "name": "flights",
        "quality": [{"type": "custom", "engine": "greatExpectations", **severity, "implementation": kept}],
    }


def test_a_column_that_is_asked_two_things_is_told_one_in_its_keys(tmp_path):
    other = expectation("expect_column_values_to_match_regex", **X, regex="^A")
    contract = imported(tmp_path, SAID["regex"], other, SAID["between"])

    [obj] = yaml.safe_load(contract.read_text())["schema"]

    [prop] = obj["properties"]
    assert prop["logicalTypeOptions"] == {"pattern": r"^[A-Z]{2}\n?$"}
    assert [rule["metric"] for rule in prop["quality"]] == ["invalidValues"]
    assert [rule["implementation"]["type"] for rule in obj["quality"]] == [SAID["between"]["type"]]


def test_a_closed_set_of_columns_that_others_leave_is_no_contract():
    """It never holds there: a column that is needed may not be there. Here it would have to be."""
    given = suite(SAID["columns"], expectation("expect_column_to_exist", column="z"))

    [obj] = contract_of(read(json.dumps(given).encode(), "x.json")).document["schema"]
    assert [rule["implementation"]["type"] for rule in obj["quality"]] == ["expect_table_columns_to_match_set"]


def test_a_suite_of_before_version_1_is_read():
    old = {
        "expectation_suite_name": "old",
        "expectations": [{"expectation_type": "expect_column_to_exist", "kwargs": {"column": "a"}}],
    }

    made = contract_of(read(json.dumps(old).encode(), "expectations/old.json"))

    assert made.document["schema"] == [{"name": "old", "properties": [{"name": "a"}]}]


@pytest.mark.parametrize("text", ["[]", "{}", '{"expectations": []}', '{"expectations": [1]}', "no json"])
def test_what_is_no_suite_is_refused(tmp_path, text):
    file = tmp_path / "suite.json"
    file.write_text(text)

    ended = CliRunner().invoke(main, ["import", "great-expectations", str(file)])

    assert (ended.exit_code, ended.stdout) == (2, "")


# --- contracts to suites ------------------------------------------------------------------------------------------

CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: flights
version: 1.0.0
status: active
schema:
  - name: flights
    properties: {properties}
    quality: {quality}
customProperties:
  - {{property: lakegate, value: {gate}}}
"""
RULES = {  # a property x of a contract
    "required": {"required": True},
    "unique": {"unique": True},
    "primary key": {"primaryKey": True},
    "enum": {"logicalType": "integer", "enum": [{"value": 1}, {"value": 3}]},
    "texts": {"logicalType": "string", "enum": [{"value": "AA"}, {"value": "BB"}]},
    "range": {"logicalType": "integer", "logicalTypeOptions": {"minimum": 0, "exclusiveMaximum": 10}},
    "format": {"logicalType": "integer", "logicalTypeOptions": {"format": "i8"}},
    "lengths": {"logicalType": "string", "logicalTypeOptions": {"minLength": 1, "maxLength": 3}},
    "pattern": {"logicalType": "string", "logicalTypeOptions": {"pattern": "^[A-Z]{2}$"}},
    "null values": {"quality": [{"metric": "nullValues", "mustBe": 0}]},
    "share of nulls": {"quality": [{"metric": "nullValues", "unit": "percent", "mustBeLessOrEqualTo": 5}]},
    "valid values": {
        "logicalType": "string",
        "quality": [
            {
                "metric": "invalidValues",
                "arguments": {"validValues": ["AA", "BB", "AAAA"], "pattern": "^[A-Z]{2}$"},
                "mustBe": 0,
            }
        ],
    },
    "duplicates": {"quality": [{"metric": "duplicateValues", "mustBe": 0}]},
}


def contract_file(tmp_path, properties, quality=(), gate=None):
    file = tmp_path / "flights.odcs.yaml"
    text = CONTRACT.format(
        properties=json.dumps(properties), quality=json.dumps(list(quality)), gate=json.dumps(gate or {})
    )
    file.write_text(text)
    return file


@pytest.mark.parametrize("name", RULES)
def test_the_suite_of_a_contract_says_what_the_contract_says(tmp_path, name):
    contract = contract_file(tmp_path, [{"name": "x", **RULES[name]}, {"name": "y"}])
    document, _ = exported(contract)
    declared = RULES[name].get("logicalType")
    fitting = {  # that a column has its type is not in the suite
        each: table
        for each, table in TABLES.items()
        if declared is None or "x" not in table.column_names
        or pa.types.is_integer(table["x"].type) is (declared == "integer")
    }  # fmt: skip

    ours = {each: passes(contract, table) for each, table in fitting.items()}

    assert True in ours.values()
    assert ours == {each: holds(document["expectations"], table) for each, table in fitting.items()}


@pytest.mark.parametrize(
    "rule",
    [
        {"mustBe": 3},
        {"mustBeGreaterThan": 2},
        {"mustBeGreaterOrEqualTo": 3},
        {"mustBeLessThan": 3},
        {"mustBeLessOrEqualTo": 3},
        {"mustBeBetween": [3, 4]},
    ],
    ids=str,
)
def test_numbers_of_rows_are_the_same(tmp_path, rule):
    contract = contract_file(
        tmp_path, [{"name": "y"}], [{"metric": "rowCount", **rule}], {"columns": "open", "min_rows": 0}
    )
    document, _ = exported(contract)

    for table in TABLES.values():
        assert check(contract, table).passes == holds(document["expectations"], table)


def own(name, implementation):
    return {"name": name, "type": "custom", "engine": "lakegate", "implementation": implementation}


def test_what_has_no_equal_is_listed_with_the_reason(tmp_path):
    properties = [
        {"name": "x", "logicalType": "string", "physicalType": "VARCHAR", "logicalTypeOptions": {"pattern": r"^\d$"}},
        {"name": "day", "logicalType": "date", "logicalTypeOptions": {"minimum": "2020-01-01"}},
        {"name": "n", "logicalType": "integer", "logicalTypeOptions": {"multipleOf": 2, "maximum": 2**60}},
        {
            "name": "f",
            "logicalType": "number",
            "required": True,
            "customProperties": [{"property": "lakegate", "value": {"nan": "allow"}}],
        },
        {
            "name": "o",
            "logicalType": "object",
            "properties": [{"name": "in", "required": True}],
            "quality": [{"metric": "nullValues", "mustBeLessThan": 3}, {"type": "text", "description": "be nice"}],
        },
    ]
    quality = [
        {"id": "sum", "type": "sql", "query": "SELECT count(*) FROM flights", "mustBe": 1},
        {"id": "never", "metric": "rowCount", "mustNotBe": 3},
        own("as usual", {"measure": "rowCount", "against": {"maxZScore": 4}}),
        own("arrives", {"reconcile": "raw/flights", "measure": "rows"}),
    ]

    _, told = exported(contract_file(tmp_path, properties, quality))

    for line in (
        "every record of every file can be read, because the library is given rows, not files",
        "x is a string, because names of types",
        "x is stored as VARCHAR, because names of types",
        r"x matches the pattern ^\d$ (one of 0-9), because Python and RE2 may read its pattern differently",
        "day is at least 2020-01-01, because a suite has bounds that are numbers",
        "n is a multiple of 2, because the library has no expectation of it",
        f"n is at most {2**60}, because a suite has bounds that are numbers of up to 2^53",
        "f is never null, because NaN is null to the library",
        "o.in is never null, because the library",
        "at most 3 rows have no o, because the library allows at most a share",
        "be nice, because it is not checked here either: prose",
        "sum, because the library runs SQL in databases only",
        "never, because the library does not hold a number of rows against mustNotBe",
        "as usual, because the library sees one batch",
        "arrives, because the library sees one table",
    ):
        assert f"lakegate: not in the suite: {line}" in told


def test_the_severity_of_a_rule_is_kept(tmp_path):
    rule = {"metric": "nullValues", "mustBe": 0, "severity": "warning"}

    document, _ = exported(contract_file(tmp_path, [{"name": "x", "quality": [rule]}]))

    assert [each.get("severity") for each in document["expectations"]] == [None, None, "warning"]


@pytest.mark.parametrize(
    ("severity", "own", "kept"),
    [("warning", "critical", "warning"), ("error", "warning", "critical"), (None, "info", "info"), (None, None, None)],
)
def test_the_contract_decides_over_the_severity_of_its_expectations(tmp_path, severity, own, kept):
    said = expectation("expect_column_median_to_be_between", own, **X, max_value=3)
    rule = {"type": "custom", "engine": "greatExpectations", "implementation": said}
    contract = contract_file(tmp_path, [{"name": "x"}], [rule | ({"severity": severity} if severity else {})])

    document, _ = exported(contract)

    assert document["expectations"][-1] == expectation(said["type"], kept, **said["kwargs"])


def test_what_is_said_twice_stands_in_the_suite_once(tmp_path):
    rule = {"type": "custom", "engine": "greatExpectations", "implementation": SAID["nulls"]}

    document, _ = exported(contract_file(tmp_path, [{"name": "x", "required": True}], [rule]))

    assert [each["type"] for each in document["expectations"]].count(SAID["nulls"]["type"]) == 1


def test_a_contract_without_an_equal_or_with_several_objects_is_a_wrong_use(tmp_path):
    nothing = contract_file(tmp_path, [{"name": "x"}], gate={"min_rows": 0, "missing_columns": "allow"})
    ended = CliRunner().invoke(main, ["export", "great-expectations", str(nothing)])
    assert ended.exit_code == 2
    assert "no check of flights has an expectation" in ended.stderr

    several = contract_file(tmp_path, [{"name": "x", "required": True}])
    several.write_text(
        several.read_text().replace("schema:\n", "schema:\n  - {name: planes, properties: [{name: a}]}\n")
    )
    ended = CliRunner().invoke(main, ["export", "great-expectations", str(several)])
    assert ended.exit_code == 2
    assert "flights" in exported_one(several, "flights")["name"]


def exported_one(contract, name):
    ended = CliRunner().invoke(main, ["export", "great-expectations", str(contract), "--schema-name", name])
    return json.loads(ended.stdout)


# --- patterns -----------------------------------------------------------------------------------------------------

ALIKE = ["^[A-Z]{2}$", "a.c", r"^a\.b$", "(?:ab|cd)+?", "[^a-c]x*", r"[a\-z]", "^$", "é", r"a{2,3}$"]
NOT_ALIKE = [
    r"\d",
    r"\w+",
    r"\bx",
    "(?i)a",
    "(?=a)",
    "a$|b",
    "[[:alpha:]]",
    r"\pL",
    "a++",
    "a{2000}",
    "(",
    "[&&a]",
    "{x}",
]
TEXTS = ["", "a", "AB", "AB\n", "abc", "a.b", "a-z", "abcd", "x", "é", "e\u0301", "aaa", "aa\n", "\n", "a\nc", "cd$"]


@pytest.mark.parametrize("pattern", ALIKE)
def test_patterns_that_go_over_find_the_same(pattern):
    import duckdb

    def re2(wanted, text):
        ((found,),) = duckdb.execute("SELECT regexp_matches(?, ?)", [text, wanted]).fetchall()
        return found

    theirs, ours = for_python(pattern), for_re2(pattern)

    assert [text for text in TEXTS if re.search(theirs, text)] == [text for text in TEXTS if re2(pattern, text)]
    assert [text for text in TEXTS if re2(ours, text)] == [text for text in TEXTS if re.search(pattern, text)]
    assert for_python(ours) == pattern
    assert for_re2(theirs) == pattern


@pytest.mark.parametrize("pattern", NOT_ALIKE)
def test_patterns_that_the_two_may_read_differently_stay_where_they_are(pattern):
    assert (for_python(pattern), for_re2(pattern)) == (None, None)
