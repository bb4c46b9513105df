"""What runs in the worker: files land as they are spooled, become rows, are measured and judged; one answer goes back.

It is started with no credentials in its environment and held to its limits before it reads a stranger's first byte.
"""

from __future__ import annotations

import dataclasses
import io
import os
import pickle
import select
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from lakegate.checks.of_own import rows_of_inputs
from lakegate.checks.table_wide import table_keys
from lakegate.contract.expectation_files import ExpectationFiles
from lakegate.contract.model import Contract, SchemaObject
from lakegate.engines.duckdb import DuckDB
from lakegate.engines.transform import Input, transform
from lakegate.errors import CouldNotEvaluate, LakegateError
from lakegate.intake.batch import Opening, open_table
from lakegate.intake.files import NativeFile
from lakegate.libraries.guests import Here
from lakegate.libraries.interface import Guest
from lakegate.made import Made, MadeFile, MadeIndex
from lakegate.measures import NotMeasured
from lakegate.row_gate import Asked as Asking
from lakegate.row_gate import Gated, gated
from lakegate.rows import Rows, unread
from lakegate.worker.limits import Limits
from lakegate.worker.messages import (
    Answered,
    Ask,
    Begin,
    Grown,
    Judge,
    Keep,
    Message,
    Open,
    OpenedRows,
    Raised,
    Reply,
    Source,
    Span,
    Transform,
    written,
)


def main(inbox: BinaryIO, outbox: int) -> None:
    """Serve one parent: `inbox` brings its messages, the answer goes to the file descriptor `outbox`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is told, and ends us
    begin = _next(inbox)
    if not isinstance(begin, Begin):
        raise TypeError(f"got {type(begin).__name__} first, expected Begin")
    begin.limits.apply()
    _tell_crashes(outbox)
    try:
        with _within(begin.limits):
            reply = _answer(begin, inbox, outbox)
    except LakegateError as error:
        reply = Reply(raised=Raised.of(error))
    _tell(outbox, reply)
    os._exit(0)  # the parent waits, and removes what is left


def _next(inbox: BinaryIO) -> Message:
    """Return the parent's next message; without a parent there is nothing left to do."""
    try:
        message: Message = pickle.load(inbox)  # noqa: S301 - our own parent's, through a pipe that only it holds
    except EOFError:
        os._exit(0)  # nothing is to be cleaned up: the parent does
    return message


def _tell(outbox: int, reply: Reply) -> None:
    """Write a reply, whole."""
    left = memoryview(written(reply))
    while left:
        left = left[os.write(outbox, left) :]


def _tell_crashes(outbox: int) -> None:
    """Let an exception that is none of ours be told by its type and place; its text may quote somebody's data."""

    def told(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
        _tell(outbox, Reply(crashed=f"{kind.__name__}{where}"))
        sys.__excepthook__(kind, error, trace)

    sys.excepthook = told


@contextmanager
def _within(limits: Limits) -> Iterator[None]:
    """Tell what the memory limit or the disk stopped as one of our errors."""
    import duckdb  # 0.1 s of CPU, spent while the parent still copies

    try:
        yield
    except (MemoryError, duckdb.OutOfMemoryException):
        raise CouldNotEvaluate(
            f"the batch needs more memory than the {limits.memory:,} bytes that a worker may use",
            hint="raise `limits.memory` in lakegate.toml, or split the batch",
        ) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise CouldNotEvaluate(f"{where}{error.strerror or error}", hint="is the private disk full?") from None


def _answer(begin: Begin, inbox: BinaryIO, outbox: int) -> Reply:
    """Take in the files as they come, then do what is asked."""
    folder = begin.workspace / "rows"
    folder.mkdir()
    opening = _opening(begin.source, folder, begin.limits)
    message = _next(inbox)
    while isinstance(message, Grown):
        growing = _Growing(message, inbox)
        with io.BufferedReader(growing, 1 << 20) as stream:
            opening.land(NativeFile(message.name, message.path), stream)
        growing.drain()
        message = _next(inbox)
    threading.Thread(target=_end_with, args=(inbox.fileno(),), daemon=True).start()
    if isinstance(message, Ask):
        return _asked(message, begin)
    if isinstance(message, Transform):
        return Reply(made=_transformed(message, begin))
    rows = opening.rows()
    while isinstance(message, Span):
        spans = tuple(_engine(begin).key_span(key.values, rows) for key in message.keys)
        _tell(outbox, Reply(spans=spans))
        message = _next(inbox)
    if isinstance(message, Open):
        return Reply(rows=OpenedRows.of(rows))
    if isinstance(message, Keep):
        return Reply(made=_kept(message, rows, begin))
    if not isinstance(message, Judge):
        raise TypeError(f"got {type(message).__name__}, expected Open, Judge, Keep, Ask or Transform")
    _tell(outbox, Reply(progress=("measuring", f"{rows.height:,} rows")))
    done = _judged(message, rows, begin)
    made, subject = done.made, message.subject
    if done.verdict.passes and subject.batch is not None:
        indexes = _indexes(subject.contract, subject.obj, done.rows, begin)
        made = dataclasses.replace(made, indexes=tuple(one for one in indexes if isinstance(one, MadeIndex)))
    return Reply(verdict=done.verdict, made=made)


def _kept(asked: Keep, rows: Rows, begin: Begin) -> Made:
    """Make what is kept of a committed batch. Raises CouldNotEvaluate where a key could be anything."""
    columns = {column for key in table_keys(asked.contract, asked.obj) for column in key.columns}
    wrong = {path for path in rows.unconverted if any(f"{column}.".startswith(f"{path}.") for column in columns)}
    unread = [defect.message for defect in rows.defects] + [f"{path} has another type" for path in sorted(wrong)]
    indexes = () if unread else _indexes(asked.contract, asked.obj, rows, begin)
    unread += [index.reason for index in indexes if isinstance(index, NotMeasured)]
    if unread:
        hint = f"it was committed under another contract than {asked.contract.version}: promote it again as a revision"
        raise CouldNotEvaluate(f"the keys of a committed batch cannot be read: {unread[0]}", hint=hint)
    return Made(indexes=tuple(index for index in indexes if isinstance(index, MadeIndex)))


def _indexes(contract: Contract, obj: SchemaObject, rows: Rows, begin: Begin) -> tuple[MadeIndex | NotMeasured, ...]:
    """Write the index of each key that table-wide rules look up."""
    return tuple(
        _engine(begin).key_index(key.name, key.values, rows, begin.workspace / f"key-{number}.parquet")
        for number, key in enumerate(table_keys(contract, obj))
    )


def _end_with(parent: int) -> None:
    """End this process at once when the parent is gone: nobody waits for the answer. Reads nothing."""
    watch = select.poll()
    watch.register(parent, 0)  # that the other end is closed is told unasked
    watch.poll()
    os._exit(1)


def _opening(source: Source, folder: Path, limits: Limits) -> Opening:
    return Opening(
        source.obj,
        source.gate,
        source.reader,
        folder,
        budget=limits.budget,
        proved=source.proved,
        memory=limits.staging_memory,
    )


def _judged(asked: Judge, rows: Rows, begin: Begin) -> Gated:
    """Judge the rows beside those of other datasets, and set apart those that the contract lets be held back."""
    rows = dataclasses.replace(rows, defects=(*asked.wrong, *rows.defects))
    others = dict(asked.opened)
    for number, (name, (source, files)) in enumerate(asked.named.items()):
        others[name] = others[rows_of_inputs(name)] = _opened(source, files, begin, f"with-{number}")
    guests = Here(_guest(asked.subject.neighbours.files, asked.options.locations, begin))
    folder = begin.workspace / "apart"
    folder.mkdir()
    written = dataclasses.replace(begin.source, proved=True)  # by ourselves, of rows that were read to the letter

    def opened(files: Sequence[NativeFile]) -> Rows:
        return _opened(written, files, begin, "left")

    asking = Asking(asked.subject, asked.itself, others, _engine(begin), asked.options, guests, opened, folder)
    return gated(asking, rows)


def _opened(source: Source, files: Sequence[NativeFile], begin: Begin, name: str) -> Rows:
    """Turn files that stand there whole into rows; what is staged of them lies in a folder `name`."""
    folder = begin.workspace / name
    folder.mkdir()
    opening = _opening(source, folder, begin.limits)
    for file in files:
        with file.path.open("rb") as stream:
            opening.land(file, stream)
    return opening.rows()


def _transformed(asked: Transform, begin: Begin) -> Made:
    """Run a SELECT over committed batches."""
    inputs = {}
    for number, (name, one) in enumerate(asked.inputs.items()):
        rows = _opened(one.source, one.files, begin, f"input-{number}")
        if told := unread(rows):
            hint = "they were committed under other rules; `lakegate test` tells which cells"
            raise CouldNotEvaluate(f"the committed files of {name!r} cannot be read by its contract: {told}", hint=hint)
        inputs[name] = Input(one.source.obj.properties, rows, one.batches)
    target = begin.workspace / "made.parquet"
    memory = begin.limits.engine_memory
    height = transform(asked.query, inputs, target, memory=memory, workspace=str(begin.workspace))
    return Made(accepted=(MadeFile("part.parquet", target, height),))


def _asked(asked: Ask, begin: Begin) -> Reply:
    """Let libraries judge a table."""
    import pyarrow as pa

    with pa.memory_map(str(asked.table)) as file:
        rows = open_table(pa.ipc.open_file(file).read_all())
        guests = Here(_guest(asked.files, asked.locations, begin))
        answers = guests.measure(asked.passes, rows, _engine(begin))
    measures = (measure for one in asked.passes for measure in one.measures)
    return Reply(answers=tuple(Answered.of(answers[measure]) for measure in measures))


def _engine(begin: Begin) -> DuckDB:
    return DuckDB(memory_limit=begin.limits.engine_memory, workspace=str(begin.workspace))


def _guest(files: ExpectationFiles, locations: int, begin: Begin) -> Guest:
    """Return what libraries are given; the project's files are written where only this process reads them."""
    if not files.files:
        return Guest(None, locations)
    home = begin.workspace / "project"
    home.mkdir()
    return Guest(files.written(home), locations)


class _Growing(io.RawIOBase):
    """A file that is still being written: reads wait until the parent has told that the bytes stand there."""

    def __init__(self, first: Grown, inbox: BinaryIO) -> None:
        self._file = first.path.open("rb", buffering=0)
        self._inbox = inbox
        self._at = first
        self._read = 0

    def readable(self) -> bool:
        """It can only be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # every buffer is handed over as a memoryview
        """Read what stands there; 0 at the end of the whole file."""
        while self._read == self._at.size and not self._at.whole:
            self._grow()
        got = self._file.readinto(buffer[: self._at.size - self._read]) or 0
        self._read += got
        return int(got)

    def _grow(self) -> None:
        message = _next(self._inbox)
        if not isinstance(message, Grown) or message.path != self._at.path:
            raise TypeError(f"got {message} while {self._at.path} grows")
        self._at = message

    def drain(self) -> None:
        """Hear out what is told of the file, where its reader gave up early."""
        while not self._at.whole:
            self._grow()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()
