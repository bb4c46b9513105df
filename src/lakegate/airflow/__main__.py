"""`python -m lakegate.airflow`: the demo's batches wait in a lake, and a whole Airflow on loopback gates them.

Everything it makes lies in `.airflow` of the current folder: the lake, Airflow's settings, its database and its logs.
What is there is taken as it is; remove the folder to begin anew.
"""

from __future__ import annotations

import shutil
import signal
import sys
from pathlib import Path
from typing import NoReturn

from lakegate.airflow.standalone import Standalone
from lakegate.demo.nycflights import arrive, project
from lakegate.errors import LakegateError, UsageError
from lakegate.lake.layout import create_layout
from lakegate.lake.local import LocalLake
from lakegate.show.terminal import console

HOME = Path(".airflow")
SEE = """
Airflow runs:  {url}
log in as      admin
password       {password}

The demo's lake is {lake}. Batches of flights, planes and weather wait in it; each contract has a DAG, which runs now.
- Dags -> nyc-flights -> its run: a task a batch. April was spoilt on the way: its `validate` is red, it is not let in.
- The red task -> Details: "Validation report" tells which rows, "Contract" what was agreed.
- Gates, on the left: the board of every dataset, what is blocked first.
- Assets: what each promoted batch told, and which DAGs of the warehouse it started.

Ctrl-C ends it.
"""


def main() -> int:
    """Start it, say where, wait for Ctrl-C (or SIGTERM, SIGHUP), end it. Returns the exit code."""
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, _end)
    screen = console()
    try:
        dags = project() / "dags"
        if not any(dags.glob("*.py")):
            raise UsageError(f"no DAG file in {str(dags)!r}", hint="run it in a clone of the project")
        lake = (HOME / "lake").absolute()
        screen.print("The demo's batches arrive, Airflow makes its database and starts: half a minute.")
        _arrived(lake)
        more = {"LAKEGATE_LAKE": str(lake), "LAKEGATE_PROJECT": str(project().absolute())}
        with Standalone(HOME, dags, more=more) as airflow:
            seen = SEE.format(url=airflow.url, password=airflow.passwords["admin"], lake=lake)
            screen.print(seen, soft_wrap=True, markup=False, highlight=False)
            airflow.wait()
    except KeyboardInterrupt:
        screen.print("Airflow ended; the lake and the logs stand in .airflow.")
        return 0
    except LakegateError as error:
        screen.print(f"error: {error}", soft_wrap=True, markup=False)
        return error.exit_code
    return 0


def _arrived(lake: Path) -> None:
    """Make the demo's lake, with everything waiting in its transient zone; a lake that is there is taken."""
    if lake.is_dir():
        return
    half = lake.with_name("lake.half")  # a start that is broken off leaves no half lake
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    create_layout(LocalLake(half), "demo")
    arrive(half, lambda _: None, damaged=True)
    half.rename(lake)


def _end(*_: object) -> NoReturn:
    """End once: who is impatient while everything is being ended would leave processes behind."""
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
