"""What can be done about a verdict, as exact commands for a POSIX shell; LAKEGATE_LAKE names the lake."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from lakegate.lake.zones import ZONES
from lakegate.reports.summary import command
from lakegate.verdict import Verdict
from lakegate.waivable import obstacles, waivable

LAYERS = tuple(zone.removeprefix("warehouse/") for zone in ZONES if zone.startswith("warehouse/"))
MOST_DAYS = 7  # that a waiver is proposed for where the contract allows more


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that can be done: when, and what is typed, a command a line. Empty: it cannot, and `title` says why."""

    title: str
    command: str = ""


def next_steps(verdict: Verdict) -> tuple[Step, ...]:
    """Return what can be done, what helps most first. Files that were judged without a lake can be judged again."""
    again = Step("Judge the same again; nothing is moved", command(verdict)) if verdict.files else None
    steps = () if verdict.batch is None else tuple(_of_batch(verdict, verdict.batch))
    return (*steps, *((again,) if again else ()))


def contract_of(verdict: Verdict) -> str:
    """Return where the contract stands: its file, else its dataset's place under `contracts/`."""
    return verdict.contract_file or f"contracts/{verdict.dataset}.odcs.yaml"


def _of_batch(verdict: Verdict, batch: str) -> Iterator[Step]:
    contract = contract_of(verdict)

    def typed(*words: str) -> str:
        return shlex.join(["lakegate", *words, contract, "--batch", batch])

    promote = typed("promote")
    match verdict.exit_code:
        case 0:
            if verdict.set_apart:
                yield Step("See the rows that were set apart", typed("quarantine", "show"))
                yield Step("Once the contract takes them: propose them again", typed("quarantine", "release"))
        case 1:
            yield from _mended(verdict.dataset, batch, promote)
            mended = "The contract is wrong: mend it, see what it says now, and let the batch in if it keeps it"
            yield Step(mended, f"{typed('quarantine', 'replay')}\n{typed('quarantine', 'release')}")
            yield from _waiver(verdict, typed("waive"), promote)
        case 2:
            yield Step("Once the contract can be checked here, judge it anew", promote)
        case _:
            yield Step("Once the cause is seen to, run it again", promote)
    yield Step("See where every batch of the dataset stands", shlex.join(["lakegate", "status", contract]))


def _mended(dataset: str, batch: str, promote: str) -> Iterator[Step]:
    """Yield what is done where the data is wrong: who made it makes it again, of a table perhaps a SELECT."""
    if dataset.partition("/")[0] not in LAYERS:
        yield Step("The data is wrong: have it sent again, then", promote)
        return
    build = shlex.join(["lakegate", "build", dataset, "--batch", batch, "--promote"])
    yield Step("The data is wrong, and a SELECT makes it: mend the SELECT or what it reads, then", build)
    yield Step("The data is wrong, and somebody else makes it: have it proposed again, then", promote)


def _waiver(verdict: Verdict, waive: str, promote: str) -> Iterator[Step]:
    """Yield how the batch is let in as it is, or why nobody can; nothing where the contract knows no waiver."""
    if not verdict.waiving.allowed:
        return
    if not waivable(verdict):
        why = obstacles(verdict.results, verdict.exit_code, verdict.options)
        yield Step(f"Nobody can waive it: {why[0]}" + (f"; and {len(why) - 1} more" if len(why) > 1 else ""))
        return
    approvers = verdict.waiving.approvers
    approver = shlex.quote(approvers[0]) if len(approvers) == 1 else "NAME"
    days = min(verdict.waiving.max_days or MOST_DAYS, MOST_DAYS)
    may = f" ({', '.join(approvers)} may)" if len(approvers) > 1 else ""
    asked = f"{waive} --approver {approver} --reason WHY --days {days}"
    yield Step(f"Somebody answers for letting it in as it is{may}", f"{asked}\n{promote}")
