import json

import pytest

from lakegate.reports.occasion import Occasion, Since
from lakegate.reports.occasion_json import of_json, to_json

KNOWN = Occasion(
    "2026-11-28T10:42:08.212Z",
    seconds=1.5,
    judging=0.25,
    since=Since("2013-01", "references/reports/d/2013-01/1/", 2, ("a",), {"b": "2013-02"}, ("c",)),
)


@pytest.mark.parametrize("occasion", [KNOWN, Occasion("2026-11-28T10:42:08.212Z"), Occasion("", since=Since())])
def test_an_occasion_comes_back_as_it_was_written(occasion):
    assert of_json(to_json(occasion).encode()) == occasion


def test_what_is_not_known_is_null():
    document = json.loads(to_json(Occasion("2026-11-28T10:42:08.212Z", since=Since(new=("a",)))))

    assert document["seconds"] is None
    assert document["since"] == {"passed": None, "report": None, "runs": 0, "new": ["a"], "still": {}, "mended": []}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"schemaVersion": "2.0"}',
        b'{"schemaVersion": "1.0", "at": 1, "seconds": null, "since": null}',
        b'{"schemaVersion": "1.0", "at": "", "seconds": "1", "since": null}',
        b'{"schemaVersion": "1.0", "at": "", "seconds": null, "since": {"runs": 0}}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_occasion_is_refused(data):
    with pytest.raises(ValueError, match=r"no run\.json|expected 1\.0|Expecting|codec"):
        of_json(data)
