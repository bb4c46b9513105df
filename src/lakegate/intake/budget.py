"""How much a stranger's file may come to. What goes beyond it is refused (exit code 6): a person must look."""

from __future__ import annotations

from dataclasses import dataclass

from lakegate.errors import Refused


@dataclass(frozen=True, slots=True)
class Budget:
    """Bounds of one file, settable as `[limits]` in `lakegate.toml` (docs/reference/formats.md).

    `decompressed` bytes may come out of it, and `ratio` times its own size, which is judged above `floor` bytes only;
    `cells` is rows times columns.
    """

    decompressed: int = 64 << 30
    ratio: int = 1000
    floor: int = 1 << 30
    cells: int = 10_000_000_000

    def charge(self, name: str, produced: int, out_of: int) -> None:
        """Raise `Refused` where `produced` bytes out of a file of `out_of` bytes are too many."""
        if produced > self.decompressed:
            raise _refused(name, f"more than {self.decompressed:,} bytes out of {out_of:,}", "limits.decompressed")
        if produced > self.floor and produced > self.ratio * out_of:
            got = f"{produced:,} bytes out of {out_of:,}, more than {self.ratio:,} times as many"
            raise _refused(name, got, "limits.ratio")

    def charge_cells(self, name: str, rows: int, width: int) -> None:
        """Raise `Refused` where a table of `rows` times `width` columns is too large."""
        if rows * width > self.cells:
            raise _refused(name, f"{rows:,} rows of {width:,} columns, more than {self.cells:,} cells", "limits.cells")


def _refused(name: str, got: str, setting: str) -> Refused:
    return Refused(
        f"{name}: got {got}, expected no decompression bomb",
        hint=f"look at the file; if it is what it should be, split it or raise `{setting}` in lakegate.toml",
    )
