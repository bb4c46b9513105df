"""The verdict as JUnit XML, for Jenkins, GitLab and whatever else draws test results.

One suite a verdict, one case a check. What keeps the gate shut is a failure (the data) or an error (could not evaluate,
unsupported); not applicable is skipped with its reason, and so is what failed and was waived, with who answers for it;
what warns or sets rows apart passes and says so in `system-out`.
A verdict that blocks always holds a failure or an error, also where no single check is to blame.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET

from lakegate.checks.interface import Outcome
from lakegate.reports.sentences import sentence
from lakegate.reports.summary import (
    blocks,
    brief,
    judged,
    location_text,
    meaning,
    plain,
    tally,
    waiver_of,
    waiver_text,
)
from lakegate.verdict import CheckResult, Verdict


def to_junit(*verdicts: Verdict, urls: Mapping[str, str] | None = None) -> str:
    """Return verdicts as one JUnit XML document. Times are 0: a verdict knows no clock.

    `urls` says by their ids where readers open the reports of those that have one.
    """
    found = [_suite(verdict, (urls or {}).get(verdict.report_id)) for verdict in verdicts]
    suites = ET.Element(
        "testsuites", {"name": "lakegate"} | _totals([case for suite in found for case in suite.iter("testcase")])
    )
    suites.extend(found)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _suite(verdict: Verdict, url: str | None) -> ET.Element:
    """Return the suite of one verdict."""
    cases = [_case(verdict, result) for result in verdict.results]
    if not verdict.passes and not any(blocks(verdict, result) for result in verdict.results):
        cases.append(_shut_gate(verdict))
    suite = ET.Element("testsuite", {"name": _suite_name(verdict)} | _totals(cases))
    properties = ET.SubElement(suite, "properties")
    for name, value in (_properties(verdict) | ({"report": url} if url else {})).items():
        ET.SubElement(properties, "property", {"name": name, "value": plain(value)})
    suite.extend(cases)
    told = f"{judged(verdict)}; " if verdict.set_apart else ""
    ET.SubElement(suite, "system-out").text = plain(
        f"{told}{tally(verdict)}. {meaning(verdict)}{f' Report: {url}' if url else ''}"
    )
    return suite


def _totals(cases: Sequence[ET.Element]) -> dict[str, str]:
    """Return how many cases there are of each kind, as attributes."""
    kinds = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    counts = {name: str(sum(case.find(tag) is not None for case in cases)) for name, tag in kinds.items()}
    return {"tests": str(len(cases)), **counts, "time": "0"}


def _suite_name(verdict: Verdict) -> str:
    """Return the dataset, and the batch where there is one."""
    return plain(verdict.dataset if verdict.batch is None else f"{verdict.dataset} {verdict.batch}")


def _properties(verdict: Verdict) -> dict[str, str]:
    """Return what identifies the verdict, as the suite's properties."""
    return {
        "contract": f"{verdict.contract_id} {verdict.contract_version}",
        "contractSha256": verdict.contract_sha256,
        "digest": verdict.digest,
        "rows": "unknown" if verdict.rows is None else str(verdict.rows),
        **({"rowsSetApart": str(verdict.set_apart.rejected)} if verdict.set_apart else {}),
        **({"waivers": ", ".join(waiver.id for waiver in verdict.waivers)} if verdict.waivers else {}),
        "engine": verdict.engine,
        "lakegate": verdict.lakegate,
        "reportId": verdict.report_id,
        "exitCode": str(verdict.exit_code),
    }


def _case(verdict: Verdict, result: CheckResult) -> ET.Element:
    """Return the case for one check; a passed one is empty."""
    where = ".".join(part for part in (verdict.dataset, result.field) if part)
    case = ET.Element("testcase", {"classname": brief(where), "name": brief(result.key), "time": "0"})
    told = sentence(result) or result.name
    detail = "\n".join([brief(result.name), told, *(location_text(at, result.field) for at in result.locations)])
    if blocks(verdict, result):
        data = result.outcome in {Outcome.FAILED, Outcome.WARNED}
        attributes = {"message": brief(told), "type": brief(result.type)}
        ET.SubElement(case, "failure" if data else "error", attributes).text = detail
    elif result.outcome is Outcome.NOT_APPLICABLE:
        ET.SubElement(case, "skipped", {"message": brief(told)})
    elif waiver := waiver_of(verdict, result):
        told = f"{waiver_text(waiver)}; {told}"
        ET.SubElement(case, "skipped", {"message": told})
        ET.SubElement(case, "system-out").text = f"{result.outcome}: {detail}"
    elif result.outcome is not Outcome.PASSED:
        ET.SubElement(case, "system-out").text = f"{result.outcome}: {detail}"
    return case


def _shut_gate(verdict: Verdict) -> ET.Element:
    """Return the case for a gate that stays shut although no check blocks: no checks, or none that applied."""
    case = ET.Element("testcase", {"classname": brief(verdict.dataset), "name": "the gate opens", "time": "0"})
    ET.SubElement(case, "failure", {"message": meaning(verdict), "type": "gate"}).text = meaning(verdict)
    return case
