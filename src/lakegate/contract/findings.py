"""What the rooms of the contract find, before it is known in which line it stands.

A `Finding` names a place inside the document; `contract.source.Source.locate` turns it into a `Problem` with file, line
and column. So every rule here is a pure generator of findings and knows nothing of files.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lakegate.errors import ContractError, Problem, Refused, Severity

Path = tuple[str | int, ...]  # ("schema", 0, "properties", 3, "name")

REFUSED = "refused-"  # rules that begin so are refusals for security: exit code 6


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found at `path` of a document. `at_key` points at the key, not at its value (an unknown key)."""

    path: Path
    rule: str
    message: str
    severity: Severity = Severity.ERROR
    found: str = ""
    expected: str = ""
    hint: str = ""
    at_key: bool = False


def near(word: str, words: Iterable[str]) -> str:
    """Return "did you mean X?" for the one of `words` that is nearest to `word`, empty where none is near."""
    known = {known.casefold(): known for known in words}
    close = difflib.get_close_matches(word.casefold(), known, n=1, cutoff=0.6)
    return f"did you mean {known[close[0]]}?" if close else ""


def listed(words: Iterable[str], most: int = 12) -> str:
    """Return `words` as `a, b or c`; those beyond `most` are counted only."""
    some = list(words)
    if len(some) > most + 1:
        return ", ".join(some[:most]) + f" or {len(some) - most} others"
    return " or ".join(part for part in (", ".join(some[:-1]), *some[-1:]) if part)


def shown(value: object, most: int = 60) -> str:
    """Return a value as an author would write it, with its type where text could be mistaken for it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = str(value) if len(str(value)) <= most else str(value)[:most] + "…"
    return f"text '{text}'" if isinstance(value, str) else text


def written(path: Path) -> str:
    """Return a path as authors know it: `schema[0].properties[3].name`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def exit_code(problems: Sequence[Problem]) -> int:
    """Return what lint answers (INPUTS): 6 where something was refused, 2 where there is an error, else 0."""
    if any(problem.rule.startswith(REFUSED) for problem in problems):
        return Refused.exit_code
    return ContractError.exit_code if any(p.severity is Severity.ERROR for p in problems) else 0


def raise_errors(problems: Sequence[Problem]) -> None:
    """Raise what `problems` come to.

    Raises:
        Refused: one of them is a refusal for security.
        ContractError: one of them is an error; it carries all of them.
    """
    refusal = next((problem for problem in problems if problem.rule.startswith(REFUSED)), None)
    if refusal is not None:
        raise Refused(str(refusal))
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise ContractError(tuple(problems))
