# ruff: noqa: DTZ001, DTZ007 - a pattern without an offset reads naive times
import datetime as dt

import pytest

from lakegate.contract.date_format import UnreadablePatternError, read_bound, to_strptime


@pytest.mark.parametrize(
    ("pattern", "text", "value"),
    [
        ("yyyy-MM-dd", "2026-02-03", dt.datetime(2026, 2, 3)),
        ("dd/MM/uuuu", "03/02/2026", dt.datetime(2026, 2, 3)),
        ("yyyyMMddHHmmss", "20260203040506", dt.datetime(2026, 2, 3, 4, 5, 6)),
        (
            "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
            "2026-02-03T04:05:06.789+00:00",
            dt.datetime(2026, 2, 3, 4, 5, 6, 789000, dt.UTC),
        ),
        ("yyyy-MM-dd HH:mm:ss'Z'", "2026-02-03 04:05:06Z", dt.datetime(2026, 2, 3, 4, 5, 6)),
        ("dd MMM yyyy", "03 Feb 2026", dt.datetime(2026, 2, 3)),
        ("yyyy-DDD", "2026-034", dt.datetime(2026, 2, 3)),
        ("yyyy-MM-dd hh:mm a", "2026-02-03 04:05 PM", dt.datetime(2026, 2, 3, 16, 5)),
        ("HH:mm", "04:05", dt.datetime(1900, 1, 1, 4, 5)),
        ("yyyy-MM-dd '%' HH", "2026-02-03 % 04", dt.datetime(2026, 2, 3, 4)),
        ("yyyy''MM''dd", "2026'02'03", dt.datetime(2026, 2, 3)),
    ],
)
def test_a_java_pattern_reads_what_java_reads(pattern, text, value):
    assert dt.datetime.strptime(text, to_strptime(pattern)) == value


@pytest.mark.parametrize(
    ("pattern", "words"),  # INPUTS 55
    [
        ("YYYY-MM-dd", "write yyyy"),
        ("dd/MM/yy", "century"),
        ("yyyy-MM-D", "day of the year"),
        ("d/M/yyyy", "write dd"),
        ("hh:mm", "12-hour"),
        ("HH:mm a", "12-hour"),
        ("yyyy-mm-dd", "no whole day"),
        ("yyyy-mm-dd HH:mm", "twice"),
        ("MM-dd", "no year"),
        ("yyyy", "no whole day"),
        ("yyyy-MM-dd z", "offset"),
        ("yyyy-MM-dd'T", "not closed"),
        ("ISO8601", "not known"),
        ("--", "no part"),
        ("", "no part"),
        ("HH:mm:ss.SSSSSSSSS", "not known"),
    ],
)
def test_a_pattern_that_reads_in_more_than_one_way_is_refused(pattern, words):
    with pytest.raises(UnreadablePatternError, match=words):
        to_strptime(pattern)


@pytest.mark.parametrize(
    ("text", "kind", "pattern", "value"),
    [
        ("2026-02-03", dt.date, None, dt.date(2026, 2, 3)),
        ("03.02.2026", dt.date, "dd.MM.yyyy", dt.date(2026, 2, 3)),
        ("2026-02-03T00:00:00Z", dt.datetime, None, dt.datetime(2026, 2, 3, tzinfo=dt.UTC)),
        ("04:05", dt.time, None, dt.time(4, 5)),
        ("04h05", dt.time, "HH'h'mm", dt.time(4, 5)),
        ("2026-02-30", dt.date, None, None),
        ("yesterday", dt.date, "dd.MM.yyyy", None),
    ],
)
def test_a_bound_is_read_in_the_datas_format_or_as_iso(text, kind, pattern, value):
    assert read_bound(text, kind, pattern) == value
