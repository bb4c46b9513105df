"""What every lake promises. A new implementation joins `worlds.WORLDS` and passes this file."""

import contextlib
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lake.worlds import keeps_versions
from lakegate.errors import Refused, SourceChanged
from lakegate.lake.interface import Content
from lakegate.lake.layout import PURPOSES, create_layout

KEY = "02-transient-zone/nyc/flights/b1/a.csv"


def content(tmp_path, lake, data):
    (tmp_path / "spooled").write_bytes(data)
    return Content(tmp_path / "spooled", len(data), hashlib.sha256(data).hexdigest(), lake.stat(KEY))


def refused_or_pinned(lake, pinned, data):
    """A lake that keeps versions still gives the pinned bytes; any other refuses."""
    if keeps_versions(lake):
        assert b"".join(lake.stream(pinned)) == data
    else:
        with pytest.raises(SourceChanged, match="changed"):
            list(lake.stream(pinned))


def test_list_is_recursive_and_ordered_by_key(world):
    lake, upload = world
    for name in ("b/2", "b/1", "a", "b.c"):
        upload(f"zone/{name}", b"x")
    upload("zone-other/a", b"x")

    found = [entry.key for entry in lake.list("zone/")]

    assert found == ["zone/a", "zone/b.c", "zone/b/1", "zone/b/2"]


def test_nothing_is_an_answer(world):
    lake, _ = world
    lake.recover()

    assert lake.list("nowhere/") == ()
    assert (lake.stat("no/where"), lake.read("no/where"), lake.sha256("no/where")) == (None, None, None)


def test_a_shared_page_is_replaced_only_where_nothing_else_came_between(world):
    lake, _ = world
    assert lake.replace_if("references/index.html", b"one", None)
    first = lake.stat("references/index.html")

    assert not lake.replace_if("references/index.html", b"two", None)
    assert lake.replace_if("references/index.html", b"two", first)
    assert not lake.replace_if("references/index.html", b"three", first)

    assert lake.read("references/index.html") == b"two"


def test_a_folder_is_no_object(world):
    lake, upload = world
    upload("zone/folder/file", b"x")

    assert (lake.stat("zone/folder"), lake.read("zone/folder"), lake.sha256("zone/folder")) == (None, None, None)


def test_put_if_absent_writes_once(world):
    lake, _ = world

    assert lake.put_if_absent("log/gate/x.json", b"first", "w1")
    assert not lake.put_if_absent("log/gate/x.json", b"second", "w2")
    assert lake.read("log/gate/x.json") == b"first"


def test_place_writes_once(world, tmp_path):
    lake, upload = world
    upload(KEY, b"data")

    assert lake.place("raw/a.csv", content(tmp_path, lake, b"data"))
    assert not lake.place("raw/a.csv", content(tmp_path, lake, b"other"))
    assert lake.sha256("raw/a.csv") == hashlib.sha256(b"data").hexdigest()
    assert lake.stat("raw/a.csv").size == 4


def test_stream_gives_the_pinned_bytes(world):
    lake, upload = world
    upload(KEY, b"data" * 700_000)

    assert b"".join(lake.stream(lake.stat(KEY))) == b"data" * 700_000


@pytest.mark.parametrize("size", [4, 5], ids=["same size", "other size"])
def test_stream_gives_no_other_version(world, size):
    lake, upload = world
    upload(KEY, b"data")
    pinned = lake.stat(KEY)
    upload(KEY, b"x" * size)

    refused_or_pinned(lake, pinned, b"data")


def test_stream_gives_nothing_in_place_of_what_is_gone(world):
    lake, upload = world
    upload(KEY, b"data")
    pinned = lake.stat(KEY)
    assert lake.remove(pinned, hashlib.sha256(b"data").hexdigest())

    refused_or_pinned(lake, pinned, b"data")


def test_who_brought_an_object_is_asked_of_exactly_this_version(world):
    lake, upload = world
    upload(KEY, b"data")
    pinned = lake.stat(KEY)

    named = lake.brought_by(pinned)

    assert all(isinstance(name, str) and name for name in named)
    lake.remove(pinned, hashlib.sha256(b"data").hexdigest())
    upload(KEY, b"other")
    with contextlib.suppress(SourceChanged):  # a store that keeps versions still has it
        assert lake.brought_by(pinned) == named


def test_remove_deletes_only_the_bytes_it_was_told(world):
    lake, upload = world
    upload(KEY, b"data")
    pinned = lake.stat(KEY)
    upload(KEY, b"new arrival")

    removed = lake.remove(pinned, hashlib.sha256(b"data").hexdigest())

    assert not removed
    assert lake.read(KEY) == b"new arrival"
    assert b"".join(lake.stream(lake.stat(KEY))) == b"new arrival"


def test_remove_keeps_the_same_bytes_uploaded_again(world):
    lake, upload = world
    upload(KEY, b"data")
    pinned = lake.stat(KEY)
    upload(KEY, b"data")
    again = lake.stat(KEY)

    removed = lake.remove(pinned, hashlib.sha256(b"data").hexdigest())

    assert removed == (again.version == pinned.version), "a bucket without versions cannot tell the same bytes apart"
    assert lake.stat(KEY) == (None if removed else again)


def test_remove_of_what_is_gone_is_done(world):
    lake, upload = world
    upload(KEY, b"data")
    pinned, sha256 = lake.stat(KEY), hashlib.sha256(b"data").hexdigest()

    assert lake.remove(pinned, sha256)
    assert lake.remove(pinned, sha256)
    assert lake.stat(KEY) is None


@pytest.mark.parametrize(
    "key",
    ["", "/absolute", "a//b", "a/../b", "a/./b", "a/", "a\\b", "a\nb", "a\0b", "a\x85b", "a" * 1025, "\udcff"],
)
def test_unsafe_keys_are_refused_by_every_verb(world, tmp_path, key):
    lake, _ = world

    for verb in (lake.stat, lake.read, lake.sha256):
        with pytest.raises(Refused):
            verb(key)
    with pytest.raises(Refused):
        lake.put_if_absent(key, b"x", "w")


def test_the_layout_is_made_once_and_overwrites_nothing(world):
    lake, upload = world
    upload("README.md", b"ours")

    created = create_layout(lake, "w")

    assert set(created) == {f"{folder}/_README.md" for folder in PURPOSES}
    assert create_layout(lake, "w") == ()
    assert lake.read("README.md") == b"ours"


def test_many_are_read_in_the_order_that_was_asked_for(world):
    lake, upload = world
    for number in range(12):
        upload(f"zone/{number}", f"{number}".encode())

    found = lake.read_all([f"zone/{number}" for number in (11, 3, 99, 0)])

    assert list(found) == [b"11", b"3", None, b"0"]


def test_holds_says_whether_the_judged_bytes_stand_there(world, tmp_path):
    lake, upload = world
    upload(KEY, b"data")
    judged = content(tmp_path, lake, b"data")
    lake.place("raw/good", judged)
    upload("raw/same-size", b"atad")
    upload("raw/longer", b"data and more")

    assert lake.holds("raw/good", judged) == lake.stat("raw/good")
    assert [lake.holds(f"raw/{name}", judged) for name in ("same-size", "longer", "absent")] == [None] * 3


def test_a_workspace_is_private_and_gone_afterwards(world):
    lake, _ = world

    with lake.workspace() as folder:
        (folder / "spooled").write_bytes(b"x")
        assert folder.stat().st_mode & 0o777 == 0o700

    assert not folder.exists()


def test_discard_leaves_nothing(world):
    lake, upload = world
    for data in (b"one", b"two"):
        upload("raw/x", data)
    upload("raw/x.beside", b"kept")
    entry = lake.stat("raw/x")

    lake.discard(entry)
    lake.discard(entry)

    assert lake.stat("raw/x") is None
    assert lake.read("raw/x.beside") == b"kept"
    assert lake.put_if_absent("raw/x", b"new", "w")


def test_to_seal_again_is_harmless(world):
    lake, upload = world
    upload("raw/x", b"data")

    for _ in range(2):
        lake.seal(["raw/x"])

    assert lake.read("raw/x") == b"data"


def test_of_many_who_create_a_record_one_does(world):
    lake, _ = world
    key = "01-raw-data-zone/_gate/commits/nyc/flights/b1/000001.json"
    meeting = threading.Barrier(16)

    def create(number):
        meeting.wait(timeout=60)
        return lake.put_if_absent(key, b"by %d" % number, f"w{number}"), lake.read(key)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(create, range(16)))

    (winner,) = [number for number, (created, _) in enumerate(answers) if created]
    assert {seen for _, seen in answers} == {b"by %d" % winner}


def test_remove_looks_at_bytes_and_not_at_versions(world):
    lake, upload = world
    upload(KEY, b"data")

    assert not lake.remove(lake.stat(KEY), hashlib.sha256(b"other").hexdigest())
    assert lake.read(KEY) == b"data"


def test_empty_objects_are_objects(world, tmp_path):
    lake, upload = world
    upload(KEY, b"")
    empty = content(tmp_path, lake, b"")

    assert lake.place("raw/empty", empty)
    assert lake.holds("raw/empty", empty)
    assert (b"".join(lake.stream(lake.stat(KEY))), lake.read("raw/empty")) == (b"", b"")
