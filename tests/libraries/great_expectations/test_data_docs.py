"""Data Docs of verdicts, and the results as the command line writes them."""

import datetime as dt
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from lakegate.checks.interface import Outcome
from lakegate.cli import main
from lakegate.commands import batches
from lakegate.contract.expectations import Expectation
from lakegate.errors import UsageError
from lakegate.libraries.great_expectations.data_docs import render
from lakegate.libraries.great_expectations.guest import GreatExpectations
from lakegate.libraries.great_expectations.results import validation_results
from lakegate.rows import Location
from lakegate.verdict import BatchFile
from reports.verdicts import check, verdict

NOW = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
NULLS = Expectation("expect_column_values_to_not_be_null", {"column": "tailnum", "mostly": 0.9})
SIZE = Expectation("expect_table_row_count_to_be_between", {"min_value": 1})
POLITE = Expectation("expect_column_values_to_be_mild", {"column": "carrier", "tone": "mild"})


def told(expectation, *, success=True, suite="expectations/flights.json", result=None, **changed):
    """A check's result that says what a translated or a library's own expectation would."""
    outcome = Outcome.PASSED if success else Outcome.FAILED
    named = {
        "implementation": json.dumps(expectation.document),
        "suite": suite,
        "diagnostics": {"success": success, "result": result or {}},
    }
    return check(expectation.type, outcome, **named | changed)


FEW = {
    "element_count": 10,
    "unexpected_count": 2,
    "unexpected_percent": 20.0,
}
BLOCKED = verdict(
    told(NULLS, success=False, result=FEW),
    told(SIZE, result={"observed_value": 10}),
    told(POLITE, success=False, reason="not evaluated", diagnostics={}),
)


def text(page):
    """What a reader of a page sees."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.read_text()))


def test_a_site_has_an_index_a_page_of_each_suite_and_one_of_each_result(tmp_path):
    other = verdict(told(SIZE, suite="expectations/nyc/size.json", result={"observed_value": 3}))

    index, *results = render(validation_results(BLOCKED, other), tmp_path / "docs", NOW)

    assert index == tmp_path / "docs" / "index.html"
    pages = sorted(page.relative_to(tmp_path / "docs").as_posix() for page in (tmp_path / "docs").rglob("*.html"))
    run = "20260102T030405.000000Z"
    assert pages == [
        "expectations/flights.html",
        "expectations/nyc/size.html",
        "index.html",
        f"validations/flights/{BLOCKED.report_id}/{run}/lakegate-nyc.flights-month=2013-01.html",
        f"validations/nyc/size/{other.report_id}/{run}/lakegate-nyc.flights-month=2013-01.html",
    ]
    assert [page.relative_to(tmp_path / "docs").as_posix() for page in results] == pages[3:]
    page = text(results[0])
    assert "Status: Failed" in page
    assert "values must not be null, at least 90 % of the time" in page
    assert "≈20%" in page or "80% not null" in page
    assert "expect_column_values_to_be_mild" in page  # the project's own, whose Python is not loaded here
    assert "Status: Succeeded" in text(tmp_path / "docs" / pages[4])


def test_what_the_data_or_the_contract_holds_is_no_markup_on_a_page(tmp_path):
    """The library writes most of these as they are."""
    bad = "<b id=x>\" onx='$x ${y} {{7*7}}"
    in_set = Expectation(
        "expect_column_values_to_be_in_set", {"column": bad, "value_set": [bad]}, notes=bad, description=bad
    )
    columns = {"observed_value": [bad], "details": {"mismatched": {"unexpected": [bad]}}}
    hostile = verdict(
        told(in_set, success=False, result=FEW, locations=(Location("a.csv", 1, value=bad),), suite=None),
        told(
            Expectation("expect_column_max_to_be_between", {"column": "c", "max_value": 1}),
            success=False,
            result={"observed_value": bad},
            suite=None,
        ),
        told(Expectation("expect_table_columns_to_match_set", {"column_set": [bad]}), result=columns, suite=None),
        told(
            Expectation("expect_kindness", {"tone": bad}, id="no-uuid"),
            success=False,
            reason=bad,
            diagnostics={},
            suite=None,
        ),
        files=(BatchFile(bad, 1, "a"),),
        dataset=f"x/{bad}",
        batch=bad,
        contract_id=f"../../{bad}",
    )

    render(validation_results(hostile), tmp_path / "docs", NOW)

    pages = [page.read_text() for page in tmp_path.rglob("*.html")]
    assert len(pages) == 3
    for page in pages:
        assert "b id=x" in page
        assert "<b id=x" not in page
        assert '" onx=' not in page
    assert [file.name for file in tmp_path.iterdir()] == ["docs"]


def test_arguments_that_the_library_refuses_are_shown_as_they_are_written(tmp_path):
    wrong = Expectation("expect_column_max_to_be_between", {"column": "c", "most": 1})

    _, page = render(
        validation_results(verdict(told(wrong, success=False, diagnostics={}, reason="extra fields"))), tmp_path, NOW
    )

    assert "expect_column_max_to_be_between_as_written" in text(page)
    assert "extra fields" in text(page)


def test_a_site_is_written_anew_and_keeps_its_results_beside_it(tmp_path):
    render(validation_results(BLOCKED), tmp_path, NOW)
    render(validation_results(verdict(told(SIZE, suite="expectations/size.json"))), tmp_path, NOW)

    assert [page.stem for page in (tmp_path / "expectations").iterdir()] == ["size"]
    assert json.loads((tmp_path / "validation-results.json").read_text())["suite_name"] == "size"


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "index.html").write_text("mine")

    with pytest.raises(UsageError, match="no site of lakegate's"):
        render(validation_results(BLOCKED), tmp_path, NOW)

    assert [file.name for file in tmp_path.iterdir()] == ["index.html"]


def test_nothing_is_written_beside_the_site(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    render(validation_results(BLOCKED), tmp_path / "docs", NOW)

    assert [file.name for file in tmp_path.iterdir()] == ["docs"]


# --- the command line ---------------------------------------------------------------------------------------------


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run a command whose judging comes to given verdicts."""

    def ran(*words, verdicts=(BLOCKED,)):
        monkeypatch.setattr(batches, "judged", lambda wanted, asked: list(verdicts))
        command = words[0].split()
        return CliRunner().invoke(main, [*command, "flights.odcs.yaml", *map(str, words[1:])])

    return ran


def test_the_format_gx_is_one_document_alone(run):
    ended = run("test", "--output-format", "gx")

    document = json.loads(ended.stdout)
    assert (ended.exit_code, document["suite_name"], document["success"]) == (1, "flights", False)


def test_several_suites_or_batches_are_a_list_and_the_code_is_the_contracts(run):
    fine = verdict(told(SIZE, suite="expectations/size.json"), check("id.required", Outcome.FAILED))

    ended = run("test", "--output-format", "gx", verdicts=[fine, fine])

    assert [document["success"] for document in json.loads(ended.stdout)] == [True, True]
    assert ended.exit_code == 1


def test_without_expectations_the_format_gx_is_a_wrong_use(run):
    ended = run("test", "--output-format", "gx", verdicts=[verdict(check("id.required"))])

    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "holds no expectation" in ended.stderr


def test_promote_has_no_format_of_a_part_of_the_contract():
    ended = CliRunner().invoke(main, ["promote", "x", "--all", "--output-format", "gx"])

    assert ended.exit_code == 2


@pytest.mark.parametrize(("success", "code"), [(True, 0), (False, 1)])
def test_report_writes_the_site_and_ends_with_the_verdicts_code(run, tmp_path, success, code):
    ended = run("report data-docs", tmp_path / "docs", verdicts=[verdict(told(SIZE, success=success))])

    assert ended.exit_code == code
    index, page = ended.stdout.splitlines()
    assert index == str(tmp_path / "docs" / "index.html")
    assert ("Succeeded" if success else "Failed") in text(Path(page))


def test_report_without_the_library_says_how_to_install_it(run, tmp_path, monkeypatch):
    monkeypatch.setattr(GreatExpectations, "version", None)

    ended = run("report data-docs", tmp_path / "docs")

    assert ended.exit_code == 2
    assert "pip install 'lakegate[gx]'" in ended.stderr
    assert not (tmp_path / "docs").exists()
