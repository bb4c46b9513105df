"""What a command does, asked from Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.scene import FLIGHTS, GOOD, Scene
from lakegate.api import Asked
from lakegate.commands.batches import Wanted, judged, promoted, standings
from lakegate.errors import NotReady, Refused
from lakegate.gate.promote import PromotionState


@pytest.fixture
def scene(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scene = Scene(tmp_path)
    scene.planes("N1", "N2")
    scene.arrive("part=1")
    (scene.arrive("part=2") / "link.csv").symlink_to("/etc/hostname")
    scene.arrive("part=3")
    return scene


def test_an_error_of_one_batch_is_raised_to_who_asks_for_nothing_else(scene):
    with pytest.raises(Refused):
        promoted(None, Asked(Path(FLIGHTS), "lake"))


def test_who_takes_errors_gets_all_the_others(scene):
    failed = []

    done = promoted(None, Asked(Path(FLIGHTS), "lake", failed=failed.append))

    assert [(one.batch, one.state) for one in done] == [
        ("part=1", PromotionState.COMMITTED),
        ("part=3", PromotionState.COMMITTED),
    ]
    assert [(one.dataset, one.batch, one.error.exit_code) for one in failed] == [("nyc/flights", "part=2", 6)]


def test_the_index_is_written_also_where_a_batch_fails(scene):
    with pytest.raises(Refused):
        promoted(None, Asked(Path(FLIGHTS), "lake"))

    assert b"part=1" in scene.store.read("references/index.html")


def test_an_index_that_cannot_be_written_changes_nothing(scene):
    index = scene.lake / "references/index.html"
    index.unlink()
    index.mkdir()

    (done,) = promoted("part=1", Asked(Path(FLIGHTS), "lake"))

    assert done.state is PromotionState.COMMITTED


def test_batches_of_the_lake_are_judged_by_key(scene):
    (verdict,) = judged(Wanted(batch="part=3"), Asked(Path(FLIGHTS), "lake"))

    assert (verdict.batch, verdict.exit_code) == ("part=3", 0)


def test_a_batch_that_is_not_there_is_not_ready(scene):
    with pytest.raises(NotReady):
        judged(Wanted(batch="part=9"), Asked(Path(FLIGHTS), "lake"))


def test_the_bytes_of_the_contract_are_read_once(scene, monkeypatch):
    read, opened = [], Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda self: (read.append(self.name), opened(self))[1])

    judged(Wanted(data=(scene.write("rows.csv", GOOD),)), Asked(Path(FLIGHTS)))

    assert read.count("flights.odcs.yaml") <= 2  # once to judge by, once to look for its id among the project's


def test_a_lake_that_cannot_be_told_of_one_dataset_tells_the_others(scene):
    record = next((scene.lake / "03-master-data-zone/_gate").rglob("*.json"))
    record.chmod(0o644)
    record.write_text("{")

    told = {one.dataset: one.problem for one in standings((), "lake")}

    assert told["nyc/flights"] is None
    assert "is not a commit record" in str(told["nyc/planes"])
