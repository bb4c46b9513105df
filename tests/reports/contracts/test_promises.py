"""Service levels in words, and until when the next batch has to be in: never called late before it is."""

import datetime as dt

import pytest

from checks.asked import contract
from lakegate.reports.contracts.cron import longest_gap
from reports.contracts.documents import told

HOUR, DAY = 3600, 86400
PROP = {"name": "at", "logicalType": "timestamp"}


def sla(*entries):
    return told(
        contract(PROP, sla=[dict(zip(("property", "value", "unit"), one[:3], strict=True)) | one[3] for one in entries])
    )


@pytest.mark.parametrize(
    ("entries", "seconds"),
    [
        ([], None),
        ([("latency", 2, "h", {})], None),  # of nothing that comes regularly
        ([("frequency", 1, "d", {}), ("latency", 2, "h", {})], DAY + 2 * HOUR + HOUR),  # and clocks go back
        ([("frequency", 1, "d", {})], 2 * DAY + HOUR),  # a batch each day: at its begin, then at its end
        ([("frequency", 1, "month", {}), ("latency", 1, "d", {})], 32 * DAY + HOUR),  # a month may have 31 days
        ([("frequency", 15, "min", {}), ("latency", 5, "min", {})], 20 * 60),
        ([("frequency", 0, "d", {})], None),
        ([("frequency", "daily", "x", {})], None),
        ([("freshness", 2, "d", {"element": "t.at"})], 2 * DAY),
        ([("freshness", 2, "h", {"element": "t.at"}), ("frequency", 1, "d", {})], 2 * DAY + HOUR),
        ([("availability", 99, "%", {"schedule": "0 6 * * 1-5"}), ("latency", 1, "h", {})], 3 * DAY + 2 * HOUR),
        ([("frequency", 1, "d", {"schedule": "rate(1 day)", "scheduler": "aws"})], 2 * DAY + HOUR),
        ([("frequency", 1, "d", {"schedule": "0 0 L * *"})], None),  # it cannot be read: nothing is promised
    ],
)
def test_until_when_the_next_batch_has_to_be_in(entries, seconds):
    assert sla(*entries).fresh_for == seconds


def test_levels_are_told_in_words():
    described = sla(
        ("freshness", 2, "h", {"element": "t.at", "description": "by the collector's clock"}),
        ("frequency", 1, "d", {"schedule": "0 6 * * *", "scheduler": "cron"}),
        ("latency", 30, "min", {}),
        ("availability", 99.5, "percent", {}),
    )

    assert described.levels == (
        ("freshness", "the newest at is at most 2 hours old: by the collector's clock"),
        ("frequency", "a batch comes every day, by the schedule 0 6 * * * (cron)"),
        ("latency", "data is there within 30 minutes"),
        ("availability", "availability is 99.5 percent"),
    )


def test_another_objects_levels_are_not_its_own():
    document = contract(PROP, sla=[{"property": "frequency", "value": 1, "unit": "h", "element": "other.at"}])
    document["schema"].append({"name": "other", "properties": [PROP]})

    assert told(document).fresh_for is None
    assert told(document).levels == ()


@pytest.mark.parametrize(
    ("expression", "gap"),
    [
        ("0 6 * * *", dt.timedelta(days=1)),
        ("@hourly", dt.timedelta(hours=1)),
        ("*/5 * * * *", dt.timedelta(minutes=5)),
        ("0 6 * * 1-5", dt.timedelta(days=3)),
        ("0 6 * * mon,wed", dt.timedelta(days=5)),
        ("0 8-18/2 * * MON-FRI", dt.timedelta(days=2, hours=14)),
        ("0 0 1 * *", dt.timedelta(days=31)),
        ("0 0 1 */3 *", dt.timedelta(days=92)),
        ("0 0 29 2 *", dt.timedelta(days=2921)),  # 2100 is no leap year
        ("0 0 * * 7", dt.timedelta(days=7)),
        ("0 0 13 * 5", dt.timedelta(days=7)),  # one of the two is enough
        ("*/5 * * 1 *", dt.timedelta(days=335, minutes=5)),
    ],
)
def test_the_longest_gap_of_a_schedule(expression, gap):
    assert longest_gap(expression) == gap


@pytest.mark.parametrize(
    "expression",
    [
        *("", "x", "0 6 * *", "0 6 * * * *", "60 * * * *", "0 24 * * *", "0 0 L * *", "0 0 * * 5#2", "0 0 31 2 *"),
        *(
            "*/0 * * * *",
            "5-1 * * * *",
            "0 0 1 foo *",
            "@reboot",
            "\N{SUPERSCRIPT TWO} * * * *",
            "9" * 9000 + " * * * *",
        ),
    ],
)
def test_what_cannot_be_read_promises_nothing(expression):
    assert longest_gap(expression) is None
