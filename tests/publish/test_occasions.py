import json

import pytest

from lakegate.errors import CouldNotEvaluate, LakeError
from lakegate.lake import zones
from lakegate.lake.local import LocalLake
from lakegate.publish.occasions import Took, failing, occasion
from lakegate.reports.datasets.runs import PastRun, RunState
from lakegate.reports.occasion import Since
from lakegate.reports.summary import Standing
from reports.verdicts import VERDICTS

FAILED = VERDICTS["failed"]
KEY = zones.report("nyc/flights", "month=2013-01", FAILED.report_id) + "run.json"


def no_history(lake, dataset):
    return ()


TOOK = Took(1.23456, 0.5)


@pytest.fixture
def lake(tmp_path):
    return LocalLake(tmp_path)


def test_an_occasion_is_written_once_and_what_stands_there_counts(lake):
    first = occasion(lake, FAILED, TOOK, "1", no_history)
    second = occasion(lake, FAILED, Took(9, 9), "2", no_history)

    assert first == second
    assert json.loads(lake.read(KEY))["at"] == first.at
    assert (first.seconds, first.judging) == (1.235, 0.5)
    assert first.at.endswith("Z")
    assert len(first.at) == len("2026-11-28T10:42:08.212Z")


def test_the_history_says_what_changed(lake):
    good = PastRun("1", "month=2012-12", "2012", Standing.PASSED, RunState.COMMITTED, "", 10, report="r/")

    made = occasion(lake, FAILED, TOOK, "1", lambda _, dataset: (good,) if dataset == "nyc/flights" else ())

    assert made.since == Since("month=2012-12", "r/", 0, failing(FAILED))
    assert len(failing(FAILED)) == 6


@pytest.mark.parametrize("error", [LakeError("away"), CouldNotEvaluate("odd"), ValueError("no JSON")])
def test_a_history_that_cannot_be_read_disturbs_nothing(lake, error):
    def broken(*_):
        raise error

    assert occasion(lake, FAILED, TOOK, "1", broken).since is None


def test_what_stands_there_and_cannot_be_read_is_not_written_again(lake):
    lake.put_if_absent(KEY, b"{", "0")

    assert occasion(lake, FAILED, TOOK, "1", no_history) is None
    assert lake.read(KEY) == b"{"


def test_of_two_that_write_at_once_the_first_counts_for_both(lake):
    class Late:
        """A lake in which another run writes the occasion just before this one does."""

        def read(self, key):
            return lake.read(key)

        def put_if_absent(self, key, data, write_id):
            self.other = occasion(lake, FAILED, Took(7, 7), "other", no_history)
            return lake.put_if_absent(key, data, write_id)

    late = Late()

    assert occasion(late, FAILED, TOOK, "1", no_history) == late.other
    assert late.other.seconds == 7
