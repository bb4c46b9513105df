"""Generated batches: the same bytes every time, and each planted defect found by the rule that its line names."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import itertools
import json

import pytest

import lakegate
from lakegate.contract.lint import lint
from lakegate.demo import nycflights, sources
from lakegate.demo.defects import ADS, BUDGET, EVENTS, Defect, defect, placed
from lakegate.errors import UsageError

DAY = dt.date(2026, 3, 1)
HOUR = dt.datetime(2026, 3, 1, 14, tzinfo=dt.UTC)
MAKE = {
    EVENTS: lambda rows, seed=0, defects=None: sources.events(HOUR, rows, seed, defects),
    ADS: lambda rows, seed=0, defects=None: sources.ads(DAY, rows, seed, defects),
    BUDGET: lambda rows, seed=0, defects=None: sources.budget(DAY, rows, seed, defects),
}
PLANTED = 3


def contract(dataset):
    return nycflights.project() / "contracts" / f"{dataset}.odcs.yaml"


def judged(batch, lake):
    """Judge a batch as it lies in the lake, beside a sound budget where the contract looks at one."""
    beside = {} if batch.dataset == BUDGET else {BUDGET: sources.budget(DAY).write(lake)}
    return lakegate.check(contract(batch.dataset), batch.write(lake), beside=beside)


def told(verdict):
    """Return every result that did not pass, by what an example is named by."""
    found = {}
    for result in verdict.results:
        if result.outcome not in {"passed", "not_applicable"}:
            found[result.quality_id or result.key.removeprefix(f"{verdict.model}.")] = result
    return found


def lines(batch):
    content = b"".join(batch.content())
    return (gzip.decompress(content) if batch.file.endswith(".gz") else content).splitlines()


@pytest.mark.parametrize("dataset", MAKE)
def test_the_contracts_lint_without_a_finding(dataset):
    assert lint([str(contract(dataset))]) == ()


@pytest.mark.parametrize("dataset", MAKE)
def test_a_batch_is_the_same_bytes_every_time(dataset):
    wrong = {next(each for each in Defect if each.dataset == dataset): 2}

    first, second = (b"".join(MAKE[dataset](50, 7, wrong).content()) for _ in range(2))

    assert first == second
    assert first != b"".join(MAKE[dataset](50, 8, wrong).content())


@pytest.mark.parametrize("dataset", [EVENTS, ADS])
def test_a_row_does_not_hang_on_the_size(dataset):
    assert lines(MAKE[dataset](2_500))[:300] == lines(MAKE[dataset](300))[:300]


def test_a_row_of_a_budget_does_not_hang_on_the_size():
    import openpyxl

    small, large = (io.BytesIO(b"".join(sources.budget(DAY, size).content())) for size in (10, 30))
    few, many = (list(openpyxl.load_workbook(file)["Budget"].values) for file in (small, large))
    assert few == many[:11]  # and the header


def test_all_but_the_planted_rows_stay_as_they_are():
    sound, spoilt = MAKE[EVENTS](100), MAKE[EVENTS](100, 0, {Defect.UNKNOWN_EVENT_TYPE: 2, Defect.DUPLICATE_EVENT: 1})

    differ = {n for n, (a, b) in enumerate(zip(lines(sound), lines(spoilt), strict=True), start=1) if a != b}

    assert differ == {row for rows in spoilt.planted.values() for row in rows}
    assert {each: len(rows) for each, rows in spoilt.planted.items()} == {
        Defect.UNKNOWN_EVENT_TYPE: 2,
        Defect.DUPLICATE_EVENT: 1,
    }


@pytest.mark.parametrize("dataset", MAKE)
def test_a_batch_without_defects_passes(dataset, tmp_path):
    verdict = judged(MAKE[dataset](40 if dataset != EVENTS else 2_000), tmp_path)

    assert verdict.passes
    assert told(verdict) == {}


@pytest.mark.parametrize("each", Defect, ids=lambda each: each.name.lower())
def test_a_planted_defect_is_found_as_often_as_planted_by_its_rule_alone(each, tmp_path):
    batch = MAKE[each.dataset](40, 0, {each: PLANTED})

    found = told(judged(batch, tmp_path))

    assert list(found) == [each.rule]
    (result,) = found.values()
    assert result.outcome == ("warned" if "warns" in each.what else "failed")
    numbers = result.diagnostics  # keys that stand twice, rows that are wrong, or what a query counted
    assert numbers.get("keys", numbers.get("failed", numbers.get("value"))) == PLANTED
    if result.locations and "keys" not in numbers:  # a key that stands twice has the row before among its rows
        assert tuple(place.row for place in result.locations) == batch.planted[each]


def test_all_defects_of_a_dataset_at_once_are_found_each_by_its_rule(tmp_path):
    wanted = {each: 1 for each in Defect if each.dataset == EVENTS}

    found = told(judged(MAKE[EVENTS](200, 0, wanted), tmp_path))

    assert set(found) == {each.rule for each in wanted}


def test_events_carry_what_is_joined_on():
    rows = [json.loads(line) for line in lines(MAKE[EVENTS](500))]

    led = [row for row in rows if "campaign_id" in row]
    known = {sources.campaign_id(n) for n in range(sources.CAMPAIGNS)}
    assert {row["campaign_id"] for row in led} <= known
    assert 100 < len(led) < 300
    assert all(row["udo"]["gclid"] for row in led)
    assert all(("order_value" in row) == (row["event_type"] == "purchase") for row in rows)


@pytest.mark.parametrize(
    ("dataset", "rows", "counts", "message"),
    [
        (ADS, 5, {Defect.COST_BELOW_ZERO: 3}, "3 defects do not fit into 5 rows of google/ads"),
        (ADS, 5, {Defect.DUPLICATE_EVENT: 1}, "duplicate_event is a defect of tealium/events, not of google/ads"),
        (ADS, 5, {Defect.COST_BELOW_ZERO: -1}, "got -1 of cost_below_zero"),
    ],
)
def test_what_cannot_be_planted_is_refused(dataset, rows, counts, message):
    with pytest.raises(UsageError, match=message):
        placed(dataset, rows, counts)


def test_defects_never_lie_side_by_side():
    for rows in range(6, 40):
        where = sorted(placed(ADS, rows, {Defect.COST_BELOW_ZERO: 3}))

        assert len(where) == 3
        assert where[0] >= 1
        assert where[-1] < rows
        assert all(b - a > 1 for a, b in itertools.pairwise(where))


def test_an_unknown_defect_is_told_the_near_name():
    with pytest.raises(UsageError, match="cost_below_zero"):
        defect("cost_belowzero")


def test_the_command_line_writes_batches_and_tells_what_it_planted(tmp_path, capsys):
    words = ["--lake", str(tmp_path), "--days", "2", "--hours", "1", "--events", "50", "--defect", "cost_below_zero=2"]

    assert sources.main(words) == 0

    markers = sorted(str(path.parent.relative_to(tmp_path)) for path in tmp_path.rglob("_SUCCESS"))
    assert markers == [
        "02-transient-zone/google/ads/dt=2026-03-01",
        "02-transient-zone/google/ads/dt=2026-03-02",
        "02-transient-zone/tealium/events/dt=2026-03-01/hour=00",
        "02-transient-zone/tealium/events/dt=2026-03-02/hour=00",
        "04-user-drop-zone/marketing/google/campaign_budget/month=2026-03",
    ]
    assert "  cost_below_zero in rows 2, 22; rule cost.minimum\n" in capsys.readouterr().out


def test_the_page_of_sample_data_lists_every_defect():
    page = (nycflights.project() / "docs/how-to/sample-data.md").read_text()

    rows = [line for line in page.splitlines() if any(f": {each.what} |" in line for each in Defect)]
    assert rows == [f"| `{each.name.lower()}` | {each.dataset}: {each.what} | `{each.rule}` |" for each in Defect]


def test_an_hour_of_another_zone_is_told_in_utc():
    paris = HOUR.astimezone(dt.timezone(dt.timedelta(hours=1)))

    assert sources.events(paris, 1).key == sources.events(HOUR, 1).key == "dt=2026-03-01/hour=14"


@pytest.mark.parametrize(
    "words", [["--campaigns", "3"], ["--defect", "cost_below_zero"], ["--defect", "nothing=1"], ["--hours", "25"]]
)
def test_a_wrong_command_line_is_exit_code_2_and_writes_nothing(words, tmp_path, capsys):
    assert sources.main(["--lake", str(tmp_path), *words]) == 2

    assert capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
