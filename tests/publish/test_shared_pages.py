"""The index: the newest report of each batch, whatever else lies among the reports."""

from __future__ import annotations

import os
import re

import pytest

from lakegate.lake.local import LocalLake
from lakegate.publish.keys import BOARD, REPORTS
from lakegate.publish.run_pages import render
from lakegate.publish.shared_pages import publish_index
from reports.verdicts import FAILED, PASSED, verdict


class Watched:
    """A lake in which something happens before each of its first replacements."""

    def __init__(self, lake, *happenings):
        self._lake, self._happenings = lake, list(happenings)
        self.replaced = []

    def __getattr__(self, name):
        return getattr(self._lake, name)

    def replace_if(self, key, data, standing):
        if self._happenings:
            self._happenings.pop(0)()
        self.replaced.append(self._lake.replace_if(key, data, standing))
        return self.replaced[-1]


@pytest.fixture
def lake(tmp_path):
    return LocalLake(tmp_path)


def publish(lake, batch, *results, age=0):
    """Put a report there that was written `age` seconds ago."""
    told = verdict(*results, batch=batch)
    folder = f"{REPORTS}nyc/flights/{batch.replace('=', '%3D')}/{told.report_id}-{age}/"
    for name, data in render(told).items():
        lake.put_if_absent(folder + name, data, "test")
        path = lake.uri(folder + name)
        at = os.stat(path).st_mtime - age  # noqa: PTH116 - one line
        os.utime(path, (at, at))
    return folder


def linked(lake):
    return re.findall(r'href="(reports/[^"]+)"', lake.read(BOARD).decode())


def test_it_lists_the_newest_report_of_each_batch(lake):
    publish(lake, "month=1", *FAILED, age=60)
    newest = publish(lake, "month=1", *PASSED)
    other = publish(lake, "month=2", *FAILED, age=600)

    assert publish_index(lake) == BOARD

    expected = {f"{folder.removeprefix('references/')}index.html" for folder in (newest, other)}
    assert {link.replace("%253D", "%3D") for link in linked(lake)} == expected


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"counts": 1}', b"\xff\xfe", b'{"outcome": "no word"}']
)
def test_one_report_that_cannot_be_read_spoils_no_page(lake, content):
    publish(lake, "month=1", *PASSED)
    lake.put_if_absent(f"{REPORTS}nyc/flights/month%3D2/000000000000/report.json", content, "test")

    publish_index(lake)

    assert len(linked(lake)) == 1


def test_a_page_written_meanwhile_by_another_is_written_again(lake):
    publish(lake, "month=1", *PASSED)
    watched = Watched(lake, lambda: lake.replace_if(BOARD, b"<p>another's", None))

    publish_index(watched)

    assert watched.replaced == [False, True]
    assert len(linked(lake)) == 1


def test_a_report_that_appears_meanwhile_is_listed(lake):
    publish(lake, "month=1", *PASSED)
    watched = Watched(lake, lambda: publish(lake, "month=2", *PASSED))

    publish_index(watched)

    assert len(watched.replaced) == 2
    assert len(linked(lake)) == 2


def test_a_page_that_says_it_already_is_left_alone(lake):
    publish(lake, "month=1", *PASSED)
    publish_index(lake)
    watched = Watched(lake)

    publish_index(watched)

    assert watched.replaced == []
