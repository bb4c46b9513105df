"""Find out what a store really does, by doing it to a few small objects under `log/gate/_probe/`, deleted at once.

What a gate needs is one thing, the conditional put; a promotion refuses a store without it. The rest says what else it
can rely on, what it works around, and whether the caller may do its work. Nothing is believed because it is documented.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from functools import partial

from lakegate.errors import LakeError, LakegateError, Refused, SourceChanged
from lakegate.lake.interface import Content, Entry, Lake
from lakegate.lake.probe import prove_conditional_put
from lakegate.lake.store import Finding, Need, Rights, Store
from lakegate.lake.zones import PROBES

SKEW = dt.timedelta(minutes=5)  # S3 refuses requests that are signed 15 minutes off
# What a gate does in each place. "-" before a right: it is better not to have it.
NEEDED = {
    "01-raw-data-zone": "list read write -delete",
    "02-transient-zone": "list read write delete",
    "03-master-data-zone": "list read write -delete",
    "04-user-drop-zone": "list read delete",
    "warehouse/stage": "list read write -delete",
    "warehouse/cleanse": "list read write -delete",
    "warehouse/core": "list read write -delete",
    "warehouse/mart": "list read write -delete",
    "references": "list read write",
    "log/gate": "list read write delete",
}


def examine(store: Store, new_id: Callable[[], str], now: Callable[[], dt.datetime]) -> tuple[Finding, ...]:
    """Return what the store does, says of itself, and lets the caller do; the worst first stands where it belongs.

    `now` is the machine's clock, in UTC.

    Raises:
        UsageError: the store is not there.
        LakeError: it cannot be reached, or its probes not even be listed.
    """
    lake = store.lake()
    lake.list(PROBES)
    probes: tuple[tuple[str, Callable[[Lake, str], Finding]], ...] = (
        ("conditional put", conditional_put),
        ("conditional replace", conditional_replace),
        ("conditional delete", conditional_delete),
        ("pinned read", pinned_read),
        ("copy, verified", verified_copy),
        ("clock", partial(clock, now=now)),
    )
    done = [_probed(lake, PROBES + new_id(), what, probe) for what, probe in probes]
    rights = [judge_rights(folder, needed, store.rights(folder)) for folder, needed in NEEDED.items()]
    return (*done, *store.facts(), *rights)


def exit_code(findings: tuple[Finding, ...]) -> int:
    """Return how a promotion into this store would end: 0, or the gravest code of a must that does not hold."""
    return max((one.exit_code for one in findings if one.need is Need.MUST and one.held is not True), default=0)


# --- probes: each takes a key that it may do anything to -------------------------------------------------------------


def conditional_put(lake: Lake, key: str) -> Finding:
    """PROTOCOL, Rules (probe at start): the same key twice, the second put must be refused."""
    try:
        prove_conditional_put(lake, key.removeprefix(PROBES))
        held, got = True, "the second put is refused"
    except Refused:
        held, got = False, "the second put overwrites the first"
    return Finding(
        "conditional put",
        got,
        "the second put is refused",
        Need.MUST,
        held,
        "no two gates commit one slot",
        "promote refuses this store; use one that knows PutObject with If-None-Match",
    )


def conditional_replace(lake: Lake, key: str) -> Finding:
    """Replace what stands, then try again with what stood before."""
    first = _written(lake, key, b"first")
    replaced = lake.replace_if(key, b"second", first)
    stale = lake.replace_if(key, b"third", first)
    held = replaced and not stale and lake.read(key) == b"second"
    return Finding(
        "conditional replace",
        "a stale replace is refused" if held else "a stale replace goes through" if stale else "nothing is replaced",
        "a stale replace is refused",
        Need.SHOULD,
        held,
        "shared pages lose no update",
        "shared pages may lag behind until the next run writes them; no committed data hangs on it",
    )


def conditional_delete(lake: Lake, key: str) -> Finding:
    """PROTOCOL P10: other bytes than were committed are not deleted."""
    entry = _written(lake, key, b"first")
    other = lake.remove(entry, hashlib.sha256(b"other").hexdigest())
    stands = lake.read(key) == b"first"
    gone = lake.remove(entry, hashlib.sha256(b"first").hexdigest()) and lake.stat(key) is None
    held = not other and stands and gone
    return Finding(
        "conditional delete",
        "other bytes are kept" if held else "what was committed stays" if stands else "other bytes are deleted",
        "other bytes are kept",
        Need.MUST if not stands else Need.SHOULD,
        held,
        "a late re-upload is not lost",
        "promote, and clean the sources by hand",
    )


def pinned_read(lake: Lake, key: str) -> Finding:
    """PROTOCOL P2: what was pinned is read, or it is said that it changed."""
    pinned = _written(lake, key, b"first")
    lake.replace_if(key, b"second", pinned)
    try:
        got = "the pinned bytes" if b"".join(lake.stream(pinned)) == b"first" else "other bytes"
    except SourceChanged:
        got = "that it changed"
    return Finding(
        "pinned read",
        f"{got} after an overwrite",
        "the pinned bytes, or that it changed",
        Need.MUST,
        got != "other bytes",
        "what is judged is what is committed",
        "promote nothing from here; switch versioning on",
    )


def verified_copy(lake: Lake, key: str) -> Finding:
    """PROTOCOL P6b, P7: place from the object itself (on S3 its version), then ask what stands there."""
    data = b"lakegate" * 1024
    source, copy = _written(lake, key, data), key + ".copy"
    with lake.workspace() as folder:
        path = folder / "probe"
        path.write_bytes(data)
        content = Content(path, len(data), hashlib.sha256(data).hexdigest(), source)
        try:
            placed = lake.place(copy, content)
            held = placed and lake.holds(copy, content) is not None
        finally:
            _clear(lake, copy)
    return Finding(
        "copy, verified",
        "the copy is what was judged" if held else "the copy is not what was judged",
        "the copy is what was judged",
        Need.MUST,
        held,
        "copies are proved by sha256",
        "look at the store: a promotion would burn its slots",
    )


def clock(lake: Lake, key: str, *, now: Callable[[], dt.datetime]) -> Finding:
    """Compare the store's time with the machine's; the store tells whole seconds."""
    before = now()
    modified = _written(lake, key, b"clock").modified
    apart = modified - before
    seconds = round(apart.total_seconds())
    return Finding(
        "clock",
        f"{abs(seconds)} s {'ahead' if seconds > 0 else 'behind'}" if abs(seconds) > 1 else "as the machine's",
        f"within {SKEW // dt.timedelta(minutes=1)} min of the machine's",
        Need.SHOULD,
        abs(apart) <= SKEW,
        "quiet periods are right",
        "set the machine's clock by NTP",
    )


def judge_rights(folder: str, needed: str, rights: Rights) -> Finding:
    """Hold what the caller may do in a folder against what a gate does there; `needed` as in `NEEDED`."""
    has = {name: getattr(rights, name) for name in ("list", "read", "write", "delete")}
    wanted = [name for name in needed.split() if not name.startswith("-")]
    unwanted = [name.removeprefix("-") for name in needed.split() if name.startswith("-")]
    lacking = [name for name in wanted if has[name] is False]
    unknown = [name for name in wanted if has[name] is None]
    surplus = [name for name in unwanted if has[name] and not rights.delete_follows_write]
    told = [name for name, may in has.items() if may] + [f"{name}?" for name in unknown]
    if lacking:
        advice = f"grant {', '.join(lacking)} there"
    elif surplus:
        advice = f"deny {', '.join(surplus)} there: the gate never needs it, `lakegate lake gc` runs under its own role"
    else:
        advice = "nothing lies there to be read; `lakegate lake init` puts a README into each zone"
    return Finding(
        f"rights: {folder}",
        " ".join(told) or "none",
        " ".join(wanted) + "".join(f", no {name}" for name in unwanted),
        Need.MUST if lacking else Need.SHOULD,
        False if lacking or surplus else None if unknown else True,
        "commits, and cannot undo" if unwanted and not rights.delete_follows_write else "does its work",
        advice,
        exit_code=5,
    )


# --- their means -----------------------------------------------------------------------------------------------------


def _probed(lake: Lake, key: str, what: str, probe: Callable[[Lake, str], Finding]) -> Finding:
    """Make one probe and clear its key; an error is its finding. A key that cannot be cleared is told."""
    try:
        with _cleared(lake, key):
            return probe(lake, key)
    except LakeError as error:
        told = "see what the caller may do below log/gate"
        return Finding(what, str(error), "an answer", Need.MUST, None, "it cannot be told", told, exit_code=5)
    except LakegateError as error:  # Refused: a file system without links
        return Finding(what, error.message, "an answer", Need.MUST, False, "nothing can be committed", error.hint)


@contextlib.contextmanager
def _cleared(lake: Lake, key: str) -> Iterator[None]:
    """Clear a key on the way out, whatever happened; the probe's own error comes first."""
    try:
        yield
    except LakegateError:
        with contextlib.suppress(LakegateError):
            _clear(lake, key)
        raise
    _clear(lake, key)


def _clear(lake: Lake, key: str) -> None:
    """Delete what stands at a key of ours."""
    entry = lake.stat(key)
    if entry is not None:
        lake.discard(entry)


def _written(lake: Lake, key: str, data: bytes) -> Entry:
    """Write a new object and return its entry."""
    lake.put_if_absent(key, data, "probe")
    entry = lake.stat(key)
    if entry is None:
        raise LakeError(f"{key!r} was written, and is not there")
    return entry
