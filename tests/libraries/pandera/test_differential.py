"""pandera's verdict on a frame, by the exported source, is ours on the same rows; planted bugs are seen."""

import pytest

from libraries.pandera.differential import compare

BUGS = {  # in the source of a model: what stands there, what a slip would make of it
    "a null passes": ("nullable=False", "nullable=True"),
    "any column passes": ("strict = True", "strict = False"),
    "a bound is let in": ("lambda value: value <= ", "lambda value: value < "),
    "a bound is kept out": ("lambda value: value > ", "lambda value: value >= "),
    "a whole number's bound": (" ge=", " ge=1 + "),
    "a pair is no duplicate": ("often[key] > 1 for", "often[key] > 2 for"),
    "null is a key": ("[None if None in row else row for row in rows]", "list(rows)"),
    "NaN is no number": ("not math.isfinite(value))", "math.isinf(value))"),
    "decimals are doubles": ("Fraction(repr(value)) % Fraction(factor)", "value % float(factor)"),
    "any type passes": ("return kind(values) in {", "return kind(values) or {"),
    "null is outside": ("pc.and_(pc.is_valid(values), ", "pc.and_(nulls(values), "),
    "a pattern is another": ("regex(found, pattern)", "regex(found, pattern + 'x')"),
    "half is enough": ("Decimal(100 * count)", "Decimal(50 * count)"),
    "an empty batch passes": ("return height(data) >= 1", "return height(data) >= 0"),
}


def test_both_say_the_same():
    tally = compare(cases=400, seed=20)

    assert tally.differ == []
    assert min(tally.frames.values()) > 350
    assert tally.passed > 200
    assert tally.rules > 4000


@pytest.mark.parametrize(("right", "wrong"), BUGS.values(), ids=BUGS)
def test_a_planted_bug_is_seen(right, wrong):
    tally = compare(cases=1500, seed=7, spoil=lambda source: source.replace(right, wrong), stop_after=1)

    assert tally.differ
