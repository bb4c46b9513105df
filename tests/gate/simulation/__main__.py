"""Show one schedule: python -m gate.simulation --seed 7."""

import argparse
import sys

from gate.simulation.schedule import play, prepare


def show(seed):
    """Print a schedule step by step; return whether it held."""
    world, plan = prepare(seed)
    print(f"seed {seed}\n{plan}\n")  # noqa: T201 - a command's output
    wrong = None
    try:
        play(world, plan)
    except AssertionError as error:
        wrong = error
    for moment, who, verb, key, result in world.trace:
        print(f"{moment:5} {who:14} {verb:14} {key} -> {str(result)[:120]}")  # noqa: T201 - a command's output
    print(f"\nseed {seed}: {wrong or 'all invariants hold'}")  # noqa: T201 - a command's output
    return wrong is None


def main():
    """Exit 1 where an invariant does not hold."""
    parser = argparse.ArgumentParser(prog="python -m gate.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, required=True, help="the schedule to show")
    sys.exit(0 if show(parser.parse_args().seed) else 1)


if __name__ == "__main__":
    main()
