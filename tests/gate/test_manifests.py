"""The lists for Athena, Trino and Spark: written after the commit, current after any order of promoters and kills."""

import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from gate.scene import DROP, FILES, TARGET, make_route, run, upload_batch
from lakegate.errors import LakeError
from lakegate.gate import ledger, manifests
from lakegate.gate.ledger import SlotState
from lakegate.gate.promote import PromotionState
from lakegate.gate.protocol import Step

KEY = "01-raw-data-zone/_gate/_symlink_format_manifest/nyc/flights/batch=b1/manifest"
OTHER = {"a.csv": b"id\n9\n", "_SUCCESS": b""}


def listed(lake):
    """The keys of the committed files as readers of the records see them, as the manifest writes them."""
    uris = [lake.uri(key) for key in ledger.paths(lake, TARGET)]
    return "".join(f"file://{uri}\n" if uri.startswith("/") else f"{uri}\n" for uri in uris).encode()


class Wrapped:
    """A lake of which some verbs are replaced."""

    def __init__(self, lake, **verbs):
        self._lake, self._verbs = lake, verbs

    def __getattr__(self, name):
        return self._verbs.get(name) or getattr(self._lake, name)


def test_a_committed_batch_is_listed_beside_no_data(world):
    lake, upload = world
    upload_batch(upload)

    run(lake)

    assert lake.read(KEY) == listed(lake)
    assert lake.read(KEY).count(b"\n") == 2
    assert not [entry for entry in lake.list(TARGET.prefix) if "manifest" in entry.key]


def test_a_batch_key_is_one_folder_and_its_files_are_not_encoded_again(world):
    lake, upload = world
    upload_batch(upload, prefix="02-transient-zone/nyc/flights/dt=2026-01-01/hour=05/")

    run(lake, batch="dt=2026-01-01/hour=05", route=make_route(key="dt={date}/hour={hour}"))

    text = lake.read(KEY.replace("=b1", "=dt%3D2026-01-01%2Fhour%3D05")).decode()
    assert all("/batch=dt%3D2026-01-01%2Fhour%3D05/rev=" in line for line in text.splitlines())


def test_a_new_revision_is_listed_instead(world):
    lake, upload = world
    upload_batch(upload)
    run(lake)
    upload_batch(upload, OTHER)

    run(lake, route=make_route(on_change="new_revision"))

    assert lake.read(KEY) == listed(lake)
    assert b"-000002/" in lake.read(KEY)
    assert lake.read(KEY).count(b"\n") == 1


def test_what_failed_is_not_listed(world):
    lake, upload = world
    upload_batch(upload, {**FILES, "a.csv": b"bad"})

    assert run(lake).state is PromotionState.QUARANTINED

    assert lake.read(KEY) is None


def test_a_burned_slot_takes_nothing_back(world):
    lake, upload = world
    upload_batch(upload)
    record = run(lake).record
    burned = dataclasses.replace(record, slot=2, state=SlotState.ABANDONED)
    lake.put_if_absent(TARGET.commit("b1", 2), burned.to_json(), "gc")

    manifests.write_manifest(lake, TARGET, "b1")

    assert lake.read(KEY) == listed(lake) != b""


def test_a_current_manifest_is_not_written_again(world):
    lake, upload = world
    upload_batch(upload)
    run(lake)
    before = lake.stat(KEY)
    upload_batch(upload)

    assert run(lake).state is PromotionState.ALREADY_COMMITTED

    assert lake.stat(KEY) == before


@pytest.mark.parametrize("step", [Step.SEAL, Step.CLEAN])
def test_a_run_killed_after_the_commit_is_ended_by_the_next(world, step):
    """P9: the commit stands, the manifest or the cleaning is missing; P0 leads the next run there."""
    lake, upload = world
    upload_batch(upload)

    class Killed(BaseException):
        pass

    def kill(now):
        if now is step:
            raise Killed

    with pytest.raises(Killed):
        run(lake, at=kill)
    assert len(lake.list(DROP)) == len(FILES)

    assert run(lake).state is PromotionState.ALREADY_COMMITTED
    assert lake.read(KEY) == listed(lake) != b""


def fail(*_):
    raise LakeError("unreachable")


@pytest.mark.parametrize("verb", ["replace_if", "stat_of_manifest"])
def test_a_manifest_that_cannot_be_written_is_a_note(world, verb):
    lake, upload = world
    upload_batch(upload)

    def stat(key):
        return fail() if key == KEY else lake.stat(key)

    done = run(Wrapped(lake, **({"stat": stat} if verb == "stat_of_manifest" else {verb: fail})))

    assert (done.state, done.exit_code) == (PromotionState.COMMITTED, 0)
    assert "unreachable" in done.notes[0]
    assert "Athena" in done.notes[0]
    assert lake.list(DROP) == (), "the source is cleaned in any case"


def test_a_manifest_of_older_records_does_not_replace_a_newer_one(world):
    """The slower of two promoters has read the records, and the other commits and writes before it does."""
    lake, upload = world
    upload_batch(upload)
    run(lake, at=lambda step: None)
    lake.discard(lake.stat(KEY))
    raced = []

    def replace_if(key, data, standing):
        if not raced:
            raced.append(data)
            upload_batch(upload, OTHER)
            run(lake, route=make_route(on_change="new_revision"))
        return lake.replace_if(key, data, standing)

    manifests.write_manifest(Wrapped(lake, replace_if=replace_if), TARGET, "b1")

    assert lake.read(KEY) == listed(lake) != raced[0]


def test_a_manifest_that_others_keep_rewriting_is_given_up(world):
    lake, upload = world
    upload_batch(upload)
    run(lake)
    lake.discard(lake.stat(KEY))

    with pytest.raises(LakeError, match="still being rewritten"):
        manifests.write_manifest(Wrapped(lake, replace_if=lambda *_: False), TARGET, "b1")


def test_promoters_at_once_leave_a_current_manifest(world):
    lake, upload = world
    upload_batch(upload)
    meeting = threading.Barrier(4)
    met = threading.local()

    def at(now):
        if now is Step.SEAL and not getattr(met, "already", False):
            met.already = True
            meeting.wait(timeout=60)

    with ThreadPoolExecutor(4) as pool:
        done = [future.result() for future in [pool.submit(run, lake, at=at) for _ in range(4)]]

    assert [promotion.notes for promotion in done] == [()] * 4
    assert lake.read(KEY) == listed(lake)
