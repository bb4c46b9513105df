"""The real promotion under 20,000 schedules, each given by its seed (`gate.simulation` says how to see one of them)."""

import subprocess
import sys
from pathlib import Path

import pytest

from gate.simulation.schedule import simulate
from gate.simulation.world import TURNS

QUICK, BLOCK, BLOCKS = 300, 1000, 20
HERE = Path(__file__).parent


def run_schedules(seeds):
    print(f"schedules {seeds.start} to {seeds.stop - 1}")  # noqa: T201 - shown beside a failure
    for seed in seeds:
        simulate(seed)


def test_the_first_schedules_hold():
    run_schedules(range(QUICK))


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, BLOCK * BLOCKS, BLOCK), ids="seeds from {}".format)
def test_every_schedule_holds(first):
    run_schedules(range(first, first + BLOCK))


def test_a_seed_is_one_schedule():
    for seed in (3, 43, 203):
        assert repr(simulate(seed).trace) == repr(simulate(seed).trace)


def test_the_schedules_are_not_idle():
    """Among some dozens, everything that is to be tried happens."""
    seen = set()
    for seed in range(120):
        world = simulate(seed)
        seen |= {verb for _, _, verb, _, _ in world.trace}
        seen |= {str(result) for _, _, _, _, result in world.trace if isinstance(result, str)}
        seen |= {ending.exit_code for ending in world.witness.endings}
        seen |= {ending.record.verdict for ending in world.witness.endings if ending.record}
        assert world.moment < TURNS
    faults = {"killed before", "killed after", "answer lost", "refused", "answer lost and asked again"}

    assert seen >= {"upload", "discard", "remove", *faults, 0, 1, 3, 4, 5, 6, "waived"}


def test_a_schedule_can_be_shown():
    source = HERE.parents[1] / "src"
    shown = subprocess.run(
        [sys.executable, "-m", "gate.simulation", "--seed", "7"],
        env={"PYTHONPATH": f"{source}:{HERE.parent}"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert shown.stdout.startswith("seed 7\n")
    assert "put_if_absent" in shown.stdout
    assert shown.stdout.endswith("all invariants hold\n")
