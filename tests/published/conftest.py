"""The one lake that these tests look at."""

import os
from pathlib import Path

import pytest

from published.world import World


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    root, before = tmp_path_factory.mktemp("published"), Path.cwd()
    os.chdir(root)
    try:
        yield World(root).filled()
    finally:
        os.chdir(before)
