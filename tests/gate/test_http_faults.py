"""Something goes wrong with one request of a promotion, with each in turn: whatever it was, the next run ends right.

The gate talks to the store through a proxy (tests/servers/proxy.py). It loses answers after the store has acted,
refuses requests, breaks connections and bodies, or delivers a request twice.
"""

import dataclasses
import datetime as dt
import functools
import itertools
import types

import botocore.endpoint
import pytest

from gate import invariants
from gate.scene import DROP, TARGET, run
from lakegate.errors import CouldNotEvaluate, LakegateError, OutcomeUnknown
from lakegate.gate import ledger
from lakegate.gate.promote import PromotionState
from lakegate.lake.s3 import client as client_module
from lakegate.lake.s3.client import Bucket
from lakegate.lake.s3.lake import S3Lake
from lakegate.lake.s3.settings import MIB, Transfer
from lakegate.lake.s3.store import S3Store
from servers.proxy import Proxy, answer, cut, lose, reset, twice
from servers.s3 import close, moto_s3, new_bucket, real_s3

SERVERS = {"moto": moto_s3, "ceph": real_s3}
BATCH = {"good": {"a.csv": b"id\n1\n", "_SUCCESS": b""}, "bad": {"a.csv": b"id\nbad\n", "_SUCCESS": b""}}
CODE = {"good": 0, "bad": 1}


class Passage:
    """One server behind a proxy: fresh buckets with the batch in them, seen through the proxy and straight."""

    def __init__(self, name, proxy, attempts):
        self.name, self._server, self._proxy = name, SERVERS[name](), proxy
        self._through = dataclasses.replace(self._server, endpoint=proxy.endpoint).bucket("", attempts=attempts).client

    def lakes(self, files, *, versioned=True, **more):
        """(lake through the proxy, lake beside it); `more` are settings of the gate."""
        name = new_bucket(self._server, versioned=versioned)
        for path, data in files.items():
            self._server.client.put_object(Bucket=name, Key=DROP + path, Body=data)
        settings = self._server.settings(name, **more)
        return S3Lake(Bucket(self._through, settings)), S3Lake(Bucket(self._server.client, settings))

    def wrong(self, *faults):
        """Let these go wrong, and nothing else; gives the first."""
        self._proxy.faults = list(faults)
        self._proxy.requests = []
        return faults[0]

    def hits(self, fault, outcome):
        """What, for `n`, lets the n-th request go wrong, looks, and says whether there was an n-th request."""
        return lambda n: one_fault(self, fault(nth=n), outcome)


@pytest.fixture
def passage(request, monkeypatch):
    """`request.param` is (server, tries of a request). Nobody sleeps between tries."""
    name, attempts = request.param
    monkeypatch.setattr(client_module, "pause", lambda _: None)
    monkeypatch.setattr(botocore.endpoint, "time", types.SimpleNamespace(sleep=lambda _: None))
    with Proxy(SERVERS[name]().endpoint) as proxy:
        yield Passage(name, proxy, attempts)
    close()


def one_fault(passage, fault, outcome):
    """Run with the fault, then run clean and look; False where the promotion was over before the fault could strike."""
    files, code = BATCH[outcome], CODE[outcome]
    lake, beside = passage.lakes(files)
    passage.wrong(fault)

    try:
        got = run(lake).exit_code
    except LakegateError as error:
        got = error.exit_code

    assert got in {code, 5}, f"{fault}: the run under the fault answered {got}"
    committed = bool(ledger.slots(beside, TARGET, "b1"))
    assert committed or got != 0, f"I12: {fault}"
    last = run(beside)
    invariants.holds(beside, files)
    invariants.ends_right(beside, last, files)
    assert last.exit_code == code, f"{fault}: the clean run answered {last.exit_code}"
    assert not committed or last.state is PromotionState.ALREADY_COMMITTED, f"I10: {fault}"
    close()
    return fault.struck


FAULTS = {
    "the answer is lost": lose,
    "the answer is cut": cut,
    "delivered twice": twice,
    "the connection breaks": reset,
    "503": functools.partial(answer, 503),
    "500": functools.partial(answer, 500),
    "409": functools.partial(answer, 409),
}
# Lost answers hit every request of a promotion over the real server. Each of the others hits one in so many, and
# begins with another one, so that together they hit all.
ONE_IN = {"ceph": 6, "moto": 7}


@pytest.mark.slow
@pytest.mark.parametrize("outcome", ["good", "bad"])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("passage", [("moto", 1), ("ceph", 1)], ids=["moto", "ceph"], indirect=True)
def test_one_request_goes_wrong(passage, fault, outcome):
    every = (passage.name, fault) == ("ceph", "the answer is lost")
    step = (1 if every else ONE_IN[passage.name]) * (1 if outcome == "good" else 2)
    first = 1 + list(FAULTS).index(fault) % step

    hit = list(itertools.takewhile(passage.hits(FAULTS[fault], outcome), itertools.count(first, step)))

    assert hit[-1] + step > 20, "a promotion takes more requests than that"


@pytest.mark.parametrize("passage", [("moto", 3), ("ceph", 3)], ids=["moto", "ceph"], indirect=True)
@pytest.mark.parametrize(
    ("method", "key", "outcome"),
    [
        ("PUT", "*/_gate/commits/*", "good"),
        ("PUT", "*/rev=*", "good"),
        ("PUT", "references/reports/*", "good"),
        ("DELETE", "02-transient-zone/nyc/*", "good"),
        ("PUT", "log/gate/*", "good"),
        ("PUT", "*/_quarantine/nyc/*", "bad"),
        ("PUT", "*/_quarantine/_gate/*", "bad"),
    ],
)
def test_an_answer_that_was_lost_is_asked_for_again(passage, method, key, outcome):
    """The client's own second try meets what its first one wrote: a 412 that is no loss (PROTOCOL, Rules)."""
    files = BATCH[outcome]
    lake, beside = passage.lakes(files)
    fault = passage.wrong(lose(method, key))

    done = run(lake)

    assert fault.struck
    assert done.exit_code == CODE[outcome]
    invariants.holds(beside, files)
    invariants.ends_right(beside, done, files)


@pytest.mark.parametrize("passage", [("moto", 1), ("ceph", 1)], ids=["moto", "ceph"], indirect=True)
def test_a_commit_whose_answer_is_lost_is_read_back(passage):
    """INPUTS 105: the client gives up at once; the gate looks at the slot and finds its own record."""
    lake, beside = passage.lakes(BATCH["good"])
    fault = passage.wrong(lose("PUT", "*/_gate/commits/*"))

    done = run(lake)

    assert fault.struck
    assert (done.state, done.exit_code) == (PromotionState.COMMITTED, 0)
    invariants.ends_right(beside, done, BATCH["good"])


@pytest.mark.parametrize("passage", [("moto", 1), ("ceph", 1)], ids=["moto", "ceph"], indirect=True)
def test_a_store_that_is_gone_after_the_commit_leaves_it_unknown(passage):
    """INPUTS 106: nothing is deleted; the next run finds that it was committed."""
    lake, beside = passage.lakes(BATCH["good"])
    passage.wrong(lose("PUT", "*/_gate/commits/*"), reset("GET", "*000001.json*", times=100))

    with pytest.raises(OutcomeUnknown):
        run(lake)

    assert {entry.key.removeprefix(DROP) for entry in beside.list(DROP)} == set(BATCH["good"])
    assert run(beside).state is PromotionState.ALREADY_COMMITTED


@pytest.mark.parametrize("passage", [("moto", 1), ("ceph", 1)], ids=["moto", "ceph"], indirect=True)
def test_an_upload_that_a_dead_run_left_is_found_and_given_up(passage):
    """The run can neither complete its upload nor take it back: parts stay that no listing of objects shows."""
    in_parts = Transfer(upload_limit=5 * MIB, upload_part=5 * MIB)
    files = {"a.csv": b"id\n" + b"1\n" * 3 * MIB, "_SUCCESS": b""}
    lake, beside = passage.lakes(files, versioned=False, transfer=in_parts)
    passage.wrong(reset("POST", "*uploadId=*"), reset("DELETE", "*uploadId=*"))

    with pytest.raises(CouldNotEvaluate):
        run(lake)

    store = S3Store(beside._bucket)
    (left,) = store.leftovers(dt.datetime.now(dt.UTC) + dt.timedelta(days=1))
    assert left.what == "unfinished upload"
    assert store.clear(left)
    assert store.leftovers(dt.datetime.now(dt.UTC) + dt.timedelta(days=1)) == ()
    invariants.ends_right(beside, run(beside), files)
