"""The page "I have suites of Great Expectations": its files and commands do what it says."""

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from lakegate.cli import main

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "great-expectations.md").read_text()
FILES = re.findall(r"^`([\w/.]+)`:\n```\w+\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
COMMANDS = "".join(re.findall(r"^```sh\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)).splitlines()


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The page's project after all its commands, in order; they end with 0 where the page does not say otherwise."""
    root = tmp_path_factory.mktemp("project")
    for name, content in FILES:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        for line in COMMANDS:
            command, _, code = line.partition("#")
            ended = CliRunner().invoke(main, shlex.split(command)[1:])
            assert ended.exit_code == int(code or 0), f"{line}\n{ended.output}"
    return root


def test_every_command_of_the_page_ends_as_it_says(project):
    assert len(FILES) == 4
    assert len(COMMANDS) == 10


def test_the_results_are_those_of_the_suite(project):
    document = json.loads((project / "results.json").read_text())

    successes = {each["expectation_config"]["type"]: each["success"] for each in document["results"]}
    assert document["suite_name"] == "planes"
    assert successes == {
        "expect_column_values_to_not_be_null": True,
        "expect_column_values_to_match_regex": True,
        "expect_column_values_to_be_between": True,
        "expect_column_values_to_be_polite": False,
    }
    assert document["meta"]["great_expectations_version"].startswith("1.")


def test_the_pages_are_there(project):
    assert (project / "data-docs" / "index.html").is_file()
    assert (project / "data-docs" / "expectations" / "planes.html").is_file()
    [page] = (project / "data-docs" / "validations").rglob("*.html")
    assert "polite" in page.read_text()


def test_the_suite_comes_back(project):
    there = json.loads((project / "expectations" / "planes.json").read_text())["expectations"]
    back = json.loads((project / "exported.json").read_text())["expectations"]

    def bare(said):
        return sorted(json.dumps({**each, "meta": {}}, sort_keys=True) for each in said)

    assert bare(back) == bare(there)
