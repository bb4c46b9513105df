"""Numbers that a contract names beside columns of whole numbers and of decimals, which are compared digit by digit.

Written as it stands in the contract a number may be none that such a column can hold: an engine would then turn both
into doubles, of which 0.3 and 0.30000000000000001 are one, or fail to cast. So the number is moved to the next one that
the column can hold, which changes no answer. Text in, text out.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction

from lakegate.rows import Kind, Type

EXACT = frozenset({Kind.INTEGER, Kind.DECIMAL})


def scale_of(found: Type) -> int:
    """Return the digits after the point of an integer or decimal type: `DECIMAL(18,2)`, `decimal128(18, 2)`."""
    return _room(found)[1]


def compared(name: str, sign: str, bound: float | Decimal, found: Type) -> str:
    """Return the SQL that is true where a value of an exact type is `sign` (`<`, `<=`, `>`, `>=`) a finite bound."""
    room, scale = _room(found)
    exact = _as_written(bound) * 10**scale
    units = math.ceil(exact) if sign in ("<", ">=") else math.floor(exact)  # x < 0.5 is x < 1, x > 0.5 is x > 0
    if abs(units) >= room:
        return f"{name} IS NOT NULL" if (units > 0) == sign.startswith("<") else "false"
    return f"{name} {sign} {_written(units, scale)}"


def equal_to(number: float | Decimal, found: Type) -> str | None:
    """Return a finite number as the value of an exact type that equals it; None where there is none."""
    room, scale = _room(found)
    units = _as_written(number) * 10**scale
    return _written(int(units), scale) if units.denominator == 1 and abs(units) < room else None


def _room(found: Type) -> tuple[int, int]:
    """Return what no value of a type reaches, in units of its last digit, and its digits after the point."""
    named = re.search(r"\((\d+),\s*(\d+)\)", found.name) if found.kind is Kind.DECIMAL else None
    if named:
        return 10 ** int(named[1]), int(named[2])
    return 2 ** (128 if found.name == "UHUGEINT" else 127), 0


def _as_written(number: float | Decimal) -> Fraction:
    """Return a number as a person wrote it: 0.3 is three tenths, not the nearest double."""
    return Fraction(str(number))


def _written(units: int, scale: int) -> str:
    """Return a number, given in units of its last digit, with no more digits than it needs."""
    digits = f"{Decimal((int(units < 0), tuple(map(int, str(abs(units)))), -scale)):f}"
    return digits.rstrip("0").rstrip(".") if scale else digits
