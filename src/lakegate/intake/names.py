"""Names of columns that an engine could mistake for one another (INPUTS S14-S16), or for ours."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

from lakegate.intake.files import BadFile
from lakegate.rows import RESERVED, DefectKind


def check_twins(names: Sequence[str]) -> None:
    """Raise `BadFile` for names that differ in nothing, in case, or in Unicode composition alone, and names of ours."""
    alike = Counter(unicodedata.normalize("NFC", column).casefold() for column in names)
    twins = [column for column in names if alike[unicodedata.normalize("NFC", column).casefold()] > 1]
    if twins:
        raise BadFile(DefectKind.DUPLICATE_COLUMN, f"got columns of one name: {', '.join(map(repr, twins))}")
    ours = [column for column in names if column.casefold().startswith(RESERVED)]
    if ours:
        raise BadFile(DefectKind.DUPLICATE_COLUMN, f"got {', '.join(ours)}: names that begin with {RESERVED} are ours")
