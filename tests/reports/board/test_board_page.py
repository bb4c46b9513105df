"""The board as text: what stands where, and that strangers' words stay words."""

import dataclasses
import itertools
import re
from posixpath import dirname, normpath
from urllib.parse import unquote

import pytest

from lakegate.reports.board.now import DatasetNow, State
from lakegate.reports.board.page import CARDS, PAGE, board_page
from lakegate.reports.site.zones import LAKE_ORDER
from reports.board.boards import (
    AIRPORTS,
    EVENTS,
    EVERY_STATE,
    FLIGHTS,
    MART,
    RAW,
    STAGE,
    ago,
    many,
    passing,
    strip,
)
from reports.test_page import Page

HOSTILE = "<script>alert(1)</script>'\"><img src=x onerror=alert(1)>\x1b[2J\u202e{{ 7 * 7 }}${7*7}"


def headings(html, tag):
    return [bare(text) for text in re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", html, re.DOTALL)]


def bare(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def names(html):
    """Return the datasets in the order of the page, those of cards and of zones."""
    return re.findall(r'class="name"[^>]*>([^<]+)<', html)


def row(html, dataset):
    return next(text for text in re.findall(r"<tr data-dataset.*?</tr>", html, re.DOTALL) if f">{dataset}</a>" in text)


def cards(html):
    return re.findall(r'<li class="check.*?</li>', html, re.DOTALL)


def test_datasets_stand_in_lake_order_and_blocked_ones_before_all():
    html = board_page(EVERY_STATE)

    assert headings(html, "h2") == [
        *("Blocked now 1", "Could not be evaluated 1"),
        *("Raw 2", "Master 1", "Stage 1", "Cleanse 1", "Core 1", "Mart 1"),
    ]
    assert names(html) == [
        *("nyc/flights", "stage/flights"),
        *("nyc/flights", "tealium/events", "nyc/airports", "stage/flights"),
        *("cleanse/ads", "core/fact_event", "mart/campaign_performance_daily"),
    ]


def test_the_order_in_which_they_come_changes_nothing():
    assert board_page(EVERY_STATE) == board_page(EVERY_STATE[::-1])


def test_the_counts_at_the_top_are_of_every_state_that_there_is():
    html = board_page([*EVERY_STATE, passing("a", RAW)])

    tally = re.search(r'<ul class="tally".*?</ul>', html, re.DOTALL)[0]
    assert bare(tally) == ("1 blocked 1 could not evaluate 1 waived 1 passed with warnings 3 passed 1 nothing arrived")


def test_a_card_says_what_since_when_why_and_who():
    (card,) = cards(board_page([FLIGHTS]))

    assert bare(card) == (
        "nyc/flights Batch month=2013-01 , and 1 more 4 checks failed: 7,602 of 336,776 rows (2.3 %) name a "
        "destination that nyc/airports does not have. since 2026-11-25 10:42 UTC owner airport team Report"
    )
    assert 'href="./reports/nyc/flights/month%253D2013-01/0123456789ab/index.html"' in card


def held(number, **more):
    return [dataclasses.replace(FLIGHTS, dataset=f"nyc/f{n}", **more) for n in range(number)]


def test_of_more_than_a_few_there_is_a_line_each_that_opens():
    html = board_page([*held(CARDS + 1), passing("stage/a", STAGE, state=State.COULD_NOT_EVALUATE)])

    assert len(cards(html)) == 1  # of what could not be evaluated there is one only
    lines = re.findall(r'<li class="line".*?</li>', html, re.DOTALL)
    assert len(lines) == CARDS + 1
    summary = re.search("<summary>(.*?)</summary>", lines[0], re.DOTALL)[1]
    assert bare(summary) == (
        "month=2013-01 , and 1 more: 4 checks failed: 7,602 of 336,776 rows (2.3 %) name a destination that "
        "nyc/airports does not have."
    )
    assert bare(lines[0]) == f"nyc/f0 {bare(summary)} Report since 2026-11-25 10:42 UTC airport team"
    assert 'href="./reports/nyc/flights/month%253D2013-01/0123456789ab/index.html"' in lines[0]


def test_a_few_have_a_card_each():
    html = board_page(held(CARDS))

    assert len(cards(html)) == CARDS
    assert '<li class="line"' not in html


def test_a_line_makes_nothing_up():
    empty = {"owner": None, "since": "", "batch": "", "report": "", "message": "Kept out."}

    (line, *_) = re.findall(r'<li class="line".*?</li>', board_page(held(CARDS + 1, **empty)), re.DOTALL)

    assert bare(line) == "nyc/f0 Kept out. There is no report. no owner is named"


def test_what_is_missing_is_said_and_never_made_up():
    bare_one = DatasetNow("nyc/flights", RAW, "nyc/flights", state=State.BLOCKED, message="Kept out.")

    html = board_page([bare_one])

    assert bare(cards(html)[0]) == "nyc/flights Kept out. no owner is named"
    assert bare(row(html, "nyc/flights")) == "nyc/flights blocked none yet no promise none yet none named"


def test_a_row_tells_all_of_its_dataset():
    html = board_page([FLIGHTS])

    assert bare(row(html, "nyc/flights")) == (
        "nyc/flights Flights out of New York blocked since 2026-11-25 10:42 UTC month=2012-12 27,004 rows, "
        "2026-10-19 10:42 UTC due 2026-11-19 10:42 UTC "
        "dt=2026-11-13: blocked dt=2026-11-29: could not evaluate dt=2026-11-30: blocked"
        " 26 of 30 passed , 1 waived, 2 blocked, 1 could not evaluate airport team aviation 1.4.0"
    )


def test_a_title_that_is_the_name_is_not_said_twice():
    assert row(board_page([AIRPORTS]), "nyc/airports").count("nyc/airports</") == 1


@pytest.mark.parametrize(("fresh_for", "last_at"), [(None, ago(hours=1)), (60, "")])
def test_without_a_promise_or_a_batch_nothing_is_due(fresh_for, last_at):
    html = board_page([dataclasses.replace(EVENTS, fresh_for=fresh_for, last_at=last_at)])

    assert 'class="short due"' not in html
    assert "no promise" in row(html, "tealium/events")


@pytest.mark.parametrize("state", [State.WAIVED, State.PASSED_WITH_WARNINGS])
def test_what_came_in_all_the_same_says_why(state):
    html = board_page([dataclasses.replace(EVENTS, state=state, message="Two checks warned.")])

    assert "Two checks warned." in row(html, "tealium/events")


def test_datasets_of_one_name_in_two_zones_are_two():
    html = board_page([passing("a", RAW), dataclasses.replace(passing("a", MART), state=State.BLOCKED)])

    assert re.findall(r'data-dataset="([^"]+)"', html) == [f"{MART}/a", f"{RAW}/a", f"{MART}/a"]


def test_an_empty_lake_says_what_to_do_first():
    html = board_page([])

    assert "No gate has judged a batch of this lake yet." in html
    assert "lakegate promote" in html
    assert "lakegate report rebuild" in html
    assert "<form" not in html


@pytest.mark.parametrize("datasets", [(), EVERY_STATE, many(40)], ids=["empty", "every state", "many"])
def test_it_is_one_whole_document_with_headings_in_order_and_no_id_twice(datasets):
    page = Page(board_page(datasets))

    assert page.open == []
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    named = {attrs["aria-labelledby"] for _, attrs in page.tags if "aria-labelledby" in attrs}
    assert named <= set(ids)
    assert not any("style" in attrs or any(name.startswith("on") for name in attrs) for _, attrs in page.tags)


def test_the_bar_says_where_the_reader_is():
    page = Page(board_page([]))

    links = {attrs["href"]: attrs.get("aria-current") for tag, attrs in page.tags if tag == "a"}
    assert links == {
        "#content": None,
        "./index.html": "page",
        "./dictionary/index.html": None,
        "./manuals/index.html": None,
    }


def test_links_lead_below_references_only():
    page = Page(board_page(EVERY_STATE))

    links = [attrs["href"] for tag, attrs in page.tags if tag in {"a", "link"} and not attrs["href"].startswith("#")]
    assert links
    assert all(link.startswith("./") for link in links)
    assert all(normpath(f"{dirname(PAGE)}/{unquote(link)}").startswith("references/") for link in links)


def test_what_strangers_wrote_is_text():
    told = dataclasses.replace(
        FLIGHTS,
        **dict.fromkeys(
            ("dataset", "title", "owner", "domain", "contract_version", "batch", "message", "last_batch"), HOSTILE
        ),
        strip=strip(HOSTILE, "pb"),
    )

    html = board_page([told, dataclasses.replace(told, state=State.WAIVED, zone=STAGE)])

    page = Page(html)
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert "img" not in {tag for tag, _ in page.tags}
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert "{{ 7 * 7 }}" in html


def test_an_unknown_zone_stands_last():
    html = board_page([passing("odd", "elsewhere"), *(passing(f"d{n}", zone) for n, zone in enumerate(LAKE_ORDER))])

    assert headings(html, "h2")[-1] == "elsewhere 1"


def test_a_dataset_costs_about_as_much_whatever_its_history():
    short, long = (dataclasses.replace(EVENTS, runs=runs, strip=strip("a", "p" * runs)) for runs in (30, 1_000))

    assert abs(len(board_page([short])) - len(board_page([long]))) < 10
