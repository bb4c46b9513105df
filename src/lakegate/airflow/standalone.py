"""Airflow whole, on loopback only: api-server, scheduler, dag-processor and triggerer, started and ended together.

For trying it out (`make airflow`) and for tests; production runs Airflow as Airflow's documentation says.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

from lakegate.errors import LakegateError

PROCESSES: Mapping[str, tuple[str, ...]] = {
    "api-server": (),
    "scheduler": ("--skip-serve-logs",),  # the api-server reads the log files itself; a log server listens everywhere
    "dag-processor": (),
    "triggerer": ("--skip-serve-logs",),
}
HEALTHY = ("metadatabase", "scheduler", "triggerer", "dag_processor")  # as `/api/v2/monitor/health` names them
LOOPBACK = "127.0.0.1"
START = 180  # seconds; a machine with two busy cores takes one
STOP = 20  # seconds that a process has to end by itself
GLANCE = 0.5  # seconds between two looks
TAIL = 2000  # bytes of a log that are shown


class Standalone:
    """Airflow's processes, each a session of its own, so that none of their children outlives them.

    with Standalone(home, dags) as airflow:
        print(airflow.url, airflow.passwords)
    """

    def __init__(
        self,
        home: Path,
        dags: Path,
        *,
        users: Mapping[str, str] | None = None,
        database: str | None = None,
        more: Mapping[str, str] | None = None,
    ) -> None:
        """`home` holds settings, secrets and logs, for the owner's eyes alone. `users`: name -> role, else one admin.

        `database` is SQLAlchemy's address of the metadata database, else SQLite in `home`. `more` are variables of the
        environment, which may be settings (`AIRFLOW__CORE__PARALLELISM`).
        """
        self.home, self.dags = home.absolute(), dags.absolute()
        self.users = users or {"admin": "admin"}
        self.database = database or f"sqlite:///{self.home / 'airflow.db'}"
        self.more = more or {}
        self.port = _free_port()
        self.passwords: Mapping[str, str] = {}  # by user, once it is entered
        self._started: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def url(self) -> str:
        """Where the user interface and the REST API answer."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What each process is told, and whatever else is to speak to this Airflow; needs `keep_secrets`."""
        kept = json.loads((self.home / "secrets.json").read_text())
        settings = {
            "CORE__DAGS_FOLDER": self.dags,
            "CORE__LOAD_EXAMPLES": False,
            "CORE__EXECUTOR": "LocalExecutor",
            "CORE__PARALLELISM": 4,
            "CORE__DAGS_ARE_PAUSED_AT_CREATION": False,
            "CORE__FERNET_KEY": kept["fernet_key"],
            "CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:{role}" for name, role in self.users.items()),
            "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": self.home / "passwords.json",
            "DATABASE__SQL_ALCHEMY_CONN": self.database,
            "API__HOST": LOOPBACK,
            "API__PORT": self.port,
            "API__BASE_URL": self.url,
            "API__WORKERS": 1,
            "API__SECRET_KEY": kept["secret_key"],
            "API_AUTH__JWT_SECRET": kept["jwt_secret"],
            "DAG_PROCESSOR__REFRESH_INTERVAL": 10,
            "LOGGING__BASE_LOG_FOLDER": self.home / "logs",
        }
        outside = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}
        ours = {f"AIRFLOW__{name}": str(value) for name, value in settings.items()}
        return {**outside, "AIRFLOW_HOME": str(self.home), **ours, **self.more}

    def keep_secrets(self) -> None:
        """Make the home, its keys and its users' passwords; what is there is kept."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.home.chmod(0o700)
        _once(self.home / "secrets.json", {name: _key() for name in ("fernet_key", "secret_key", "jwt_secret")})
        self.passwords = _once(self.home / "passwords.json", {name: secrets.token_urlsafe(12) for name in self.users})

    def __enter__(self) -> Self:
        """Make the database or bring it up to date, start everything, wait until it is healthy.

        Raises LakegateError, with the end of the log, where it does not get so.
        """
        self.keep_secrets()
        try:
            self._migrate()
            for name, options in PROCESSES.items():
                self._started[name] = self._airflow(name, *options)
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End everything."""
        self.stop()

    def log(self, name: str) -> Path:
        """Return the file that holds what a process prints."""
        return self.home / f"{name}.log"

    def wait(self) -> None:
        """Wait for ever. Raises LakegateError once a process ends by itself."""
        while True:
            self._look()

    def stop(self) -> None:
        """End every process and all of their children: asked first, then killed. Whoever is gone is no error."""
        for one in self._started.values():
            _signal_session(one.pid, signal.SIGTERM)
        for one in self._started.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                one.wait(STOP)
        for one in self._started.values():
            _signal_session(one.pid, signal.SIGKILL)
            one.wait()
        self._started.clear()

    def _migrate(self) -> None:
        """Make the tables of the database."""
        self._started["db"] = self._airflow("db", "migrate")
        if self._started["db"].wait():
            raise LakegateError(f"Airflow's database could not be made:\n{self._tail('db')}")
        del self._started["db"]

    def _airflow(self, *words: str) -> subprocess.Popen[bytes]:
        """Start an Airflow command in a session of its own."""
        with self.log(words[0]).open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own words
                [sys.executable, "-m", "airflow", *words],
                cwd=self.home,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _wait(self) -> None:
        """Wait until each process says that it is well."""
        for _ in range(int(START / GLANCE)):
            missing = self._unhealthy()
            if not missing:
                return
            self._look()
        tails = "\n".join(f"--- {name}\n{self._tail(name)}" for name in PROCESSES)
        raise LakegateError(f"Airflow is not up after {START} s: {', '.join(missing)} not healthy\n{tails}")

    def _look(self) -> None:
        """Let half a second pass. Raises LakegateError where a process has ended by itself."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._started["api-server"].wait(GLANCE)
        for name, one in self._started.items():
            if one.poll() is not None:
                raise LakegateError(f"Airflow's {name} ended with {one.returncode}:\n{self._tail(name)}")

    def _unhealthy(self) -> list[str]:
        """Return what is not healthy yet."""
        try:
            with urllib.request.urlopen(f"{self.url}/api/v2/monitor/health", timeout=5) as answer:  # noqa: S310 - http
                told = json.load(answer)
        except (OSError, ValueError):  # not there yet
            return ["api-server"]
        return [name for name in HEALTHY if (told.get(name) or {}).get("status") != "healthy"]

    def _tail(self, name: str) -> str:
        return self.log(name).read_bytes()[-TAIL:].decode(errors="replace")


def _once(file: Path, content: Mapping[str, str]) -> Mapping[str, str]:
    """Write a file of secrets where it is not there yet; return what it holds."""
    with contextlib.suppress(FileExistsError):
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as out:
            json.dump(content, out)
    found: dict[str, str] = json.loads(file.read_text())
    return found


def _key() -> str:
    """Return a new key: 32 random bytes as URL-safe base64, which is what Fernet wants too."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _free_port() -> int:
    """Return a port of loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def _signal_session(leader: int, signum: int) -> None:
    """Signal every process of a session: Airflow's tasks have process groups of their own, but share it."""
    for pid in list(_session(leader)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signum)


def _session(leader: int) -> Iterator[int]:
    """Yield the processes of a session."""
    import psutil

    for pid in psutil.pids():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if pid != os.getpid() and os.getsid(pid) == leader:
                yield pid
