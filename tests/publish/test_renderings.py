"""How shared pages are written where somebody else is quicker, and where nobody can write."""

import pytest

from lake.memory import MemoryLake
from lakegate.errors import LakeError, OutcomeUnknown
from lakegate.publish.renderings import PATIENCE, TRIES, write_all

KEY = "references/index.html"


class Refusing(MemoryLake):
    """A lake in which no page is replaced; `another` is what others do in that moment."""

    another = staticmethod(lambda _: None)

    def replace_if(self, *_):
        self.another(self)
        return False


def made(_):
    return {KEY: b"<p>ours"}


def test_a_page_that_nobody_can_write_is_told_after_a_few_looks():
    waited = []

    with pytest.raises(LakeError, match=r"'references/index\.html' cannot be written") as told:
        write_all(Refusing(), [KEY], made, waited.append)

    assert not isinstance(told.value, OutcomeUnknown)
    assert len(waited) == PATIENCE - 1


def test_where_others_are_quicker_it_is_tried_on():
    lake, waited, written = Refusing(), [], []

    def another(here):
        written.append(len(written))
        MemoryLake.replace_if(here, KEY, b"<p>another's %d" % len(written), here.stat(KEY))

    lake.another = another

    with pytest.raises(OutcomeUnknown, match="is written by others all the time"):
        write_all(lake, [KEY], made, waited.append)

    assert len(written) == len(waited) == TRIES
