"""The order in which batches come into a table whose rules look at all of its batches (PROTOCOL, Rules: `_seq`).

Before the commit record of such a batch, a claim is put under the next number. Whoever judges has first settled the
claim before: it is committed, and its rows were looked at, or its slot is burned and it never will be. So no two
batches are judged over the same state of the table and both get in. The commit record stays the only commit point.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass

from lakegate.errors import CouldNotEvaluate, LakeError, OutcomeUnknown
from lakegate.gate import ledger
from lakegate.gate.ledger import burned
from lakegate.lake.interface import Lake
from lakegate.lake.zones import Place

SCHEMA_VERSION = 1
PATIENCE = (0.05, 0.1, 0.2, 0.4, 0.8)  # seconds between looks at a claim whose promoter may be just about to commit
CLAIM_TRIES = 3  # puts of one claim before it is called unknown


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to commit one revision of one batch next: what is to stand in the batch's slot."""

    batch: str
    slot: int
    digest: str

    def to_json(self) -> bytes:
        """Return the claim as it is stored: one line of JSON with sorted keys."""
        return json.dumps({"schema_version": SCHEMA_VERSION, **dataclasses.asdict(self)}, sort_keys=True).encode()


def settle(lake: Lake, target: Place, batch: str, digest: str, wait: Callable[[float], None]) -> int:
    """Return the number of the claim to be made next, once every claim before it is committed or void.

    A claim that stands open is given time (`wait`, seconds); then its slot is burned. An open claim for these very
    bytes may have been left by a killed run: it is ours to use, and its number is returned.

    Raises:
        LakeError: the lake could not be asked.
        CouldNotEvaluate: what stands in the sequence is no claim of ours.
    """
    last = last_claim(lake, target)
    if last == 0:
        return 1
    claim = _read(lake, target, last)
    slot = target.commit(claim.batch, claim.slot)
    if (claim.batch, claim.digest) == (batch, digest):
        return last + 1 if ledger.read_slot(lake, slot) else last
    for delay in PATIENCE:
        if ledger.read_slot(lake, slot):
            return last + 1
        wait(delay)
    burn(lake, target, claim.batch, claim.slot, f"seq-{last}-{digest[:12]}")
    return last + 1


def claim_next(lake: Lake, target: Place, number: int, claim: Claim) -> bool:
    """Claim `number`; False where the table moved on: somebody else's claim stands there.

    Raises:
        OutcomeUnknown: whether it was claimed cannot be told now.
    """
    key = target.claim(number)
    for _ in range(CLAIM_TRIES):
        with contextlib.suppress(LakeError):
            if lake.put_if_absent(key, claim.to_json(), f"{claim.digest[:12]}-{claim.slot}"):
                return True
        with contextlib.suppress(LakeError):
            if lake.stat(key) is not None:
                return _read(lake, target, number) == claim
    raise OutcomeUnknown(f"whether {key!r} was written cannot be told", hint="nothing was deleted; run again")


def burn(lake: Lake, target: Place, batch: str, slot: int, write_id: str) -> bool:
    """Make sure that nothing is ever committed in a slot; False where something is (PROTOCOL: burn before deleting).

    Raises:
        LakeError: the lake could not be asked; then the slot may be burned or open.
    """
    key = target.commit(batch, slot)
    if lake.put_if_absent(key, burned(target.dataset, batch, slot, write_id).to_json(), write_id):
        return True
    standing = ledger.read_slot(lake, key)
    return standing is not None and standing.state is ledger.SlotState.ABANDONED


def last_claim(lake: Lake, target: Place) -> int:
    """Return the number of the last claim, settled or not; 0 before the first. Raises LakeError."""
    names = [entry.key.rpartition("/")[2].removesuffix(".json") for entry in lake.list(target.claims)]
    return max((int(name) for name in names if name.isdecimal()), default=0)


def _read(lake: Lake, target: Place, number: int) -> Claim:
    """Return a claim that stands."""
    key = target.claim(number)
    try:
        document = json.loads(lake.read(key) or b"")
        if document.pop("schema_version") != SCHEMA_VERSION:
            raise CouldNotEvaluate(f"{key!r} was written by another version of lakegate", hint="upgrade lakegate")
        return Claim(**document)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CouldNotEvaluate(f"{key!r} is not a claim: {error}", hint="a human must look at it") from error
