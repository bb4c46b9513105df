"""The history is a function of the set of runs: in whatever order they come, the documents are the same bytes."""

from __future__ import annotations

import dataclasses
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakegate.publish import pieces as histories
from lakegate.publish.history import of_json, to_json
from lakegate.publish.pieces import History, began, closes, merged, order, piece_json, touched, whole
from lakegate.publish.runs_json import of_columns
from lakegate.reports.datasets.runs import Measured, PastRun, RunState
from lakegate.reports.summary import Standing

STATES = {
    Standing.PASSED: RunState.COMMITTED,
    Standing.BLOCKED: RunState.HELD,
    Standing.COULD_NOT_EVALUATE: RunState.UNDECIDED,
}


def run(number, *, batch=None, minute=None, standing=Standing.PASSED, **more):
    minute = number if minute is None else minute
    told = {
        "id": f"{number:012x}",
        "batch": batch or f"b{number}",
        "at": f"2026-11-{1 + minute // 1440:02}T{minute // 60 % 24:02}:{minute % 60:02}:00.000Z",
        "standing": standing,
        "state": STATES[standing],
        "message": "1 check passed",
        "contract_sha256": "c" * 64,
        "contract_version": "1.0.0",
        "report": "",
    }
    return PastRun(**{**told, "slot": 1 if standing is Standing.PASSED else None, **more})


class Stored:
    """Histories as a lake keeps them: through their bytes, and every piece by its digest."""

    def __init__(self):
        self.document = to_json("d", History())
        self.pieces = {}
        self.opened = 0

    def read(self, piece):
        self.opened += 1
        import json

        return of_columns(json.loads(self.pieces[piece.name, piece.digest]), "d")

    def add(self, found):
        now, changed = merged(of_json(self.document, "d"), found, self.read)
        listed = {piece.name: piece.digest for piece in now.pieces}
        for name, runs in changed.items():
            self.pieces[name, listed[name]] = piece_json(runs)
        self.document = to_json("d", now)
        return now

    def told(self):
        """What is kept, without the pieces that others took the place of."""
        now = of_json(self.document, "d")
        return self.document, [self.pieces[piece.name, piece.digest] for piece in now.pieces]


def of_whole(runs):
    now, pieces = whole(runs)
    return to_json("d", now), [piece_json(pieces[piece.name]) for piece in now.pieces]


def arrived(runs, seed):
    """Let runs come in any order, each with what is known of its batch then, some of them again."""
    stored, known, chance = Stored(), {}, random.Random(seed)
    coming = [*runs, *chance.sample(runs, len(runs) // 3)]
    chance.shuffle(coming)
    for one in coming:
        known.setdefault(one.batch, {})[one.id] = one
        stored.add(list(known[one.batch].values()))
    return stored


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 5000), st.integers(0, 20), st.sampled_from(list(STATES)), st.integers(1, 3)),
        max_size=60,
        unique_by=lambda told: told[0],
    ),
    st.integers(),
)
def test_any_order_of_arrival_gives_the_same_bytes(told, seed):
    runs = [
        run(n, batch=f"b{n % 7}" if n % 2 else None, minute=m, standing=s, contract_sha256=f"{c}" * 64)
        for n, m, s, c in told
    ]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(histories, "PIECE", 5)
        patch.setattr(histories, "RECENT", 12)
        assert arrived(runs, seed).told() == of_whole(runs)


def test_a_long_history_in_any_order_is_the_same_as_at_once():
    runs = [run(n, standing=Standing.BLOCKED if n % 9 == 0 else Standing.PASSED) for n in range(260)]

    stored = arrived(runs, 7)

    assert stored.told() == of_whole(runs)
    assert len(of_json(stored.document, "d").pieces) > 1


def test_a_new_run_opens_no_piece_and_a_late_one_opens_one():
    stored = Stored()
    for n in range(600):
        stored.add([run(n, minute=2 * n)])
    assert stored.opened == 0

    stored.add([run(9_999, minute=301)])

    assert stored.opened == 1


def test_a_run_that_is_committed_later_changes_its_piece_in_place():
    runs = [run(n) for n in range(300)]
    passed = dataclasses.replace(runs[40], state=RunState.PASSED, slot=None)
    stored = Stored()
    for one in [*runs[:40], passed, *runs[41:], runs[40]]:
        stored.add([one])

    assert stored.told() == of_whole(runs)


def test_a_piece_ends_with_the_run_that_closes_it_and_none_other():
    now, pieces = whole([run(n) for n in range(500)])

    assert all(closes(runs[-1]) and not any(map(closes, runs[:-1])) for runs in pieces.values())
    assert sum(map(len, pieces.values())) + len(now.open) == now.total == 500
    assert touched(now, [now.runs[-1]]) == ()
    assert touched(now, [pieces[now.pieces[1].name][0]]) == now.pieces[:4]
    assert [piece.until for piece in now.pieces] == sorted(piece.until for piece in now.pieces)


def test_a_batch_is_kept_out_while_the_run_that_came_last_blocks():
    failed = run(1, batch="b", standing=Standing.BLOCKED)
    mended = run(2, batch="b")

    assert [one.run.id for one in whole([failed])[0].kept_out] == [failed.id]
    assert whole([failed, mended])[0].kept_out == ()


def test_it_is_kept_out_since_the_first_run_in_a_row_that_blocked():
    runs = [
        run(n, batch="b", standing=s)
        for n, s in enumerate([Standing.BLOCKED, Standing.PASSED, *[Standing.BLOCKED] * 3])
    ]

    assert [one.since for one in whole(runs)[0].kept_out] == [runs[2].at]


def test_what_was_judged_before_and_committed_after_a_blocked_run_is_in():
    judged = run(1, batch="b", committed="2026-11-01T09:00:00.000Z")
    blocked = run(2, batch="b", standing=Standing.BLOCKED)

    assert whole([judged, blocked])[0].kept_out == ()
    assert whole([dataclasses.replace(judged, committed=""), blocked])[0].kept_out != ()


def test_since_when_it_is_so_is_known_over_many_pieces():
    runs = [run(n, standing=Standing.BLOCKED if n == 3 else Standing.PASSED) for n in range(800)]

    assert began(whole(runs)[0]) == runs[4].at
    assert began(History()) == ""


def test_what_runs_measured_comes_back():
    runs = [
        run(
            n,
            counts={"passed": 2, "failed": n},
            failing=("a",) * min(n, 1),
            measured={"a": Measured(float(n), 0.0, 5.0 + n, "percent"), **({"b": Measured(1.5)} if n else {})},
            rows=None if n == 1 else n,
            seconds=0.5,
        )
        for n in range(3)
    ]
    runs[0] = dataclasses.replace(runs[0], counts={"passed": 2})

    assert of_json(to_json("d", whole(runs)[0]), "d").runs == tuple(sorted(runs, key=order))


def test_a_hundred_runs_of_forty_rules_stay_small():
    measured = {f"property.some_column_{k}.quality.rule": Measured(k / 7, 0.0, 5.0, "percent") for k in range(40)}
    runs = [run(n, counts={"passed": 40}, measured=measured, rows=336_776) for n in range(100)]

    assert len(to_json("d", whole(runs)[0])) < 130_000  # bytes: some 8 KB of them are the runs, the rest numbers


def test_nulls_come_back_also_of_runs_that_counted_none_or_other_columns():
    counted = ({}, {"a": 3, "b": 0}, {"a": 4, "b": 0}, {"b": 0, "c": 7})
    runs = tuple(run(n, rows=10, nulls=nulls) for n, nulls in enumerate(counted))

    document = to_json("d", whole(runs)[0])

    assert of_json(document, "d").runs == runs
    assert b'"b":[null,0,0,0]' in document


def test_the_same_number_in_every_run_stands_there_once():
    runs = [run(n, rows=10, nulls={"a": 0, "b": n}) for n in range(30)]

    assert b'"nulls":{"a":0,"b":[0,1,2,' in piece_json(runs)


def test_a_piece_of_runs_that_counted_no_nulls_is_the_bytes_it_was():
    assert b"nulls" not in piece_json([run(n) for n in range(3)])
