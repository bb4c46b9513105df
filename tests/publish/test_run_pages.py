import pytest

from lakegate.publish.run_pages import render
from lakegate.reports.json import of_json
from lakegate.reports.occasion import Occasion, Since
from lakegate.reports.occasion_json import of_json as occasion_of
from reports.verdicts import VERDICTS

FILES = ["run.json", "report.json", "index.html", "junit.xml", "failures.csv", "summary.md"]
OCCASION = Occasion(
    "2026-11-28T10:42:08.212Z",
    seconds=12.25,
    judging=2.5,
    since=Since(
        "month=2012-12",
        "references/reports/nyc/flights/month=2012-12/0123456789ab/",
        2,
        new=("flights.dep_time.maximum",),
        still={"flights.dep_time.required": "month=2012-11"},
        mended=("flights.flight.required",),
    ),
)


def test_the_occasion_is_written_first_and_only_where_one_is_known():
    assert list(render(VERDICTS["failed"], OCCASION)) == FILES
    assert list(render(VERDICTS["failed"])) == FILES[1:]


@pytest.mark.parametrize("name", sorted(VERDICTS.keys() - {"hostile"}))
def test_every_file_is_made_again_from_the_report_and_the_occasion(name):
    first = render(VERDICTS[name], OCCASION)

    again = render(of_json(first["report.json"]), occasion_of(first["run.json"]))

    assert again == first
