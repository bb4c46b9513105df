"""A lake in which a gate has judged batches: reports, commit records and quarantine records as the gate writes them."""

from __future__ import annotations

import dataclasses
import datetime as dt

from gate.scene import NOW, make_route
from lake.memory import START
from lakegate.gate import quarantine
from lakegate.gate.commit import draft_of
from lakegate.gate.ledger import SlotState
from lakegate.lake.zones import Place
from lakegate.publish import keys, pending
from lakegate.publish.run_pages import render
from lakegate.reports.contracts.description_json import to_json
from lakegate.reports.contracts.descriptions import Description
from lakegate.reports.json import to_json as report_json
from lakegate.reports.occasion import Occasion
from lakegate.reports.occasion_json import to_json as occasion_json
from lakegate.verdict import CheckResult, Outcome, Verdict

RULES = ("id is unique", "id is never null", "delay lies between 0 and 10")


class Clock:
    """The store's clock; `later` lets time go by."""

    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now

    def later(self, **much):
        self.now += dt.timedelta(**much)


def place_of(dataset):
    return Place("01-raw-data-zone", dataset)


def described(lake, dataset, *, sha="c", version="1.0.0", upstream=()):
    told = Description(
        dataset=dataset,
        zone="01-raw-data-zone",
        model="m",
        contract_id=dataset.replace("/", "-"),
        contract_version=version,
        contract_sha256=sha * 64,
        title=dataset.title(),
        owner="the data team",
        upstream=tuple(upstream),
    )
    lake.put_if_absent(keys.contract(dataset, sha * 64), to_json(told).encode(), "d")


def verdict(dataset, batch, failed=(), *, broken=False, sha="c", salt="", version="1.0.0"):
    def outcome(name):
        if broken:
            return Outcome.COULD_NOT_EVALUATE
        return Outcome.FAILED if name in failed else Outcome.PASSED

    results = tuple(
        CheckResult(
            f"m.{n}",
            "schema",
            "unique",
            name,
            "m",
            "id",
            None,
            None,
            outcome(name),
            diagnostics={"percent": n, "failed": n},
        )
        for n, name in enumerate(RULES)
    )
    return Verdict(
        contract_id=dataset.replace("/", "-"),
        contract_version=version,
        contract_sha256=sha * 64,
        dataset=dataset,
        model="m",
        batch=batch,
        digest=f"{dataset}{batch}{salt}{','.join(failed)}{broken}".encode().hex()[:64].ljust(64, "0"),
        files=(),
        rows=100 + len(batch),
        results=results,
        engine=f"none {salt}",
        lakegate="0.1.0",
    )


def judged(lake, dataset, batch, failed=(), *, minute=0, commit=True, slot=1, whole=True, **more):
    """Do what a gate does with a batch, up to its publishing. Returns the verdict."""
    told = verdict(dataset, batch, failed, **more)
    at = NOW + dt.timedelta(minutes=minute)
    place = place_of(dataset)
    pending.begin(lake, place, batch)
    occasion = Occasion(at.isoformat(timespec="milliseconds").replace("+00:00", "Z"), 1.5)
    folder = f"{keys.REPORTS}{dataset}/{keys.segment(batch)}/{told.report_id}/"
    first = {"run.json": occasion_json(occasion).encode(), "report.json": report_json(told).encode()}
    for name, data in (render(told, occasion) if whole else first).items():
        lake.put_if_absent(folder + name, data, "r")
    if told.passes and commit:
        record = draft_of(_Batch(dataset, batch, told.digest), (), told, folder, {})
        record = dataclasses.replace(record, slot=slot, state=SlotState.COMMITTED)
        lake.put_if_absent(place.commit(batch, slot), record.to_json(), "c")
    elif told.exit_code == 1:
        _remember(lake, told, quarantine.FAILED, told.report_id, folder, at)
    return told


def conflict(lake, dataset, batch, *, minute=0):
    """A batch comes whose key is taken."""
    at = NOW + dt.timedelta(minutes=minute)
    _remember(lake, verdict(dataset, batch, salt="other"), quarantine.CONFLICT, f"{minute:012x}", "", at)


def _remember(lake, told, outcome, id_, report, at):
    route = make_route()
    one = quarantine.Judgement(
        id_,
        told.dataset,
        told.batch,
        outcome,
        told.digest,
        route.contract_id,
        told.contract_version,
        told.contract_sha256,
        (),
        (),
        report,
        "it is so",
        at.isoformat(),
    )
    quarantine.remember(lake, one, "q")


@dataclasses.dataclass
class _Batch:
    dataset: str
    key: str
    digest: str
    files: tuple = ()


def site(lake):
    """Everything under references/ but what is pending, as bytes by key."""
    entries = (entry.key for entry in lake.list(keys.REFERENCES))
    return {key: lake.read(key) for key in entries if not key.startswith(keys.PENDING)}
