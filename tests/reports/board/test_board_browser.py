"""The board in a real browser: filters, keys, moments; nothing loaded, nothing logged, no accessibility rule broken."""

import dataclasses
from contextlib import ExitStack

import pytest

from browser import IN_A_BROWSER, opened
from lakegate.reports.board.page import board_page
from reports.board.boards import EVERY_STATE, FLIGHTS, NOW, RAW, ago, many, passing

pytestmark = IN_A_BROWSER

HOSTILE = "<img src=https://example.com/x onerror=document.title='run'>\u202e\x1b{{ 7 * 7 }}"
HELD = dataclasses.replace(
    passing("hostile", RAW),
    **dict.fromkeys(("title", "owner", "domain", "batch", "message", "last_batch", "contract_version"), HOSTILE),
    state=FLIGHTS.state,
)


class Board:
    """A board in a browser whose clock stands at NOW, as its reader sees it."""

    def __init__(self, seen, file, at):
        self.seen, self.page, self.file = seen, seen.page, file
        self.page.clock.set_fixed_time(at)
        self.go()

    def go(self, fragment=""):
        self.page.goto("about:blank")
        self.page.goto(self.file.as_uri() + fragment)
        return self

    def rows(self):
        return self.page.locator("tr[data-dataset]:visible .name").all_inner_texts()

    def cards(self):
        return self.page.locator(".held li:visible .name").all_inner_texts()

    def hits(self):
        return self.page.locator(".hits").inner_text()

    def focused(self):
        return self.page.evaluate("document.activeElement.textContent")

    def fragment(self, wanted):
        self.page.wait_for_function("wanted => decodeURIComponent(location.hash) === wanted", arg=wanted)
        return True


WHY = "7,602 of 336,776 rows (2.3 %) name a destination that nyc/airports does not have: BQN, PSE, SJU, STT. " * 3
THIRTY = [
    *(dataclasses.replace(FLIGHTS, dataset=f"nyc/{'f' * (n * 2)}{n}", message=WHY) for n in range(29)),
    dataclasses.replace(HELD, dataset="zz", report=""),
]


@pytest.fixture
def shown(browser, tmp_path):
    with ExitStack() as stack:

        def show(datasets=EVERY_STATE, *, at=NOW, **options):
            file = tmp_path / "index.html"
            file.write_text(board_page(datasets), encoding="utf-8")
            return Board(stack.enter_context(opened(browser, "about:blank", **options)), file, at)

        yield show


@pytest.mark.parametrize(("scheme", "width"), [("dark", 360), ("light", 800), ("dark", 1280), ("light", 1280)])
def test_it_is_quiet_accessible_and_fits(shown, scheme, width):
    board = shown([*EVERY_STATE, HELD], color_scheme=scheme, width=width)

    assert set(board.seen.requested) <= {board.file.as_uri(), "about:blank"}
    assert board.seen.logged == []
    assert board.page.title() == "Board - lakegate"
    assert board.seen.faults() == ""
    assert board.seen.width() == width


@pytest.mark.parametrize(("scheme", "width"), [("dark", 360), ("light", 1280)])
def test_thirty_that_are_held_are_thirty_lines_that_open(shown, scheme, width):
    board = shown([*EVERY_STATE, *THIRTY], color_scheme=scheme, width=width)
    lines = board.page.locator(".line")

    closed = lines.evaluate_all("all => all.map(one => one.offsetHeight)")
    board.page.keyboard.press("/")
    board.page.keyboard.press("Enter")
    board.page.keyboard.press("Tab")
    board.page.keyboard.press("Enter")

    first = lines.first
    assert len(closed) == 31
    assert sum(closed) < 31 * (45 if width > 1000 else 100)
    assert first.locator("summary").evaluate(
        "one => one === document.activeElement && one.scrollWidth <= one.clientWidth"
    )
    assert first.get_by_role("link", name="Report").is_visible()
    assert first.locator(".owner").is_visible()
    assert lines.nth(1).get_by_role("link", name="Report").is_hidden()
    assert board.seen.faults() == ""
    assert board.seen.logged == []
    assert board.seen.width() == width


def test_lines_are_filtered_and_walked_as_cards_are(shown):
    board = shown([*EVERY_STATE, *THIRTY])

    board.page.fill("input[type=search]", "nyc/f0")
    shown_names = board.cards()
    board.page.fill("input[type=search]", "")
    board.page.keyboard.press("ArrowDown")
    board.page.keyboard.press("j")

    assert shown_names == []
    assert board.page.evaluate("document.activeElement.closest('.line') !== null")


def test_without_a_script_and_on_paper_lines_tell_all(shown):
    board = shown(THIRTY, java_script_enabled=False)

    line = board.page.locator(".line").first
    line.locator("summary").click()
    assert line.get_by_role("link", name="Report").is_visible()
    board.page.emulate_media(media="print")
    whys = board.page.locator(".line summary").evaluate_all(
        "all => all.every(one => one.checkVisibility() && getComputedStyle(one).whiteSpace === 'normal')"
    )
    assert whys
    assert board.page.locator(".owner").evaluate_all("all => all.every(one => one.checkVisibility())")


def test_an_empty_board_is_quiet_and_accessible(shown):
    board = shown([], width=360)

    assert board.seen.logged == []
    assert board.seen.faults() == ""
    assert board.seen.width() == 360


@pytest.mark.parametrize(
    ("name", "choice", "rows"),
    [
        ("zone", "Raw", ["nyc/flights", "tealium/events"]),
        ("state", "waived", ["cleanse/ads"]),
        ("state", "late", ["nyc/flights", "core/fact_event"]),
        ("owner", "airport team", ["nyc/flights", "stage/flights"]),
        ("owner", "none named", ["nyc/airports"]),
        ("domain", "marketing", ["cleanse/ads"]),
    ],
)
def test_each_filter_shows_what_is_so_and_is_kept_in_the_address(shown, name, choice, rows):
    board = shown()

    board.page.select_option(f"select[name={name}]", label=choice)

    assert board.rows() == rows
    assert board.hits() == f"{len(rows)} of 7 datasets"
    assert board.fragment(f"#{name}={'' if choice == 'none named' else choice}".replace(" ", "+"))
    assert board.go(board.page.evaluate("location.hash")).rows() == rows


def test_filters_and_search_hold_together(shown):
    board = shown()

    board.page.select_option("select[name=owner]", label="airport team")
    board.page.select_option("select[name=zone]", label="Stage")
    board.page.fill("input[type=search]", "FLIGHTS  stage")

    assert board.rows() == ["stage/flights"]
    assert board.cards() == ["stage/flights"]
    assert board.page.locator("h2:visible").all_inner_texts() == ["Could not be evaluated 1", "Stage 1"]
    assert board.fragment("#q=FLIGHTS++stage&zone=Stage&owner=airport+team")


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        ("web events", ["tealium/events"]),  # a title
        ("month=2013-01", ["nyc/flights"]),  # the batch that is kept out
        ("no such thing", []),
        ("ago", []),  # no word of a moment
    ],
)
def test_the_search_looks_at_all_words_but_moments(shown, words, rows):
    board = shown()

    board.page.fill("input[type=search]", words)

    assert board.rows() == rows
    assert board.hits() == (
        f"{len(rows)} of 7 datasets" if rows else "No dataset is like that: Esc or Clear shows all."
    )


def test_a_zone_tells_how_many_of_its_datasets_are_shown(shown):
    board = shown()

    board.page.fill("input[type=search]", "tealium")

    assert board.page.locator("h2:visible").all_inner_texts() == ["Raw 1 of 2"]


def test_the_number_of_hits_is_announced(shown):
    board = shown()

    assert board.hits() == ""
    assert board.page.locator(".hits").get_attribute("role") == "status"


def test_a_link_to_what_is_not_there_any_more_shows_nothing_and_says_so(shown):
    board = shown().go("#owner=nobody&state=blocked")

    assert board.rows() == []
    assert board.page.input_value("select[name=owner]") == "=nobody"
    board.page.click("button[type=reset]")
    assert len(board.rows()) == 7
    assert board.fragment("")


def test_a_place_in_the_page_is_no_filter(shown):
    board = shown()
    board.page.fill("input[type=search]", "tealium")

    board.page.evaluate("location.hash = '#content'")

    assert board.rows() == ["tealium/events"]


def test_the_counts_at_the_top_filter_and_filter_no_more(shown):
    board = shown()
    late = board.page.get_by_role("link", name="2 late")

    late.click()
    assert board.rows() == ["nyc/flights", "core/fact_event"]
    assert late.get_attribute("aria-current") == "true"
    assert board.page.input_value("select[name=state]") == "=late"

    late.click()
    assert len(board.rows()) == 7
    assert late.get_attribute("aria-current") is None


def test_it_is_used_with_keys_alone(shown):
    board = shown()
    keyboard = board.page.keyboard

    keyboard.press("/")
    keyboard.type("flights")
    assert board.rows() == ["nyc/flights", "stage/flights"]
    keyboard.press("ArrowDown")
    keyboard.press("j")
    keyboard.press("ArrowDown")
    assert board.page.evaluate("document.activeElement.closest('tr').dataset.dataset") == "01-raw-data-zone/nyc/flights"
    keyboard.press("k")
    keyboard.press("ArrowUp")
    keyboard.press("ArrowUp")
    assert board.page.evaluate("document.activeElement.closest('li') !== null")
    assert board.focused() == "nyc/flights"

    keyboard.press("Escape")
    assert len(board.rows()) == 7
    board.page.route("**/datasets/**", lambda route: route.fulfill(body="there"))
    with board.page.expect_navigation(url="**/datasets/nyc/flights/index.html"):
        keyboard.press("Enter")


def test_enter_in_the_search_leads_to_the_first_hit(shown):
    board = shown()

    board.page.keyboard.press("/")
    board.page.keyboard.type("tealium")
    board.page.keyboard.press("Enter")

    assert board.focused() == "tealium/events"


def test_escape_in_the_search_clears_all(shown):
    board = shown().go("#q=flights&zone=Raw")

    board.page.focus("input[type=search]")
    board.page.keyboard.press("Escape")

    assert len(board.rows()) == 7
    assert board.page.input_value("select[name=zone]") == ""


def test_letters_typed_into_the_search_move_nothing(shown):
    board = shown()

    board.page.focus("input[type=search]")
    board.page.keyboard.type("j/k")

    assert board.page.input_value("input[type=search]") == "j/k"


@pytest.mark.parametrize("key", ["j", "Control+k", "Alt+j", "ArrowDown"])
def test_a_key_that_a_control_or_the_browser_means_moves_nothing(shown, key):
    board = shown()

    board.page.focus("select[name=zone]")
    board.page.keyboard.press(key)

    assert board.page.evaluate("document.activeElement.name") == "zone"


def test_single_keys_can_be_turned_off_for_good(shown):
    board = shown()

    board.page.uncheck("input[name=keys]")
    board.page.evaluate("document.activeElement.blur()")
    board.page.keyboard.press("j")
    assert board.page.evaluate("document.activeElement === document.body")

    board.page.reload()
    board.page.keyboard.press("/")
    assert board.page.evaluate("document.activeElement === document.body")


def test_moments_say_how_long_ago_and_the_readers_own_time(shown):
    board = shown(timezone_id="Asia/Tokyo", locale="en-GB")

    card = board.page.locator(".held time").first
    assert card.inner_text() == "2026-11-25 10:42 UTC (3 days ago)"
    assert "19:42" in card.get_attribute("title")
    row = board.page.locator("tr[data-dataset$='tealium/events']")
    assert row.locator("time").all_inner_texts() == ["20 days ago", "3 hours ago", "due in 21 hours"]
    late = board.page.locator("tr[data-dataset$='nyc/flights'] .due")
    assert late.inner_text() == "late by 9 days"


@pytest.mark.parametrize(
    ("span", "words"),
    [
        ({"seconds": 20}, "just now"),
        ({"seconds": 60}, "1 minute ago"),
        ({"hours": 23, "minutes": 59}, "23 hours ago"),
        ({"days": 1}, "1 day ago"),
        ({"days": 400}, "1 year ago"),
        ({"minutes": -5}, "in 5 minutes"),
    ],
)
def test_how_long_ago(shown, span, words):
    board = shown([passing("a", RAW, since=ago(**span))])

    assert board.page.locator("td time").first.inner_text() == words


def test_what_becomes_late_while_the_page_is_open_is_late(shown):
    board = shown([passing("a", RAW, last_at=ago(hours=23, minutes=59, seconds=30))])
    assert board.page.locator(".due").inner_text() == "due now"
    assert board.page.locator("main .tally").inner_text().split() == ["1", "passed"]
    board.page.evaluate("location.hash = 'state=late'")
    assert board.rows() == []

    board.page.clock.install(time=NOW)
    board.page.reload()
    board.page.clock.fast_forward("02:00")

    assert board.page.locator(".due").inner_text() == "late by 1 minute"
    assert board.rows() == ["a"]
    assert board.page.get_by_role("link", name="1 late").is_visible()


def test_without_a_script_it_tells_all_and_offers_no_filter(shown):
    board = shown(java_script_enabled=False)

    assert len(board.rows()) == 7
    assert board.page.locator("form").is_hidden()
    assert board.page.locator(".keys").is_hidden()
    assert board.page.locator("tr[data-dataset$='tealium/events'] time").all_inner_texts() == [
        "2026-11-08 10:42 UTC",
        "2026-11-28 07:42 UTC",
        "due 2026-11-29 07:42 UTC",
    ]


def test_on_paper_moments_stand_in_full_and_nothing_is_there_to_press(shown):
    board = shown(color_scheme="dark")

    board.page.emulate_media(media="print", color_scheme="dark")

    assert board.page.locator("form, nav, .keys").evaluate_all("all => all.every(one => !one.checkVisibility())")
    assert board.page.locator("tr[data-dataset$='tealium/events'] time").first.inner_text() == "2026-11-08 10:42 UTC"
    assert board.page.evaluate("getComputedStyle(document.body).color") == "rgb(30, 34, 38)"  # as on a light page


def test_what_did_not_come_in_is_a_link_in_the_strip(shown):
    board = shown()

    link = board.page.locator("tr[data-dataset$='nyc/flights'] svg a").last
    assert link.locator("title").text_content() == "dt=2026-11-30: blocked"
    box = link.bounding_box()
    board.page.route("**/reports/**", lambda route: route.fulfill(body="there"))
    with board.page.expect_navigation(url="**/reports/nyc/flights/dt%253D2026-11-30/**"):
        board.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_three_hundred_datasets_are_filtered_as_three_are(shown):
    datasets = many(300)
    board = shown(datasets)

    board.page.select_option("select[name=zone]", label="Core")
    board.page.fill("input[type=search]", "holds team 14")

    wanted = [now.dataset for now in datasets if now.zone == "warehouse/core" and "14" in now.dataset + now.owner]
    assert board.rows() == sorted(wanted)
    assert board.seen.logged == []
