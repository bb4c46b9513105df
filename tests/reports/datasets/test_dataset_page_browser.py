"""A dataset's page in a real browser: quiet, accessible, readable on a phone and on paper, usable by keyboard."""

from dataclasses import replace

import pytest

from browser import IN_A_BROWSER, opened
from lakegate.reports.datasets.page import dataset_page, history_page
from lakegate.reports.datasets.told import HistoryTold, Piece
from reports.datasets.tellings import at, bare, description, now, runs, told
from reports.datasets.test_dataset_page import MARKUP
from servers.html_checker import needs_html_checker, problems

pytestmark = IN_A_BROWSER


def hostile():
    many = tuple(f"{MARKUP}/{'long_name_' * 7}{n}" for n in range(30))
    known = description(columns=tuple(f"{MARKUP} column {n}" for n in range(200)))
    known = replace(known, purpose=MARKUP * 200, title=MARKUP, tags=many, upstream=many)
    nulls = [{f"{MARKUP} column {n}": n * place for n in range(60)} for place in range(30)]
    made = tuple(
        replace(run, batch=("b" * 190) + run.id[-4:], failing=(MARKUP,), nulls=told)
        for run, told in zip(runs(30), nulls, strict=True)
    )
    lies = dict.fromkeys(many[:20], "warehouse/core")
    return told(description=known, runs=made, zones=lies, now=now(upstream=many, downstream=many, batch="b" * 300))


def history():
    pieces = [Piece(f"{n:06}", at(n * 100), at(n * 100 + 99), 100, n) for n in range(3)]
    page = "references/datasets/nyc/flights/_history/000001.html"
    return history_page(HistoryTold(page, "nyc/flights", pieces[1], runs(100), pieces[0], pieces[2]))


PAGES = {
    "full": dataset_page(told()),
    "many": dataset_page(told(runs=runs(300, rules=40))),
    "bare": dataset_page(bare()),
    "hostile": dataset_page(hostile()),
    "history": history(),
}


@pytest.fixture
def file(request, tmp_path):
    path = tmp_path / "index.html"
    path.write_text(PAGES[request.param], encoding="utf-8")
    return path


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
@pytest.mark.parametrize("file", PAGES, indirect=True)
def test_a_page_is_quiet_accessible_and_fits(browser, file, scheme, width):
    with opened(browser, file.as_uri(), width=width, color_scheme=scheme) as seen:
        seen.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        faults, wide = seen.faults(), seen.width()
        styled = seen.page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth")

    assert seen.requested == [file.as_uri()]
    assert seen.logged == []
    assert faults == ""
    assert styled != "none"
    assert wide == width


@pytest.mark.parametrize("file", ["full"], indirect=True)
def test_a_keyboard_reaches_the_content_a_section_and_a_neighbour(browser, file):
    with opened(browser, file.as_uri()) as seen:
        page = seen.page
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # the browser goes there when it comes to it: wait until it is there
        page.wait_for_function("document.activeElement.id === 'content'")
        page.locator("nav.within a", has_text="Dictionary").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/*#dictionary")
        page.locator("svg.wide-picture a").first.focus()
        link = page.evaluate("document.activeElement.getAttribute('href')")
        page.locator("summary", has_text="before these").focus()
        page.keyboard.press("Enter")
        page.locator("details[open] table.runs tbody tr").first.wait_for()
        older = page.locator("details[open] table.runs tbody tr").count()

    assert link == "./../../stage/flights/index.html"
    assert older == 100


@pytest.mark.parametrize("file", ["full"], indirect=True)
def test_a_plot_leads_to_its_column_and_a_mark_to_the_report(browser, file):
    with opened(browser, file.as_uri()) as seen:
        figure = seen.page.locator("figure", has_text="tail_number is never null")
        report = figure.locator("svg a").first
        told_of, tip = report.get_attribute("href"), report.locator("title").text_content()
        figure.locator("figcaption a").click()
        seen.page.wait_for_function("document.querySelector(':target') !== null")
        target = seen.page.evaluate("document.querySelector(':target').id")

    assert target == "field-tail_number"
    assert told_of.endswith("/day%253D2026-04-03/00000000005a/index.html")
    assert "waived" in tip


@pytest.mark.parametrize("file", ["hostile"], indirect=True)
def test_the_link_to_a_column_of_any_name_leads_to_it(browser, file):
    with opened(browser, file.as_uri()) as seen:
        link = seen.page.locator("table.dictionary th a").first
        link.click()
        target = seen.page.evaluate("document.querySelector(':target').id")
        wanted = link.get_attribute("href")

    assert wanted == f"#{target}"
    assert "%" in target


@pytest.mark.parametrize("file", ["full"], indirect=True)
def test_without_a_script_the_page_tells_everything(browser, file):
    with opened(browser, file.as_uri(), java_script_enabled=False) as seen:
        text = seen.page.locator("main").inner_text()

    assert "2026-05-01 05:12 UTC" in text
    assert "2026-06-01 05:12 UTC" in text  # by when the next batch has to be there


@pytest.mark.parametrize("file", ["full"], indirect=True)
def test_paper_shows_what_is_folded_and_fits(browser, file):
    with opened(browser, file.as_uri(), width=700) as seen:
        seen.page.emulate_media(media="print")
        folded = seen.page.locator("details table.runs").bounding_box()
        width = seen.width()

    assert folded["height"] > 1000
    assert width <= 700


@needs_html_checker
def test_the_pages_are_valid_html(tmp_path):
    for name, text in PAGES.items():
        (tmp_path / f"{name}.html").write_text(text, encoding="utf-8")

    assert problems(tmp_path) == []
