"""What a worker makes beside a verdict: files on private disk that the gate places, and numbers that it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

Scalar = str | int | float | bool | None  # as JSON has it


@dataclass(frozen=True, slots=True)
class MadeFile:
    """One Parquet file. `name` is its path in the batch; the gate hashes what stands at `local`, and believes no other
    word about it.
    """

    name: str
    local: Path
    rows: int


@dataclass(frozen=True, slots=True)
class MadeIndex:
    """The distinct values of one key of the batch, without those that hold a null, sorted by the key.

    `least` and `most` are the extremes of the key's first column (an integer, microseconds since 1970 in UTC, or
    text), None where they cannot be told: then nothing may be concluded from them.
    """

    name: str  # `primaryKey`, `event_id.unique`
    columns: tuple[str, ...]  # physical names, a field of an object by its path; in the key's order
    file: MadeFile
    least: Scalar = None
    most: Scalar = None
    types: tuple[tuple[str, str], ...] = ()  # of each column: (`rows.Kind`, the engine's name)


@dataclass(frozen=True, slots=True)
class KeySpan:
    """Between which values the first column of a batch's key lies, told as in an index (`MadeIndex`)."""

    types: tuple[tuple[str, str], ...]
    least: Scalar = None
    most: Scalar = None

    def misses(self, types: tuple[tuple[str, str], ...], least: Scalar, most: Scalar) -> bool:
        """Whether an index with these types and extremes cannot hold a key of the batch. Nothing is concluded from
        extremes that are not told, nor of another type.
        """
        if self.types != types:
            return False
        match (self.least, self.most, least, most):
            case (int(), int(), int(), int()) | (str(), str(), str(), str()):
                return bool(self.most < least or most < self.least)  # type: ignore[operator]  # of one type each
        return False


@dataclass(frozen=True, slots=True)
class Made:
    """Everything that was made. `accepted` None: the batch goes on as it arrived, no row was set apart.

    `measured` maps a measure of the history (`checks.history`) to its number; null where there is none.
    """

    accepted: tuple[MadeFile, ...] | None = None
    rejected: tuple[MadeFile, ...] = ()
    indexes: tuple[MadeIndex, ...] = ()
    measured: Mapping[str, float | None] = field(default_factory=dict)


NOTHING = Made()
