"""What a pandera model says becomes results: one for each thing it checks, located, warned of or not checked."""

import json
from dataclasses import replace

import pyarrow as pa
import pytest

from lakegate.checks.interface import Found, Identity, Outcome
from lakegate.checks.pandera_model import Note, pandera_check
from lakegate.contract.model import Action, Property, SchemaObject
from lakegate.measures import Fault, LibraryAnswer, LibraryFinding, LibraryResult, NotMeasured
from lakegate.rows import Location, Rows

OBJ = SchemaObject("orders", "orders", (Property("amount", "AMT"), Property("code", "code")))
IDENTITY = Identity("orders.quality.model", "quality", "pandera", "the model", "orders")
CHECK = pandera_check("expectations/orders.py:Orders", OBJ, IDENTITY, Action.FAIL)


def finding(*notes, success=False, **more):
    given = {"name": "AMT.greater_than(0)", "column": "AMT", "reason": "got another value, expected greater_than(0)"}
    return LibraryFinding(success=success, result=json.dumps({"notes": list(notes)}), **(given | more))


def judged(*findings, check=CHECK, count=3):
    rows = Rows(table=pa.table({"AMT": [1, 2, 3]}))
    return check.judge(Found(rows, count, {check.query: LibraryAnswer(findings)}))


def test_the_model_is_asked_once_with_every_column():
    asked = '{"schema": "expectations/orders.py:Orders"}'

    assert CHECK.measures() == (LibraryResult("pandera", asked, None, files=True),)


def test_a_failing_finding_names_its_property_and_rows():
    (part,) = judged(finding(failed=2, rows=(0, 2), values=("1", "3"))).parts

    assert (part.key, part.field) == ("AMT.greater_than(0)", "amount")
    assert part.judgement.outcome is Outcome.FAILED
    assert part.judgement.locations == (Location("", 1, value="1"), Location("", 3, value="3"))
    assert part.judgement.diagnostics["failed"] == 2
    assert "got" in part.judgement.reason


@pytest.mark.parametrize(
    ("one", "action", "count", "outcome"),
    [
        (finding(success=True), Action.FAIL, 3, Outcome.PASSED),
        (finding(Note.ROWS, success=True), Action.FAIL, 3, Outcome.PASSED),
        (finding(Note.ROWS, success=True), Action.FAIL, 0, Outcome.NOT_APPLICABLE),
        (finding(success=True), Action.FAIL, 0, Outcome.PASSED),
        (finding(), Action.WARN, 3, Outcome.WARNED),
        (finding(), Action.INFO, 3, Outcome.INFORMED),
        (finding(), Action.QUARANTINE, 3, Outcome.FAILED),
        (finding(Note.WARNS), Action.FAIL, 3, Outcome.WARNED),
        (finding(Note.WARNS), Action.INFO, 3, Outcome.INFORMED),
        (finding(Note.NOT_CHECKED), Action.FAIL, 3, Outcome.NOT_APPLICABLE),
        (finding(Note.RAISED), Action.FAIL, 3, Outcome.COULD_NOT_EVALUATE),
        (finding(Note.RAISED), Action.WARN, 3, Outcome.COULD_NOT_EVALUATE),
    ],
)
def test_outcomes(one, action, count, outcome):
    (part,) = judged(one, check=replace(CHECK, action=action), count=count).parts

    assert part.judgement.outcome is outcome


@pytest.mark.parametrize(
    ("fault", "outcome"), [(Fault.ENGINE, Outcome.COULD_NOT_EVALUATE), (Fault.MISSING, Outcome.UNSUPPORTED)]
)
def test_without_an_answer_there_are_no_parts(fault, outcome):
    judgement = CHECK.judge(Found(Rows(), 3, {CHECK.query: NotMeasured(fault, "why")}))

    assert (judgement.outcome, judgement.parts) == (outcome, ())


def test_an_answer_without_findings_is_never_a_pass():
    with pytest.raises(TypeError, match="a library answered"):
        judged()
