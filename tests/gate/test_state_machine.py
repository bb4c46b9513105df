"""The real promotion, and hypothesis as the one who decides what happens next; what it finds it also makes short."""

import random

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gate.scene import make_route
from gate.simulation import bugs
from gate.simulation.cast import LENIENT, STRICT, collector, promoter
from gate.simulation.schedule import settle
from gate.simulation.world import KILL_AFTER, KILL_BEFORE, LOSE, REFUSE, RETRY, World
from lakegate.lake import zones

BATCHES = st.sampled_from(["b1", "b2"])
CONTENTS = st.sampled_from([b"id=1\n", b"id=2\n", b"one\n", b"two\n", b"bad\n", b"worse\n", b"until 1\n"])
PLACES = st.one_of(st.integers(1, 45), st.sampled_from(["put_if_absent commit", "remove"]))


class Promotions(RuleBasedStateMachine):
    """Participants wait between two operations until a rule lets them go on."""

    @initialize(
        versioned=st.booleans(),
        sequenced=st.booleans(),
        on_change=st.sampled_from(["reject", "new_revision"]),
        corrupt=st.frozensets(st.integers(1, 4), max_size=1),
        a=CONTENTS,
        b=CONTENTS,
    )
    def a_batch_has_arrived(self, versioned, sequenced, on_change, corrupt, a, b):
        turns = random.Random(0)
        self.world = World(turns, versioned=versioned, sequenced=sequenced, corrupt=corrupt)
        self.routes = {sha: make_route(on_change, sha, sequenced=sequenced) for sha in (STRICT, LENIENT)}
        self.contract = STRICT
        self.joined = 0
        self.upload_whole("b1", a, b)

    @rule(batch=BATCHES, a=CONTENTS, b=CONTENTS)
    def upload_whole(self, batch, a, b):
        for path, data in (("a.csv", a), ("b.csv", b), (zones.SUCCESS, b"")):
            self.world.upload("uploader", batch, path, data)

    @rule(batch=BATCHES, path=st.sampled_from(["a.csv", "late.csv"]), data=CONTENTS)
    def overwrite_or_add(self, batch, path, data):
        self.world.upload("uploader", batch, path, data)

    @rule()
    def change_the_contract(self):
        self.contract = LENIENT if self.contract == STRICT else STRICT

    def join(self, body, faults=()):
        self.joined += 1
        return self.world.joins(f"participant {self.joined}", body, faults)

    def promoter(self, batch, faults=()):
        return self.join(promoter(self.world, self.routes[self.contract], batch, 1), faults)

    def go_on(self, actor, steps):
        for _ in range(steps):
            if actor.greenlet in self.world.actors:
                self.world.moment += 1
                self.world.step(actor)

    @rule(batch=BATCHES)
    def promote(self, batch):
        self.go_on(self.promoter(batch), 1000)

    @rule(batch=BATCHES, at=PLACES, fault=st.sampled_from([KILL_BEFORE, KILL_AFTER, LOSE, REFUSE, RETRY]))
    def promote_with_a_fault(self, batch, at, fault):
        self.go_on(self.promoter(batch, {at: fault}), 1000)

    @rule(batch=BATCHES, steps=st.integers(1, 45))
    def promote_halfway(self, batch, steps):
        self.go_on(self.promoter(batch), steps)

    @rule(grace=st.sampled_from([0, 60]))
    def collect(self, grace):
        self.go_on(self.join(collector(self.world, grace, 1)), 1000)

    @precondition(lambda self: self.world.actors)
    @rule(which=st.integers(0, 5), steps=st.integers(1, 45))
    def let_another_go_on(self, which, steps):
        waiting = list(self.world.actors.values())
        self.go_on(waiting[which % len(waiting)], steps)

    @invariant()
    def everything_holds(self):
        self.world.check()

    def teardown(self):
        if hasattr(self, "world"):
            self.world.run()
            self.world.faults_stop()
            for batch in ("b1", "b2"):
                settle(self.world, self.routes[STRICT], batch, again=True)
            self.world.check()


def explore(examples, **options):
    how = settings(
        max_examples=examples,
        stateful_step_count=25,
        suppress_health_check=list(HealthCheck),
        **options,
    )
    run_state_machine_as_test(Promotions, settings=how)


def test_a_few_examples_hold():
    explore(20)


@pytest.mark.slow
def test_many_examples_hold():
    explore(500)


FOUND = (
    bugs.source_deleted_first,
    bugs.unconditional_commit,
    bugs.unpinned_copy,
    bugs.p0_left_out,
    bugs.delete_by_version,
    bugs.believed_copies,
    bugs.clock_read_twice,
)


@pytest.mark.slow
@pytest.mark.parametrize("bug", FOUND, ids=lambda bug: bug.__name__)
def test_a_planted_bug_is_found(bug):
    with bug(), pytest.raises(AssertionError, match=r"^I\d+:"):
        explore(500, phases=[Phase.generate], report_multiple_bugs=False)
