"""What every test stands on."""

import os
from pathlib import Path

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


@pytest.fixture(scope="module")
def browser():
    """One Chromium for the tests of a module; see `browser.py`.

    Not for the whole session: while playwright runs, no other test of the worker can call `asyncio.run`.
    """
    from browser import chromium

    with chromium() as started:
        yield started


def pytest_terminal_summary(terminalreporter):
    """Say it once, at the end, where tests were left out for want of a server."""
    from servers.s3 import absence  # loads boto3, which most runs do not need before

    missing = absence()
    if missing:
        terminalreporter.write_line(missing, yellow=True)


SLOW = (  # what starts a process for nearly every test, or asks the engine thousands of times
    "airflow/",  # the library takes seconds to import
    "catalogs/test_iceberg.py",
    "checks/test_batch_rules.py",
    "checks/expectations/test_patterns.py",
    "checks/test_every_check.py",
    "cli/test_answer.py",
    "cli/test_iceberg.py",
    "cli/test_judge.py",
    "cli/test_lake.py",
    "cli/test_looking.py",
    "cli/test_promote.py",
    "cli/test_quarantine.py",
    "cli/test_s3.py",
    "cli/test_waivers.py",
    "cli/test_warehouse.py",
    "commands/",
    "demo/test_shop.py",
    "demo/test_sources.py",
    "demo/test_tables.py",
    "engines/test_balance.py",
    "engines/test_fused_is_one_by_one.py",
    "engines/test_split.py",
    "fuzz/test_seeds.py",
    "gate/test_kill.py",
    "gate/test_set_apart.py",
    "inputs/",
    "intake/test_frames.py",
    "intake/test_json_verbatim.py",
    "libraries/great_expectations/",  # the library takes seconds to import
    "libraries/pandera/",
    "publish/test_races.py",
    "published/",
    "test_commands.py",
    "test_context.py",
    "test_judge.py",
    "test_pytest_plugin.py",
    "warehouse/test_build.py",
    "warehouse/test_rebuild.py",
    "test_tables.py",
    "test_table_races.py",
)
STORIES = "tests/airflow/system/"
SERVERS = ("moto", "ceph", "real_s3")


def pytest_xdist_make_scheduler(config, log):
    """Send each test to whichever worker is free, but all stories of Airflow to one, in their order.

    They share one Airflow, which takes half a minute to start. (`--dist loadgroup` of xdist 3.8 sees no group under
    pytest 9.2.)
    """
    if config.getvalue("dist") != "load":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class Stories(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return STORIES if nodeid.startswith(STORIES) else nodeid

    return Stories(config, log)


def pytest_collection_modifyitems(items):
    """Leave out of `make quick` what takes seconds, whatever asks an S3 server, and most of what starts processes."""
    here = Path(__file__).parent
    for item in items:
        named = item.path.relative_to(here).as_posix().startswith(SLOW) if item.path.is_relative_to(here) else False
        if named or any(server in item.name for server in SERVERS):
            item.add_marker(pytest.mark.slow)
