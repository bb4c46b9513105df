"""The pages under `/lakegate`, asked of Airflow's own application as it finds its plugins."""

import asyncio
import re
import subprocess
import sys

import httpx
import pytest

from airflow_scene import BAD, CONTRACT, GOOD, scene
from lakegate.airflow.plugin import LakegatePlugin, Pages
from lakegate.api import Asked
from lakegate.commands.batches import promoted
from lakegate.reports.site import script_sources

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """A lake in which one batch is in and one is blocked, and a second contract of which nothing arrived."""
    made = scene(tmp_path_factory.mktemp("board"))
    made.arrive("day=1", GOOD)
    made.arrive("day=2", BAD)
    promoted(None, Asked(made.contract, lake=str(made.lake)))
    other = CONTRACT.replace("shop-orders", "shop-returns").replace("shop/orders", "shop/returns")
    (made.contract.parent / "returns.odcs.yaml").write_text(other.replace("order-desk", HOSTILE))
    return made


@pytest.fixture(scope="module")
def application(metadata):
    from airflow.api_fastapi.app import create_app

    return create_app(apps="core")


@pytest.fixture
def caller(application, judged, monkeypatch):
    """A client that calls as somebody, or as nobody; what was looked at before is forgotten."""
    monkeypatch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(judged.root / "dags"))
    monkeypatch.delenv("LAKEGATE_LAKE", raising=False)
    monkeypatch.setattr(LakegatePlugin.fastapi_apps[0]["app"], "_built", None)

    return lambda name: Client(application, {"Authorization": f"Bearer {_token(name)}"} if name else {})


class Client:
    """Asks the application as a server would; Starlette's own test client decodes a path twice."""

    def __init__(self, application, headers):
        self.application, self.headers = application, headers

    def get(self, path, headers=None):
        async def asked():
            transport = httpx.ASGITransport(app=self.application)
            async with httpx.AsyncClient(transport=transport, base_url="http://airflow.example:8080") as client:
                return await client.get(path, headers={**self.headers, **(headers or {})})

        return asyncio.run(asked())


def _token(name):
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    return get_auth_manager().generate_jwt(
        SimpleAuthManagerUser(username=name, role="ADMIN" if name == "admin" else "VIEWER")
    )


@pytest.fixture
def only_returns(monkeypatch):
    """Who is no admin may read the DAG `shop-returns` alone."""
    from airflow.api_fastapi.app import get_auth_manager

    def allowed(*, dag_ids, user, method="GET", team_name=None):
        return dag_ids if user.username == "admin" else dag_ids & {"shop-returns"}

    monkeypatch.setattr(get_auth_manager(), "filter_authorized_dag_ids", allowed)


def report_of(page):
    return re.search(r'href="(references/reports/[^"]*)"', page).group(1)


EVERY = ["", "references/index.html", "references/reports/x", "contracts/shop-orders", "gates.js", "gates.svg"]


@pytest.mark.parametrize("path", EVERY)
def test_nobody_is_answered_nothing(caller, path):
    answer = caller(None).get(f"/lakegate/{path}")
    assert answer.status_code == 401
    assert "shop" not in answer.text


def test_a_browser_is_led_to_the_login_and_comes_back(caller):
    answer = caller(None).get("/lakegate/contracts/a?b=%22%3E", headers={"Accept": "text/html"})
    assert answer.status_code == 401
    link = re.search(r'href="([^"]*)"', answer.text).group(1)
    assert link.startswith("/api/v2/auth/login?next=http%3A%2F%2Fairflow.example%3A8080%2Flakegate%2F")


@pytest.mark.parametrize("path", ["openapi.json", "docs", "redoc", "plugin.py", "style.css", "board.html.j2"])
def test_the_application_has_no_page_of_its_own(caller, path):
    assert caller(None).get(f"/lakegate/{path}").status_code == 401
    assert caller("admin").get(f"/lakegate/{path}").status_code == 404


def test_the_page_tells_what_is_blocked_first_and_all_in_the_order_of_the_lake(caller):
    page = caller("vera").get("/lakegate/").text
    assert "Somebody must look" in page
    assert page.index("day=2") < page.index("01-raw-data-zone")
    assert "violates its contract" in page
    assert "order-desk" in page
    assert page.count('<th scope="row">') == 2
    assert "nothing arrived" in page


def test_no_page_may_run_a_script_of_strangers_be_kept_or_be_framed_elsewhere(caller):
    for path in ("", "references/index.html", "contracts/shop-orders", "nothing"):
        headers = caller("admin").get(f"/lakegate/{path}").headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert set(re.findall(r"script-src ([^;]*)", policy)) <= {" ".join(map(repr, script_sources()))}
        assert ("script-src" in policy) == path.startswith("references/")
        assert "frame-ancestors 'self'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


def test_names_of_others_are_text(caller):
    page = caller("admin").get("/lakegate/").text
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page


def test_the_report_opens_from_the_page(caller):
    client = caller("vera")
    answer = client.get("/lakegate/" + report_of(client.get("/lakegate/").text))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "orders.csv" in answer.text
    assert client.get("/lakegate/references/").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "references/../lakegate.toml",
        "references/%2e%2e/lakegate.toml",
        "references/..%2f..%2fproject%2flakegate.toml",
        "references/%2fetc%2fpasswd",
        "references//index.html",
        "references/.%5c..%5cx",
        "references/a%00b",
        "references/nothing.html",
        "contracts/..%2f..%2flakegate.toml",
        "contracts/nothing",
    ],
)
def test_nothing_but_references_and_contracts_is_reached(caller, path):
    answer = caller("admin").get(f"/lakegate/{path}")
    assert answer.status_code == 404
    assert "lake =" not in answer.text


def test_what_no_browser_should_open_is_a_download(caller, judged):
    (judged.lake / "references" / "x.svg").write_text("<svg onload='alert(1)'/>")
    answer = caller("admin").get("/lakegate/references/x.svg")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == "attachment"


@pytest.mark.parametrize("path", ["index.html", "datasets/shop/orders/index.html"])
def test_the_scripts_of_the_sites_pages_run_and_no_other(caller, path):
    answer = caller("vera").get(f"/lakegate/references/{path}")
    own = re.search(r"script-src &#39;([^&]*)&#39;|script-src '([^']*)'", answer.text)
    assert answer.status_code == 200
    assert f"'{own[1] or own[2]}'" in answer.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in re.search(r"script-src ([^;]*)", answer.headers["Content-Security-Policy"])[1]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("datasets/shop/orders/badge.svg", "image/svg+xml"),
        ("blocked.atom", "application/atom+xml; charset=utf-8"),
        ("board.json", "application/json"),
    ],
)
def test_what_stands_beside_the_pages_has_its_type_and_runs_nothing(caller, path, kind):
    answer = caller("admin").get(f"/lakegate/references/{path}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, kind)
    assert answer.headers["Content-Security-Policy"].endswith("; sandbox")
    assert "script-src" not in answer.headers["Content-Security-Policy"]


def test_what_owners_add_is_shown_in_an_origin_of_its_own_and_runs_nothing(caller, judged):
    manual = judged.lake / "references/manuals/shop/orders/guide.html"
    manual.parent.mkdir(parents=True, exist_ok=True)
    manual.write_text("<script>alert(1)</script>")
    answer = caller("vera").get("/lakegate/references/manuals/shop/orders/guide.html")
    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"].endswith("; sandbox")
    assert "script-src" not in answer.headers["Content-Security-Policy"]


def test_a_contract_is_plain_text_as_it_is_written(caller, judged):
    answer = caller("vera").get("/lakegate/contracts/shop-orders")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.text == judged.contract.read_text()


def test_a_link_out_of_the_lake_is_not_followed(caller, judged):
    link = judged.lake / "references" / "out.txt"
    if not link.is_symlink():
        link.symlink_to(judged.root / "lakegate.toml")
    assert caller("admin").get("/lakegate/references/out.txt").status_code == 404


@pytest.mark.usefixtures("only_returns")
def test_a_dataset_is_for_whoever_may_read_its_dag(caller):
    vera, admin = caller("vera"), caller("admin")
    report = report_of(admin.get("/lakegate/").text)
    page = vera.get("/lakegate/").text
    assert "shop/returns" in page
    assert "shop/orders" not in page
    assert "day=2" not in page
    pages = ("index.html", "x.svg", "board.json", "datasets/shop/orders/index.html", "manuals/shop/orders/guide.html")
    refused = ("contracts/shop-orders", report, *(f"references/{path}" for path in pages))
    assert {vera.get(f"/lakegate/{path}").status_code for path in refused} == {403}
    assert vera.get("/lakegate/contracts/shop-returns").status_code == 200
    assert admin.get(f"/lakegate/{report}").status_code == 200


def test_a_contract_that_is_wrong_is_told_and_hides_no_other(caller, judged):
    broken = judged.contract.parent / "broken.odcs.yaml"
    broken.write_text("id: [\n")
    try:
        page = caller("admin").get("/lakegate/").text
    finally:
        broken.unlink()
    assert "cannot be told" in page
    assert "contracts/shop/broken.odcs.yaml:2:1" in page
    assert str(judged.root) not in page
    assert "shop/returns" in page


def test_a_lake_that_is_not_there_is_a_sentence(caller, monkeypatch):
    monkeypatch.setenv("LAKEGATE_LAKE", "/nowhere/at/all")
    answer = caller("admin").get("/lakegate/")
    assert answer.status_code == 200
    assert "The lake cannot be looked at" in answer.text
    assert "no contract" not in answer.text.casefold()
    assert caller("admin").get("/lakegate/references/index.html").status_code == 503


def test_the_theme_of_the_page_around_it(caller):
    dark = caller("admin").get("/lakegate/?theme=dark").text
    assert "color-scheme: dark" in dark
    assert "(prefers-color-scheme" not in dark
    assert caller("admin").get("/lakegate/?theme=x").status_code == 422


def test_an_approval_that_waits_leads_to_its_page(caller, monkeypatch):
    import datetime as dt

    from lakegate.airflow.board import pages
    from lakegate.airflow.board.access import Approval

    asked = Approval(
        f"Let day=2 pass? {HOSTILE}", "dags/shop-orders/runs/r/tasks/waiver/required_actions", dt.datetime.now(dt.UTC)
    )
    monkeypatch.setattr(pages, "known", frozenset)
    monkeypatch.setattr(pages, "approvals", lambda _: {"shop-orders": [asked]})
    page = caller("admin").get("/lakegate/").text
    assert 'href="../dags/shop-orders/runs/r/tasks/waiver/required_actions"' in page
    assert 'href="../dags/shop-returns"' in page
    assert HOSTILE not in page


def test_airflow_finds_the_plugin_and_nothing_is_built_before_it_is_asked():
    from airflow.plugins_manager import get_fastapi_plugins

    assert any(one["url_prefix"] == "/lakegate" for one in get_fastapi_plugins()[0])
    assert Pages()._built is None
    heavy = "sys.modules.keys() & {'fastapi', 'duckdb', 'pandas'}"
    code = f"import sys, lakegate.airflow.plugin; sys.exit(bool({heavy}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
