"""The library as a guest, and the check that judges what it says."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from lakegate.checks.expectations.guest import columns_of, file_of, guest_check, snake
from lakegate.checks.interface import Found, Identity, Outcome
from lakegate.contract.expectations import Expectation
from lakegate.contract.model import Action, Property, SchemaObject
from lakegate.libraries.great_expectations.guest import GUEST, frame
from lakegate.libraries.interface import Guest
from lakegate.measures import Fault, LibraryAnswer, LibraryResult, NotMeasured
from lakegate.rows import Part, Rows

POLITE = b'''
"""An expectation of the project's own."""
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics import ColumnMapMetricProvider, column_condition_partial
from great_expectations.execution_engine import PandasExecutionEngine
from words import GREETINGS

class ColumnValuesPolite(ColumnMapMetricProvider):
    condition_metric_name = "column_values.polite"

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column, **kwargs):
        return column.map(lambda text: any(word in text for word in GREETINGS))

class ExpectColumnValuesToBePolite(ColumnMapExpectation):
    map_metric = "column_values.polite"
'''
TABLE = pa.table(
    {
        "id": pa.array([1, 2, 3, 3]),
        "word": pa.array(["good day", "out", None, "hello"]),
        "price": pa.array([Decimal("1.10"), None, Decimal("3.00"), None]),
    }
)


def asked(kind, file=None, **kwargs):
    return LibraryResult(
        "great_expectations", json.dumps({"type": kind, "kwargs": kwargs, "file": file}), None, files=file is not None
    )


def answers(*measures, table=TABLE, home=None, limit=5):
    found = GUEST.measure(measures, table, Guest(home, limit))
    return [found[measure] for measure in measures]


def the(answer):
    assert isinstance(answer, LibraryAnswer), answer
    [finding] = answer.findings
    return finding


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "expectations"
    folder.mkdir()
    (folder / "polite.py").write_bytes(POLITE)
    (folder / "words.py").write_text("GREETINGS = ('good day', 'hello')\n")
    (folder / "leaving.py").write_text("raise SystemExit(0)\n")
    (folder / "broken.py").write_text("raise RuntimeError('not today')\n")
    return tmp_path


# --- what the library says ----------------------------------------------------------------------------------------


def test_failing_rows_are_named_and_told_apart_from_the_counts():
    [answer] = answers(asked("expect_column_values_to_match_regex", column="word", regex="^good", mostly=0.9), limit=1)

    finding = the(answer)
    assert (finding.success, finding.column, finding.failed) == (False, "word", 2)
    assert (finding.rows, finding.values) == ((1,), ("out",))
    assert finding.reason == "got 2 rows that break it (66.67 % of those that count), expected at most 10 %"
    assert json.loads(finding.result) == {
        "element_count": 4,
        "unexpected_count": 2,
        "unexpected_percent": pytest.approx(66.666, abs=0.01),
        "missing_count": 1,
        "missing_percent": 25.0,
        "unexpected_percent_total": 50.0,
        "unexpected_percent_nonmissing": pytest.approx(66.666, abs=0.01),
    }


def test_what_is_no_count_of_rows_has_an_observed_value():
    [answer] = answers(asked("expect_column_median_to_be_between", column="id", min_value=10))

    assert (the(answer).success, the(answer).failed, the(answer).rows) == (False, None, ())
    assert json.loads(the(answer).result) == {"observed_value": 2.5}


@pytest.mark.parametrize(
    ("kind", "kwargs", "why"),
    [
        ("expect_nothing", {"column": "id"}, "expect_nothing not found"),
        ("expect_column_max_to_be_between", {"column": "word", "max_value": 1}, "TypeError: '<=' not supported"),
        ("expect_column_median_to_be_between", {"column": "word", "max_value": 1}, "could not evaluate"),
        ("expect_column_max_to_be_between", {"column": "id", "most": 1}, "extra fields not permitted"),
        ("expect_column_max_to_be_between", {"column": "none", "max_value": 1}, 'The column "none"'),
    ],
)
def test_what_the_library_cannot_evaluate_is_not_measured_and_blinds_nothing(kind, kwargs, why):
    broken, sound = answers(asked(kind, **kwargs), asked("expect_column_values_to_be_unique", column="id"))

    assert isinstance(broken, NotMeasured)
    assert broken.fault is Fault.ENGINE
    assert why in broken.reason
    assert "\n" not in broken.reason
    assert the(sound).failed == 2


def test_an_error_that_quotes_the_data_is_told_without_its_words(home):
    (home / "expectations" / "loud.py").write_bytes(POLITE.replace(b"Polite", b"Loud").replace(b"polite", b"loud")
        .replace(b"lambda text: any(word in text for word in GREETINGS)", b"int"))  # fmt: skip
    [answer] = answers(asked("expect_column_values_to_be_loud", "expectations/loud.py", column="word"), home=home)

    assert isinstance(answer, NotMeasured)
    assert answer.reason.endswith("expect_column_values_to_be_loud: ValueError")


def test_nothing_is_written_to_stdout_stderr_or_a_log(capfd, caplog):
    answers(asked("expect_column_median_to_be_between", column="word", max_value=1))

    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


# --- the project's own --------------------------------------------------------------------------------------------


def test_an_expectation_of_the_project_is_loaded_with_what_it_imports(home):
    [answer] = answers(asked("expect_column_values_to_be_polite", "expectations/polite.py", column="word"), home=home)

    assert (the(answer).success, the(answer).rows, the(answer).values) == (False, (1,), ("out",))


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("expectations/broken.py", "expectations/broken.py cannot be loaded: RuntimeError: not today"),
        ("expectations/leaving.py", "cannot be loaded: SystemExit: 0"),
        ("expectations/words.py", "defines no class of that name"),
        ("expectations/none.py", "is not at hand"),
    ],
)
def test_a_file_that_is_of_no_use_is_not_measured(home, file, why):
    [answer] = answers(asked("expect_column_values_to_be_kind", file, column="word"), home=home)

    assert isinstance(answer, NotMeasured)
    assert why in answer.reason


STRANGE = """
from great_expectations.expectations.expectation import BatchExpectation

class ExpectStrangeness(BatchExpectation):
    answer: str
    def _validate(self, metrics, runtime_configuration=None, execution_engine=None):
        return eval(self.answer)
"""


@pytest.mark.parametrize(
    "answer",
    [
        "{'success': None, 'result': {}}",
        "{'success': 'yes', 'result': {}}",
        "{'success': False, 'result': {'element_count': 1, 'unexpected_count': object()}}",
        "{'success': True, 'result': {'observed_value': object()}}",
        "{'success': True, 'result': 7}",
        "{}",
        "[]",
        "None",
        "1/0",
    ],
)
def test_an_answer_that_is_none_is_not_measured_and_blinds_nothing(home, answer):
    (home / "expectations" / "strange.py").write_text(STRANGE)

    strange, sound = answers(
        asked("expect_strangeness", "expectations/strange.py", answer=answer),
        asked("expect_column_values_to_be_unique", column="id"),
        home=home,
    )

    assert isinstance(strange, NotMeasured)
    assert strange.fault is Fault.ENGINE
    assert the(sound).failed == 2


def test_without_a_home_no_file_is_loaded():
    [answer] = answers(asked("expect_column_values_to_be_polite", "expectations/polite.py", column="word"))

    assert isinstance(answer, NotMeasured)
    assert "in a worker only" in answer.reason


# --- the frame ----------------------------------------------------------------------------------------------------


def test_the_frame_rounds_nothing():
    zoned = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    table = pa.table(
        {
            "big": pa.array([2**53 + 1, None]),
            "bigger": pa.array([2**64 - 1, None], pa.uint64()),
            "small": pa.array([1, None]),
            "price": pa.array([Decimal("0.10"), None]),
            "at": pa.array([zoned, None], pa.timestamp("us", "UTC")),
        }
    )

    rows = frame(table)

    assert (rows["big"][0], rows["bigger"][0]) == (2**53 + 1, 2**64 - 1)
    assert rows["small"].dtype == "float64"  # as pandas has it: it holds the number
    assert rows["price"][0] == Decimal("0.10")
    assert rows["at"][0].tzinfo is not None


# --- which columns, which file ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "kwargs", "columns"),
    [
        ("expect_column_median_to_be_between", {"column": "a"}, ("a",)),
        ("expect_column_pair_values_to_be_equal", {"column_A": "a", "column_B": "b"}, ("a", "b")),
        ("expect_compound_columns_to_be_unique", {"column_list": ["b", "a"]}, ("b", "a")),
        ("expect_column_median_to_be_between", {"column": "a", "row_condition": "b > 1"}, None),
        ("expect_table_columns_to_match_set", {"column_set": ["a"]}, None),
        ("expect_column_to_exist", {"column": "a", "column_index": 1}, None),
        ("unexpected_rows_expectation", {"unexpected_rows_query": "SELECT 1"}, None),
        ("expect_column_median_to_be_between", {}, None),
    ],
)
def test_only_the_columns_that_an_expectation_needs_are_read(kind, kwargs, columns):
    assert columns_of(Expectation(kind, kwargs)) == columns


def test_the_file_of_a_custom_expectation_is_found_without_running_it():
    files = {
        "expectations/a.py": b"syntax error (",
        "expectations/b.py": b"raise SystemExit\nclass ExpectColumnValuesToBePolite: pass",
        "expectations/c.py": POLITE,
        "expectations/suite.json": b"class ExpectColumnValuesToBePolite: pass",
    }

    assert file_of("expect_column_values_to_be_polite", files) == "expectations/b.py"
    assert file_of("expect_column_values_to_be_rude", files) is None


def test_names_of_classes_are_read_as_the_library_reads_them():
    from great_expectations.util import camel_to_snake

    for name in ("ExpectColumnValuesToBePolite", "ExpectB2BOrdersHTTPOk", "Expect1", "UnexpectedRowsExpectation"):
        assert snake(name) == camel_to_snake(name)


# --- the check ----------------------------------------------------------------------------------------------------

OBJECT = SchemaObject("orders", "orders", (Property("number", "id"), Property("word", "word")))


def judged(kind, *, action=Action.FAIL, table=TABLE, **kwargs):
    identity = Identity("orders.x", "quality", kind, "x", "orders", "word")
    check = guest_check(Expectation(kind, kwargs), OBJECT, identity, action, None)
    [measure] = check.measures()
    answer = GUEST.measure([measure], table, Guest(None, 5))
    parts = (Part("one.parquet", "", (), 1), Part("two.parquet", "", (), table.num_rows - 1)) if table.num_rows else ()
    return check, check.judge(Found(Rows(parts), table.num_rows, answer))


def test_failing_rows_stand_in_the_files_that_arrived():
    check, judgement = judged("expect_column_values_to_match_regex", column="word", regex="^good")

    assert check.identity.library == "great_expectations"
    assert judgement.outcome is Outcome.FAILED
    assert judgement.diagnostics | {"result": ...} == {
        "success": False,
        "result": ...,
        "failed": 2,
        "total": 4,
        "percent": 50.0,
    }
    assert [(place.file, place.row, place.value) for place in judgement.locations] == [
        ("two.parquet", 1, "out"),
        ("two.parquet", 3, "hello"),
    ]
    assert judgement.discreet is None


def test_values_of_several_columns_are_not_told():
    _, judgement = judged("expect_compound_columns_to_be_unique", column_list=["id", "price"])

    assert judgement.outcome is Outcome.PASSED
    _, judgement = judged("expect_multicolumn_sum_to_equal", column_list=["id", "id"], sum_total=2)
    assert judgement.outcome is Outcome.FAILED
    assert {place.value for place in judgement.locations} == {None}


def test_an_observed_value_is_quoted_only_where_it_may_be():
    _, judgement = judged("expect_column_median_to_be_between", column="id", min_value=10, action=Action.WARN)

    assert judgement.outcome is Outcome.WARNED
    assert judgement.reason == "got 2.5, expected min_value 10"
    assert (judgement.quotes, judgement.sampled) == (("number",), False)
    assert judgement.discreet.reason == "got another result, expected min_value 10"
    assert judgement.discreet.diagnostics == {"success": False, "result": {}}


def test_a_list_of_values_is_a_sample():
    _, judgement = judged("expect_column_distinct_values_to_equal_set", column="word", value_set=["x"])

    assert judgement.sampled
    assert "hello" not in str(judgement.discreet)


def test_of_no_rows_there_is_nothing_to_say():
    _, judgement = judged("expect_column_values_to_be_unique", column="id", table=TABLE.slice(0, 0))

    assert judgement.outcome is Outcome.NOT_APPLICABLE
    assert judgement.diagnostics["success"] is True


def test_what_was_not_measured_is_neither_failed_nor_passed():
    _, judgement = judged("expect_column_max_to_be_between", column="word", max_value=1)

    assert judgement.outcome is Outcome.COULD_NOT_EVALUATE
    assert Path(__file__).name not in judgement.reason
