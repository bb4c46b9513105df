"""What every test stands on."""

import pytest


@pytest.fixture(autouse=True)
def no_proofs_of_earlier_runs(tmp_path_factory, monkeypatch):
    """Keep the cache of proofs inside the run: a test proves what it proves with this code."""
    monkeypatch.setenv("LAKEGATE_CACHE", str(tmp_path_factory.getbasetemp() / "proofs"))
