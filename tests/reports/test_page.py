import base64
import hashlib
import itertools
import re
from html.parser import HTMLParser

import pytest
from jinja2 import UndefinedError

from lakegate.reports.page import to_html
from lakegate.reports.site import render
from reports.verdicts import VERDICTS

VOID = {"meta", "br", "img", "link", "input", "rect"}


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
        return " ".join(" ".join(data for tag, data in self.text if tag != "style").split())


PAGES = {name: to_html(v) for name, v in VERDICTS.items()}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_and_runs_nothing(name):
    page = Page(PAGES[name])

    assert page.open == []  # every element is closed, in order
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "img", "link", "iframe", "object", "form", "base"})
    for _, attributes in page.tags:
        assert not {"src", "srcset", "style", "action"} & set(attributes)
        assert not any(attribute.startswith("on") for attribute in attributes)
        assert ":" not in attributes.get("href", "")


@pytest.mark.parametrize("name", PAGES)
def test_the_policy_allows_this_style_and_nothing_else(name):
    page = Page(PAGES[name])

    style = "".join(data for tag, data in page.text if tag == "style")
    policy = next(a["content"] for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")

    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
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

    assert "Waived The batch violates its contract, and what failed was waived: the gate opens." in said
    assert "ana@example.com the feed is late until the new sensor runs; the board knows" in said
    assert "waived by ben@example.com until 2026-11-29T00:00:00+00:00: counted by hand" in said
    assert "passed with warnings" not in said.lower()


def test_a_page_tells_what_a_reader_of_a_blocked_batch_asks():
    said = Page(PAGES["failed"]).said()

    for told in (
        "Blocked The batch violates its contract: the gate stays shut.",
        "Owner air-traffic",
        "Contract nyc-flights 1.2.0",
        "29 of 27,004 rows (0.11 %)",
        "Got 2400 Expected at most 2359",
        "flights.csv.gz 1,204 1,205 flight = 1545 origin = EWR 2400",
        "The first 3 of 29 rows.",
        "because: prose (1 check) the notes are readable",
        "lakegate test contracts/nyc/flights.odcs.yaml --batch month=2013-01",
        "exit code 1",
    ):
        assert told in said


def test_failures_stand_before_warnings_before_what_passed():
    titles = re.findall(r"<h2>(.*?) *<", PAGES["failed"])

    assert titles == [
        *("Failed", "Warnings", "For information", "Not checked", "Passed", "What was judged", "Judge it again")
    ]


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
