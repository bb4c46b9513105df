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


SLOW = (
    *("test_kill.py", "test_s3.py", "test_fused_is_one_by_one.py"),
    *("test_judge.py", "test_looking.py", "test_batch_rules.py", "test_context.py", "test_commands.py"),
)
PROCESSES = "inputs"  # a folder whose every test starts a worker, which takes half a second
SERVERS = ("moto", "ceph", "real_s3")


def pytest_collection_modifyitems(items):
    """Leave out of `make quick` what takes seconds, whatever asks an S3 server, and most of what starts processes."""
    for item in items:
        named = item.path.name in SLOW or item.path.parent.name == PROCESSES
        if named or any(server in item.name for server in SERVERS):
            item.add_marker(pytest.mark.slow)
