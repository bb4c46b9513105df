import pytest

from lakegate.errors import LakeError, Refused
from lakegate.lake.probe import prove_conditional_put
from lakegate.lake.zones import probe


class Careless:
    """A store that does not know If-None-Match."""

    def __init__(self, lake, upload, *, tells):
        self._lake, self._upload, self._tells = lake, upload, tells

    def __getattr__(self, name):
        return getattr(self._lake, name)

    def put_if_absent(self, key, data, write_id):
        told = self._lake.stat(key) is None or not self._tells
        self._upload(key, data)
        return told


def test_a_store_that_keeps_the_condition_is_left_as_it_was(world):
    lake, _ = world

    prove_conditional_put(lake, "p1")

    assert lake.list("log/") == ()


@pytest.mark.parametrize("tells", [False, True], ids=["says that it wrote", "says that it did not"])
def test_a_store_that_overwrites_is_refused(world, tells):
    lake, upload = world

    with pytest.raises(Refused, match="was written over") as told:
        prove_conditional_put(Careless(lake, upload, tells=tells), "p1")

    assert "lake doctor" in told.value.hint
    assert lake.list("log/") == ()


def test_who_may_not_delete_the_probe_may_promote(world):
    lake, upload = world

    class Keeping(Careless):
        def put_if_absent(self, *args):
            return lake.put_if_absent(*args)

        def discard(self, entry):
            raise LakeError("access denied")

    prove_conditional_put(Keeping(lake, upload, tells=True), "p1")

    assert lake.read(probe("p1")) == b"first"
