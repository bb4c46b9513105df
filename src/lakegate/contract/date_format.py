"""Java date patterns, as ODCS writes them in `logicalTypeOptions.format`, -> strptime.

Only what reads one way is known: four-digit years (`yyyy`, `uuuu`), `MM`, `dd`, `HH`, `mm`, `ss`, fractions `S`…,
`hh` with `a`, `MMM`/`MMMM` (English), `DDD` (day of the year), offsets `X`, `XX`, `XXX`, `Z`, `xx`, `xxx`, text in
quotes. Two-digit years, week years (`YYYY`), a bare `M` or `d`, zone names and a 12-hour clock without `a` are
ambiguous: they are refused, and the message says what to write.
"""

from __future__ import annotations

import datetime as dt
import re

_TOKEN = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']")

_DIRECTIVES = {
    "yyyy": "%Y",
    "uuuu": "%Y",
    "MM": "%m",
    "MMM": "%b",
    "MMMM": "%B",
    "dd": "%d",
    "DDD": "%j",
    "HH": "%H",
    "hh": "%I",
    "mm": "%M",
    "ss": "%S",
    "a": "%p",
    "X": "%z",
    "XX": "%z",
    "XXX": "%z",
    "Z": "%z",
    "ZZZZZ": "%z",
    "x": "%z",
    "xx": "%z",
    "xxx": "%z",
}
_AMBIGUOUS = {
    "YYYY": "YYYY is the year of a week, write yyyy",
    "YY": "two digits name no century, write yyyy",
    "yy": "two digits name no century, write yyyy",
    "uu": "two digits name no century, write uuuu",
    "y": "write yyyy",
    "D": "D is the day of the year: write dd for the day of the month, or DDD",
    "DD": "DD is the day of the year: write dd for the day of the month, or DDD",
    "M": "the width varies, write MM",
    "d": "the width varies, write dd",
    "H": "the width varies, write HH",
    "h": "the width varies, write HH, or hh with a",
    "m": "m is minutes and its width varies: write mm, or MM for the month",
    "s": "the width varies, write ss",
    "kk": "kk counts hours from 1 to 24, write HH",
    "KK": "KK counts hours from 0 to 11, write HH, or hh with a",
    "z": "zone names are ambiguous, write XXX for an offset",
    "zzz": "zone names are ambiguous, write XXX for an offset",
}
_MAX_FRACTION = 6  # digits of a second: what strptime's %f reads


class UnreadablePatternError(ValueError):
    """A pattern that reads in more than one way, or not at all. The message says what to write."""


def to_strptime(pattern: str) -> str:
    """Return the strptime format of a Java date pattern: `yyyy-MM-dd'T'HH:mm:ssXXX` -> `%Y-%m-%dT%H:%M:%S%z`.

    Raises:
        UnreadablePatternError: the pattern is ambiguous, unknown, or has an unclosed quote.
    """
    directives: list[str] = []
    at = 0
    while at < len(pattern):
        match = _TOKEN.match(pattern, at)
        if match is None:
            raise UnreadablePatternError(f"the quote at character {at + 1} of {pattern} is not closed")
        directives.append(_directive(match.group(), pattern))
        at = match.end()
    known = {directive for directive in directives if directive in _DIRECTIVES.values() or directive == "%f"}
    if not known:
        raise UnreadablePatternError(f"{pattern!r} names no part of a date or time; write it like yyyy-MM-dd")
    if ("%I" in known) != ("%p" in known):
        raise UnreadablePatternError("hh is a 12-hour clock: write hh with a, or HH without")
    repeated = {directive for directive in known if directives.count(directive) > 1}
    if repeated:
        raise UnreadablePatternError(f"{pattern} names one part of a date twice; mm are minutes, MM is the month")
    date = known & {"%m", "%b", "%B", "%d", "%j"}
    if date and "%Y" not in known:
        raise UnreadablePatternError(f"{pattern} has no year; write it like yyyy-MM-dd")
    if "%Y" in known and "%j" not in known and not ({"%d"} <= known and known & {"%m", "%b", "%B"}):
        raise UnreadablePatternError(f"{pattern} names no whole day; write it like yyyy-MM-dd")
    return "".join(directives)


def fraction_digits(pattern: str) -> int:
    """Return how many digits of a second a Java date pattern asks for: 3 of `ss.SSS`."""
    return re.sub(r"'(?:[^']|'')*'", "", pattern).count("S")


def _directive(part: str, pattern: str) -> str:
    """Return the strptime text of one part: letters of one kind, text in quotes, or one other character."""
    if part.startswith("'"):
        text = "'" if part == "''" else part[1:-1].replace("''", "'")
        return text.replace("%", "%%")
    if not part[0].isalpha():
        return "%%" if part == "%" else part
    if part in _DIRECTIVES:
        return _DIRECTIVES[part]
    if set(part) == {"S"} and len(part) <= _MAX_FRACTION:
        return "%f"
    if part == "T":
        return "T"
    reason = _AMBIGUOUS.get(part, "it is not known; known are yyyy MM dd HH mm ss SSS XXX")
    raise UnreadablePatternError(f"{part} in {pattern}: {reason}")


def read_bound(
    text: str, kind: type[dt.date | dt.time], pattern: str | None = None
) -> dt.date | dt.datetime | dt.time | None:
    """Return a `minimum` or `maximum` as a value of `kind` (date, datetime or time); None where it cannot be read.

    It is read in the `pattern` that the data is written in, where there is one, else as ISO 8601.
    """
    try:
        return kind.fromisoformat(text)
    except ValueError:
        if pattern is None:
            return None
    try:
        read = dt.datetime.strptime(text, to_strptime(pattern))  # noqa: DTZ007 - zoned where the pattern says so
    except ValueError:
        return None
    return read if kind is dt.datetime else read.date() if kind is dt.date else read.timetz()
