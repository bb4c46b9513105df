"""The parent's side: start a worker, tell it of files as they grow, ask, wait, and say what became of it."""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from lakegate.checks.table_wide import TableKey
from lakegate.errors import CouldNotEvaluate, WorkerDied
from lakegate.made import NOTHING, KeySpan, Made, MadeFile
from lakegate.measures import Answer, Measure
from lakegate.rows import Rows
from lakegate.verdict import Verdict
from lakegate.worker.limits import Limits
from lakegate.worker.messages import (
    Ask,
    Begin,
    Grown,
    Judge,
    Keep,
    Message,
    Open,
    Reply,
    Source,
    Span,
    Transform,
    read,
)

# What a worker may know of its surroundings: no credentials, and nothing of what the gate is told by variables.
ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LAKEGATE_CACHE", "XDG_CACHE_HOME", "LD_LIBRARY_PATH")
PROGRAM = "import sys; sys.path[:] = {path!r}; from lakegate.worker.child import main; main(sys.stdin.buffer, {outbox})"
ATOMIC = 4096  # bytes; what a pipe takes whole or not at all (PIPE_BUF on Linux)
ANSWER = 256 << 20  # bytes of the longest answer that is read


def _unheard(*_: object) -> None:
    """Take a progress that nobody listens to."""


@dataclass(slots=True)
class Worker:
    """A worker for one batch, started when its first file begins to be copied, ended on the way out.

    Files are told in their order, each as it grows (`gate.spool.Watch`); then one question is asked. `folder` is a
    private one of the caller's.
    """

    source: Source
    folder: Path
    limits: Limits = field(default_factory=Limits)
    progress: Callable[[str, str, int, int], None] = _unheard
    keep: bool = False  # the rows are used on: their folder goes when the caller's does
    _running: _Running | None = None

    def __enter__(self) -> Self:
        """Nothing is started yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the worker, and remove what it wrote."""
        self._end()

    def begin(self) -> None:
        """Start a worker for a new set of files; one that was told of another set is ended."""
        self._end()
        self._running = _Running(self.source, self.folder, self.limits, keep=self.keep)

    def grown(self, name: str, path: Path, size: int, *, whole: bool) -> None:
        """Tell that `size` bytes of a file stand at `path`. A worker that cannot follow is told of more at once."""
        if self._running is not None:
            self._running.send(Grown(name, path, size, whole), must=whole)

    def open(self) -> Rows:
        """Return the rows of the files; their parts lie in the worker's folder. Raises as `judge` does."""
        reply = self._asked(Open())
        if reply.rows is None:
            raise WorkerDied("the worker gave no rows")
        return reply.rows.rows()

    def judge(self, question: Judge) -> tuple[Verdict, Made]:
        """Return the verdict, and what was made beside it, which stands on disk until the worker is ended.

        Raises:
            WorkerDied: it crashed, was killed, or took longer than it may.
            LakegateError: what it raised itself: `Refused`, `UsageError`, `ContractError`, `CouldNotEvaluate`.
        """
        reply = self._asked(question)
        if reply.verdict is None:
            raise WorkerDied("the worker gave no verdict")
        return reply.verdict, self._owned(reply.made or NOTHING)

    def spans(self, keys: tuple[TableKey, ...]) -> tuple[KeySpan | None, ...]:
        """Return between which values each key lies; more may be asked then. Raises as `judge` does."""
        reply = self._asked(Span(keys))
        if reply.spans is None or len(reply.spans) != len(keys):
            raise WorkerDied("the worker did not say between which values the keys lie")
        return reply.spans

    def kept(self, question: Keep) -> Made:
        """Return what is kept of a committed batch, which stands on disk until the worker's folder goes. Raises as
        `judge` does.
        """
        reply = self._asked(question)
        if reply.made is None:
            raise WorkerDied("the worker made nothing")
        return self._owned(reply.made)

    def ask(self, question: Ask) -> dict[Measure, Answer]:
        """Return what libraries of checks answer of a table. Raises as `judge` does."""
        reply = self._asked(question)
        measures = [measure for one in question.passes for measure in one.measures]
        if reply.answers is None or len(reply.answers) != len(measures):
            raise WorkerDied("the worker gave no answers")
        return {measure: one.told() for measure, one in zip(measures, reply.answers, strict=True)}

    def transform(self, question: Transform) -> MadeFile:
        """Return the file that a transform wrote, which stands on disk until the worker is ended. Raises as `judge`."""
        reply = self._asked(question)
        made = reply.made.accepted if reply.made else None
        if made is None or len(made) != 1:
            raise WorkerDied("the worker gave no file")
        self._own(made)
        return made[0]

    def _owned(self, made: Made) -> Made:
        """Return what was made, if all of it is the worker's own."""
        self._own((*(made.accepted or ()), *made.rejected, *(index.file for index in made.indexes)))
        return made

    def _own(self, files: Iterable[MadeFile]) -> None:
        """Raise WorkerDied where a file that the worker says it made is no plain file in its own folder: a worker that
        somebody took over must not make the gate publish others.
        """
        home = self._running.workspace if self._running else None
        for file in files:
            plain = not file.local.is_symlink() and file.local.is_file() and file.local.stat().st_nlink == 1
            if home is None or not plain or not file.local.resolve().is_relative_to(home.resolve()):
                raise WorkerDied(
                    "the worker names a file that it did not make", hint="look at the batch: is it hostile?"
                )

    def _asked(self, question: Message) -> Reply:
        if self._running is None:
            self.begin()
        running = self._running
        if running is None:
            raise WorkerDied("the worker did not start")
        running.send(question, must=True)
        reply = running.answer(self.progress)
        if reply.raised is not None:
            raise reply.raised.error()
        return reply

    def _end(self) -> None:
        if self._running is not None:
            self._running.end()
            self._running = None


class _Running:
    """One process, and the pipes to and from it."""

    def __init__(self, source: Source, folder: Path, limits: Limits, *, keep: bool) -> None:
        self._limits = limits
        self._answered = False
        self._keep = keep
        self.workspace = Path(tempfile.mkdtemp(prefix="worker-", dir=folder))  # mode 0700
        self._from, outbox = os.pipe()
        path = [os.path.abspath(entry or ".") for entry in sys.path]  # noqa: PTH100 - no Path needed
        program = PROGRAM.format(path=path, outbox=outbox)
        environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
                [sys.executable, "-P", "-c", program],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=None if os.environ.get("LAKEGATE_WORKER_STDERR") else subprocess.DEVNULL,
                pass_fds=(outbox,),
                env=environment,
                cwd=self.workspace,
            )
        except OSError as error:
            os.close(self._from)
            raise CouldNotEvaluate(f"a worker cannot be started: {error.strerror}") from error
        finally:
            os.close(outbox)
        self._to = self._process.stdin.fileno()  # type: ignore[union-attr]  # it is a pipe
        os.set_blocking(self._to, False)
        self.send(Begin(source, self.workspace, limits), must=True)

    def send(self, message: Message, *, must: bool) -> None:
        """Send a message; one that need not come through is dropped while the worker does not listen.

        A worker that is gone hears nothing: why is told when it is asked.
        """
        left = memoryview(pickle.dumps(message))
        if not must and len(left) > ATOMIC:
            return
        ends = time.monotonic() + self._limits.wall_seconds
        with contextlib.suppress(BrokenPipeError):
            while left:
                try:
                    left = left[os.write(self._to, left) :]
                except BlockingIOError:
                    if not must:
                        return
                    if not select.select([], [self._to], [], max(ends - time.monotonic(), 0))[1]:
                        self._process.kill()
                        return

    def answer(self, progress: Callable[[str, str, int, int], None]) -> Reply:
        """Wait for the answer. Raises `WorkerDied` where none comes."""
        ends = time.monotonic() + self._limits.wall_seconds
        received = bytearray()
        while True:
            line, newline, rest = bytes(received).partition(b"\n")
            if newline:
                received = bytearray(rest)
                reply = self._read(line)
                if reply.progress is None:
                    self._answered = True
                    return reply
                progress(*reply.progress, 0, 0)
                continue
            if not select.select([self._from], [], [], max(ends - time.monotonic(), 0))[0]:
                self._process.kill()
                seconds = self._limits.wall_seconds
                raise WorkerDied(
                    f"the worker took longer than {seconds:,} s", hint="raise `limits.wall_seconds`, or split the batch"
                )
            piece = os.read(self._from, 1 << 20)
            received += piece
            if not piece:
                raise self._why()
            if len(received) > ANSWER:
                self._process.kill()
                raise WorkerDied(f"the worker's answer is longer than {ANSWER:,} bytes", hint="ask for fewer locations")

    def _read(self, line: bytes) -> Reply:
        try:
            reply = read(line)
        except (ValueError, TypeError, KeyError) as error:  # msgspec's errors are ValueErrors
            self._process.kill()
            raise WorkerDied("the worker's answer cannot be read") from error
        if reply.crashed is not None:
            raise WorkerDied(f"the worker crashed: {reply.crashed}", hint="this is a fault of ours: please report it")
        return reply

    def _why(self) -> WorkerDied:
        """Return why there is no answer."""
        code = self._process.wait()
        if code == -signal.SIGXCPU:
            return WorkerDied(
                f"the worker used more than {self._limits.cpu_seconds:,} s of CPU",
                hint="raise `limits.cpu_seconds`, or split the batch",
            )
        if code < 0:
            name = signal.Signals(-code).name
            meant = ": was it the system's want of memory?" if code == -signal.SIGKILL else ""
            hint = "try again; if it happens again, look at the files, or lower `limits.memory`"
            return WorkerDied(f"the worker was killed by {name}{meant}", hint=hint)
        return WorkerDied(f"the worker ended with exit code {code} and without an answer")

    def end(self) -> None:
        """End the process and remove its folder. One that has answered ends by itself, any other is killed."""
        if not self._answered:
            self._process.kill()
        with contextlib.suppress(OSError):
            self._process.stdin.close()  # type: ignore[union-attr]
        os.close(self._from)
        self._process.wait()
        if not self._keep:
            shutil.rmtree(self.workspace, ignore_errors=True)
