"""The story on one page: load -> open -> measure -> judge -> gate -> report."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import os
import unicodedata
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from lakegate.context import Committed, Neighbour, Slots, Surroundings, named_files, reader_of
from lakegate.contract.model import Contract, SchemaObject, Server
from lakegate.errors import NotReady, UsageError, WorkerDied
from lakegate.gate import ledger
from lakegate.gate import promote as gate
from lakegate.gate.arrivals import route
from lakegate.gate.belonging import belonging, told
from lakegate.gate.protocol import UNKNOWN, Origin
from lakegate.gate.rehearse import spooled_batch
from lakegate.gate.spool import Progress, SpooledBatch
from lakegate.gate.status import due, status
from lakegate.intake.files import NativeFile
from lakegate.intake.staging import Reader
from lakegate.judge import Options, Subject, unjudged
from lakegate.lake.interface import CHUNK, Lake
from lakegate.lake.zones import shared_fields
from lakegate.made import NOTHING, Made
from lakegate.publish import render
from lakegate.rows import Defect, DefectKind, Location, Rows
from lakegate.verdict import BatchFile, Verdict, batch_digest
from lakegate.worker.limits import Limits
from lakegate.worker.messages import Judge, Source
from lakegate.worker.process import Worker


def unheard(*_: object) -> None:
    """Take an announcement that nobody listens to."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """The files of one batch on local disk. `batch` is None for files that were judged without a lake."""

    dataset: str
    batch: str | None
    natives: tuple[NativeFile, ...]
    files: tuple[BatchFile, ...]
    wrong: tuple[Defect, ...] = ()  # what the arrival itself did wrong
    origin: Origin = UNKNOWN  # what its manifest says it was made of


@dataclass(frozen=True, slots=True)
class Run:
    """One use of one object of a contract: to judge files, to judge what lies in a lake, or to promote it.

    `workspace` is a private folder that the caller removes. `beside` names files that stand for other datasets.
    """

    contract: Contract
    obj: SchemaObject
    around: Surroundings
    workspace: Path
    lake: Lake | None = None
    committed: Committed | None = None  # the rows of other datasets in the same lake
    upstream: tuple[Neighbour, ...] = ()  # datasets of which a batch must be committed before
    options: Options = field(default_factory=Options)
    beside: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    progress: Progress = unheard

    @property
    def dataset(self) -> str:
        """The dataset's name in the zone it goes to. Raises UsageError where the contract names no way."""
        return route(self.contract, self.obj).dataset

    def judge_files(self, paths: Sequence[Path], server: Server | None = None) -> Verdict:
        """Judge any files without a lake. Raises UsageError where none is named, OSError where one cannot be read."""
        if not paths:
            raise UsageError("no file is named", hint="say --data FILE")
        names = short_names(paths)
        natives = tuple(NativeFile(name, path) for name, path in zip(names, paths, strict=True))
        with self._worker(server) as worker:
            worker.begin()
            for native in natives:  # they stand there: the worker reads while we hash
                worker.grown(native.name, native.path.absolute(), native.path.stat().st_size, whole=True)
            return self._judge(worker, Arrived(self.obj.name, None, natives, self._hashed(natives)))[0]

    def judge_batch(self, key: str) -> Verdict:
        """Judge a batch that lies in the lake; nothing is moved or written. Raises as `gate.rehearse` does."""
        now = dt.datetime.now(dt.UTC)
        if missing := self._waits_for(key):
            raise NotReady(f"{key!r} is not ready: {missing}")
        way = route(self.contract, self.obj)
        with (
            self._worker(self._source) as worker,
            spooled_batch(self._lake(), way, key, self.workspace, now, self.progress, worker) as batch,
        ):
            return self._judge(worker, self._arrived(batch))[0]

    def promote(self, key: str) -> gate.Promotion:
        """Carry a batch through the gate (PROTOCOL P0-P11): into the next zone, or into quarantine.

        The promotion's `report` is the address of the page, for a reader outside the lake.
        """
        lake, way = self._lake(), route(self.contract, self.obj, self.around.neighbours.files)
        if missing := self._waits_for(key):
            return gate.Promotion(key, gate.PromotionState.NOT_READY, 3, f"{key!r} is not ready: {missing}")
        with self._worker(self._source) as worker:
            options = gate.Options(now=dt.datetime.now(dt.UTC), progress=self.progress, watch=worker)

            def judged(batch: SpooledBatch) -> gate.Judged:
                verdict, made = self._judge(worker, self._arrived(batch))
                return gate.Judged(verdict, render(verdict), made)

            done = gate.promote(lake, way, key, judged, options)
        return dataclasses.replace(done, report=lake.uri(f"{done.report}index.html")) if done.report else done

    def _waits_for(self, key: str) -> str:
        """Say which dataset upstream has no committed batch that this one may be judged beside; empty: each has one."""
        template = self.contract.gate.batch.key
        for there in self.upstream:
            way = route(there.contract, there.obj)
            records = ledger.committed(self._lake(), way.target, way.batching.key)
            if not belonging(template, key, records, way.batching.key):
                fields = told(shared_fields(template, key, way.batching.key))
                return f"it waits for {way.dataset}: no batch{fields} of it is committed"
        return ""

    def waiting(self) -> tuple[str, ...]:
        """Return the keys of the batches that `promote --all` takes up, in their order."""
        return due(status(self._lake(), route(self.contract, self.obj), dt.datetime.now(dt.UTC)))

    @property
    def _source(self) -> Server | None:
        """The server that says how arrivals are written."""
        return self.contract.server(self.contract.gate.from_server or "")

    def _worker(self, server: Server | None) -> Worker:
        """Return the process in which the batch is opened; it starts when the first file begins to be copied."""
        reader = Reader(
            format=server.format if server else None,
            delimiter=server.delimiter if server else None,
            encoding=server.encoding if server else None,
            samples=self.options.samples,
            limit=self.options.locations,
        )
        source = Source(self.obj, self.contract.gate, reader)
        return Worker(source, self.workspace, self.limits, self.progress)

    def _arrived(self, batch: SpooledBatch) -> Arrived:
        natives = tuple(NativeFile(file.path, file.local) for file in batch.files)
        files = tuple(BatchFile(file.path, file.size, file.sha256) for file in batch.files)
        wrong = tuple(
            Defect(DefectKind.ARRIVAL, finding.path, finding.reason, locations=(Location(finding.path),))
            for finding in batch.findings
        )
        return Arrived(batch.dataset, batch.key, natives, files, wrong, batch.origin)

    def _judge(self, worker: Worker, arrived: Arrived) -> tuple[Verdict, Made]:
        """Pin what stands beside the batch, and let the worker that has followed its files judge it."""
        self.progress("reading", arrived.batch or "", 0, 0)
        named = named_files(self.around, self.beside)
        pinned = self.committed.pin(self.around, but=named.keys()) if self.committed else {}
        slots: dict[str, Slots] = {name: slots for name, (slots, _) in pinned.items()}
        subject = Subject(
            contract=self.contract,
            obj=self.obj,
            dataset=arrived.dataset,
            batch=arrived.batch,
            files=arrived.files,
            neighbours=self.around.neighbours,
            slots=slots,
            contract_file=self.around.contract_file,
            named=self._named(),
        )
        question = Judge(
            subject,
            self.around.itself,
            self.options,
            opened={name: rows for name, (_, rows) in pinned.items()},
            named={name: (source_of(there), files) for name, (there, files) in named.items()},
            wrong=arrived.wrong,
        )
        try:
            return worker.judge(question)
        except WorkerDied as died:
            engine = f"duckdb {version('duckdb')}"
            return unjudged(subject, died, engine, self.options, uuid.uuid4().hex), NOTHING

    def _named(self) -> dict[str, str]:
        """Return the digest of the files that stand for each dataset: the verdict is a function of them, too."""
        return {
            name: batch_digest(self._hashed([NativeFile(path.name, path) for path in paths]))
            for name, paths in self.beside.items()
        }

    def _hashed(self, natives: Sequence[NativeFile]) -> tuple[BatchFile, ...]:
        """Hash files, telling how many of their bytes went by."""
        total, done = sum(native.path.stat().st_size for native in natives), 0
        files = []
        for native in natives:
            sha256, before = hashlib.sha256(), done
            with native.path.open("rb") as file:
                while chunk := file.read(CHUNK):
                    sha256.update(chunk)
                    done += len(chunk)
                    self.progress("hashing", native.name, done, total)
            files.append(BatchFile(native.name, done - before, sha256.hexdigest()))
        return tuple(files)

    def _lake(self) -> Lake:
        if self.lake is None:
            raise UsageError("no lake is named", hint="say --lake FOLDER, or judge files with --data FILE")
        return self.lake


def source_of(there: Neighbour, *, proved: bool = False) -> Source:
    """Return how the files of another dataset are read; `proved` where they are its committed ones."""
    return Source(there.obj, there.contract.gate, reader_of(there), proved)


def opener(limits: Limits) -> Callable[[Neighbour, tuple[NativeFile, ...], Path], Rows]:
    """Return what opens committed files of other datasets: a worker of its own, for what it says is used again."""

    def opened(there: Neighbour, files: tuple[NativeFile, ...], folder: Path) -> Rows:
        with Worker(source_of(there, proved=True), folder, limits, keep=True) as worker:
            worker.begin()
            for file in files:
                worker.grown(file.name, file.path.absolute(), file.path.stat().st_size, whole=True)
            return worker.open()

    return opened


def short_names(paths: Sequence[Path]) -> list[str]:
    """Return what files are called in a report: the path below the folder that they share, NFC."""
    folder = Path(os.path.commonpath([path.absolute().parent for path in paths]))
    return [unicodedata.normalize("NFC", path.absolute().relative_to(folder).as_posix()) for path in paths]
