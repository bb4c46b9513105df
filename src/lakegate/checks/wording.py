"""What rules ask for, in plain words: one sentence that a reader understands who knows no data contract.

Reports, pages and the terminal all speak these words. A rule that its author named keeps that name; what it measures is
said here beside it (`Identity.means`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TypeGuard

from lakegate.contract.model import Operator, Quality, Threshold
from lakegate.contract.own_rules import HistoryRule, Measured, Reconciliation, Side, Tallied

FROM = 10_000  # from where on numbers have thousands marks
LISTED = 12  # values of a list in a sentence
LONGEST = 60  # characters of one of them

_PARTS = 4  # of a pattern that is spelled out
_PART = re.compile(
    r"(?:(?P<letters>[A-Za-z0-9_/:@-]+)(?![+*?{|])|(?:\[(?P<those>[A-Za-z0-9_/:@.-]+)\]|\\d)"
    r"(?P<often>\{[0-9]+(?:,[0-9]*)?\}|[+*?](?![+?]))?)(?![?+*{|])"
)
_OFTEN = {"": "one", "+": "one or more", "*": "any number", "?": "at most one"}
_COUNTS = {
    Operator.MUST_BE: "exactly {}",
    Operator.MUST_NOT_BE: "any number but {}",
    Operator.GREATER: "more than {}",
    Operator.GREATER_OR_EQUAL: "at least {}",
    Operator.LESS: "less than {}",
    Operator.LESS_OR_EQUAL: "at most {}",
    Operator.BETWEEN: "{} to {}",
    Operator.NOT_BETWEEN: "less than {} or more than {}",
}
_MEASURED = {
    Measured.ROW_COUNT: "the number of rows",
    Measured.NULL_SHARE: "the share of rows without {}",
    Measured.MEAN: "the mean of {}",
    Measured.SUM: "the sum of {}",
    Measured.MIN: "the least {}",
    Measured.MAX: "the greatest {}",
    Measured.DISTINCT: "the number of different values of {}",
    Measured.FRESHNESS: "the age of the newest {}",
}


def number(value: object) -> str:
    """Return a number with thousands marks from 10,000 on, so that a year stays a year; anything else as it is."""
    return f"{value:,}" if _is_number(value) and not -FROM < value < FROM else str(value)


def _is_number(value: object) -> TypeGuard[int | float | Decimal]:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def counted(count: object, noun: str) -> str:
    """Return `1 row`, `2 rows`, `10,000 rows`."""
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def together(names: Sequence[str]) -> str:
    """Return a key of one or of several parts: `carrier`, `(carrier, flight, day)`."""
    return names[0] if len(names) == 1 else f"({', '.join(names)})"


def once(names: Sequence[str]) -> str:
    """Return that a key is unique."""
    return f"every {together(names)} occurs once"


def listed(values: Iterable[object]) -> str:
    """Return the values of a list: `one of EWR, JFK, LGA`, `only EWR`; a long list is cut, and says how many."""
    told = [_short(value) for value in values]
    if len(told) == 1:
        return f"only {told[0]}"
    more = f", … ({len(told)} in all)" if len(told) > LISTED else ""
    return f"one of {', '.join(told[:LISTED])}{more}"


def count_of(threshold: Threshold, unit: str = "") -> str:
    """Return how many a threshold asks for: `at most 3`, `less than 5 %`."""
    bound = threshold.bound if isinstance(threshold.bound, tuple) else (threshold.bound,)
    marked = any(_is_number(one) and not -FROM < one < FROM for one in bound)
    told = (f"{one:,}" if marked and _is_number(one) else str(one) for one in bound)
    return _COUNTS[threshold.operator].format(*(f"{one}{unit}" for one in told))


def pattern(text: str) -> str:
    """Return a regular expression, with what it asks in words where it is a simple one: `^N[0-9]{2}$ (N, 2 of 0-9)`."""
    words = _spelled(text)
    return f"the pattern {text} ({words})" if words else f"the pattern {text}"


def _spelled(text: str) -> str:
    """Return a pattern of the whole text in words: letters, and characters of a class in a row; empty for any other."""
    whole = re.fullmatch(r"\^(.+)\$", text)
    left, parts = whole[1] if whole else "", list[str]()
    while left and len(parts) < _PARTS:
        found = _PART.match(left)
        if found is None:
            return ""
        left = left[found.end() :]
        if found["letters"]:
            parts.append(found["letters"])
        else:
            ranges = " ".join(re.findall(r".-.|.", found["those"] or "0-9"))
            parts.append(f"{_often(found['often'] or '')} of {ranges}")
    return ", then ".join(parts) if not left else ""


def _often(quantifier: str) -> str:
    """Return how many of a class: `2`, `2 to 5`, `one or more`."""
    if quantifier in _OFTEN:
        return _OFTEN[quantifier]
    least, comma, most = quantifier[1:-1].partition(",")
    return least if not comma else f"{least} to {most}" if most else f"at least {least}"


# --- the standard's metrics, SQL --------------------------------------------------------------------------------


def of_rule(rule: Quality, model: str, subject: str | None, key: Sequence[str] = ()) -> str:
    """Return what a rule of a `quality` list measures and expects.

    `subject` is the property that it stands at, None for the object; `key` the properties of `duplicateValues`.
    """
    threshold = rule.threshold
    if threshold is None:
        return f"a rule of {rule.engine}" if rule.engine else (rule.description or f"a rule of {model}")
    if rule.type == "sql":
        return f"the contract's query answers {_answer(threshold)}"
    if rule.metric == "rowCount":
        return f"the {'table' if rule.scope == 'table' else 'batch'} has {_rows(threshold, 'row')}"
    of = together(key) if key else subject or model
    none, wrong = {
        "nullValues": (f"no {of} is null", f"have no {of}"),
        "missingValues": (f"no {of} is null{_or_listed(rule)}", f"have no {of}{_or_listed(rule)}"),
        "invalidValues": (
            f"every {of} {_valid(rule)}",
            f"have a value of {of} that is not as expected ({_valid(rule)})",
        ),
        "duplicateValues": (f"no {of} occurs twice", f"have a {of} that occurs more than once"),
    }.get(rule.metric or "", (f"{rule.metric} of {of} is 0", f"are {rule.metric} of {of}"))
    if threshold.operator is Operator.MUST_BE and threshold.bound == 0:
        return none
    if rule.metric == "duplicateValues" and rule.unit != "percent":
        return f"{_rows(threshold, 'value')} of {of} occur more than once"
    percent = rule.unit == "percent"
    singular = threshold.bound == 1 and not percent
    said = wrong.replace("have ", "has ", 1).replace("repeat ", "repeats ", 1) if singular else wrong
    return f"{_rows(threshold, 'row', percent=percent)} {said}"


def _rows(threshold: Threshold, noun: str, *, percent: bool = False) -> str:
    if percent:
        return f"{count_of(threshold, ' %')} of all rows"
    return f"{count_of(threshold)} {noun}{'' if threshold.bound == 1 else 's'}"


def _answer(threshold: Threshold) -> str:
    if threshold.operator is Operator.MUST_BE:
        return (
            "null"
            if threshold.bound is None
            else str(threshold.bound).lower()
            if isinstance(threshold.bound, bool)
            else number(threshold.bound)
        )
    return count_of(threshold)


def _or_listed(rule: Quality) -> str:
    values = [value for value in rule.arguments.get("missingValues") or () if value is not None]
    return f" or {listed(values).removeprefix('only ')}" if values else ""


def _valid(rule: Quality) -> str:
    """Return what a valid value is."""
    said = []
    if (values := rule.arguments.get("validValues")) is not None:
        said.append(f"is {listed(value for value in values if value is not None)}")
    if (asked := rule.arguments.get("pattern")) is not None:
        said.append(f"matches {pattern(str(asked))}")
    return " and ".join(said) or "is valid"


# --- rules of our own -------------------------------------------------------------------------------------------


def of_history(rule: HistoryRule) -> str:
    """Return what a rule against earlier batches asks."""
    what = _MEASURED[rule.measure].format(rule.column)
    last = f"the last {rule.batches} batches{' of the same weekday' if rule.same_weekday else ''}"
    if rule.max_change is not None:
        return f"{what} is within {rule.max_change} % of the median of {last}"
    return f"{what} is like that of {last} (a robust z-score of at most {rule.max_z_score:g})"


def of_reconciliation(rule: Reconciliation, dataset: str) -> str:
    """Return what a reconciliation with another dataset asks."""
    groups = f", for every {together([here for here, _ in rule.by])}" if rule.by else ""
    here, there = _tallied(rule.here), _tallied(rule.there)
    other = f"{there} of {dataset}" if rule.there.measure is Tallied.ROWS else f"{there} in {dataset}"
    if not rule.tolerance:
        return f"{here} equals {other}{groups}"
    within = f"{rule.tolerance} %" if rule.percent else number(rule.tolerance)
    return f"{here} is within {within} of {other}{groups}"


def _tallied(side: Side) -> str:
    if side.measure is Tallied.ROWS:
        return "the number of rows"
    what = "the sum" if side.measure is Tallied.SUM else "the number of different values"
    return f"{what} of {together(side.columns)}"


def _short(value: object) -> str:
    """Return a value as it is written, long ones cut; what would not be seen stands in quotes."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    text = text if len(text) <= LONGEST else text[:LONGEST] + "…"
    return repr(text) if not text.strip() or text != text.strip() else text
