"""Pages that are made from the code say what the code says now."""

import re
import runpy
from pathlib import Path

import pytest

from lakegate.contract.lint import lint
from lakegate.errors import Severity
from lakegate.gate.protocol import Step

DOCS = Path(__file__).parents[1] / "docs" / "reference"


@pytest.mark.parametrize("name", ["checks", "expectations", "sql"])
def test_a_page_made_from_the_code_is_current(name):
    made = runpy.run_path(str(DOCS / f"{name}.py"))["page"]()

    assert (DOCS / f"{name}.md").read_text() == made, f"run: python docs/reference/{name}.py"


def test_the_example_is_a_contract_without_errors():
    problems = lint([str(DOCS / "every-check.odcs.yaml")])

    assert [problem for problem in problems if problem.severity is Severity.ERROR] == []


# --- the page of the protocol -----------------------------------------------------------------------------------------

ROOT = Path(__file__).parents[1]
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text()
CLAUSES = re.findall(r"^\| ([PI][0-9]+[ab]?) \|", PROTOCOL, flags=re.MULTILINE)
SOURCES = sorted([*ROOT.glob("src/**/*.py"), *ROOT.glob("tests/**/*.py")])


def test_the_protocol_has_each_clause_once():
    steps = ["P0", "P1", "P2", "P3", "P4", "P5", "P6a", "P6b", "P7", "P8", "P9", "P10", "P11"]

    assert [*steps, *(f"I{number}" for number in range(1, 15))] == CLAUSES


def test_every_step_of_the_code_is_a_clause_and_none_is_left_out():
    assert [clause for clause in CLAUSES if clause.startswith("P")] == [step.value for step in Step]


def test_the_code_cites_every_step_and_no_clause_that_is_not_on_the_page():
    cited = {
        (file.relative_to(ROOT).as_posix(), clause)
        for file in SOURCES
        for clause in re.findall(r"\b[PI][0-9]{1,2}[ab]?\b", file.read_text())
    }

    code = {clause for file, clause in cited if file.startswith("src/lakegate/gate/")}
    assert {clause for clause in CLAUSES if clause.startswith("P")} <= code
    assert sorted((file, clause) for file, clause in cited if clause not in {*CLAUSES, "P6"}) == []  # P6: both of them


def test_the_tests_that_the_protocol_names_are_there():
    named = re.findall(r"`(tests/[^`]+)`", PROTOCOL)

    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_part_of_the_page_that_is_cited_is_a_heading():
    headings = set(re.findall(r"^## (.+)$", PROTOCOL, flags=re.MULTILINE))
    cited = {
        (file.relative_to(ROOT).as_posix(), name)
        for file in SOURCES
        for name in re.findall(r"PROTOCOL, \"?([A-Z][a-z]+(?: [a-z]+)*)", file.read_text())
    }

    assert cited
    assert sorted((file, name) for file, name in cited if name.removesuffix(" and") not in headings) == []


@pytest.mark.parametrize("page", [*sorted(ROOT.glob("docs/**/*.md")), ROOT / "README.md"], ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_statements_of_the_page_for_consumers_are_those_that_spark_ran():
    """Athena's DDL differs from the tested one by its serde and columns only."""
    page = (ROOT / "docs" / "how-to" / "consumer.md").read_text()
    tested = (ROOT / "tests" / "gate" / "test_manifests_spark.py").read_text()

    for line in re.findall(r"^(?:PARTITIONED BY|STORED AS|OUTPUTFORMAT).*$", page, flags=re.MULTILINE):
        assert line.lower() in tested.lower()
