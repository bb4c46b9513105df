"""What became of tables of the warehouse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from lakegate.errors import NotReady
from lakegate.gate.promote import PromotionState
from lakegate.reports.summary import counted, plain, standing
from lakegate.show.batches import conditions
from lakegate.show.terminal import json_text, tell, write
from lakegate.warehouse.build import Build, State
from lakegate.warehouse.chain import Step
from lakegate.warehouse.recipe import Work

BLOCKED = frozenset({PromotionState.QUARANTINED, PromotionState.NOT_JUDGED, PromotionState.CONFLICT})


def steps(found: Sequence[Step], *, as_json: bool) -> None:
    """Write a line for each batch and one that counts them, or JSON. What went wrong goes to stderr, too."""
    for step in found:
        if step.error is not None:
            name, told = f"{step.table} {step.batch or ''}".rstrip(), str(step.error)
            tell(told if told.startswith(f"{name} ") else f"{name}: {told}")
    if as_json:
        write(json_text([_document(step) for step in found]))
        return
    counts = Counter(_word(step) for step in found)
    tally = ", ".join(f"{number:,} {word}" for word, number in sorted(counts.items()))
    write("\n".join([*(line for step in found for line in _lines(step)), tally or "nothing to build"]))


def _word(step: Step) -> str:
    """Return what became of a batch in a word or two."""
    if step.error is not None:
        return "waiting" if isinstance(step.error, NotReady) else "failed"
    if step.promotion is not None and step.promotion.state in BLOCKED:
        return "blocked"
    if step.promotion is not None and step.promotion.state is PromotionState.NOT_READY:
        return "waiting"
    return str(step.build.state if step.build else "")


def _lines(step: Step) -> list[str]:
    """Return a batch as its line; below it on which conditions it goes on, or where the report of a blocked one is."""
    name = f"{step.table} {step.batch}" if step.batch else step.table
    told = [str(step.build.state)] if step.build else []
    if step.build and step.build.rows is not None:
        told.append(counted(step.build.rows, "row"))
    if step.promotion is not None:
        told.append(step.promotion.message)
    if step.error is not None:
        told.append(_word(step))
    lines = [plain(f"{name}: {'; '.join(told)}")]
    lines += [f"  {line}" for line in conditions(step.promotion.verdict if step.promotion else None)]
    if step.promotion is not None and step.promotion.report and step.promotion.exit_code:
        lines.append(plain(f"  report: {step.promotion.url or step.promotion.report}"))
    return lines + [plain(f"  note: {note}") for note in (step.promotion.notes if step.promotion else ())]


def _document(step: Step) -> dict[str, object]:
    verdict = step.promotion.verdict if step.promotion else None
    apart = verdict.set_apart if verdict else None
    return {
        "table": step.table,
        "batch": step.batch,
        "exitCode": step.exit_code,
        "state": _word(step),
        "build": str(step.build.state) if step.build else None,
        "rows": step.build.rows if step.build else None,
        "promotion": str(step.promotion.state) if step.promotion else None,
        "verdict": str(standing(verdict)) if verdict else None,
        "setApart": (apart.rejected if apart else 0) if verdict else None,
        "slot": step.promotion.record.slot if step.promotion and step.promotion.record else None,
        "report": step.promotion.report if step.promotion else None,
        "url": step.promotion.url if step.promotion else None,
        "message": str(step.error or (step.promotion.message if step.promotion else "")),
    }


def looked(work: Work, seen: Build, *, as_json: bool) -> None:
    """Write what a batch would be made of, and whether it is to be built."""
    if as_json:
        document = {"table": seen.table, "batch": seen.batch, "state": seen.state, **asdict(seen.recipe)}
        write(json_text(document))
        return
    head = f"{seen.table} {seen.batch}: {seen.state}"
    lines = [f"  {one.dataset} {one.batch} slot {one.slot}" for one in work.recipe.inputs]
    query = f"  by {work.table.transform.file} (sha256 {work.recipe.sql_sha256[:12]})"
    write("\n".join(map(plain, [head, *lines, query])))


__all__ = ["State", "looked", "steps"]
