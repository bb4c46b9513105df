import base64
import dataclasses
import hashlib
import itertools
import re
from html.parser import HTMLParser

import pytest
from jinja2 import UndefinedError

from lakegate.reports.occasion import Occasion, Since
from lakegate.reports.page import to_html
from lakegate.reports.site import render
from lakegate.verdict import Profile
from reports.verdicts import VERDICTS

VOID = {"meta", "br", "img", "link", "input", "rect", "path"}
OCCASION = Occasion(
    "2026-11-28T10:42:08.212Z",
    seconds=200.4,
    judging=2.5,
    since=Since(
        "month=2012-12",
        "references/reports/nyc/flights/month%3D2012-12/0123456789ab/",
        2,
        new=("flights.dep_time.maximum",),
        still={"flights.dep_time.required": "month=2012-11"},
        mended=("flights.flight.required",),
    ),
)


class Page(HTMLParser):
    """Tags with their attributes, the text by enclosing tag, and the headings."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.text = [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append((self.open[-1] if self.open else "", data))

    def said(self):
        return " ".join(" ".join(data for tag, data in self.text if tag not in {"style", "script"}).split())


def digest(text):
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


PAGES = {name: to_html(v) for name, v in VERDICTS.items()}
PAGES |= {"what changed": to_html(VERDICTS["failed"], OCCASION)}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_nothing_and_no_attribute_runs(name):
    page = Page(PAGES[name])

    assert page.open == []  # every element is closed, in order
    assert {tag for tag, _ in page.tags}.isdisjoint({"img", "link", "iframe", "object", "form", "base"})
    for _, attributes in page.tags:
        assert not {"src", "srcset", "style", "action"} & set(attributes)
        assert not any(attribute.startswith("on") for attribute in attributes)
        assert re.match(r"(#[\w-]+|\./[\w./%=~-]+(#[\w.%~-]+)?)?$", attributes.get("href", ""))


@pytest.mark.parametrize("name", PAGES)
def test_the_policy_allows_this_style_and_this_script_and_nothing_else(name):
    page = Page(PAGES[name])

    style, script = ("".join(data for tag, data in page.text if tag == wanted) for wanted in ("style", "script"))
    policy = next(a["content"] for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")

    allowed = f"; script-src '{digest(script)}'" if script else ""
    assert policy == f"default-src 'none'; style-src '{digest(style)}'{allowed}; base-uri 'none'; form-action 'none'"
    assert "url(" not in style
    assert "@import" not in style


@pytest.mark.parametrize("name", PAGES)
def test_headings_descend_one_step_and_headers_have_a_scope(name):
    tags = Page(PAGES[name]).tags

    levels = [int(tag[1]) for tag, _ in tags if re.fullmatch("h[1-6]", tag)]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert all(attributes.get("scope") in {"col", "row"} for tag, attributes in tags if tag == "th")
    assert ("html", {"lang": "en"}) in tags


@pytest.mark.parametrize("name", PAGES)
def test_none_and_control_characters_are_never_printed(name):
    assert "None" not in Page(PAGES[name]).said()
    assert all(line.isprintable() for line in PAGES[name].split("\n"))


def test_hostile_texts_are_shown_as_they_are():
    said = Page(PAGES["hostile"]).said()

    assert "<script>alert(1)</script><img src=x onerror=alert(2)> {{ 7*7 }} {% raw %} \\x1b[31m" in said
    assert '=HYPERLINK("http://example.com")' in said
    assert "... (5,000 characters)" in said


def test_a_waived_page_says_who_until_when_and_why():
    said = Page(PAGES["waived"]).said()

    assert (
        "Waived month=2013-01 goes on: 4 of 9 checks failed and were waived, 1 warned. The batch violates its "
        "contract, and what failed was waived: the gate opens." in said
    )
    assert "ana@example.com the feed is late until the new sensor runs; the board knows" in said
    assert "waived by ben@example.com until 2026-11-29T00:00:00+00:00: counted by hand" in said
    assert "passed with warnings" not in said.lower()


def test_a_page_tells_what_a_reader_of_a_blocked_batch_asks():
    said = Page(PAGES["failed"]).said()

    for told in (
        "Blocked month=2013-01 stays out: 4 of 10 checks failed, 1 warned.",
        "The batch violates its contract: the gate stays shut.",
        "Owner air-traffic",
        "Contract nyc-flights 1.2.0",
        "29 of 27,004 rows (0.11 %) hold a dep_time of more than 2359",
        "7,602 of 336,776 rows (2.26 %) name a tailnum that nyc/planes does not have: N0EGMQ, N9",
        "1,204 1,205 flight = 1545 origin = EWR 2400 flights.csv.gz",
        "The first 3 of 29 rows.",
        "The SQL that measured it SELECT count(*) FROM",
        "because: prose (1 check) the notes are readable",
        "The data is wrong: have it sent again, then",
        "lakegate promote contracts/nyc/flights.odcs.yaml --batch month=2013-01",
        "lakegate waive contracts/nyc/flights.odcs.yaml --batch month=2013-01 --approver ana@example.com",
        "--reason WHY --days 3",
        "lakegate test contracts/nyc/flights.odcs.yaml --batch month=2013-01",
        "exit code 1",
    ):
        assert told in said


def test_a_page_tells_what_changed_and_since_when():
    said = Page(PAGES["what changed"]).said()

    assert (
        "Since month=2012-12 , the last batch that passed (2 runs blocked in between): 1 new, 1 still so, 1 mended."
        in said
    )
    assert "dep_time is at most 2359 new" in said
    assert "dep_time is never null still so since month=2012-11" in said
    assert "mended: flight is never null" in said
    assert "Took 3 min 20 s, of these 2.5 s after everything had arrived" in said
    assert './../../month%253D2012-12/0123456789ab/index.html">month=2012-12</a>' in PAGES["what changed"]


@pytest.mark.parametrize(
    ("since", "told"),
    [
        (None, "Not known: the dataset's history could not be read when it was judged."),
        (Since(), "No batch of the dataset is known to have passed before: nothing changed."),
        (Since("month=2012-12"), "Since month=2012-12, the last batch that passed: nothing changed."),
    ],
)
def test_what_changed_is_never_made_up(since, told):
    said = Page(to_html(VERDICTS["all-passed"], Occasion("2026-11-28T10:42:08.212Z", since=since))).said()

    assert told in said


def test_a_page_without_an_occasion_says_that_it_is_not_known():
    assert "Judged when is not known" in Page(PAGES["failed"]).said()


def test_every_id_stands_once_and_every_anchor_leads_to_one():
    for name, html in PAGES.items():
        page = Page(html)
        ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
        anchors = {a["href"][1:] for _, a in page.tags if a.get("href", "").startswith("#")}

        assert len(ids) == len(set(ids)), name
        assert anchors <= set(ids), name


def test_failures_stand_before_warnings_before_what_passed():
    titles = re.findall(r"<h2>(.*?) *<", PAGES["failed"])

    assert titles == [
        *("Failed", "Warnings", "For information", "What to do next", "Not checked", "Passed", "Columns"),
        *("What was judged", "How it was judged", "The same for programs"),
    ]


def test_a_table_of_nulls_has_the_most_first_and_names_the_others():
    page = PAGES["failed"]
    section = page[page.index('id="columns"') : page.index('id="judged"')]

    assert "27,004 rows that arrived hold null" in section
    assert re.findall(
        r">(\w+)</a></th><td class=\"number\">([\d,]+)</td><td class=\"number\">([\d. %]+)<", section
    ) == [
        ("dep_time", "8,255", "30.6 %"),
        ("tail_number", "411", "1.52 %"),
    ]
    assert "<p>Never null: flight, carrier.</p>" in section
    assert "<p>Not measured: gate.</p>" in section
    assert 'id="columns"' not in PAGES["all-passed"]


def test_many_columns_that_never_were_null_are_one_line_that_opens():
    profile = Profile(10, {f"c{n}": 0 for n in range(40)})

    page = to_html(dataclasses.replace(VERDICTS["all-passed"], profile=profile))

    assert "<summary>Never null: 40 columns</summary>" in page


def test_values_have_a_column_only_where_samples_were_asked_for():
    unreadable, failed = PAGES["unreadable"], PAGES["failed"]

    assert "Value</th>" not in unreadable
    assert "Value</th>" in failed


def test_rows_set_apart_are_counted_as_rows_and_their_checks_as_checks():
    page = to_html(VERDICTS["rows-set-apart"])

    assert "<b>27,004</b> rows: 27,002 go on, 2 set apart (&lt;0.01 %) by 2 rules" in page
    assert "<b>2</b> set rows apart" in page
    assert "<b>2</b> rows set apart" not in page


def test_a_name_the_template_is_not_given_is_an_error():
    with pytest.raises(UndefinedError):
        render("page.html.j2", verdict=None)
