"""The command line as processes: killed, two at once, at a terminal, and before a reader that goes away."""

from __future__ import annotations

import gzip
import os
import pty
import signal
import subprocess
import sys

import pytest

from cli.scene import BAD, FLIGHTS, GOOD, HEADER, SOURCES

pytestmark = pytest.mark.slow  # each of these is a process

ROWS = gzip.compress((HEADER + "".join(f"{n},N1,{n % 90}\n" for n in range(5000))).encode(), mtime=0)

# The real command line, which a SIGKILL meets at the n-th call of a function of `os` that names a path.
KILLED = """
import os, signal, sys
name, path, left = sys.argv[1], sys.argv[2], int(sys.argv[3])
inner = getattr(os, name)
def fuse(*args, **kwargs):
    global left
    folders = [os.readlink(f"/proc/self/fd/{kwargs[end]}") for end in ("src_dir_fd", "dst_dir_fd") if end in kwargs]
    left -= any(path in f"{folder}/{one}" for folder, one in zip(folders, args))
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return inner(*args, **kwargs)
setattr(os, name, fuse)
from lakegate.cli import main
main(sys.argv[4:])
"""


@pytest.fixture
def ready(scene):
    scene.planes("N1", "N2")
    return scene


@pytest.mark.parametrize(
    ("call", "path", "number", "committed"),
    [
        ("rename", "references", 1, False),  # before anything is written
        ("link", "report.json", 1, False),  # before the report
        ("link", "01-raw-data-zone/nyc/flights/batch=", 1, False),  # before the data
        ("link", "_gate/commits", 1, False),  # before the commit record
        ("rename", "02-transient-zone/nyc/flights", 1, True),  # before the source is cleaned
        ("rename", "02-transient-zone/nyc/flights", 2, True),  # when half of it is
        ("rename", "references/datasets", 1, True),  # before the first page that runs share
        ("rename", "references/index.html", 1, True),  # before the board
    ],
)
def test_what_a_killed_promotion_left_is_ended_by_the_next(ready, call, path, number, committed):
    ready.arrive("part=1", ROWS, name="rows.csv.gz")
    command = [sys.executable, "-c", KILLED, call, path, str(number), "promote", FLIGHTS, "--all", "--lake", "lake"]

    died = subprocess.run(command, cwd=ready.root, env={**os.environ, "PYTHONPATH": str(SOURCES)}, check=False)
    left = len(ready.records())
    ended = ready.promote("--all")

    assert died.returncode == -signal.SIGKILL
    assert left == committed
    assert ended.exit_code == 0, ended.output
    (record,) = ready.records()
    assert [(ready.lake / file["key"]).read_bytes() for file in record["files"]] == [ROWS]
    assert not list((ready.lake / "02-transient-zone/nyc/flights").rglob("*.*"))
    assert not list((ready.lake / "02-transient-zone/_tmp").rglob("*.gz"))
    assert "part%253D1" in (ready.lake / "references/index.html").read_text()  # the board links its report


def test_two_at_once_commit_once_and_both_succeed(ready):
    ready.arrive("part=1", ROWS, name="rows.csv.gz")

    both = [ready.process("promote", FLIGHTS, "--batch", "part=1", "--lake", "lake") for _ in range(2)]
    told = [process.communicate() for process in both]

    assert [process.returncode for process in both] == [0, 0], told
    assert len(ready.records()) == 1


def read_terminal(fd):
    """Everything that was written to the other end of a pseudo terminal, until it closes."""
    read = b""
    try:
        while chunk := os.read(fd, 65536):
            read += chunk
    except OSError:  # Linux: the last writer is gone
        pass
    return read


def test_a_terminal_sees_a_bar_and_stdout_stays_clean(ready):
    ready.arrive("part=1", ROWS, name="rows.csv.gz")
    ours, theirs = pty.openpty()
    program = "from lakegate.cli import main; main()"
    command = [sys.executable, "-c", program, "promote", FLIGHTS, "--all", "--lake", "lake", "--output-format", "json"]
    environment = {**os.environ, "PYTHONPATH": str(SOURCES), "TERM": "xterm", "COLUMNS": "120"}

    with subprocess.Popen(command, cwd=ready.root, env=environment, stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        shown = read_terminal(ours)
        stdout = process.stdout.read()
    os.close(ours)

    assert process.returncode == 0
    assert b"1 of 1: nyc/flights part=1" in shown
    assert "━".encode() in shown
    assert b"lakegate: " not in shown  # the plain lines are for where there is no terminal
    assert stdout.startswith(b"[\n")
    assert b"\x1b" not in stdout


@pytest.mark.parametrize(("content", "exit_code"), [(GOOD, 0), (BAD, 1)])
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_reader_that_goes_away_changes_no_exit_code(ready, content, exit_code, form):
    ready.arrive("part=1", content)
    read, write = os.pipe()
    os.close(read)
    words = ("test", FLIGHTS, "--batch", "part=1", "--lake", "lake", "--output-format", form)
    program = "from lakegate.cli import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}

    ended = subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=ready.root, env=environment, stdout=write, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    os.close(write)

    assert (ended.returncode, ended.stderr) == (exit_code, b"")


LOADED = """
import sys
from lakegate.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    heavy = {"rich", "jinja2", "sqlglot", "boto3", "numpy", "pydantic", "pandas"}
    print(end.code, sorted({name.split(".")[0] for name in sys.modules} & heavy), file=sys.stderr)
"""


def loaded_by(scene, *words):
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
    command = [sys.executable, "-c", LOADED, *words]
    ended = subprocess.run(command, cwd=scene.root, env=environment, capture_output=True, text=True, check=True)
    return ended.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("form", "loaded"), [("json", "0 []"), ("junit", "0 []"), ("markdown", "0 []"), ("text", "0 ['rich']")]
)
def test_a_command_loads_only_what_it_needs(scene, form, loaded):
    scene.write("planes.csv", "tailnum\nN1\n")

    words = ("test", "contracts/nyc/planes.odcs.yaml", "--data", "planes.csv", "--output-format", form)

    assert loaded_by(scene, *words) == loaded


def test_an_interpreter_runs_it_by_name():
    ended = subprocess.run(
        [sys.executable, "-m", "lakegate", "lint", "nowhere"], capture_output=True, text=True, check=False
    )

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("lakegate: no contract is found at nowhere")
