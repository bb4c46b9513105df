"""Why a check came to what it did, as one sentence that the owner of the data understands.

`7,602 of 336,776 rows (2.26 %) name a dest that nyc/airports does not have: BQN, PSE, SJU, STT`. Values stand in it
only where the verdict holds them: the policy of samples was asked before (`verdict.Policy`).
"""

from __future__ import annotations

from collections.abc import Callable

from lakegate.reports.summary import brief, counted, extent, extent_text
from lakegate.verdict import OF_ONWARD, CheckResult

NAMED = 8  # values of failing rows in a sentence
LONGEST_VALUE = 40  # characters of one of them
# What is not so, for what was expected: `at most 4` -> `more than 4`
OPPOSITES = {"at most": "more than", "at least": "less than", "less than": "at least", "more than": "at most"}


def sentence(result: CheckResult) -> str:
    """Return why the check came to what it did, with how many rows are concerned, as one text; empty where it passed.

    A kind of check without words of its own says what was got and what was expected.
    """
    words = WORDS.get(result.type, WORDS.get(result.type.partition(".")[0])) if extent(result) else None
    said = words(result) if words else ""
    if said:
        onward = OF_ONWARD if result.reason.endswith(OF_ONWARD) and result.type not in METRICS else ""
        return f"{extent_text(result)} {said}{_threshold(result)}{onward}{_values(result)}"
    got, expected = result.diagnostics.get("got"), result.diagnostics.get("expected")
    reason = result.reason or (f"got {got}, expected {expected}" if got and expected else "")
    if reason and got and expected and (subject := SUBJECTS.get(result.type)):
        return f"{subject} {brief(str(got))}, expected {brief(str(expected))}"
    return ": ".join(part for part in (extent_text(result), brief(reason)) if part) + _values(result)


SUBJECTS = {
    "rowCount": "the number of rows is",
    "sql": "the query came to",
    "freshness": "the newest value is of an age of",
    "retention": "the oldest value is of an age of",
}


def _column(result: CheckResult) -> str:
    """Return the column with its article, as what a row holds: `a dest`, `an arr_delay`."""
    name = brief(result.field) if result.field else "key"
    return f"{'an' if name[:1].lower() in {*'aeiou'} else 'a'} {name}"


def _expected(result: CheckResult) -> str:
    return brief(str(result.diagnostics.get("expected", "")))


def _opposite(result: CheckResult) -> str:
    """Return what rows hold that was not expected: `hold a dep_time of more than 2359`."""
    expected = _expected(result)
    found = next((word for word in OPPOSITES if expected.startswith(f"{word} ")), None)
    return f"hold {_column(result)} of {OPPOSITES[found]}{expected.removeprefix(found)}" if found else ""


def _not_expected(result: CheckResult) -> str:
    return f"hold {_column(result)} that is not {_expected(result)}" if _expected(result) else ""


def _unlike(result: CheckResult) -> str:
    pattern = _expected(result).removeprefix("text that matches ")
    return f"hold {_column(result)} that does not match {pattern}" if pattern else ""


def _orphans(result: CheckResult) -> str:
    dataset = result.diagnostics.get("dataset")
    return f"name {_column(result)} that {brief(str(dataset))} does not have" if dataset else ""


def _repeated(result: CheckResult) -> str:
    keys = result.diagnostics.get("keys")
    if not isinstance(keys, int):
        return ""
    stand = "stands" if keys == 1 else "stand"
    shared = brief(result.field) if result.field else "key"
    many = result.diagnostics.get("surplus")
    surplus = f" ({counted(many, 'row')} too many)" if isinstance(many, int) else ""
    repeated = counted(keys, "value" if result.field else "key")
    return f"share their {shared} with another row: {repeated} {stand} more than once{surplus}"


def _absent(result: CheckResult) -> str:
    return f"have no {brief(result.field)}" if result.field else ""


def _incomplete(result: CheckResult) -> str:
    """Return that an object lacks a field; a column that lacks its value is `required` itself."""
    _, _, inner = result.type.partition(".")
    return f"hold {_column(result)} without {brief(inner)}" if inner else _absent(result)


Words = Callable[[CheckResult], str]

# What is said of the failing rows, by the check's type; empty where the verdict does not tell enough.
WORDS: dict[str, Words] = {
    "required": _incomplete,
    "nullValues": _absent,
    "missingValues": lambda result: f"hold {_column(result)} that stands for a missing one",
    "invalidValues": lambda result: f"hold {_column(result)} that is not valid",
    "unique": _repeated,
    "primaryKey": _repeated,
    "duplicateValues": _repeated,
    "unique.table": lambda result: f"have {_column(result)} that another batch of the table holds, too",
    "primaryKey.table": lambda result: f"have {_column(result)} that another batch of the table holds, too",
    "relationship": _orphans,
    "enum": _not_expected,
    "format": _not_expected,
    "dimensions": _not_expected,
    "multipleOf": _not_expected,
    "pattern": _unlike,
    "uniqueItems": lambda result: f"hold {_column(result)} with an item that stands in it twice",
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _opposite),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _opposite),
}


METRICS = frozenset({"nullValues", "missingValues", "invalidValues", "duplicateValues"})


def _threshold(result: CheckResult) -> str:
    """Return what a metric came to, and what it was held against: there may be some of such rows."""
    return f"; {brief(result.reason)}" if result.type in METRICS and result.reason else ""


def _values(result: CheckResult) -> str:
    """Return the failing values that the verdict tells, those of the most rows first: `: BQN, PSE, SJU, STT`."""
    told = result.diagnostics.get("failing_values") or ()
    named = [brief(str(one["value"]), LONGEST_VALUE) for one in told[:NAMED]]
    if not named:
        return ""
    more = int(result.diagnostics.get("distinct_values", len(told))) - len(named)
    return f": {', '.join(named)}" if more < 1 else f": most often {', '.join(named)}, and {more:,} more"
