"""`make airflow`, as who tries it out: it starts, says where, its DAGs are there, Ctrl-C leaves no process behind."""

import re
import signal
import subprocess
import sys

import psutil
import pytest

from servers.airflow import Airflow

pytestmark = pytest.mark.slow
PATIENCE = 240  # seconds


def said(process, pattern):
    """Read what it prints until a line matches; return the match."""
    read = []
    for line in process.stdout:
        read.append(line)
        found = re.search(pattern, line)
        if found:
            return found[1]
    raise AssertionError(f"it ended without a line like {pattern!r}:\n{''.join(read)}")


def alive(process):
    """Whether a process still does something: one that has ended and that nobody has asked for yet does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_it_starts_shows_its_gates_and_ends_whole(tmp_path):
    command = [sys.executable, "-m", "lakegate.airflow"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    try:
        address = said(process, r"Airflow runs:\s+(\S+)")
        password = said(process, r"password\s+(\S+)")
        admin = Airflow(address, "admin", password)
        found = admin.eventually("the DAGs", lambda: "nyc-flights" in admin.dags() and admin.dags(), PATIENCE)
        errors = admin.import_errors()
        admin.http.close()
        running = psutil.Process(process.pid).children(recursive=True)
    finally:
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=PATIENCE)

    assert errors == []
    assert {"nyc-planes", "nyc-weather", "core-fact-flight"} <= found
    assert address.startswith("http://127.0.0.1:")
    assert (process.returncode, "ended" in told) == (0, True)
    assert len(running) >= 4
    assert [one for one in running if alive(one)] == []
    assert (tmp_path / ".airflow").stat().st_mode & 0o077 == 0  # secrets and logs lie there
    assert sorted(one.name for one in (tmp_path / ".airflow/lake/02-transient-zone/nyc").iterdir()) == [
        "airlines",
        "airports",
        "flights",
        "planes",
        "weather",
    ]
