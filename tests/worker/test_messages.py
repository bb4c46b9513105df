"""Whatever a worker says arrives exactly, and whatever is no answer is none."""

import datetime as dt
import math
from dataclasses import replace
from decimal import Decimal

import pytest

from lakegate.errors import ContractError, CouldNotEvaluate, EngineError, Problem, Refused, Severity
from lakegate.rows import Defect, DefectKind, Kind, Location, Part, Rows, Type
from lakegate.worker.messages import OpenedRows, Raised, Reply, read, written
from reports.verdicts import VERDICTS

VALUES = {
    "exact": Decimal("123456789012345678901234567890.10"),
    "instant": dt.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=dt.UTC),
    "naive": dt.datetime(2026, 1, 2),  # noqa: DTZ001 - what the data holds
    "day": dt.date(2026, 1, 2),
    "clock": dt.time(3, 4, 5),
    "infinite": -math.inf,
    "whole": 2**70,
    "nothing": None,
    "flag": True,
    "listed": [1, Decimal("0.1"), {"a": dt.date(2026, 1, 1)}],
    "half a pair": "\ud800",
    "inner": {"decimal": "not one", "value": 1.5},
}


@pytest.mark.parametrize("name", VERDICTS)
def test_a_verdict_arrives_as_it_was_said(name):
    verdict = VERDICTS[name]

    heard = read(written(Reply(verdict=verdict)))

    assert repr(heard) == repr(Reply(verdict=verdict))  # NaN is not equal to itself
    assert heard.verdict.report_id == verdict.report_id


def test_diagnostics_keep_their_types():
    verdict = next(verdict for verdict in VERDICTS.values() if verdict.results)
    told = replace(verdict, results=(replace(verdict.results[0], diagnostics=VALUES),))

    [result] = read(written(Reply(verdict=told))).verdict.results

    assert result.diagnostics == VALUES
    assert {key: type(value) for key, value in result.diagnostics.items()} == {k: type(v) for k, v in VALUES.items()}


def test_not_a_number_stays_one():
    verdict = next(verdict for verdict in VERDICTS.values() if verdict.results)
    told = replace(verdict, results=(replace(verdict.results[0], diagnostics={"value": math.nan}),))

    [result] = read(written(Reply(verdict=told))).verdict.results

    assert math.isnan(result.diagnostics["value"])


def test_rows_arrive_as_a_later_worker_needs_them():
    inner = Type(Kind.OBJECT, "STRUCT", fields=(("a", Type(Kind.ARRAY, "LIST", item=Type(Kind.DATE, "DATE"))),))
    part = Part("a.csv", "/x/part.parquet", (("udo", inner),), 7, staged=True, text=True)
    defect = Defect(DefectKind.ENCODING, "b.csv", "got é", 2, (Location("b.csv", 1, 2, key=(("id", "1"),)),))
    rows = Rows((part,), unconverted={"udo": 1}, defects=(defect,))

    assert read(written(Reply(rows=OpenedRows.of(rows)))).rows.rows() == rows


@pytest.mark.parametrize(
    "error",
    [
        Refused("a bomb", hint="look"),
        EngineError("raised"),
        ContractError((Problem("f", 1, 2, Severity.ERROR, "r", "m"),), hint="h"),
    ],
)
def test_errors_are_raised_again_as_what_they_were(error):
    again = read(written(Reply(raised=Raised.of(error)))).raised.error()

    assert (type(again), str(again), again.exit_code) == (type(error), str(error), error.exit_code)


def test_an_error_of_no_known_kind_is_could_not_evaluate():
    assert type(Raised("SystemExit", "no").error()) is CouldNotEvaluate


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[]",
        b"\x80\x04",
        b'{"verdict": 1}',
        b'{"verdict": {"contract_id": 1}}',
        b'{"raised": {"kind": "Refused"}}',
        b'{"rows": {"parts": [{"name": 1}]}}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_answer_is_none(line):
    with pytest.raises(ValueError, match=r".*"):
        read(line)
