"""The passes of a plan that libraries run: what they are given, and what is answered where they are not asked."""

import pyarrow as pa
import pytest

from checks.asked import contract
from lakegate.contract.odcs import load
from lakegate.engines.duckdb import DuckDB
from lakegate.intake.batch import open_table
from lakegate.judge import Options, Subject, judge
from lakegate.libraries import guests
from lakegate.libraries.guests import Here, versions
from lakegate.libraries.interface import Guest
from lakegate.measures import Fault, LibraryAnswer, LibraryFinding, LibraryResult, NotMeasured
from lakegate.plan import LibraryPass
from lakegate.rows import Defect, DefectKind, Kind, Part, Rows, Type

ID = LibraryResult("great_expectations", "id", ("id",))
NAME = LibraryResult("great_expectations", "name", ("name", "id"))


class Noting:
    """A library that answers everything, and keeps the tables that it was given."""

    def __init__(self, version="great_expectations 1.24.1"):
        self.version = version
        self.tables = []

    def measure(self, asked, table, guest):
        self.tables.append(table)
        return {measure: LibraryAnswer((LibraryFinding(measure.asked, success=True),)) for measure in asked}


@pytest.fixture
def noting(monkeypatch):
    library = Noting()
    monkeypatch.setattr(guests, "library", lambda _: library)
    return library


def measured(rows, *measures):
    asked = LibraryPass("great_expectations", measures)
    return Here(Guest(None, 5)).measure([asked], rows, DuckDB())


def test_a_library_reads_the_columns_of_all_its_measures_once(noting):
    rows = open_table(pa.table({"id": [1], "name": ["a"], "other": [2]}))

    answers = measured(rows, ID, NAME)

    assert [table.column_names for table in noting.tables] == [["id", "name"]]
    assert all(isinstance(answer, LibraryAnswer) for answer in answers.values())


def test_a_column_that_is_not_there_fails_its_own_measure_only(noting):
    answers = measured(open_table(pa.table({"id": [1], "Name": ["a"]})), ID, NAME)

    assert answers[NAME] == NotMeasured(Fault.DATA, "the data has no column 'name' (it has 'Name')")
    assert isinstance(answers[ID], LibraryAnswer)


def test_what_cannot_be_read_is_not_asked(noting):
    rows = Rows(defects=(Defect(DefectKind.UNREADABLE, "x.csv", "gone"),))

    assert measured(rows, ID)[ID].fault is Fault.UNREADABLE
    assert noting.tables == []


def test_a_library_that_is_not_installed_is_told_with_the_way_to_get_it(noting):
    noting.version = None

    answer = measured(open_table(pa.table({"id": [1]})), ID)[ID]

    assert answer.fault is Fault.MISSING
    assert answer.reason == "great_expectations is not installed: pip install 'lakegate[gx]'"


def test_numbers_of_text_are_doubles_as_the_library_would_have_read_them(noting, tmp_path):
    import duckdb

    path = tmp_path / "x.parquet"
    duckdb.sql(f"COPY (SELECT 1.25::DECIMAL(38, 20) AS id, 2.5::DECIMAL(10, 2) AS name) TO '{path}'")
    types = (("id", Type(Kind.DECIMAL, "DECIMAL(38,20)")), ("name", Type(Kind.DECIMAL, "DECIMAL(10,2)")))
    for text in (True, False):
        measured(Rows((Part("x.csv", str(path), types, 1, staged=True, text=text),)), NAME)

    of_text, of_parquet = noting.tables
    assert of_text.schema.field("id").type == pa.float64()
    assert of_text.schema.field("name").type == pa.decimal128(10, 2)  # declared: it stays
    assert of_parquet.schema.field("id").type == pa.decimal128(38, 20)


def test_the_installed_libraries_tell_their_versions():
    passes = [LibraryPass(name, ()) for name in ("great_expectations", "pandera")]

    assert [version.split()[0] for version in versions(passes)] == ["great_expectations", "pandera"]


@pytest.mark.parametrize(("gate", "exit_code"), [({}, 2), ({"unsupported": "allow"}, 0)])
def test_without_the_library_the_gate_blocks_unless_the_contract_allows_it(monkeypatch, gate, exit_code):
    monkeypatch.setattr(guests, "library", lambda _: Noting(version=None))
    rule = {"type": "expect_column_values_to_be_dateutil_parseable", "kwargs": {"column": "name"}}
    quality = [{"type": "custom", "engine": "greatExpectations", "implementation": rule}]
    asked = load(contract({"name": "name", "logicalType": "string"}, gate=gate, quality=quality))
    rows = open_table(pa.table({"name": ["a"]}))

    verdict = judge(Subject(asked, asked.schema[0], "t", None, ()), rows, {"t": rows}, DuckDB(), Options()).verdict

    assert verdict.exit_code == exit_code
    (told,) = [result for result in verdict.results if result.library]
    assert "not installed" in told.reason
