"""The real promotion over a lake in memory, many schedules of it, each given by its seed.

`world` is the lake under a scheduler: every verb of it is a moment at which somebody else may go on, be killed, or get
no answer. `schedule` draws who takes part and what goes wrong, runs it and asks the invariants. `bugs` plants what the
schedules must find. One schedule is shown, step by step, by

    PYTHONPATH=src:tests python -m gate.simulation --seed 7
"""
