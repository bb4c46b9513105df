"""Libraries of checks judge a table in a worker: what they say comes back, whatever becomes of the worker."""

import json
import os

import pyarrow as pa
import pytest

import lakegate
from checks.asked import contract
from lakegate.checks.interface import Outcome

MODEL = """
import os
import pandera.pandas as pa

class Rows(pa.DataFrameModel):
    id: int = pa.Field(gt=0)

    @pa.check("id")
    @classmethod
    def elsewhere(cls, ids):
        return ids.map(lambda _: os.getpid() != PARENT)
"""


@pytest.fixture
def judged(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "contracts").mkdir()

    def judge(model, ids):
        folder = tmp_path / "expectations"
        folder.mkdir(exist_ok=True)
        (folder / "rows.py").write_text(model)
        rule = {"type": "custom", "engine": "pandera", "implementation": {"schema": "expectations/rows.py:Rows"}}
        document = contract({"name": "id", "logicalType": "integer"}, quality=[rule])
        written = tmp_path / "contracts/t.odcs.yaml"
        written.write_text(json.dumps(document))
        return lakegate.check(written, pa.table({"id": ids}))

    return judge


def test_python_of_the_project_never_runs_in_the_callers_process(judged):
    verdict = judged(MODEL.replace("PARENT", str(os.getpid())), [1, 2])

    assert verdict.passes, verdict.results
    assert any("elsewhere" in result.key for result in verdict.results)


def test_failing_rows_of_a_table_are_named(judged):
    verdict = judged(MODEL.replace("PARENT", "0"), [1, -2, 3, -4])

    (failed,) = [result for result in verdict.results if result.outcome is Outcome.FAILED]
    assert [place.row for place in failed.locations] == [2, 4]


def test_a_worker_that_ends_without_a_word_could_not_evaluate(judged):
    verdict = judged("import os\nos._exit(0)", [1])

    assert verdict.exit_code == 5
    (told,) = [result for result in verdict.results if result.library == "pandera"]
    assert "ended with exit code 0 and without an answer" in told.reason
