"""The feed, held against the musts of RFC 4287 by clause."""

import datetime as dt
import re
import xml.etree.ElementTree as ET
from urllib.parse import unquote, urljoin

import pytest

from lakegate.reports.board.feed import ENTRIES, PAGE, feed
from lakegate.reports.summary import Standing
from reports.board.boards import EMPTY, EVENTS, EVERY_STATE, FLIGHTS, RAW, ago, blocked_run, passing

A = "{http://www.w3.org/2005/Atom}"
HOSTILE = "<script>alert(1)</script>&\x1b[2J\u202e\ud800\ufffe]]>{{ 7 * 7 }}"
FULL = (
    *EVERY_STATE,
    passing("core/late", RAW, owner=None, blocked=(blocked_run("core/late", "b=1", resolved=True),)),
    passing("hostile", RAW, owner=HOSTILE, domain=HOSTILE, blocked=(blocked_run("hostile", HOSTILE, message=HOSTILE),)),
)


SITE = "https://reports.example.com/lake"


def parsed(datasets, address=""):
    return ET.fromstring(feed(datasets, address).encode())  # noqa: S314 - ours


def one(*datasets):
    (entry,) = parsed(datasets).iter(f"{A}entry")
    return entry


@pytest.mark.parametrize("address", ["", SITE], ids=["relative", "absolute"])
@pytest.mark.parametrize("datasets", [(), (EMPTY,), FULL], ids=["none", "empty", "full"])
def test_it_is_a_feed(datasets, address):
    root = parsed(datasets, address)

    assert root.tag == f"{A}feed"
    for element in (root, *root.iter(f"{A}entry")):
        for name in ("id", "title", "updated"):  # 4.1.1, 4.1.2: exactly one of each
            assert len(element.findall(f"{A}{name}")) == 1
        assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", element.findtext(f"{A}id"))  # 4.2.6: an IRI, not relative
        for moment in (*element.findall(f"{A}updated"), *element.findall(f"{A}published")):  # 3.3: RFC 3339, T and Z
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", moment.text)
            assert dt.datetime.fromisoformat(moment.text).tzinfo
        for text in (*element.findall(f"{A}title"), *element.findall(f"{A}summary")):  # 3.1.1.1: text holds no child
            assert len(text) == 0
            assert text.text.strip()
    assert root.findtext(f"{A}author/{A}name")  # 4.1.1: the feed's author stands for each entry
    for entry in root.iter(f"{A}entry"):  # 4.1.2: without content there must be an alternate link
        assert [link.get("rel") for link in entry.findall(f"{A}link")] == ["alternate"]
    ids = [element.text for element in root.iter(f"{A}id")]
    assert len(ids) == len(set(ids))
    for link in root.iter(f"{A}link"):  # 4.2.7.1: an IRI reference
        assert re.fullmatch(r"[!-~]+", link.get("href"))
    kinds = [(link.get("rel"), link.get("type")) for link in root.findall(f"{A}link")]  # 4.1.1: no two alike
    assert kinds == [*([("self", "application/atom+xml")] if address else []), ("alternate", "text/html")]
    assert all(category.get("term") for category in root.iter(f"{A}category"))  # 4.2.2.1
    assert {element.tag for element in root.iter()} <= {
        f"{A}{name}"
        for name in "feed id title updated published author name link entry summary category".split()  # noqa: SIM905
    }


@pytest.mark.parametrize(
    ("standing", "resolved", "title"),
    [
        (Standing.BLOCKED, False, "nyc/flights month=2013-01 is blocked"),
        (Standing.BLOCKED, True, "nyc/flights month=2013-01 was blocked, and came in since"),
        (Standing.COULD_NOT_EVALUATE, False, "nyc/flights month=2013-01 could not be evaluated"),
        (Standing.COULD_NOT_EVALUATE, True, "nyc/flights month=2013-01 could not be evaluated, and came in since"),
    ],
)
def test_an_entry_says_what_happened(standing, resolved, title):
    run = blocked_run("nyc/flights", "month=2013-01", standing=standing, resolved=resolved)

    entry = one(passing("nyc/flights", RAW, owner="airport team", blocked=(run,)))

    assert entry.findtext(f"{A}title") == title
    assert entry.findtext(f"{A}summary") == "3 checks failed. Owner: airport team."
    assert [category.get("term") for category in entry.findall(f"{A}category")] == [standing, "Raw", "web"]


@pytest.mark.parametrize(
    ("message", "summary"),
    [
        ("2 checks failed: a and 1 more", "2 checks failed: a and 1 more. No owner is named."),
        ("2 checks failed.", "2 checks failed. No owner is named."),
        ("", "No owner is named."),
    ],
)
def test_an_entry_says_why_and_whom_to_ask(message, summary):
    entry = one(passing("a", RAW, owner=None, blocked=(blocked_run("a", "b=1", message=message),)))

    assert entry.findtext(f"{A}summary") == summary


def test_an_entry_keeps_its_id_when_it_is_resolved_and_when_others_come():
    before, after = blocked_run("a", "b=1"), blocked_run("a", "b=1", resolved=True, message="Other words.")

    first = one(passing("a", RAW, blocked=(before,)))
    second = parsed([passing("a", RAW, title="New", blocked=(blocked_run("a", "b=2", at=ago(days=1)), after))])

    assert first.findtext(f"{A}id") == second.findall(f"{A}entry")[1].findtext(f"{A}id")


def test_the_same_run_of_two_batches_or_datasets_is_two_entries():
    same = {"id": "0123456789ab"}
    runs = (blocked_run("a", "b=1", **same), blocked_run("a", "b=2", **same))

    root = parsed([passing("a", RAW, blocked=runs), passing("c", RAW, blocked=runs)])

    assert len({entry.findtext(f"{A}id") for entry in root.iter(f"{A}entry")}) == 4


def test_the_newest_of_all_datasets_come_first_and_the_rest_is_left_out():
    datasets = [
        passing(
            f"d{n}", RAW, blocked=tuple(blocked_run(f"d{n}", f"b={k}", at=ago(hours=10 * k + n)) for k in range(20))
        )
        for n in range(6)
    ]

    root = parsed(datasets)

    moments = [entry.findtext(f"{A}updated") for entry in root.iter(f"{A}entry")]
    assert len(moments) == ENTRIES
    assert moments == sorted(moments, reverse=True)
    assert root.findtext(f"{A}updated") == moments[0] == ago(hours=0)


def test_the_order_of_the_datasets_changes_nothing():
    assert feed(FULL) == feed(FULL[::-1])


def test_links_are_relative_to_the_feed():
    key = f"references/reports/nyc/flights/{'month%3D2013-01'}/0123456789ab/index.html"

    bare = one(FLIGHTS).find(f"{A}link").get("href")

    assert unquote(urljoin(f"https://h/{PAGE}", bare)) == f"https://h/{key}"


def test_where_the_address_is_known_links_are_absolute_and_lead_to_the_same_pages():
    bare, told = parsed(FULL), parsed(FULL, SITE)

    assert told.find(f"{A}link[@rel='self']").get("href") == f"{SITE}/blocked.atom"  # 4.2.7.2: this feed's own place
    ours = [link.get("href") for link in told.iter(f"{A}link") if link.get("rel") == "alternate"]
    assert ours == [urljoin(f"{SITE}/blocked.atom", link.get("href")) for link in bare.iter(f"{A}link")]
    assert f"{SITE}/reports/nyc/flights/month%253D2013-01/0123456789ab/index.html" in ours


def test_the_address_changes_no_id_so_that_no_reader_tells_an_entry_twice():
    def ids(root):
        return [element.text for element in root.iter(f"{A}id")]

    assert ids(parsed(FULL, SITE)) == ids(parsed(FULL))


def test_a_run_without_a_report_leads_to_its_dataset():
    entry = one(passing("nyc/flights", RAW, blocked=(blocked_run("nyc/flights", "b=1", report=""),)))

    assert entry.find(f"{A}link").get("href") == "./datasets/nyc/flights/index.html"


def test_what_strangers_wrote_is_text():
    text = feed(FULL)

    assert "<script" not in text
    assert "\u202e" not in text
    assert "alert(1)" in text
    assert "{{ 7 * 7 }}" in text


def test_a_lake_in_which_nothing_was_blocked_has_a_feed_without_entries():
    root = parsed([EVENTS])

    assert root.findall(f"{A}entry") == []
    assert root.findtext(f"{A}updated") == "1970-01-01T00:00:00Z"
