"""What holds for the house as a whole: the order of imports, what stays unloaded, what no file may name."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
HEAVY = ("boto3", "duckdb", "jinja2", "numpy", "pandas", "pyarrow", "pydantic", "rich", "sqlglot")
GUESTS = ("airflow", "great_expectations", "pandera", "polars", "pyiceberg", "pyspark")


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z", "--", *patterns], cwd=TOP, capture_output=True, check=True)
    return [TOP / name for name in listed.stdout.decode().split("\0") if name]


def test_imports_go_downward_only():
    lint_imports = Path(sys.executable).parent / "lint-imports"

    here = {**os.environ, "PYTHONPATH": str(TOP / "src")}
    ran = subprocess.run([lint_imports, "--no-cache"], cwd=TOP, env=here, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stdout


def loaded_by(statement: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter has loaded after `statement`."""
    program = (
        f"import sys, json\ntry:\n    {statement}\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print('\\n' + json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=TOP / "src")
    return set(json.loads(ran.stdout.splitlines()[-1]))


COMMANDS = {
    "import": "import lakegate",
    "help": "from lakegate.cli import main; main(['--help'])",
    "pytest's plugin": "import lakegate.pytest_plugin",
    "version": "from lakegate.cli import main; main(['--version'])",
}


@pytest.mark.parametrize("statement", COMMANDS.values(), ids=COMMANDS)
def test_heavy_libraries_stay_unloaded_until_needed(statement):
    assert loaded_by(statement) & {*HEAVY, *GUESTS} == set()


def test_that_a_loaded_library_would_be_seen():
    assert "sqlglot" in loaded_by("import sqlglot")


def test_a_local_lake_loads_nothing_of_s3(tmp_path):
    opening = f"from pathlib import Path; from lakegate.config import open_lake; open_lake({str(tmp_path)!r}, Path())"

    assert loaded_by(opening) & {"boto3", "botocore"} == set()
    assert "boto3" in loaded_by("import lakegate.lake.s3.lake")


# In pieces, so that this file does not name what it looks for.
FOREIGN = re.compile(
    "|".join(
        [
            "py" + r"pi\.org",
            "python" + r"hosted",
            "npm" + r"js\.",
            "deb" + r"\.debian",
            "/wo" + "rk/",
            "/bash" + "_jobs",
            "/op" + "t/",
        ]
    )
)


def test_no_file_names_a_registry_or_a_place_on_this_machine():
    lines = [
        f"{path.relative_to(TOP)}:{number}: {line.strip()[:100]}"
        for path in tracked()
        if path.is_file()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1)
        if FOREIGN.search(line)
    ]

    assert lines == []


def test_pins_hold_versions_and_nothing_else():
    pin = re.compile(r"[a-z0-9.-]+==[0-9][A-Za-z0-9.+!]*( ; .*)?")

    lines = [line for path in tracked("constraints/*.txt") for line in path.read_text().splitlines()]

    assert [line for line in lines if not pin.fullmatch(line)] == []
    assert lines


LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#([^)\s]+))?\)")


def broken_links(page: Path) -> list[str]:
    found = LINK.findall(re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL))
    return [target for target, _ in found if not (page.parent / target).exists()]


def test_links_between_our_pages_resolve():
    pages = tracked("*.md")

    assert {str(page.relative_to(TOP)): links for page in pages if (links := broken_links(page))} == {}
    assert pages


def test_that_a_broken_link_would_be_seen(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("[there](page.md) [gone](gone.md#here) [away](https://example.com/x)\n```\n[code](x.md)\n```\n")

    assert broken_links(page) == ["gone.md"]


def test_every_contract_of_the_project_says_who_owns_it():
    contracts = tracked("contracts/**/*.odcs.yaml")

    assert [path.name for path in contracts if "role: Owner" not in path.read_text()] == []
    assert contracts


def test_the_wheel_holds_every_contract_of_the_demo_and_none_of_their_examples():
    settings = tomllib.loads((TOP / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]

    folders = ("nyc", "stage", "cleanse", "core", "mart")
    contracts = [
        path.relative_to(TOP).as_posix() for name in folders for path in tracked(f"contracts/{name}/*.odcs.yaml")
    ]
    expected = [*contracts, "dags/sql", "expectations/nyc"]
    assert settings["force-include"] == {path: f"lakegate/{path}" for path in expected}
