"""Contracts as tests, as whoever runs pytest sees them. What an example shows is tests/commands/test_examples.py."""

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import lakegate

pytest_plugins = ["pytester"]

TOP = Path(__file__).parents[1]
# Where lakegate is installed the plugin is loaded already; naming it once more would be a second name for one module.
PLUGIN = () if entry_points(group="pytest11", name="lakegate") else ("-p", "lakegate.pytest_plugin")
CONTRACT = {
    "apiVersion": "v3.2.0",
    "kind": "DataContract",
    "id": "orders",
    "version": "1.0.0",
    "status": "active",
    "schema": [
        {
            "name": "orders",
            "properties": [
                {"name": "id", "logicalType": "integer", "required": True},
                {"name": "amount", "logicalType": "number", "logicalTypeOptions": {"minimum": 0}},
            ],
        }
    ],
}
FILES = {
    "contracts/shop/orders.odcs.yaml": json.dumps(CONTRACT),
    "contracts/shop/examples/good/two.csv": "id,amount\n1,2.5\n2,3\n",
    "contracts/shop/examples/bad/amount.minimum.csv": "id,amount\n1,-1\n",
    "contracts/shop/examples/bad/id.required.csv": "id,amount\n1,-1\n",
}


@pytest.fixture
def run(pytester, monkeypatch):
    """Hand out what writes files and runs pytest over them, in a process of its own."""
    monkeypatch.setenv("PYTHONPATH", str(TOP / "src"), prepend=os.pathsep)

    def ran(files, *args):
        for name, text in files.items():
            file = pytester.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return pytester.runpytest_subprocess(*PLUGIN, "-p", "no:cacheprovider", *args)

    return ran


def without(name: str) -> dict[str, str]:
    return {place: text for place, text in FILES.items() if name not in place}


def test_a_contract_is_linted_and_its_examples_are_proved(run):
    result = run(without("id.required"), "-v", "contracts")

    result.assert_outcomes(passed=3)
    result.stdout.re_match_lines(
        [
            r"contracts/shop/orders.odcs.yaml::lint PASSED .*",
            r"contracts/shop/orders.odcs.yaml::good/two PASSED .*",
            r"contracts/shop/orders.odcs.yaml::bad/amount.minimum PASSED .*",
        ]
    )


def test_what_fails_is_told_in_the_reports_words_without_a_traceback(run, pytester):
    result = run(FILES, "contracts", "--junitxml=junit.xml")

    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*orders.odcs.yaml: bad/id.required*",
            "bad/id.required should break orders.id.required and nothing else, but it broke orders.amount.minimum",
            "FAILED (1)",
            "*of less than 0",
            "*id.required.csv:2*",
            "BLOCKED: 1 row in 1 file*",
            "FAILED contracts/shop/orders.odcs.yaml::bad/id.required - bad/id.required*",
        ]
    )
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")
    result.stdout.no_fnmatch_line("*Traceback*")
    cases = {
        (case.get("classname"), case.get("name")): [child.tag for child in case]
        for case in ET.parse(pytester.path / "junit.xml").iter("testcase")  # noqa: S314 - pytest wrote it
    }
    assert cases == {
        ("contracts.shop.orders.odcs.yaml", "lint"): [],
        ("contracts.shop.orders.odcs.yaml", "good/two"): [],
        ("contracts.shop.orders.odcs.yaml", "bad/amount.minimum"): [],
        ("contracts.shop.orders.odcs.yaml", "bad/id.required"): ["failure"],
    }


def test_a_contract_that_is_wrong_fails_in_each_of_its_tests(run):
    broken = json.dumps({**CONTRACT, "status": 1}, indent=1)

    result = run({**without("id.required"), "contracts/shop/orders.odcs.yaml": broken}, "contracts")

    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["*orders.odcs.yaml:6:*error*status*"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_without_examples_a_contract_is_skipped_and_says_so(run):
    result = run({name: text for name, text in FILES.items() if "examples" not in name}, "-rs", "contracts")

    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*contracts/shop/orders.odcs.yaml*: it has no examples"])


def test_without_good_examples_a_contract_fails(run):
    result = run(without("two.csv") | {"contracts/shop/examples/god/two.csv": ""}, "contracts", "-k", "examples")

    result.assert_outcomes(failed=1, deselected=3)
    result.stdout.fnmatch_lines(["*good holds no example: nothing shows*", "*examples/god is neither good, bad*"])


def test_only_contracts_in_a_folder_of_contracts_are_taken_or_those_that_are_named(run):
    elsewhere = {"data/orders.odcs.yaml": FILES["contracts/shop/orders.odcs.yaml"], "contracts/values.yaml": "a: 1"}

    assert "no tests collected" in run(elsewhere, "--collect-only").stdout.str()
    run(elsewhere, "data/orders.odcs.yaml").assert_outcomes(passed=1, skipped=1)


def test_tests_are_chosen_listed_and_stopped_as_any_others(run):
    run(FILES, "-k", "minimum and not good").assert_outcomes(passed=1, deselected=3)
    run({}, "contracts/shop/orders.odcs.yaml::bad/amount.minimum").assert_outcomes(passed=1)
    run({"contracts/shop/examples/bad/a.csv": "id,amount\n"}, "-x").assert_outcomes(passed=2, failed=1)
    listed = run({}, "--collect-only", "-q").outlines
    assert "contracts/shop/orders.odcs.yaml::good/two" in listed


def test_tests_run_on_several_workers(run):
    run(FILES, "-n", "2", "contracts").assert_outcomes(passed=3, failed=1)


SPY = """
import sys
def test_nothing_of_lakegate_is_loaded():
    heavy = {"boto3", "duckdb", "jinja2", "numpy", "pandas", "pyarrow", "pydantic", "rich", "sqlglot", "yaml"}
    assert not heavy & {name.split(".")[0] for name in sys.modules}
    ours = {name for name in sys.modules if name.startswith("lakegate")}
    assert ours == {"lakegate", "lakegate.version", "lakegate.pytest_plugin"}
"""


def test_a_run_without_contracts_loads_nothing_but_the_plugin(run):
    run({"test_spy.py": SPY, "package.json": "{}", "settings.yaml": ""}).assert_outcomes(passed=1)


def test_our_own_contracts_keep_what_their_examples_show():
    words = [sys.executable, "-m", "pytest", *PLUGIN, "-p", "no:cacheprovider", "-q", "contracts/"]
    path = os.pathsep.join([str(TOP / "src"), os.environ.get("PYTHONPATH", "")])
    around = {**os.environ, "PYTHONPATH": path, "PYTEST_ADDOPTS": ""}  # what is asked of this run is not asked of it

    ran = subprocess.run(words, cwd=TOP, env=around, capture_output=True, text=True, check=False)

    (last,) = re.findall(r"^(\d+) passed in .*", ran.stdout, re.MULTILINE)
    assert ran.returncode == 0, ran.stdout
    assert int(last) > 60


def test_the_page_about_tests_says_what_happens(run):
    page = (TOP / "docs" / "how-to" / "tests.md").read_text()
    files = dict(re.findall(r"^`([^`\n]+)`:\n\n```[a-z]+\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    listed = re.findall(r"^(contracts/\S+::.+) PASSED$", page, re.MULTILINE)

    result = run(files, "-v", "contracts", "tests")

    assert len(files) == 5
    result.assert_outcomes(passed=len(listed) + 2)
    result.stdout.fnmatch_lines([f"{name} PASSED*" for name in listed])
    (cell,) = re.findall(r"^```python\nimport lakegate\n\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    verdict = eval(cell, {"lakegate": lakegate})  # noqa: S307 - our own page; the current directory is the project
    assert "fact_flight" in verdict._repr_html_()
