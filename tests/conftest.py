"""What every test stands on."""

import os

import pytest
from hypothesis import settings

# The same examples every time, so that a red run is the change's own; HYPOTHESIS_PROFILE=explore looks for new ones.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(autouse=True)
def no_proofs_of_earlier_runs(tmp_path_factory, monkeypatch):
    """Keep the cache of proofs inside the run: a test proves what it proves with this code."""
    monkeypatch.setenv("LAKEGATE_CACHE", str(tmp_path_factory.getbasetemp() / "proofs"))


def pytest_terminal_summary(terminalreporter):
    """Say it once, at the end, where tests were left out for want of a server."""
    from servers.s3 import absence  # loads boto3, which most runs do not need before

    missing = absence()
    if missing:
        terminalreporter.write_line(missing, yellow=True)


def pytest_collection_modifyitems(items):
    """Whatever talks to an S3 server takes milliseconds a request: it is left out of `make quick`."""
    for item in items:
        if item.path.name == "test_s3.py" or any(server in item.name for server in ("moto", "ceph", "real_s3")):
            item.add_marker(pytest.mark.slow)
