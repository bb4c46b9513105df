"""Validation results: what is written here is what the library itself would have written."""

import json
from decimal import Decimal

import pyarrow as pa
import pytest

import lakegate
from lakegate.checks.expectations.guest import guest_check
from lakegate.checks.interface import Found, Identity, Outcome
from lakegate.contract.expectations import Expectation
from lakegate.contract.model import Action, Property, SchemaObject
from lakegate.errors import UsageError
from lakegate.judge import Options
from lakegate.libraries.great_expectations.guest import GUEST, quiet
from lakegate.libraries.great_expectations.results import suite_name, to_gx, validation_results
from lakegate.libraries.interface import Guest
from lakegate.measures import RowCount
from lakegate.rows import Rows
from lakegate.verdict import policy, results
from reports.verdicts import check, verdict

OBJECT = SchemaObject("flights", "flights", (Property("id", "id"), Property("word", "word")))
TABLE = pa.table({"id": [1, 2, 2, None], "word": ["a", "bb", None, "cc"]})
SUITE = "expectations/flights.json"
EXPECTATIONS = (
    Expectation("expect_column_values_to_not_be_null", {"column": "id", "mostly": 0.5}, severity="warning"),
    Expectation("expect_column_values_to_be_unique", {"column": "id"}, notes="each once", meta={"by": "us"}),
    Expectation("expect_column_value_lengths_to_be_between", {"column": "word", "max_value": 1}),
    Expectation("expect_column_median_to_be_between", {"column": "id", "min_value": 5}),
    Expectation("expect_column_distinct_values_to_equal_set", {"column": "word", "value_set": ["a"]}),
    Expectation("expect_column_max_to_be_between", {"column": "word", "max_value": 1}),
    Expectation("expect_table_row_count_to_be_between", {"min_value": 1}),
)


def judged(*expectations, suite=SUITE, table=TABLE, samples=True, action=Action.FAIL):
    """The results of expectations that the library runs on a table."""
    told = []
    for number, each in enumerate(expectations):
        implementation = json.dumps(each.document)
        identity = Identity(
            f"flights.{number}", "quality", each.type, each.type, "flights", each.kwargs.get("column"),
            implementation=implementation, suite=suite,
        )  # fmt: skip
        one = guest_check(each, OBJECT, identity, action, None)
        answers = GUEST.measure(one.measures(), table, Guest(None, 20))
        found = Found(Rows(table=table), table.num_rows, {**answers, RowCount(): table.num_rows})
        told += results(one, one.judge(found), (), policy(OBJECT, samples=samples, limit=20))
    return told


@pytest.fixture(scope="module")
def theirs():
    """What the library itself says of the same suite and the same rows."""
    with quiet():
        import great_expectations as gx

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        batches = context.data_sources.add_pandas("own").add_dataframe_asset("flights")
        whole = batches.add_batch_definition_whole_dataframe("whole")
        suite = gx.ExpectationSuite(name="flights", expectations=[each.document for each in EXPECTATIONS])
        batch = whole.get_batch(batch_parameters={"dataframe": TABLE.to_pandas()})
        return batch.validate(suite, result_format="BASIC").to_json_dict()


def by_type(document):
    return {result["expectation_config"]["type"]: result for result in document["results"]}


def measured(tmp_path):
    """The verdict of a contract that holds the same expectations: most are measured, the rest run in the library."""
    rules = [
        {"type": "custom", "engine": "greatExpectations", "implementation": each.document} for each in EXPECTATIONS
    ]
    document = {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": "flights",
        "version": "1.0.0",
        "status": "active",
        "schema": [{"name": "flights", "properties": [{"name": "id"}, {"name": "word"}], "quality": rules}],
    }
    file = tmp_path / "flights.odcs.yaml"
    file.write_text(json.dumps(document))
    return lakegate.check(file, TABLE, options=Options(samples=True, locations=20))


@pytest.mark.parametrize("way", ["library", "contract"])
def test_the_document_is_the_one_that_the_library_writes(theirs, way, tmp_path):
    one = verdict(*judged(*EXPECTATIONS)) if way == "library" else measured(tmp_path)

    [ours] = validation_results(one)

    assert ours.keys() == theirs.keys()
    assert (ours["success"], ours["suite_name"], ours["statistics"]) == (
        theirs["success"],
        theirs["suite_name"],
        theirs["statistics"],
    )
    assert theirs["meta"].keys() - ours["meta"].keys() <= {"great_expectations_version"}  # nobody's, where none ran
    mine, wanted = by_type(ours), by_type(theirs)
    assert mine.keys() == wanted.keys()
    for kind, there in wanted.items():
        here = mine[kind]
        assert here.keys() == there.keys()
        assert here["success"] is there["success"], kind
        assert here["expectation_config"].keys() == there["expectation_config"].keys(), kind
        assert {**here["expectation_config"]["kwargs"], "batch_id": ""} == {
            **there["expectation_config"]["kwargs"],
            "batch_id": "",
        }
        assert here["exception_info"]["raised_exception"] is there["exception_info"]["raised_exception"]
        numbers = {key: value for key, value in there["result"].items() if key != "partial_unexpected_list"}
        assert {key: here["result"].get(key) for key in numbers} == numbers, kind
        assert here["result"].keys() == there["result"].keys(), kind


def test_the_library_reads_the_document():
    [ours] = validation_results(verdict(*judged(*EXPECTATIONS)))

    with quiet():
        from great_expectations.core.expectation_validation_result import expectationSuiteValidationResultSchema
    read = expectationSuiteValidationResultSchema.load(json.loads(to_gx([ours])))

    assert read.success is False
    assert read.asset_name == "nyc/flights"
    assert read.get_max_severity_failure().value == "critical"
    assert [result.expectation_config.type for result in read.results] == [each.type for each in EXPECTATIONS]
    assert read.to_json_dict()["statistics"] == ours["statistics"]


def test_a_document_is_a_function_of_the_verdict():
    one = verdict(*judged(*EXPECTATIONS))

    assert to_gx(validation_results(one)) == to_gx(validation_results(one))


def test_values_are_told_only_where_samples_are_asked_for():
    [shown] = validation_results(verdict(*judged(*EXPECTATIONS)))
    [hidden] = validation_results(verdict(*judged(*EXPECTATIONS, samples=False)))

    lengths = "expect_column_value_lengths_to_be_between"
    assert by_type(shown)[lengths]["result"]["partial_unexpected_list"] == ["bb", "cc"]
    assert by_type(hidden)[lengths]["result"]["partial_unexpected_list"] == []
    assert '"bb"' not in to_gx([hidden])


def test_each_suite_has_a_document_and_holds_its_own_only():
    one, other = EXPECTATIONS[1], EXPECTATIONS[6]
    inline = judged(EXPECTATIONS[0], suite=None)
    told = [*judged(one), *judged(other, suite="expectations/nyc/rows.json"), *inline, check("id.required")]

    documents = validation_results(verdict(*told))

    assert [(each["suite_name"], each["success"]) for each in documents] == [("flights", False), ("nyc.rows", True)]
    assert [list(by_type(each)) for each in documents] == [[one.type], [other.type]]


def test_expectations_in_the_contract_make_a_document_of_its_name():
    [document] = validation_results(verdict(*judged(EXPECTATIONS[6], suite=None), check("id.required", Outcome.FAILED)))

    assert (document["suite_name"], document["success"]) == ("nyc-flights", True)
    assert document["meta"]["lakegate"]["exit_code"] == 1  # the contract's, of which the suite is a part


@pytest.mark.parametrize(
    "outcome", [Outcome.NOT_APPLICABLE, Outcome.UNSUPPORTED, Outcome.COULD_NOT_EVALUATE, Outcome.FAILED]
)
def test_what_the_library_was_never_asked_does_not_look_green(outcome):
    expectation = json.dumps(EXPECTATIONS[1].document)
    told = check(EXPECTATIONS[1].type, outcome, reason="the batch could not be read", implementation=expectation)

    [document] = validation_results(verdict(told))

    [result] = document["results"]
    assert (document["success"], result["success"], result["result"]) == (False, False, {})
    assert result["exception_info"] == {
        "raised_exception": True,
        "exception_traceback": "",
        "exception_message": "the batch could not be read",
    }


def test_a_success_that_could_not_be_evaluated_is_none():
    expectation = json.dumps(EXPECTATIONS[1].document)
    told = check(
        EXPECTATIONS[1].type,
        Outcome.COULD_NOT_EVALUATE,
        implementation=expectation,
        diagnostics={"success": True, "result": {}},
    )

    assert validation_results(verdict(told))[0]["success"] is False


def test_without_an_expectation_there_is_nothing_to_write():
    sql = check("rows", type="sql", implementation="SELECT count(*) FROM flights")

    with pytest.raises(UsageError, match="holds no expectation"):
        validation_results(verdict(check("id.required"), sql))


def test_numbers_that_json_does_not_know_are_text():
    expectation = json.dumps(EXPECTATIONS[3].document)
    told = check(
        EXPECTATIONS[3].type,
        Outcome.FAILED,
        implementation=expectation,
        diagnostics={
            "success": False,
            "result": {"observed_value": float("nan"), "details": [float("inf"), Decimal("0.5")]},
        },
    )

    document = json.loads(to_gx(validation_results(verdict(told))))

    assert document["results"][0]["result"] == {"observed_value": "nan", "details": ["inf", 0.5]}


def test_several_documents_are_a_list():
    assert isinstance(json.loads(to_gx([{}, {}])), list)
    assert json.loads(to_gx([{"a": 1}])) == {"a": 1}
    assert json.loads(to_gx([])) == []


def test_a_suite_is_called_by_its_file():
    assert suite_name("expectations/nyc/flights.json", "c") == "nyc.flights"
    assert suite_name("expectations/flights.v2.json", "c") == "flights.v2"
    assert suite_name(None, "c") == "c"
