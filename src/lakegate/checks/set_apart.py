"""Which checks let the rows that break them be set apart, while the others go on."""

from __future__ import annotations

from lakegate.checks.interface import Check
from lakegate.contract.model import Action, Contract
from lakegate.measures import AlreadyThere, CountWhere, Duplicates, Orphans, RepeatedRows

NAMES_ROWS = (CountWhere, Duplicates, RepeatedRows, Orphans, AlreadyThere)  # measures that are counts of certain rows


def sets_apart(check: Check, contract: Contract) -> bool:
    """Whether rows that break a check are set apart: where its own rule says so, or the contract of all that fail.

    A check that can name no rows, or that is about the whole batch, blocks the batch all the same.
    """
    if check.of_whole_batch or not isinstance(check.failing(), NAMES_ROWS):
        return False
    return check.action is Action.QUARANTINE or (contract.gate.quarantine == "rows" and check.action is Action.FAIL)
