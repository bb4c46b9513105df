"""A rule of a contract that names a pandera model: each thing the model checks is a result of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from enum import StrEnum

from lakegate.checks.interface import (
    Check,
    Found,
    Identity,
    Judgement,
    Outcome,
    Part,
    not_applicable,
    passed,
    share,
    unmeasured,
    violated,
)
from lakegate.contract.model import Action, SchemaObject
from lakegate.measures import LibraryAnswer, LibraryFinding, LibraryResult, Measure, NotMeasured


class Note(StrEnum):
    """What a finding of pandera says beside success: the key `note` of its `result`."""

    ROWS = "rows"  # it is about rows: of no rows it says nothing
    WARNS = "warns"  # the model itself only warns of it
    NOT_CHECKED = "not checked"  # pandera did not come to it: its column is absent, or of another type
    RAISED = "raised"  # the check's own code raised


def pandera_check(reference: str, obj: SchemaObject, identity: Identity, action: Action) -> PanderaModel:
    """Return the check of a rule `implementation: {schema: expectations/orders.py:Orders}`.

    The model sees every column: which it needs, and whether it allows others, only its own code knows.
    """
    asked = json.dumps({"schema": reference}, ensure_ascii=False)
    fields = tuple((prop.physical_name, prop.name) for prop in obj.properties)
    query = LibraryResult("pandera", asked, None, files=True)
    return PanderaModel(identity=identity, query=query, fields=fields, action=action)


@dataclass(frozen=True, slots=True, kw_only=True)
class PanderaModel(Check):
    """A pandera model holds. `fields` maps physical names of columns to the properties that declare them."""

    query: LibraryResult
    fields: tuple[tuple[str, str], ...]

    def measures(self) -> tuple[Measure, ...]:
        """Return what pandera is asked."""
        return (self.query,)

    def judge(self, found: Found) -> Judgement:
        """Tell one part for each finding; the rule's action says what a finding that does not hold does."""
        answer = found.answers[self.query]
        if isinstance(answer, NotMeasured):
            return unmeasured(answer)
        if not isinstance(answer, LibraryAnswer) or not answer.findings:
            raise TypeError(f"a library answered {answer!r} to {self.query}")
        parts = tuple(self._part(finding, found) for finding in answer.findings)
        worst = next((part.judgement.outcome for part in parts if part.judgement.outcome is not Outcome.PASSED), None)
        return Judgement(worst or Outcome.PASSED, parts=parts)

    def _part(self, finding: LibraryFinding, found: Found) -> Part:
        field = dict(self.fields).get(finding.column) if finding.column else None
        return Part(finding.name, f"pandera: {finding.name}", field, self._judged(finding, found))

    def _judged(self, finding: LibraryFinding, found: Found) -> Judgement:
        notes = frozenset(json.loads(finding.result).get("notes", ())) if finding.result else frozenset()
        diagnostics = share(finding.failed, found.count or 0) if finding.failed is not None else {}
        if Note.NOT_CHECKED in notes:
            return not_applicable(f"not checked: {finding.reason}")
        if Note.RAISED in notes:
            return Judgement(Outcome.COULD_NOT_EVALUATE, finding.reason)
        if not finding.success:
            action = Action.WARN if Note.WARNS in notes and self.action is not Action.INFO else self.action
            places = found.rows.locations(finding.rows)
            if finding.values:
                places = tuple(replace(at, value=text) for at, text in zip(places, finding.values, strict=True))
            return Judgement(violated(action), finding.reason, diagnostics, places)
        if Note.ROWS in notes and not found.count:
            return not_applicable("there are no rows")
        return passed(diagnostics)
