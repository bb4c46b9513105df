"""What came in against what goes out: tallies of groups of rows here and in the dataset that the batch was made of."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lakegate.checks.interface import Check, Found, Judgement, passed, unmeasured, violated
from lakegate.measures import GroupDiffers, GroupsCompared, Imbalance, Measure, NotMeasured

TOLD = 3  # groups in the reason; the diagnostics hold 20
TALLIES = {"rows": "the number of rows", "sum": "the sum", "distinct": "the number of distinct values"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled(Check):
    """What came in equals what goes out, group by group."""

    measure: Imbalance
    dataset: str  # as reports name it
    groups: tuple[str, ...]  # the properties that rows are grouped by, paths by logical names
    summed: tuple[str, ...]  # the properties whose sum is told
    within: str  # `0.5 percent`; empty: exactly
    hidden: bool = False  # whether the other contract hides what is grouped or summed there
    of_whole_batch = True

    def measures(self) -> tuple[Measure, ...]:
        """Return the tallies' comparison."""
        return (self.measure,)

    def judge(self, found: Found) -> Judgement:
        """Hold the groups that differ against none."""
        answer = found.answers[self.measure]
        if isinstance(answer, NotMeasured):
            return unmeasured(answer)
        if not isinstance(answer, GroupsCompared):
            raise TypeError(f"got {type(answer).__name__}, expected GroupsCompared")
        bare = {"dataset": self.dataset, "groups": answer.groups, "differ": answer.differ}
        if not answer.differ:
            return passed(bare)
        outcome, counts = violated(self.action), self._counted(answer)
        discreet = Judgement(outcome, counts, bare)
        if self.hidden:
            return discreet
        told = [self._differs(one) for one in answer.worst]
        more = "; …" if answer.differ > TOLD else ""
        listed = "; ".join(f"{one['group']} {one['here']} here, {one['there']} there".strip() for one in told[:TOLD])
        return Judgement(
            outcome,
            f"{counts}: {listed}{more}",
            {**bare, "worst": told},
            quotes=(*self.groups, *self.summed),
            sampled=bool(self.groups),
            discreet=discreet,
        )

    def _counted(self, answer: GroupsCompared) -> str:
        """Return how much differs, without a value of the data."""
        within = f" by more than {self.within}" if self.within else ""
        if self.groups:
            return f"{answer.differ:,} of {answer.groups:,} groups differ{within} from {self.dataset}"
        return f"{TALLIES[self.measure.here.kind]} differs{within} from {self.dataset}"

    def _differs(self, one: GroupDiffers) -> dict[str, Any]:
        names = zip(self.groups, one.values, strict=True)
        group = ", ".join(f"{name}={'null' if value is None else value}" for name, value in names)
        return {"group": group, "here": _plain(one.here), "there": _plain(one.there)}


def _plain(number: float | Decimal) -> str:
    """Return a number exactly, with thousands marks."""
    return f"{number:,}"
