"""What the intake does with a file before anything is measured, what it skips of that, and why: for a plan to tell."""

from __future__ import annotations

from collections.abc import Iterator

from lakegate.intake.files import TEXT, Format

_OURS = "skipped: the distrust of statistics, because the intake itself wrote what is measured"


def steps(form: Format, *, proved: bool) -> Iterator[str]:
    """Yield a line for each thing that is done or skipped with a file of a format.

    `proved`: its bytes went through the intake before they were committed, and their SHA-256 is that of the commit
    record (`intake.batch.Opening`).
    """
    yield "done: the first bytes held against the name"
    if form in TEXT:
        yield "done: one pass while it is copied: decompression, encoding, NUL, newlines, quotes, records"
        yield "done: staged once as typed Parquet, its records counted twice"
        yield _OURS
    elif form is not Format.PARQUET:
        yield "done: read to the end by its format's own library, written as typed Parquet"
        yield _OURS
    elif proved:
        yield (
            "skipped: the walk over its pages and the decoding of every value, because that was done before it was"
            " committed, and its sha256 is that of the commit record"
        )
        yield "done: measured without the statistics of its footer: a stranger wrote them"
    else:
        yield "done: a walk over its pages (sizes, run lengths, checksums), and every value decoded once"
        yield "done: measured without the statistics of its footer: a stranger wrote them"
