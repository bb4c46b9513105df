"""One dataset, its route and a judge that needs no engine: what the tests of the gate play with."""

import dataclasses
import datetime as dt

from lakegate.contract.model import Batching
from lakegate.gate.arrivals import Route
from lakegate.gate.judging import Judged
from lakegate.gate.promote import Options, promote
from lakegate.lake.zones import Place
from lakegate.made import Made, MadeFile
from lakegate.verdict import BatchFile, CheckResult, Outcome, SetApart, Verdict

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
SOURCE = Place("02-transient-zone", "nyc/flights")
TARGET = Place("01-raw-data-zone", "nyc/flights")
DROP = SOURCE.prefix + "b1/"
FILES = {"a.csv": b"id\n1\n", "deep/b.csv": b"id\n2\n", "_SUCCESS": b""}
OF_OUTCOME = {  # what `judge` makes of a batch -> its files
    "pass": FILES,
    "fail": {**FILES, "deep/b.csv": b"id\nbad\n"},
    "apart": {**FILES, "deep/b.csv": b"id\n2\n3 apart\n4\n"},
}
RULE = "flights.id.unique"


def make_route(on_change="reject", contract_sha256="c" * 64, *, sequenced=False, **batching):
    batches = Batching(**batching)
    return Route(SOURCE, TARGET, batches, on_change, "nyc-flights", "1.0.0", contract_sha256, sequenced)


def make_verdict(batch, outcome, contract_sha256="c" * 64):
    category = "batch" if getattr(batch, "findings", ()) else "schema"
    result = CheckResult(RULE, category, "unique", "id is unique", "flights", "id", None, None, outcome)
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
    """Any batch that holds the word `bad`, or whose arrival is at fault, violates the contract. Lines that hold the
    word `apart` are set apart.
    """
    texts = {file.path: file.local.read_bytes() for file in batch.files}
    bad = batch.findings or any(b"bad" in data for data in texts.values())
    verdict = make_verdict(batch, Outcome.FAILED if bad else Outcome.PASSED)
    made = Made() if bad else without(batch, {path: lines_with(data, b"apart") for path, data in texts.items()})
    verdict = dataclasses.replace(verdict, set_apart=set_apart(texts, made))
    return Judged(verdict, render, made)


def render(verdict):
    return {"report.json": verdict.report_id.encode(), "index.html": b"<p>"}


def lines_with(data, word):
    return [line for line in data.splitlines(keepends=True) if word in line]


def without(batch, wrong):
    """`wrong`: path -> lines to be set apart. Their files are written twice, beside what was spooled."""
    accepted, rejected = [], []
    for file in batch.files:
        if apart := wrong[file.path]:
            kept = [line for line in file.local.read_bytes().splitlines(keepends=True) if line not in apart]
            for made, name, lines in ((accepted, "accepted", kept), (rejected, "rejected", apart)):
                local = file.local.with_suffix(f".{name}")
                local.write_bytes(b"".join(lines))
                made.append(MadeFile(file.path, local, len(lines)))
    return Made(tuple(accepted), tuple(rejected)) if rejected else Made()


def set_apart(texts, made):
    """What a verdict says of lines set apart, None where there are none."""
    held = sum(file.rows for file in made.rejected)
    lines = sum(len(data.splitlines()) for data in texts.values())
    return SetApart(lines, lines - held, held, {RULE: held}) if held else None


def upload_batch(upload, files=FILES, prefix=DROP):
    for path, data in files.items():
        upload(prefix + path, data)


def run(lake, *, route=None, batch="b1", judge=judge, **options):
    return promote(lake, route or make_route(), batch, judge, Options(**{"now": NOW, **options}))
