"""One dataset, its route and a judge that needs no engine: what the tests of the gate play with."""

import datetime as dt

from lakegate.contract.model import Batching
from lakegate.gate.arrivals import Route
from lakegate.gate.promote import Judged, Options, promote
from lakegate.lake.zones import Place
from lakegate.verdict import BatchFile, CheckResult, Outcome, Verdict

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
SOURCE = Place("02-transient-zone", "nyc/flights")
TARGET = Place("01-raw-data-zone", "nyc/flights")
DROP = SOURCE.prefix + "b1/"
FILES = {"a.csv": b"id\n1\n", "deep/b.csv": b"id\n2\n", "_SUCCESS": b""}


def make_route(on_change="reject", contract_sha256="c" * 64, *, sequenced=False, **batching):
    batches = Batching(**batching)
    return Route(SOURCE, TARGET, batches, on_change, "nyc-flights", "1.0.0", contract_sha256, sequenced)


def make_verdict(batch, outcome, contract_sha256="c" * 64):
    result = CheckResult("flights.id.unique", "schema", "unique", "id is unique", "flights", "id", None, None, outcome)
    files = tuple(BatchFile(file.path, file.size, file.sha256) for file in batch.files)
    return Verdict(
        contract_id="nyc-flights",
        contract_version="1.0.0",
        contract_sha256=contract_sha256,
        dataset=batch.dataset,
        model="flights",
        batch=batch.key,
        digest=batch.digest,
        files=files,
        rows=2,
        results=(result,),
        engine="none 1",
        lakegate="0.1.0",
    )


def judge(batch):
    """Any batch that holds the word `bad`, or whose arrival is at fault, violates the contract."""
    bad = batch.findings or any(b"bad" in file.local.read_bytes() for file in batch.files)
    verdict = make_verdict(batch, Outcome.FAILED if bad else Outcome.PASSED)
    return Judged(verdict, {"report.json": verdict.report_id.encode(), "index.html": b"<p>"})


def upload_batch(upload, files=FILES, prefix=DROP):
    for path, data in files.items():
        upload(prefix + path, data)


def run(lake, *, route=None, batch="b1", judge=judge, **options):
    return promote(lake, route or make_route(), batch, judge, Options(**{"now": NOW, **options}))
