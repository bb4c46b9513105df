"""What is kept beside the commit records: the records rule, the document only saves work."""

import threading

import pytest

from gate.scene import TARGET
from lakegate.gate import state
from lakegate.gate.ledger import burned
from lakegate.gate.state import BatchState, KeyIndex
from lakegate.lake.local import LocalLake

INDEX = KeyIndex(("id",), "k", 10, "ab", 3, 1, "z")


@pytest.fixture
def lake(tmp_path):
    return LocalLake(tmp_path)


def test_what_is_written_is_read(lake):
    told = BatchState("b1", 1, "d", 3, {"rowCount": 3.0, "mean(x)": None}, {"primaryKey": INDEX})

    state.update(lake, TARGET, [told])

    assert state.read(lake, TARGET) == {"b1": told}


def test_the_same_slot_is_added_to_and_an_older_one_is_not_heard(lake):
    state.update(lake, TARGET, [BatchState("b1", 2, "d", 3, {"a": 1.0})])

    state.update(lake, TARGET, [BatchState("b1", 2, "d", 3, {"b": 2.0}, {"k": INDEX}), BatchState("b2", 1, "e", 1)])
    state.update(lake, TARGET, [BatchState("b1", 1, "old", 9)])

    known = state.read(lake, TARGET)
    assert known["b1"] == BatchState("b1", 2, "d", 3, {"a": 1.0, "b": 2.0}, {"k": INDEX})
    assert known["b2"].rows == 1


@pytest.mark.parametrize(
    "text", [b"", b"no json", b"[]", b'{"schema_version": 9}', b'{"schema_version": 1, "batches": {"b": 1}}']
)
def test_a_document_that_cannot_be_read_says_nothing(lake, text):
    lake.put_if_absent(TARGET.state, text, "x")

    assert state.read(lake, TARGET) == {}


def test_a_batch_that_is_not_committed_does_not_stand(lake):
    lake.put_if_absent(TARGET.commit("b1", 2), burned(TARGET.dataset, "b1", 2, "w").to_json(), "w")
    state.update(lake, TARGET, [BatchState("b1", 1, "d", 3), BatchState("b2", 1, "e", 1)])

    assert state.standing(lake, TARGET) == ()


def test_many_at_once_lose_nothing(lake):
    told = [BatchState(f"b{n}", 1, "d", n) for n in range(12)]
    threads = [threading.Thread(target=state.update, args=(lake, TARGET, [one])) for one in told]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert state.read(lake, TARGET) == {one.batch: one for one in told}


class Counting:
    """A lake that counts what is asked of it."""

    def __init__(self, lake):
        self.lake, self.asked = lake, []

    def __getattr__(self, name):
        def counted(*args):
            self.asked.append(name)
            return getattr(self.lake, name)(*args)

        return counted


@pytest.mark.parametrize("batches", [1, 30])
def test_how_a_table_stands_costs_one_listing_and_one_document(lake, batches):
    for n in range(batches):
        lake.put_if_absent(TARGET.commit(f"b{n}", 1), b"a record that nobody reads", "w")
    state.update(lake, TARGET, [BatchState(f"b{n}", 1, "d", n) for n in range(batches)])
    counting = Counting(lake)

    assert len(state.standing(counting, TARGET)) == batches
    assert sorted(counting.asked) == ["list", "read"]


def test_a_document_with_one_digit_changed_says_nothing(lake):
    state.update(lake, TARGET, [BatchState("b1", 1, "d", 3, {}, {"k": INDEX})])
    document = lake.read(TARGET.state)
    lake.replace_if(TARGET.state, document.replace(b'"least": 1', b'"least": 2'), lake.stat(TARGET.state))

    assert state.read(lake, TARGET) == {}
