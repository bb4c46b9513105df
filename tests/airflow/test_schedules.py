"""Service levels as schedules."""

import datetime as dt

import pytest

from lakegate.airflow.schedules import HOURLY, pace
from lakegate.errors import UsageError


def sla(property_, value=None, unit=None, **more):
    return {"property": property_, "value": value, "unit": unit, **more}


@pytest.mark.parametrize(
    ("levels", "schedule", "period"),
    [
        ([], dt.timedelta(hours=1), dt.timedelta(hours=1)),
        ([sla("frequency", 15, "min")], dt.timedelta(minutes=15), dt.timedelta(minutes=15)),
        ([sla("frequency", 1, "d")], dt.timedelta(days=1), dt.timedelta(days=1)),
        ([sla("frequency", 1, "month")], dt.timedelta(days=1), dt.timedelta(days=1)),  # looked for daily
        ([sla("frequency", 1, "s")], dt.timedelta(minutes=1), dt.timedelta(minutes=1)),
        ([sla("frequency", "often", "d")], dt.timedelta(hours=1), dt.timedelta(hours=1)),
        ([sla("frequency", 1, "d", scheduler="cron", schedule="0 6 * * 1-5")], "0 6 * * 1-5", dt.timedelta(days=1)),
        ([sla("frequency", 2, "h"), sla("x", 1, schedule="*/5 * * * *")], "*/5 * * * *", dt.timedelta(minutes=5)),
        (
            [sla("frequency", 2, "h", scheduler="control-m", schedule="JOB7")],
            dt.timedelta(hours=2),
            dt.timedelta(hours=2),
        ),
    ],
)
def test_when_batches_are_looked_for(levels, schedule, period):
    found = pace({"slaProperties": levels})

    assert (found.schedule, found.period) == (schedule, period)


def test_a_contract_that_says_nothing_is_told_from_one_that_says_hourly():
    assert not pace({}).said
    assert not pace({"slaProperties": [sla("latency", 4, "h"), sla("frequency", "often", "d")]}).said
    assert pace({"slaProperties": [sla("frequency", 1, "h")]}).said


def test_a_latency_is_how_long_a_run_may_take():
    assert pace({"slaProperties": [sla("latency", 4, "h")]}).latency == 4 * 3600
    assert HOURLY.latency is None


@pytest.mark.parametrize("schedule", ["61 * * * *", "every day", "* * *", "0 0 31 2 *"])
def test_what_is_no_cron_expression_is_told(schedule):
    with pytest.raises(UsageError, match="is no cron expression"):
        pace({"slaProperties": [sla("frequency", 1, "d", schedule=schedule)]})
