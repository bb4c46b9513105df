"""What a notice says in each medium, and that hostile names are text there."""

import json

from lakegate.airflow.notices import Failed, Notice, blocks, html, subject, text

HOSTILE = "a<script>alert(1)</script>{{ 7*7 }}<!channel>&\r\nBcc: x@evil.example\x1b[2J\"'"
TOLD = Notice(
    what="nyc/weather month=2014-02 was not let in",
    why="1 of 80 checks failed",
    then="Send it again.",
    failed=[Failed("hour is at most 23", 3), Failed("the batch is one month")],
    rows=8708,
    owner="weather-desk",
    ask=("#weather (slack)",),
    links={"Report": "http://airflow.example/lakegate/references/x?a=1&b=2"},
)


def test_text_says_what_failed_how_many_rows_whose_it_is_and_what_to_do():
    assert text(TOLD).splitlines() == [
        "nyc/weather month=2014-02 was not let in",
        "1 of 80 checks failed",
        "hour is at most 23: 3 of 8,708 rows",
        "the batch is one month",
        "Owner: weather-desk",
        "Ask: #weather (slack)",
        "Send it again.",
        "Report: http://airflow.example/lakegate/references/x?a=1&b=2",
    ]


def test_a_long_list_of_rules_is_cut_and_says_so():
    told = Notice("x", failed=[Failed(f"rule {n}") for n in range(13)])
    assert text(told).splitlines()[-1] == "and 3 rules more"


def test_a_subject_is_one_line_without_control_characters():
    found = subject(Notice(what=HOSTILE * 9))
    assert found.isprintable()
    assert len(found) <= 150


def test_html_holds_no_markup_of_others():
    found = html(
        Notice(HOSTILE, HOSTILE, "", [Failed(HOSTILE, 1)], 2, HOSTILE, (HOSTILE,), {"R": 'http://x/"><script>'})
    )
    assert "<script" not in found
    assert "&lt;script&gt;" in found
    assert 'href="http://x/&quot;&gt;&lt;script&gt;"' in found


def test_slack_calls_nobody_and_marks_up_only_links():
    told = Notice(HOSTILE, HOSTILE, "", [Failed(HOSTILE, 1)], 2, HOSTILE, (HOSTILE,), {"R": "http://x/<!here>"})
    found = blocks(told)
    marked = [block["text"]["text"] for block in found if block["text"]["type"] == "mrkdwn"]
    assert marked == ["<http://x/&lt;!here&gt;|R>"]
    assert len(found[0]["text"]["text"]) <= 150
    json.dumps(found)


def test_a_notice_without_an_address_has_no_empty_link():
    assert "Report" not in text(Notice("x", links={"Report": ""}))
    assert [block["type"] for block in blocks(Notice("x"))] == ["header"]
