"""Regular expressions of Python and patterns of LIKE, rewritten for RE2 so that they find the same texts.

Python's own parser reads the pattern, and only what is known to mean the same is written again. What depends on
characters before or after (look-around, word boundaries), on what was found before (back-references), or on the letters
of other alphabets (ignoring case) is left to the library.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from re import _constants as op  # type: ignore[attr-defined] # Python's parser has no public name
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from lakegate.checks.expectations.asked import Untranslatable, plain_text

LARGEST = 150_000  # characters that a pattern may take, repetitions written out; beyond, RE2 gets slow (1 s and more)
REPEATED_AT_MOST = 1000  # RE2's own limit
HARMLESS = re.UNICODE | re.DOTALL
UNREADABLE = re.compile(r"\{,|\[\[|\[:|\(\?[a-zA-Z]*u")  # RE2 reads it in another way, or not; pandas may ask RE2
ANYTHING = r"[\x{0}-\x{10FFFF}]"
SURROGATES = (0xD800, 0xDFFF)  # stand in no text


def of_regex(pattern: str) -> str:
    """Return the pattern for RE2 of one that Python's `re.search` is asked. Raises Untranslatable."""
    plain_text(pattern)
    if UNREADABLE.search(pattern):
        raise Untranslatable
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = _parser.parse(pattern)
    except (re.error, OverflowError, RecursionError, Warning):
        raise Untranslatable from None
    if tree.state.flags & ~HARMLESS:
        raise Untranslatable
    return _written(tree, tree.state.flags)


def _written(tree: Any, flags: int) -> str:  # noqa: ANN401 - of Python's parser
    text, size = _sequence(tree, flags, last=True)
    if size > LARGEST:
        raise Untranslatable
    return text


def _sequence(nodes: Iterable[Any], flags: int, *, last: bool) -> tuple[str, int]:
    """Return what nodes after each other are in RE2, and how large it is; `last`: nothing follows."""
    items = list(nodes)
    parts = [
        _node(code, argument, flags, last=last and n == len(items) - 1) for n, (code, argument) in enumerate(items)
    ]
    return "".join(text for text, _ in parts), sum(size for _, size in parts)


def _node(code: Any, argument: Any, flags: int, *, last: bool) -> tuple[str, int]:  # noqa: ANN401 - of Python's parser
    if code in {op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN}:
        text = _one(code, argument, flags)
        return text, len(text)
    if code is op.AT:
        return _anchor(argument, last=last)
    if code is op.BRANCH:
        branches = [_sequence(branch, flags, last=last) for branch in argument[1]]
        return f"(?:{'|'.join(text for text, _ in branches)})", sum(size for _, size in branches) + 1
    if code is op.SUBPATTERN:
        _, added, removed, inside = argument
        if (added | removed) & ~re.DOTALL:
            raise Untranslatable
        text, size = _sequence(inside, (flags | added) & ~removed, last=last)
        return f"(?:{text})", size
    if code in {op.MAX_REPEAT, op.MIN_REPEAT}:  # which of them finds what is no matter of whether something is found
        return _repeated(argument, flags)
    raise Untranslatable


def _one(code: Any, argument: Any, flags: int) -> str:  # noqa: ANN401 - of Python's parser
    """Return what finds one character."""
    if code is op.ANY:
        return ANYTHING if flags & re.DOTALL else r"[^\n]"
    if code is op.IN:
        return _class(argument)
    return f"[^{_character(argument)}]" if code is op.NOT_LITERAL else _character(argument)


def _anchor(where: Any, *, last: bool) -> tuple[str, int]:  # noqa: ANN401 - of Python's parser
    if where in {op.AT_BEGINNING, op.AT_BEGINNING_STRING}:
        return r"\A", 1
    if where is op.AT_END_STRING:
        return r"\z", 1
    if where is op.AT_END and last:  # before a final newline too: only where nothing else may want to read it
        return r"\n?\z", 3
    raise Untranslatable


def _repeated(argument: Any, flags: int) -> tuple[str, int]:  # noqa: ANN401 - of Python's parser
    least, most, inside = argument
    text, size = _sequence(inside, flags, last=False)
    endless = most is op.MAXREPEAT
    times = least if endless else most
    if times > REPEATED_AT_MOST:
        raise Untranslatable
    count = f"{{{least},}}" if endless else f"{{{least},{most}}}"
    simple = {(0, True): "*", (1, True): "+"}.get((least, endless), "?" if (least, most) == (0, 1) else count)
    return f"(?:{text}){simple}", size * max(times, 1)


def _class(items: Sequence[Any]) -> str:
    negated = bool(items) and items[0][0] is op.NEGATE
    ranges: list[tuple[int, int]] = []
    for code, argument in items[1:] if negated else items:
        if code is op.LITERAL:
            ranges.append((argument, argument))
        elif code is op.RANGE:
            ranges.append((argument[0], argument[1]))
        elif code is op.CATEGORY:
            ranges += _category(argument)
        else:
            raise Untranslatable
    inside = "".join(_character(a) if a == b else f"{_character(a)}-{_character(b)}" for a, b in _merged(ranges))
    if not inside:
        raise Untranslatable
    return f"[{'^' if negated else ''}{inside}]"


def _character(code: int) -> str:
    if SURROGATES[0] <= code <= SURROGATES[1] or code == 0:
        raise Untranslatable
    char = chr(code)
    return char if char.isascii() and char.isalnum() else rf"\x{{{code:X}}}"


KINDS: dict[Any, tuple[str, bool]] = {
    op.CATEGORY_DIGIT: ("digit", True),
    op.CATEGORY_NOT_DIGIT: ("digit", False),
    op.CATEGORY_SPACE: ("space", True),
    op.CATEGORY_NOT_SPACE: ("space", False),
    op.CATEGORY_WORD: ("word", True),
    op.CATEGORY_NOT_WORD: ("word", False),
}
TESTS: dict[str, Callable[[str], bool]] = {
    "digit": str.isdecimal,
    "space": str.isspace,
    "word": lambda char: char.isalnum() or char == "_",
}


def _category(argument: Any) -> tuple[tuple[int, int], ...]:  # noqa: ANN401 - of Python's parser
    name, holds = KINDS[argument]
    return _table(name, holds=holds)


@cache
def _table(name: str, *, holds: bool) -> tuple[tuple[int, int], ...]:
    """Return the characters of a category by Python's own tables, as ranges without NUL and surrogates."""
    test = TESTS[name]
    codes = (c for c in range(1, sys.maxunicode + 1) if not SURROGATES[0] <= c <= SURROGATES[1])
    return tuple(_merged((code, code) for code in codes if test(chr(code)) is holds))


def _merged(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return ranges in order, those that touch as one; none goes over the surrogates."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


def of_like(pattern: str, escape: str | None = None) -> str:
    """Return the pattern for RE2 of one of LIKE: `%` is any text, `_` any character; case counts. Raises
    Untranslatable where an escape stands before nothing.
    """
    plain_text(pattern)
    written: list[str] = []
    characters = iter(pattern)
    for char in characters:
        if char == escape:
            literal = next(characters, None)
            if literal is None:
                raise Untranslatable
            written.append(_character(ord(literal)))
        elif char == "%":
            written.append(ANYTHING + "*")
        elif char == "_":
            written.append(ANYTHING)
        else:
            written.append(_character(ord(char)))
    return rf"\A{''.join(written)}\z"
