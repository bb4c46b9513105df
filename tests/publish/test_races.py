"""Many publishers at once, and publishers that die: nothing is lost, and all ends where a rebuild ends."""

from __future__ import annotations

import os
import signal
import traceback

import pytest

from lake.memory import MemoryLake
from lakegate.lake.local import LocalLake
from lakegate.publish import documents, keys, pieces
from lakegate.publish.pending import ABANDONED
from lakegate.publish.rebuild import rebuild
from lakegate.publish.site import publish
from publish.lakes import RULES, Clock, conflict, described, judged, place_of, site
from servers.s3 import close, new_bucket, real_s3

PUBLISHERS = 16
EACH = {"local": 2, "real_s3": 1}  # batches of a publisher
DATASETS = ("nyc/flights", "nyc/flights", "nyc/planes", "nyc/weather")


@pytest.fixture(params=["local", "real_s3"])
def reached(request, tmp_path):
    """What opens the lake anew: every process has a client of its own."""
    if request.param == "local":
        yield lambda: LocalLake(tmp_path)
        return
    server = real_s3()
    name = new_bucket(server)
    yield lambda: server.lake(name)
    close()


def forked(acts):
    """Let each act run in a process of its own, all at once; return how each ended."""
    children = []
    for act in acts:
        child = os.fork()
        if child == 0:
            ended = 1
            try:
                act()
                ended = 0
            except BaseException:  # noqa: BLE001 - it is told, and the exit code says so
                traceback.print_exc()
            finally:
                os._exit(ended)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def test_sixteen_publishers_at_once_lose_nothing(reached, request, monkeypatch):
    each = EACH[request.node.callspec.params["reached"]]
    monkeypatch.setattr(pieces, "PIECE", 5)
    described(reached(), "nyc/planes")
    described(reached(), "nyc/flights", upstream=["nyc/planes"])
    if each == 1:  # the folder begins without a board, which all sixteen then make
        rebuild(reached())

    def act(number):
        lake = reached()
        dataset = DATASETS[number % len(DATASETS)]
        for n in range(each):
            batch, minute = f"day={number}-{n}", (7 * number + 31 * n) % 60
            judged(lake, dataset, batch, RULES[: number % 2], minute=minute)
            publish(lake, place_of(dataset), [batch])

    ended = forked([lambda number=number: act(number) for number in range(PUBLISHERS)])

    lake = reached()
    assert ended == [0] * PUBLISHERS
    assert sum(entry.now.runs for entry in documents.board(lake).values()) == PUBLISHERS * each
    assert lake.list(keys.PENDING) == ()
    now = site(lake)
    assert rebuild(lake).written == ()
    assert site(lake) == now


class Killed(BaseException):
    """The process is gone."""


class Mortal:
    """A lake under which a process dies before its write number `dies`."""

    def __init__(self, lake, dies, die):
        self._lake, self.left, self._die = lake, dies, die

    def __getattr__(self, name):
        verb = getattr(self._lake, name)
        if name not in {"replace_if", "put_if_absent", "discard", "remove"}:
            return verb

        def counted(*args):
            self.left -= 1
            if self.left == 0:
                self._die()
            return verb(*args)

        return counted


def _raise():
    raise Killed


def fill(lake):
    """Several runs, published, with closed pieces; then a late one and a conflict, which nobody has published yet."""
    described(lake, "nyc/flights")
    for n in range(14):
        judged(lake, "nyc/flights", f"day={n}", RULES[: n % 2], minute=3 * n)
        publish(lake, place_of("nyc/flights"), [f"day={n}"])
    described(lake, "nyc/planes", upstream=["nyc/flights"])
    described(lake, "nyc/flights", sha="d", version="2", upstream=["nyc/airports"])
    judged(lake, "nyc/flights", "day=late", minute=19)  # it closes a piece amid another
    judged(lake, "nyc/flights", "day=late", RULES[:1], minute=41, sha="d", version="2")
    conflict(lake, "nyc/flights", "day=late", minute=50)


def test_killed_before_any_of_its_writes_the_next_publisher_and_a_rebuild_end_right(monkeypatch):
    monkeypatch.setattr(pieces, "PIECE", 3)
    dies, alive = 0, False
    while not alive:
        dies += 1
        clock = Clock()
        lake = MemoryLake(clock=clock)
        fill(lake)
        mortal = Mortal(lake, dies, _raise)
        try:
            publish(mortal, place_of("nyc/flights"), ["day=late"])
            alive = True
        except Killed:
            pass
        clock.now += 2 * ABANDONED
        judged(lake, "nyc/planes", "all", minute=60)

        publish(lake, place_of("nyc/planes"), ["all"])

        now = site(lake)
        rebuilt = rebuild(lake)
        assert rebuilt.written == (), f"killed before write {dies}"
        left = now.keys() - site(lake).keys()
        assert all("/_history/" in key and key.endswith(".json") for key in left), "documents that nothing names"
        assert {key: data for key, data in now.items() if key not in left} == site(lake)
        assert lake.list(keys.PENDING) == ()
    assert dies > 10


@pytest.mark.parametrize("dies", [2, 4, 7, 11])
def test_kill_9_in_the_middle_and_one_rebuild(tmp_path, monkeypatch, dies):
    monkeypatch.setattr(pieces, "PIECE", 3)
    lake = LocalLake(tmp_path)
    fill(lake)
    mortal = Mortal(lake, dies, lambda: os.kill(os.getpid(), signal.SIGKILL))

    ended = forked([lambda: publish(mortal, place_of("nyc/flights"), ["day=late"])])
    rebuild(lake)

    assert ended == [-signal.SIGKILL]
    assert documents.board(lake)["nyc/flights"].now.runs == 17
    assert rebuild(lake).written == ()
