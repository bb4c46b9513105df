"""The one lake that these tests look at."""

import contextlib

import pytest

from published.world import World


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    root = tmp_path_factory.mktemp("published")
    with contextlib.chdir(root):  # no longer than it takes: other tests of this session stand elsewhere
        return World(root).filled()
