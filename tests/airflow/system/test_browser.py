"""The way from a red task to the rows that made it red, as it is clicked."""

import os
from urllib.parse import urljoin

import httpx
import pytest

from browser import IN_A_BROWSER
from cli.scene import HEADER

PATIENCE = 30_000  # milliseconds until something has to be on the page

pytestmark = IN_A_BROWSER


@pytest.fixture
def page(world, browser):
    """A page on which the admin has logged in."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.set_default_timeout(PATIENCE)
    page.goto(world.started.url)
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(world.started.passwords["admin"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Dags").first.wait_for()
    yield page
    page.close()


@pytest.fixture(scope="module")
def blocked(world):
    """A run whose batch is blocked."""
    world.local.arrive("part=1", HEADER + "1,N1,2\n2,N2,-300\n", dataset="nyc/shown")
    run = world.op.trigger("nyc-shown")
    assert run.ended() == "failed"
    return run


def test_from_the_red_task_to_its_report(world, blocked, page):
    task = blocked.task("validate")
    index = task["map_index"]
    assert blocked.links(task)["Validation report"].startswith(f"{world.started.url}/lakegate/references/reports/")

    page.goto(f"{world.started.url}/dags/nyc-shown/runs/{blocked.id}/tasks/validate/mapped/{index}")
    page.get_by_role("link", name="Details").click()
    link = page.get_by_role("link", name="Validation report")
    link.wait_for()
    shoot(page, "task")
    link.click()

    page.get_by_role("heading", name="nyc/shown").wait_for()
    shoot(page, "report")
    told = page.locator("main").inner_text()
    assert "nyc/shown" in told
    assert "delay" in told


def test_from_the_board_of_gates_to_the_report(world, blocked, page):
    page.get_by_role("link", name="Gates").first.click()
    board = page.frame_locator("iframe")
    board.get_by_text("Somebody must look").wait_for()
    shoot(page, "gates")
    told = board.locator("main").inner_text()
    address = board.get_by_role("link", name="Report").first.get_attribute("href")

    page.goto(urljoin(f"{world.started.url}/lakegate/", address))

    shoot(page, "report-from-board")
    assert "nyc/shown" in told
    assert "blocked" in told
    assert "delay" in page.locator("main").inner_text()


@pytest.mark.parametrize("page_of", ["", "references/index.html", "contracts/nyc-shown"])
def test_who_has_not_logged_in_sees_nothing(world, page_of):
    answer = httpx.get(f"{world.started.url}/lakegate/{page_of}")

    assert answer.status_code == 401
    assert "nyc" not in answer.text


def shoot(page, name):
    """Keep a picture where LAKEGATE_TEST_PICTURES names a folder."""
    folder = os.environ.get("LAKEGATE_TEST_PICTURES")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png")
