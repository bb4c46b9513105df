"""The pages under `/lakegate`: the gates, the lake's `references/`, the contracts. Nothing is answered to nobody.

What is served was written by strangers, too (a batch's name, a contract's text): no script runs in any page, none is
kept by a browser, and each is read by whoever may read the DAG of its dataset, and by nobody else.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from airflow.api_fastapi.core_api.security import GetUserDep, get_user
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.middleware.base import RequestResponseEndpoint

from lakegate.airflow.board import project as settings
from lakegate.airflow.board.access import approvals, known, readable
from lakegate.airflow.board.gates import Gate, Remembering, gates
from lakegate.airflow.board.view import Row, Told, board, notice
from lakegate.airflow.dags import dag_name
from lakegate.errors import LakegateError, Refused
from lakegate.lake.interface import check_key

if TYPE_CHECKING:
    from lakegate.contract.project import Project
    from lakegate.lake.interface import Lake

KEPT = dt.timedelta(seconds=10)  # for which one look into the lake serves everybody
REPORTS = "references/reports/"
PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
TYPES: Mapping[str, str] = {  # what a browser shows by itself; anything else is a download
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "md": "text/plain; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "yaml": "text/plain; charset=utf-8",
    "xml": "text/plain; charset=utf-8",  # never a document of its own, which may hold a script
    "csv": "text/plain; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "png": "image/png",
    "jpg": "image/jpeg",
}
ASSETS = {"gates.js": "text/javascript", "gates.svg": "image/svg+xml", "gates-dark.svg": "image/svg+xml"}


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """What one look into project and lake gave; `problem` is why there is nothing."""

    at: dt.datetime
    gates: tuple[Gate, ...] = ()
    problem: str = ""


class Watch:
    """Looks into the lake at most once in `KEPT`, whoever asks."""

    def __init__(self) -> None:
        """Nothing has been looked at."""
        self._lock = threading.Lock()
        self._last: Look | None = None
        self._lake: Remembering | None = None
        self.project: Project = settings.project()

    def lake(self) -> Lake:
        """Open the lake. Raises what `open_lake` raises."""
        return settings.lake(self.project.root)

    def look(self) -> Look:
        """Return what stands now, or stood a few seconds ago."""
        with self._lock:
            now = dt.datetime.now(dt.UTC)
            if self._last is None or now - self._last.at >= KEPT:
                self._last = self._fresh(now)
            return self._last

    def _fresh(self, now: dt.datetime) -> Look:
        try:
            self._lake = self._lake or Remembering(self.lake())
            return Look(now, gates(self.project, self._lake, now))  # type: ignore[arg-type] - it hands on every verb
        except (LakegateError, OSError) as error:
            self._lake = None
            return Look(now, problem=f"The lake cannot be looked at: {str(error).splitlines()[0]}")


def application() -> FastAPI:
    """Return the application: every route asks who calls, and there is no page of its own interface."""
    pages = FastAPI(title="lakegate", openapi_url=None, docs_url=None, redoc_url=None, dependencies=[Depends(get_user)])
    watch = Watch()

    @pages.middleware("http")
    async def guarded(request: Request, answer: RequestResponseEndpoint) -> Response:
        response = await answer(request)
        response.headers.update(HEADERS)
        return response

    pages.add_exception_handler(AnyHTTPException, _refusal)  # type: ignore[arg-type] - Starlette's own idiom

    @pages.get("/")
    def gates_page(user: GetUserDep, theme: Literal["light", "dark"] | None = None) -> HTMLResponse:
        """Answer with the page of gates: those whose DAG the caller may read."""
        look = watch.look()
        rows = _rows(look, _seen(look, user))
        return HTMLResponse(board(Told(rows, look.at, look.problem), theme))

    @pages.get("/references/{key:path}")
    def reference(key: str, user: GetUserDep) -> Response:
        """Answer with one object of the lake's `references/`, as it lies there."""
        if not key or key.endswith("/"):
            key += "index.html"
        try:
            wanted = check_key(f"references/{key}")
            _allow(watch.look(), user, wanted)
            content = watch.lake().read(wanted)
        except Refused as error:
            raise HTTPException(404, "There is no such page.") from error
        except (LakegateError, OSError) as error:
            raise HTTPException(503, f"The lake cannot be read: {str(error).splitlines()[0]}") from error
        if content is None:
            raise HTTPException(404, "There is no such page.")
        kind = TYPES.get(wanted.rpartition(".")[2])
        return Response(
            content,
            media_type=kind or "application/octet-stream",
            headers={} if kind else {"Content-Disposition": "attachment"},
        )

    @pages.get("/contracts/{identity:path}")
    def contract(identity: str, user: GetUserDep) -> PlainTextResponse:
        """Answer with a contract as its file stands now."""
        look = watch.look()
        mine = [gate for gate in look.gates if gate.contract_id == identity]
        seen = _seen(look, user)
        if not (all(gate in seen for gate in mine) if mine else _sees_all(look, user)):
            raise HTTPException(403, "You may not read the DAG of this contract.")
        paths = settings.project().index.get(identity, ())
        if len(paths) != 1:
            raise HTTPException(404, "There is no such contract.")
        return PlainTextResponse(paths[0].read_bytes())

    @pages.get("/{name}")
    def asset(name: str) -> Response:
        """Answer with a file of the plugin itself."""
        if name not in ASSETS:
            raise HTTPException(404, "There is no such page.")
        return Response(files(__package__).joinpath("templates", name).read_bytes(), media_type=ASSETS[name])

    return pages


def _refusal(request: Request, error: AnyHTTPException) -> Response:
    """Say no: as a page where a browser asks, else as Airflow's interface does."""
    if "text/html" not in request.headers.get("accept", ""):
        return JSONResponse({"detail": error.detail}, error.status_code)
    link = {"Back to the gates": f"{request.scope.get('root_path', '')}/"}
    if error.status_code == 401:
        outside = str(request.scope.get("root_path", "")).removesuffix("/lakegate")
        link = {"Log in": f"{outside}/api/v2/auth/login?next={quote(str(request.url), safe='')}"}
        return HTMLResponse(notice("Log in first", "This page is for those who are logged in.", link), 401)
    return HTMLResponse(notice(f"Error {error.status_code}", str(error.detail), link), error.status_code)


def _dags(look: Look) -> dict[Gate, str]:
    """Return the id of each gate's DAG; a contract that is wrong has none."""
    return {gate: dag_name(gate.contract_id) for gate in look.gates if gate.contract_id}


def _seen(look: Look, user: GetUserDep) -> frozenset[Gate]:
    """Return the gates that a caller may see."""
    dags = _dags(look)
    allowed = readable(user, set(dags.values()))
    everything = allowed == set(dags.values())
    return frozenset(gate for gate in look.gates if (dags[gate] in allowed if gate in dags else everything))


def _sees_all(look: Look, user: GetUserDep) -> bool:
    """Whether a caller may see every gate; nobody may where none can be told."""
    return not look.problem and len(_seen(look, user)) == len(look.gates)


def _allow(look: Look, user: GetUserDep, key: str) -> None:
    """Raise HTTPException unless a caller may read a key of `references/`."""
    if look.problem:
        raise HTTPException(503, look.problem)
    mine = [gate for gate in look.gates if key.startswith(f"{REPORTS}{gate.dataset}/")]
    seen = _seen(look, user)
    if not (all(gate in seen for gate in mine) if mine else len(seen) == len(look.gates)):
        raise HTTPException(403, "You may not read the DAG that this page belongs to.")


def _rows(look: Look, seen: frozenset[Gate]) -> list[Row]:
    """Return the gates that a caller may see, with what Airflow knows of them."""
    dags = _dags(look)
    here = known({dags[gate] for gate in seen if gate in dags})
    waiting = approvals(here)
    shown = [gate for gate in look.gates if gate in seen]
    return [
        Row(gate, dag, waiting.get(dag, ()) if dag else ())
        for gate in shown
        for dag in [dags[gate] if dags.get(gate) in here else None]
    ]
