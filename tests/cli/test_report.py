"""`lakegate report`: where the site is, and the site anew."""

from __future__ import annotations

import json

import pytest

from cli.scene import PLANES, Scene


@pytest.fixture
def judged(tmp_path, monkeypatch):
    """One batch of planes is in, another is kept out."""
    monkeypatch.chdir(tmp_path)
    scene = Scene(tmp_path)
    scene.arrive("part=1", "tailnum\nN1\n", dataset="nyc/planes")
    scene.arrive("part=2", "tailnum\nN1\nN1\n", dataset="nyc/planes")
    scene.run("promote", PLANES, "--all", "--lake", scene.lake)
    return scene


def test_every_run_publishes_what_it_did(judged):
    references = judged.lake / "references"
    board = json.loads((references / "board.json").read_text())["datasets"]["nyc/planes"]

    assert (board["state"], board["kept_out"], board["last_batch"]) == ("blocked", 1, "part=1")
    assert "nyc/planes" in (references / "index.html").read_text()
    assert (references / "datasets/nyc/planes/index.html").is_file()
    assert not list(references.glob("_pending/**/*.json"))


def test_its_address_is_one_that_a_browser_opens(judged):
    board = judged.run("report", "open", "--lake", judged.lake).stdout.strip()
    page = judged.run("report", "open", "nyc/planes", "--lake", judged.lake).stdout.strip()

    assert board == (judged.lake / "references/index.html").as_uri()
    assert page == (judged.lake / "references/datasets/nyc/planes/index.html").as_uri()


def test_a_dataset_that_is_not_there_is_told_with_the_near_name(judged):
    ended = judged.run("report", "open", "nyc/plane", "--lake", judged.lake)

    assert ended.exit_code == 2
    assert "nyc/planes" in ended.stderr


def test_a_lake_without_a_site_says_what_makes_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scene = Scene(tmp_path)

    ended = scene.run("report", "open", "--lake", scene.lake)

    assert ended.exit_code == 2
    assert "lakegate report rebuild" in ended.stderr


def test_a_rebuild_finds_all_as_it_was_and_mends_what_is_not(judged):
    page = judged.lake / "references/datasets/nyc/planes/index.html"
    before = page.read_bytes()

    first = judged.run("report", "rebuild", "--lake", judged.lake)
    page.chmod(0o644)
    page.unlink()
    second = judged.run("report", "rebuild", "--lake", judged.lake, "--json")

    assert first.stdout.splitlines() == ["1 dataset, 2 runs: all as it was"]
    assert json.loads(second.stdout)["written"] == ["references/datasets/nyc/planes/index.html"]
    assert page.read_bytes() == before


def test_records_that_cannot_be_read_keep_no_other_dataset(judged):
    record = judged.lake / "01-raw-data-zone/_gate/commits/nyc/other/b/000001.json"
    record.parent.mkdir(parents=True)
    record.write_text("{")

    ended = judged.run("report", "rebuild", "--lake", judged.lake)

    assert ended.exit_code == 5
    assert "nyc/other" in ended.stderr
    assert "1 dataset, 2 runs" in ended.stdout


@pytest.fixture
def served(tmp_path, monkeypatch):
    """As `judged`, in a project that says where its reports are read."""
    monkeypatch.chdir(tmp_path)
    scene = Scene(tmp_path)
    scene.write("lakegate.toml", '[reports]\nurl = "https://reports.example.com/"\n')
    scene.arrive("part=2", "tailnum\nN1\nN1\n", dataset="nyc/planes")
    return scene


def test_wherever_a_report_is_named_it_is_by_where_readers_open_it(served):
    promote = ("promote", PLANES, "--batch", "part=2", "--lake", "lake")

    text = served.run(*promote).stdout
    (found,) = json.loads(served.run(*promote, "--output-format", "json").stdout)
    markdown = served.run(*promote, "--output-format", "markdown").stdout
    junit = served.run(*promote, "--output-format", "junit").stdout
    held = served.run("quarantine", "list", "--lake", "lake").stdout
    opened = [served.run("report", "open", *name, "--lake", "lake").stdout.strip() for name in ((), ("nyc/planes",))]

    begins = "https://reports.example.com/reports/nyc/planes/part%253D2/"
    assert found["url"].startswith(begins)
    assert found["report"].endswith("/index.html")
    assert "example.com" not in found["report"]
    assert f"  report: {found['url']}\n" in text
    assert f"](<{found['url']}>)." in markdown
    assert f'<property name="report" value="{found["url"]}" />' in junit
    assert f"report {found['url']}\n" in held
    assert opened == [f"https://reports.example.com/{end}" for end in ("index.html", "datasets/nyc/planes/index.html")]
    assert begins in (served.lake / "references/blocked.atom").read_text()


def test_who_has_no_setting_is_told_the_address_by_the_lake(served):
    served.run("promote", PLANES, "--batch", "part=2", "--lake", "lake")
    (served.root / "lakegate.toml").unlink()

    ended = served.run("report", "open", "--lake", "lake")

    assert ended.stdout == "https://reports.example.com/index.html\n"


@pytest.mark.parametrize("output_format", ["text", "json", "junit"])
def test_pages_that_could_not_be_written_are_told_in_one_line_with_what_to_do(judged, output_format):
    board = judged.lake / "references/board.json"
    board.unlink()
    board.mkdir()  # nobody can write there
    judged.arrive("part=3", "tailnum\nN3\n", dataset="nyc/planes")

    ended = judged.run("promote", PLANES, "--batch", "part=3", "--lake", "lake", "--output-format", output_format)

    assert ended.exit_code == 0
    (line,) = [line for line in ended.stderr.splitlines() if "references/" in line]
    assert line.startswith("lakegate: nyc/planes: the pages under references/ were not all written: ")
    assert "`lakegate report rebuild`" in line
    if output_format == "json":
        assert json.loads(ended.stdout)[0]["notes"] == [line.removeprefix("lakegate: ")]


def test_when_all_is_shown_nothing_is_told_of_it(judged):
    judged.arrive("part=3", "tailnum\nN3\n", dataset="nyc/planes")

    assert "references/" not in judged.run("promote", PLANES, "--all", "--lake", "lake").stderr
