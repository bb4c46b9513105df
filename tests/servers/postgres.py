"""A PostgreSQL server of the tests' own: made in a private folder, on loopback, gone with its data at the end."""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

USER = "airflow"
START = 60  # seconds
# Nothing has to survive the machine: the data lives as long as the tests.
OPTIONS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_connections": "200"}


def programs():
    """The folder that holds `initdb` and `postgres`, None where there is none; Debian puts it beside the PATH."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: int(one.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    found = [*([Path(on_path).resolve().parent] if on_path else []), *installed]
    return next((one for one in found if (one / "initdb").exists() and (one / "postgres").exists()), None)


class Postgres:
    """A server as a context: `.address` is SQLAlchemy's."""

    def __init__(self):
        self.programs = programs()
        self.folder = Path(tempfile.mkdtemp(prefix="lakegate-postgres-", dir=_open_to_all()))
        self.password = secrets.token_urlsafe(16)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    @property
    def address(self):
        return f"postgresql+psycopg2://{USER}:{self.password}@127.0.0.1:{self.port}/postgres"

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return self

    def _start(self):
        said = self.folder / "password"
        said.write_text(self.password)
        if os.geteuid() == 0:  # PostgreSQL refuses root
            nobody = pwd.getpwnam("nobody")
            for one in (self.folder, said):
                os.chown(one, nobody.pw_uid, nobody.pw_gid)
        data = self.folder / "data"
        how = ("-A", "scram-sha-256", f"--pwfile={said}", "-E", "UTF8", "--no-sync")
        self._run("initdb", "-D", data, "-U", USER, *how)
        options = {
            **OPTIONS,
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
        }
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        self._run("pg_ctl", "-D", data, "-w", "-t", START, "-l", self.folder / "log", "-o", _quoted(words), "start")

    def __exit__(self, *_):
        self._run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program, *words):
        drop = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
        command = [*drop, str(self.programs / program), *map(str, words)]
        # What pg_ctl starts keeps its output open: it is let go, not waited for.
        with (self.folder / f"{program}.out").open("wb") as out:
            ended = subprocess.run(command, cwd=self.folder, stdout=out, stderr=subprocess.STDOUT, check=False)
        if ended.returncode:
            told = [one.read_text(errors="replace") for one in self.folder.glob("*.out")]
            raise AssertionError(f"{program} ended with {ended.returncode}: " + "\n".join(told))


def _open_to_all():
    """A folder that another user may go into, as root's server runs as nobody: root's own TMPDIR may be closed."""
    found = (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - made private by mkdtemp
    return next(one for one in found if all(each.stat().st_mode & 0o001 for each in (one, *one.parents)))


def _quoted(words):
    """As pg_ctl hands options on: one text for a shell."""
    return " ".join(f"'{word}'" for word in words)
