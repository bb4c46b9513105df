"""What came in against what goes out: losses planted in known groups, counted exactly."""

import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import lakegate
from lakegate.checks.interface import Outcome
from lakegate.cli import main
from lakegate.judge import Options

PASSED, FAILED, COULD_NOT = Outcome.PASSED, Outcome.FAILED, Outcome.COULD_NOT_EVALUATE
D = Decimal


class Project:
    """Two contracts: the mart's, whose rules look at the input, and that of the input, `cleanse/flights`."""

    def __init__(self, root):
        self.folder = root / "contracts"
        self.folder.mkdir(exist_ok=True)

    def contract(self, name, properties, quality=(), gate=None):
        document = {
            "apiVersion": "v3.2.0",
            "kind": "DataContract",
            "id": name.replace("/", "-"),
            "name": name,
            "version": "1.0.0",
            "status": "active",
            "schema": [{"name": "t", "properties": properties, "quality": list(quality)}],
            "customProperties": [{"property": "lakegate", "value": {"min_rows": 0} | (gate or {})}],
        }
        file = self.folder / f"{name}.odcs.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(document))
        return file


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def rule(measure="rows", **more):
    implementation = {"reconcile": "cleanse/flights", "measure": measure, **more}
    return {"id": "arrives", "type": "custom", "engine": "lakegate", "implementation": implementation}


def judged(project, here, there, asked, *, samples=True, hidden=()):
    def properties(table, hide=()):
        never = [{"property": "lakegate", "value": {"samples": "never"}}]
        return [{"name": name, **({"customProperties": never} if name in hide else {})} for name in table]

    project.contract("cleanse/flights", properties(there or {}, hidden) or [{"name": "x"}])
    mart = project.contract("mart/flights", properties(here), [asked])
    beside = {"cleanse/flights": pa.table(there)} if there is not None else {}
    return lakegate.check(mart, pa.table(here), beside=beside, options=Options(samples=samples))


def found(*args, **more):
    (told,) = [one for one in judged(*args, **more).results if one.type == "reconciliation"]
    return told


def ints(*values):
    return pa.array(values, pa.int64())


# --- rows, by group ---------------------------------------------------------------------------------------------


def test_losses_planted_in_groups_are_counted_exactly(project):
    there = {"carrier": [c for c in "ABCDEF" for _ in range(10)] + [None] * 4}
    here = {"carrier": [c for c in "ABCDE" for _ in range(10)][:-3] + ["G"] + [None] * 3}

    told = found(project, here, there, rule(by=["carrier"]))

    assert told.outcome is FAILED
    assert (told.diagnostics["groups"], told.diagnostics["differ"]) == (8, 4)
    assert told.diagnostics["worst"] == [
        {"group": "carrier=F", "here": "0", "there": "10"},
        {"group": "carrier=E", "here": "7", "there": "10"},
        {"group": "carrier=G", "here": "1", "there": "0"},
        {"group": "carrier=null", "here": "3", "there": "4"},
    ]
    first = "carrier=F 0 here, 10 there; carrier=E 7 here, 10 there; carrier=G 1 here, 0 there"
    assert told.reason == f"4 of 8 groups differ from cleanse/flights: {first}; …"


def test_the_same_rows_pass_and_null_meets_null(project):
    data = {"carrier": ["A", None, None], "day": [1, 1, None]}

    told = found(project, data, data, rule(by=["carrier", "day"]))

    assert told.outcome is PASSED
    assert told.diagnostics == {"dataset": "cleanse/flights", "groups": 3, "differ": 0}


def test_groups_that_are_called_otherwise_there(project):
    here, there = {"month": [1, 1, 2]}, {"flight_month": [1, 1, 2, 2]}

    told = found(project, here, there, rule(by=[{"month": "flight_month"}]))

    assert told.diagnostics["worst"] == [{"group": "month=2", "here": "1", "there": "2"}]


def test_only_the_worst_twenty_are_named(project):
    there = {"k": [n for n in range(30) for _ in range(n + 1)]}

    told = found(project, {"k": ints()}, there, rule(by=["k"]))

    assert told.diagnostics["differ"] == 30
    assert [one["group"] for one in told.diagnostics["worst"]] == [f"k={n}" for n in range(29, 9, -1)]


# --- sums -------------------------------------------------------------------------------------------------------


def test_the_sum_of_counts_here_is_the_rows_there(project):
    here = {"carrier": ["A", "B"], "flights": [3, 2]}
    there = {"carrier": ["A", "A", "A", "B", "B"]}
    asked = rule("sum", column="flights", theirs={"measure": "rows"}, by=["carrier"])

    kept, lost = found(project, here, there, asked), found(project, {**here, "flights": [3, 1]}, there, asked)

    assert kept.outcome is PASSED
    assert lost.diagnostics["worst"] == [{"group": "carrier=B", "here": "1", "there": "2"}]


def test_decimals_are_exact_to_the_last_digit(project):
    many = [D("0.10")] * 1000
    asked = rule("sum", column="cost")

    kept = found(project, {"cost": [D("100.00")]}, {"cost": many}, asked)
    lost = found(project, {"cost": [D("100.0001")]}, {"cost": many}, asked)

    assert kept.outcome is PASSED
    assert lost.outcome is FAILED
    assert "100.0001 here, 100.0000 there" in lost.reason


def test_whole_numbers_beyond_64_bits_are_added_without_loss(project):
    big = 2**62

    kept = found(project, {"n": [big] * 5}, {"n": [big] * 5}, rule("sum", column="n"))
    lost = found(project, {"n": [big] * 5}, {"n": [big] * 4 + [big - 1]}, rule("sum", column="n"))

    assert (kept.outcome, lost.outcome) == (PASSED, FAILED)
    assert f"{5 * big:,} here" in lost.reason


def test_a_sum_that_no_decimal_holds_is_no_pass(project):
    huge = pa.array([D("9" * 38)] * 2, pa.decimal128(38, 0))

    assert found(project, {"n": huge}, {"n": huge}, rule("sum", column="n")).outcome is COULD_NOT


def test_whole_numbers_beside_decimals_and_floats(project):
    asked = rule("sum", column="n")

    assert found(project, {"n": [3]}, {"n": [D("1.50"), D("1.50")]}, asked).outcome is PASSED
    assert found(project, {"n": [3]}, {"n": [1.5, 1.5]}, asked).outcome is PASSED
    assert found(project, {"n": [3]}, {"n": [D("1.50"), D("1.51")]}, asked).outcome is FAILED


def test_floats_need_a_tolerance_and_nan_is_no_number(project):
    here, there = {"n": [0.3]}, {"n": [0.1, 0.2, float("nan"), None]}

    exact = found(project, here, there, rule("sum", column="n"))
    near = found(project, here, there, rule("sum", column="n", tolerance=0.000001))
    infinite = found(project, {"n": [float("inf")]}, there, rule("sum", column="n", tolerance=1))

    assert (exact.outcome, near.outcome, infinite.outcome) == (FAILED, PASSED, FAILED)


# --- distinct ---------------------------------------------------------------------------------------------------


def test_distinct_keys_of_one_and_of_several_columns(project):
    here = {"a": [1, 1, 2, None], "b": ["x", "y", "x", "x"]}
    there = {"a": [1, 1, 1, 2], "b": ["x", "y", "y", "x"]}

    one = found(project, here, there, rule("distinct", column="a"))
    both = found(project, here, there, rule("distinct", column=["a", "b"]))
    lost = found(project, {"a": [1], "b": ["x"]}, there, rule("distinct", column=["a", "b"]))

    assert (one.outcome, both.outcome, lost.outcome) == (PASSED, PASSED, FAILED)
    assert lost.reason == "the number of distinct values differs from cleanse/flights: 1 here, 3 there"


# --- tolerance --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tolerance", "here", "outcome"),
    [
        ("0.5 percent", 199, PASSED),
        ("0.5 percent", 201, PASSED),
        ("0.5 percent", 198, FAILED),
        ("0.5 percent", 202, FAILED),
        (2, 198, PASSED),
        (2, 197, FAILED),
        (1.9, 199, PASSED),
        (1.9, 198, FAILED),
        (0, 200, PASSED),
        (0, 199, FAILED),
    ],
)
def test_the_edges_of_a_tolerance(project, tolerance, here, outcome):
    told = found(project, {"n": range(here)}, {"n": range(200)}, rule(tolerance=tolerance))

    assert told.outcome is outcome


def test_a_percentage_of_nothing_is_nothing(project):
    told = found(project, {"n": [1]}, {"n": ints()}, rule(tolerance="50 percent"))

    assert told.outcome is FAILED
    assert told.reason == "the number of rows differs by more than 50 percent from cleanse/flights: 1 here, 0 there"


# --- sides that are empty, or not there -------------------------------------------------------------------------


@pytest.mark.parametrize("by", [[], ["n"]])
def test_empty_sides(project, by):
    nothing, some = {"n": ints()}, {"n": ints(1)}

    assert found(project, nothing, nothing, rule(by=by)).outcome is PASSED
    assert found(project, nothing, some, rule(by=by)).outcome is FAILED
    assert found(project, some, nothing, rule(by=by)).outcome is FAILED


def test_no_input_at_hand_could_not_be_evaluated(project):
    told = judged(project, {"n": [1]}, None, rule())

    assert told.exit_code == 5
    (reason,) = [one.reason for one in told.results if one.type == "reconciliation"]
    assert "the manifest names no batch of it that is committed" in reason


def test_a_column_that_is_not_there_on_either_side(project):
    here = found(project, {"n": [1]}, {"m": [1]}, rule(by=[{"n": "gone"}]))
    mart = project.contract("mart/flights", [{"name": "n"}, {"name": "m"}], [rule(by=["m"])])
    verdict = lakegate.check(mart, pa.table({"n": [1]}), beside={"cleanse/flights": pa.table({"m": [1]})})

    assert here.outcome is COULD_NOT
    assert "'gone'" in here.reason
    assert [one.outcome for one in verdict.results if one.type == "reconciliation"] == [FAILED]


def test_groups_that_cannot_be_compared_fail(project):
    told = found(project, {"n": [1]}, {"n": ["1"]}, rule(by=["n"]))

    assert told.outcome is FAILED
    assert "cannot be compared" in told.reason


# --- what a report tells ----------------------------------------------------------------------------------------


def test_values_of_groups_are_samples(project):
    told = found(project, {"name": ["Ada"]}, {"name": ["Bob"]}, rule(by=["name"]), samples=False)

    assert told.reason == "2 of 2 groups differ from cleanse/flights"
    assert told.diagnostics == {"dataset": "cleanse/flights", "groups": 2, "differ": 2}


def test_what_the_other_contract_hides_is_never_told(project):
    told = found(project, {"name": ["Ada"]}, {"name": ["Bob"]}, rule(by=["name"]), hidden=["name"])

    assert "Bob" not in told.reason + json.dumps(dict(told.diagnostics))


# --- the command line -------------------------------------------------------------------------------------------


def test_files_stand_for_the_input(project, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    project.contract("cleanse/flights", [{"name": "n"}])
    mart = project.contract("mart/flights", [{"name": "n"}], [rule()])
    pq.write_table(pa.table({"n": [1, 2]}), tmp_path / "here.parquet")
    pq.write_table(pa.table({"n": [1, 2, 3]}), tmp_path / "there.parquet")
    words = ["test", str(mart), "--data", "here.parquet", "--with"]

    lost = CliRunner().invoke(main, [*words, "cleanse/flights=there.parquet"])
    kept = CliRunner().invoke(main, [*words, "cleanse/flights=here.parquet"])

    assert (lost.exit_code, kept.exit_code) == (1, 0), lost.output
    assert "2 here, 3 there" in lost.output


def test_the_plan_shows_it(project, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    project.contract("cleanse/flights", [{"name": "n"}, {"name": "cost"}])
    asked = rule("sum", column="cost", by=["n"])
    mart = project.contract("mart/flights", [{"name": "n"}, {"name": "cost", "logicalType": "number"}], [asked])

    told = CliRunner().invoke(main, ["plan", str(mart)])

    assert told.exit_code == 0, told.output
    assert "groups against cleanse/flights (inputs): t.quality.arrives" in told.output
    assert "UNION ALL" in told.output
