"""The pages under `/lakegate`: the gates, the lake's `references/`, the contracts. Nothing is answered to nobody.

What is served was written by strangers, too (a batch's name, a contract's text, a manual): no script runs but those of
the site's own pages, known by their digests; none is kept by a browser; each is read by whoever may read the DAG of its
dataset, and by nobody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Annotated, Literal
from urllib.parse import quote

from airflow.api_fastapi.core_api.security import GetUserDep, get_user
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.middleware.base import RequestResponseEndpoint

from lakegate.airflow.board.access import approvals, known, readable
from lakegate.airflow.board.gates import Gate
from lakegate.airflow.board.view import Row, Told, board, notice
from lakegate.airflow.board.watch import Look, Watch, first_line
from lakegate.airflow.dags import dag_name
from lakegate.errors import LakegateError, Refused
from lakegate.lake.interface import check_key
from lakegate.publish import keys
from lakegate.publish.pages import MANUALS_PAGE
from lakegate.reports.site import script_sources

OF_DATASETS = (keys.REPORTS, keys.DATASETS, keys.MANUALS, keys.PENDING)  # folders with one of each dataset
PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
SITE_POLICY = f"{PAGE_POLICY}; script-src {' '.join(repr(source) for source in script_sources())}"
OTHERS_POLICY = f"{PAGE_POLICY}; sandbox"  # of what others wrote, and of pictures: an origin of its own, no script
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
    "atom": "application/atom+xml; charset=utf-8",
    "png": "image/png",
    "jpg": "image/jpeg",
}
MISSING = "There is no such page."
ASSETS = {"gates.js": "text/javascript", "gates.svg": "image/svg+xml", "gates-dark.svg": "image/svg+xml"}


def _watch(request: Request) -> Watch:
    found: Watch = request.app.state.watch
    return found


Seeing = Annotated[Watch, Depends(_watch)]
router = APIRouter(dependencies=[Depends(get_user)])


def application() -> FastAPI:
    """Return the application: every route asks who calls, and there is no page of its own interface."""
    pages = FastAPI(title="lakegate", openapi_url=None, docs_url=None, redoc_url=None)
    pages.state.watch = Watch()
    pages.include_router(router)
    pages.add_exception_handler(AnyHTTPException, _refusal)
    pages.middleware("http")(_guarded)
    return pages


async def _guarded(request: Request, answer: RequestResponseEndpoint) -> Response:
    response = await answer(request)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


@router.get("/")
def gates_page(user: GetUserDep, watch: Seeing, theme: Literal["light", "dark"] | None = None) -> HTMLResponse:
    """Answer with the page of gates: those whose DAG the caller may read."""
    look = watch.look()
    rows = _rows(look, _seen(look, user))
    return HTMLResponse(board(Told(rows, look.at, look.problem), theme))


@router.get("/references/{key:path}")
def reference(key: str, user: GetUserDep, watch: Seeing) -> Response:
    """Answer with one object of the lake's `references/`, as it lies there."""
    if not key or key.endswith("/"):
        key += "index.html"
    try:
        wanted = check_key(f"references/{key}")
        _allow(watch.look(), user, wanted)
        content = watch.lake().read(wanted)
    except Refused as error:
        raise HTTPException(404, MISSING) from error
    except (LakegateError, OSError) as error:
        raise HTTPException(503, f"The lake cannot be read: {first_line(error)}") from error
    if content is None:
        raise HTTPException(404, MISSING)
    badge = wanted.startswith(keys.DATASETS) and wanted.endswith("/badge.svg")
    kind = "image/svg+xml" if badge else TYPES.get(wanted.rpartition(".")[2])
    headers = {} if kind else {"Content-Disposition": "attachment"}
    headers["Content-Security-Policy"] = _policy(wanted)
    return Response(content, media_type=kind or "application/octet-stream", headers=headers)


@router.get("/contracts/{identity:path}")
def contract(identity: str, user: GetUserDep, watch: Seeing) -> PlainTextResponse:
    """Answer with a contract as its file stands now."""
    look = watch.look()
    mine = [gate for gate in look.gates if gate.contract_id == identity]
    seen = _seen(look, user)
    if not (all(gate in seen for gate in mine) if mine else _sees_all(look, seen)):
        raise HTTPException(403, "You may not read the DAG of this contract.")
    paths = watch.project.index.get(identity, ())
    if len(paths) != 1:
        raise HTTPException(404, "There is no such contract, or more than one.")
    return PlainTextResponse(paths[0].read_bytes())


@router.get("/{name}")
def asset(name: str) -> Response:
    """Answer with a file of the plugin itself."""
    if name not in ASSETS:
        raise HTTPException(404, MISSING)
    return Response(files(__package__).joinpath("templates", name).read_bytes(), media_type=ASSETS[name])


def _refusal(request: Request, error: Exception) -> Response:
    """Say no: as a page where a browser asks, else as Airflow's interface does."""
    if not isinstance(error, AnyHTTPException):
        raise error
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


def _sees_all(look: Look, seen: frozenset[Gate]) -> bool:
    """Whether a caller may see every gate; nobody may where none can be told."""
    return not look.problem and len(seen) == len(look.gates)


def _allow(look: Look, user: GetUserDep, key: str) -> None:
    """Raise HTTPException unless a caller may read a key of `references/`."""
    if look.problem:
        raise HTTPException(503, look.problem)
    mine = [gate for gate in look.gates if key.startswith(tuple(f"{folder}{gate.dataset}/" for folder in OF_DATASETS))]
    seen = _seen(look, user)
    if not (all(gate in seen for gate in mine) if mine else _sees_all(look, seen)):
        raise HTTPException(403, "You may not read the DAG that this page belongs to.")


def _policy(key: str) -> str:
    """Return what a browser may do with an object of `references/`: our pages may run our scripts, nothing else any."""
    if key.startswith(keys.MANUALS) and key != MANUALS_PAGE:
        return OTHERS_POLICY
    return SITE_POLICY if key.endswith(".html") else OTHERS_POLICY


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
