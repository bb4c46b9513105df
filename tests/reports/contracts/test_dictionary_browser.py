"""The dictionary and the manuals in a real browser: search, keys; nothing loaded, no accessibility rule broken."""

import dataclasses

import pytest

from browser import IN_A_BROWSER, opened
from lakegate.reports.contracts.dictionary import dictionary_page
from lakegate.reports.contracts.manuals import manuals_page
from lakegate.reports.datasets.told import Manual
from reports.contracts.documents import MARKUP, hostile, project

pytestmark = IN_A_BROWSER
AT = "2026-11-20T10:42:08.212Z"
PAGES = {
    "dictionary": lambda: dictionary_page((*project(), hostile())),
    "empty-dictionary": lambda: dictionary_page(()),
    "manuals": lambda: manuals_page({"": [Manual(f"references/manuals/{MARKUP}", 1, AT)], "nyc/flights": []}),
    "no-manuals": lambda: manuals_page({}),
}


@pytest.fixture
def at(tmp_path):
    def written(page):
        file = tmp_path / "index.html"
        file.write_text(page, encoding="utf-8")
        return file.as_uri()

    return written


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_quiet_accessible_and_fits_a_phone(browser, at, name, scheme):
    with opened(browser, at(PAGES[name]()), width=360, color_scheme=scheme) as seen:
        assert seen.faults() == ""
        assert seen.width() <= 360
        assert seen.logged == []
        assert len(seen.requested) == 1
        assert seen.page.title() != "run"


def found(page):
    return page.locator("tbody tr:visible .name").all_text_contents()


def test_search_by_name_meaning_type_classification_and_dataset(browser, at):
    with opened(browser, at(dictionary_page(project())), width=1200) as seen:
        page, q = seen.page, seen.page.locator("input[name=q]")
        every = len(found(page))

        q.fill("tailnum")
        page.wait_for_function("() => document.querySelector('.hits').textContent")
        assert set(found(page)) == {"tailnum"} | {name for name in found(page) if "tail" in name}
        q.fill("nyc/flights delay integer")
        page.wait_for_function("() => document.querySelectorAll('tbody tr:not([hidden])').length === 2")
        assert found(page) == ["dep_delay", "arr_delay"]
        assert page.locator(".hits").inner_text() == f"2 of {every} fields, in 1 dataset"
        assert page.locator(".dataset:visible h3").all_inner_texts() == ["nyc/flights"]
        q.fill("")
        page.locator("select[name=class]").select_option("=restricted")
        others = "tbody tr:not([hidden]):not([data-class=restricted])"
        page.wait_for_function("others => !document.querySelector(others)", arg=others)
        assert "visitor_id" in found(page)
        page.locator("button[type=reset]").click()
        assert len(found(page)) == every
        assert page.locator(".hits").inner_text() == ""
        assert seen.faults() == ""


def test_nothing_found_says_so_and_escape_brings_all_back(browser, at):
    with opened(browser, at(dictionary_page(project())), width=1200) as seen:
        seen.page.keyboard.press("/")
        seen.page.keyboard.type("no such field")
        seen.page.wait_for_function("() => document.querySelector('.hits').textContent.startsWith('Nothing')")
        assert found(seen.page) == []
        seen.page.keyboard.press("Escape")
        assert seen.page.locator(".hits").inner_text() == ""
        assert found(seen.page) != []


def test_the_keyboard_leads_from_search_to_a_field_and_on(browser, at):
    with opened(browser, at(dictionary_page(project())), width=1200) as seen:
        page = seen.page
        page.keyboard.press("/")
        page.keyboard.type("delay")
        page.wait_for_function("() => document.querySelector('.hits').textContent")
        names = found(page)

        page.keyboard.press("ArrowDown")
        first = page.evaluate("document.activeElement.textContent")
        page.keyboard.press("ArrowDown")
        second = page.evaluate("document.activeElement.textContent")
        page.keyboard.press("ArrowUp")

        assert [first, second, page.evaluate("document.activeElement.textContent")] == [names[0], names[1], names[0]]
        assert page.evaluate("document.activeElement.href").endswith("#field-" + names[0])


def test_what_was_searched_is_a_link(browser, at):
    address = at(dictionary_page(project()))
    with opened(browser, address + "#q=delay&zone=Mart", width=1200) as seen:
        assert seen.page.locator("input[name=q]").input_value() == "delay"
        assert seen.page.locator(".dataset:visible h3").all_inner_texts() == ["mart/carrier_delay_daily"]


def test_without_its_script_it_is_a_list_with_contents(browser, at):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(at(dictionary_page(project())))

    assert not page.locator("form").is_visible()
    assert page.locator(".contents a").count() == len(project())
    assert page.locator("tbody tr").count() == sum(len(one.fields) for one in project())
    context.close()


def test_three_hundred_datasets_answer_a_search(browser, at):
    one = max(project(), key=lambda one: len(one.fields))
    fields = tuple(dataclasses.replace(one.fields[n % len(one.fields)], path=f"field_{n:02}") for n in range(30))
    many = [dataclasses.replace(one, dataset=f"source/dataset_{n:03}", fields=fields) for n in range(300)]
    with opened(browser, at(dictionary_page(many)), width=1200) as seen:
        seen.page.locator("input[name=q]").fill("dataset_123 field_07")
        seen.page.wait_for_function("() => document.querySelector('.hits').textContent")

        assert seen.page.locator(".hits").inner_text() == "1 of 9,000 fields, in 1 dataset"
