"""What we say of an expectation is what Great Expectations says of the same rows."""

import pytest

from libraries.great_expectations.cases import MAKERS
from libraries.great_expectations.differential import run, told

pytestmark = pytest.mark.filterwarnings("ignore")  # the library's own, and of what it imports


@pytest.mark.parametrize("seed", range(4))
def test_every_translated_expectation_says_what_the_library_says(seed):
    tally = run(1500, seed)

    assert not tally.different, told(tally)
    assert min(tally.equal[type_] for type_ in MAKERS) >= 5, tally.equal  # none is left out
    assert sum(tally.left.values()) < tally.compared / 5
