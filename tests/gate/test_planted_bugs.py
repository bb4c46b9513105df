"""Bugs that somebody could have written, planted into the real gate: the simulation finds each, so it can fail."""

import contextlib
import re

import pytest

from gate.simulation import bugs
from gate.simulation.schedule import simulate

FOUND = [  # bug, the invariant that finds it, within how many schedules
    # the six of PROTOCOL
    (bugs.unpinned_copy, "I2", 50),
    (bugs.source_deleted_first, "I6", 50),
    (bugs.unconditional_commit, "I1", 50),
    (bugs.loss_by_412, "I12", 200),
    (bugs.unfenced_collection, "I8", 100),
    (bugs.unpinned_delete, "I6", 500),
    # further ones
    (bugs.p0_left_out, "I10", 50),
    (bugs.cleaning_without_a_look, "I11", 500),
    (bugs.delete_by_version, "I6", 50),
    (bugs.overwriting_copy, "I4", 1000),
    (bugs.clock_read_twice, "I14", 100),
    (bugs.no_sequence, "I3", 500),
    (bugs.believed_copies, "I2", 100),
    (bugs.unpinned_read, "I1[01]", 500),
    (bugs.the_past_comes_back, "I5", 500),
    (bugs.quarantine_without_a_look, "I12", 500),
    (bugs.markers_of_the_record, "I10", 500),
    (bugs.table_read_early, "I3", 1000),
    (bugs.rows_set_apart_unverified, "I2", 500),
    (bugs.rows_set_apart_late, "I2", 50),
    (bugs.any_waiver_of_the_batch, "I3", 500),
    (bugs.anybodys_waiver, "I3", 500),
    (bugs.revoked_beside_a_promotion, "I3", 1000),
]
QUICK = 100  # schedules


def violation(seed):
    """What is said of a schedule that does not hold, else None."""
    try:
        simulate(seed)
    except AssertionError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("bug", "found_by", "within"),
    [pytest.param(*row, marks=pytest.mark.slow if row[2] > QUICK else (), id=row[0].__name__) for row in FOUND],
)
def test_a_planted_bug_is_found(bug, found_by, within):
    found = None
    with bug():
        for seed in range(within):
            found = violation(seed)
            if found:
                break

    assert re.match(rf"{found_by}:", found or "nothing")
    print(f"{bug.__name__}: found by schedule {seed + 1} of at most {within}")  # noqa: T201 - shown by `pytest -rP`


def test_every_bug_is_looked_for():
    planted = {name for name, value in vars(bugs).items() if getattr(value, "__module__", "") == bugs.__name__}

    assert planted - {"Altered"} == {bug.__name__ for bug, _, _ in FOUND}


def test_a_bug_is_planted_only_while_it_is_asked_for():
    with contextlib.ExitStack() as planted:
        for bug, _, _ in FOUND:
            planted.enter_context(bug())

    for seed in range(20):
        simulate(seed)
