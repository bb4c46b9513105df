"""The story on one page: load -> open -> measure -> judge -> gate -> report."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import hashlib
import os
import time
import unicodedata
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from lakegate.catalogs.iceberg import register
from lakegate.catalogs.settings import Catalogue
from lakegate.context import Committed, Neighbour, Slots, Surroundings, named_files, reader_of
from lakegate.contract.model import Contract, SchemaObject, Server
from lakegate.described import described
from lakegate.errors import LakegateError, NotReady, UsageError, WorkerDied
from lakegate.gate import ledger
from lakegate.gate import promote as gate
from lakegate.gate.arrivals import Route, route
from lakegate.gate.belonging import belonging, told
from lakegate.gate.history import looks_back, past_of
from lakegate.gate.judging import Judged
from lakegate.gate.ledger import CommitRecord
from lakegate.gate.protocol import UNKNOWN, Origin, Step
from lakegate.gate.rehearse import spooled_batch
from lakegate.gate.sequence import last_claim
from lakegate.gate.spool import Progress, SpooledBatch
from lakegate.gate.state import BatchState
from lakegate.gate.status import Standing, due, status
from lakegate.gate.table import in_table
from lakegate.intake.files import NativeFile
from lakegate.intake.staging import Reader
from lakegate.judge import Options, Subject, Table, unjudged
from lakegate.lake.interface import CHUNK, Lake
from lakegate.lake.zones import shared_fields
from lakegate.made import NOTHING, Made
from lakegate.past import Past
from lakegate.publish import keys, pending, site
from lakegate.publish.history import recent
from lakegate.publish.occasions import Took, occasion
from lakegate.publish.run_pages import render
from lakegate.reports.contracts.description_json import to_json
from lakegate.reports.contracts.descriptions import Description
from lakegate.reports.occasion import Occasion
from lakegate.reports.site.links import public
from lakegate.rows import Defect, DefectKind, Location, Rows
from lakegate.tables import Maker, Tables
from lakegate.verdict import BatchFile, Verdict, batch_digest
from lakegate.worker.limits import Limits
from lakegate.worker.messages import Judge, Keep, Source
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
    table: tuple[BatchState, ...] | None = None  # the other batches, where a rule looks at the whole table
    sequence: int = 0  # how far the table has come then


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
    tables: Tables | None = None  # the keys of whole tables in it
    options: Options = field(default_factory=Options)
    beside: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    progress: Progress = unheard
    catalogue: Catalogue | None = None  # in which committed batches of warehouse tables are registered
    by: str = ""  # who asks, for the commit record: the same name when the same is asked again
    reports_url: str = ""  # where readers open the lake's `references/`; empty: it is not said

    @property
    def dataset(self) -> str:
        """The dataset's name in the zone it goes to. Raises UsageError where the contract names no way."""
        return route(self.contract, self.obj).dataset

    @property
    def description(self) -> Description:
        """What the contract says of the dataset, for its pages. Raises as `described`."""
        return described(self.contract, self.obj, self.around, self.upstream, self.lake)

    def judge_files(self, paths: Sequence[Path], server: Server | None = None) -> Verdict:
        """Judge any files without a lake, written as `server` says; without it, as the server where batches come from.

        Raises UsageError where none is named, OSError where one cannot be read.
        """
        if not paths:
            raise UsageError("no file is named", hint="say --data FILE")
        names = short_names(paths)
        natives = tuple(NativeFile(name, path) for name, path in zip(names, paths, strict=True))
        with self._worker(server or self._source or next(iter(self.contract.servers), None)) as worker:
            follow(worker, natives)  # they stand there: the worker reads while we hash
            return self._judge(worker, Arrived(self.obj.name, None, natives, self._hashed(natives)))[0]

    def judge_batch(self, key: str) -> Verdict:
        """Judge a batch that lies in the lake; nothing is moved or written. Raises as `gate.rehearse` does."""
        now = dt.datetime.now(dt.UTC)
        if missing := self.waits_for(key):
            raise NotReady(f"{key!r} is not ready: {missing}")
        way = route(self.contract, self.obj)
        with (
            self._worker(self._source) as worker,
            spooled_batch(self._lake(), way, key, self.workspace, now, self.progress, worker) as batch,
        ):
            return self._judge(worker, self._arrived(self._in_its_table(batch)))[0]

    def judge_spooled(self, batch: SpooledBatch) -> Verdict:
        """Judge files on private disk as the batch of the lake that they would be; nothing is moved or written."""
        with self._worker(self._source) as worker:
            arrived = self._arrived(self._in_its_table(batch))
            follow(worker, arrived.natives)
            return self._judge(worker, arrived)[0]

    def _in_its_table(self, batch: SpooledBatch) -> SpooledBatch:
        """Pin the batches that a table-wide rule looks at."""
        way = route(self.contract, self.obj)
        last = last_claim(self._lake(), way.target) if way.sequenced else None
        return batch if last is None else in_table(self._lake(), way, batch, last)

    def validate(self, key: str) -> gate.Promotion:
        """Judge a batch for good: its report is written and what fails is quarantined, but nothing is committed."""
        return self.promote(key, only_judge=True)

    def promote(self, key: str, *, only_judge: bool = False) -> gate.Promotion:
        """Carry a batch through the gate (PROTOCOL P0-P11): into the next zone, or into quarantine.

        The promotion's `report` says where the page lies, for a reader outside the lake; its `url` where readers open
        it, if the settings say so.
        """
        lake, way = self._lake(), route(self.contract, self.obj, self.around.neighbours.files)
        if missing := self.waits_for(key):
            return gate.Promotion(key, gate.PromotionState.NOT_READY, 3, f"{key!r} is not ready: {missing}")
        with self._worker(self._source) as worker:
            options = gate.Options(
                now=dt.datetime.now(dt.UTC),
                progress=self.progress,
                watch=worker,
                publish=lambda record: self._registered(way, record),
                only_judge=only_judge,
                by=self.by,
                at=lambda step: self._begin(way, key) if step is Step.DECIDE else None,
            )

            asked: list[str] = []
            began = time.monotonic()

            def judged(batch: SpooledBatch) -> Judged:
                arrived, read = self._arrived(batch), time.monotonic()
                if batch.digest in asked:  # its table moved on: a worker judges once, another one reads the copy again
                    follow(worker, arrived.natives)
                asked.append(batch.digest)
                verdict, made = self._judge(worker, arrived)
                took = Took(time.monotonic() - began, time.monotonic() - read)
                return Judged(verdict, lambda told: render(told, self._occasion(told, took)), made)

            done = gate.promote(lake, way, key, judged, options)
        if done.state is not gate.PromotionState.NOT_READY:
            site.remember(lake, way.target, key)
        if not done.report:
            return done
        url = public(self.reports_url, done.report) if self.reports_url else None
        return dataclasses.replace(done, report=lake.uri(f"{done.report}index.html"), url=url)

    def _begin(self, way: Route, key: str) -> None:
        """Before anything of a batch is decided: note that it is to be published, and keep what its contract says."""
        lake = self._lake()
        pending.begin(lake, way.target, key)
        with contextlib.suppress(Exception):  # whatever it is: what readers are told keeps no batch from its gate
            told = to_json(self.description).encode()
            lake.put_if_absent(keys.contract(way.dataset, self.contract.sha256), told, uuid.uuid4().hex)

    def publish(self, batches: Sequence[str], *, left: bool = False) -> tuple[str, ...]:
        """P11: show what became of batches on the pages that runs share; return what was not done.

        `left`: also of what others left, as `site.published`.
        """
        target = route(self.contract, self.obj).target
        return site.published(self._lake(), target, batches, self.reports_url, left=left)

    def _occasion(self, verdict: Verdict, took: Took) -> Occasion | None:
        """Return the occasion of a verdict on a batch of the lake, which is written with its report."""
        return occasion(self._lake(), verdict, took, uuid.uuid4().hex, recent)

    def waits_for(self, key: str) -> str:
        """Say which dataset upstream has no committed batch that this one may be judged beside; empty: each has one."""
        template = self.contract.gate.batch.key
        for there in self.upstream:
            way = route(there.contract, there.obj)
            records = ledger.committed(self._lake(), way.target, way.batching.key)
            if not belonging(template, key, records, way.batching.key):
                fields = told(shared_fields(template, key, way.batching.key))
                return f"it waits for {way.dataset}: no batch{fields} of it is committed"
        return ""

    def _registered(self, way: Route, record: CommitRecord) -> tuple[str, ...]:
        """P11: show a committed batch to readers of Iceberg; return what was not done: it is committed in any case."""
        if self.catalogue is None or self.lake is None or not way.target.in_warehouse:
            return ()
        try:
            register(self.catalogue, self.lake, way.target, [record.batch])
        except LakegateError as error:
            return (f"the batch was not registered in the Iceberg catalogue: {error}",)
        return ()

    def waiting(self) -> tuple[str, ...]:
        """Return the keys of the batches that `promote --all` takes up, in their order."""
        return due(status(self._lake(), route(self.contract, self.obj), dt.datetime.now(dt.UTC)))

    def ready(self) -> tuple[str, ...]:
        """Return those of the waiting batches that are complete, and of which everything upstream is committed."""
        statuses = status(self._lake(), route(self.contract, self.obj), dt.datetime.now(dt.UTC))
        complete = (one.batch for one in statuses if one.due and one.standing is not Standing.WAITING)
        return tuple(batch for batch in complete if not self.waits_for(batch))

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
        around = (batch.table, batch.sequence or 0)
        return Arrived(batch.dataset, batch.key, natives, files, wrong, batch.origin, *around)

    def _judge(self, worker: Worker, arrived: Arrived) -> tuple[Verdict, Made]:
        """Pin what stands beside the batch, and let the worker that has followed its files judge it."""
        self.progress("reading", arrived.batch or "", 0, 0)
        named = named_files(self.around, self.beside)
        keys = self.tables.parents(self.contract, self.obj, self.around, but=named) if self.tables else {}
        whole = self.committed.pin(self.around, but={*named, *keys}) if self.committed else {}
        pinned = {**whole, **keys}
        if self.committed and arrived.batch is not None:
            inputs = arrived.origin.inputs
            pinned |= self.committed.pin_inputs(self.around, arrived.batch, inputs, but=named.keys())
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
            past=self._past(arrived.batch),
            table=_around(arrived),
        )
        try:
            beside = self._beside(worker, arrived)
            question = Judge(
                subject,
                self.around.itself,
                self.options,
                opened={name: rows for name, (_, rows) in pinned.items()} | beside,
                named={name: (source_of(there), files) for name, (there, files) in named.items()},
                wrong=arrived.wrong,
            )
            return worker.judge(question)
        except WorkerDied as died:
            engine = f"duckdb {version('duckdb')}"
            return unjudged(subject, died, engine, self.options, uuid.uuid4().hex), NOTHING

    def _past(self, batch: str | None) -> Past | None:
        """Return what was committed before a batch of the lake, where a rule looks at it."""
        if self.lake is None or batch is None or not looks_back(self.obj):
            return None
        return past_of(self.lake, route(self.contract, self.obj), batch)

    def _beside(self, worker: Worker, arrived: Arrived) -> dict[str, Rows]:
        """Return the keys of the table's other batches that the batch's own are looked up in."""
        if arrived.table is None or self.tables is None:
            return {}
        return self.tables.beside(Neighbour(self.contract, self.obj), arrived.table, worker.spans)

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
            follow(worker, files)
            return worker.open()

    return opened


def maker(limits: Limits) -> Maker:
    """Return what makes again what is kept of a committed batch: a worker of its own."""

    def made(there: Neighbour, files: tuple[NativeFile, ...], folder: Path, as_of: dt.datetime | None) -> Made:
        with Worker(source_of(there, proved=True), folder, limits, keep=True) as worker:
            follow(worker, files)
            return worker.kept(Keep(there.contract, there.obj, as_of))

    return made


def follow(worker: Worker, files: Sequence[NativeFile]) -> None:
    """Start a worker anew and tell it of whole files."""
    worker.begin()
    for file in files:
        worker.grown(file.name, file.path.absolute(), file.path.stat().st_size, whole=True)


def _around(arrived: Arrived) -> Table | None:
    """Return the table around a batch, None where no rule looks at it."""
    if arrived.table is None:
        return None
    rows = [one.rows for one in arrived.table]
    known = [number for number in rows if number is not None]
    return Table(arrived.sequence, sum(known) if len(known) == len(rows) else None)


def short_names(paths: Sequence[Path]) -> list[str]:
    """Return what files are called in a report: the path below the folder that they share, NFC."""
    folder = Path(os.path.commonpath([path.absolute().parent for path in paths]))
    return [unicodedata.normalize("NFC", path.absolute().relative_to(folder).as_posix()) for path in paths]
