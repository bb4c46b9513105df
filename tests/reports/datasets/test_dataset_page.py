"""What a dataset's page tells, whatever it is made of."""

import re
from dataclasses import replace

import pytest

from lakegate.reports.board.now import BlockedRun, State
from lakegate.reports.contracts.descriptions import Channel, Field, Rule
from lakegate.reports.datasets.page import SHOWN, dataset_page, history_page
from lakegate.reports.datasets.runs import Measured, PastRun, RunState
from lakegate.reports.datasets.told import HistoryTold, Piece
from lakegate.reports.summary import Standing
from reports.datasets.tellings import at, bare, description, now, runs, told

MARKUP = "<script>alert(1)</script>\"'{{ 7 * 7 }}\u202e\x1b[2J"
SEEN = "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;{{ 7 * 7 }}\\u202e\\x1b[2J"


def test_a_page_is_the_same_whenever_it_is_made():
    assert dataset_page(told()) == dataset_page(told())


def test_the_state_is_told_first_with_what_is_kept_out_and_where_that_is_said():
    page = dataset_page(told())

    assert "Blocked: 2 batches are kept out" in page
    assert "1.9 % of tail_number are null" in page
    assert 'href="./../../../reports/nyc/flights/day%253D2026-05-02/000000000077/index.html"' in page


def test_every_batch_that_is_kept_out_is_named_once():
    blocked = [
        BlockedRun("3", "day=3", at(3), Standing.BLOCKED, "three", "references/reports/nyc/flights/day%3D3/3/", False),
        BlockedRun("2", "day=3", at(2), Standing.BLOCKED, "two", "references/reports/nyc/flights/day%3D3/2/", False),
        BlockedRun("1", "day=1", at(1), Standing.BLOCKED, "one", "references/reports/nyc/flights/day%3D1/1/", True),
        BlockedRun("0", "day=0", at(0), Standing.COULD_NOT_EVALUATE, "nought", "", False),
    ]

    page = dataset_page(told(now=now(kept_out=5, blocked=tuple(blocked))))

    section = page[page.index('id="kept-out"') : page.index('class="within"')]
    assert section.count("<li>") == 2
    assert "three" in section
    assert "nought" in section
    assert "and 3 older ones" in section
    assert 'id="kept-out"' not in dataset_page(told(now=now(kept_out=1, blocked=tuple(blocked[:3]))))


def test_a_dataset_of_which_nothing_is_known_has_a_page():
    page = dataset_page(bare())

    assert "Nothing arrived" in page
    assert "No batch has been judged yet." in page
    assert "No contract of it is known" in page


def test_what_is_not_checked_says_so():
    prose = Rule("flights.prose", "delays are plausible", "text", "fail", unchecked="prose")

    assert "not checked: prose" in dataset_page(told(description=description(rules=(prose,))))


def test_the_newest_runs_are_open_and_the_others_fold():
    page = dataset_page(told(runs=runs(50)))

    opened, folded = page.split("30 runs before these")
    assert opened.count('<th scope="row"><a') == SHOWN
    assert folded.count('<th scope="row"><a') == 30
    assert opened.index(">day=2026-02-21<") < opened.index(">day=2026-02-20<")


def test_a_run_whose_batch_was_judged_again_says_so():
    again = replace(runs(2)[1], id="again", at=at(5), batch=runs(2)[0].batch)

    page = dataset_page(told(runs=(again, *runs(2))))

    assert page.count("judged again since") == 1


def test_a_run_that_never_was_a_verdict_has_no_link():
    conflict = PastRun(
        "1", "b", at(3), Standing.BLOCKED, RunState.CONFLICT, "Another batch is committed under its key."
    )

    page = dataset_page(told(runs=(conflict,)))

    assert '<th scope="row">b</th>' in page
    assert "Another batch is committed under its key." in page
    assert "unknown" in page


def test_rules_that_need_a_look_are_drawn_and_those_that_do_not_are_one_line():
    page = dataset_page(told())

    assert page.count("<figure") == 1 + 5 + 2
    assert "15 rules held wherever measured, and are not drawn" in page
    assert page.index("the mean delay is what passengers are used to") < page.index("volume as usual")


def measured_part(page):
    return page[page.index('id="nulls"') : page.index('id="batches"')]


def test_null_shares_of_columns_are_drawn_once_and_what_never_was_null_is_one_line():
    part = measured_part(dataset_page(told()))

    titles = re.findall(r'<span class="title"><a href="#field-[^"]+">(.*?)</a></span>', part)
    assert titles[:3] == ["tail_number is never null", "weather.wind is null", "weather is null"]
    assert sum("tail_number" in title for title in titles) == 1
    assert "<summary>Never null: 7 columns</summary>" in part
    assert "<summary>Always the same share of nulls: 1 column</summary>" in part
    assert 'speed_kmh</a> <span class="quiet">100 %</span>' in part


def test_columns_that_nobody_counted_are_not_spoken_of():
    part = measured_part(dataset_page(told(runs=tuple(replace(run, nulls={}) for run in runs()))))

    assert "is null" not in part
    assert "Never null: " not in part


def test_a_first_run_draws_no_column_and_says_what_it_held():
    part = measured_part(dataset_page(told(runs=runs(1))))

    assert "weather" not in re.findall('<span class="title">(.*?)</span>', part)
    assert "<summary>Never null: 7 columns</summary>" in part
    assert "<summary>Always the same share of nulls: 4 columns</summary>" in part


def test_many_columns_that_move_are_bounded():
    columns = [f"c{n:03}" for n in range(60)]
    fields = tuple(Field(name, name, "string") for name in columns)
    moving = [replace(run, nulls={name: day * n for n, name in enumerate(columns)}) for day, run in enumerate(runs(3))]

    page = dataset_page(told(description=replace(description(), fields=fields), runs=moving))

    assert page.count("is null</a>") == 48
    assert page[: page.index("<summary>36 more columns</summary>")].count("is null</a>") == 12
    assert "<summary>Moved less than these: 11 columns</summary>" in page


def test_a_column_that_the_contract_no_longer_names_is_not_drawn():
    fields = tuple(field for field in description().fields if field.path != "weather.wind")

    page = dataset_page(told(description=replace(description(), fields=fields)))

    assert "weather is null" in page
    assert "weather.wind is null" not in page


def test_nothing_that_was_not_judged_is_said_to_have_held():
    never = replace(runs(1)[0], measured={}, failing=())

    page = dataset_page(told(runs=(never,)))

    assert "held wherever measured" not in page
    assert "never broken" not in page


def test_a_rule_without_a_number_that_did_not_hold_is_told():
    broken = replace(runs(1)[0], failing=("flights.readable",), standing=Standing.BLOCKED, state=RunState.HELD)

    page = dataset_page(told(runs=(broken,)))

    assert "1 rule that measures no number did not hold" in page
    assert "flights.readable" in page


def test_columns_have_an_anchor_each_and_what_hides_their_values_is_said():
    page = dataset_page(told())

    assert '<tr id="field-weather.wind.speed_kmh">' in page
    assert 'class="d2"' in page
    assert "values never shown" in page
    assert "is in nyc/airports (faa)" in page
    assert "passenger_name is never null" not in page.split('id="dictionary"')[1]  # the mark `required` says it


@pytest.mark.parametrize("path", ["with space", "a#b", "ü/%41", '"quoted"', "tags[]", "\ud800"])
def test_an_anchor_is_one_word_that_its_link_names(path):
    page = dataset_page(told(description=replace(description(), fields=(Field(path, path, "string"),))))

    (anchor,) = re.findall(r'<tr id="([^"]*)">', page)
    assert re.fullmatch(r"field-[A-Za-z0-9._~%-]+", anchor)
    assert f'href="#{anchor}"' in page


def test_what_the_contract_says_and_the_data_hold_is_text_wherever_it_stands():
    rule = Rule(MARKUP, MARKUP, MARKUP, MARKUP, MARKUP, MARKUP, MARKUP)
    field = Field(MARKUP, MARKUP, MARKUP, classification=MARKUP, title=MARKUP, description=MARKUP, rules=(rule,))
    field = replace(field, examples=(MARKUP,), references=(MARKUP,))
    known = replace(description(), title=MARKUP, purpose=MARKUP, fields=(field,), rules=(rule,), owner=MARKUP)
    known = replace(known, support=(Channel(MARKUP),), tags=(MARKUP,), limitations=MARKUP, domain=MARKUP)
    run = replace(runs(1)[0], batch=MARKUP, message=MARKUP, failing=(MARKUP,), measured={MARKUP: Measured(1.0)})

    page = dataset_page(told(description=known, runs=(run,), now=now(message=MARKUP, batch=MARKUP)))

    assert MARKUP not in page
    assert "alert(1)</script>" not in page
    assert page.count(SEEN) >= 20
    assert "\u202e" not in page
    assert "\x1b" not in page


def test_long_content_is_cut_or_folded():
    long = "words " * 2000
    known = replace(description(), purpose=long, limitations=long, tags=("tag",) * 500)
    run = replace(runs(1)[0], batch="b" * 2000, message=long, failing=("k" * 3000,))

    page = dataset_page(told(description=known, runs=(run,), pieces=(), now=now(message=long, batch="b" * 2000)))

    assert page.count('<details class="long">') == 2
    assert "(2,000 characters)" in page
    assert len(page) < 120_000


def test_a_page_of_many_runs_and_rules_stays_small():
    assert len(dataset_page(told(runs=runs(100, rules=40)))) < 400_000


def test_every_state_has_a_page():
    for state in State:
        assert state.capitalize() in dataset_page(told(now=now(state=state, kept_out=0)))


def test_a_history_page_leads_to_its_neighbours_and_back():
    pieces = [Piece(f"{n:06}", at(n * 10), at(n * 10 + 9), 10, n) for n in range(3)]
    page = "references/datasets/nyc/flights/_history/000001.html"

    text = history_page(HistoryTold(page, "nyc/flights", pieces[1], runs(10), pieces[0], pieces[2]))

    assert 'href="./000000.html"' in text
    assert 'href="./000002.html"' in text
    assert 'href="./../index.html"' in text
    assert text.count('<th scope="row">') == 10
    alone = history_page(HistoryTold(page, "nyc/flights", pieces[1], runs(10), None, None))
    assert "Older:" not in alone
    assert "Newer:" not in alone
