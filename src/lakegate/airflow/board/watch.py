"""One look into project and lake serves everybody for some seconds, however many ask."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from lakegate.airflow.board import project as settings
from lakegate.airflow.board.gates import Gate, Remembering, gates
from lakegate.errors import LakegateError

if TYPE_CHECKING:
    from lakegate.contract.project import Project
    from lakegate.lake.interface import Lake

KEPT = dt.timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Look:
    """What stood at an instant, UTC; `problem` is why nothing can be told."""

    at: dt.datetime
    gates: tuple[Gate, ...] = ()
    problem: str = ""


class Watch:
    """Looks into the lake at most once in `KEPT`."""

    def __init__(self) -> None:
        """Nothing has been looked at."""
        self._lock = threading.Lock()
        self._last: Look | None = None
        self._lake: Lake | None = None

    @property
    def project(self) -> Project:
        """The project as Airflow's settings name it."""
        return settings.project()

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
            self._lake = self._lake or cast("Lake", Remembering(self.lake()))
            return Look(now, gates(self.project, self._lake, now))
        except (LakegateError, OSError) as error:
            self._lake = None
            return Look(now, problem=f"The lake cannot be looked at: {first_line(error)}")


def first_line(error: Exception) -> str:
    """Return an error in one line."""
    return (str(error).splitlines() or [type(error).__name__])[0]
