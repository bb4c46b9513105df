"""What a gate did, shown: the documents are brought up to date, then the pages that tell it. Costs what is new."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection, Sequence

from lakegate.errors import LakegateError
from lakegate.lake.interface import Lake
from lakegate.lake.zones import Place
from lakegate.publish import documents, keys, pages, pending, rebuild
from lakegate.publish.renderings import Unreadable, Wait
from lakegate.publish.truth import of_batch

PASSES = 5  # that look whether all that was written stands, where others are at work
TAKEN_OVER = 10  # batches at most, of those that others left, by one publisher


def publish(
    lake: Lake, place: Place, batches: Sequence[str], wait: Wait = time.sleep, url: str = ""
) -> tuple[str, ...]:
    """Show what became of some batches of a dataset, and then what others left; return the keys of what was written.

    Where there is no board yet, the whole site is made, to be read at `url` (`documents.keep_address`). Where other
    batches are being published, too, it is done again until nothing is otherwise: some stores say yes to several writes
    that race for one key (docs/adr/0010).

    Raises LakegateError where something was not written; what is pending then stays so.
    """
    told = [found for batch in dict.fromkeys(batches) if (found := pending.standing(lake, place, batch))]
    whole = lake.stat(keys.BOARD_DATA) is None
    written = rebuild.rebuild(lake, wait, url).written if whole else show(lake, place, batches, wait)
    for _ in range(PASSES):  # beside others, until there is nothing more to write
        if not pending.others(lake, told) or not (more := show(lake, place, batches, wait)):
            break
        written += more
    for one in told:
        pending.end(lake, one)
    return written + take_over(lake, wait)


def published(
    lake: Lake, place: Place, batches: Sequence[str], url: str = "", *, left: bool = False
) -> tuple[str, ...]:
    """Do as `publish`, of those batches of which anything was decided; return what was not done, and what to do.

    With `left` also of those that a gate decided which then died, or could not write the pages: else nobody would show
    them before another batch comes. After a commit nothing here may report failure (PROTOCOL P11).
    """
    try:
        if left:
            others = (one for one in waiting(lake, place) if one not in batches and of_batch(lake, place, one))
            batches = (*batches, *others)
        decided = [one for one in batches if pending.standing(lake, place, one) or of_batch(lake, place, one)]
        if decided:
            publish(lake, place, decided, url=url)
        return moved(lake, url) if decided else ()
    except Exception as error:  # noqa: BLE001 - whatever it is: the batch is committed, and a later publisher shows it
        return (f"{place.dataset}: {unwritten(error)}",)


def unwritten(error: Exception) -> str:
    """Return in one line that pages were not written, why, and what to do."""
    late, now = "a later run writes them", "`lakegate report rebuild` does so now"
    return f"the pages under references/ were not all written: {' '.join(str(error).split())}; {late}, {now}"


def moved(lake: Lake, url: str) -> tuple[str, ...]:
    """Say so where the settings name another address than the site's pages, which only a rebuild changes.

    Raises LakeError.
    """
    known = documents.address(lake) if url else url
    if known == url:
        return ()
    told = f"say that they are read at {known}" if known else "do not know that they are read elsewhere"
    return (f"the pages under references/ {told}, the settings say {url}: run `lakegate report rebuild`",)


def remember(lake: Lake, place: Place, batch: str) -> None:
    """Put a batch into the history of its dataset, so that the one after it is told what changed; pages come later.

    Best effort: what is not put there now is when it is published.
    """
    with contextlib.suppress(Exception):  # as in `published`
        documents.keep_history(lake, place, [batch])


def show(lake: Lake, place: Place, batches: Collection[str] | None, wait: Wait = time.sleep) -> tuple[str, ...]:
    """Bring the documents up to date with some batches of a dataset, and every page that tells of them.

    Where a document is gone or spoilt, the dataset's are made anew.
    """
    for _ in range(PASSES):
        try:
            return _show(lake, place, batches, wait)
        except Unreadable:
            batches = None
    return _show(lake, place, batches, wait)


def _show(lake: Lake, place: Place, batches: Collection[str] | None, wait: Wait) -> tuple[str, ...]:
    told = documents.keep_history(lake, place, batches, wait)
    board = documents.keep_board(lake, [place], wait)
    wanted = {
        **pages.shared(),
        **pages.of_datasets([place.dataset]),
        **pages.badges([place]),
        **pages.of_pieces(place.dataset, told.pieces),
    }
    entry = board[place.dataset]
    spread = (entry.contract, entry.now.upstream)
    if entry.spread == spread:
        return pages.write(lake, wanted, wait)
    before = entry.spread[1] if entry.spread else ()
    neighbours = {*entry.now.upstream, *entry.now.downstream, *before} & board.keys()
    written = pages.write(lake, {**wanted, **pages.of_datasets(neighbours), **pages.dictionary()}, wait)
    documents.keep_spread(lake, {place.dataset: entry}, wait)
    return written


def waiting(lake: Lake, place: Place) -> tuple[str, ...]:
    """Return the batches of a dataset that a gate has begun to judge, and nobody has published. Raises LakeError."""
    return tuple(one.batch for one in pending.of_dataset(lake, place))


def take_over(lake: Lake, wait: Wait = time.sleep) -> tuple[str, ...]:
    """Show what was left by gates that died; what cannot be shown is left again."""
    board = lake.stat(keys.BOARD_DATA)
    written: list[str] = []
    for one in pending.abandoned(lake, board.modified)[:TAKEN_OVER] if board else ():
        try:
            written += show(lake, one.place, [one.batch], wait)
            pending.end(lake, one)
        except LakegateError:
            continue
    return tuple(written)
