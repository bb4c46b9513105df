"""Pages that are made from the code say what the code says now."""

import runpy
from pathlib import Path

from lakegate.contract.lint import lint
from lakegate.errors import Severity

DOCS = Path(__file__).parents[1] / "docs" / "reference"


def test_the_page_of_checks_is_current():
    made = runpy.run_path(str(DOCS / "checks.py"))["page"]()

    assert (DOCS / "checks.md").read_text() == made, "run: python docs/reference/checks.py"


def test_the_example_is_a_contract_without_errors():
    problems = lint([str(DOCS / "every-check.odcs.yaml")])

    assert [problem for problem in problems if problem.severity is Severity.ERROR] == []
