"""What the pages about Airflow tell people to write does what they say, as far as it can run here."""

import json
import re
import tomllib
from pathlib import Path

import click
import pytest
from airflow.dag_processing.dagbag import DagBag

from cli.scene import FLIGHTS, Scene
from lakegate.cli import main
from lakegate.config import limits_of, open_store

DOCS = Path(__file__).parents[2] / "docs" / "how-to"
PAGES = ("large-batches", "event-driven", "deploy-airflow")


def blocks(kind):
    """Each code block of a kind, in all pages."""
    found = []
    for page in PAGES:
        texts = re.findall(rf"^```{kind}\n(.*?)^```$", (DOCS / f"{page}.md").read_text(), re.MULTILINE | re.DOTALL)
        found += [pytest.param(text, id=f"{page}-{number}") for number, text in enumerate(texts, start=1)]
    return found


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scene = Scene(tmp_path)
    scene.change(FLIGHTS, lambda document: document.update(tags=["large"]))
    (tmp_path / "lakegate.emr.toml").write_text("")
    (tmp_path / "dags").mkdir()
    return scene


@pytest.mark.parametrize("text", [one for one in blocks("python") if "# not run here" not in one.values[0]])
def test_python_is_a_dag_file_without_errors(project, text):
    (project.root / "dags" / "gates.py").write_text(text)

    bag = DagBag(str(project.root / "dags"), bundle_name="x", bundle_path=project.root)

    assert bag.import_errors == {}
    assert set(bag.dags) == ({"nyc-flights", "nyc-planes"} if "dags_from" in text else set())
    if "large = on(emr" in text:
        kinds = {name: type(dag.get_task("promote")).__name__ for name, dag in bag.dags.items()}
        assert kinds == {"nyc-flights": "RemotePromoteOperator", "nyc-planes": "PromoteOperator"}
    if 'queue="gate"' in text:
        assert {bag.dags["nyc-flights"].get_task(name).queue for name in ("validate", "promote")} == {"judge", "gate"}
    if "lakegate_conn_id" in text:
        assert bag.dags["nyc-flights"].get_task("promote").lakegate_conn_id == "lake_gate"
    if "on_arrival" in text:
        assert "AssetOrTimeSchedule" in {type(dag.timetable).__name__ for dag in bag.dags.values()}


@pytest.mark.parametrize("text", blocks("toml"))
def test_settings_are_settings(tmp_path, text):
    (tmp_path / "lakegate.toml").write_text(text)

    assert limits_of(tmp_path).memory >= 1 << 32
    open_store(tomllib.loads(text).get("lake", "s3://my-lake"), tmp_path)  # reads all of [s3], and asks nobody


@pytest.mark.parametrize("text", blocks("json"))
def test_json_is_json(text):
    assert json.loads(text)["QueueConfigurations"][0]["Events"] == ["s3:ObjectCreated:*"]


COMMANDS = [
    line
    for one in blocks("")
    for line in one.values[0].splitlines()
    if line.startswith("lakegate ") and not line.endswith("…")
]


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_are_commands(line):
    command, context, words = main, click.Context(main, info_name="lakegate"), line.split()[1:]

    while isinstance(command, click.Group):
        command = command.commands[words.pop(0)]
    with command.make_context(command.name, words, parent=context) as parsed:
        assert parsed.command is command


def test_some_commands_are_shown():
    assert len(COMMANDS) >= 2


def test_the_script_for_glue_is_where_the_page_says(project):
    from lakegate.airflow.remote import shipping

    assert "shipping.ENTRY" in (DOCS / "large-batches.md").read_text()
    assert shipping.ENTRY.name == "entry.py"
    assert shipping.ENTRY.is_file()
