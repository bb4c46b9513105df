"""The verdict: its exit code (SEMANTICS, Outcomes), its id, and what a report may tell of rows."""

import dataclasses
import hashlib
import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest

from checks.asked import contract
from lakegate.checks.interface import Outcome
from lakegate.contract.odcs import load
from lakegate.rows import Location
from lakegate.verdict import BatchFile, CheckResult, Context, Policy, Verdict, batch_digest, policy

FILE = BatchFile("a.csv", 3, "0" * 64)


def verdict(*outcomes: Outcome, **changed) -> Verdict:
    results = tuple(
        CheckResult(f"t.{n}", "schema", "required", "", "t", None, None, None, outcome)
        for n, outcome in enumerate(outcomes)
    )
    plain = Verdict(
        contract_id="asked",
        contract_version="1.0.0",
        contract_sha256="1" * 64,
        dataset="t",
        model="t",
        batch=None,
        digest=batch_digest([FILE]),
        files=(FILE,),
        rows=3,
        results=results,
        engine="duckdb 2.0.0",
        lakegate="0.1.0",
    )
    return dataclasses.replace(plain, **changed)


PASSED, WARNED, INFORMED = Outcome.PASSED, Outcome.WARNED, Outcome.INFORMED
FAILED, NOT_APPLICABLE = Outcome.FAILED, Outcome.NOT_APPLICABLE
COULD_NOT, UNSUPPORTED = Outcome.COULD_NOT_EVALUATE, Outcome.UNSUPPORTED
STRICT = {"fail_on": "warning"}

EXIT_CODES = {
    "passed": ([PASSED], {}, 0),
    "warned": ([PASSED, WARNED], {}, 0),
    "warned, --fail-on warning": ([PASSED, WARNED], {"options": STRICT}, 1),
    "informed": ([PASSED, INFORMED], {"options": STRICT}, 0),
    "failed": ([PASSED, FAILED], {}, 1),
    "not applicable beside a pass": ([PASSED, NOT_APPLICABLE], {}, 0),
    "not applicable beside a failure": ([FAILED, NOT_APPLICABLE], {}, 1),
    "could not evaluate": ([PASSED, COULD_NOT], {}, 5),
    "could not evaluate beside a failure": ([FAILED, COULD_NOT], {}, 5),
    "unsupported": ([PASSED, UNSUPPORTED], {}, 2),
    "unsupported beside all else": ([FAILED, COULD_NOT, UNSUPPORTED], {}, 2),
    "nothing applied": ([NOT_APPLICABLE], {}, 1),
    "nothing applied, no rows": ([NOT_APPLICABLE], {"rows": 0}, 1),
    "nothing applied, no rows, min_rows: 0": ([NOT_APPLICABLE], {"rows": 0, "min_rows": 0}, 0),
    "nothing applied, rows, min_rows: 0": ([NOT_APPLICABLE], {"rows": 3, "min_rows": 0}, 1),
    "nothing applied, unreadable, min_rows: 0": ([NOT_APPLICABLE], {"rows": None, "min_rows": 0}, 1),
    "no checks": ([], {}, 2),
}


@pytest.mark.parametrize("name", EXIT_CODES)
def test_exit_codes(name):
    outcomes, changed, expected = EXIT_CODES[name]

    found = verdict(*outcomes, **changed)

    assert (found.exit_code, found.passes) == (expected, expected == 0)


def test_the_order_of_checks_does_not_matter():
    several = [PASSED, FAILED, WARNED, COULD_NOT]

    assert {verdict(*order).exit_code for order in itertools.permutations(several)} == {5}


def test_every_outcome_is_counted():
    counts = verdict(PASSED, PASSED, FAILED).counts

    assert set(counts) == set(Outcome)
    assert (counts[PASSED], counts[FAILED], sum(counts.values())) == (2, 1, 3)


# --- the report's id --------------------------------------------------------------------------------------------

ASKED = {  # exactly what a verdict is a function of (PROTOCOL, Words)
    "digest": "2" * 64,
    "contract_sha256": "3" * 64,
    "engine": "duckdb 2.0.1",
    "lakegate": "0.2.0",
    "options": {"samples": True},
    "context": Context(as_of="2026-03-01T00:00:00+00:00"),
}
NOT_ASKED = {
    "contract_file": "x.yaml",
    "owner": "somebody",
    "batch": "dt=2026-03-01",
    "results": (),
    "rows": 4,
    "contract_id": "other",
    "contract_version": "2.0.0",
}


@pytest.mark.parametrize("name", ASKED)
def test_the_id_changes_with(name):
    assert verdict(PASSED, **{name: ASKED[name]}).report_id != verdict(PASSED).report_id


@pytest.mark.parametrize("name", NOT_ASKED)
def test_the_id_does_not_change_with(name):
    assert verdict(PASSED, **{name: NOT_ASKED[name]}).report_id == verdict(PASSED).report_id


def test_the_id_changes_with_another_dataset_that_was_read():
    slots = {"nyc/planes": (("2026", 1),)}

    ids = {verdict(PASSED, context=Context(slots=slots)).report_id, verdict(PASSED).report_id}

    assert len(ids) == 2


def test_the_id_is_the_same_for_ever():
    assert verdict(PASSED).report_id == "fec1d9f95dd5"


def test_the_digest_is_of_the_sorted_files():
    other = BatchFile("b.csv", 1, "f" * 64)

    assert batch_digest([FILE, other]) == batch_digest([other, FILE])
    assert batch_digest([FILE, other]) != batch_digest([FILE])
    assert batch_digest([FILE]) != batch_digest([dataclasses.replace(FILE, size=4)])
    assert batch_digest([FILE]) != batch_digest([dataclasses.replace(FILE, path="b.csv")])


PROGRAM = """
import json, sys, lakegate
from lakegate.judge import Options
from lakegate.reports.json import to_json
verdict = lakegate.check(json.loads(sys.argv[1]), sys.argv[2], options=Options(samples=True))
print(verdict.report_id)
print(to_json(verdict))
"""


def test_i14_two_processes_come_to_the_same_verdict(tmp_path):
    data = tmp_path / "data.csv"
    data.write_text("a,b\n" + "".join(f"{n % 7},x{n}\n" for n in range(500)) + "x,\n")
    rules = {"required": True, "unique": True, "logicalTypeOptions": {"maximum": 3}}
    document = json.dumps(
        contract({"name": "a", "logicalType": "integer", **rules}, {"name": "b", "required": True, "primaryKey": True})
    )
    here = {"PYTHONPATH": str(Path(__file__).parents[1] / "src"), "PATH": ""}

    told = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM, document, str(data)],
            env={**here, "PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Pacific/Auckland"))
    }

    assert len(told) == 1
    assert b'"failed"' in told.pop()


# --- what may be told of rows -----------------------------------------------------------------------------------

PLACE = Location("a.csv", 3, key=(("id", "K1"), ("mail", "x@example.com")), value="secret")


@pytest.mark.parametrize(
    ("samples", "rule", "value"),
    [
        (False, "show", None),
        (True, "show", "secret"),
        (True, "mask", "*** (6 characters)"),
        (True, "never", None),
        (False, "mask", None),
    ],
)
def test_what_is_told_of_a_value(samples, rule, value):
    assert Policy(5, samples, {"a": rule}).disclosed(PLACE, "a").value == value


def test_what_no_property_declares_is_masked():
    told = Policy(5, True, {}).disclosed(PLACE, None)

    assert (told.value, told.key[0]) == ("*** (6 characters)", ("id", "*** (2 characters)"))


def test_what_is_told_of_a_key():
    masked = Policy(5, False, {"id": "show", "mail": "mask"}).disclosed(PLACE, "a")
    never = Policy(5, True, {"id": "show", "mail": "never"}).disclosed(PLACE, "a")

    assert masked.key == (("id", "K1"), ("mail", "*** (13 characters)"))
    assert never.key == (("id", "K1"),)


def test_a_field_inherits_the_strictest_rule_of_what_it_stands_in():
    hidden = {"customProperties": [{"property": "lakegate", "value": {"samples": "never"}}]}
    inner = {"name": "x", "logicalType": "string"}
    document = contract(
        {"name": "o", "logicalType": "object", **hidden, "properties": [inner]},
        {"name": "l", "logicalType": "array", "classification": "restricted", "items": {"name": "i", **inner}},
        {"name": "s"},
    )

    rules = policy(load(document).schema[0], samples=True, limit=5).rules

    assert rules == {"o": "never", "o.x": "never", "l": "mask", "l[]": "mask", "s": "show"}


def test_a_digest_knows_paths_sizes_and_bytes_and_no_order():
    one, two = BatchFile("a", 1, "s1"), BatchFile("b", 2, "s2")

    assert batch_digest([one, two]) == batch_digest([two, one])
    assert batch_digest([one]) == hashlib.sha256(b'[["a",1,"s1"]]').hexdigest()
    assert batch_digest([one]) not in (
        batch_digest([BatchFile("a2", 1, "s1")]),
        batch_digest([BatchFile("a", 2, "s1")]),
    )
