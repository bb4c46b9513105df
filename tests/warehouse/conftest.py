"""Lakes of the small chain, made once and copied for each test."""

import shutil

import pytest

from warehouse import scene


@pytest.fixture(scope="session")
def arrived_once(tmp_path_factory):
    """A lake in which everything has arrived and is committed in raw and master."""
    folder = tmp_path_factory.mktemp("arrived")
    with scene.inside(scene.project(folder / "project")):
        (folder / "lake").mkdir()
        scene.arrived(folder / "lake")
    return folder


@pytest.fixture(scope="session")
def built_once(arrived_once, tmp_path_factory):
    """The same lake with every layer built."""
    folder = tmp_path_factory.mktemp("built") / "once"
    shutil.copytree(arrived_once, folder)
    with scene.inside(folder / "project"):
        assert set(scene.told(scene.build(folder / "lake")).values()) == {"committed"}
    return folder


@pytest.fixture
def lake(arrived_once, tmp_path):
    """A lake of one's own in which everything has arrived; the current directory is the project of its tables."""
    shutil.copytree(arrived_once, tmp_path / "own")
    with scene.inside(tmp_path / "own" / "project"):
        yield tmp_path / "own" / "lake"


@pytest.fixture
def built_lake(built_once, tmp_path):
    """A lake of one's own with every layer built."""
    shutil.copytree(built_once, tmp_path / "built")
    with scene.inside(tmp_path / "built" / "project"):
        yield tmp_path / "built" / "lake"
