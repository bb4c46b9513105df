"""One verdict of every kind. Each report format is shown all of them."""

import dataclasses
from decimal import Decimal

from lakegate.checks.interface import Outcome
from lakegate.contract.model import Waiving
from lakegate.rows import Location
from lakegate.verdict import BatchFile, CheckResult, Context, Profile, SetApart, Verdict, Waived

SHA = "3f1c9a5b7d2e4f608192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8"
ROWS = 27_004


def check(key: str, outcome: Outcome = Outcome.PASSED, **changed) -> CheckResult:
    """A check of the flights contract; `key` is `<column>.<type>`, or `<type>` for one of the whole object."""
    column, _, kind = key.rpartition(".")
    named = {
        "key": f"flights.{key}",
        "category": "schema",
        "type": kind,
        "name": f"{column or 'flights'}: {kind} holds",
        "model": "flights",
        "field": column or None,
        "quality_id": None,
        "dimension": None,
        "outcome": outcome,
    }
    return CheckResult(**named | changed)


def verdict(*results: CheckResult, **changed) -> Verdict:
    """A verdict on January's flights."""
    named = {
        "contract_id": "nyc-flights",
        "contract_version": "1.2.0",
        "contract_sha256": SHA,
        "dataset": "nyc/flights",
        "model": "flights",
        "batch": "month=2013-01",
        "digest": SHA[::-1],
        "files": (BatchFile("flights.csv.gz", 812_345, SHA),),
        "rows": ROWS,
        "results": results,
        "engine": "duckdb 2.0.0",
        "lakegate": "0.1.0",
        "owner": "air-traffic",
    }
    return Verdict(**named | changed)


PASSED = (
    check("rowCount", category="quality", name="flights holds 1,000 to 50,000 rows", diagnostics={"value": ROWS}),
    check("flight.required", name="flight is never null"),
    check("carrier.relationships", name="carrier is in nyc/airlines.carrier"),
)

FAILED = (
    check(
        "dep_time.maximum",
        Outcome.FAILED,
        type="maximum",
        name="dep_time is at most 2359",
        dimension="conformity",
        reason="got 2400, expected at most 2359",
        diagnostics={
            "failed": 29,
            "total": ROWS,
            "percent": 0.1074,
            "got": "2400",
            "expected": "at most 2359",
        },
        locations=(
            Location("flights.csv.gz", 1204, 1205, "dep_time", (("flight", "1545"), ("origin", "EWR")), "2400"),
            Location("flights.csv.gz", 9871, 9872, "dep_time", (("flight", "27"), ("origin", "JFK")), "2400"),
            Location("flights.csv.gz", 10_002, 10_003, "dep_time", (("flight", "8"), ("origin", "LGA")), "2400"),
        ),
    ),
    check(
        "dep_time.required",
        Outcome.FAILED,
        name="dep_time is never null",
        reason="got null, expected a value",
        diagnostics={"failed": ROWS - 1, "total": ROWS},
        locations=(Location("part-0.parquet", 1), Location("part-1.parquet")),
    ),
    check(
        "tailnum.relationship",
        Outcome.FAILED,
        name="tailnum is in nyc/planes (tailnum)",
        reason="got a key that is not there, expected every key in nyc/planes (tailnum)",
        diagnostics={
            "failed": 7602,
            "total": 336_776,
            "expected": "every key in nyc/planes (tailnum)",
            "dataset": "nyc/planes",
            "failing_values": [{"value": "N0EGMQ", "rows": 7000}, {"value": "N9", "rows": 602}],
            "distinct_values": 2,
        },
        query='SELECT count(*) FROM "flights"\nWHERE "tailnum" IS NOT NULL AND "tailnum" NOT IN '
        '(SELECT DISTINCT "tailnum" FROM "nyc/planes" WHERE "tailnum" IS NOT NULL)',
        locations=(Location("part-0.parquet", 99, column="tail number", value="N0EGMQ"),),
    ),
    check(
        "no_time_travel",
        Outcome.FAILED,
        category="quality",
        type="sql",
        name="no flight lands before it leaves",
        quality_id="no_time_travel",
        reason="got 7, expected 0",
        diagnostics={"value": Decimal("7.0"), "operator": "mustBe", "got": "7", "expected": "0"},
        implementation="SELECT count(*) FROM flights WHERE air_time < 0 AND distance IS NULL",
    ),
)

WARNED = (
    check(
        "arr_delay.nullValues",
        Outcome.WARNED,
        category="quality",
        name="arr_delay is rarely missing",
        quality_id="arr_delay_rarely_missing",
        reason="got 2.25 % of the rows, expected less than 2 %",
        diagnostics={"failed": 606, "total": ROWS, "unit": "percent"},
    ),
    check(
        "gate_note.invalidValues",
        Outcome.INFORMED,
        category="quality",
        name="gate_note is one of the usual notes",
        quality_id="usual_notes",
        reason="got 3 unusual values, expected 0",
    ),
)

PROSE = check("readable", Outcome.NOT_APPLICABLE, type="text", name="the notes are readable", reason="prose")
NO_ROWS = tuple(
    check(f"column_{n}.unique", Outcome.NOT_APPLICABLE, name=f"column_{n} is unique", reason="there are no rows")
    for n in range(12)
)
NO_CONTEXT = check(
    "dest.relationships",
    Outcome.COULD_NOT_EVALUATE,
    name="dest is in nyc/airports.faa",
    reason="nyc/airports has no committed batch; expected at least one to look dest up in",
)
BY_A_LIBRARY = check(
    "suite.tailnum.expect_column_values_to_be_polite",
    Outcome.FAILED,
    category="quality",
    field="tailnum",
    type="expect_column_values_to_be_polite",
    name="tailnum: column values to be polite",
    reason="got values that are not, expected all to be polite",
    diagnostics={"failed": 2, "total": ROWS, "success": False, "result": {"unexpected_count": 2}},
    implementation='{"type": "expect_column_values_to_be_polite", "kwargs": {"column": "tailnum"}, "meta": {}}',
    suite="expectations/flights.json",
    library="great_expectations",
    locations=(Location("flights.csv.gz", 7, 8),),
)
GX = check(
    "gx_suite",
    Outcome.UNSUPPORTED,
    category="quality",
    type="custom",
    quality_id="gx_suite",
    name="expectations/flights.json holds",
    reason="its engine greatExpectations is not installed",
)

# Everything that means something to a terminal, a browser, an XML parser, a spreadsheet, a template or Markdown.
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)> {{ 7*7 }} {% raw %} \x1b[31m\x1b[2J\x07 ]]> &amp; "
    "\u2028\u202e\u200b\ud800\x00\ufffe\r\nnext [bold red]markup[/] [link=http://example.com]x[/link] "
    "![i](http://example.com/i.png) `code` ``two`` | @everyone #1 javascript:alert(3) \\"
)
HOSTILE_CHECK = check(
    f"{HOSTILE}.invalidValues",
    Outcome.FAILED,
    field=HOSTILE,
    type="invalidValues",
    name=f"{HOSTILE} is never {HOSTILE}",
    quality_id=HOSTILE,
    reason=f"got {HOSTILE}, expected {HOSTILE}",
    diagnostics={"failed": 3, "total": 3, "got": HOSTILE, "expected": HOSTILE, HOSTILE: float("nan")},
    implementation=f"SELECT '{HOSTILE}' -- </code></pre></style>",
    locations=(
        Location(HOSTILE, 1, 2, HOSTILE, ((HOSTILE, HOSTILE),), HOSTILE),
        Location("sheet.csv", 2, 3, "formula", (("id", "=1+1"),), '=HYPERLINK("http://example.com")'),
        Location("long/" + "folder-with-a-long-name/" * 12 + "file.csv", 3, 4, "c" * 400, (), "v" * 5000),
    ),
)

SET_APART = (
    check(
        "dep_time.maximum",
        Outcome.SET_APART,
        name="dep_time is at most 2359",
        reason="got more, expected at most 2359",
        diagnostics={"failed": 1, "total": ROWS, "percent": 100 / ROWS},
        locations=(Location("flights.parquet", 7),),
    ),
    check(
        "carrier.enum",
        Outcome.SET_APART,
        name="carrier is one of the listed values",
        reason="got another value, expected one of 'AA', 'UA'",
        diagnostics={"failed": 2, "total": ROWS, "percent": 200 / ROWS},
        locations=(Location("flights.parquet", 7), Location("flights.parquet", 12)),
    ),
    check("maxRejected", category="batch", name="at most 1 percent of the batch are set apart"),
    check("rowsAddUp", category="batch", name="rows in are rows that go on and rows set apart"),
)

VERDICTS: dict[str, Verdict] = {
    "all-passed": verdict(*PASSED),
    "failed": verdict(
        *PASSED,
        *FAILED,
        *WARNED,
        PROSE,
        waiving=Waiving(allowed=True, approvers=("ana@example.com",), max_days=3),
        opening="CREATE VIEW \"flights\" AS\nFROM read_parquet(['part-0.parquet'], hive_partitioning = false)",
        profile=Profile(ROWS, {"flight": 0, "carrier": 0, "tail_number": 411, "dep_time": 8255, "gate": None}),
    ),
    "by-a-library": verdict(
        *PASSED,
        BY_A_LIBRARY,
        engine="duckdb 2.0.0, great_expectations 1.24.1",
        context=Context(files={"expectations/flights.json": SHA}),
    ),
    "warned": verdict(
        *PASSED,
        *WARNED,
        context=Context("2013-02-01T06:00:00Z", {"nyc/airlines": (("2013", 1), ("2014", 2))}),
    ),
    "rows-set-apart": verdict(
        *PASSED,
        *SET_APART,
        rows=ROWS - 2,
        set_apart=SetApart(ROWS, ROWS - 2, 2, {"flights.dep_time.maximum": 1, "flights.carrier.enum": 2}),
        profile=Profile(ROWS, {"flight": 0, "carrier": 0, "dep_time": 1}),
    ),
    "warnings-block": verdict(*PASSED, *WARNED, options={"fail_on": "warning"}),
    "waived": verdict(
        *PASSED,
        *(dataclasses.replace(one, outcome=Outcome.WAIVED) for one in FAILED),
        *WARNED,
        waivers=(
            Waived(
                "0123456789ab",
                tuple(one.key for one in FAILED[:1]),
                "ana@example.com",
                "the feed is late until the new sensor runs; the board knows",
                "2026-12-01T00:00:00+00:00",
                "2026-11-22T09:30:00+00:00",
            ),
            Waived(
                "ba9876543210",
                tuple(one.key for one in FAILED[1:]),
                "ben@example.com",
                "counted by hand",
                "2026-11-29T00:00:00+00:00",
                "2026-11-22T10:00:00+00:00",
            ),
        ),
    ),
    "could-not-evaluate": verdict(*PASSED, NO_CONTEXT, owner=None),
    "unsupported": verdict(*PASSED, *FAILED[:1], GX),
    "unreadable": verdict(
        check(
            "readable",
            Outcome.FAILED,
            category="batch",
            name="every file can be read",
            reason="flights.csv.gz: got 1,024 bytes that end inside a gzip member, expected a whole one",
            locations=(Location("flights.csv.gz"),),
        ),
        *(
            check(f"{name}.required", Outcome.NOT_APPLICABLE, reason="the batch could not be read")
            for name in ("flight", "carrier", "origin")
        ),
        rows=None,
    ),
    "zero-rows": verdict(
        check(
            "minRows",
            Outcome.FAILED,
            category="batch",
            name="flights holds at least 1 row",
            reason="got 0 rows, expected at least 1",
            diagnostics={"value": 0, "failed": 0, "total": 0},
        ),
        *NO_ROWS,
        rows=0,
    ),
    "nothing-applied": verdict(*NO_ROWS[:2], rows=0),
    "no-checks": verdict(),
    "files-without-a-lake": verdict(
        *PASSED[:1], dataset="flights", batch=None, files=(BatchFile("a b.csv", 1, SHA), BatchFile("c.csv", 0, SHA))
    ),
    "hostile": verdict(
        HOSTILE_CHECK,
        check("why", Outcome.NOT_APPLICABLE, name=HOSTILE, reason=HOSTILE),
        check("how", Outcome.WARNED, name=HOSTILE, reason=HOSTILE),
        check("fine", name=HOSTILE),
        contract_id=HOSTILE,
        contract_version=HOSTILE,
        dataset=HOSTILE,
        batch=HOSTILE.replace("\ud800", ""),  # no key of a lake
        owner=HOSTILE,
        files=(BatchFile(HOSTILE, 1, SHA),),
        options={"samples": True, HOSTILE: HOSTILE},
        context=Context("2013-02-01T06:00:00Z", {HOSTILE: ((HOSTILE, 1),)}),
        engine=HOSTILE,
        profile=Profile(ROWS, {HOSTILE: 1, f"{HOSTILE}.": 0, f"{HOSTILE}..": None}),
    ),
    "hostile-waiver": verdict(
        check("let", Outcome.WAIVED, name=HOSTILE, reason=HOSTILE),
        waivers=(Waived("0123456789ab", ("flights.let",), HOSTILE, HOSTILE, HOSTILE, HOSTILE),),
    ),
}
