import pytest

from lakegate.reports.site.times import later, minute


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2026-11-28T10:42:08.212Z", "2026-11-28 10:42 UTC"),
        ("2026-11-28T10:42:08", "2026-11-28 10:42 UTC"),
        ("2026-11-28T10:42:08+02:00", "2026-11-28 08:42 UTC"),
        ("yesterday", "yesterday"),
        ("", ""),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_a_moment_is_said_to_the_minute_in_utc(at, said):
    assert minute(at) == said


@pytest.mark.parametrize(
    ("at", "seconds", "then"),
    [
        ("2026-11-28T10:42:08.212Z", 86_400, "2026-11-29T10:42:08Z"),
        ("2026-11-28T10:42:08Z", 0, "2026-11-28T10:42:08Z"),
        ("", 60, ""),
        ("yesterday", 60, ""),
        ("2026-11-28T10:42:08Z", 10**15, ""),
    ],
)
def test_a_moment_later(at, seconds, then):
    assert later(at, seconds) == then
