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
    "engines/test_statements.py",
    "fuzz/test_seeds.py",
    "gate/test_kill.py",
    "gate/test_set_apart.py",
    "inputs/",
    "intake/test_frames.py",
    "intake/test_json_verbatim.py",
    "libraries/great_expectations/",  # the library takes seconds to import
    "libraries/pandera/",
    "publish/test_races.py",
    "publish/test_run_folder.py",
    "publish/test_told_of_persons.py",
    "reports/test_sentences.py",
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
LONG = (  # a test of these takes half a minute: they begin early, so that no worker is left with one at the end
    "gate/test_faults.py",
    "gate/test_http_faults.py",
    "gate/test_kill.py",
    "gate/test_manifests_spark.py",
    "gate/test_random_kills.py",
    "libraries/great_expectations/test_differential.py",
    "libraries/great_expectations/test_howto.py",
    "libraries/pandera/test_differential.py",
    "test_pytest_plugin.py",
    "warehouse/test_kill.py",
    "warehouse/test_s3.py",
)
STORIES = "airflow/system/"  # share one Airflow, which takes half a minute to start
TOGETHER = (  # share what takes a while to make: one worker makes it, once
    STORIES,
    "airflow/test_branches.py",
    "airflow/test_lineage.py",
    "airflow/test_plugin.py",
    "checks/test_every_check.py",
    "checks/test_quality_rules.py",
    "commands/test_waivers.py",
    "demo/test_nycflights.py",
    "demo/test_shop.py",
    "demo/test_tables.py",
    "gate/test_manifests_spark.py",
    "libraries/great_expectations/test_howto.py",
    "libraries/great_expectations/test_results.py",
    "published/",
    "reports/board/test_board_browser.py",
    "reports/datasets/test_dataset_page_browser.py",
    "reports/contracts/test_dictionary_browser.py",
    "reports/test_page_browser.py",
    "reports/test_run_page_browser.py",
)
SERVERS = ("moto", "ceph", "real_s3")


def pytest_xdist_make_scheduler(config, log):
    """Send each test to whichever worker is free, in the order below, and those that go together to one.

    (`--dist loadgroup` of xdist 3.8 sees no group under pytest 9.2.)
    """
    if config.getvalue("dist") != "load":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file = nodeid.partition("::")[0].removeprefix("tests/")
            return next((one for one in TOGETHER if file.startswith(one)), nodeid)

    config.option.loadscopereorder = False  # it would begin with the most tests, not with the longest
    return Together(config, log)


def pytest_collection_modifyitems(items):
    """Begin with what takes longest, and leave out of `make quick` what takes seconds, whatever asks an S3 server, and
    most of what starts processes.
    """
    here = Path(__file__).parent
    files = {item: item.path.relative_to(here).as_posix() if item.path.is_relative_to(here) else "" for item in items}
    items.sort(key=lambda item: (not files[item].startswith(STORIES), not files[item].startswith(LONG)))
    for item, file in files.items():
        if file.startswith(SLOW) or any(server in item.name for server in SERVERS):
            item.add_marker(pytest.mark.slow)
