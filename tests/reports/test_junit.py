import xml.etree.ElementTree as ET

import pytest

from lakegate.checks.interface import Outcome
from lakegate.reports.junit import to_junit
from reports.verdicts import VERDICTS

# What Jenkins' junit-10.xsd allows of what we write: element -> (attributes, children)
SHAPE = {
    "testsuites": ({"name", "time", "tests", "failures", "errors", "skipped"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped", "time"},
        {"properties", "testcase", "system-out"},
    ),
    "properties": (set(), {"property"}),
    "property": ({"name", "value"}, set()),
    "testcase": ({"name", "classname", "time"}, {"skipped", "error", "failure", "system-out"}),
    "failure": ({"message", "type"}, set()),
    "error": ({"message", "type"}, set()),
    "skipped": ({"message"}, set()),
    "system-out": (set(), set()),
}


def parsed(name):
    return ET.fromstring(to_junit(VERDICTS[name]).encode())  # noqa: S314 -- our own


@pytest.mark.parametrize("name", VERDICTS)
def test_it_is_the_shape_that_readers_of_junit_expect(name):
    for element in parsed(name).iter():
        attributes, children = SHAPE[element.tag]
        assert set(element.attrib) == attributes
        assert {child.tag for child in element} <= children


@pytest.mark.parametrize("name", VERDICTS)
def test_the_totals_are_those_of_the_cases(name):
    root = parsed(name)

    for tag, total in {"testcase": "tests", "failure": "failures", "error": "errors", "skipped": "skipped"}.items():
        assert root.get(total) == root[0].get(total) == str(len(list(root.iter(tag))))


@pytest.mark.parametrize("name", VERDICTS)
def test_it_is_green_exactly_when_the_gate_opens(name):
    root = parsed(name)

    assert (root.get("failures") == root.get("errors") == "0") is VERDICTS[name].passes


def test_what_could_not_be_evaluated_is_an_error_and_no_failure():
    root = parsed("could-not-evaluate")

    assert (root.get("failures"), root.get("errors")) == ("0", "1")


def test_skipped_cases_say_why():
    skipped = [element.get("message") for element in parsed("zero-rows").iter("skipped")]

    assert skipped == ["there are no rows"] * VERDICTS["zero-rows"].counts[Outcome.NOT_APPLICABLE]
